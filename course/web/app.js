// The page: an assignment, a suite in an editor, and what is found about it.
import { fetchText, fetchTexts } from "./fetching.js";
import { Interpreter } from "./interpreter.js";
import { show } from "./markdown.js";
import { keep, kept } from "./storage.js";

const OWN = { classic: "../classic/", loans: "../loans/" };
const OF_A_TEACHER = "from/a/teacher"; // a folder that the project lacks
const CONTROLS = ["run", "grade", "download", "hint", "mistake", "assignment"];
const NOT_KEPT = "This browser does not keep what you write. Download it "
  + "before you leave.";

const byId = (id) => document.getElementById(id);
const interpreter = new Interpreter(showStep);

let assignment = null; // what is open: base, key, folder, files
const given = {}; // how many hints have been given, by mistake

// What the page says.

function showStep(words, part) {
  const label = byId("step");
  if (label.textContent !== words) { // Each change is read out.
    label.textContent = words;
  }
  byId("progress").value = part;
}

function showResult(text) {
  const pre = document.createElement("pre");
  pre.textContent = text;
  byId("results").replaceChildren(pre);
}

/** Add a line to the result: that line alone is read out. */
function addResult(line) {
  byId("results").firstChild.append(`${line}\n`);
}

// Which assignment.

/** Return what the address asks for: a name of ours, or a URL. */
function asked() {
  return new URLSearchParams(location.search).get("assignment") || "classic";
}

/** Return the URL of the folder of an assignment. */
function baseOf(name) {
  if (Object.hasOwn(OWN, name)) {
    return new URL(OWN[name], location.href);
  }
  const address = name.endsWith("/") ? name : `${name}/`;
  if (URL.canParse(address, location.href)) {
    const base = new URL(address, location.href);
    if (/^https?:$/.test(base.protocol)) {
      return base;
    }
  }
  throw new Error(`${name} is not the address of an assignment.`);
}

/** A stranger's Python runs only after a yes, which lasts for this tab. */
function isAllowed({ origin }) {
  return origin === location.origin
    || origin === kept("sessionStorage", "allowed origin");
}

function askFor({ origin }) {
  byId("question-text").textContent =
    `This assignment is from ${origin}. Its Python will run in this browser. `
    + "Do you want to open it?";
  byId("question").hidden = false;
  byId("yes").addEventListener("click", () => {
    if (keep("sessionStorage", "allowed origin", origin)) {
      location.reload();
    } else {
      showResult("This browser keeps nothing for this page. Without that it "
        + "opens no assignment from elsewhere.");
    }
  });
  byId("no").addEventListener("click", () => {
    location.search = "";
  });
  byId("yes").focus();
}

function fillChoice(name) {
  for (const each of new Set([...Object.keys(OWN), name])) {
    byId("assignment").add(new Option(each, each, false, each === name));
  }
  byId("assignment").addEventListener("change", ({ target }) => {
    location.search = `?assignment=${encodeURIComponent(target.value)}`;
  });
}

const lastPart = (path) => path.split("/").pop();

/** Open an assignment, given its assignment.py, and what was written for it. */
async function open(name, base, own) {
  showStep("Opening the assignment", 0.9);
  const { names, starter } = await interpreter.ask(
    { ask: "names", source: own["assignment.py"] });
  const texts = await fetchTexts(names, base);
  const folder = Object.hasOwn(OWN, name) ? `course/${name}` : OF_A_TEACHER;
  const { files, code, mistakes } = await interpreter.open({
    folder,
    texts: { ...own, ...texts },
    starter: Object.fromEntries(
      Object.entries(await fetchTexts(starter, base)).map(
        ([path, text]) => [lastPart(path), text])),
  });
  const key = `suite for ${base.href}`;
  const written = JSON.parse(kept("localStorage", key) ?? "{}");
  assignment = { base, key, folder, files: { ...files, ...written } };
  showText(
    await fetchText(new URL("README.md", base)).catch(() => null), code);
  showEditors();
  for (const [number, words] of mistakes) {
    byId("mistake").add(new Option(words, number));
  }
}

/** Show what to test: the assignment's page, or its code if it has none. */
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

const idOf = (name) => `file-${name}`;

