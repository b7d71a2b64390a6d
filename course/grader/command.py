#!/usr/bin/env python3
"""Grade a suite of tests, and explain the grade.

    course/grade.py FOLDER              grade the test*.py in a folder;
                                         without FOLDER the assignment's own
    course/grade.py FOLDER FOLDER ...   grade a class: a row for each suite
    course/grade.py --hint N [STEP]     more about mistake N, in five steps
    course/grade.py --try N [FOLDER]    make mistake N and run the suite
    course/grade.py --check             are machine and assignment fit?

The exit status is 0 if a suite notices every mistake (or N of --at-least) and
no test is wrong or unsteady, 1 if not, 2 for what can't be graded.
"""
import argparse
import csv
import io
import os
import re
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from difflib import unified_diff
from pathlib import Path
from typing import (
    Any, Dict, Iterator, List, NamedTuple, NoReturn, Optional, Sequence,
    Union)

from .assignment import (
    OWN, Assignment, Unusable, check_imports, hiding, read_assignment)
from .edits import Mistake, Rewrite, edited, points_of
from .names import file_of_name, module_of
from .judge import Grade, by_number, grade, job_for
from .protocol import ANY_SEED
from .report import (
    COMMAND, OWN_SUITE, TOUR, command, count, map_of, no_results, report,
    results, some, tests_of)
from .rows import Graded, cells, columns, noticed_by
from .run import Runners
from .suite import Suite, own_suite, read_suite
from .attempts import copy_suite
from .class_pages import check_folder, write_pages

PROJECT = Path(__file__).resolve().parent.parent


def suite_at(folder: Optional[Path], assignment: Assignment) -> Suite:
    """Return the suite in a folder, or the assignment's own without one."""
    if folder is None:
        return own_suite(assignment)
    return read_suite(folder, assignment.sources)


def grade_at(folder: Optional[Path], assignment: Assignment,
             runners: Runners) -> Grade:
    """Return the grade of a suite; raise Unusable whatever goes wrong.

    No suite stops a class, or leaves a gradebook without a line.
    """
    try:
        return grade(suite_at(folder, assignment), assignment, runners)
    except Unusable:
        raise
    except Exception as error:
        raise Unusable(
            f"{folder or 'the own suite'}: the grader failed: "
            f"{type(error).__name__}: {error}") from error


# A class: many suites at once.

def grade_class(
        folders: Sequence[Path], assignment: Assignment, runners: Runners,
        ) -> Iterator[Graded]:
    """Yield the grade of each suite, or why there is none, in order."""
    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        futures = [pool.submit(graded_folder, folder, assignment, runners)
                   for folder in folders]
        for future in futures:
            yield future.result()


def graded_folder(
        folder: Path, assignment: Assignment, runners: Runners) -> Graded:
    """Return the grade of a suite, or why there is none."""
    try:
        graded = grade_at(folder, assignment, runners)
    except Unusable as error:
        runners.progress.finished(f"{folder}: no score")
        return str(folder), None, str(error)
    line = noticed_by(graded)
    runners.progress.finished(
        f"{folder}: {line if isinstance(line, str) else f'noticed {line}'}")
    return str(folder), graded, ""


def class_status(grades: Sequence[Graded], at_least: Optional[int]) -> int:
    """Return the status of a class: the highest of all its suites."""
    return max(graded.status(at_least) if graded else 2
               for _, graded, _ in grades)


