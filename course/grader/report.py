#!/usr/bin/env python3
"""Say in text, as a map and as JSON what was found out about a suite."""
import json
import re
import shlex
from textwrap import fill
from typing import Any, Callable, Dict, Iterator, List, Sequence

from .assignment import OWN, Assignment
from .edits import Mistake, points_of
from .names import file_of_name, module_of
from .judge import Example, Grade, Pitfall, by_number
from .protocol import NOT_HERE, THE_SUITE
from .reached import NOT_KNOWN, NOT_REACHED, NOT_TOLD, OTHERWISE, SAME

COMMAND = "course/grade.py"
TOUR = "course/tour.md"
OWN_SUITE = "-"  # in the place of a folder: the assignment's own suite
LETTERS = {"assertion": "a", "exception": "e", "time": "t"}
WHY = "why it is missed"
# A line of a report that shows a command.
A_COMMAND = re.compile(rf" +(checklist for \S+: )?{re.escape(COMMAND)} ")
# A report says what took so long after so many seconds of grading, unless a
# suite's tests take less than so many, and are fewer than so many: then others
# were graded beside it.
LONG, SHORT, MANY = 30.0, 1.0, 1000


def paragraph(text: str, indent: str = "   ") -> str:
    """Return text in lines of up to 79 characters, indented."""
    return fill(text, 79, initial_indent=indent, subsequent_indent=indent,
                break_long_words=False, break_on_hyphens=False)


def some(names: Sequence[str], most: int = 2) -> str:
    """Return names with commas; of many the first, and how many more."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def count(number: int, what: str) -> str:
    """Return a number of things in words: 1 test, 2 tests."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def command(assignment: Assignment, *words: str) -> str:
    """Return a command of the grader, fit for a shell."""
    option = []
    if assignment.folder.resolve() != OWN:
        option = ["--assignment", str(assignment.folder)]
    return " ".join(map(shlex.quote, [COMMAND, *option, *words]))


def try_command(graded: Grade, change: str, tests: Sequence[str] = ()) -> str:
    """Return the command that shows what a suite does on a change."""
    words = [graded.suite.title or OWN_SUITE, *tests]
    return command(graded.assignment, "--try", change, *words)


# The report.

def report(graded: Grade) -> str:
    """Return the answers to the five questions, and what to do next."""
    answers: List[Callable[[Grade], Iterator[str]]] = [
        right, rewritten, wrong_code, pitfalls, kinds]
    if not graded.are("passes"):
        answers = [right, pitfalls]
    parts = ["\n".join(answer(graded)) for answer in answers]
    return "\n\n".join([*parts, summary(graded)]) + "\n"


def report_to_hand_out(graded: Grade) -> str:
    """Return the report as a learner gets it.

    Learners have no assignment but the course's own. Of another one it shows
    no command.
    """
    if graded.assignment.folder.resolve() == OWN:
        return report(graded)
    *lines, _ = report(graded).splitlines()
    return "\n".join([
        *(line for line in lines if not A_COMMAND.match(line)),
        summary(graded, False)]) + "\n"


def right(graded: Grade) -> Iterator[str]:
    """Yield which tests pass on the right code, and what is not used."""
    yield "1. Right: do the tests pass on the right code?"
    yield paragraph("Each test runs twice on the right modules, the second "
                    "time in reverse order.")
    if graded.suite.own:
        yield paragraph(
            f"Not used: {', '.join(graded.suite.own)} of the folder. The "
            "assignment's modules take their place.")
    for note in graded.suite.notes:
        yield paragraph(note)
    for pitfall in graded.unseen:
        yield f"   {pitfall_line(pitfall)}"
    yield (f"   tests that pass: {len(graded.are('passes'))} of "
           f"{len(graded.tests)}")
    for name, message in graded.unloaded.items():
        yield ("   no test could be run: the suite" if name == THE_SUITE
               else f"   can't be imported, and is left out: {name}")
        yield f"      {message}"
        yield f"      {try_command(graded, '0')}"
    for test_id in graded.are("wrong"):
        yield f"   wrong: {test_id} fails, and is left out until it is mended:"
        yield from shown(graded, test_id)
    for test_id in graded.are("unsteady"):
        yield f"   unsteady (flaky): {test_id} is left out:"
        yield from shown(graded, test_id)
    for name, replaced in graded.leaks.items():
        yield paragraph(
            f"{name} leaves a double behind: {some(replaced)}. All "
            "other tests were judged without it.")
    yield from not_run(graded)
    if graded.untouched:
        yield paragraph("These tests pass even where every function of "
                        f"{' and '.join(graded.assignment.modules)} (but "
                        "__init__ and __set_name__) raises an exception:")
        for test_id in graded.untouched:
            yield f"      {test_id}"
    for name, files in graded.reads.items():
        yield paragraph(
            f"{name} reads the source or the code of {some(files)}. What a "
            "test finds there proves nothing about what the code does.")
    for name in graded.stops:
        yield paragraph(
            f"{name} stops the run by result.stop(): by hand, no test runs "
            "after it. Here all were run.")
    late = ran_out_of_time(graded)
    if graded.seconds > LONG and (
            late or sum(graded.slowest.values()) > SHORT
            or len(graded.tests) > MANY):
        yield paragraph(f"Grading {count(len(graded.tests), 'test')} took "
                        f"{graded.seconds:.0f} s. What took longest on the "
                        f"right code: {slowest(graded)}. "
                        "Tests that ran out of time on mistakes: "
                        f"{some(late) or 'none'}.")


