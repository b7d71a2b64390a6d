// Show a page of the course: the Markdown that these pages use, and no other.
// What a page says becomes text, never markup.

// Where a link leads: to another page of the course by read.html.
const PAGES = /^(README|tour|questions|loans\/README)\.md$/;

/** Return a new element with some children. */
function element(tag, ...children) {
  const made = document.createElement(tag);
  made.append(...children);
  return made;
}

/** Return where a link leads; null if that is no page of the web. */
function addressOf(link, base) {
  if (!URL.canParse(link, base)) {
    return null;
  }
  const url = new URL(link, base);
  const course = new URL("../", location.href).href;
  const name = url.href.split("#")[0].replace(course, "");
  if (PAGES.test(name)) {
    return `read.html?page=${encodeURIComponent(name)}${url.hash}`;
  }
  return /^https?:$/.test(url.protocol) ? url.href : null;
}

const INLINE = new RegExp([
  /`([^`]+)`/, // code
  /\*\*([^*]+)\*\*/, // strong
  /\*([^*]+)\*/, // emphasis
  /\[((?:[^\][]|`[^`]*`)+)\]\(([^)]+)\)/, // a link
].map((part) => part.source).join("|"), "g");

/** Return the parts of a paragraph: text, code, strong, emphasis, links. */
function inline(text, base) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(INLINE)) {
    const [all, code, strong, emphasis, words, address] = found;
    parts.push(text.slice(end, found.index));
    end = found.index + all.length;
    if (code) {
      parts.push(element("code", code));
    } else if (strong) {
      parts.push(element("strong", ...inline(strong, base)));
    } else if (emphasis) {
      parts.push(element("em", ...inline(emphasis, base)));
    } else {
      const link = element("a", ...inline(words, base));
      const href = addressOf(address, base);
      if (href) {
        link.href = href;
      }
      parts.push(link);
    }
  }
  return [...parts, text.slice(end)];
}

/** Return the blocks of a page, each as its lines; a fence is one block. */
function blocksOf(page) {
  const blocks = [];
  let block = [];
  let isFenced = false;
  for (const line of page.split("\n")) {
    const isFence = line.startsWith("```");
    const isAlone = /^<\/?details>/.test(line);
    if (!isFenced && (line === "" || isFence || isAlone)) {
      blocks.push(block);
      block = [];
    }
    if (isFence || isFenced || line !== "") {
      block.push(line);
    }
    if (isFence && isFenced || isAlone) {
      blocks.push(block);
      block = [];
    }
    isFenced = isFence !== isFenced;
  }
  return [...blocks, block].filter((lines) => lines.length);
}

/** Return the address of a heading, as GitHub makes it. */
function slug(words) {
  return words.toLowerCase().replace(/[^\p{L}\p{N}_ -]/gu, "")
    .replace(/ /g, "-");
}

function heading(marks, words, base, below) {
  const made = element(
    `h${Math.min(marks.length + below, 6)}`, ...inline(words, base));
  made.id = slug(made.textContent);
  return made;
}

function list(tag, lines, mark, base) {
  const items = lines.join("\n").split(mark).slice(1);
  return element(tag, ...items.map(
    (item) => element("li", ...inline(item.trim(), base))));
}

function table(lines, base) {
  const rows = lines.map((line) => line.split(/(?<!\\)\|/).slice(1, -1)
    .map((cell) => cell.trim().replace(/\\\|/g, "|")));
  const [head, , ...body] = rows;
  const row = (tag, cells) => element("tr", ...cells.map(
    (cell) => element(tag, ...inline(cell, base))));
  return element("table",
    element("thead", row("th", head)),
    element("tbody", ...body.map((cells) => row("td", cells))));
}

/** Return the element that a block becomes. */
function shown(lines, base, below) {
  const [first] = lines;
  const title = first.match(/^(#+) (.*)/);
  if (first.startsWith("```")) {
    return element("pre", lines.slice(1, -1).join("\n"));
  }
  if (title) {
    return heading(title[1], title[2], base, below);
  }
  if (first.startsWith("- ")) {
    return list("ul", lines, /^- /m, base);
  }
  if (/^[0-9]+\. /.test(first)) {
    return list("ol", lines, /^[0-9]+\. /m, base);
  }
  if (first.startsWith("| ")) {
    return table(lines, base);
  }
  return element("p", ...inline(lines.join(" "), base));
}

/**
 * Put a page into an element. Its links are relative to a base; its headings
 * stand so many levels below those of the page around it.
 */
export function show(page, place, base, below = 2) {
  const within = [place];
  place.replaceChildren();
  for (const lines of blocksOf(page)) {
    const fold = lines[0].match(/^<details><summary>(.*)<\/summary>/);
    if (fold) {
      const details = element(
        "details", element("summary", ...inline(fold[1], base)));
      within.at(-1).append(details);
      within.push(details);
    } else if (lines[0] === "</details>") {
      within.pop();
    } else {
      within.at(-1).append(shown(lines, base, below));
    }
  }
}
