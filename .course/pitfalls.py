#!/usr/bin/env python3
"""What passes in a suite and proves nothing, as its source shows.

Each check reads the syntax tree of a file and yields findings, a line and
words each. `CHECKS` are those that hold for every suite. What
`shapeless_doubles` finds is a matter of taste: this project's suites keep
to it, others need not.
"""
import ast
import re
from typing import Callable, Iterator, List, Set, Tuple, Union

Function = (ast.FunctionDef, ast.AsyncFunctionDef)
Finding = Tuple[int, str]
Check = Callable[[ast.Module], Iterator[Finding]]


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
    """Tell whether a node asserts, by the statement or a method's call."""
    return isinstance(node, ast.Assert) or isinstance(node, ast.Call) and (
        names_of(node)[0].startswith("assert") or names_of(node)[0] == "fail")


def asserts(function: ast.AST, helpers: Set[str]) -> bool:
    """Tell whether a function asserts itself, or calls a helper that does."""
    return any(
        is_assertion(node)
        or isinstance(node, ast.Call) and names_of(node)[0] in helpers
        for node in ast.walk(function))


def asserting_helpers(tree: ast.Module) -> Set[str]:
    """Return the names of the functions, other than tests, that assert."""
    functions = [
        node for node in ast.walk(tree)
        if isinstance(node, Function) and not node.name.startswith("test")]
    found: Set[str] = set()
    while True:
        more = {node.name for node in functions if asserts(node, found)}
        if more == found:
            return found
        found = more


def idle_tests(tree: ast.Module) -> Iterator[Finding]:
    """Find tests that assert nothing."""
    helpers = asserting_helpers(tree)
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.name.startswith("test"):
            if not asserts(node, helpers):
                yield node.lineno, f"{node.name} asserts nothing"


def uncalled_assertions(tree: ast.Module) -> Iterator[Finding]:
    """Find a mock's assertions that are not called, or that are none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(
                node.value, ast.Attribute):
            if node.value.attr.startswith("assert"):
                yield node.lineno, f"{node.value.attr} is never called"
        elif isinstance(node, ast.Attribute) and re.match(
                "called_|not_called|has_calls|any_call", node.attr):
            yield node.lineno, f"{node.attr} is no assertion"


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


CHECKS: List[Check] = [
    idle_tests, uncalled_assertions, unreached_assertions, class_fixtures]


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


def findings(
        source: Union[str, bytes], checks: List[Check] = CHECKS
        ) -> List[Finding]:
    """Return what checks find in a file's source, in the order of lines."""
    tree = ast.parse(source)
    return sorted(finding for check in checks for finding in check(tree))