def not_run(graded: Grade) -> Iterator[str]:
    """Yield which tests are skipped, and which can't be run here, and why."""
    reasons = {test_id: graded.tests[test_id].message
               for test_id in graded.are("skipped")}
    skipped = [test_id for test_id, reason in reasons.items()
               if not reason.startswith(NOT_HERE)]
    if skipped:
        yield (f"   {count(len(skipped), 'test')} skipped, which can't notice "
               f"anything: {some(skipped)}")
    for test_id, reason in reasons.items():
        if test_id not in skipped:
            yield paragraph(f"{test_id} is {reason}. It counts for nothing.")


def slowest(graded: Grade) -> str:
    """Return which tests or files took longest, and how long."""
    order = sorted(graded.slowest.items(), key=lambda item: -item[1])[:3]
    return ", ".join(f"{name} {seconds:.1f} s" for name, seconds in order)


def ran_out_of_time(graded: Grade) -> List[str]:
    """Return which tests ran out of time on mistakes, and on which."""
    on = {test_id: [str(number) for number, reason in test.notices.items()
                    if reason == "time"]
          for test_id, test in graded.tests.items()}
    return [f"{test_id} (on {' and '.join(numbers)})"
            for test_id, numbers in on.items() if numbers]


def shown(graded: Grade, test_id: str) -> Iterator[str]:
    """Yield why a test is left out, and the command that shows it."""
    test = graded.tests[test_id]
    yield f"      {test.message}"
    yield f"      {try_command(graded, '0', test.shown_by)}"


def rewritten(graded: Grade) -> Iterator[str]:
    """Yield which tests are tied to how the code is written."""
    yield "2. Rewritten: do they pass on the same code, written another way?"
    if not graded.rewrites:
        yield "   not examined: the assignment has no rewrite"
        return
    yield paragraph(
        "A test that fails on a harmless rewrite is tied to how the code is "
        "written (over-specified). It costs no points: a double always ties "
        "a test to the calls that it expects.")
    for rewrite in graded.rewrites:
        tied = [test_id for test_id in graded.tied
                if rewrite.name in graded.tests[test_id].tied]
        yield f"   {rewrite.name}: " + (
            f"{count(len(tied), 'test')} tied, {some(tied)}" if tied
            else "no test is tied")
        if tied:
            yield f"      {try_command(graded, rewrite.name)}"


def wrong_code(graded: Grade) -> Iterator[str]:
    """Yield which mistakes are noticed, by whom and why."""
    yield "3. Wrong code: do they notice mistakes?"
    yield paragraph(
        f"Mistakes (mutants), made one at a time: {len(graded.mistakes)}. A "
        "mistake is noticed (killed) if a test fails that passes on the right "
        "code: by an assertion, by another exception or the end of its "
        "process, or by running out of time. Else it is missed (survived).")
    yield f"   noticed: {len(graded.noticed)}"
    for mistake in graded.noticed:
        yield f"   {mistake.name}: {mistake.summary}"
        for example in graded.examples.get(mistake.number, []):
            yield f"      {example_line(example)}"
    yield f"   missed: {len(graded.missed)}"
    yield from missed(graded)


# What is said of mistakes that are missed, by the reason. First a letter.
REASONS = {
    OTHERWISE: ("o", "reached, something came out otherwise, and no test "
                "looks at it: assert it"),
    SAME: ("s", "reached, and what the tests could compare came out the "
           "same: try another input, or the same once more"),
    NOT_REACHED: ("n", "not reached: neither a test that counts, nor its "
                  "fixtures, nor the import of its file runs a line that the "
                  "mistake changes"),
    NOT_TOLD: ("?", "reached; whether anything came out otherwise can't be "
               "told"),
    NOT_KNOWN: ("k", "not known whether a test reaches it"),
}


