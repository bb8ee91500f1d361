// What the tests of pages have in common: how the browser is started, and what is asked of a page.

// Headless, and silent on the network.
export const ARGUMENTS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

// What is asked of a page, in the page.
export function probe() {
  const texts = root => {
    const found = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const inside = node.parentElement;
      if (node.data.trim() !== "" && inside.checkVisibility({ visibilityProperty: true, opacityProperty: true })) {
        found.push([node, inside]);
      }
    }
    return found;
  };
  const shortly = text => text.trim().replace(/\s+/g, " ").slice(0, 60);

  // Red, green, blue and alpha, each 0 to 1.
  const parsed = colour => {
    const numbers = colour.match(/[\d.]+(e-?\d+)?/g).map(Number);
    const scale = colour.startsWith("rgb") ? 255 : 1;
    return [...numbers.slice(0, 3).map(n => n / scale), numbers[3] ?? 1];
  };
  const over = (top, below) => [...[0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])), 1];
  const luminance = colour => {
    const [r, g, b] = colour.slice(0, 3).map(c => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => {
    const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
    return (light + 0.05) / (dark + 0.05);
  };

  window.siteTest = {
    facts() {
      const ids = [...document.querySelectorAll("[id]")].map(element => element.id);
      const named = [...document.querySelectorAll("a[name]")].map(element => element.name);
      const links = [...document.querySelectorAll("a[href]")]
        .map(link => ({ url: link.href, written: link.getAttribute("href") }));
      // References that no definition was found for stay in the text, as do links that were not understood.
      const unresolved = texts(document.querySelector("main") ?? document.body)
        .filter(([, inside]) => !inside.closest("a, code, pre"))
        .flatMap(([node]) => node.data.match(/\[[A-Z][A-Z0-9]*(-[A-Z0-9]+)*-\d\d\]|\]\(|\]\[/g) ?? []);
      return { ids: [...ids, ...named], twice: ids.filter((id, at) => ids.indexOf(id) !== at), links, unresolved };
    },

    // The colours of the page, and texts that are hard to tell from what is behind them.
    contrast(least) {
      const canvas = getComputedStyle(document.documentElement).colorScheme.startsWith("dark") ? [0, 0, 0, 1] : [1, 1, 1, 1];
      const scheme = matchMedia("(prefers-color-scheme: dark)").matches;
      const both = getComputedStyle(document.documentElement).colorScheme.includes("light dark");
      const paper = both && scheme ? [18 / 255, 18 / 255, 18 / 255, 1] : canvas;
      const known = new Map();
      const behind = element => {
        if (!element) return paper;
        if (!known.has(element)) {
          const own = parsed(getComputedStyle(element).backgroundColor);
          known.set(element, own[3] === 1 ? own : over(own, behind(element.parentElement)));
        }
        return known.get(element);
      };
      const faint = new Map();
      let measured = 0;
      for (const [node, inside] of texts(document.body)) {
        const back = behind(inside);
        const colour = parsed(getComputedStyle(inside).color);
        for (let outer = inside; outer; outer = outer.parentElement) colour[3] *= getComputedStyle(outer).opacity;
        const found = ratio(over(colour, back), back);
        measured += 1;
        const where = `${inside.tagName.toLowerCase()}${inside.className ? `.${inside.className}` : ""}`;
        if (found < least) faint.set(`${where} ${found.toFixed(1)}`, `${where} "${shortly(node.data)}" has ${found.toFixed(1)}`);
      }
      const main = document.querySelector("main") ?? document.body;
      return { faint: [...faint.values()], measured, text: getComputedStyle(main).color, paper: behind(main).join() };
    },

    // What sticks out of the window, but for what scrolls by itself; and cells too narrow to read.
    width() {
      const root = document.documentElement;
      const wide = [];
      if (root.scrollWidth > innerWidth) wide.push(`the page is ${root.scrollWidth} wide`);
      const main = document.querySelector("main") ?? document.body;
      for (const element of main.querySelectorAll("*")) {
        const box = element.getBoundingClientRect();
        if (box.width === 0 || (box.right <= innerWidth + 1 && box.left >= -1)) continue;
        if (element.parentElement.closest(".table-wrapper, pre, code.hljs")) continue;
        wide.push(`${element.tagName.toLowerCase()} "${shortly(element.textContent)}" ends at ${Math.round(box.right)}`);
      }
      for (const element of document.querySelectorAll(".content")) {
        if (element.scrollWidth > element.clientWidth) wide.push(`the text is ${element.scrollWidth} wide`);
      }
      const cells = [];
      const pen = document.createElement("canvas").getContext("2d");
      for (const cell of document.querySelectorAll("td, th")) {
        const style = getComputedStyle(cell);
        const text = shortly(cell.textContent);
        if (text.length < 3 || !cell.checkVisibility()) continue;
        pen.font = style.font;
        const room = cell.getBoundingClientRect().width - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
        if (room + 1 < pen.measureText("iii").width) cells.push(`"${text}" has ${Math.round(room)} px`);
      }
      return { wide, cells };
    },
  };
}
