#!/usr/bin/env python3
"""Grade a suite for utils.py and client.py, and explain the grade.

    .course/grade.py FOLDER              grade the test*.py in a folder;
                                         without FOLDER the project's own
    .course/grade.py FOLDER FOLDER ...   grade a class: a row for each suite
    .course/grade.py --hint N [STEP]     tell more of mistake N, in four steps
    .course/grade.py --try N [FOLDER]    make mistake N and run the suite

The exit status is 0 if the suite notices every mistake and no test is wrong,
1 if not, 2 for wrong usage.
"""
import argparse
import csv
import io
import json
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from difflib import unified_diff
from itertools import chain
from pathlib import Path
from textwrap import fill, shorten
from typing import (
    Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple, Union)
from unittest.mock import patch

# Nothing may change in the working tree, not by a __pycache__ either.
with patch.object(sys, "dont_write_bytecode", True):
    from judge import (
        PROJECT, Grade, Unusable, grade, project_sources, smallest_set,
        suite_files)
    from mistakes import (
        MISTAKES, REWRITES, SUITES, Mistake, Rewrite, edited)
    from runner import Job, Runners

COMMAND = ".course/grade.py"
LETTERS = {"assertion": "a", "exception": "e", "time": "t"}


# How a grade is told.

def report(graded: Grade) -> str:
    """Return the answers to the five questions, and what to do next."""
    answers: List[Callable[[Grade], Iterator[str]]] = [
        right, rewritten, wrong_code, pitfalls, kinds]
    if not graded.are("passes"):
        answers = [right, pitfalls]
    told = ["\n".join(answer(graded)) for answer in answers]
    return "\n\n".join([*told, summary(graded)]) + "\n"


def paragraph(text: str) -> str:
    """Return text in lines of up to 79 characters, indented."""
    return fill(text, 79, initial_indent="   ", subsequent_indent="   ",
                break_long_words=False, break_on_hyphens=False)


def some(names: Sequence[str], most: int = 2) -> str:
    """Return names with commas; of many the first, and how many more."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def count(number: int, what: str) -> str:
    """Return a number of things in words: 1 test, 2 tests."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def right(graded: Grade) -> Iterator[str]:
    """Yield which tests pass on the right code, and what is not used."""
    yield "1. Right: do the tests pass on the right code?"
    yield paragraph("Each test runs twice on the project's own modules, the "
                    "second time in reverse order.")
    if graded.own:
        yield paragraph(f"Not used are {', '.join(graded.own)} of the folder: "
                        "the project's take their place.")
    passing = graded.are("passes")
    yield f"   tests that pass: {len(passing)} of {len(graded.tests)}"
    for verdict, meaning in (
            ("wrong", "fails, and is left out until it is mended"),
            ("unsteady", "passes only once, and is left out")):
        for test_id in graded.are(verdict):
            yield f"   {verdict}: {test_id} {meaning}:"
            yield f"      {graded.tests[test_id].words}"
    skipped = [name for name in passing if graded.tests[name].skipped]
    if skipped:
        yield (f"   {count(len(skipped), 'test')} skipped, which can't notice "
               f"anything: {some(skipped)}")
    if passing and not graded.runs_code:
        yield paragraph(
            "These tests do not run this code: they pass even where every "
            "function of utils.py and client.py raises an exception.")


def rewritten(graded: Grade) -> Iterator[str]:
    """Yield which tests are tied to how the code is written."""
    yield "2. Rewritten: do they pass on the same code, written another way?"
    yield paragraph(
        "A test that fails on a harmless rewrite is tied to how the code is "
        "written. It costs no points: a double always ties a test to the "
        "calls that it expects.")
    for rewrite in REWRITES:
        tied = [test_id for test_id in graded.tied
                if rewrite.name in graded.tests[test_id].tied]
        yield f"   {rewrite.name}: " + (
            f"{count(len(tied), 'test')} tied, {some(tied)}" if tied
            else "no test is tied")


def wrong_code(graded: Grade) -> Iterator[str]:
    """Yield which mistakes are noticed, by whom and why."""
    yield "3. Wrong code: do they notice mistakes?"
    yield paragraph(
        f"{len(graded.mistakes)} mistakes are made, one at a time. A mistake "
        "is noticed where a test fails that is right: by an assertion, by "
        "another exception or the end of its process, or by running out of "
        "time.")
    yield f"   noticed: {len(graded.noticed)}"
    for mistake in graded.noticed:
        yield f"   {mistake.name}: {mistake.words}"
        for who in witnesses(graded, mistake):
            yield f"      {who}"
    yield f"   missed: {len(graded.missed)}"
    for mistake in graded.missed:
        yield f"   {mistake.name}"