def missed(graded: Grade) -> Iterator[str]:
    """Yield which mistakes are missed, by the reason, and in which tests."""
    for reason, (_, words) in REASONS.items():
        mistakes = [
            mistake for mistake in graded.missed
            if mistake.number in graded.reasons
            and graded.reasons[mistake.number].reason == reason]
        if not mistakes:
            continue
        yield paragraph(f"{words}:")
        if reason == NOT_REACHED:
            yield paragraph(", ".join(
                mistake.name for mistake in mistakes), "      ")
            continue
        for mistake in mistakes:
            yield f"      {mistake.name}: {details(graded, mistake)}"
        if reason == SAME:
            yield from checklists(graded.assignment, mistakes)


def checklists(
        assignment: Assignment, mistakes: Sequence[Mistake]) -> Iterator[str]:
    """Yield which command names inputs to try, a line for each function."""
    first = {mistake.function: mistake for mistake in reversed(mistakes)}
    for mistake in mistakes:
        if (mistake == first[mistake.function]
                and mistake.function in assignment.checklists):
            yield (f"      checklist for {mistake.function}: "
                   f"{hint_command(assignment, mistake)}")


def details(graded: Grade, mistake: Mistake) -> str:
    """Return in which tests a mistake is reached, and what can't be told."""
    found = graded.reasons[mistake.number]
    return ", ".join(filter(None, [some(found.tests, 1), found.why]))


def why_missed(graded: Grade, mistake: Mistake) -> str:
    """Return why one mistake is missed, and what helps, in one line."""
    if mistake.number not in graded.reasons:
        return "missed"
    words = REASONS[graded.reasons[mistake.number].reason][1]
    more = details(graded, mistake)
    return f"missed: {words}" + (f" ({more})" if more else "")


def letter_of(graded: Grade, mistake: Mistake) -> str:
    """Return the letter that says why a mistake is missed, if it is."""
    found = graded.reasons.get(mistake.number)
    return REASONS[found.reason][0] if found else ""


def tests_of(number: int, kind: str) -> str:
    """Return a number of tests of a kind in words: 1 unit test."""
    if kind == "not known":
        return f"{count(number, 'test')} of a kind that is not known"
    return count(number, f"{kind} test")


def example_line(example: Example) -> str:
    """Return who notices a mistake: how many, by what, and one of them."""
    line = (f"{tests_of(example.others + 1, example.kind)} by "
            f"{example.reason}: {example.test_id}")
    if example.after is not None:
        line += (f" (not alone, but after {example.after})" if example.after
                 else " (not alone, but after other tests)")
    if example.others:
        line += f" and {example.others} more"
    return line


def pitfalls(graded: Grade) -> Iterator[str]:
    """Yield the lines that pass and prove nothing."""
    yield "4. Pitfalls (test smells): what passes and proves nothing?"
    for found in graded.pitfalls:
        yield f"   {pitfall_line(found)}"
    for name, why in graded.unexamined.items():
        yield f"   {name}: not examined ({why})"
    if not graded.pitfalls and not graded.unexamined:
        yield "   nothing found"


def pitfall_line(found: Pitfall) -> str:
    """Return where a pitfall is, what it is, and what helps."""
    return (f"{found.file}, line {found.line}: {found.what} "
            f'("{found.lesson}" in {TOUR})')


def kinds(graded: Grade) -> Iterator[str]:
    """Yield what each kind of test notices."""
    yield "5. Kinds: which kind of test notices what?"
    called = graded.assignment.integration
    if not called:
        yield ("   not examined: the assignment names no function by which to "
               "tell them apart")
    else:
        modules = graded.assignment.modules
        owners = {file_of_name(name, modules) for name in called}
        callers = [module_of(file) for file in modules if file not in owners]
        yield paragraph(
            f"In an integration test, {' or '.join(callers)} calls the real "
            f"{' or '.join(called)}; all other tests are unit tests.")
    for kind in ("unit", "integration") if called else ():
        names = [mistake.name for mistake in graded.noticed
                 if {graded.tests[test_id].kind
                     for test_id in graded.noticing(mistake)} == {kind}]
        yield f"   noticed by {kind} tests alone: {', '.join(names) or 'none'}"
    idle = [test_id for test_id in graded.are("passes")
            if not graded.tests[test_id].notices]
    if idle:
        yield (f"   notice none of these mistakes, perhaps others: "
               f"{count(len(idle), 'test')}, {some(idle)}")


