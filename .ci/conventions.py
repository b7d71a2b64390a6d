#!/usr/bin/env python3
"""Check the project's own conventions; print each breach on a line.

Usage: conventions.py, in the folder of the project. The exit status is 1
if anything was found.
"""
import ast
import os
import re
import sys
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

# Each module at the top, and what it may import of the others at its own
# top: no more than what a reader of it has to know.
MODULES: Dict[str, Set[str]] = {
    "utils": set(), "fixtures": set(), "pages": set(), "policy": set(),
    "client": {"utils"}, "live": {"client", "pages", "utils"},
    "replay": {"fixtures"}, "explain": {"live", "pages", "utils"},
    "audit": {"explain", "live", "policy"},
    "test_utils": {"utils"}, "test_client": {"client", "fixtures"}}
SUITES = {f"test_{name}" for name in MODULES
          if name != "fixtures" and not name.startswith("test_")}
TOP = {"README.md", "requirements.txt",
       *(f"{name}.py" for name in {*MODULES, *SUITES})}
HIDDEN = {".ci", ".course", ".github", ".gitignore", ".mypy.ini"}
FIRST_LINE = b"#!/usr/bin/env python3\n"

Function = (ast.FunctionDef, ast.AsyncFunctionDef)
Documented = (ast.Module, ast.ClassDef) + Function
Finding = Tuple[int, str]

# For pitfalls, which the course has a use for as well.
sys.path.append(str(Path(__file__).resolve().parent.parent / ".course"))


def docstrings(tree: ast.Module) -> Iterator[Finding]:
    """Find what has no docstring that begins with a sentence of four words."""
    for node in ast.walk(tree):
        if isinstance(node, Documented):
            summary = (ast.get_docstring(node) or "").split("\n\n")[0]
            sentence = re.match(
                r"[^a-z\s].*?(\.(?=\s|$)|:$)", summary, re.DOTALL)
            if not sentence or len(sentence.group().split()) < 4:
                yield (getattr(node, "lineno", 1),
                       f"{getattr(node, 'name', 'the module')} has no "
                       "docstring that begins with a sentence of four words")


def wrong_imports(tree: ast.Module, allowed: Set[str]) -> Iterator[Finding]:
    """Find imports, at the top of a module, of other modules of the house."""
    for node in tree.body:
        names = ([alias.name for alias in node.names]
                 if isinstance(node, ast.Import) else
                 [node.module or ""] if isinstance(node, ast.ImportFrom)
                 else [])
        for name in names:
            if name in MODULES and name not in allowed:
                yield node.lineno, f"the house has no import of {name} here"


def check_source(source: str) -> List[Finding]:
    """Return what is wrong with a file's code: docstrings and pitfalls."""
    from pitfalls import code_of, findings
    return sorted([
        *docstrings(ast.parse(source)),
        *((line, text) for line, text, *_ in findings(source, code_of({})))])


def check_file(path: Path) -> Iterator[Finding]:
    """Find what is wrong with a Python file, its code included."""
    data = path.read_bytes()
    if not data.startswith(FIRST_LINE):
        yield 1, f"the first line is not {FIRST_LINE.decode().strip()}"
    if not os.access(str(path), os.X_OK):
        yield 1, "the file is not executable"
    if not data.endswith(b"\n") or data.endswith(b"\n\n"):
        yield data.count(b"\n"), "the file does not end with one newline"
    yield from check_source(data.decode())
    if path.stem in MODULES:
        yield from wrong_imports(
            ast.parse(data.decode()), MODULES[path.stem])


def strangers(names: Set[str]) -> List[str]:
    """Return the names that have no place at the top of the project."""
    return sorted(names - TOP - HIDDEN)


def main() -> int:
    """Check the project in this folder; return the exit status."""
    top = Path(".")
    lines = []
    for path in [path for where in ("*.py", ".ci/*.py", ".course/**/*.py")
                 for path in sorted(top.glob(where))]:
        lines += [f"{path}:{line}: {text}" for line, text in check_file(path)]
    tracked = os.popen("git ls-files").read().split()
    lines += [f"{name}: no place for it at the top"
              for name in strangers({name.split("/")[0] for name in tracked})]
    print(*lines, sep="\n", end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
