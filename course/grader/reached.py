#!/usr/bin/env python3
"""Find out why a mistake is missed.

In other words: do the tests reach it, does something come out otherwise
(infect, propagate), and does no test look at that (reveal)? Whatever is said
is true of the runs that were watched; what they can't tell is said to be so.
"""
import ast
from difflib import SequenceMatcher
from typing import (
    Any, Collection, Dict, Iterator, List, NamedTuple, Optional, Sequence)

from .edits import Sources
from .protocol import Run, Trace
from .tracer import PROCESS, THREAD, THREADS, TRACER

NOT_REACHED, SAME, OTHERWISE = "not reached", "same", "otherwise"
NOT_TOLD, NOT_KNOWN = "not told", "not known"
# In such a test nothing is compared, and it is not known what it reaches.
BLIND = (PROCESS, THREAD, TRACER)
# In such a test nothing is compared.
UNORDERED = (*BLIND, THREADS)
FAILED = "a test does not pass while it is watched"
VARIES = "it varies from run to run"
NOT_IN_FUNCTION = "it is not in a function"

# A case of a match statement comes with Python 3.10.
HEADS = (ast.stmt, ast.ExceptHandler, getattr(ast, "match_case", ast.stmt))
Functions = (ast.FunctionDef, ast.AsyncFunctionDef)


class Reason(NamedTuple):
    """Why a mistake is missed.

    reason: one of the five above. tests: those in which something came out
    otherwise, or that reach it. why: why it can't be told.
    """

    reason: str
    tests: Sequence[str] = ()
    why: str = ""


# What a mistake changes.

class Place(NamedTuple):
    """A statement, or the head of one, that differs in right and wrong code.

    sort: "lines" in a function's body; "call" for what belongs to a function
        and stands outside of its body; "elsewhere" for all else.
    first, last: its lines, in the right code, or in the wrong one if that
        has it alone.
    """

    file: str
    is_right: bool
    sort: str
    first: int
    last: int


def places(right: Sources, wrong: Sources) -> List[Place]:
    """Return which statements a mistake changes, adds or takes away."""
    return [place for file in right if right[file] != wrong[file]
            for place in dict.fromkeys(
                places_in(file, right[file], wrong[file]))]


def places_in(file: str, right: str, wrong: str) -> Iterator[Place]:
    """Yield the statements of a file that differ."""
    sides = {True: statements(right), False: statements(wrong)}
    for tag, first, last, wrong_first, wrong_last in SequenceMatcher(
            None, right.splitlines(), wrong.splitlines(),
            autojunk=False).get_opcodes():
        if tag in ("replace", "delete"):
            lines = right.splitlines()
            for number in range(first, last):
                if is_code(lines[number]):
                    yield place_of(file, True, sides[True], number + 1)
        elif tag == "insert":
            lines = wrong.splitlines()
            for number in range(wrong_first, wrong_last):
                if is_code(lines[number]):
                    yield place_of(file, False, sides[False], number + 1)


def is_code(line: str) -> bool:
    """Return whether a line has more than a comment."""
    return bool(line.strip()) and not line.strip().startswith("#")


class Statement(NamedTuple):
    """A statement by its first line, and what it stands in.

    in_function: whether that is the body of a function.
    function: the first line of the function that it is the head of, or 0.
    """

    first: int
    in_function: bool
    function: int


def statements(source: str) -> List[Statement]:
    """Return all statements of some code, by their first lines."""

    def below(node: Any, in_function: bool) -> Iterator[Statement]:
        """Yield the statements in a node."""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, HEADS):
                first = first_line(child)
                is_function = isinstance(child, Functions)
                yield Statement(first, in_function,
                                first if is_function else 0)
                yield from below(child, in_function or is_function)

    return sorted(below(ast.parse(source), False))


def first_line(node: Any) -> int:
    """Return the line on which a statement, its decorator or case, begins."""
    decorators: List[ast.expr] = getattr(node, "decorator_list", [])
    return min([getattr(node, "pattern", node).lineno, *(
        one.lineno for one in decorators)])


def place_of(file: str, is_right: bool, found: List[Statement], line: int
             ) -> Place:
    """Return the place of the innermost statement that a line belongs to."""
    before = [one for one in found if one.first <= line]
    after = [one.first for one in found if one.first > line]
    statement = before[-1]
    if statement.function:
        return Place(file, is_right, "call", statement.first, statement.first)
    sort = "lines" if statement.in_function else "elsewhere"
    last = min(after) - 1 if after else line + 10 ** 6
    return Place(file, is_right, sort, statement.first,
                 max(last, statement.first))


