// The page: an assignment, a suite in an editor, and what is found about it.
import { Interpreter, fetchText } from "./interpreter.js";
import { show } from "./markdown.js";

const OWN = { classic: "../classic/", loans: "../loans/" };
const byId = (id) => document.getElementById(id);
const BUTTONS = ["run", "grade", "download", "hint", "mistake", "assignment"];

let assignment = null; // what is open: base, key, folder, files
let given = {}; // how many hints have been given, by mistake

const interpreter = new Interpreter((words, part) => {
  byId("step").textContent = words;
  byId("progress").value = part;
});

function setBusy(isBusy) {
  for (const id of BUTTONS) {
    byId(id).disabled = isBusy;
  }
  byId("results").setAttribute("aria-busy", String(isBusy));
}

function showResult(text) {
  const pre = document.createElement("pre");
  pre.textContent = text;
  byId("results").replaceChildren(pre);
}

function addResult(text) {
  const pre = byId("results").querySelector("pre");
  pre.textContent += `${text}\n`;
}

// Which assignment.

function chosen() {
  const asked = new URLSearchParams(location.search).get("assignment");
  if (!asked) {
    return { name: "classic", base: new URL(OWN.classic, location.href) };
  }
  if (asked in OWN) {
    return { name: asked, base: new URL(OWN[asked], location.href) };
  }
  const base = new URL(asked.endsWith("/") ? asked : `${asked}/`,
    location.href);
  return { name: base.href, base };
}

// A stranger's Python runs only after a yes, which lasts for this tab.
function isAllowed(base) {
  return base.origin === location.origin
    || sessionStorage.getItem("allowed origin") === base.origin;
}

function askFor(base) {
  byId("question-text").textContent =
    `This assignment is from ${base.origin}. Its Python will run in this `
    + "browser. Do you want to open it?";
  byId("question").hidden = false;
  byId("yes").addEventListener("click", () => {
    sessionStorage.setItem("allowed origin", base.origin);
    location.reload();
  });
  byId("no").addEventListener("click", () => {
    location.search = "";
  });
  byId("yes").focus();
}

function fillChoice(name) {
  const names = name in OWN ? Object.keys(OWN) : [...Object.keys(OWN), name];
  for (const each of names) {
    byId("assignment").add(new Option(each, each, false, each === name));
  }
  byId("assignment").addEventListener("change", ({ target }) => {
    location.search = `?assignment=${encodeURIComponent(target.value)}`;
  });
}

async function fetchAll(names, base) {
  const texts = {};
  for (const name of names) {
    const text = await fetchText(new URL(name, base));
    if (text === null) {
      throw new Error(`${new URL(name, base)} is not there`);
    }
    texts[name] = text;
  }
  return texts;
}

const lastPart = (path) => path.split("/").pop();

async function open(name, base) {
  const own = await fetchAll(["assignment.py"], base);
  const found = await interpreter.ask(
    { ask: "names", source: own["assignment.py"] });
  if (found.error) {
    throw new Error(found.error);
  }
  const texts = await fetchAll(found.names, base);
  const starter = await fetchAll(found.starter, base);
  const folder = name in OWN ? `course/${name}` : "from/a/teacher";
  const opened = await interpreter.open({
    folder,
    texts: { ...own, ...texts },
    starter: Object.fromEntries(Object.entries(starter).map(
      ([path, text]) => [lastPart(path), text])),
  });
  if (opened.error) {
    throw new Error(opened.error);
  }
  const key = `suite for ${base.href}`;
  const saved = JSON.parse(localStorage.getItem(key) ?? "{}");
  assignment = {
    base, key, folder, files: { ...opened.files, ...saved } };
  showText(await fetchText(new URL("README.md", base)), opened.code);
  showEditors();
  for (const [number, words] of opened.mistakes) {
    byId("mistake").add(new Option(words, number));
  }
}

