// Reads the page of a run's report in a browser. `conformance/check-report` runs it.
//
//   node report.mjs --chromium FILE --modules DIR --page FILE --events FILE [--large FILE] [--pictures DIR]
//   node report.mjs --chromium FILE --modules DIR --page FILE --events FILE --self-test
//   node report.mjs --chromium FILE --modules DIR --write-large FILE
//
// Ends with a line of counts, or with all problems and exit code 1. What is expected is taken from the events. The self-test plants
// one defect after the other into the page, and sees each of them found.

import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

import { ARGUMENTS, probe } from "../../spec/site-test/probe.mjs";

const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 400, height: 800 };
const CONTRAST = 4.5;
const LARGE = 10_000;
const PATIENCE = 2_000;
const LINK = /"link":"[^"]*\.html#/;
const BAD = ["fail", "unexpected-pass", "crash", "timeout", "adapter-error", "not-run"];

// What the events say.
function told(file) {
  const events = fs.readFileSync(file, "utf8").split("\n").filter(line => line !== "").map(line => JSON.parse(line));
  const of = kind => events.filter(({ event }) => event === kind);
  return { cells: of("cell"), cases: new Map(of("scenario").map(one => [one.id, one])), adapters: of("adapter") };
}
const anchor = ({ producer, consumer, case: of }) => `cell/${[producer, consumer, of].map(encodeURIComponent).join("/")}`;

class Run {
  constructor(browser, file, events) {
    // There are links where the book was rendered.
    const linked = LINK.test(fs.readFileSync(file, "utf8"));
    Object.assign(this, { browser, file, events, linked, url: pathToFileURL(path.resolve(file)).href, problems: [], texts: 0, opened: 0 });
  }

  problem(kind, text) {
    this.problems.push({ kind, text });
  }

  expect(kind, what, found, expected) {
    if (JSON.stringify(found) !== JSON.stringify(expected)) {
      this.problem(kind, `${what}: ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`);
    }
  }

  async window(options, url = this.url) {
    const context = await this.browser.newContext({ viewport: WIDE, colorScheme: "light", ...options });
    await context.addInitScript(probe);
    const page = await context.newPage();
    page.setDefaultTimeout(2_000);
    page.on("console", message => {
      if (["error", "warning"].includes(message.type())) this.problem("console", message.text());
    });
    page.on("pageerror", error => this.problem("exception", error.message));
    page.on("request", request => {
      if (request.url().split("#")[0] !== this.url && !request.url().startsWith("data:")) this.problem("network", request.url());
    });
    await page.goto(url);
    return page;
  }

  shown(page) {
    return page.locator("#cells .cell").count();
  }

  // The fields of the matrix, and that nothing in the events became part of the page.
  async matrix(page) {
    const rows = await page.locator("#matrix tbody tr").evaluateAll(all =>
      all.map(row => [...row.children].map(cell => cell.textContent.trim())));
    const columns = (await page.locator("#matrix thead th").allTextContents()).slice(1, -1);
    const { cells } = this.events;
    this.expect("matrix", "producers", rows.map(([name]) => name).slice(0, -1).sort(), [...new Set(cells.map(cell => cell.producer))].sort());
    this.expect("matrix", "consumers", [...columns].sort(), [...new Set(cells.map(cell => cell.consumer))].sort());
    for (const [producer, ...fields] of rows.slice(0, -1)) {
      for (const [at, consumer] of columns.entries()) {
        const of = cells.filter(cell => cell.producer === producer && cell.consumer === consumer);
        const required = of.filter(({ verdict }) => verdict !== "unsupported");
        const passes = of.filter(({ verdict }) => verdict === "pass");
        const start = required.length > 0 ? `${passes.length}/${required.length} ` : "";
        if (!(fields[at] ?? "").startsWith(start)) this.problem("matrix", `${producer} -> ${consumer}: ${fields[at]}, expected ${start}`);
      }
    }
    this.expect("escape", "a script of an adapter ran", await page.evaluate(() => typeof window.hacked), "undefined");
    this.expect("escape", "elements that an adapter made", await page.locator("b b, th b, #cells b > *").count(), 0);
    const links = await page.locator("a").evaluateAll(all => all.map(link => link.protocol));
    this.expect("escape", "links", links.filter(protocol => !["file:", "https:", "http:"].includes(protocol)), []);
    this.expect("adapters", "how many", await page.locator(".adapter").count(), this.events.adapters.length);
  }

