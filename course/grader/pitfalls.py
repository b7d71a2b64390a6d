#!/usr/bin/env python3
"""What passes in a suite and proves nothing, as its source shows.

Each check reads the syntax tree of a file and yields findings: a line, what
is there, and the heading of the course's tour that helps. A check that could
say something false of a test that passes is not among them.
"""
import ast
import re
from typing import (
    Any, Callable, Dict, Iterator, List, Sequence, Set, Tuple, Union)

from .double_pitfalls import (
    called_attributes, misspelt, read_once, replaced_itself, returned_errors,
    stopped_doubles, uncalled, unstopped)
from .headings import CASES, CLEANUP, EXCEPTION, FIRST, PROVES_NOTHING
from .trees import (
    ANY_EXCEPTION, SILENT, Code, File, Finding, Function, FunctionNode,
    asserting_helpers, asserts, constant, dotted, file_of, is_assertion,
    is_builtin_exception, is_test, is_test_case, names_of, origin_of, root_of,
    stranded, tests_in)

COMPARISONS = (
    "assertEqual", "assertEquals", "assertNotEqual", "assertIs",
    "assertIsNot", "assertIsNone", "assertIsNotNone", "assertTrue",
    "assertFalse")
Found = Tuple[int, str, str, str]  # a finding, and the kind
Row = Union[ast.Tuple, ast.List]


def idle_tests(file: File) -> Iterator[Finding]:
    """Find tests that assert nothing."""
    helpers = asserting_helpers(file) - file.code.functions - set(
        file.code.methods) - file.code.modules
    if any(isinstance(node, Function) and node.name in ("setUp", "tearDown")
           and any(map(is_assertion, ast.walk(node)))
           for node in file.nodes):
        return
    for test in tests_in(file):
        # Another decorator may assert whatever it likes.
        if not asserts(test, helpers) and all(
                "patch" in names_of(one)[:2] or names_of(one)[0] == "expand"
                for one in test.decorator_list):
            yield (test.lineno, f"{test.name} asserts nothing",
                   PROVES_NOTHING)


def unreached(file: File) -> Iterator[Finding]:
    """Find assertions after the line that raises.

    Where one was reached, either it would fail or nothing would be raised,
    so in a test that passes it is not.
    """
    for node, _ in expectations(file):
        last = node.body[1:]
        while last and not is_plain_assertion(last[-1]):
            last = []
        first = len(node.body)
        while first > 1 and is_plain_assertion(node.body[first - 1]):
            first -= 1
        for statement in node.body[first:] if last else []:
            yield (statement.lineno, "this assertion is not reached: the "
                   "line above raises", EXCEPTION)


def around(file: File) -> Iterator[Finding]:
    """Find assertions around the call that raises."""
    for node, _ in expectations(file):
        last = node.body[-1]
        parts = list(ast.walk(last))
        # These call when the assertion is under way.
        late = any(isinstance(one, (ast.Lambda, ast.GeneratorExp))
                   for one in parts)
        if is_comparison(last) and not late and any(
                isinstance(one, ast.Call)
                and names_of(one)[0] in file.code.functions for one in parts):
            yield (last.lineno, "this assertion compares nothing: the "
                   "exception is raised before", EXCEPTION)


