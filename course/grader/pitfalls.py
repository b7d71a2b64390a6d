#!/usr/bin/env python3
"""What passes in a suite and proves nothing, as its source shows.

Each check reads the syntax tree of a file and yields findings: a line, what
is there, and the heading of the course's tour that helps. A check that could
say something false of a test that passes is not among them.
"""
import ast
import builtins
import re
from difflib import get_close_matches
from typing import (
    Any, Callable, Dict, Iterator, List, NamedTuple, Set, Tuple, Union)
from unittest import TestCase

# Headings of the tour.
FIRST = "A first test"
CASES = "Tables of cases"
EXCEPTION = "Testing an exception"
COUNTING = "Counting: proving memoization"
PROPERTIES = "Properties"
DOUBLES = "Test doubles"
RETURNING = "return_value and side_effect"
CLEANUP = "setUp, setUpClass, tearDown, addCleanup"
PROVES_NOTHING = "What passes and proves nothing"

FunctionNode = Union[ast.FunctionDef, ast.AsyncFunctionDef]
Function = (ast.FunctionDef, ast.AsyncFunctionDef)
Finding = Tuple[int, str, str]
Found = Tuple[int, str, str, str]  # and the kind

MOCK_ASSERTIONS = (
    "assert_any_call", "assert_called", "assert_called_once",
    "assert_called_once_with", "assert_called_with", "assert_has_calls",
    "assert_not_called")
NO_ASSERTIONS = {
    name[len("assert_"):] for name in MOCK_ASSERTIONS} - {"called"}
ANY_EXCEPTION = ("Exception", "BaseException")
# What is known to assert nothing, by the package that it comes from.
SILENT = {
    "collections", "contextlib", "copy", "functools", "io", "itertools",
    "json", "operator", "os", "parameterized", "random", "requests", "sys",
    "time", "typing", "unittest"}


class Code(NamedTuple):
    """What a suite is about: the names in the modules.

    modules: their names; functions: those of functions and methods.
    attributes: what a class computes, and is read without parentheses.
    decorators: the names of the classes that turn a method into such.
    methods: the names of a class's methods and such attributes.
    """

    modules: Set[str]
    functions: Set[str]
    attributes: Dict[str, Set[str]]
    decorators: Set[str]
    methods: Dict[str, Set[str]]


def code_of(sources: Dict[str, str]) -> Code:
    """Return the names in modules, given by the names of their files."""
    code = Code({name[:-len(".py")] for name in sources}, set(), {},
                {"property", "cached_property"}, {})
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


# Reading a tree.

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


def constant(node: Any) -> Any:
    """Return the value of a constant, else the node itself."""
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return node


def is_test_case(node: ast.ClassDef) -> bool:
    """Return whether a class derives from TestCase, and nothing else."""
    return [names_of(base)[0] for base in node.bases] == ["TestCase"]


def is_test(node: ast.AST) -> bool:
    """Return whether a node defines a function named as a test."""
    return isinstance(node, Function) and node.name.startswith("test")


def tests_in(tree: ast.Module) -> Iterator[FunctionNode]:
    """Yield the tests that are methods of a class of the module."""
    for node in tree.body:
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


def asserts(function: ast.AST, helpers: Set[str]) -> bool:
    """Return whether a function asserts, or may by what it calls.

    That is a helper, or whatever is given the test itself or its assertion.
    """
    uncalled_ = {id(node.value) for node in ast.walk(function)
                 if isinstance(node, ast.Expr)}
    for node in ast.walk(function):
        if is_assertion(node):
            return True
        if isinstance(node, ast.Call) and (
                {names_of(node)[0], names_of(node)[-1]} & helpers
                or any(isinstance(one, ast.Name) and one.id == "self"
                       for one in node.args)):
            return True
        if isinstance(node, ast.Attribute) and names_of(node)[1:] == [
                "self"] and id(node) not in uncalled_ and (
                    node.attr.startswith("assert") or node.attr in helpers):
            return True
    return False