# What was watched.

def reaching(traces: Dict[str, Trace], found: List[Place], is_right: bool
             ) -> List[str]:
    """Return in which tests, fixtures or imports a place is reached."""
    return [name for name, trace in traces.items()
            if any(is_reached(place, trace) for place in found
                   if place.is_right is is_right)]


def is_reached(place: Place, trace: Trace) -> bool:
    """Return whether a place is reached in what was watched."""
    if place.sort == "call":
        return place.first in trace.calls.get(place.file, [])
    return place.sort == "lines" and any(
        place.first <= line <= place.last
        for line in trace.lines.get(place.file, []))


def is_worth_watching(found: List[Place], right: Run) -> bool:
    """Return whether a run of the wrong code can tell why it is missed."""
    return any(not place.is_right or place.sort == "elsewhere"
               for place in found) or bool(
        reaching(right.traces, found, True))


def reason(found: List[Place], right: List[Run], wrong: Optional[Run],
           tests: Collection[str]) -> Reason:
    """Return why a mistake is missed.

    There are two runs of the right code, and between them one of the wrong
    code, if the first shows that the mistake can be reached. The tests are
    those that ran.
    """
    runs = [*right, *([wrong] if wrong else [])]
    reached = dict.fromkeys(
        name for run in right for name in reaching(run.traces, found, True))
    if wrong:
        reached.update(dict.fromkeys(reaching(wrong.traces, found, False)))
    elsewhere = any(place.sort == "elsewhere" for place in found)
    blind = blindness(runs, tests)
    if not reached and not elsewhere:
        if blind:
            return Reason(NOT_KNOWN, why=blind)
        return Reason(NOT_REACHED)
    if wrong is None:
        return Reason(NOT_TOLD, list(reached), VARIES)
    looked_at = list(right[0].traces) if elsewhere else list(reached)
    otherwise = [name for name in looked_at
                 if not unwatched(name, runs, tests)
                 and differs(name, right, wrong)]
    if otherwise:
        return Reason(OTHERWISE, otherwise)
    if elsewhere:
        return Reason(NOT_TOLD, why=NOT_IN_FUNCTION)
    for name in reached:
        why = unwatched(name, runs, tests) or uncompared(name, runs)
        if why:
            return Reason(NOT_TOLD, list(reached), why)
    if blind:
        return Reason(NOT_TOLD, list(reached), blind)
    return Reason(SAME, list(reached))


def blindness(runs: List[Run], tests: Collection[str]) -> str:
    """Return why it is not known what all tests reach, or ""."""
    for run in runs:
        for trace in run.traces.values():
            for why in trace.unsure:
                if why in BLIND:
                    return why
        if any(has_failed(name, run) for name in tests):
            return FAILED
    return ""


def unwatched(name: str, runs: List[Run], tests: Collection[str]) -> str:
    """Return why nothing that comes out in a test can be compared, or ""."""
    for run in runs:
        if name in tests and has_failed(name, run):
            return FAILED
        if name not in run.traces:
            return VARIES
        for why in run.traces[name].unsure:
            if why in UNORDERED:
                return why
    if len(runs[0].traces[name].came_out) != len(
            runs[1].traces[name].came_out):
        return VARIES
    return ""


def uncompared(name: str, runs: List[Run]) -> str:
    """Return why something that comes out in a test is not compared, or ""."""
    for run in runs:
        for why in run.traces[name].unsure:
            return why
    if runs[0].traces[name].came_out != runs[1].traces[name].came_out:
        return VARIES
    return ""


def has_failed(name: str, run: Run) -> bool:
    """Return whether a test did anything else than pass in a run."""
    return name not in run.results or run.results[name].outcome != "passed"


def differs(name: str, right: List[Run], wrong: Run) -> bool:
    """Return whether something certain came out otherwise in a test."""
    first, second = [run.traces[name].came_out for run in right]
    third = wrong.traces[name].came_out
    return len(first) != len(third) or any(
        one == other != last and not last.startswith("?")
        and not one.startswith("?")
        for one, other, last in zip(first, second, third))
