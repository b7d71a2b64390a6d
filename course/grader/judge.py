#!/usr/bin/env python3
"""Ask a suite the five questions, and keep the answers in a Grade.

Is it right? Does it bear a harmless rewrite of the code? Which mistakes does
it notice? Has it pitfalls? Which kind of test notices what?
"""
from concurrent.futures import Future
from time import monotonic
from typing import (
    Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Sequence,
    Tuple)

from .assignment import Assignment, function_place
from .edits import Mistake, Rewrite, Sources, edited, wrecked
from .pitfalls import findings, unseen_tests
from .protocol import (
    FIXTURES, OTHER_SEED, SEED, THE_SUITE, Job, Result, Run, RunMaker)
from .reached import (
    NOT_KNOWN, Reason, is_worth_watching, places, reason)
from .suite import Suite
from .trees import code_of

# On wrong code a test may take so many seconds, or so many times what the
# slowest test takes on the right code.
LEAST_SECONDS, TIMES = 5.0, 5
# In so many runs at once it is looked for what else takes too long.
SMALL_RUNS = 16
# A suite waits, for a clock or another process, if its tests leave the
# processor idle for so many seconds, and so many times longer than they work.
# Where others keep the processor from them, they are idle for a while, too.
IDLE, IDLE_TIMES = 1.0, 4
# So many seconds are spent to find out why mistakes are missed.
WATCHING = 15.0
LONG = "to watch these tests takes too long"
# After so many seconds nobody looks for who else had to run before a test.
PATIENCE = 20.0
# How often a test runs on the right code for each failure of it that did not
# come again, and how often all of that is done for a suite.
DOUBTS, MOST_DOUBTFUL = 8, 20
# How often any other failure of such a test must come again.
MORE = 3


class Test(NamedTuple):
    """What was found out about a test.

    verdict: "passes", "skipped", "wrong" (it fails on the right code) or
        "unsteady" (it fails there in some runs).
    message: where and how it fails on the right code.
    shown_by: the tests that have to run, in this order, to see that.
    tied: the names of the rewrites on which it fails.
    notices: the numbers of the mistakes on which it fails, and why.
    """

    verdict: str
    kind: str
    message: str = ""
    shown_by: Sequence[str] = ()
    tied: Sequence[str] = ()
    notices: Dict[int, str] = {}


class Example(NamedTuple):
    """One of the tests of a kind that notice a mistake in one way.

    others: how many there are beside it.
    after: the test after which it notices the mistake; "" if it is not known
        which; None if it notices the mistake when it runs alone, too.
    """

    kind: str
    reason: str
    others: int
    test_id: str
    after: Optional[str]


class Pitfall(NamedTuple):
    """A line of a file that passes and proves nothing."""

    file: str
    line: int
    what: str
    lesson: str
    kind: str


class Grade(NamedTuple):
    """All that was found out about a suite.

    unloaded: what is wrong with the files that can't be imported, by name.
    untouched: tests that pass where every function raises an exception.
    leaks: the names that a test or a class left replaced, by its id.
    reads: which modules a test, a class or a file reads the source of.
    stops: the tests and classes that stop the run.
    reasons: why each mistake that is missed is missed, by its number.
    unseen: tests that unittest does not see; unexamined: files that can't be
        read as Python, and why.
    """

    suite: Suite
    assignment: Assignment
    tests: Dict[str, Test]
    unloaded: Dict[str, str]
    untouched: List[str]
    leaks: Dict[str, List[str]]
    reads: Dict[str, List[str]]
    stops: List[str]
    pitfalls: List[Pitfall]
    unseen: List[Pitfall]
    unexamined: Dict[str, str]
    mistakes: List[Mistake]
    rewrites: List[Rewrite]
    examples: Dict[int, List[Example]]
    reasons: Dict[int, Reason]
    seconds: float
    slowest: Dict[str, float]

    def are(self, verdict: str) -> List[str]:
        """Return the ids of the tests with a verdict."""
        return [test_id for test_id, test in self.tests.items()
                if test.verdict == verdict]

    @property
    def left_out(self) -> List[str]:
        """The tests and files that don't count until they are mended."""
        return [*self.unloaded, *self.are("wrong"), *self.are("unsteady")]

    @property
    def tied(self) -> List[str]:
        """The ids of the tests that fail on a harmless rewrite."""
        return [test_id for test_id, test in self.tests.items() if test.tied]

    def noticing(self, mistake: Mistake) -> List[str]:
        """Return the ids of the tests that notice a mistake."""
        return [test_id for test_id, test in self.tests.items()
                if mistake.number in test.notices]

    @property
    def noticed(self) -> List[Mistake]:
        """The mistakes that the suite notices, by their numbers."""
        return [mistake for mistake in by_number(self.mistakes)
                if self.noticing(mistake)]

    @property
    def missed(self) -> List[Mistake]:
        """The mistakes that the suite misses, by their numbers."""
        return [mistake for mistake in by_number(self.mistakes)
                if not self.noticing(mistake)]

    def status(self, at_least: Optional[int] = None) -> int:
        """Return 0 if enough is noticed and no test is left out, else 1."""
        enough = len(self.mistakes) if at_least is None else at_least
        return int(len(self.noticed) < enough or bool(self.left_out))


