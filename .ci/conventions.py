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

# The house: each module, and which others of the house it may import at its
# top: no more than what a reader of it has to know.
HOUSE: Dict[str, Set[str]] = {
    "utils": set(), "client": {"utils"}, "fixtures": set(),
    "test_utils": {"utils"}, "test_client": {"client", "fixtures", "utils"},
    "audit.__init__": set(), "audit.__main__": {"audit.command"},
    "audit.pages": set(), "audit.policy": set(), "audit.texts": set(),
    "audit.table": {"audit.policy"},
    "audit.session": {"audit.pages"},
    "audit.live": {"client", "utils", "audit.pages", "audit.session",
                   "audit.texts"},
    "audit.explain": {"utils", "audit.pages", "audit.session"},
    "audit.findings": {"audit.policy", "audit.table"},
    "audit.markdown": {"audit.findings", "audit.policy"},
    "audit.report": {"audit.findings", "audit.markdown", "audit.policy",
                     "audit.table", "audit.texts"},
    "audit.usage": {"audit.findings", "audit.policy", "audit.session",
                    "audit.table"},
    "audit.progress": {"audit.session"},
    "audit.command": {"audit.explain", "audit.findings", "audit.live",
                      "audit.policy", "audit.progress", "audit.report",
                      "audit.session", "audit.texts", "audit.usage"},
    "audit.replay": {"fixtures"},
    "audit.record": {"fixtures", "audit.live", "audit.explain"}}
ROOT = {"README.md", "requirements.txt", "utils.py", "client.py",
        "fixtures.py", "test_utils.py", "test_client.py", "audit", "course"}
HIDDEN = {".ci", ".devcontainer", ".github", ".gitignore", ".mypy.ini",
          ".pytest.ini"}
# What the course may import: the suites in it are for the exercise.
COURSE = {"utils", "client", "fixtures"}
FIRST_LINE = b"#!/usr/bin/env python3\n"

Function = (ast.FunctionDef, ast.AsyncFunctionDef)
Documented = (ast.Module, ast.ClassDef) + Function
Finding = Tuple[int, str]

# For pitfalls, which the course has a use for as well.
sys.path.append(str(Path(__file__).resolve().parent.parent / "course"))


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


def imported(tree: ast.Module, package: str) -> Iterator[Tuple[int, str]]:
    """Yield what a module imports at its top, each with its line."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            inside = [package] if node.level else []
            if node.module:
                yield node.lineno, ".".join([*inside, node.module])
            else:  # from . import name
                for alias in node.names:
                    yield node.lineno, ".".join([*inside, alias.name])


def wrong_imports(
        tree: ast.Module, package: str, allowed: Set[str]
        ) -> Iterator[Finding]:
    """Find imports, at the top of a module, of other rooms of the house."""
    for line, name in imported(tree, package):
        is_ours = name in HOUSE or name.split(".")[0] == "audit"
        if is_ours and name not in allowed:
            yield line, f"the house has no import of {name} here"


def check_source(source: str) -> List[Finding]:
    """Return what is wrong with a file's code: docstrings and pitfalls."""
    from grader.pitfalls import findings
    from grader.trees import code_of
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
    name = ".".join(path.with_suffix("").parts)
    if name in HOUSE:
        yield from wrong_imports(
            ast.parse(data.decode()), path.parent.name, HOUSE[name])
    elif path.parts[0] == "audit" and "tests" not in path.parts:
        yield 1, "the house has no room for this module"
    elif path.parts[0] == "course":
        yield from wrong_imports(
            ast.parse(data.decode()), path.parent.name, COURSE)


def modules() -> List[str]:
    """Return the names of the modules of the exercise and of the audit.

    Those of a package that begin with two underscores are left out.
    """
    return [".".join(path.with_suffix("").parts)
            for pattern in ("*.py", "audit/*.py")
            for path in sorted(Path(".").glob(pattern))
            if not path.name.startswith(("test_", "__"))]


def unpaired(modules: Set[str], suites: Set[str]) -> List[str]:
    """Return what is wrong where modules and suites are not one to one.

    A suite has the name of its module, with test_ before it.
    """
    wanted = {f"test_{name}" for name in modules - {"__init__.py"}}
    return [*(f"{name}: the module of this suite is not there"
              for name in sorted(suites - wanted)),
            *(f"{name}: this suite is not there"
              for name in sorted(wanted - suites))]


def strangers(names: Set[str]) -> List[str]:
    """Return the names that have no place in the root of the project."""
    return sorted(names - ROOT - HIDDEN)


def main() -> int:
    """Check the project in this folder; return the exit status."""
    top = Path(".")
    lines = []
    for path in [path for where in (
            "*.py", ".ci/*.py", "audit/**/*.py", "course/**/*.py")
                 for path in sorted(top.glob(where))]:
        lines += [f"{path}:{line}: {text}" for line, text in check_file(path)]
    tracked = os.popen("git ls-files").read().split()
    lines += [f"{name}: no place for it in the root"
              for name in strangers({name.split("/")[0] for name in tracked})]
    lines += unpaired(
        {path.name for path in top.glob("audit/*.py")},
        {path.name for path in top.glob("audit/tests/test_*.py")})
    print(*lines, sep="\n", end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