  // A field of the matrix leads to its cells; there a failing one opens, by keyboard, onto what there is to look at.
  async failure(page) {
    const cell = this.events.cells.find(one => one.verdict === "fail" && one.evidence?.log && one.evidence.diff);
    const { producer, consumer } = cell;
    const link = page.locator(`#matrix a[href="#pair/${encodeURIComponent(producer)}/${encodeURIComponent(consumer)}"]`);
    for (let at = 0; at < 100 && !(await link.evaluate(one => one === document.activeElement)); at += 1) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    const of = this.events.cells.filter(one => one.producer === producer && one.consumer === consumer);
    await page.waitForTimeout(50);
    this.expect("pair", "cells of a field", await this.shown(page), of.length);
    const details = page.locator(`[id="${anchor(cell)}"]`);
    await details.locator("summary").focus();
    await page.keyboard.press("Enter");
    await page.waitForTimeout(50);
    await this.evidence(page, cell);
  }

  async evidence(page, cell) {
    const found = await page.evaluate(id => {
      const inside = document.getElementById(id)?.querySelector(":scope[open] > .inside");
      if (!inside) return null;
      const texts = selector => [...inside.querySelectorAll(selector)].map(one => one.textContent);
      return {
        reason: texts(".reason"), command: texts("pre.command"), diff: texts("pre.diff > *"), log: texts("pre.log"),
        findings: texts(".findings li"), blames: texts(".blames li"), links: texts(".blames a[href*='.html#']"),
      };
    }, anchor(cell));
    if (!found) return this.problem("evidence", `${anchor(cell)} does not open`);
    this.opened += 1;
    const { command, diff = [], log, findings = [] } = cell.evidence ?? {};
    const one = text => (text ? [text] : []);
    const expected = { reason: one(cell.reason), command: one(command), diff, log: one(log), findings };
    for (const [what, texts] of Object.entries(expected)) this.expect("evidence", `${what} of ${anchor(cell)}`, found[what], texts);
    this.expect("evidence", "blames", found.blames.map(line => line.split(" ")[0]), cell.blames ?? []);
    this.expect("evidence", "links into the specification", found.links, this.linked ? cell.blames ?? [] : []);
    if (found.blames.some(line => !/ (MUST|SHOULD|MAY): ./.test(line))) this.problem("evidence", `no sentence: ${found.blames}`);
  }

  // Goes to a place of the page.
  go(page, hash) {
    return page.evaluate(to => new Promise(done => {
      if (location.hash === `#${to}`) done();
      addEventListener("hashchange", () => setTimeout(done), { once: true });
      location.hash = to;
    }), hash);
  }

  // The address of each cell that did not pass opens it.
  async addresses() {
    const page = await this.window({});
    for (const cell of this.events.cells.filter(({ verdict }) => verdict !== "pass")) {
      await this.go(page, anchor(cell));
      await this.evidence(page, cell);
    }
    await page.context().close();
    const first = this.events.cells.find(({ verdict }) => verdict === "expected-fail");
    const direct = await this.window({}, `${this.url}#${anchor(first)}`);
    if ((await direct.locator(`[id="${anchor(first)}"][open]`).count()) !== 1) this.problem("address", "a link from outside does not open its cell");
    await direct.context().close();
  }

