#!/usr/bin/env python3
"""Read the syntax trees of test files, and of the modules that they test."""
import ast
import builtins
import re
from importlib.util import decode_source
from typing import (
    Any, Dict, Iterator, List, NamedTuple, Sequence, Set, Tuple, Union)
from unittest import TestCase

from .edits import Mistake
from .names import module_of

FunctionNode = Union[ast.FunctionDef, ast.AsyncFunctionDef]
Function = (ast.FunctionDef, ast.AsyncFunctionDef)
Finding = Tuple[int, str, str]

ANY_EXCEPTION = ("Exception", "BaseException")
# What is known to assert nothing, by the package that it comes from.
SILENT = {
    "collections", "contextlib", "copy", "functools", "io", "itertools",
    "json", "operator", "os", "parameterized", "random", "requests",
    "smtplib", "sys", "tempfile", "time", "typing", "unittest"}
HERE = "<here>"


class Code(NamedTuple):
    """What a suite is about: the names in the modules.

    modules: their names; functions: those of functions and methods.
    attributes: what a class computes, and is read without parentheses.
    decorators: the names of the classes that turn a method into such.
    methods: the names of a class's methods and such attributes.
    values: the names of all that objects and classes keep.
    errors: by function, the exceptions of which a mistake changes the
        arguments alone.
    """

    modules: Set[str]
    functions: Set[str]
    attributes: Dict[str, Set[str]]
    decorators: Set[str]
    methods: Dict[str, Set[str]]
    values: Set[str]
    errors: Dict[str, Set[str]]


def code_of(sources: Dict[str, str], mistakes: Sequence[Mistake] = ()) -> Code:
    """Return the names in modules, given by the names of their files."""
    modules = {module_of(name) for name in sources}
    code = Code(modules, set(), {}, {"property", "cached_property"}, {},
                set(), errors_of(mistakes))
    trees = [ast.parse(source) for source in sources.values()]
    classes = [node for tree in trees for node in ast.walk(tree)
               if isinstance(node, ast.ClassDef)]
    code.decorators.update(node.name for node in classes if any(
        isinstance(one, Function) and one.name == "__get__"
        for one in node.body))
    for node in classes:
        code.attributes[node.name] = attributes_of(node, code.decorators)
        code.methods[node.name] = {
            one.name for one in node.body if isinstance(one, Function)}
        code.values.update(kept_by(node))
    for tree in trees:
        code.functions.update(
            node.name for node in ast.walk(tree)
            if isinstance(node, Function) and not node.name.startswith("__"))
    return code


def attributes_of(node: ast.ClassDef, decorators: Set[str]) -> Set[str]:
    """Return the methods of a class that are read as attributes."""
    return {one.name for one in node.body
            if isinstance(one, Function) and any(
                names_of(decorator)[0] in decorators
                for decorator in one.decorator_list)}


def kept_by(node: ast.ClassDef) -> Iterator[str]:
    """Yield the names of what a class and its objects keep."""
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and isinstance(one.ctx, ast.Store):
            yield one.attr
    for statement in node.body:
        if isinstance(statement, (ast.Assign, ast.AnnAssign)):
            yield from (one.id for one in ast.walk(statement)
                        if isinstance(one, ast.Name)
                        and isinstance(one.ctx, ast.Store))


def errors_of(mistakes: Sequence[Mistake]) -> Dict[str, Set[str]]:
    """Return by function what is raised with other arguments."""
    errors: Dict[str, Set[str]] = {}
    edits = [(mistake.function, edit) for mistake in mistakes
             for edit in mistake.edits]
    for function, edit in edits:
        right, wrong = [
            re.findall(r"\braise (\w+)\(([^()]*)\)", text)
            for text in (edit.before, edit.after)]
        for (name, argument), (other, another) in zip(right, wrong):
            if name == other and argument != another:
                errors.setdefault(function, set()).add(name)
    return errors


class File(NamedTuple):
    """A test file, and the code that it is about.

    nodes: all nodes of its tree; lines: those of its text.
    origins: what the names stand for that it imports, or has classes of.
    """

    tree: ast.Module
    nodes: List[ast.AST]
    lines: List[str]
    code: Code
    origins: Dict[str, str]


def file_of(source: Union[str, bytes], code: Code) -> File:
    """Return a test file, read from its source."""
    tree = ast.parse(source)
    text = source if isinstance(source, str) else decode_source(source)
    nodes = list(ast.walk(tree))
    origins = {node.name: f"{HERE}.{node.name}" for node in nodes
               if isinstance(node, ast.ClassDef)}
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                origins[alias.asname or first] = (
                    alias.name if alias.asname else first)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                origins[alias.asname or alias.name] = (
                    f"{node.module or '.'}.{alias.name}")
    return File(tree, nodes, text.split("\n"), code, origins)


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


