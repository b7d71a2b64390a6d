#!/usr/bin/env python3
"""What passes and proves nothing because of a test double, or a patch."""
import ast
import builtins
from difflib import get_close_matches
from typing import Any, Dict, Iterator, List, Optional, Set, Tuple, Union
from unittest import TestCase

from .headings import CLEANUP, COUNTING, PROPERTIES, PROVES_NOTHING, RETURNING
from .trees import (
    HERE, SILENT, Code, File, Finding, Function, FunctionNode, attributes_of,
    constant, dotted, is_builtin_exception, is_patch, names_of, root_of,
    tests_in)

MOCK_ASSERTIONS = (
    "assert_any_call", "assert_called", "assert_called_once",
    "assert_called_once_with", "assert_called_with", "assert_has_calls",
    "assert_not_called")
NO_ASSERTIONS = {
    name[len("assert_"):] for name in MOCK_ASSERTIONS} - {"called"}


def uncalled(file: File) -> Iterator[Finding]:
    """Find assertions, and the stop of a patcher, that are not called."""
    for node in file.nodes:
        if isinstance(node, ast.Expr) and isinstance(
                node.value, ast.Attribute):
            name = node.value.attr
            if name.startswith("assert") or name in ("stop", "stopall"):
                lesson = CLEANUP if name in ("stop", "stopall") else COUNTING
                yield (node.lineno, f"{name} has no parentheses, so it is "
                       "never called", lesson)


def misspelt(file: File) -> Iterator[Finding]:
    """Find calls of a double that look like assertions and are none.

    A Mock refuses what begins with assert or assret, so in a test that
    passes such a name is that of something else.
    """
    own = file.code.functions | {
        node.name for node in file.nodes
        if isinstance(node, (ast.ClassDef, *Function))}
    own |= {node.attr for node in file.nodes
            if isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)}
    statements = {
        id(node.value.func) for node in file.nodes
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)}
    for node in file.nodes:
        if not isinstance(node, ast.Attribute) or node.attr in own:
            continue
        name = node.attr
        if name in NO_ASSERTIONS or name.startswith(
                "called_") and id(node) in statements:
            yield node.lineno, f"{name} is no assertion", COUNTING
        elif not name.startswith(("assert", "assret")) and get_close_matches(
                name, MOCK_ASSERTIONS, 1, 0.85):
            yield (node.lineno, f"{name} is no assertion: it is misspelt",
                   COUNTING)


def called_attributes(file: File) -> Iterator[Finding]:
    """Find a memoized attribute, or a property, that is called."""
    attributes = dict(file.code.attributes)
    attributes.update(
        (node.name, attributes_of(node, file.code.decorators))
        for node in file.nodes if isinstance(node, ast.ClassDef))
    for scope in file.nodes:
        if not isinstance(scope, (ast.ClassDef, *Function)):
            continue
        objects = objects_in(scope)
        for node in ast.walk(scope):
            if not isinstance(node, ast.Call) or not isinstance(
                    node.func, ast.Attribute):
                continue
            owner = node.func.value
            classes = objects.get(dotted(owner), set())
            if isinstance(owner, ast.Call) and isinstance(scope, Function):
                classes = {names_of(owner)[0]}
            if classes and all(node.func.attr in attributes.get(name, ())
                               for name in classes):
                yield (node.lineno, f"{node.func.attr} is an attribute, and "
                       "is called: what runs is the value that it has",
                       PROPERTIES)


def objects_in(scope: Union[ast.ClassDef, FunctionNode]
               ) -> Dict[str, Set[str]]:
    """Return what is called to make the objects in a scope, by their names.

    In a class only what belongs to self is the same in all its methods.
    """
    objects: Dict[str, Set[str]] = {}
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            made_by = ""
            if isinstance(node.value, ast.Call):
                made_by = names_of(node.value)[0]
            for name in filter(None, map(dotted, node.targets)):
                if isinstance(scope, ast.ClassDef) == name.startswith("self."):
                    objects.setdefault(name, set()).add(made_by)
    return objects