def print_class(
        grades: Iterator[Graded], folders: Sequence[Path],
        assignment: Assignment, runners: Runners) -> List[Graded]:
    """Print a row for each suite, then who notices what; return grades."""
    width = max(len(str(folder)) for folder in [*folders, "folder"])
    first, noticed, *numbers, last = columns(assignment.mistakes)
    row = f"{{:{width}}} {{:>8}} " + " ".join(
        f"{{:>{max(len(name), 5)}}}" for name in numbers) + "  {}"
    print(row.format(first, noticed, *numbers, last))
    done = []
    for one in grades:
        done.append(one)
        folder, graded, line = one
        if graded:
            line = row.format(folder, *cells(graded)).rstrip()
        with runners.progress.hidden():
            print(line, flush=True)
    suites = [graded for _, graded, _ in done
              if graded and graded.are("passes")]
    others = ""
    if assignment.suites:
        others = f" (and of {assignment.suites} other suites)"
    print(f"\nnoticed by how many of {count(len(suites), 'suite')} with a "
          f"score{others}:")
    for mistake in by_number(assignment.mistakes):
        number = sum(mistake in graded.noticed for graded in suites)
        counted = f"({mistake.suites:2})" if assignment.suites else ""
        print(f"{number:3} {counted:4} {mistake.name}: {mistake.summary}")
    return done


def print_csv(grades: Iterator[Graded], assignment: Assignment,
              runners: Runners) -> List[Graded]:
    """Print a row for each suite, for a spreadsheet; return the grades."""
    table = csv.writer(sys.stdout, lineterminator="\n")
    mistakes = by_number(assignment.mistakes)
    heads = columns(mistakes)
    table.writerow([*heads, *(mistake.name for mistake in mistakes)])
    done = []
    for one in grades:
        done.append(one)
        folder, graded, problem = one
        row: List[Any] = [""] * (len(heads) - 2) + [problem]
        if graded:
            row = [*cells(graded), *(
                int(mistake in graded.noticed) for mistake in mistakes)]
        with runners.progress.hidden():
            table.writerow([folder, *row])
    return done


# What a learner asks for.

def hint(assignment: Assignment, number: str, step: str = "") -> str:
    """Return what a step says of a mistake, and how to get the next."""
    mistake = assignment.mistake(number)
    steps = {
        str(place): lines for place, lines in enumerate([
            list(checklist(assignment, mistake)),
            list(pattern(assignment, mistake)), list(in_words(mistake)),
            list(diff(assignment, mistake)),
            list(noticing_test(assignment, mistake))])
        if lines}
    if not step:
        step = min(key for key in steps if key != "0")
    if step not in steps:
        raise Unusable(f"there is no step {step} for mistake {number}: its "
                       f"steps are {', '.join(steps)}")
    lines = [f"{mistake.name}, step {step} of {max(steps)}", *steps[step]]
    after = [key for key in steps if key > step]
    if after:
        lines.append("next: " + command(
            assignment, "--hint", number, after[0]))
    return "\n".join(lines) + "\n"


def checklist(assignment: Assignment, mistake: Mistake) -> Iterator[str]:
    """Yield what to test of the function that the mistake is in."""
    yield from assignment.checklists.get(mistake.function, "").splitlines()


def pattern(assignment: Assignment, mistake: Mistake) -> Iterator[str]:
    """Yield the pattern that is about such a mistake, and where it is."""
    if mistake.lesson:
        yield f'The pattern: "{mistake.lesson}" in {TOUR}.'
    if assignment.suites:
        yield (f"Noticed by {mistake.suites} of {assignment.suites} other "
               "suites.")


def in_words(mistake: Mistake) -> Iterator[str]:
    """Yield what goes wrong, in plain words."""
    yield f"{mistake.function}: {mistake.summary}."
    if mistake.explained:
        yield mistake.explained


def diff(assignment: Assignment, mistake: Mistake) -> Iterator[str]:
    """Yield the edit as a diff of the file."""
    sources = assignment.modules
    after = edited(sources, mistake.edits)
    for file in dict.fromkeys(edit.file for edit in mistake.edits):
        yield from unified_diff(
            sources[file].splitlines(), after[file].splitlines(),
            file, file, lineterm="")


def noticing_test(assignment: Assignment, mistake: Mistake) -> Iterator[str]:
    """Yield which test of the own suite notices it, and how to run that."""
    name = mistake.noticed_by
    files = own_suite(assignment).tests if assignment.suite else []
    file = file_of_name(name, files) or f"{name.partition('.')[0]}.py"
    module = module_of(file)
    test = name[len(module) + 1:]
    if test:
        # parameterized_class adds a number to the name of a class.
        written = re.sub(r"_\d+(?=\.)", "", test)
        yield f"In the project, {written} in {file} notices it:"
        yield f"    python -m unittest {module} -k {test}"


