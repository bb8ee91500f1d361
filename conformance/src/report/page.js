"use strict";
// Everything that a run tells is text here, never markup: elements are made one by one.
const data = JSON.parse(document.getElementById("data").textContent);
const PAGE = 100;
const byId = id => document.getElementById(id);
const make = (tag, attributes = {}, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

const cells = data.cells.map(([producer, consumer, of, verdict, millis, reason, blames, evidence], at) => ({
  at, producer: data.names[producer], consumer: data.names[consumer], about: data.cases[of], verdict, millis,
  reason: data.reasons[reason], blames: blames ?? [], evidence,
  label: data.verdicts[verdict][0], sign: data.verdicts[verdict][1], isBad: data.verdicts[verdict][2],
}));
const key = (...parts) => parts.map(encodeURIComponent).join("/");
const byKey = new Map(cells.map(cell => [key(cell.producer, cell.consumer, cell.about.id), cell]));
const produced = new Map(data.produced.map(([producer, of, ...rest]) => [key(data.names[producer], data.cases[of].id), rest]));
const anchor = cell => `cell/${key(cell.producer, cell.consumer, cell.about.id)}`;

// What a text filter looks at.
const haystack = cell => {
  cell.hay ??= [cell.about.id, cell.about.title, cell.producer, cell.consumer, cell.label, cell.reason ?? "", ...cell.blames,
    ...cell.about.requirements, ...cell.about.bugs].join("\n").toLowerCase();
  return cell.hay;
};

const boxes = [...document.querySelectorAll("#filters input[name=verdict]")];
const filter = { text: "", producer: "", consumer: "", grid: false };
let most = PAGE;

const matching = () => {
  const wanted = new Set(boxes.filter(box => box.checked).map(box => Number(box.value)));
  const words = filter.text.toLowerCase().split(/\s+/).filter(word => word !== "");
  return cells.filter(cell => wanted.has(cell.verdict)
    && (filter.producer === "" || cell.producer === filter.producer)
    && (filter.consumer === "" || cell.consumer === filter.consumer)
    && words.every(word => haystack(cell).includes(word)));
};

const requirement = id => {
  const known = data.requirements[id];
  const name = known?.link ? make("a", { href: known.link }, id) : make("b", {}, id);
  return make("li", {}, name, known ? ` ${known.level}: ${known.text}` : "");
};
const duration = millis => millis < 1000 ? `${millis} ms` : `${(millis / 1000).toFixed(1)} s`;
const part = (title, ...content) => [make("h3", {}, title), ...content];

// What a cell opens onto.
const inside = cell => {
  const box = make("div", { class: "inside" });
  const evidence = cell.evidence ?? { diff: [], findings: [] };
  if (cell.reason) box.append(make("p", { class: `reason ${cell.label}` }, cell.reason));
  if (cell.blames.length > 0) box.append(...part("Blamed requirements", make("ul", { class: "blames" }, ...cell.blames.map(requirement))));
  if (evidence.command) box.append(...part("To do it again", make("pre", { class: "command" }, evidence.command)));
  if (evidence.diff.length > 0) {
    const line = text => make(text.startsWith("-") ? "del" : text.startsWith("+") ? "ins" : "span", {}, text);
    box.append(...part("Expected (-) and found (+)", make("pre", { class: "diff" }, ...evidence.diff.map(line))));
  }
  if (evidence.findings.length > 0) {
    box.append(...part("Findings", make("ul", { class: "findings" }, ...evidence.findings.map(text => make("li", {}, text)))));
  }
  if (evidence.log) box.append(...part("End of the log", make("pre", { class: "log" }, evidence.log)));
  if (evidence.left_out) box.append(make("p", {}, "There is more evidence than there is room for on this page: see events.jsonl."));
  if (evidence.log_file) box.append(make("p", {}, make("a", { href: evidence.log_file.split("/").map(encodeURIComponent).join("/") }, "The whole log")));
  const before = produced.get(key(cell.producer, cell.about.id));
  if (before) {
    const [verdict, millis, reason, savepoint] = before;
    const words = [data.verdicts[verdict][0], `in ${duration(millis)}`, reason, savepoint && `savepoint ${savepoint}`];
    box.append(...part("Production", make("p", {}, words.filter(Boolean).join(", "))));
  }
  box.append(...part(`About ${cell.about.id}`, make("p", {}, cell.about.title)));
  const list = (name, entries) => entries.length > 0 && box.append(make("p", {}, `${name}: ${entries.join(", ")}`));
  list("Bugs", cell.about.bugs);
  list("Features", cell.about.features);
  const others = cell.about.requirements.filter(id => !cell.blames.includes(id));
  if (others.length > 0) box.append(make("ul", {}, ...others.map(requirement)));
  box.append(make("p", {}, make("a", { href: `#${anchor(cell)}` }, "Link to this cell")));
  return box;
};

const row = cell => {
  const line = [
    make("span", { class: `v ${cell.label}` }, `${cell.sign} ${cell.label}`), make("b", {}, cell.about.id),
    ` ${cell.producer} → ${cell.consumer} `, make("small", {}, duration(cell.millis)),
  ];
  if (cell.label === "pass") return make("div", { class: "cell" }, ...line);
  if (cell.reason) line.push(make("small", {}, ` ${cell.reason.slice(0, 160)}`));
  const details = make("details", { class: "cell", id: anchor(cell) }, make("summary", {}, ...line));
  details.addEventListener("toggle", () => {
    if (details.open && !details.querySelector(".inside")) details.append(inside(cell));
  });
  return details;
};

const list = found => {
  const out = byId("cells");
  out.replaceChildren(...found.slice(0, most).map(row));
  if (found.length > most) {
    const more = make("button", { type: "button", id: "more" }, `${Math.min(PAGE, found.length - most)} more`);
    more.onclick = () => {
      const before = most;
      most += PAGE;
      list(found);
      const next = out.children[before];
      (next.querySelector("summary") ?? next).focus();
    };
    out.append(more);
  }
};

// Cases by pairs: what does not pass is a link.
const grid = found => {
  const pairs = new Map();
  const rows = new Map();
  for (const cell of found) {
    const pair = `${cell.producer} → ${cell.consumer}`;
    if (!pairs.has(pair)) pairs.set(pair, pairs.size);
    if (!rows.has(cell.about)) rows.set(cell.about, []);
    rows.get(cell.about)[pairs.get(pair)] = cell;
  }
  const head = make("tr", {}, make("th", { scope: "col" }, "case"), ...[...pairs.keys()].map(pair => make("th", { scope: "col" }, pair)));
  const body = [...rows].map(([about, of]) => make("tr", {}, make("th", { scope: "row", title: about.title }, about.id),
    ...Array.from({ length: pairs.size }, (_, at) => {
      const cell = of[at];
      if (!cell) return make("td");
      const title = `${cell.label}: ${cell.producer} → ${cell.consumer}`;
      const sign = cell.label === "pass" ? cell.sign : make("a", { href: `#${anchor(cell)}`, "aria-label": `${cell.label}, ${about.id}, ${cell.producer} → ${cell.consumer}` }, cell.sign);
      return make("td", { class: cell.label, title }, sign);
    })));
  byId("cells").replaceChildren(make("div", { class: "table-wrapper", tabindex: "0", role: "region", "aria-label": "Cases and pairs" },
    make("table", { id: "grid" }, make("thead", {}, head), make("tbody", {}, ...body))));
};

const render = () => {
  const found = matching();
  byId("shown").textContent = `${found.length} of ${cells.length} cells`;
  byId("as-list").setAttribute("aria-pressed", String(!filter.grid));
  byId("as-grid").setAttribute("aria-pressed", String(filter.grid));
  for (const link of document.querySelectorAll("#matrix td a")) {
    const chosen = link.getAttribute("href") === `#pair/${key(filter.producer, filter.consumer)}` && (filter.producer || filter.consumer);
    link.parentElement.classList.toggle("chosen", Boolean(chosen));
  }
  (filter.grid ? grid : list)(found);
  return found;
};

const check = wanted => boxes.forEach(box => { box.checked = !box.disabled && wanted(data.verdicts[box.value]); });
const choose = (producer, consumer) => {
  filter.producer = byId("producer").value = producer;
  filter.consumer = byId("consumer").value = consumer;
};
const reset = () => {
  most = PAGE;
  filter.text = byId("text").value = "";
  filter.grid = false;
};

// Goes where the address says: #cell/PRODUCER/CONSUMER/CASE, #pair/PRODUCER/CONSUMER or #all.
const go = () => {
  const [kind, ...parts] = location.hash.slice(1).split("/");
  let names;
  try {
    names = parts.map(decodeURIComponent);
  } catch {
    return false;
  }
  if (kind === "pair" && names.length === 2) {
    reset();
    check(() => true);
    choose(...names.map(name => (data.names.includes(name) ? name : "")));
  } else if (kind === "all") {
    reset();
    check(() => true);
    choose("", "");
  } else if (kind === "cell" && byKey.has(key(...names))) {
    const cell = byKey.get(key(...names));
    let details = byId(anchor(cell));
    if (!details) {
      reset();
      check(() => true);
      choose(cell.producer, cell.consumer);
      most = Math.max(PAGE, matching().indexOf(cell) + 1);
      render();
      details = byId(anchor(cell));
    }
    if (!details) return true;
    details.open = true;
    if (!details.querySelector(".inside")) details.append(inside(cell));
    details.scrollIntoView();
    details.querySelector("summary").focus();
    return true;
  } else {
    return false;
  }
  render();
  byId("cells-title").scrollIntoView();
  return true;
};

for (const [id, names] of [["producer", data.producers], ["consumer", data.consumers]]) {
  byId(id).append(...names.map(at => make("option", { value: data.names[at] }, data.names[at])));
  byId(id).onchange = event => { filter[id] = event.target.value; most = PAGE; render(); };
}
byId("text").oninput = event => { filter.text = event.target.value; most = PAGE; render(); };
byId("filters").onsubmit = event => event.preventDefault();
for (const box of boxes) box.onchange = () => { most = PAGE; render(); };
byId("as-list").onclick = () => { filter.grid = false; render(); };
byId("as-grid").onclick = () => { filter.grid = true; render(); };

const dark = matchMedia("(prefers-color-scheme: dark)");
let scheme;
const colour = () => {
  const now = scheme ?? (dark.matches ? "dark" : "light");
  byId("scheme").textContent = now === "dark" ? "Light" : "Dark";
};
byId("scheme").onclick = () => {
  scheme = (scheme ?? (dark.matches ? "dark" : "light")) === "dark" ? "light" : "dark";
  document.documentElement.style.colorScheme = scheme;
  colour();
};
dark.onchange = colour;
colour();

// What is not as expected first, if there is such.
check(cells.some(cell => cell.isBad) ? ([, , isBad]) => isBad : () => true);
if (!go()) render();
addEventListener("hashchange", go);