def replaced_itself(file: File) -> Iterator[Finding]:
    """Find tests that replace all that they use of the code."""
    imported = {name for name, origin in file.origins.items()
                if name == origin}
    for test in tests_in(file):
        # By name: the nodes that run while it is replaced.
        patched: Dict[str, Set[int]] = {}
        skipped: Set[int] = set()
        unknown = False
        for node in ast.walk(test):
            if not isinstance(node, ast.Call):
                continue
            target = patched_method(node, file.code) or patched_function(
                node, test, file.code.modules & imported)
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
                and names_of(node)[0] in file.code.functions]
        helps = any(
            isinstance(node, ast.Call) and names_of(node)[1:] == ["self"]
            and not hasattr(TestCase, names_of(node)[0])
            for node in ast.walk(test))
        looks = any(isinstance(node, ast.Attribute)
                    and node.attr in file.code.values
                    for node in ast.walk(test))
        if used and not unknown and not helps and not looks and all(
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


def returned_errors(file: File) -> Iterator[Finding]:
    """Find a side_effect that returns an exception and raises none."""
    effects: List[ast.AST] = []
    for node in file.nodes:
        if isinstance(node, ast.keyword) and node.arg == "side_effect":
            effects.append(node.value)
        elif isinstance(node, ast.Assign) and any(
                names_of(target)[0] == "side_effect"
                for target in node.targets):
            effects.append(node.value)
    names = {names_of(node)[0] for node in effects
             if isinstance(node, (ast.Name, ast.Attribute))}
    effects += [node for node in file.nodes
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


def unstopped(file: File) -> Iterator[Finding]:
    """Find a patch that is started in a file where nothing is stopped."""
    patchers = {name for name, values in assigned(file).items()
                if any(map(is_patch, values))}
    # A class from elsewhere may stop whatever is started.
    stops = any(isinstance(node, ast.Attribute)
                and node.attr in ("stop", "stopall")
                or isinstance(node, ast.ClassDef) and any(
                    root_of(base, file) not in SILENT | {HERE, "TestCase"}
                    for base in node.bases) for node in file.nodes)
    for node in file.nodes:
        patcher = started(node)
        if not stops and patcher and (
                is_patch(patcher) or dotted(patcher) in patchers):
            yield (patcher.lineno, "this patch is started and never stopped",
                   CLEANUP)


def stopped_doubles(file: File) -> Iterator[Finding]:
    """Find a stop of the double, which is not the patcher's."""
    names = assigned(file)
    patchers = {name for name, values in names.items()
                if all(map(makes_a_double, values))}
    doubles = {
        name for name, values in names.items()
        if all(value and (makes_a_double(value) or dotted(value) in patchers)
               for value in map(started, values))}
    for node in file.nodes:
        if isinstance(node, ast.Call):
            is_cleanup = names_of(node)[0] == "addCleanup" and node.args
            stop = node.args[0] if is_cleanup else node.func
            if isinstance(stop, ast.Attribute) and stop.attr == "stop" \
                    and dotted(stop.value) in doubles:
                yield (node.lineno, f"{dotted(stop)} stops no patch: it is "
                       "called on the double, not on the patcher", CLEANUP)


def assigned(file: File) -> Dict[str, List[ast.AST]]:
    """Return by dotted name what it is assigned in a file.

    Where the value is not a plain one, it is whatever assigns it.
    """
    pairs: List[Tuple[ast.AST, ast.AST]] = []
    for node in file.nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs += [(target, node.value)]
                pairs += [(one, node) for one in getattr(target, "elts", [])]
        elif isinstance(node, (ast.AnnAssign, ast.AugAssign, ast.For,
                               ast.comprehension)):
            pairs += [(node.target, node)]
        elif isinstance(node, ast.withitem) and node.optional_vars:
            pairs += [(node.optional_vars, node)]
        elif isinstance(node, ast.arg):
            pairs += [(ast.Name(id=node.arg), node)]
    found: Dict[str, List[ast.AST]] = {}
    for name, value in pairs:
        if dotted(name):
            found.setdefault(dotted(name), []).append(value)
    return found


def started(node: ast.AST) -> Optional[ast.expr]:
    """Return what a call starts; None if it starts nothing."""
    if isinstance(node, ast.Call) and isinstance(
            node.func, ast.Attribute) and node.func.attr == "start":
        return node.func.value
    return None


def makes_a_double(node: ast.AST) -> bool:
    """Return whether a node is a patch that makes its double itself."""
    if not isinstance(node, ast.Call) or not is_patch(node):
        return False
    most = {"patch": 1, "object": 2}.get(names_of(node)[0], 0)
    return 0 < len(node.args) <= most and {
        one.arg for one in node.keywords} <= {
            "autospec", "spec", "return_value", "create"}


def read_once(file: File) -> Iterator[Finding]:
    """Find an attribute that is read once where its calls are counted."""
    for name, methods in memoized_in(file).items():
        for test in tests_in(file):
            calls = [node for node in ast.walk(test)
                     if isinstance(node, ast.Call)]
            counts = [call.lineno for call in calls if is_count(call)]
            if counts and replaces(test, methods) and is_read_once(name, test):
                yield (counts[0], f"{name} is read once, so no count can "
                       "tell whether its value is kept", COUNTING)


def memoized_in(file: File) -> Dict[str, Set[str]]:
    """Return the methods that each memoized attribute of a file calls.

    Only of attributes that nothing but the file's tests may read.
    """
    decorators = file.code.decorators - {"property"}
    found: Dict[str, Set[str]] = {}
    for owner in file.nodes:
        if not isinstance(owner, ast.ClassDef):
            continue
        for one in owner.body:
            if isinstance(one, Function) and one.name in attributes_of(
                    owner, decorators):
                found.setdefault(one.name, set()).update(
                    names_of(call)[0] for call in ast.walk(one)
                    if isinstance(call, ast.Call)
                    and names_of(call)[1:] == ["self"])
    inside = {id(node) for test in tests_in(file) for node in ast.walk(test)}
    for node in file.nodes:
        if isinstance(node, ast.Attribute) and id(node) not in inside:
            found.pop(node.attr, None)
    return found


def replaces(test: FunctionNode, methods: Set[str]) -> bool:
    """Return whether a test replaces a method, by patch or by assignment."""
    texts = [constant(one) for node in ast.walk(test)
             if isinstance(node, ast.Call) and "patch" in names_of(node)
             for one in node.args]
    names = {text.split(".")[-1] for text in texts if isinstance(text, str)}
    names |= {node.attr for node in ast.walk(test)
              if isinstance(node, ast.Attribute)
              and isinstance(node.ctx, ast.Store)}
    return bool(names & methods)


def is_count(call: ast.Call) -> bool:
    """Return whether a call asserts that a double was called once."""
    return names_of(call)[0].startswith("assert_called_once") or names_of(
        call)[0] == "assertEqual" and any(
            names_of(one)[0] == "call_count" for one in call.args)


def is_read_once(name: str, test: FunctionNode) -> bool:
    """Return whether a test reads an attribute once, beyond any doubt."""
    nodes = [node for statement in test.body for node in ast.walk(statement)]
    used = [node for node in nodes
            if isinstance(node, ast.Attribute) and node.attr == name]
    # Here it may be read more often than it is written.
    repeats = [
        node for node in nodes if isinstance(node, (
            ast.For, ast.While, ast.Lambda, ast.comprehension, *Function))
        and any(one in ast.walk(node) for one in used)]
    # And here it may be read by whatever gets the object.
    given = [
        node for node in nodes if isinstance(node, ast.Call)
        and "patch" not in names_of(node)
        and not names_of(node)[0].startswith("assert")
        and any(isinstance(one, ast.Name) for one in node.args)]
    return len(used) == 1 and not repeats and not given