RIGHT = Rewrite("the right code", [])


def change_of(assignment: Assignment, text: str) -> Union[Mistake, Rewrite]:
    """Return the mistake with a number, or the rewrite with these words.

    0 is the right code.
    """
    if text == "0":
        return RIGHT
    for rewrite in assignment.rewrites:
        if not text.isdigit() and text in rewrite.name:
            return rewrite
    return assignment.mistake(text)


def try_out(
        runners: Runners, assignment: Assignment, change: str, suite: Suite,
        tests: List[str]) -> str:
    """Make a change in a copy; return who notices, and what unittest says."""
    made = change_of(assignment, change)
    job = job_for(suite, edited(assignment.sources, made.edits), assignment)
    output = runners.submit(job._replace(
        show=True, seed=ANY_SEED, tests=tests or None))
    lines: Iterator[str] = iter([f"On {made.name}"])
    if tests or made is RIGHT:
        if isinstance(made, Mistake):
            lines = iter([f"Mistake {made.name}"])
    else:
        lines = who_notices(runners, assignment, made, suite)
    return "\n".join([
        *lines, "", "What unittest says:", "", output.result().output])


def who_notices(
        runners: Runners, assignment: Assignment,
        made: Union[Mistake, Rewrite], suite: Suite) -> Iterator[str]:
    """Yield how many tests of each kind fail on a change, and which."""
    if isinstance(made, Mistake):
        graded = grade(suite, assignment, runners, [made], [])
        lines = by_kind(graded, graded.noticing(made))
        yield f"Mistake {made.name}: noticed by {next(lines)}"
    else:
        graded = grade(suite, assignment, runners, [], [made])
        lines = by_kind(graded, graded.tied)
        yield f"Rewrite: {made.name}: breaks {next(lines)}"
    yield from lines
    if graded.left_out:
        yield ("   left out, because they do not always pass on the right "
               f"code: {some(graded.left_out)}")


def by_kind(graded: Grade, ids: Sequence[str]) -> Iterator[str]:
    """Yield how many tests of each kind these are, then some of their names.

    The first line counts both kinds; then there is a line for each.
    """
    kinds: Dict[str, List[str]] = {"unit": [], "integration": []}
    for test_id in ids:
        kinds.setdefault(graded.tests[test_id].kind, []).append(test_id)
    yield ", ".join(
        tests_of(len(names), kind) for kind, names in kinds.items()
        if names) or "no test"
    for kind, names in kinds.items():
        if names:
            yield f"   {kind}: {some(names, 3)}"


def keep_copy(
        assignment: Assignment, change: str, suite: Suite, folder: Path
        ) -> str:
    """Leave a suite's copy with a change in a new folder; return a line."""
    if folder.exists():
        raise Unusable(f"{folder}: this exists already")
    job = job_for(suite, edited(
        assignment.sources, change_of(assignment, change).edits), assignment)
    try:
        copy_suite(job, str(folder))
    except OSError as error:
        raise Unusable(f"{folder}: {error.strerror}") from None
    os.chmod(folder, 0o755)
    return f"The copy with this change is kept in {folder}.\n"


# Is all fit to grade with?

def check(runners: Runners, assignment: Assignment) -> Iterator[str]:
    """Yield what an assignment has; raise Unfit if its suite falls short."""
    number = count(len(assignment.mistakes), "mistake")
    yield f"modules: {', '.join(assignment.modules)}: they can be imported"
    yield f"packages: {', '.join(assignment.needs) or 'none needed'}"
    yield (f"{number}, {count(points_of(assignment.mistakes), 'point')}; "
           f"{count(len(assignment.rewrites), 'rewrite')}")
    yield (f"limits: {assignment.test_seconds:g} s for a test, "
           f"{assignment.suite_seconds:g} s for a suite")
    problems = [f"{name} hides the module {module_of(name)} of Python's "
                "standard library: give it another name"
                for name in hiding(assignment)]
    if assignment.suite:
        graded = grade(own_suite(assignment), assignment, runners)
        yield (f"the own suite notices {len(graded.noticed)} of "
               f"{len(graded.mistakes)}")
        problems += own_problems(graded)
    else:
        yield "SUITE names no file, so nobody knows whether all is noticeable"
    yield from problems
    if problems:
        raise Unfit


