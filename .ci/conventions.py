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
from typing import Iterator, List, Set, Tuple

TOP = {"README.md", "client.py", "fixtures.py", "requirements.txt",
       "test_client.py", "test_utils.py", "utils.py"}
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


def check_source(source: str) -> List[Finding]:
    """Return what all checks of a file's code find, in order."""
    from pitfalls import CHECKS, findings, shapeless_doubles
    return findings(source, [docstrings, *CHECKS, shapeless_doubles])


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
