// Reads the rendered specification, and pages of `savepoint explain`, in a browser. `spec/check-site` runs it.
//
//   node site.mjs --chromium FILE --modules DIR --book DIR --summary FILE --pictures DIR
//                 --metadata-page FILE --state-page FILE
//   node site.mjs --chromium FILE --modules DIR --self-test
//
// Ends with a line of counts, or with all problems and exit code 1. The self-test shows it pages on which everything is
// wrong that it looks for, and pages on which nothing is.

import fs from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

import { ARGUMENTS, probe } from "./probe.mjs";

const THEMES = { light: "light", dark: "navy" };
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 400, height: 800 };
const CONTRAST = 4.5;
const PICTURED = ["metadata.html#layout-metadata-file", "operator.html#OPSTATE-VERSION-01", "requirements.html#the-metadata-file"];
const TYPES = {
  ".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json",
  ".svg": "image/svg+xml", ".png": "image/png", ".woff2": "font/woff2",
};

// One run: problems, counts, and what is known of the pages.
class Run {
  constructor(browser, origin, book) {
    Object.assign(this, { browser, origin, book, problems: [], pages: new Map(), links: [] });
    this.counts = { pages: 0, links: 0, anchors: 0, outside: 0, texts: 0, cells: 0 };
  }

  problem(kind, where, text) {
    if (!this.problems.some(known => known.kind === kind && known.where === where && known.text === text)) {
      this.problems.push({ kind, where, text });
    }
  }

  // The name of a page of the book.
  name(url) {
    const { pathname } = new URL(url);
    const prefix = url.startsWith("file:") ? pathToFileURL(this.book).pathname : "";
    return decodeURIComponent(pathname.slice(prefix.length + 1)) || "index.html";
  }

  inBook(url) {
    return url.startsWith(`${this.origin}/`) || (this.book && url.startsWith(`${pathToFileURL(this.book)}/`));
  }

  // A window in which everything is noted that goes wrong.
  async window(options) {
    const context = await this.browser.newContext(options);
    await context.addInitScript(probe);
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    const where = () => (page.url().startsWith("http") ? this.name(page.url()) : path.basename(page.url()));
    page.on("console", message => {
      if (["error", "warning"].includes(message.type())) this.problem("console", where(), message.text());
    });
    page.on("pageerror", error => this.problem("exception", where(), error.message));
    page.on("response", response => {
      if (response.status() >= 400) this.problem("request", where(), `${response.status()} ${response.url()}`);
    });
    page.on("requestfailed", request => {
      const why = request.failure()?.errorText;
      // A reader who goes on before a page is complete fails nothing.
      if (why !== "net::ERR_ABORTED") this.problem("request", where(), `${why} ${request.url()}`);
    });
    page.on("request", request => {
      if (!/^(data|blob|file):/.test(request.url()) && !this.inBook(request.url())) {
        this.problem("network", where(), request.url());
      }
    });
    return page;
  }

  // Notes the ids and links of a page.
  async read(page, where) {
    const facts = await page.evaluate(() => siteTest.facts());
    this.counts.pages += 1;
    this.pages.set(where, new Set(facts.ids));
    this.links.push(...facts.links.map(link => ({ ...link, where })));
    for (const id of facts.twice) this.problem("duplicate id", where, id);
    for (const text of facts.unresolved) this.problem("reference", where, `${text} stands in the text`);
  }

  async contrast(page, where, theme) {
    const found = await page.evaluate(least => siteTest.contrast(least), CONTRAST);
    this.counts.texts += found.measured;
    for (const text of found.faint) this.problem("contrast", where, `${theme}: ${text}`);
    return found;
  }

  async width(page, where) {
    const found = await page.evaluate(() => siteTest.width());
    this.counts.cells += await page.locator("td, th").count();
    for (const text of found.wide.slice(0, 5)) this.problem("width", where, text);
    for (const text of found.cells.slice(0, 5)) this.problem("cell", where, text);
  }

  // Every link leads to a page and an element that are there.
  followLinks() {
    for (const { url, written, where } of this.links) {
      if (!this.inBook(url)) {
        if (/^(https|mailto):/.test(url)) this.counts.outside += 1;
        else this.problem("link", where, written);
        continue;
      }
      this.counts.links += 1;
      const target = this.name(url);
      const fragment = decodeURIComponent(new URL(url).hash.slice(1));
      const ids = this.pages.get(target);
      if (!ids && !fs.existsSync(path.join(this.book, target))) this.problem("link", where, written);
      else if (fragment !== "") {
        this.counts.anchors += 1;
        if (!ids?.has(fragment)) this.problem("anchor", where, written);
      }
    }
  }