def asserting_helpers(tree: ast.Module) -> Set[str]:
    """Return the names of the functions, other than tests, that may assert.

    What is imported from elsewhere, or inherited, may do so.
    """
    functions = [node for node in ast.walk(tree)
                 if isinstance(node, Function) and not is_test(node)]
    stored = {node.attr for node in ast.walk(tree)
              if isinstance(node, ast.Attribute)
              and isinstance(node.ctx, ast.Store)}
    found = {name for node in ast.walk(tree)
             if isinstance(node, ast.ImportFrom)
             and (node.module or "").split(".")[0] not in SILENT
             for name in (alias.asname or alias.name
                          for alias in node.names)}
    found |= {(alias.asname or alias.name).split(".")[0]
              for node in ast.walk(tree) if isinstance(node, ast.Import)
              for alias in node.names
              if alias.name.split(".")[0] not in SILENT}
    found |= {
        node.attr for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and isinstance(node.value, ast.Name)
        and node.value.id in ("self", "cls")
        and not hasattr(TestCase, node.attr)
        and node.attr not in {one.name for one in functions}
        and node.attr not in stored}
    while True:
        more = found | {
            node.name for node in functions if asserts(node, found)}
        if more == found:
            return found
        found = more


# The checks.

def idle_tests(tree: ast.Module, code: Code) -> Iterator[Finding]:
    """Find tests that assert nothing."""
    helpers = asserting_helpers(tree) - code.functions - set(
        code.methods) - code.modules
    for test in tests_in(tree):
        # Another decorator may assert whatever it likes.
        if not asserts(test, helpers) and all(
                "patch" in names_of(one)[:2] or names_of(one)[0] == "expand"
                for one in test.decorator_list):
            yield (test.lineno, f"{test.name} asserts nothing",
                   PROVES_NOTHING)