def by_number(mistakes: Sequence[Mistake]) -> List[Mistake]:
    """Return mistakes in the order of their numbers."""
    return sorted(mistakes, key=lambda mistake: mistake.number)


def job_for(suite: Suite, sources: Sources, assignment: Assignment) -> Job:
    """Return the job of running a suite on an assignment's modules."""
    return Job(suite.files, suite.folders, suite.links, sources,
               list(assignment.modules), seconds=assignment.test_seconds,
               run_seconds=assignment.suite_seconds)


def grade(
        suite: Suite, assignment: Assignment, runners: RunMaker,
        mistakes: Optional[List[Mistake]] = None,
        rewrites: Optional[List[Rewrite]] = None) -> Grade:
    """Ask a suite the five questions.

    All mistakes and rewrites of the assignment are tried unless some are
    given.
    """
    begun = monotonic()
    mistakes = assignment.mistakes if mistakes is None else mistakes
    rewrites = assignment.rewrites if rewrites is None else rewrites
    job = job_for(suite, assignment.sources, assignment)
    right = right_code(job, assignment, runners, begun)
    steady = [name for name in right.order
              if name in right.tests and right.tests[name].verdict == "passes"]
    slowest = max([right.seconds.get(name, 0.0) for name in steady] or [0.0])
    changed = ChangedCode(
        job._replace(tests=steady, seconds=max(
            min(LEAST_SECONDS, job.seconds), TIMES * slowest)),
        runners, right, begun)
    answers, reasons = Answers({}, {}, {}, {}, []), {}
    if steady:
        answers = changed.answers(assignment, mistakes, rewrites)
        reasons = changed.reasons(assignment.sources, [
            mistake for mistake in mistakes
            if not answers.notices[mistake.number]])
    tests = {name: judged(name, test, answers)
             for name, test in right.tests.items()}
    pitfalls, unseen, unexamined = examined(suite, assignment, right.unloaded)
    noticing = {
        (right.file_of.get(name, ""), method_of(name))
        for name, test in tests.items() if test.notices}
    pitfalls = [found for found in pitfalls if not any(
        found.file == file and asserts_nothing(found, method)
        for file, method in noticing)]
    return Grade(
        suite, assignment, tests, right.unloaded, answers.untouched,
        right.leaks, right.reads, right.stops, pitfalls, unseen, unexamined,
        mistakes, rewrites,
        answers.examples, reasons, monotonic() - begun, right.seconds)


def judged(name: str, test: Test, answers: "Answers") -> Test:
    """Return a test with what it does on changed code."""
    if name in answers.unsteady:
        return test._replace(verdict="unsteady", shown_by=[name],
                             message=answers.unsteady[name])
    return test._replace(
        tied=[change for change, failing in answers.tied.items()
              if name in failing],
        notices={number: failing[name]
                 for number, failing in answers.notices.items()
                 if name in failing})


# The right code.