  // Chooses a theme as a reader does.
  async choose(page, theme) {
    const toggle = page.locator("#mdbook-theme-toggle");
    if ((await toggle.count()) === 0) return false;
    await toggle.click();
    await page.locator(`#mdbook-theme-${theme}`).click();
    await page.keyboard.press("Escape");
    return page.evaluate(name => document.documentElement.classList.contains(name), theme);
  }

  // From the first chapter to the last by the links to the next, each in both themes; and back.
  async walk(chapters) {
    const page = await this.window({ viewport: WIDE, colorScheme: "light" });
    await page.goto(`${this.origin}/${chapters[0].file}`);
    for (const [at, { file }] of chapters.entries()) {
      if (this.name(page.url()) !== file) {
        this.problem("walk", file, at ? `the link to the next chapter leads to ${this.name(page.url())}` : "not the first page");
        await page.goto(`${this.origin}/${file}`);
      }
      await this.read(page, file);
      if (at === 0) await this.sidebar(page, file, chapters);
      const light = await this.contrast(page, file, "light");
      if (await this.choose(page, THEMES.dark)) {
        const dark = await this.contrast(page, file, "dark");
        if (dark.text === light.text || dark.paper === light.paper) this.problem("theme", file, "dark is as light");
        await this.choose(page, THEMES.light);
      } else this.problem("theme", file, "there is no dark theme to choose");
      await this.step(page, file, "next", at === chapters.length - 1);
    }
    for (const { file } of chapters.slice(0, -1).reverse()) {
      if (this.name(page.url()) !== file && await this.step(page, file, "prev", false)) {
        if (this.name(page.url()) !== file) this.problem("walk", file, "no link to the previous chapter leads here");
      }
    }
    await this.step(page, chapters[0].file, "prev", true);
    await page.context().close();
  }

  async step(page, file, way, last) {
    const link = page.locator(`a[rel~=${way}]:visible`);
    const there = (await link.count()) > 0;
    if (there === last) this.problem("walk", file, last ? `there is still a link: ${way}` : `there is no link: ${way}`);
    if (!there || last) return false;
    const before = page.url();
    await link.first().click();
    await page.waitForURL(url => url.href !== before, { waitUntil: "load" });
    return true;
  }

  async sidebar(page, where, chapters) {
    const listed = await page.locator("#mdbook-sidebar a:visible").evaluateAll(links =>
      links.filter(link => link.hash === "").map(link => ({ url: link.href, text: link.textContent.trim() })));
    const missing = chapters.filter((chapter, at) =>
      !listed[at] || this.name(listed[at].url) !== chapter.file || !listed[at].text.endsWith(chapter.title));
    for (const chapter of missing) this.problem("sidebar", where, `${chapter.file} is not listed in its place`);
    if (listed.length > chapters.length) this.problem("sidebar", where, `${listed.length} entries for ${chapters.length} chapters`);
  }

  // Finds something, and opens what was found.
  async search(words, wanted) {
    const page = await this.window({ viewport: WIDE, colorScheme: "light" });
    await page.goto(`${this.origin}/index.html`);
    const toggle = page.locator("#mdbook-search-toggle");
    if ((await toggle.count()) === 0) this.problem("search", "index.html", "there is no search");
    else {
      await toggle.click();
      await page.locator("#mdbook-searchbar").pressSequentially(words);
      await page.locator("#mdbook-searchresults-header", { hasText: `'${words}'` }).waitFor();
      const results = page.locator("#mdbook-searchresults a");
      const urls = await results.evaluateAll(links => links.map(link => link.href));
      if (!urls.some(url => this.name(url) === wanted)) {
        this.problem("search", "index.html", `"${words}" does not find ${wanted}`);
      }
      this.links.push(...urls.map(url => ({ url, written: url, where: `search for "${words}"` })));
      await this.contrast(page, "search", "light");
      if (urls.length > 0) {
        await results.first().click();
        await page.waitForLoadState("load");
        const marks = await page.locator("main mark").count();
        if (marks === 0) this.problem("search", "index.html", `"${words}" is not marked on ${this.name(page.url())}`);
      }
    }
    await page.context().close();
  }

  // A reader whose system is dark gets the dark theme unasked.
  async dark(where) {
    const page = await this.window({ viewport: WIDE, colorScheme: "dark" });
    await page.goto(`${this.origin}/${where}`);
    const classes = await page.evaluate(() => document.documentElement.className);
    if (!classes.split(" ").includes(THEMES.dark)) this.problem("theme", where, `a dark system gets "${classes}"`);
    await page.context().close();
  }

  async narrow(files) {
    const page = await this.window({ viewport: NARROW, colorScheme: "light" });
    for (const file of files) {
      await page.goto(`${this.origin}/${file}`);
      await this.width(page, file);
    }
    await page.context().close();
  }