def uncalled(tree: ast.Module, code: Code) -> Iterator[Finding]:
    """Find assertions, and the stop of a patcher, that are not called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(
                node.value, ast.Attribute):
            name = node.value.attr
            if name.startswith("assert") or name in ("stop", "stopall"):
                lesson = CLEANUP if name in ("stop", "stopall") else COUNTING
                yield (node.lineno, f"{name} has no parentheses, so it is "
                       "never called", lesson)


def misspelt(tree: ast.Module, code: Code) -> Iterator[Finding]:
    """Find calls of a double that look like assertions and are none."""
    own = {node.attr for node in ast.walk(tree)
           if isinstance(node, ast.Attribute)
           and isinstance(node.ctx, ast.Store)}
    own |= {node.name for node in ast.walk(tree)
            if isinstance(node, (ast.ClassDef, *Function))}
    statements = {
        id(node.value.func) for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or node.attr in own:
            continue
        name = node.attr
        if name.startswith("called_") and id(node) in statements:
            yield node.lineno, f"{name} is no assertion", COUNTING
            continue
        if name in NO_ASSERTIONS:
            yield node.lineno, f"{name} is no assertion", COUNTING
        elif name not in MOCK_ASSERTIONS and get_close_matches(
                name, MOCK_ASSERTIONS, 1, 0.85) and not hasattr(
                    TestCase, name):
            yield (node.lineno, f"{name} is no assertion: it is misspelt",
                   COUNTING)


def unreached(tree: ast.Module, code: Code) -> Iterator[Finding]:
    """Find assertions after the line that raises.

    Where one was reached, either it would fail or nothing would be raised,
    so in a test that passes it is not.
    """
    for node in ast.walk(tree):
        if not isinstance(node, ast.With) or len(node.items) != 1:
            continue
        call = node.items[0].context_expr
        if not isinstance(call, ast.Call) or names_of(call)[0] not in (
                "assertRaises", "assertRaisesRegex") or not call.args:
            continue
        if names_of(call.args[0])[0] in (
                "AssertionError", "", *ANY_EXCEPTION):
            continue
        last = node.body[1:]
        while last and not is_plain_assertion(last[-1]):
            last = []
        first = len(node.body)
        while first > 1 and is_plain_assertion(node.body[first - 1]):
            first -= 1
        for statement in node.body[first:] if last else []:
            yield (statement.lineno, "this assertion is not reached: the "
                   "line above raises", EXCEPTION)


def is_plain_assertion(statement: ast.stmt) -> bool:
    """Return whether all that a statement can raise is AssertionError."""
    if isinstance(statement, ast.Assert):
        parts: List[ast.AST] = [statement.test]
    elif isinstance(statement, ast.Expr) and isinstance(
            statement.value, ast.Call) and names_of(
                statement.value)[0].startswith("assert"):
        call = statement.value
        parts = [*call.args, *(one.value for one in call.keywords)]
    else:
        return False
    return all(
        isinstance(node, (ast.Name, ast.Attribute, ast.Compare, ast.cmpop,
                          ast.expr_context))
        or isinstance(node, ast.Call) and names_of(node) in (["str"], ["repr"])
        or not isinstance(constant(node), ast.AST)
        for part in parts for node in ast.walk(part))


def class_fixtures(tree: ast.Module, code: Code) -> Iterator[Finding]:
    """Find setUpClass and tearDownClass that are no class methods."""
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.name in (
                "setUpClass", "tearDownClass") and (
                    node.args.args and not node.decorator_list):
            yield node.lineno, f"{node.name} is no @classmethod", CLEANUP


def called_attributes(tree: ast.Module, code: Code) -> Iterator[Finding]:
    """Find a memoized attribute, or a property, that is called."""
    attributes = {name: set(found)
                  for name, found in code.attributes.items()}
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            attributes[node.name] = attributes_of(node, code.decorators)

    def class_named(node: ast.AST) -> str:
        """Return the name of the class that a call makes an object of."""
        name = names_of(node)[0] if isinstance(node, ast.Call) else ""
        return name if name in attributes else ""

    for scope in ast.walk(tree):
        if not isinstance(scope, (ast.ClassDef, *Function)):
            continue
        objects: Dict[str, Set[str]] = {}
        for node in ast.walk(scope):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    name = ".".join(reversed(names_of(target)))
                    # In a class only what belongs to self is the same in
                    # all its methods.
                    if isinstance(scope, ast.ClassDef) == name.startswith(
                            "self."):
                        objects.setdefault(name, set()).add(
                            class_named(node.value))
        for node in ast.walk(scope):
            if not isinstance(node, ast.Call) or not isinstance(
                    node.func, ast.Attribute):
                continue
            owner = node.func.value
            names = objects.get(".".join(reversed(names_of(owner))), set())
            if isinstance(owner, ast.Call):
                names = {class_named(owner)} if isinstance(
                    scope, Function) else set()
            if names and all(node.func.attr in attributes.get(name, ())
                             for name in names):
                yield (node.lineno, f"{node.func.attr} is an attribute, and "
                       "is called: what runs is the value that it has",
                       PROPERTIES)


def replaced_itself(tree: ast.Module, code: Code) -> Iterator[Finding]:
    """Find tests that replace all that they use of the code."""
    imported = {alias.name for node in ast.walk(tree)
                if isinstance(node, ast.Import)
                for alias in node.names if not alias.asname}
    for test in tests_in(tree):
        # By name: the nodes that run while it is replaced.
        patched: Dict[str, Set[int]] = {}
        skipped: Set[int] = set()
        unknown = False
        for node in ast.walk(test):
            if not isinstance(node, ast.Call):
                continue
            target = patched_method(node, code) or patched_function(
                node, test, code.modules & imported)
            if target:
                skipped.update(map(id, ast.walk(node)))
                patched.setdefault(target, set()).update(
                    map(id, covered(test, node)))
                unknown = unknown or bool(
                    {one.arg for one in node.keywords}
                    & {"wraps", "side_effect"})
        used = [node for node in ast.walk(test)
                if isinstance(node, (ast.Attribute, ast.Name))
                and isinstance(node.ctx, ast.Load) and id(node) not in skipped
                and names_of(node)[0] in code.functions]
        helps = any(
            isinstance(node, ast.Call) and names_of(node)[1:] == ["self"]
            and not hasattr(TestCase, names_of(node)[0])
            for node in ast.walk(test))
        if used and not unknown and not helps and all(
                id(node) in patched.get(names_of(node)[0], ())
                for node in used):
            names = sorted({names_of(node)[0] for node in used})
            yield (test.lineno, f"{test.name} replaces {', '.join(names)} and "
                   "uses nothing else of the code", PROVES_NOTHING)


def covered(test: FunctionNode, call: ast.Call) -> Iterator[ast.AST]:
    """Yield what runs while a decorator, or a `with`, replaces something."""
    if call in test.decorator_list:
        yield from ast.walk(test)
    for node in ast.walk(test):
        if isinstance(node, ast.With) and call in [
                item.context_expr for item in node.items]:
            yield from ast.walk(node)


def patched_function(call: ast.Call, test: ast.AST, modules: Set[str]) -> str:
    """Return the function that a call of patch replaces, or "".

    Only where all that a test names is the function, by its module, and
    whatever it calls is known: what else it runs would be anyone's guess.
    """
    target = constant(call.args[0]) if names_of(call)[:2] in (
        ["patch"], ["patch", "mock"]) and len(call.args) else ""
    parts = target.split(".") if isinstance(target, str) else []
    if len(parts) != 2 or parts[0] not in modules:
        return ""
    uses = [names_of(node)[-2:][::-1] for node in ast.walk(test)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name) and node.value.id in modules]
    calls = [names_of(node) for node in ast.walk(test)
             if isinstance(node, ast.Call)]
    known = all(
        names in (["patch"], ["Mock"], ["MagicMock"])
        or names[-1] in ("self", "mock", *modules)
        or len(names) == 1 and hasattr(builtins, names[0])
        and names[0] not in ("getattr", "eval", "exec", "__import__")
        for names in calls)
    return str(parts[1]) if known and uses and all(
        use == parts for use in uses) else ""


def patched_method(call: ast.Call, code: Code) -> str:
    """Return the method of a class that a call of patch replaces, or ""."""
    names = names_of(call)[:2]
    if names[0] == "patch" and call.args:
        target = constant(call.args[0])
        parts = target.split(".") if isinstance(target, str) else []
        if len(parts) == 3 and parts[0] in code.modules \
                and parts[2] in code.methods.get(parts[1], ()):
            return str(parts[2])
    if names == ["object", "patch"] and len(call.args) > 1:
        name = constant(call.args[1])
        if isinstance(name, str) and name in code.methods.get(
                names_of(call.args[0])[0], ()):
            return name
    return ""


def empty_classes(tree: ast.Module, code: Code) -> Iterator[Finding]:
    """Find a TestCase without a test that no other class derives from."""
    bases = {names_of(base)[0] for node in ast.walk(tree)
             if isinstance(node, ast.ClassDef) for base in node.bases}
    if any(names_of(node)[0] == "setattr" for node in ast.walk(tree)
           if isinstance(node, ast.Call)):
        return
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and is_test_case(node) \
                and node.name not in bases and not any(
                    is_test(one) or isinstance(one, Function)
                    and one.name == "runTest" or isinstance(one, ast.Assign)
                    and any(name.startswith("test")
                            for target in one.targets
                            for name in names_of(target))
                    for one in ast.walk(node)):
            yield node.lineno, f"{node.name} has no test", FIRST


def hidden_tests(tree: ast.Module, code: Code) -> Iterator[Finding]:
    """Find tests that another of the same name, or a function, hides."""
    yield from hidden_in(tree.body, "the class {} stands twice here: the "
                         "tests of the first never run", ast.ClassDef)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            yield from hidden_in(
                node.body, "{} stands twice in this class: the first never "
                "runs", Function)
    for test in tests_in(tree):
        used = {names_of(node)[0] for node in ast.walk(test)
                if isinstance(node, (ast.Attribute, ast.Name))}
        for one in test.body:
            if isinstance(one, Function) and one.name.startswith(
                    "test_") and one.name not in used:
                yield (one.lineno, f"{one.name} stands inside of {test.name}"
                       ", so it never runs", FIRST)


def hidden_in(body: List[ast.stmt], what: str, kinds: Any
              ) -> Iterator[Finding]:
    """Find what has the name of something after it in the same body."""
    last: Dict[str, ast.stmt] = {}
    for node in reversed(body):
        if not isinstance(node, kinds):
            continue
        name: str = node.name
        has_tests = is_test(node) or any(map(is_test, getattr(
            node, "body", [])))
        # Such a decorator makes tests, or classes, of other names.
        makes_more = any(
            names_of(one)[0] in ("expand", "parameterized_class")
            for one in node.decorator_list)
        if name in last and has_tests and not makes_more:
            yield node.lineno, what.format(name), FIRST
        last[name] = node


def unused_values(tree: ast.Module, code: Code) -> Iterator[Finding]:
    """Find a value of the rows of a table that the test never uses."""
    for test in tests_in(tree):
        for decorator in test.decorator_list:
            if not isinstance(decorator, ast.Call) or names_of(
                    decorator)[0] != "expand" or not decorator.args:
                continue
            rows = decorator.args[0]
            elements = getattr(rows, "elts", None) or []
            if not elements or not all(
                    isinstance(row, (ast.Tuple, ast.List))
                    for row in elements):
                continue
            used = {node.id for node in ast.walk(test)
                    if isinstance(node, ast.Name)}
            width = min(len(row.elts) for row in elements)
            parameters = [one.arg for one in test.args.args[1:]][:width]
            # The first value, if it is text, is there to name the case.
            if all(isinstance(constant(row.elts[0]), str)
                   for row in elements if row.elts):
                used.update(parameters[:1])
            unused = [name for name in parameters
                      if name not in used and not name.startswith("_")]
            if unused and "locals" not in used:
                yield (decorator.lineno, f"{test.name} never uses "
                       f"{', '.join(unused)} of its rows", CASES)


def returned_errors(tree: ast.Module, code: Code) -> Iterator[Finding]:
    """Find a side_effect that returns an exception and raises none."""
    effects: List[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "side_effect":
            effects.append(node.value)
        elif isinstance(node, ast.Assign) and any(
                names_of(target)[0] == "side_effect"
                for target in node.targets):
            effects.append(node.value)
    names = {names_of(node)[0] for node in effects
             if isinstance(node, (ast.Name, ast.Attribute))}
    effects += [node for node in ast.walk(tree)
                if isinstance(node, Function) and node.name in names]
    for effect in effects:
        returned: List[Any] = []
        if isinstance(effect, ast.Lambda):
            returned = [effect.body]
        elif isinstance(effect, Function):
            returned = [node.value for node in ast.walk(effect)
                        if isinstance(node, ast.Return) and node.value]
        for value in returned:
            name = names_of(value)[0]
            if isinstance(value, (ast.Name, ast.Attribute)) and (
                    name.endswith("Error") and name[0].isupper()
                    or is_builtin_exception(name)):
                yield (value.lineno, f"{name} is returned here, not raised",
                       RETURNING)


def is_builtin_exception(name: str) -> bool:
    """Return whether a name is that of an exception of Python's own."""
    value = getattr(builtins, name, None)
    return isinstance(value, type) and issubclass(value, BaseException)