function showEditors() {
  for (const [name, text] of Object.entries(assignment.files)) {
    const label = document.createElement("label");
    label.textContent = name;
    label.htmlFor = idOf(name);
    const editor = document.createElement("textarea");
    editor.id = idOf(name);
    editor.value = text;
    editor.spellcheck = false;
    editor.autocapitalize = "off";
    editor.rows = Math.max(12, text.split("\n").length + 2);
    editor.setAttribute("aria-describedby", "keys");
    editor.addEventListener("input", () => {
      assignment.files[name] = editor.value;
      keepFiles();
    });
    editor.addEventListener("keydown", indent);
    byId("files").append(label, editor);
  }
  globalThis.addEventListener("storage", takeOver);
}

function keepFiles() {
  const { key, files } = assignment;
  byId("not-kept").textContent =
    keep("localStorage", key, JSON.stringify(files)) ? "" : NOT_KEPT;
}

/** Show what has been written in another tab, which would be lost here. */
function takeOver({ key, newValue }) {
  if (key === assignment.key && newValue) {
    for (const [name, text] of Object.entries(JSON.parse(newValue))) {
      assignment.files[name] = text;
      byId(idOf(name)).value = text;
    }
  }
}

let isLeaving = false; // After Escape the Tab key moves on.

/** Keep the indentation of a line; write four spaces for the Tab key. */
function indent(event) {
  const editor = event.target;
  if (event.key === "Enter" && !event.isComposing) {
    const before = editor.value.slice(0, editor.selectionStart);
    const line = before.split("\n").pop();
    const spaces = line.match(/^ */)[0] + (/:\s*$/.test(line) ? "    " : "");
    event.preventDefault();
    document.execCommand("insertText", false, `\n${spaces}`);
  } else if (event.key === "Tab" && !event.shiftKey && !isLeaving) {
    event.preventDefault();
    document.execCommand("insertText", false, "    ");
  }
  isLeaving = event.key === "Escape";
}

// The buttons.

function setBusy(isBusy) {
  for (const id of CONTROLS) {
    byId(id).disabled = isBusy;
  }
}

/** Do what a button is for, or say why not. No other is there meanwhile. */
async function press(button, act) {
  setBusy(true);
  try {
    await act(assignment);
  } catch (error) {
    showResult(error.message);
  }
  showStep("Ready", 1);
  setBusy(false);
  if (document.activeElement === document.body) {
    button.focus({ preventScroll: true }); // as it was before
  }
}

async function run({ folder, files }) {
  showStep("Running", 0);
  showResult("Running ...\n");
  const { output } = await interpreter.ask({ ask: "run", folder, files });
  showResult(output);
}

async function grade({ folder, files }) {
  const choice = byId("mistake");
  let found = 0;
  showStep("Grading", 0);
  showResult("Grading ...\n");
  const { output, missed } = await interpreter.ask(
    { ask: "grade", folder, files }, (line) => {
      found += 1;
      showStep("Grading", found / choice.length);
      addResult(line);
    });
  showResult(output);
  choice.value = missed[0] ?? choice.value;
}

/** Show one hint more with each click. */
async function hint({ folder }) {
  const number = Number(byId("mistake").value);
  const { hints } = await interpreter.ask({ ask: "hints", folder, number });
  given[number] = Math.min((given[number] ?? 0) + 1, hints.length);
  const more = hints.length - given[number];
  showResult([
    ...hints.slice(0, given[number]),
    more ? `Press Hint again for the next of ${more} more.`
      : "There is no other hint.",
  ].join("\n\n"));
}

async function download({ folder, files }) {
  const { zip } = await interpreter.ask({ ask: "zip", folder, files });
  const bytes = Uint8Array.from(atob(zip), (c) => c.charCodeAt(0));
  const link = document.createElement("a");
  link.href = URL.createObjectURL(
    new Blob([bytes], { type: "application/zip" }));
  link.download = "my_suite.zip";
  link.click();
  URL.revokeObjectURL(link.href);
}

async function main() {
  const name = asked();
  fillChoice(name);
  try {
    const base = baseOf(name);
    if (!isAllowed(base)) {
      showStep("Waiting for an answer", 0);
      askFor(base);
      return;
    }
    const own = await fetchTexts(["assignment.py"], base);
    await interpreter.load();
    await open(name, base, own);
  } catch (error) {
    interpreter.onStep = () => {}; // Other files may still be on their way.
    showStep("It can't be loaded", 0);
    showResult(error.message);
    return;
  }
  for (const [id, act] of Object.entries({ run, grade, hint, download })) {
    byId(id).addEventListener("click", ({ target }) => press(target, act));
  }
  showStep("Ready", 1);
  setBusy(false);
}

main();