  // Pages that no chapter leads to.
  async others(files) {
    const page = await this.window({ viewport: WIDE, colorScheme: "light" });
    for (const file of files) {
      await page.goto(`${this.origin}/${file}`);
      await this.read(page, file);
    }
    await page.context().close();
  }

  // A page of `savepoint explain`, from the disk.
  async explained(file, compressed) {
    const where = path.basename(file);
    const url = pathToFileURL(path.resolve(file)).href;
    const page = await this.window({ viewport: WIDE, colorScheme: "light" });
    const asked = [];
    page.on("request", request => asked.push(request.url()));
    await page.goto(url);
    await this.read(page, where);
    for (const other of asked.filter(one => one !== url)) this.problem("network", where, other);
    const visible = () => page.locator(".f:visible").evaluateAll(all => all.map(field => field.textContent.toLowerCase()));

    const opened = await page.locator("details.opened .f").count();
    if (compressed && opened === 0) this.problem("opened", where, "no compressed content was opened");
    await page.locator("#none").click();
    if ((await visible()).length > 0) this.problem("buttons", where, "not everything is closed");
    await page.locator("#all").click();
    const all = await page.locator(".f").count();
    if (all === 0 || (await visible()).length !== all) this.problem("buttons", where, "not everything is open");

    const light = await this.contrast(page, where, "light");
    await page.emulateMedia({ colorScheme: "dark" });
    const dark = await this.contrast(page, where, "dark");
    if (dark.text === light.text || dark.paper === light.paper) this.problem("theme", where, "dark is as light");
    await page.emulateMedia({ colorScheme: "light" });

    const names = await page.locator(".f b").allTextContents();
    const wanted = (names[Math.floor(names.length / 2)] ?? "").toLowerCase();
    await page.locator("#none").click();
    await page.locator("#find").fill(wanted);
    const shown = await visible();
    if (shown.length === 0 || shown.length === all || !shown.every(text => text.includes(wanted))) {
      this.problem("filter", where, `"${wanted}" shows ${shown.length} of ${all} fields`);
    }
    await page.locator("#find").fill("nothing is called so");
    if ((await visible()).length + await page.locator("summary:visible").count() > 0) {
      this.problem("filter", where, "fields stay that do not have the words");
    }
    await page.locator("#find").fill("");
    await page.locator("#all").click();
    if ((await visible()).length !== all) this.problem("filter", where, "not all fields come back");

    await page.setViewportSize(NARROW);
    await this.width(page, where);
    await page.setViewportSize(WIDE);
    const link = page.locator("summary a").first();
    if ((await link.count()) === 0) this.problem("link", where, "nothing leads to the specification");
    else {
      await link.click();
      const came = await page.waitForURL(/^file:.*#/, { waitUntil: "load", timeout: 5_000 }).then(() => true, () => false);
      if (!came || !this.inBook(page.url())) this.problem("link", where, "a link does not lead to the specification");
    }
    await page.context().close();
  }

  async pictures(directory, chapters, pages) {
    const views = [["light", WIDE], ["dark", WIDE], ["400", NARROW]];
    for (const [name, viewport] of views) {
      const page = await this.window({ viewport, colorScheme: name === "dark" ? "dark" : "light" });
      for (const url of chapters) {
        await page.goto(url);
        await page.screenshot({ path: path.join(directory, `${this.name(url).replace(/\.html.*/, "")}-${name}.png`) });
      }
      for (const file of pages) {
        await page.goto(pathToFileURL(path.resolve(file)).href);
        await page.screenshot({ path: path.join(directory, `${path.basename(file, ".html")}-${name}.png`) });
      }
      await page.context().close();
    }
  }
}

async function served(directory) {
  const server = http.createServer((request, response) => {
    const name = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    const file = path.join(directory, name.endsWith("/") ? `${name}index.html` : name);
    fs.readFile(file, (error, bytes) => {
      // Asked for by the browser where a page names no icon.
      if (error && name === "/favicon.ico") return response.writeHead(204).end();
      response.writeHead(error ? 404 : 200, { "content-type": TYPES[path.extname(file)] ?? "application/octet-stream" });
      response.end(error ? "" : bytes);
    });
  });
  await new Promise(done => server.listen(0, "127.0.0.1", done));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.closeAllConnections() ?? server.close() };
}