  async filters(page) {
    await page.goto("about:blank");
    await page.goto(this.url);
    const { cells, cases } = this.events;
    const bad = cells.filter(({ verdict }) => BAD.includes(verdict));
    this.expect("filter", "cells at first", await this.shown(page), bad.length);
    const boxes = page.locator("#filters input[name=verdict]");
    const names = (await page.locator("#filters fieldset label").allInnerTexts()).map(text => text.trim().split(" ").at(-1));
    for (let at = 0; at < names.length; at += 1) await boxes.nth(at).setChecked(false);
    this.expect("filter", "cells of no verdict", await this.shown(page), 0);
    for (const [at, name] of names.entries()) {
      await boxes.nth(at).setChecked(true);
      this.expect("filter", name, await this.shown(page), Math.min(100, cells.filter(({ verdict }) => verdict === name).length));
      await boxes.nth(at).setChecked(false);
    }
    for (let at = 0; at < names.length; at += 1) await boxes.nth(at).setChecked(true);
    for (const words of ["flink-21344", "KEYGROUP-PREFIX-01 quill", "nothing is called so"]) {
      await page.locator("#text").fill(words);
      const hay = cell => {
        const about = cases.get(cell.case);
        return [about.id, about.title, cell.producer, cell.consumer, cell.verdict, cell.reason ?? "", ...(cell.blames ?? []),
          ...about.requirements, ...(about.bugs ?? [])].join("\n").toLowerCase();
      };
      const expected = cells.filter(cell => words.toLowerCase().split(" ").every(word => hay(cell).includes(word)));
      this.expect("filter", words, await this.shown(page), expected.length);
    }
    await page.locator("#text").fill("");
    await page.locator("#producer").selectOption("quill-0.9");
    await page.locator("#consumer").selectOption("check");
    this.expect("filter", "one pair", await this.shown(page), cells.filter(cell => cell.producer === "quill-0.9" && cell.consumer === "check").length);
    await page.locator("#producer").selectOption("");
    await page.locator("#consumer").selectOption("");
  }

  // Cases by pairs: all cells are there, and a failing one leads to its evidence.
  async grid(page) {
    await page.locator("#as-grid").click();
    const signs = await page.locator("#grid td").allInnerTexts();
    this.expect("grid", "cells", signs.filter(text => text.trim() !== "").length, this.events.cells.length);
    const cell = this.events.cells.findLast(({ verdict }) => verdict === "fail");
    await page.locator(`#grid a[href="#${anchor(cell)}"]`).click({ timeout: 1_000 }).catch(() => this.problem("grid", "no link to a failing cell"));
    await page.waitForTimeout(50);
    if ((await page.locator(`[id="${anchor(cell)}"][open]`).count()) !== 1) this.problem("grid", "a link does not open its cell");
  }

  // With everything open, in both schemes, as the system says and as the button does.
  async colours(page) {
    await page.locator("details").evaluateAll(all => all.forEach(one => { one.open = true; }));
    await page.waitForTimeout(50);
    const measure = async scheme => {
      const found = await page.evaluate(least => siteTest.contrast(least), CONTRAST);
      this.texts += found.measured;
      for (const text of found.faint) this.problem("contrast", `${scheme}: ${text}`);
      return `${found.text} on ${found.paper}`;
    };
    const light = await measure("light");
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = await measure("dark");
    if (light === dark) this.problem("scheme", "dark is as light");
    await page.locator("#scheme").click();
    if (await measure("light by the button") !== light) this.problem("scheme", "the button does not make it light");
    await page.locator("#scheme").click();
    if (await measure("dark by the button") !== dark) this.problem("scheme", "the button does not make it dark");
    await page.emulateMedia({ colorScheme: "light" });
  }

  async narrow(page) {
    await page.setViewportSize(NARROW);
    const measure = async what => {
      const found = await page.evaluate(() => siteTest.width());
      for (const text of found.wide.slice(0, 5)) this.problem("width", `${what}: ${text}`);
    };
    await measure("list");
    await page.locator("#as-grid").click();
    await measure("grid");
    await page.setViewportSize(WIDE);
  }