def summary(graded: Grade, has_hints: bool = True) -> str:
    """Return the last line: how many are noticed, and what to do next.

    For who can't ask for a hint it says why the next mistake is missed.
    """
    mend = f"next: mend {some(graded.left_out, 1)}"
    if not graded.tests and not graded.unloaded:
        if graded.unseen:
            return "no score: unittest sees no test in these files"
        return "no score: there is no test in these files"
    if graded.tests and len(graded.are("skipped")) == len(graded.tests):
        return "no score: every test is skipped"
    if not graded.are("passes"):
        return f"no score: no test passes on the right code; {mend}"
    line = noticed(graded)
    if graded.left_out:
        return f"{line}; {mend}"
    if graded.missed:
        missed = {mistake.number for mistake in graded.missed}
        first = next(mistake for mistake in graded.mistakes
                     if mistake.number in missed)
        next_ = (hint_command(graded.assignment, first) if has_hints
                 else f"{first.name}, {why_missed(graded, first)}")
        return f"{line}; next: {next_}"
    return f"{line}: that is all of them, and no test is wrong"


def noticed(graded: Grade) -> str:
    """Return how many mistakes are noticed, and the points if they differ."""
    line = f"noticed {len(graded.noticed)} of {len(graded.mistakes)}"
    most = points_of(graded.mistakes)
    if most != len(graded.mistakes):
        line += f", {points_of(graded.noticed)} of {count(most, 'point')}"
    return line


def hint_command(assignment: Assignment, mistake: Mistake) -> str:
    """Return the command for the first hint that a mistake has."""
    steps = ["0"] if mistake.function in assignment.checklists else []
    return command(assignment, "--hint", str(mistake.number), *steps)


# The map.

def map_of(graded: Grade) -> str:
    """Return tests by mistakes, a letter each, with a legend."""
    passing = graded.are("passes")
    useful = [test_id for test_id in passing if graded.tests[test_id].notices]
    idle = len(passing) - len(useful)
    width = max(map(len, [*useful, WHY]))
    mistakes = by_number(graded.mistakes)
    rows = [" " * width + "".join(
        f"{mistake.number:3}" for mistake in mistakes)]
    for test_id in useful:
        notices = graded.tests[test_id].notices
        rows.append(f"{test_id:{width}}" + "".join(
            f"  {LETTERS.get(notices.get(mistake.number, ''), '.')}"
            for mistake in mistakes))
    why = [letter_of(graded, mistake) for mistake in mistakes]
    if any(why):
        rows.append(f"{WHY:{width}}" + "".join(
            f"  {letter or ' '}" for letter in why))
    if idle:
        rows += ["", f"{count(idle, 'test')} "
                 f"notice{'s' if idle == 1 else ''} none of these"]
    return "\n".join([
        *rows, "", "a: noticed by an assertion; e: by another exception or "
        "the end of the process;", "t: by running out of time; .: not noticed",
        *(f"{letter}: {words}" for letter, words in REASONS.values()
          if letter in why),
        "", summary(graded), ""])


# JSON, which gives no missed mistake away unless it is asked to.

def results(graded: Grade, words: bool = False) -> str:
    """Return JSON in the form of results.json, which Gradescope reads.

    It can say in words what each missed mistake is.

    https://gradescope-autograders.readthedocs.io/en/latest/specs/
    """
    return json.dumps({
        "output": report_to_hand_out(graded),
        "tests": [points(graded, mistake, words)
                  for mistake in by_number(graded.mistakes)],
        "extra_data": {
            "tests": {test_id: {
                "verdict": test.verdict, "kind": test.kind,
                "tied": test.tied, "notices": test.notices,
            } for test_id, test in graded.tests.items()},
            "not_imported": graded.unloaded,
            "leaks": graded.leaks,
            "reads": graded.reads,
            "stops": graded.stops,
            "missed": {number: found._asdict()
                       for number, found in graded.reasons.items()},
            "pitfalls": [found._asdict() for found in graded.pitfalls],
        },
    }, indent=2) + "\n"


def points(graded: Grade, mistake: Mistake, words: bool) -> Dict[str, Any]:
    """Return what a gradebook has of a mistake."""
    lines = [example_line(example)
             for example in graded.examples.get(mistake.number, [])]
    return {"name": mistake.name,
            "score": mistake.points if lines else 0,
            "max_score": mistake.points,
            "output": "\n".join([
                *([mistake.summary] if words or lines else []),
                *(lines or [why_missed(graded, mistake)])])}


def no_results(reason: str) -> str:
    """Return the JSON of a suite that can't be graded: its score is 0."""
    output = f"no score: {reason}"
    return json.dumps({"score": 0, "output": output}, indent=2) + "\n"