def witnesses(graded: Grade, mistake: Mistake) -> Iterator[str]:
    """Yield who notices a mistake, by kind and reason; of many, some."""
    groups: Dict[Tuple[str, str], List[str]] = {}
    for test_id in graded.noticing(mistake):
        test = graded.tests[test_id]
        reason = test.notices[mistake.number]
        groups.setdefault((test.kind, reason), []).append(test_id)
    for (kind, reason), names in sorted(groups.items(), reverse=True):
        yield f"{count(len(names), kind + ' test')} by {reason}: {some(names)}"


def pitfalls(graded: Grade) -> Iterator[str]:
    """Yield the lines that pass and prove nothing."""
    yield "4. Pitfalls: what passes and proves nothing?"
    for file, line, what in graded.pitfalls:
        yield f"   {file}, line {line}: {what}"
    if not graded.pitfalls:
        yield "   nothing found"


def kinds(graded: Grade) -> Iterator[str]:
    """Yield what each kind of test notices, and which tests would do."""
    yield "5. Kinds: which kind of test notices what?"
    yield paragraph(
        "In an integration test client's code calls the real get_json, or "
        "client.py is started as a program. All other tests are unit tests.")
    for kind in ("unit", "integration"):
        names = [mistake.name for mistake in graded.noticed
                 if {graded.tests[test_id].kind
                     for test_id in graded.noticing(mistake)} == {kind}]
        yield f"   noticed by {kind} tests alone: {', '.join(names) or 'none'}"
    idle = [test_id for test_id in graded.are("passes")
            if not graded.tests[test_id].notices]
    if idle:
        yield (f"   notice none of these mistakes, perhaps others: "
               f"{count(len(idle), 'test')}, {some(idle)}")
    if graded.noticed:
        fewest = smallest_set(graded.tests)
        verb = "notices" if len(fewest) == 1 else "notice"
        yield (f"   {len(fewest)} of the {count(len(graded.tests), 'test')} "
               f"{verb} as much as all of them:")
        for test_id in fewest:
            yield f"      {test_id}"


def summary(graded: Grade) -> str:
    """Return the last line: how many are noticed, and what to do next."""
    if not graded.tests:
        return "no score: there is no test in these files"
    mend = f"next: mend {some(graded.left_out, 1)}"
    if not graded.are("passes"):
        return f"no score: no test passes on the right code; {mend}"
    line = f"noticed {len(graded.noticed)} of {len(graded.mistakes)}"
    if graded.left_out:
        return f"{line}; {mend}"
    if graded.missed:
        easiest = max(graded.missed, key=lambda mistake: mistake.suites)
        return f"{line}; next: {COMMAND} --hint {easiest.number}"
    return f"{line}: that is all of them, and no test is wrong"


def map_of(graded: Grade) -> str:
    """Return tests by mistakes, a letter each, with a legend."""
    passing = graded.are("passes")
    useful = [test_id for test_id in passing if graded.tests[test_id].notices]
    idle = len(passing) - len(useful)
    width = max(map(len, useful), default=0)
    rows = [" " * width + "".join(
        f"{mistake.number:3}" for mistake in graded.mistakes)]
    for test_id in useful:
        notices = graded.tests[test_id].notices
        rows.append(f"{test_id:{width}}" + "".join(
            f"  {LETTERS.get(notices.get(mistake.number, ''), '.')}"
            for mistake in graded.mistakes))
    if idle:
        rows += ["", f"{count(idle, 'test')} "
                 f"notice{'s' if idle == 1 else ''} none of these"]
    return "\n".join([
        *rows, "", "a: noticed by an assertion; e: by another exception or "
        "the end of the process;", "t: by running out of time; .: missed",
        "", summary(graded), ""])


def results(graded: Grade) -> str:
    """Return JSON in the form of results.json, which Gradescope reads.

    https://gradescope-autograders.readthedocs.io/en/latest/specs/
    """
    return json.dumps({
        "output": report(graded),
        "tests": [{
            "name": f"{mistake.name} {mistake.words}",
            "score": int(bool(graded.noticing(mistake))),
            "max_score": 1,
            "output": "\n".join(witnesses(graded, mistake)) or "missed",
        } for mistake in graded.mistakes],
        "extra_data": {
            "tests": {test_id: {
                "right": test.right, "kind": test.kind, "tied": test.tied,
                "notices": test.notices,
            } for test_id, test in graded.tests.items()},
            "pitfalls": [pitfall._asdict() for pitfall in graded.pitfalls],
        },
    }, indent=2) + "\n"


# A class: many suites at once.