  // Everything, or until a problem of that kind is found.
  async all(wanted) {
    const page = await this.window({});
    const steps = [
      () => this.matrix(page), () => this.failure(page), () => this.addresses(), () => this.filters(page),
      () => this.grid(page), () => this.colours(page), () => this.narrow(page),
    ];
    // What stops one of them does not hide what the others find.
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        this.problem("stopped", `${step}: ${error.message}`);
      }
      if (this.problems.some(({ kind }) => kind === wanted)) break;
    }
    await page.context().close();
    return this;
  }

  // Many cells are there at once. Of three times the best counts: the machine may have other work.
  async large() {
    const times = [];
    for (let at = 0; at < 3; at += 1) times.push(await this.largeOnce());
    const best = name => Math.round(Math.min(...times.map(one => one[name])));
    const [loaded, grid] = [best("loaded"), best("grid")];
    if (loaded > PATIENCE) this.problem("slow", `loaded in ${loaded} ms`);
    if (grid > PATIENCE) this.problem("slow", `the grid took ${grid} ms`);
    return { loaded, grid };
  }

  async largeOnce() {
    const start = performance.now();
    const page = await this.window({});
    await page.locator("#cells .cell").first().waitFor();
    const loaded = performance.now() - start;
    const status = await page.locator("#shown").innerText();
    if (!status.endsWith(`of ${LARGE} cells`)) this.problem("large", status);
    this.expect("large", "rows at first", await this.shown(page), 100);
    await page.locator("#more").click();
    this.expect("large", "rows after more", await this.shown(page), 200);
    await this.go(page, "all");
    const grid = await page.evaluate(() => new Promise(done => {
      const before = performance.now();
      document.getElementById("as-grid").click();
      requestAnimationFrame(() => setTimeout(() => done(performance.now() - before)));
    }));
    this.expect("large", "cells of the grid", await page.locator("#grid td:not(:empty)").count(), LARGE);
    await page.context().close();
    return { loaded, grid };
  }

  async pictures(directory) {
    const cell = this.events.cells.find(one => one.verdict === "fail" && one.evidence?.log);
    for (const [name, options] of [["light", {}], ["dark", { colorScheme: "dark" }], ["400", { viewport: NARROW }]]) {
      const page = await this.window(options);
      await page.screenshot({ path: path.join(directory, `page-${name}.png`) });
      await page.goto(`${this.url}#${anchor(cell)}`);
      await page.screenshot({ path: path.join(directory, `cell-${name}.png`) });
      await this.go(page, "all");
      await page.locator("#as-grid").click();
      await page.screenshot({ path: path.join(directory, `grid-${name}.png`) });
      await page.context().close();
    }
  }
}

// Producers and consumers of 25 cases, a tenth of which fails, with evidence.
function large() {
  const names = Array.from({ length: 20 }, (_, at) => `engine-${at + 1}.0`);
  const cases = Array.from({ length: LARGE / 400 }, (_, at) => `scenario-${at}`);
  const events = [{ event: "run", version: 1, suite: "0", edition: "0", started: "2026-01-01T00:00:00Z", command: ["savepoint", "run"], planned: LARGE }];
  for (const id of cases) events.push({ event: "scenario", id, title: `About ${id}`, requirements: ["KEYED-EOKG-01"] });
  for (const producer of names) {
    for (const consumer of names) {
      for (const [at, id] of cases.entries()) {
        const fails = (at + names.indexOf(producer) + names.indexOf(consumer)) % 10 === 0;
        events.push({
          event: "cell", producer, consumer, case: id, verdict: fails ? "fail" : "pass", millis: at,
          ...(fails && {
            reason: `10 lines of ${id} are missing`, blames: ["KEYED-EOKG-01"],
            evidence: { command: "savepoint run", diff: Array.from({ length: 20 }, (_, n) => `- {"operator":"o","key":${n}}`), log: "line\n".repeat(100) },
          }),
        });
      }
    }
  }
  events.push({ event: "end", good: false, millis: 1 });
  return events.map(event => `${JSON.stringify(event)}\n`).join("");
}