class RightCode(NamedTuple):
    """What the tests of a suite do on the right code.

    order: the tests in the order in which they ran; file_of: the file in
    which each was found; seconds: how long tests and files took at most;
    waits: whether the tests do little but wait.
    """

    tests: Dict[str, Test]
    unloaded: Dict[str, str]
    leaks: Dict[str, List[str]]
    reads: Dict[str, List[str]]
    stops: List[str]
    order: List[str]
    file_of: Dict[str, str]
    seconds: Dict[str, float]
    waits: bool


def right_code(job: Job, assignment: Assignment, runners: RunMaker,
               begun: float) -> RightCode:
    """Run a suite on the right code, as often as it takes.

    Both orders are tried, with other seeds. What fails beside other runs is
    tried again alone before it counts.
    """
    targets = [function_place(assignment.modules, dotted)
               for dotted in assignment.integration]
    orders = [
        job._replace(seed=SEED,
                     integration=[target for target in targets if target]),
        job._replace(seed=OTHER_SEED, backwards=True)]
    runs = [run.result() for run in [
        runners.submit(one._replace(goes_on=False)) for one in orders]]
    leaks, reads, stops = runs[0].leaks, runs[0].reads, runs[0].stops
    again = again_alone(orders, runs, runners)
    order = list(dict.fromkeys(
        name for run in [runs[0], *again] for name in run.results))
    unloaded = {name: result.message for run in again
                for name, result in run.unloaded.items()}
    file_of = files_of([*runs, *again])
    alone = RunsAlone(orders, again, file_of, runners, begun)
    return RightCode(
        {name: alone.judged(name)
         for name in {**again[0].results, **again[1].results}
         if file_of.get(name) not in unloaded},
        unloaded, leaks, reads, stops, order, file_of,
        longest(again, job.seconds), do_wait(again[0].results.values()))


def do_wait(results: Iterable[Result]) -> bool:
    """Return whether the tests that pass do little but wait."""
    passed = [result for result in results if result.outcome == "passed"]
    busy = sum(result.busy for result in passed)
    idle = sum(result.seconds for result in passed) - busy
    return idle > max(IDLE, IDLE_TIMES * busy)


def again_alone(
        orders: List[Job], runs: List[Run], runners: RunMaker) -> List[Run]:
    """Return the same runs, made alone if anything failed in them.

    What takes too long has had its chance, and is passed over.
    """
    files = {name: result for name, result in runs[0].unloaded.items()
             if result.outcome == "time"
             and result_of(runs[1], name).outcome == "time"}
    tests = hanging(orders[0], runs, runners)
    if not tests and not any(
            result.failed for run in runs for name, result in {
                **run.results, **run.unloaded}.items() if name not in files):
        return runs
    again = [runners.submit(one._replace(
        passed_over=sorted({**files, **tests})), True) for one in orders]
    return [run.result()._replace(
        results={**tests, **run.result().results},
        unloaded={**files, **run.result().unloaded}) for run in again]


