// Run a Python program in Pyodide, as the page does without a browser.
// Usage: node pyodide.mjs PINNED PROGRAM [ARGUMENT ...]
// PINNED is a folder with the files that pins.py fetches.
import { readFileSync, readdirSync } from "node:fs";
import { resolve } from "node:path";

const [, , pinned, program, ...argv] = process.argv;
const { loadPyodide } = await import(resolve(pinned, "pyodide.mjs"));
const python = await loadPyodide({ indexURL: `${resolve(pinned)}/` });
const packages = python.runPython("import site; site.getsitepackages()[0]");
for (const name of readdirSync(pinned)) {
  if (name.endsWith(".whl")) {
    const wheel = new Uint8Array(readFileSync(resolve(pinned, name)));
    python.unpackArchive(wheel, "zip", { extractDir: packages });
  }
}
python.mountNodeFS("/mnt", process.cwd());
python.globals.set("argv", python.toPy([program, ...argv]));
python.runPython(`
import os, runpy, sys
os.chdir("/mnt")
sys.argv, sys.dont_write_bytecode = argv, True
runpy.run_path(argv[0], run_name="__main__")
`);