def dotted(node: ast.AST) -> str:
    """Return a dotted name as it is written; "" for anything else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *parts[::-1]]) if isinstance(
        node, ast.Name) else ""


def constant(node: Any) -> Any:
    """Return the value of a constant, else the node itself."""
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return node


def origin_of(node: ast.AST, file: File) -> str:
    """Return the dotted name that a name in a file stands for."""
    first, dot, rest = dotted(node).partition(".")
    return file.origins.get(first, first) + dot + rest


def root_of(node: ast.AST, file: File) -> str:
    """Return the package that a name in a file comes from, or the name."""
    return origin_of(node, file).split(".")[0]


def is_test_case(node: ast.ClassDef, file: File) -> bool:
    """Return whether a class derives from unittest's TestCase alone.

    A TestCase that comes from nowhere in the file is taken for unittest's.
    """
    return [origin_of(base, file) for base in node.bases] in (
        ["unittest.TestCase"], ["unittest.case.TestCase"], ["TestCase"])


def is_test(node: ast.AST) -> bool:
    """Return whether a node defines a function named as a test."""
    return isinstance(node, Function) and node.name.startswith("test")


def tests_in(file: File) -> Iterator[FunctionNode]:
    """Yield the tests that are methods of a class of the module."""
    for node in file.tree.body:
        if isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, Function) and is_test(method):
                    yield method


def is_assertion(node: ast.AST) -> bool:
    """Return whether a node asserts, by the statement or by a call."""
    if isinstance(node, (ast.Assert, ast.Raise)):
        return True
    if not isinstance(node, ast.Call):
        return False
    names = names_of(node)
    return names[0].startswith("assert") or names[0] == "fail" or names in (
        ["raises", "pytest"], ["warns", "pytest"])


def stranded(function: FunctionNode) -> List[FunctionNode]:
    """Return the tests inside of a function that nothing in it calls.

    They are in its body; or in that of a class that derives from nothing,
    and there assert something.
    """
    used = {names_of(node)[0] for node in ast.walk(function)
            if isinstance(node, (ast.Attribute, ast.Name))}
    inner = [one for node in function.body if isinstance(node, ast.ClassDef)
             and not node.bases and not node.decorator_list
             for one in node.body if any(map(is_assertion, ast.walk(one)))]
    return [node for node in [*function.body, *inner]
            if isinstance(node, Function) and node.name.startswith("test_")
            and node.name not in used]


def asserts(function: FunctionNode, helpers: Set[str]) -> bool:
    """Return whether a function asserts, or may by what it calls.

    That is a helper, or whatever is given the test itself or its assertion.
    """
    never = {id(node) for inner in stranded(function)
             for node in ast.walk(inner)}
    nodes = [node for node in ast.walk(function) if id(node) not in never]
    uncalled = {id(node.value) for node in nodes
                if isinstance(node, ast.Expr)}
    for node in nodes:
        if is_assertion(node):
            return True
        if isinstance(node, ast.Call) and (
                # A test that is skipped does not pass.
                names_of(node)[0] == "skipTest"
                or names_of(getattr(node.func, "value", node)) == ["super"]
                or {names_of(node)[0], names_of(node)[-1]} & helpers
                or any(isinstance(one, ast.Name) and one.id == "self"
                       for one in node.args)):
            return True
        if isinstance(node, ast.Attribute) and names_of(node)[1:] == [
                "self"] and id(node) not in uncalled and (
                    node.attr.startswith("assert") or node.attr == "fail"
                    or node.attr in helpers):
            return True
    return False


def asserting_helpers(file: File) -> Set[str]:
    """Return the names of functions that assert, or that may do so.

    What is imported from elsewhere, or inherited, may.
    """
    functions = [node for node in file.nodes if isinstance(node, Function)]
    defined = {one.name for one in functions} | {
        node.attr for node in file.nodes if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)}
    found = {name for name, origin in file.origins.items()
             if origin.split(".")[0] not in SILENT | {HERE}}
    found |= {
        node.attr for node in file.nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and dotted(node.value) in ("self", "cls")
        and not hasattr(TestCase, node.attr) and node.attr not in defined}
    while True:
        more = found | {
            node.name for node in functions if asserts(node, found)}
        if more == found:
            return found
        found = more


def is_builtin_exception(name: str) -> bool:
    """Return whether a name is that of an exception of Python's own."""
    value = getattr(builtins, name, None)
    return isinstance(value, type) and issubclass(value, BaseException)


def is_patch(node: ast.AST) -> bool:
    """Return whether a node is a call of patch, in one of its forms."""
    return isinstance(node, ast.Call) and "patch" in names_of(node)[:2]