def tautologies(tree: ast.Module, code: Code) -> Iterator[Finding]:
    """Find assertions that hold by what they are given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            if isinstance(node.test, ast.Tuple) and node.test.elts:
                yield (node.lineno, "this asserts a tuple, which is always "
                       "true", PROVES_NOTHING)
            elif not isinstance(constant(node.test), ast.AST) \
                    and constant(node.test):
                yield (node.lineno, "this asserts a constant",
                       PROVES_NOTHING)
        elif isinstance(node, ast.Call) and tautology(node):
            yield (node.lineno, f"this {names_of(node)[0]} {tautology(node)}",
                   PROVES_NOTHING)


def tautology(call: ast.Call) -> str:
    """Return why an assertion holds by what it is given; "" if it may not."""
    name, values = names_of(call)[0], [constant(one) for one in call.args]
    if name in ("assertTrue", "assertFalse") and values and isinstance(
            values[0], bool) and values[0] is (name == "assertTrue"):
        return "is given a constant"
    if name == "assertIsNone" and values[:1] == [None]:
        return "is given a constant"
    if name in ("assertEqual", "assertEquals", "assertIs") \
            and len(values) > 1:
        first, second = values[:2]
        if isinstance(first, ast.Name) and isinstance(second, ast.Name) \
                and first.id == second.id:
            return f"compares {first.id} with itself"
        if not isinstance(first, ast.AST) and not isinstance(
                second, ast.AST) and first == second:
            return "compares constants"
    return ""


def raises_nothing(tree: ast.Module, code: Code) -> Iterator[Finding]:
    """Find assertRaises that watches nothing, or accepts anything."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            call = node.value
            if names_of(call)[0] == "assertRaises" and names_of(
                    call)[1:] == ["self"]:
                if len(call.args) == 1 and not call.keywords:
                    yield (node.lineno, "this assertRaises has neither "
                           "`with` nor a function, so it watches nothing",
                           EXCEPTION)
                elif len(call.args) > 1 and isinstance(
                        call.args[1], ast.Call) and names_of(
                            call.args[1])[0] in code.functions:
                    yield (node.lineno, f"{names_of(call.args[1])[0]} is "
                           "called before assertRaises can watch it",
                           EXCEPTION)
        if isinstance(node, ast.With):
            for item in node.items:
                call_ = item.context_expr
                if isinstance(call_, ast.Call) and names_of(
                        call_)[0] == "assertRaises" and len(
                            call_.args) == 1 and item.optional_vars is None \
                        and names_of(call_.args[0])[0] in ANY_EXCEPTION:
                    yield (node.lineno, "this assertRaises accepts any "
                           "error, that of a misspelt name too", EXCEPTION)