def grade_class(
        folders: Sequence[Path], runners: Runners
        ) -> Iterator[Tuple[Path, Optional[Grade], str]]:
    """Yield the grade of each suite, or why there is none, in order."""
    pool = ThreadPoolExecutor(2 * (os.cpu_count() or 1))
    futures = [pool.submit(grade, folder, runners) for folder in folders]
    pool.shutdown(wait=False)
    for folder, future in zip(folders, futures):
        try:
            yield folder, future.result(), ""
        except Unusable as error:
            yield folder, None, str(error)


def facts(graded: Grade) -> List[Any]:
    """Return what a row says of a suite, after the name of its folder.

    The last is what is wrong with a file that can't be imported, or "".
    """
    noticed = len(graded.noticed) if graded.are("passes") else "no score"
    return [noticed, len(graded.tests), len(graded.left_out),
            len(graded.tied), len(graded.pitfalls),
            shorten(some(graded.problems, 1), 120, placeholder=" ...")]


def print_class(folders: Sequence[Path], runners: Runners) -> int:
    """Print a row for each suite, then who notices what; return status."""
    width = max(len(str(folder)) for folder in [*folders, "folder"])
    row = f"{{:{width}}} {{:>8}} {{:>5}} {{:>5}} {{:>5}} {{:>8}}  {{}}"
    print(row.format(
        "folder", "noticed", "tests", "wrong", "tied", "pitfalls", "problem"))
    grades = []
    for folder, graded, line in grade_class(folders, runners):
        if graded:
            grades.append(graded)
            line = row.format(str(folder), *facts(graded)).rstrip()
        with runners.progress.hidden():
            print(line, flush=True)
    print(f"\nnoticed by how many of {count(len(grades), 'suite')} (and of "
          f"{SUITES} public suites):")
    for mistake in MISTAKES:
        number = sum(mistake in graded.noticed for graded in grades)
        public = f"({mistake.suites:2})" if mistake.suites else ""
        print(f"{number:3} {public:4} {mistake.name}: {mistake.words}")
    return max([len(grades) < len(folders),
                *(graded.status for graded in grades)])


def print_csv(folders: Sequence[Path], runners: Runners) -> int:
    """Print a row for each suite, for a spreadsheet; return the status."""
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow([
        "folder", "noticed", "tests", "wrong", "tied", "pitfalls", "problem",
        *(mistake.name for mistake in MISTAKES)])
    status = 0
    for folder, graded, problem in grade_class(folders, runners):
        cells: List[Any] = [*[""] * 5, problem]
        if graded:
            cells = [*facts(graded), *(
                int(mistake in graded.noticed) for mistake in MISTAKES)]
        with runners.progress.hidden():
            table.writerow([folder, *cells])
        status = max(status, graded.status if graded else 1)
    return status


# What a learner asks for.

def mistake_of(
        text: str, among: Sequence[Mistake], what: str) -> Mistake:
    """Return the mistake with a number; raise Unusable if there is none."""
    for mistake in among:
        if text == str(mistake.number):
            return mistake
    raise Unusable(
        f"there is no {what} {text}: the mistakes are {numbers(MISTAKES)}")


def numbers(mistakes: Sequence[Mistake]) -> str:
    """Return the numbers of mistakes in words: 1 to 20, 25."""
    spans: List[List[int]] = []
    for number in sorted(mistake.number for mistake in mistakes):
        if spans and number == spans[-1][-1] + 1:
            spans[-1][1:] = [number]
        else:
            spans.append([number])
    return ", ".join(" to ".join(map(str, span)) for span in spans)


def hint(number: str, step: str = "1") -> str:
    """Return what a step tells of a mistake, and how to get the next."""
    mistake = mistake_of(number, MISTAKES, "hint for")
    steps: Dict[str, List[str]] = {}
    for tell in (pattern, words, diff, noticing_test):
        told = list(tell(mistake))
        if told:
            steps[str(len(steps) + 1)] = told
    if step not in steps:
        raise Unusable(f"there is no step {step}: they are numbered from 1 to "
                       f"{len(steps)}")
    lines = [f"{mistake.name}, step {step} of {len(steps)}", *steps[step]]
    if int(step) < len(steps):
        lines.append(f"next: {COMMAND} --hint {number} {int(step) + 1}")
    return "\n".join(lines) + "\n"


def pattern(mistake: Mistake) -> Iterator[str]:
    """Yield the pattern that is about such a mistake, and where it is."""
    if mistake.lesson:
        yield f'The pattern: "{mistake.lesson}" in the tour of README.md.'
    if mistake.suites:
        yield (f"{mistake.suites} of {SUITES} public suites notice this "
               "mistake.")


def words(mistake: Mistake) -> Iterator[str]:
    """Yield what goes wrong, in plain words."""
    yield f"{mistake.function}: {mistake.words}."
    if mistake.explained:
        yield mistake.explained


