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
from typing import Callable, Iterator, List, Set, Tuple

TOP = {"README.md", "client.py", "fixtures.py", "requirements.txt",
       "test_client.py", "test_utils.py", "utils.py"}
HIDDEN = {".ci", ".github", ".gitignore"}
FIRST_LINE = b"#!/usr/bin/env python3\n"

Function = (ast.FunctionDef, ast.AsyncFunctionDef)
Documented = (ast.Module, ast.ClassDef) + Function
Finding = Tuple[int, str]


def names_of(node: ast.AST) -> List[str]:
    """Return the parts of a dotted name, last first; of a call, its name."""
    if isinstance(node, ast.Call):
        node = node.func
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return parts or [""]


def is_assertion(node: ast.AST) -> bool:
    """Tell whether a node calls an assertion, of unittest or of a mock."""
    return isinstance(node, ast.Call) and (
        names_of(node)[0].startswith("assert") or names_of(node)[0] == "fail")


def docstrings(tree: ast.Module) -> Iterator[Finding]:
    """Find what has no docstring that begins with a sentence."""
    for node in ast.walk(tree):
        if isinstance(node, Documented):
            summary = (ast.get_docstring(node) or "").split("\n\n")[0]
            if not re.match(r"^[^a-z\s].*\s.*\s.*[.:]$", summary, re.DOTALL):
                yield (getattr(node, "lineno", 1),
                       f"{getattr(node, 'name', 'the module')} has no "
                       "docstring that begins with a sentence")


def annotations(tree: ast.Module) -> Iterator[Finding]:
    """Find functions that are not annotated in full."""
    for node in ast.walk(tree):
        if isinstance(node, Function):
            spec = node.args
            arguments = spec.args + spec.kwonlyargs + [
                extra for extra in (spec.vararg, spec.kwarg) if extra]
            if arguments and arguments[0].arg in ("self", "cls"):
                del arguments[0]
            if node.returns is None or any(
                    argument.annotation is None for argument in arguments):
                yield node.lineno, f"{node.name} is not annotated in full"


def idle_tests(tree: ast.Module) -> Iterator[Finding]:
    """Find tests that assert nothing."""
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.name.startswith("test"):
            if not any(map(is_assertion, ast.walk(node))):
                yield node.lineno, f"{node.name} asserts nothing"


def uncalled_assertions(tree: ast.Module) -> Iterator[Finding]:
    """Find a mock's assertions that are not called, or that are none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(
                node.value, ast.Attribute):
            if node.value.attr.startswith("assert"):
                yield node.lineno, f"{node.value.attr} is never called"
        elif isinstance(node, ast.Call) and re.match(
                "called_|not_called|has_calls|any_call", names_of(node)[0]):
            yield node.lineno, f"{names_of(node)[0]} is no assertion"


def unreached_assertions(tree: ast.Module) -> Iterator[Finding]:
    """Find assertions after the line that is to raise."""
    for node in ast.walk(tree):
        if isinstance(node, ast.With) and any(
                names_of(item.context_expr)[0].startswith("assertRaises")
                for item in node.items):
            for statement in node.body[1:]:
                if any(map(is_assertion, ast.walk(statement))):
                    yield statement.lineno, "this assertion is not reached"


def class_fixtures(tree: ast.Module) -> Iterator[Finding]:
    """Find setUpClass and tearDownClass that are no class methods."""
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.name in (
                "setUpClass", "tearDownClass"):
            if "classmethod" not in [
                    names_of(one)[0] for one in node.decorator_list]:
                yield node.lineno, f"{node.name} is no @classmethod"


def shapeless_doubles(tree: ast.Module) -> Iterator[Finding]:
    """Find patches whose double takes any call: no autospec, spec or value."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = names_of(node)[:2]
            values = {("patch",): 2, ("object", "patch"): 3}
            needed = values.get(tuple(name))
            keywords = {keyword.arg for keyword in node.keywords}
            if needed and len(node.args) < needed and not keywords & {
                    "autospec", "new", "new_callable", "spec", "spec_set"}:
                yield node.lineno, "this patch has neither autospec nor spec"


CHECKS: List[Callable[[ast.Module], Iterator[Finding]]] = [
    docstrings, annotations, idle_tests, uncalled_assertions,
    unreached_assertions, class_fixtures, shapeless_doubles]


def check_source(source: str) -> List[Finding]:
    """Return what all checks of a file's code find, in order."""
    tree = ast.parse(source)
    return sorted(
        finding for check in CHECKS for finding in check(tree))


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


def known_tests(sources: List[str]) -> Set[str]:
    """Return the names of all test classes, and of their tests after a dot."""
    found = set()
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef):
                found.add(node.name)
                found.update(f"{node.name}.{part.name}" for part in node.body
                             if isinstance(part, Function))
    return found


def missing_tests(text: str, known: Set[str]) -> List[str]:
    """Return the tests that a text names and that are not there."""
    named = re.findall(r"`(Test\w+(?:\.\w+)?|test_\w+)`", text)
    files = {"test_utils", "test_client"}
    return sorted(set(named) - known - files)


def main() -> int:
    """Check the project in this folder; return the exit status."""
    top = Path(".")
    lines = []
    for path in sorted(top.glob("*.py")) + sorted(top.glob(".ci/*.py")):
        lines += [f"{path}:{line}: {text}" for line, text in check_file(path)]
    tracked = os.popen("git ls-files").read().split()
    lines += [f"{name}: no place for it at the top"
              for name in strangers({name.split("/")[0] for name in tracked})]
    known = known_tests([path.read_text() for path in top.glob("test_*.py")])
    lines += [f"README.md: no test {name}" for name in missing_tests(
        (top / "README.md").read_text(), known)]
    print(*lines, sep="\n", end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