def swallowed(tree: ast.Module, code: Code) -> Iterator[Finding]:
    """Find an except that lets no assertion in its try fail the test."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Try) or not any(
                is_assertion(one) and not isinstance(one, ast.Raise)
                for statement in node.body for one in ast.walk(statement)):
            continue
        for handler in node.handlers:
            types = getattr(handler.type, "elts", [handler.type])
            catches = handler.type is None or any(
                names_of(one)[0] in ("AssertionError", *ANY_EXCEPTION)
                for one in types)
            if catches and all(
                    isinstance(statement, ast.Pass)
                    or isinstance(statement, ast.Expr) and (
                        not isinstance(statement.value, ast.Call)
                        or names_of(statement.value) == ["print"])
                    for statement in handler.body):
                yield (handler.lineno, "this except catches the failure of "
                       "an assertion", PROVES_NOTHING)
            if catches:
                break


def values_as_messages(tree: ast.Module, code: Code) -> Iterator[Finding]:
    """Find assertTrue and assertFalse with a value for a message."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or len(node.args) < 2 or names_of(
                node)[0] not in ("assertTrue", "assertFalse"):
            continue
        second = node.args[1]
        value = constant(second)
        if isinstance(second, ast.Name) and re.match(
                r"expected", second.id) or not isinstance(
                    value, (str, ast.AST)) and value is not None:
            yield (node.lineno, f"{names_of(node)[0]} compares nothing: its "
                   "second argument is the message", FIRST)


