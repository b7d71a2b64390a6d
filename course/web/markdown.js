// Show a page of the course: the Markdown that these pages use, and no other.
// What a page says becomes text, never markup.

function element(tag, ...children) {
  const made = document.createElement(tag);
  made.append(...children);
  return made;
}

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*]+)\*|\[([^\]]+)\]\(([^)]+)\)/g;

// Return the parts of a paragraph: text, code, bold, emphasis, links.
function inline(text, base) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(INLINE)) {
    const [all, code, bold, emphasis, words, address] = found;
    parts.push(text.slice(end, found.index));
    end = found.index + all.length;
    if (code) {
      parts.push(element("code", code));
    } else if (bold) {
      parts.push(element("strong", ...inline(bold, base)));
    } else if (emphasis) {
      parts.push(element("em", ...inline(emphasis, base)));
    } else {
      const link = element("a", ...inline(words, base));
      const url = new URL(address, base);
      if (/^https?:$/.test(url.protocol)) {
        link.href = url.href;
      }
      parts.push(link);
    }
  }
  return [...parts, text.slice(end)];
}

// Return the blocks of a page, each as its lines; a fence is one block.
function blocksOf(page) {
  const blocks = [];
  let block = [];
  let isFenced = false;
  for (const line of page.split("\n")) {
    const isFence = line.startsWith("```");
    if (!isFenced && (line === "" || isFence)) {
      blocks.push(block);
      block = [];
    }
    if (isFence || isFenced || line !== "") {
      block.push(line);
    }
    if (isFence && isFenced) {
      blocks.push(block);
      block = [];
    }
    isFenced = isFence !== isFenced;
  }
  return [...blocks, block].filter((lines) => lines.length);
}

function shown(lines, base) {
  const [first] = lines;
  const heading = first.match(/^(#+) (.*)/);
  if (first.startsWith("```")) {
    return element("pre", lines.slice(1, -1).join("\n"));
  }
  if (heading) {
    const level = Math.min(heading[1].length + 2, 6);
    return element(`h${level}`, ...inline(heading[2], base));
  }
  if (first.startsWith("- ")) {
    const items = lines.join("\n").split(/^- /m).slice(1);
    return element("ul", ...items.map(
      (item) => element("li", ...inline(item.trim(), base))));
  }
  return element("p", ...inline(lines.join(" "), base));
}

// Put a page into an element; its links are relative to a base.
export function show(page, place, base) {
  place.replaceChildren(
    ...blocksOf(page).map((lines) => shown(lines, base)));
}