def diff(mistake: Mistake) -> Iterator[str]:
    """Yield the edit as a diff of the file."""
    sources, file = project_sources(), mistake.edit.file
    yield from unified_diff(
        sources[file].splitlines(),
        edited(sources, [mistake.edit])[file].splitlines(),
        file, file, lineterm="")


def noticing_test(mistake: Mistake) -> Iterator[str]:
    """Yield which test of the project notices it, and how to run that."""
    module, _, test = mistake.noticed_by.partition(".")
    if test:
        yield f"In the project, {test} in {module}.py notices it:"
        yield f"    python -m unittest {module} -k {test}"


def change_of(text: str) -> Union[Mistake, Rewrite]:
    """Return what has this number, or the rewrite with a word in it."""
    for rewrite in REWRITES:
        if not text.isdigit() and text in rewrite.name:
            return rewrite
    return mistake_of(text, MISTAKES, "mistake")


def try_out(runners: Runners, change: str, folder: str = str(PROJECT)) -> str:
    """Make a mistake in a copy; return which tests notice, and what is said.

    That is what unittest says of the whole suite there.
    """
    suite_files(Path(folder))
    made = change_of(change)
    job = Job(str(Path(folder).resolve()),
              edited(project_sources(), made.edits), show=True)
    runners.progress.expect(1)
    said = runners.submit(job)
    if isinstance(made, Mistake):
        graded = grade(Path(folder), runners, [made], [])
        lines = by_kind(graded, graded.noticing(made))
        title = f"Mistake {made.name}: noticed by {next(lines)}"
    else:
        graded = grade(Path(folder), runners, [], [made])
        lines = by_kind(graded, graded.tied)
        title = f"Rewrite: {made.name}: breaks {next(lines)}"
    lines = chain([title], lines)
    if graded.left_out:
        lines = chain(lines, [
            "   left out, for not even on the right code do they always pass: "
            + some(graded.left_out)])
    return "\n".join([*lines, "", "What unittest says:", "",
                      said.result().output])


def by_kind(graded: Grade, ids: Sequence[str]) -> Iterator[str]:
    """Yield how many tests of each kind these are, then some of their names.

    The first line counts both kinds; then there is a line for each.
    """
    kinds: Dict[str, List[str]] = {"unit": [], "integration": []}
    for test_id in ids:
        kinds[graded.tests[test_id].kind].append(test_id)
    yield ", ".join(
        count(len(names), f"{kind} test") for kind, names in kinds.items()
        if names) or "no test"
    for kind, names in kinds.items():
        if names:
            yield f"   {kind}: {some(names, 3)}"


# The command.

def arguments(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Return the command's arguments."""
    parser = argparse.ArgumentParser(
        prog=COMMAND, description="Grade a suite for utils.py and client.py, "
        "and explain the grade.")
    parser.add_argument(
        "folders", metavar="FOLDER", nargs="*", type=Path,
        help="a folder with test*.py; the project's own unless given; more "
        "than one: a row for each")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true",
                      help="a row for each suite, for a spreadsheet")
    form.add_argument("--map", action="store_true",
                      help="which test notices which mistake")
    form.add_argument("--json", action="store_true",
                      help="the form of results.json, for Gradescope")
    form.add_argument("--hint", nargs="+", metavar=("N", "STEP"),
                      help="tell more of mistake N, in steps from 1 to 4")
    form.add_argument("--try", nargs="+", metavar=("N", "FOLDER"), dest="try_",
                      help="make mistake N in a copy, and show what unittest "
                      "says there; N can be a word of a rewrite's name")
    args = parser.parse_args(argv)
    if max(len(args.hint or []), len(args.try_ or [])) > 2 or (
            args.folders and (args.hint or args.try_)):
        parser.error("too many arguments")
    if len(args.folders) > 1 and (args.json or args.map):
        parser.error("--json and --map are for one FOLDER")
    return args


def run(args: argparse.Namespace) -> int:
    """Print what is asked for; return the exit status."""
    if args.hint:
        print(hint(*args.hint), end="")
        return 0
    folders = args.folders or [PROJECT]
    with Runners() as runners:
        if args.try_:
            status, text = 0, try_out(runners, *args.try_)
        elif args.csv:
            return print_csv(folders, runners)
        elif len(folders) > 1:
            return print_class(folders, runners)
        else:
            graded = grade(folders[0], runners)
            form = results if args.json else map_of if args.map else report
            status, text = graded.status, form(graded)
    print(text, end="")
    return status


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Do what the command line says; return the exit status."""
    try:
        return run(arguments(argv))
    except Unusable as error:
        print(f"{COMMAND}: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    STATUS = 1
    try:
        STATUS = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        # Die of it, as other programs do, so that a shell's loop ends too.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(STATUS)