def unchecked_keys(file: File) -> Iterator[Finding]:
    """Find an exception of which only the class is checked in a file.

    Only where a mistake changes what the exception holds, and where no test
    of the file looks at what any exception holds.
    """
    used = {node.id for node in file.nodes
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    if any(looks_at_exception(node, used) for node in file.nodes):
        return
    seen: Set[str] = set()
    for line, error, function in raising_calls(file):
        what = f"the {error} of {function}"
        if error in file.code.errors.get(function, ()) and what not in seen:
            seen.add(what)
            yield (line, f"no test in this file looks at what {what} holds",
                   EXCEPTION)


def raising_calls(file: File) -> Iterator[Tuple[int, str, str]]:
    """Yield where an exception is expected, its name, and what is called."""
    shared = shared_values(file)
    for node, error in expectations(file):
        for statement in node.body:
            for call in ast.walk(statement):
                if isinstance(call, ast.Call):
                    yield node.lineno, names_of(error)[0], names_of(call)[0]
    for call in file.nodes:
        if isinstance(call, ast.Call) and call.args[1:] and names_of(
                call)[0] == "assertRaises" and not isinstance(
                    call.args[1], ast.Call):
            error = shared.get(id(call.args[0]), call.args[0])
            yield call.lineno, names_of(error)[0], names_of(call.args[1])[0]


def looks_at_exception(node: ast.AST, used: Set[str]) -> bool:
    """Return whether a node gets hold of an exception, or of its text.

    A name for the exception counts only if the file uses such a name.
    """
    if isinstance(node, ast.withitem):
        return node.optional_vars is not None and names_of(
            node.context_expr)[0] in ("assertRaises", "raises") and (
                dotted(node.optional_vars) in used
                or not isinstance(node.optional_vars, ast.Name))
    if isinstance(node, ast.ExceptHandler):
        return node.name in used
    if isinstance(node, ast.Attribute):
        return node.attr == "exception" or (
            node.attr.startswith("assertRaises")
            and node.attr != "assertRaises")
    return isinstance(node, ast.keyword) and node.arg == "match"


def expectations(file: File) -> Iterator[Tuple[ast.With, ast.expr]]:
    """Yield each `with` that expects an exception, and the exception.

    Only one that is known not to be the failure of an assertion.
    """
    shared = shared_values(file)
    for node in file.nodes:
        if not isinstance(node, ast.With) or len(node.items) != 1:
            continue
        call = node.items[0].context_expr
        if isinstance(call, ast.Call) and call.args and (
                names_of(call)[0] in ("assertRaises", "assertRaisesRegex")
                or origin_of(call.func, file) == "pytest.raises"):
            error = shared.get(id(call.args[0]), call.args[0])
            if is_no_failure(error, file):
                yield node, error


def shared_values(file: File) -> Dict[int, ast.expr]:
    """Return the names that have one value in all rows of a table.

    Each is given by the id of its node, and with the value.
    """
    found: Dict[int, ast.expr] = {}
    for test, rows in tables(file):
        for place, parameter in enumerate(test.args.args[1:]):
            values = [row.elts[place] for row in rows
                      if place < len(row.elts)]
            used = [node for node in ast.walk(test)
                    if isinstance(node, ast.Name) and node.id == parameter.arg]
            if len({dotted(value) or id(value) for value in values}) == 1 \
                    and len(values) == len(rows) and all(
                        isinstance(node.ctx, ast.Load) for node in used):
                found.update({id(node): values[0] for node in used})
    return found


def tables(file: File) -> Iterator[Tuple[FunctionNode, List[Row]]]:
    """Yield the tests that have a table of plain rows, and the rows."""
    for test in tests_in(file):
        for decorator in test.decorator_list:
            if isinstance(decorator, ast.Call) and names_of(
                    decorator)[0] == "expand" and decorator.args:
                rows = getattr(decorator.args[0], "elts", None) or []
                if rows and all(isinstance(row, (ast.Tuple, ast.List))
                                for row in rows):
                    yield test, rows


def is_no_failure(error: ast.expr, file: File) -> bool:
    """Return whether an exception is known, and not an AssertionError."""
    name = names_of(error)[0]
    if name in ("AssertionError", *ANY_EXCEPTION):
        return False
    return is_builtin_exception(dotted(error)) or name in file.code.methods \
        or root_of(error, file) in SILENT - {"unittest"}


def is_comparison(statement: ast.stmt) -> bool:
    """Return whether an assertion raises nothing of its own but a failure."""
    if isinstance(statement, ast.Assert):
        return all(isinstance(node, (ast.Eq, ast.NotEq, ast.Is, ast.IsNot))
                   for node in ast.walk(statement)
                   if isinstance(node, ast.cmpop))
    return isinstance(statement, ast.Expr) and isinstance(
        statement.value, ast.Call) and names_of(
            statement.value)[0] in COMPARISONS


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


def class_fixtures(file: File) -> Iterator[Finding]:
    """Find setUpClass and tearDownClass that are no class methods."""
    for node in file.nodes:
        if isinstance(node, Function) and node.name in (
                "setUpClass", "tearDownClass") and (
                    node.args.args and not node.decorator_list):
            yield node.lineno, f"{node.name} is no @classmethod", CLEANUP


def empty_classes(file: File) -> Iterator[Finding]:
    """Find a TestCase without a test that no other class derives from."""
    bases = {names_of(base)[0] for node in file.nodes
             if isinstance(node, ast.ClassDef) for base in node.bases}
    # What may put tests into a class.
    if any(names_of(node)[0] in ("setattr", "locals", "vars", "exec")
           for node in file.nodes if isinstance(node, ast.Call)):
        return
    for node in file.tree.body:
        if isinstance(node, ast.ClassDef) and is_test_case(node, file) \
                and node.name not in bases and not any(
                    is_test(one) or isinstance(one, Function)
                    and one.name == "runTest" or isinstance(one, ast.Assign)
                    and any(name.startswith("test")
                            for target in one.targets
                            for name in names_of(target))
                    for one in ast.walk(node)):
            yield node.lineno, f"{node.name} has no test", FIRST


def hidden_tests(file: File) -> Iterator[Finding]:
    """Find tests that another of the same name, or a function, hides."""
    yield from hidden_in(file.tree.body, "the class {} stands twice here: the "
                         "tests of the first never run", ast.ClassDef)
    for node in file.nodes:
        if isinstance(node, ast.ClassDef):
            yield from hidden_in(
                node.body, "{} stands twice in this class: the first never "
                "runs", Function)
    for test in tests_in(file):
        for inner in stranded(test):
            yield (inner.lineno, f"{inner.name} stands inside of {test.name}, "
                   "so it never runs", FIRST)


def hidden_in(
        body: Sequence[Any], what: str, kinds: Any) -> Iterator[Finding]:
    """Find what has the name of something after it in the same body."""
    last: Dict[str, int] = {}
    for place, node in reversed(list(enumerate(body))):
        if not isinstance(node, kinds):
            continue
        name: str = node.name
        has_tests = is_test(node) or any(map(is_test, getattr(
            node, "body", [])))
        # Such a decorator makes tests, or classes, of other names.
        makes_more = any(
            names_of(one)[0] in ("expand", "parameterized_class")
            for one in node.decorator_list)
        if name in last and has_tests and not makes_more and not is_used(
                name, body[place + 1:last[name]], body[last[name]]):
            yield node.lineno, what.format(name), FIRST
        last[name] = place


def is_used(name: str, between: Sequence[Any], after: Any) -> bool:
    """Return whether a name is used before something takes its place."""
    heads = [*getattr(after, "bases", []), *after.decorator_list]
    return any(isinstance(node, ast.Name) and node.id == name
               for part in [*between, *heads] for node in ast.walk(part))


def nested_classes(file: File) -> Iterator[Finding]:
    """Find a TestCase inside a class, which nothing in the file uses."""
    words = re.findall(r"\w+", "\n".join(file.lines))
    outers = [node for node in file.tree.body
              if isinstance(node, ast.ClassDef)]
    for outer in outers:
        for node in outer.body:
            if isinstance(node, ast.ClassDef) and is_test_case(node, file) \
                    and any(map(is_test, node.body)) \
                    and not node.decorator_list and "load_tests" not in words \
                    and words.count(node.name) == 1:
                yield (node.lineno, f"{node.name} stands inside of "
                       f"{outer.name}, so its tests never run", FIRST)


def unused_values(file: File) -> Iterator[Finding]:
    """Find a value of the rows of a table that the test never uses."""
    for test, rows in tables(file):
        used = {node.id for node in ast.walk(test)
                if isinstance(node, ast.Name)}
        width = min(len(row.elts) for row in rows)
        parameters = [one.arg for one in test.args.args[1:]][:width]
        # The first value, if it is text, is there to name the case.
        if all(isinstance(constant(row.elts[0]), str)
               for row in rows if row.elts):
            used.update(parameters[:1])
        unused = [name for name in parameters
                  if name not in used and not name.startswith("_")]
        if unused and "locals" not in used:
            yield (rows[0].lineno, f"{test.name} never uses "
                   f"{', '.join(unused)} of its rows", CASES)


def bare_rows(file: File) -> Iterator[Finding]:
    """Find rows in parentheses that are strings, not tuples."""
    for test in tests_in(file):
        for decorator in test.decorator_list:
            if names_of(decorator)[0] != "expand" or not isinstance(
                    decorator, ast.Call) or not decorator.args:
                continue
            for row in getattr(decorator.args[0], "elts", []):
                text = parenthesized(row, file.lines)
                if text:
                    yield (row.lineno, f"({text}) is a string, not a tuple: "
                           f"a row of one value is ({text},)", CASES)
                    break


def parenthesized(node: ast.expr, lines: List[str]) -> str:
    """Return a plain string as it stands in parentheses; "" if it does not."""
    if not isinstance(constant(node), str) or node.col_offset < 0:
        return ""
    line = lines[node.lineno - 1].encode()
    before, after = line[:node.col_offset], line[node.col_offset:]
    match = re.match(r"""("[^"\\]+"|'[^'\\]+')\s*\)""", after.decode())
    return match[1] if match and before.rstrip().endswith(b"(") else ""


def tautologies(file: File) -> Iterator[Finding]:
    """Find assertions that hold by what they are given."""
    # What a test of equality itself compares.
    unequal = {
        one.id for node in file.nodes
        if isinstance(node, ast.Call) and names_of(node)[0] == "assertNotEqual"
        for one in node.args if isinstance(one, ast.Name)}
    for node in file.nodes:
        if isinstance(node, ast.Assert):
            if isinstance(node.test, ast.Tuple) and node.test.elts:
                yield (node.lineno, "this asserts a tuple, which is always "
                       "true", PROVES_NOTHING)
            elif not isinstance(constant(node.test), ast.AST) \
                    and constant(node.test):
                yield (node.lineno, "this asserts a constant",
                       PROVES_NOTHING)
        elif isinstance(node, ast.Call) and tautology(node, unequal):
            yield (node.lineno, f"this {names_of(node)[0]} "
                   f"{tautology(node, unequal)}", PROVES_NOTHING)


def tautology(call: ast.Call, unequal: Set[str]) -> str:
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
                and first.id == second.id and (
                    name == "assertIs" or first.id not in unequal):
            return f"compares {first.id} with itself"
        if not isinstance(first, ast.AST) and not isinstance(
                second, ast.AST) and first == second:
            return "compares constants"
    return ""


def raises_nothing(file: File) -> Iterator[Finding]:
    """Find assertRaises that watches nothing, or accepts anything."""
    for node in file.nodes:
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
                            call.args[1])[0] in file.code.functions:
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