def hanging(job: Job, runs: List[Run], runners: RunMaker) -> Dict[str, Result]:
    """Return the results of the tests that take too long.

    Both runs have ended at the first of them. Whatever they do not decide is
    tried in many small runs, each of which ends at the first one, too.
    """
    late = [{name for name, result in run.results.items()
             if result.outcome == "time"} for run in runs]
    found = {name: runs[0].results[name] for name in late[0] & late[1]}
    file_of = files_of(runs)
    left = [name for name in file_of if late[0] | late[1]
            and name not in found and (name in late[0] | late[1] or not any(
                name in run.results for run in runs))]
    while left:
        size = -(-len(left) // SMALL_RUNS)
        parts = [left[place:place + size]
                 for place in range(0, len(left), size)]
        results = [run.result().results for run in [
            runners.submit(job._replace(
                tests=part, imported=imported(part, file_of), goes_on=False,
                integration=None), waits=True) for part in parts]]
        for part, result in zip(parts, results):
            found.update((name, result[name]) for name in part
                         if name in result and result[name].outcome == "time")
            if not any(name in result for name in part):
                left = [name for name in left if name not in part]
        left = [name for name in left
                if not any(name in result for result in results)]
    return found


def files_of(runs: List[Run]) -> Dict[str, str]:
    """Return in which file each test was found: in the first that has it."""
    found: Dict[str, str] = {}
    for run in runs:
        for file, names in sorted(run.found.items()):
            for name in names:
                found.setdefault(name, file)
    return found


def longest(runs: List[Run], most: float) -> Dict[str, float]:
    """Return how long each test took at most, and each file that hung."""
    seconds: Dict[str, float] = {}
    for run in runs:
        for name, result in {**run.results, **run.unloaded}.items():
            took = most if result.outcome == "time" else result.seconds
            if name in run.results or result.outcome == "time":
                seconds[name] = max(took, seconds.get(name, 0.0))
    return seconds


class RunsAlone:
    """Judges each test by what it did on the right code, and runs it alone."""

    def __init__(self, orders: List[Job], runs: List[Run],
                 file_of: Dict[str, str], runners: RunMaker, begun: float
                 ) -> None:
        """Keep what the tests did in two orders."""
        self._orders = orders
        self._runs = runs
        self._file_of = file_of
        self._runners = runners
        self._begun = begun

    def judged(self, name: str) -> Test:
        """Return what is found out about a test, perhaps by further runs."""
        results = [run.results[name] for run in self._runs
                   if name in run.results]
        kind = results[0].kind
        failed = [result for result in results if result.failed]
        scope, _, last = name.rpartition(".")
        if not failed and len(results) == len(self._runs):
            skipped = [result.message for result in results
                       if result.outcome == "skipped"]
            return (Test("skipped", kind, skipped[0]) if skipped
                    else Test("passes", kind))
        if last in FIXTURES:
            in_all = len(failed) == len(self._runs)
            return Test("wrong" if in_all else "unsteady", kind,
                        failed[0].message if failed else "", [scope])
        if len(results) < len(self._runs):
            return Test("unsteady", kind, "does not run in every run: its "
                        "name changes, or another test keeps it from it")
        if all(result.outcome == "time" for result in results):
            return Test("wrong", kind, failed[0].message, [name])
        return self._examined(name, kind, failed)

    def _examined(self, name: str, kind: str, failed: List[Result]) -> Test:
        """Return what is found out about a test that failed in some order."""
        alone = [self._run(order, [name]).results.get(name, failed[0])
                 for order in self._orders]
        failed_alone = [result for result in alone if result.failed]
        in_all = len(failed_alone) == len(alone)
        if in_all and len(failed) == len(self._runs):
            return Test("wrong", kind, failed_alone[0].message, [name])
        if in_all:
            return Test(
                "unsteady", kind, "fails alone, passes only after other "
                f"tests: {failed_alone[0].message}", [name])
        if failed_alone:
            return Test("unsteady", kind, "passes in one run, fails in "
                        f"another: {failed_alone[0].message}", [name])
        cause = self._cause(name)
        if not cause:
            return Test("unsteady", kind, "passes in one run, fails in "
                        f"another: {failed[0].message}")
        return Test("unsteady", kind, f"passes alone, fails after {cause}: "
                    f"{failed[0].message}", [cause, name])

    def _cause(self, name: str) -> str:
        """Return the test after which another fails; "" if none is found."""
        place = 0 if self._runs[0].results[name].failed else 1
        order = list(self._runs[place].results)
        before = [one for one in order[:order.index(name)]
                  if one.rpartition(".")[2] not in FIXTURES]

        def fails(tests: List[str]) -> bool:
            """Return whether the test fails after some others."""
            run = self._run(self._orders[place], [*tests, name])
            return result_of(run, name).failed

        return culprit(before, fails, self._begun)

    def _run(self, order: Job, names: List[str]) -> Run:
        """Run some tests in this order, while no other run goes on."""
        return self._runners.submit(order._replace(
            tests=names, imported=imported(names, self._file_of),
            backwards=False, integration=None), True).result()


def imported(names: Iterable[str], file_of: Dict[str, str]) -> List[str]:
    """Return the files in which some tests were found."""
    return sorted({file_of[name] for name in names if name in file_of})


def culprit(before: List[str], fails: Callable[[List[str]], bool],
            begun: float) -> str:
    """Return the one test after which another fails; "" if none is found."""
    if not before or monotonic() - begun > PATIENCE or not fails(before):
        return ""
    while len(before) > 1:
        half = len(before) // 2
        if monotonic() - begun > PATIENCE:
            return ""
        if fails(before[half:]):
            before = before[half:]
        elif fails(before[:half]):
            before = before[:half]
        else:
            return ""
    return before[0]


def result_of(run: Run, name: str) -> Result:
    """Return what a test, or the import of a file, did in a run."""
    return run.results.get(name) or run.unloaded.get(name) or Result("passed")


# Changed code.

class Answers(NamedTuple):
    """What the tests that pass on the right code do on changed code.

    tied: which fail on each rewrite; notices: which fail on each mistake,
    and why; unsteady: which were found to fail on the right code after all,
    and how; untouched: which pass where every function raises.
    """

    tied: Dict[str, List[str]]
    notices: Dict[int, Dict[str, str]]
    examples: Dict[int, List[Example]]
    unsteady: Dict[str, str]
    untouched: List[str]


class ChangedCode:
    """Runs tests that pass on the right code on changed code.

    A failure that does not come again, when its test runs alone, counts only
    if it comes again in the whole order, and never in more runs of that test
    on the right code.
    """

    def __init__(self, job: Job, runners: RunMaker, right: RightCode,
                 begun: float) -> None:
        """Keep what the runs have in common."""
        self._job = job
        self._steady = job.tests or []
        self._runners = runners
        self._right = right
        self._begun = begun
        # How each test in doubt fails on the right code, if it does, and how
        # often that was tried.
        self._found: Dict[str, str] = {}
        self._tried: Dict[str, int] = {}

    def answers(self, assignment: Assignment, mistakes: List[Mistake],
                rewrites: List[Rewrite]) -> Answers:
        """Return what the tests do on all these changes."""
        sources = assignment.sources
        wreck = self._start({
            name: wrecked(source) if name in assignment.modules else source
            for name, source in sources.items()})
        changes = [(rewrite, edited(sources, rewrite.edits))
                   for rewrite in rewrites]
        wrongs = [(mistake, edited(sources, mistake.edits))
                  for mistake in mistakes]
        on_changes = [self._start(code) for _, code in changes]
        on_wrongs = [self._start(code) for _, code in wrongs]
        repeated = [
            self._repeat(code, self._reasons(run.result()))
            for (_, code), run in zip(wrongs, on_wrongs)]
        notices = {
            mistake.number: self._confirmed(code, again)
            for (mistake, code), again in zip(wrongs, repeated)}
        notices = {
            mistake.number: {
                name: reason
                for name, reason in notices[mistake.number].items()
                if name not in self._tried or self._is_certain(code, name)}
            for mistake, code in wrongs}
        examples = {
            mistake.number: list(self._examples(
                code, notices[mistake.number], again))
            for (mistake, code), again in zip(wrongs, repeated)}
        tied = {rewrite.name: self._tied(code, run)
                for (rewrite, code), run in zip(changes, on_changes)}
        failing = self._reasons(wreck.result())
        return without_unsteady(Answers(
            tied, notices, examples, self._found,
            [name for name in self._steady if name not in failing
             and not any(name in found for found in notices.values())]))

    def _start(self, code: Sources, names: Optional[List[str]] = None,
               alone: bool = False) -> "Future[Run]":
        """Start a run of all tests, or of some, on changed code."""
        tests = self._steady if names is None else names
        return self._runners.submit(self._job._replace(
            sources=code, tests=tests,
            imported=imported(tests, self._right.file_of)), alone,
            self._right.waits)

    def _fails(self, code: Sources, names: List[str]) -> bool:
        """Return whether the last of some tests fails, run after the rest."""
        run = self._start(code, names, True).result()
        return names[-1] in self._reasons(run)

    def _reasons(self, run: Run) -> Dict[str, str]:
        """Return which of the tests fail in a run, and why."""
        found = {}
        for name in self._steady:
            result = (run.results.get(name)
                      or run.unloaded.get(self._right.file_of.get(name, ""))
                      or run.unloaded.get(THE_SUITE))
            if result and result.failed and result.outcome != "not run":
                found[name] = result.outcome
        for name, result in self._failed_after(run):
            found.setdefault(name, result.outcome)
        return found

    def _failed_after(self, run: Run) -> Iterator[Tuple[str, Result]]:
        """Yield the last test of each class or file whose tear-down fails."""
        for name, result in run.results.items():
            scope, _, fixture = name.rpartition(".")
            if (fixture in FIXTURES and result.failed
                    and name not in self._right.tests):
                tests = [test for test in self._steady if test in run.results
                         and test.startswith(f"{scope}.")]
                yield from ((test, result) for test in tests[-1:])

    def _tied(self, code: Sources, run: "Future[Run]") -> List[str]:
        """Return which tests fail on a rewrite, and fail again."""
        failing = list(self._reasons(run.result()))
        if not failing:
            return []
        again = self._reasons(self._start(code, failing, True).result())
        return [name for name in failing if name in again]

    def reasons(self, sources: Sources, missed: List[Mistake]
                ) -> Dict[int, Reason]:
        """Return why each of the mistakes that are missed is missed."""
        if not missed:
            return {}
        first = self._watch(sources).result()
        took = max(0.001, sum(
            result.seconds for result in first.results.values()))
        wrongs = [(mistake, edited(sources, mistake.edits))
                  for mistake in missed]
        found = {mistake.number: places(sources, code)
                 for mistake, code in wrongs}
        worth = [(mistake.number, code) for mistake, code in wrongs
                 if is_worth_watching(found[mistake.number], first)]
        most = int(WATCHING * self._runners.side_by_side(self._right.waits)
                   / took) + 1
        runs = {number: run.result() for number, run in {
            number: self._watch(code) for number, code in worth[:most]
            }.items()}
        # The last, so that whatever depends on the time is seen to vary.
        right = [first, self._watch(sources).result()]
        tests = set(self._steady)
        reasons = {number: Reason(NOT_KNOWN, why=LONG)
                   for number, _ in worth[most:]}
        return {number: reasons.get(number) or reason(
            found[number], right, runs.get(number), tests)
            for number in found}

    def _watch(self, code: Sources) -> "Future[Run]":
        """Start a run of all tests in which the code is watched."""
        return self._runners.submit(self._job._replace(
            sources=code, trace=True,
            imported=imported(self._steady, self._right.file_of)),
            waits=self._right.waits)

    # What fails on a mistake is made to fail again.

    def _repeat(self, code: Sources, failing: Dict[str, str]) -> "Repeated":
        """Start runs that repeat failures.

        Of each kind of test and reason the quickest test runs alone; of
        them all the first while no other run goes on.
        """
        ways: Dict[Tuple[str, str], List[str]] = {}
        for name, why in failing.items():
            kind = self._right.tests[name].kind
            ways.setdefault((kind, why), []).append(name)
        groups = dict(sorted(ways.items(), reverse=True))
        quickest = [min(names, key=lambda name: self._right.seconds[name])
                    for names in groups.values()]
        others = [name for name in failing if name not in quickest]
        return Repeated(
            failing, groups,
            {name: self._start(code, [name], not place)
             for place, name in enumerate(quickest)},
            self._start(code, others) if others else None)

    def _confirmed(self, code: Sources, again: "Repeated") -> Dict[str, str]:
        """Return which tests do notice a mistake, and why."""
        failed = {name for name, run in again.alone.items()
                  if name in self._reasons(run.result())}
        if again.others:
            failed.update(self._reasons(again.others.result()))
        doubtful = [name for name in again.failing if name not in failed]
        if doubtful:
            whole = self._reasons(self._start(code, None, True).result())
            for name in doubtful:
                if name not in again.alone and self._fails(code, [name]):
                    failed.add(name)
                elif not self._unsteady(name) and name in whole:
                    failed.add(name)
        return {name: reason for name, reason in again.failing.items()
                if name in failed}

    def _unsteady(self, name: str) -> bool:
        """Return whether a test in doubt ever fails on the right code."""
        tried = self._tried.setdefault(name, 0)
        if name not in self._found and sum(
                self._tried.values()) < DOUBTS * MOST_DOUBTFUL:
            self._tried[name] = tried + DOUBTS
            job = self._job._replace(
                tests=[name], imported=imported([name], self._right.file_of))
            runs = [self._runners.submit(job._replace(
                seed=(SEED, OTHER_SEED)[number % 2], again=tried + number),
                True) for number in range(DOUBTS)]
            for run in runs:
                result = result_of(run.result(), name)
                if result.failed:
                    self._found[name] = (
                        "passes in one run, fails in another: "
                        f"{result.message}")
        return name in self._found

    def _is_certain(self, code: Sources, name: str) -> bool:
        """Return whether a test in doubt fails on a mistake all the time."""
        runs = [self._start(code, None, True) for _ in range(MORE)]
        return all(name in self._reasons(run.result()) for run in runs)

    def _examples(self, code: Sources, notices: Dict[str, str],
                  again: "Repeated") -> Iterator[Example]:
        """Yield a test of each kind that notices a mistake in each way."""
        for (kind, why), group in again.groups.items():
            names = [name for name in group if name in notices]
            if not names:
                continue
            alone = [name for name in names if name in again.alone
                     and name in self._reasons(again.alone[name].result())]
            alone += [name for name in names[:3] if not alone
                      and self._fails(code, [name])]
            after = None
            if not alone:
                place = self._steady.index(names[0])
                after = culprit(
                    self._steady[:place],
                    lambda before: self._fails(code, [*before, names[0]]),
                    self._begun)
            yield Example(kind, why, len(names) - 1,
                          [*alone, *names][0], after)


class Repeated(NamedTuple):
    """Runs that repeat the failures of one run.

    failing: what failed, and why; groups: the same by kind and reason.
    alone: runs of one test each; others: one run of all other tests.
    """

    failing: Dict[str, str]
    groups: Dict[Tuple[str, str], List[str]]
    alone: "Dict[str, Future[Run]]"
    others: "Optional[Future[Run]]"


def without_unsteady(answers: Answers) -> Answers:
    """Return the answers without those of tests that proved unsteady."""
    unsteady = answers.unsteady
    return Answers(
        {change: [name for name in names if name not in unsteady]
         for change, names in answers.tied.items()},
        {number: {name: reason for name, reason in failing.items()
                  if name not in unsteady}
         for number, failing in answers.notices.items()},
        {number: [one for one in examples if one.test_id not in unsteady]
         for number, examples in answers.examples.items()},
        unsteady,
        [name for name in answers.untouched if name not in unsteady])


# What the sources of a suite show.

def method_of(name: str) -> str:
    """Return the name of a test's method."""
    return name.rpartition(".")[2]


def asserts_nothing(found: Pitfall, method: str) -> bool:
    """Return whether it is said of a method that it asserts nothing.

    parameterized adds a number, and perhaps more, to the name of a method,
    and the recorder one to an id that it has seen before.
    """
    name, _, what = found.what.partition(" ")
    return what == "asserts nothing" and (
        method == name or method.startswith((f"{name}_", f"{name}#")))


def examined(
        suite: Suite, assignment: Assignment, unloaded: Dict[str, str]
        ) -> Tuple[List[Pitfall], List[Pitfall], Dict[str, str]]:
    """Return pitfalls, tests that unittest does not see, unread files."""
    pitfalls: List[Pitfall] = []
    unseen: List[Pitfall] = []
    unexamined: Dict[str, str] = {}
    code = code_of(assignment.modules, assignment.mistakes)
    for name in suite.tests:
        if name not in suite.files:
            continue
        try:
            with open(suite.files[name], "rb") as file:
                source = file.read()
            pitfalls.extend(
                Pitfall(name, *found) for found in findings(source, code)
                if name not in unloaded)
            unseen.extend(Pitfall(name, *found) for found in unseen_tests(
                source))
        except (OSError, RecursionError, SyntaxError, ValueError,
                MemoryError) as error:
            unexamined[name] = type(error).__name__
    return pitfalls, unseen, unexamined