async function checked(browser, options) {
  const { origin, close } = await served(options.book);
  const run = new Run(browser, origin, fs.realpathSync(options.book));
  const summary = fs.readFileSync(options.summary, "utf8");
  const chapters = [...summary.matchAll(/\[(.+?)\]\((.+?)\.md\)/g)].map(([, title, name]) => ({ title, file: `${name}.html` }));
  const others = fs.readdirSync(options.book).filter(name => name.endsWith(".html") && !chapters.some(({ file }) => file === name));
  const steps = [
    () => run.walk(chapters),
    () => run.others(others),
    () => run.narrow(chapters.map(({ file }) => file)),
    () => run.dark(chapters[0].file),
    ...options.searches.map(([words, file]) => () => run.search(words, file)),
    () => options.metadata && run.explained(options.metadata, false),
    () => options.state && run.explained(options.state, true),
    () => options.pictures && run.pictures(options.pictures, PICTURED.map(file => `${origin}/${file}`), [options.metadata, options.state]),
  ];
  // What stops one of them does not hide what the others find.
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      run.problem("stopped", step.toString().slice(6, 60), error.stack);
    }
  }
  run.followLinks();
  close();
  return run;
}

const site = content => `<!doctype html><html lang=en><meta name=viewport content="width=device-width">
<link rel=icon href="data:,"><main id=top><p>Text, with a <a href="#top">link</a>.</p>
<div class=table-wrapper style="overflow-x: auto"><table><tr><td>${"wide".repeat(200)}</table></div>${content}</main>`;

const BROKEN = site(`<a href="gone.html">page</a> <a href="good.html#nowhere">anchor</a> <p id=twice><p id=twice>
<table><tr><td style="min-width: 900px">wide<td style="max-width: 2px; overflow: hidden">narrow</table>
<p style="color: #999">faint</p> <p>[META-NONE-01]</p> <img src="none.png">
<script src="http://127.0.0.1:9/away.js"></script>
<script>console.error("an error"); console.warn("a warning"); setTimeout(() => { throw new Error("thrown"); });</script>`);

const UNFILTERED = site(`<button id=all></button><button id=none></button><input id=find><details open><summary>
<a href="gone.html#x">leads nowhere</a></summary><div class=f><b>name</b></div></details><img src="none.png">`);

async function selfTest(browser) {
  const book = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "site-test-")));
  const lay = (name, text) => fs.writeFileSync(path.join(book, name), text);
  lay("index.html", BROKEN);
  lay("good.html", site(""));
  lay("state.html", UNFILTERED);
  lay("SUMMARY.md", "[Start](index.md)\n- [Good](good.md)\n");
  const run = await checked(browser, {
    book, summary: path.join(book, "SUMMARY.md"), searches: [["word", "good.html"]], state: path.join(book, "state.html"),
  });
  fs.rmSync(book, { recursive: true });

  const expected = {
    "index.html": [
      "anchor", "cell", "console", "contrast", "duplicate id", "exception", "link", "network", "reference", "request",
      "search", "sidebar", "theme", "walk", "width",
    ],
    // Has neither a theme to choose nor a way back, and is fine otherwise.
    "good.html": ["theme", "walk"],
    "state.html": ["buttons", "console", "filter", "link", "network", "opened", "request", "theme"],
  };
  let failed = false;
  for (const [where, kinds] of Object.entries(expected)) {
    const found = [...new Set(run.problems.filter(problem => problem.where === where).map(({ kind }) => kind))].sort();
    if (found.join() !== kinds.join()) {
      failed = true;
      console.error(`${where}: expected ${kinds.join(", ")}; found ${found.join(", ")}`);
    }
  }
  if (failed) for (const { kind, where, text } of run.problems) console.error(`  ${where}: ${kind}: ${text}`);
  else console.log(`self-test: all ${Object.values(expected).flat().length} defects are found`);
  return !failed;
}

const { values: options } = parseArgs({
  options: {
    chromium: { type: "string" }, modules: { type: "string" }, "self-test": { type: "boolean" }, book: { type: "string" },
    summary: { type: "string" }, pictures: { type: "string" }, "metadata-page": { type: "string" }, "state-page": { type: "string" },
  },
});
const { chromium } = createRequire(path.join(path.resolve(options.modules), "x.js"))("playwright-core");
const browser = await chromium.launch({
  executablePath: options.chromium,
  args: ARGUMENTS,
});
let good;
if (options["self-test"]) good = await selfTest(browser);
else {
  const run = await checked(browser, {
    ...options, metadata: options["metadata-page"], state: options["state-page"],
    searches: [["META-MAGIC-01", "metadata.html"], ["key group", "key-groups.html"]],
  });
  const { pages, links, anchors, outside, texts, cells } = run.counts;
  for (const { kind, where, text } of run.problems) console.error(`${where}: ${kind}: ${text}`);
  console.log(`${pages} pages, ${links} links, ${anchors} of them with an anchor, ${outside} links to other sites; ` +
    `contrast of ${texts} texts, width of ${cells} cells; ${run.problems.length} problems`);
  good = run.problems.length === 0;
}
await browser.close();
process.exitCode = good ? 0 : 1;