def own_problems(graded: Grade) -> Iterator[str]:
    """Yield in what an assignment's own suite falls short."""
    for mistake in graded.missed:
        yield f"not noticed by the own suite: {mistake.name}"
    for name in graded.left_out:
        message = graded.unloaded.get(name) or graded.tests[name].message
        yield f"left out in the own suite: {name}: {message}"
    for mistake in graded.noticed:
        if mistake.noticed_by and not any(
                is_test_of(test_id, mistake.noticed_by)
                for test_id in graded.noticing(mistake)):
            yield (f"mistake {mistake.name}: {mistake.noticed_by} does not "
                   "notice it")


class Unfit(Exception):
    """An assignment, or its own suite, falls short of what it should be."""


def is_test_of(test_id: str, name: str) -> bool:
    """Return whether a test has a name, is one of its cases or its tests.

    parameterized ends the names of cases, and of classes, in a number.
    """
    return test_id == name or test_id.startswith((f"{name}.", f"{name}_"))


# The command.

class Options(NamedTuple):
    """What the command line says.

    hint: a mistake, and perhaps a step. try_: a change, and perhaps a folder
    and names of tests.
    """

    folders: Sequence[Path]
    assignment: Path
    csv: bool
    map: bool
    json: bool
    hint: Sequence[str]
    try_: Sequence[str]
    check: bool
    reports: Optional[Path]
    words: bool
    at_least: Optional[int]
    fresh: bool
    keep: Optional[Path]


