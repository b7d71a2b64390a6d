#!/usr/bin/env python3
"""Edits of a module: a mistake, a rewrite, or all its functions wrecked."""
import ast
from typing import Dict, List, NamedTuple, Sequence, Union

Sources = Dict[str, str]  # the text of files, by their paths in a suite's copy


class Edit(NamedTuple):
    """Lines of a file before and after; without before, they are added."""

    file: str
    before: str
    after: str


class Mistake(NamedTuple):
    """A small edit that a suite should notice (a mutant).

    number: one that no other mistake has.
    function: where it is.
    summary: what is wrong, in a few words after the function's name.
    edit: an Edit, or a list of several that belong together.
    points: what a suite gets that notices it.

    The rest is for the hints, which do without what is not given:

    lesson: a heading of the course's tour.
    suites: how many of the suites that were counted notice it.
    explained: what goes wrong for the function's caller, in plain words.
    noticed_by: a test, or a class, of the assignment's own suite.
    """

    number: int
    function: str
    summary: str
    edit: Union[Edit, List[Edit]]
    lesson: str = ""
    suites: int = 0
    explained: str = ""
    noticed_by: str = ""
    points: int = 1

    @property
    def edits(self) -> List[Edit]:
        """What is to be edited: a list, as that of a rewrite is."""
        if isinstance(self.edit, Edit):
            return [self.edit]
        return list(self.edit)

    @property
    def name(self) -> str:
        """What may be said of it before it is noticed."""
        return f"{self.number} {self.function}"


def points_of(mistakes: Sequence[Mistake]) -> int:
    """Return what a suite gets that notices these mistakes."""
    return sum(mistake.points for mistake in mistakes)


class Rewrite(NamedTuple):
    """Edits after which every function still does what it did."""

    name: str
    edits: List[Edit]


def encoded(text: str) -> bytes:
    """Return the bytes of a file; what is not UTF-8 was read as surrogates."""
    return text.encode("utf-8", "surrogateescape")


def edited(sources: Sources, edits: List[Edit]) -> Sources:
    """Return the modules' code after some edits.

    Raises ValueError for lines that do not occur exactly once.
    """
    after = dict(sources)
    for edit in edits:
        source = after[edit.file]
        if not edit.before:
            after[edit.file] = source + edit.after
        elif source.count(edit.before) == 1:
            after[edit.file] = source.replace(edit.before, edit.after)
        else:
            times = source.count(edit.before)
            undo = "" if times else (" (if you have changed it by hand, undo "
                                     f"that: git checkout {edit.file})")
            raise ValueError(f"{edit.file} has {times} times, not once"
                             f"{undo}:\n{edit.before}")
    return after


def wrecked(source: str) -> str:
    """Return a module's code with every function raising an exception.

    The exception comes right after the docstring. The module can still be
    imported as long as it calls none of its functions at import; what makes
    an object or a decorated attribute is left as it is.
    """
    lines = source.splitlines()
    firsts = [
        first_statement(node) for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.name not in ("__init__", "__set_name__")]
    for first in sorted(firsts, key=line_of, reverse=True):
        number = line_of(first)
        before = lines[number - 1].encode()[:first.col_offset].decode()
        if before.strip():  # a whole function on one line
            after = lines[number - 1][len(before):]
            lines[number - 1] = (
                f"{before}raise RuntimeError('wrecked'); {after}")
        else:
            lines.insert(number - 1, f"{before}raise RuntimeError('wrecked')")
    return "\n".join(lines) + "\n"


def first_statement(
        function: Union[ast.FunctionDef, ast.AsyncFunctionDef]) -> ast.stmt:
    """Return what a function begins with, after its docstring if it can."""
    has_more = ast.get_docstring(function) is not None and function.body[1:]
    return function.body[1 if has_more else 0]


def line_of(statement: ast.stmt) -> int:
    """Return the line on which a statement, or its decorator, begins."""
    decorators: List[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])