def swallowed(file: File) -> Iterator[Finding]:
    """Find an except that lets no assertion in its try fail the test."""
    for node in file.nodes:
        if not isinstance(node, ast.Try) or node.orelse or not any(
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


def values_as_messages(file: File) -> Iterator[Finding]:
    """Find assertTrue and assertFalse with a value for a message."""
    for node in file.nodes:
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


def coroutines(file: File) -> Iterator[Finding]:
    """Find tests that are coroutines in a plain TestCase."""
    for node in file.nodes:
        if isinstance(node, ast.ClassDef) and is_test_case(node, file):
            for test in node.body:
                if isinstance(test, ast.AsyncFunctionDef) and is_test(
                        test) and not test.decorator_list:
                    yield (test.lineno, f"{test.name} is a coroutine that "
                           "nobody awaits", PROVES_NOTHING)


CHECKS: List[Callable[[File], Iterator[Finding]]] = [
    called_attributes, replaced_itself, empty_classes, hidden_tests,
    nested_classes, unused_values, bare_rows, returned_errors, idle_tests,
    tautologies, misspelt, uncalled, unreached, around, unchecked_keys,
    raises_nothing, unstopped, stopped_doubles, read_once, swallowed,
    class_fixtures, values_as_messages, coroutines]


def findings(source: Union[str, bytes], code: Code) -> List[Found]:
    """Return what the checks find in a file, in the order of its lines.

    The last part of each is the kind of the pitfall, in words.
    """
    file = file_of(source, code)
    return sorted({(*finding, kind_of(check)) for check in CHECKS
                   for finding in check(file)})


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