def coroutines(tree: ast.Module, code: Code) -> Iterator[Finding]:
    """Find tests that are coroutines in a plain TestCase."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and is_test_case(node):
            for test in node.body:
                if isinstance(test, ast.AsyncFunctionDef) and is_test(
                        test) and not test.decorator_list:
                    yield (test.lineno, f"{test.name} is a coroutine that "
                           "nobody awaits", PROVES_NOTHING)


def unstopped(tree: ast.Module, code: Code) -> Iterator[Finding]:
    """Find a patch that is started in a file where nothing is stopped."""
    stops = any(
        name in ("stop", "stopall") for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) for name in [node.attr])
    patchers = {
        ".".join(reversed(names_of(target)))
        for node in ast.walk(tree) if isinstance(node, ast.Assign)
        if is_patch(node.value) for target in node.targets}
    for node in ast.walk(tree):
        if not stops and isinstance(node, ast.Call) and isinstance(
                node.func, ast.Attribute) and node.func.attr == "start":
            owner = node.func.value
            if is_patch(owner) or ".".join(
                    reversed(names_of(owner))) in patchers:
                yield (node.lineno, "this patch is started and never "
                       "stopped", CLEANUP)


def is_patch(node: ast.AST) -> bool:
    """Return whether a node is a call of patch, in one of its forms."""
    return isinstance(node, ast.Call) and "patch" in names_of(node)[:2]


CHECKS: List[Callable[[ast.Module, Code], Iterator[Finding]]] = [
    called_attributes, replaced_itself, empty_classes, hidden_tests,
    unused_values, returned_errors, idle_tests, tautologies, misspelt,
    uncalled, unreached, raises_nothing, unstopped, swallowed,
    class_fixtures, values_as_messages, coroutines]


def findings(source: Union[str, bytes], code: Code) -> List[Found]:
    """Return what the checks find in a file, in the order of its lines.

    The last part of each is the kind of the pitfall, in words.
    """
    tree = ast.parse(source)
    return sorted({(*finding, kind_of(check)) for check in CHECKS
                   for finding in check(tree, code)})


def kind_of(check: Any) -> str:
    """Return what a check finds, as the first line of its docstring says."""
    first: str = check.__doc__.splitlines()[0]
    return first[len("Find "):].rstrip(".")


UNSEEN = "tests that unittest does not see"


def unseen_tests(source: Union[str, bytes]) -> Iterator[Found]:
    """Yield tests that pytest runs and unittest does not see."""
    tree = ast.parse(source)
    bases = {names_of(base)[0] for node in ast.walk(tree)
             if isinstance(node, ast.ClassDef) for base in node.bases}
    for node in tree.body:
        if is_test(node):
            yield (node.lineno, f"{getattr(node, 'name')} is not seen by "
                   "unittest: write it as a method of a TestCase", FIRST,
                   UNSEEN)
        elif isinstance(node, ast.ClassDef) and not node.bases \
                and node.name not in bases \
                and node.name.startswith("Test") \
                and any(map(is_test, node.body)):
            yield (node.lineno, f"{node.name} is not seen by unittest: let "
                   "it derive from unittest.TestCase", FIRST, UNSEEN)
