// Python in a worker. The page hands over all files; nothing is fetched here,
// and what could reach a network, a server or another tab is taken away before
// a suite is loaded.
const OUTSIDE = [
  "fetch", "XMLHttpRequest", "WebSocket", "WebSocketStream", "EventSource",
  "WebTransport", "RTCPeerConnection", "importScripts", "Worker",
  "SharedWorker", "BroadcastChannel", "indexedDB", "caches"];
const INDEX = "https://pyodide.invalid/"; // Nobody ever asks there.
const COURSE = "/course";

let answer; // the grader's function of this name

function moduleIn(file) {
  const blob = new Blob([file], { type: "text/javascript" });
  return import(URL.createObjectURL(blob));
}

function text(file) {
  return new TextDecoder().decode(file);
}

/** Return a `fetch` that hands out the files, by their names. */
function fetchFrom(files) {
  return async (url) => {
    const name = String(url).replace(INDEX, "");
    const type = name.endsWith(".wasm") ? "application/wasm" : "";
    return new Response(files[name], { headers: { "Content-Type": type } });
  };
}

/** Start Python with the grader, which then has no way out of here. */
async function start({ files, sources }) {
  self.fetch = fetchFrom(files);
  const { loadPyodide } = await moduleIn(files["pyodide.mjs"]);
  const { default: createPyodideModule } = await moduleIn(
    files["pyodide.asm.mjs"]);
  const python = await loadPyodide({
    indexURL: INDEX,
    createPyodideModule,
    lockFileContents: text(files["pyodide-lock.json"]),
    stdout: () => {},
    stderr: () => {},
  });
  const packages = python.runPython("import site; site.getsitepackages()[0]");
  for (const [name, file] of Object.entries(files)) {
    if (name.endsWith(".whl")) {
      python.unpackArchive(file, "zip", { extractDir: packages });
    }
  }
  python.FS.mkdirTree(`${COURSE}/grader`);
  for (const [name, source] of Object.entries(sources)) {
    python.FS.writeFile(`${COURSE}/grader/${name}`, source);
  }
  python.runPython(
    `import sys; sys.path.insert(0, "${COURSE}"); ` +
    "sys.dont_write_bytecode = True");
  const page = python.pyimport("grader.page");
  page.close_the_browser();
  answer = page.answer;
  takeAway(OUTSIDE);
}

/** Take names away from this worker, and from what it inherits them of. */
function takeAway(names) {
  for (let owner = self; owner; owner = Object.getPrototypeOf(owner)) {
    names.forEach((name) => delete owner[name]);
  }
}

/** Tell the page what happens while a question is answered. */
function tell(what, ...facts) {
  self.postMessage({ tell: what, facts });
}

self.onmessage = async ({ data }) => {
  try {
    if (data.start) {
      await start(data.start);
      self.postMessage({ ready: true });
    } else {
      self.postMessage({ answer: JSON.parse(answer(data.question, tell)) });
    }
  } catch (error) {
    const isOwn = error.name === "PythonError";  // and Python lives on
    self.postMessage(isOwn && !data.start
      ? { answer: { error: error.message } } : { fatal: String(error) });
  }
};