class Parser(argparse.ArgumentParser):
    """A parser whose errors are raised, so that they too can be JSON."""

    def format_help(self) -> str:
        """Return the help; argparse itself would say `[STEP ...]`."""
        return super().format_help().replace("[STEP ...]", "[STEP]")

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong with the arguments."""
        raise Unusable(message)


def parse(argv: Optional[Sequence[str]]) -> Options:
    """Return what the command line says; raise Unusable if it is wrong."""
    parser = Parser(
        prog=COMMAND, description="Grade a suite of tests, and explain the "
        "grade.")
    parser.add_argument(
        "folders", metavar="FOLDER", nargs="*", type=Path,
        help="a folder with test*.py; the assignment's own suite unless "
        "given; more than one: a row for each")
    parser.add_argument("--assignment", metavar="DIR", type=Path, default=OWN,
                        help="a folder with assignment.py and modules; this "
                        "project's own unless given")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true",
                      help="a row for each suite, for a spreadsheet")
    form.add_argument("--map", action="store_true",
                      help="which test notices which mistake")
    form.add_argument("--json", action="store_true",
                      help="the form of results.json, for Gradescope")
    form.add_argument("--hint", nargs="+", metavar=("N", "STEP"), default=(),
                      help="more about mistake N, in steps from 0 to 4")
    form.add_argument("--try", nargs="+", metavar=("N", "FOLDER"), dest="try_",
                      default=(),
                      help="make mistake N in a copy, and show what unittest "
                      "says there; N can be a word of a rewrite's name, or 0 "
                      "for the right code; names of tests may follow FOLDER, "
                      "which can be - for the assignment's own suite")
    form.add_argument("--check", action="store_true",
                      help="check this machine and the assignment")
    parser.add_argument("--reports", metavar="DIR", type=Path,
                        help="write pages about a class, for a browser; "
                        "goes with --csv")
    parser.add_argument("--words", action="store_true",
                        help="these pages say in words what each missed "
                        "mistake is")
    parser.add_argument("--at-least", metavar="N", type=int,
                        help="status 0 if N mistakes are noticed")
    parser.add_argument("--fresh", action="store_true",
                        help="start a new Python for each run, as is always "
                        "done where there is no fork, on Windows: slower")
    parser.add_argument("--keep", metavar="DIR", type=Path,
                        help="with --try: leave the copy there")
    options = Options(**vars(parser.parse_args(argv)))
    if len(options.hint) > 2:
        parser.error("--hint takes a mistake and a step, nothing else")
    if options.folders and (options.hint or options.try_ or options.check):
        parser.error("--hint, --try and --check take no other FOLDER")
    if len(options.folders) > 1 and (options.json or options.map):
        parser.error("--json and --map are for one FOLDER")
    if options.reports and (
            not options.folders or options.json or options.map):
        parser.error("--reports needs a FOLDER, and goes with --csv alone")
    if options.words and not options.reports:
        parser.error("--words is for --reports")
    if options.keep and not options.try_:
        parser.error("--keep is for --try")
    if options.at_least is not None and options.at_least < 0:
        parser.error("--at-least needs a number that is not negative")
    return options


def run(options: Options) -> int:
    """Print what is asked for; return the exit status."""
    assignment = read_assignment(options.assignment)
    most = len(assignment.mistakes)
    if (options.at_least or 0) > most:
        raise Unusable(f"--at-least {options.at_least}: there are only "
                       f"{count(most, 'mistake')}")
    if options.hint:
        number, *step = options.hint
        print(hint(assignment, number, *step), end="")
        return 0
    check_imports(assignment)
    with Runners(assignment.needs, options.fresh) as runners:
        if options.check:
            return print_check(runners, assignment)
        if options.try_:
            return print_try(runners, assignment, options)
        if options.reports or options.csv or len(options.folders) > 1:
            return print_many(runners, assignment, options)
        graded = grade_at(options.folders[0] if options.folders else None,
                          assignment, runners)
        form = results if options.json else map_of if options.map else report
        status, text = graded.status(options.at_least), form(graded)
    print(text, end="")
    return status


def print_check(runners: Runners, assignment: Assignment) -> int:
    """Print whether machine and assignment are fit; return the status."""
    try:
        for line in check(runners, assignment):
            with runners.progress.hidden():
                print(line, flush=True)
    except Unfit:
        return 1
    return 0


def print_try(runners: Runners, assignment: Assignment,
              options: Options) -> int:
    """Print what a suite does on a change; return the status."""
    change, *rest = options.try_
    own = rest[:1] in ([], [OWN_SUITE])
    suite = suite_at(None if own else Path(rest[0]), assignment)
    kept = ""
    if options.keep:
        kept = keep_copy(assignment, change, suite, options.keep)
    text = try_out(runners, assignment, change, suite, rest[1:])
    print(text + kept, end="")
    return 0


def print_many(runners: Runners, assignment: Assignment,
               options: Options) -> int:
    """Print, or write, what is found out about a class; return the status."""
    if options.reports:
        check_folder(options.reports)
    grades = grade_class(options.folders, assignment, runners)
    if options.csv and not options.folders:
        graded = grade(own_suite(assignment), assignment, runners)
        grades = iter([("the own suite", graded, "")])
    if options.csv:
        done = print_csv(grades, assignment, runners)
    else:
        done = print_class(grades, options.folders, assignment, runners)
    if options.reports:
        write_pages(options.reports, done, assignment, options.words)
    return class_status(done, options.at_least)


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Do what the command line says; return the exit status."""
    words = sys.argv[1:] if argv is None else argv
    try:
        return run(parse(words))
    except Unusable as error:
        print(f"{COMMAND}: {error}", file=sys.stderr)
        if "--json" in words:
            print(no_results(str(error)), end="")
        return 2


def program() -> NoReturn:
    """Run the command as a program, and exit with its status."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    # A CI's time-out leaves nothing behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    status = 1
    try:
        status = main()
        sys.stdout.flush()
    except KeyboardInterrupt:
        # Die of it, as other programs do, so that a shell's loop ends too.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)