// A change of the page, and the kind of problem that has to be found.
const DEFECTS = [
  ["matrix", html => html.replace(/>\d+&#x2f;\d+ ✓/, ">0/1 ✓")],
  ["adapters", html => html.replace(/class="adapter"/, 'class="other"')],
  ["escape", html => html.replace("</main>", "<b><b>hostile</b></b></main>")],
  ["escape", html => html.replace("</main>", '<a href="javascript:0">link</a></main>')],
  ["escape", html => html.replace('"use strict";', '"use strict"; window.hacked = 1;')],
  ["pair", html => html.replace('if (kind === "pair"', 'if (kind === "none"')],
  ["evidence", html => html.replace("if (evidence.command)", "if (false)")],
  ["evidence", html => html.replace("if (evidence.log)", "if (false)")],
  ["evidence", html => html.replace("...evidence.diff.map(line)", "...evidence.diff.slice(1).map(line)")],
  ["evidence", html => html.replace("cell.blames.map(requirement)", "[]")],
  ["evidence", html => html.replace('make("a", { href: known.link }, id)', 'make("b", {}, id)')],
  ["evidence", html => html.replace('addEventListener("hashchange", go);', "")],
  ["address", html => html.replace("if (!go()) render();", "render();")],
  ["filter", html => html.replace("byId(\"text\").oninput", "byId(\"text\").onclick")],
  ["filter", html => html.replace("wanted.has(cell.verdict)", "true")],
  ["filter", html => html.replace("cell.consumer === filter.consumer)", "true)")],
  ["grid", html => html.replace("rows.get(cell.about)[pairs.get(pair)] = cell", "rows.get(cell.about)[0] = cell")],
  ["contrast", html => html.replace("--dim: light-dark(#5c5c5c, #aaa)", "--dim: light-dark(#aaa, #aaa)")],
  ["contrast", html => html.replace("--good: light-dark(#17602c, #8ed69b)", "--good: #17602c")],
  ["scheme", html => html.replace("document.documentElement.style.colorScheme = scheme;", "")],
  ["scheme", html => html.replace("color-scheme: light dark;", "color-scheme: light;")],
  ["width", html => html.replace(".table-wrapper { overflow: auto; max-height: 85vh; }", "")],
  ["console", html => html.replace('"use strict";', '"use strict"; console.warn("a warning");')],
  ["exception", html => html.replace('"use strict";', '"use strict"; setTimeout(() => { throw new Error("thrown"); });')],
  ["network", html => html.replace(/<meta http-equiv[^>]*>/, "").replace("</main>", '<img src="file:///none.png"></main>')],
];

async function selfTest(browser, file, events) {
  const directory = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "report-test-")));
  const html = fs.readFileSync(file, "utf8");
  let missed = 0;
  const defects = DEFECTS.filter(([, plant]) => LINK.test(html) || !`${plant}`.includes("known.link"));
  for (const [at, [kind, plant]] of defects.entries()) {
    const planted = plant(html);
    const where = path.join(directory, "report.html");
    fs.writeFileSync(where, planted);
    const { problems } = await new Run(browser, where, events).all(kind);
    if (planted === html || !problems.some(problem => problem.kind === kind)) {
      missed += 1;
      console.error(`defect ${at + 1}, ${kind}: ${planted === html ? "not planted" : "not found"}: ${plant}`);
    }
  }
  fs.rmSync(directory, { recursive: true });
  if (missed === 0) console.log(`self-test: all ${defects.length} defects are found`);
  return missed === 0;
}

const { values: options } = parseArgs({
  options: {
    chromium: { type: "string" }, modules: { type: "string" }, page: { type: "string" }, events: { type: "string" },
    large: { type: "string" }, pictures: { type: "string" }, "self-test": { type: "boolean" }, "write-large": { type: "string" },
  },
});
if (options["write-large"]) {
  fs.writeFileSync(options["write-large"], large());
  process.exit();
}
const { chromium } = createRequire(path.join(path.resolve(options.modules), "x.js"))("playwright-core");
const browser = await chromium.launch({ executablePath: options.chromium, args: ARGUMENTS });
const events = told(options.events);
let good;
if (options["self-test"]) good = await selfTest(browser, options.page, events);
else {
  const run = await new Run(browser, options.page, events).all();
  let speed = "";
  if (options.large) {
    const many = new Run(browser, options.large, events);
    const { loaded, grid } = await many.large();
    run.problems.push(...many.problems);
    speed = `; ${LARGE} cells (${fs.statSync(options.large).size} bytes) loaded in ${loaded} ms, as a grid in ${grid} ms`;
  }
  if (options.pictures) await run.pictures(options.pictures);
  for (const { kind, text } of run.problems) console.error(`${kind}: ${text}`);
  console.log(`${run.events.cells.length} cells, ${run.opened} opened, contrast of ${run.texts} texts${speed}; ${run.problems.length} problems`);
  good = run.problems.length === 0;
}
await browser.close();
process.exitCode = good ? 0 : 1;