// What to test: the assignment's page, or its code where it has none.
function showText(page, code) {
  const text = byId("text");
  if (page !== null) {
    show(page, text, assignment.base);
    return;
  }
  for (const [name, source] of Object.entries(code)) {
    const title = document.createElement("h3");
    title.textContent = name;
    const pre = document.createElement("pre");
    pre.textContent = source;
    text.append(title, pre);
  }
}

// The editors.

function showEditors() {
  for (const [name, text] of Object.entries(assignment.files)) {
    const label = document.createElement("label");
    label.textContent = name;
    label.htmlFor = `file-${name}`;
    const editor = document.createElement("textarea");
    editor.id = label.htmlFor;
    editor.value = text;
    editor.spellcheck = false;
    editor.autocapitalize = "off";
    editor.rows = Math.max(12, text.split("\n").length + 2);
    editor.addEventListener("input", () => {
      assignment.files[name] = editor.value;
      localStorage.setItem(assignment.key, JSON.stringify(assignment.files));
    });
    editor.addEventListener("keydown", indent);
    byId("files").append(label, editor);
  }
}

let isLeaving = false; // After Escape the Tab key moves on.

// Keep the indentation of a line; write blanks for the Tab key.
function indent(event) {
  const editor = event.target;
  if (event.key === "Enter") {
    const before = editor.value.slice(0, editor.selectionStart);
    const line = before.split("\n").pop();
    const blanks = line.match(/^ */)[0] + (/:\s*$/.test(line) ? "    " : "");
    event.preventDefault();
    document.execCommand("insertText", false, `\n${blanks}`);
  } else if (event.key === "Tab" && !event.shiftKey && !isLeaving) {
    event.preventDefault();
    document.execCommand("insertText", false, "    ");
  }
  isLeaving = event.key === "Escape" || isLeaving && event.key === "Shift";
}

// The buttons.

async function answerTo(question, onFound) {
  setBusy(true);
  try {
    const { folder, files } = assignment;
    const answer = await interpreter.ask(
      { folder, ...("number" in question ? {} : { files }), ...question },
      onFound);
    if (answer.error) {
      showResult(answer.error);
      return null;
    }
    return answer;
  } finally {
    setBusy(false);
  }
}

async function run() {
  showResult("Running ...\n");
  const answer = await answerTo({ ask: "run" });
  if (answer) {
    showResult(answer.output);
  }
}

async function grade() {
  showResult("Grading ...\n");
  const answer = await answerTo({ ask: "grade" }, addResult);
  if (answer) {
    showResult(answer.output);
    byId("mistake").value = answer.missed[0] ?? byId("mistake").value;
  }
}

// One hint more with each click.
async function hint() {
  const number = Number(byId("mistake").value);
  const answer = await answerTo({ ask: "hints", number });
  if (answer) {
    const { hints } = answer;
    given[number] = Math.min((given[number] ?? 0) + 1, hints.length);
    const more = hints.length - given[number];
    showResult([
      ...hints.slice(0, given[number]),
      more ? `Press Hint again for the next of ${more} more.`
        : "There is no other hint.",
    ].join("\n\n"));
  }
}

async function download() {
  const answer = await answerTo({ ask: "zip" });
  if (answer) {
    const bytes = Uint8Array.from(atob(answer.zip), (c) => c.charCodeAt(0));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(
      new Blob([bytes], { type: "application/zip" }));
    link.download = "my_suite.zip";
    link.click();
    URL.revokeObjectURL(link.href);
  }
}

async function main() {
  const { name, base } = chosen();
  fillChoice(name);
  if (!isAllowed(base)) {
    askFor(base);
    return;
  }
  try {
    await interpreter.load();
    await open(name, base);
  } catch (error) {
    byId("step").textContent = "It can't be loaded";
    showResult(`${error.message}`);
    return;
  }
  for (const [id, act] of Object.entries({ run, grade, hint, download })) {
    byId(id).addEventListener("click", act);
  }
  setBusy(false);
}

main();
