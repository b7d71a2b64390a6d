#!/usr/bin/env python3
"""Ask a suite the five questions, and keep the answers in a Grade.

Is it right? Does it bear a harmless rewrite of the code? Which mistakes does
it notice? Has it pitfalls? Which kind of test notices what?
"""
from concurrent.futures import Future
from time import monotonic
from typing import (
    Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple)

from .assignment import Assignment, function_place
from .edits import Mistake, Rewrite, Sources, edited, wrecked
from .pitfalls import code_of, findings, unseen_tests
from .protocol import TEST_SECONDS, THE_SUITE, Job, Run, Trial
from .run import OTHER_SEED, SEED, Runners
from .suite import Suite

# On wrong code a test may take so many seconds, or so many times what the
# slowest test takes on the right code.
LEAST_SECONDS, TIMES = 5.0, 5
# After so many seconds nobody looks for who else had to run before a test.
PATIENCE = 20.0
FIXTURES = ("setUpClass", "tearDownClass", "setUpModule", "tearDownModule")


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
    message: str
    shown_by: List[str]
    tied: List[str]
    notices: Dict[int, str]


class Witness(NamedTuple):
    """How many tests of a kind notice a mistake in one way, and one of them.

    others: how many there are beside that one.
    after: the test after which that one notices it; "" if it is not known
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
    unseen: tests that unittest does not see; unexamined: files that can't be
        read as Python, and why.
    """

    suite: Suite
    assignment: Assignment
    tests: Dict[str, Test]
    unloaded: Dict[str, str]
    untouched: List[str]
    leaks: Dict[str, List[str]]
    pitfalls: List[Pitfall]
    unseen: List[Pitfall]
    unexamined: Dict[str, str]
    mistakes: List[Mistake]
    rewrites: List[Rewrite]
    witnesses: Dict[int, List[Witness]]
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
               list(assignment.modules))


def grade(
        suite: Suite, assignment: Assignment, runners: Runners,
        mistakes: Optional[List[Mistake]] = None,
        rewrites: Optional[List[Rewrite]] = None,
        seconds: float = TEST_SECONDS) -> Grade:
    """Ask a suite the five questions; each test may take some seconds.

    All mistakes and rewrites of the assignment are tried unless some are
    given.
    """
    begun = monotonic()
    mistakes = assignment.mistakes if mistakes is None else mistakes
    rewrites = assignment.rewrites if rewrites is None else rewrites
    sources = assignment.sources
    job = job_for(suite, sources, assignment)._replace(seconds=seconds)
    right = RightCode(job, assignment, runners, begun)
    tests = right.tests
    steady = right.are("passes")
    job = job._replace(
        tests=[test_id for test_id in right.order if test_id in steady],
        passed_over=list(right.unloaded),
        seconds=max(min(LEAST_SECONDS, seconds), TIMES * max(
            [right.seconds.get(test_id, 0.0) for test_id in steady] or [0.0])))

    def failures(changed: Sources) -> "Callable[[], Dict[str, str]]":
        """Start a run on other code; return what waits for its failures."""
        run = runners.submit(job._replace(sources=changed), right.alone)
        return lambda: reasons(run.result(), steady)

    untouched: List[str] = []
    witnesses: Dict[int, List[Witness]] = {}
    if steady:
        wreck = failures({
            name: wrecked(source) if name in assignment.modules else source
            for name, source in sources.items()})
        tied = {rewrite.name: failures(edited(sources, rewrite.edits))
                for rewrite in rewrites}
        noticed = [(mistake, failures(edited(sources, mistake.edits)))
                   for mistake in mistakes]
        failing = wreck()
        untouched = [test_id for test_id in steady if test_id not in failing]
        for name, failed in tied.items():
            for test_id in failed():
                tests[test_id].tied.append(name)
        for mistake, failed in noticed:
            for test_id, reason in failed().items():
                tests[test_id].notices[mistake.number] = reason
        witnesses = all_witnesses(
            job, sources, mistakes, tests, runners, right.alone, begun)
    pitfalls, unseen, unexamined = examined(suite, assignment)
    return Grade(
        suite, assignment, tests, right.unloaded, untouched, right.leaks,
        pitfalls, unseen, unexamined, mistakes, rewrites, witnesses,
        monotonic() - begun, right.seconds)


class RightCode:
    """What the tests of a suite do on the right code.

    Both orders are tried, with other seeds. What fails beside other runs is
    tried again alone before it counts.
    """

    def __init__(self, job: Job, assignment: Assignment, runners: Runners,
                 begun: float) -> None:
        """Run the suite, as often as it takes."""
        self._job = job
        self._runners = runners
        self._begun = begun
        targets = [function_place(assignment.modules, dotted)
                   for dotted in assignment.integration]
        profile = [target for target in targets if target]
        self._orders = [
            job._replace(seed=SEED, profile=profile),
            job._replace(seed=OTHER_SEED, backwards=True)]
        runs = [run.result() for run in [
            runners.submit(one) for one in self._orders]]
        self.order = list(runs[0].trials)
        self.leaks = runs[0].leaks
        self.alone = any(run.shares for run in runs)
        runs = self._again_alone(runs)
        self.order += [test_id for test_id in runs[0].trials
                       if test_id not in self.order]
        self.unloaded = unloaded(runs)
        self.seconds = {
            test_id: max(run.trials[test_id].seconds for run in runs
                         if test_id in run.trials)
            for run in runs for test_id in run.trials}
        self.seconds.update({
            name: self._job.seconds for run in runs
            for name, trial in {**run.trials, **run.unloaded}.items()
            if trial.ending == "time"})
        self.tests = {
            test_id: self._judged(test_id, runs)
            for test_id in {**runs[0].trials, **runs[1].trials}
            if file_of(test_id) not in self.unloaded}

    def are(self, verdict: str) -> List[str]:
        """Return the ids of the tests with a verdict."""
        return [test_id for test_id, test in self.tests.items()
                if test.verdict == verdict]

    def _again_alone(self, runs: List[Run]) -> List[Run]:
        """Return the same runs, made alone if anything failed in them.

        What has taken too long in both has had its chance.
        """
        hanging = {name for name in {**runs[0].trials, **runs[0].unloaded}
                   if all(trial_of(run, name).ending == "time"
                          for run in runs)}
        if not self.alone and not any(
                trial.failed for run in runs
                for name, trial in {**run.trials, **run.unloaded}.items()
                if name not in hanging):
            return runs
        again = [self._runners.submit(one._replace(
            passed_over=sorted(hanging)), True) for one in self._orders]
        return [Run(
            {**{name: trial for name, trial in run.trials.items()
                if name in hanging}, **more.result().trials},
            {**{name: trial for name, trial in run.unloaded.items()
                if name in hanging}, **more.result().unloaded}, {})
            for run, more in zip(runs, again)]

    def _judged(self, test_id: str, runs: List[Run]) -> Test:
        """Return what is found out about a test, perhaps by further runs."""
        trials = [run.trials[test_id] for run in runs if test_id in run.trials]
        kind = trials[0].kind
        failed = [trial for trial in trials if trial.failed]
        name = test_id.rpartition(".")[2]
        if not failed and len(trials) == len(runs):
            skipped = any(trial.ending == "skipped" for trial in trials)
            return Test("skipped" if skipped else "passes", kind, "", [], [],
                        {})
        if name in FIXTURES:
            shown = [test_id.rpartition(".")[0]]
            message = failed[0].message if failed else ""
            verdict = "wrong" if len(failed) == len(runs) else "unsteady"
            return Test(verdict, kind, message, shown, [], {})
        if len(trials) < len(runs):
            return Test("unsteady", kind, "does not run in every run: its "
                        "name changes, or another test keeps it from it",
                        [], [], {})
        if all(trial.ending == "time" for trial in trials):
            return Test("wrong", kind, failed[0].message, [test_id], [], {})
        return self._examined_alone(test_id, runs, kind, failed)

    def _examined_alone(self, test_id: str, runs: List[Run], kind: str,
                        failed: List[Trial]) -> Test:
        """Return what is found out about a test that failed in some order."""
        alone = [self._runners.submit(one._replace(
            tests=[test_id], profile=None), True).result().trials.get(
                test_id, failed[0]) for one in self._orders]
        failed_alone = [trial for trial in alone if trial.failed]
        if len(failed_alone) == len(alone) and len(failed) == len(runs):
            return Test("wrong", kind, failed_alone[0].message, [test_id],
                        [], {})
        if len(failed_alone) == len(alone):
            return Test(
                "unsteady", kind, "fails alone, passes only after other "
                f"tests: {failed_alone[0].message}", [test_id], [], {})
        if failed_alone:
            return Test("unsteady", kind, "passes in one run, fails in "
                        f"another: {failed_alone[0].message}", [test_id],
                        [], {})
        place = 0 if runs[0].trials[test_id].failed else 1
        order = list(runs[place].trials)
        before = [one for one in order[:order.index(test_id)]
                  if one.rpartition(".")[2] not in FIXTURES]

        def fails(tests: List[str]) -> bool:
            """Return whether the test fails after some others."""
            job = self._orders[place]._replace(
                tests=[*tests, test_id], backwards=False, profile=None)
            trial = self._runners.submit(job, True).result().trials.get(
                test_id)
            return bool(trial and trial.failed)

        cause = culprit(before, fails, self._begun)
        after = f"fails after {cause}" if cause else "fails after other tests"
        return Test(
            "unsteady", kind, f"passes alone, {after}: {failed[0].message}",
            [cause, test_id] if cause else [], [], {})


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


def trial_of(run: Run, name: str) -> Trial:
    """Return what a test, or the import of a file, did in a run."""
    return run.trials.get(name) or run.unloaded.get(name) or Trial("")


def file_of(test_id: str) -> str:
    """Return the name of the file that a test stands in."""
    return test_id.split(".")[0] + ".py"


def unloaded(runs: List[Run]) -> Dict[str, str]:
    """Return which files can't be imported, and why."""
    return {name: trial.message for run in runs
            for name, trial in run.unloaded.items()}


def reasons(run: Run, steady: List[str]) -> Dict[str, str]:
    """Return which of the steady tests fail in a run, and why."""
    found = {}
    for test_id in steady:
        trial = (run.trials.get(test_id) or run.unloaded.get(file_of(test_id))
                 or run.unloaded.get(THE_SUITE))
        if trial and trial.failed and trial.ending != "not run":
            found[test_id] = trial.ending
    return found


# Who notices a mistake, told so that it is true of the test alone.

def all_witnesses(
        job: Job, sources: Sources, mistakes: List[Mistake],
        tests: Dict[str, Test], runners: Runners, alone: bool, begun: float
        ) -> Dict[int, List[Witness]]:
    """Return who notices each mistake, by kind and reason."""
    groups: List[Tuple[Mistake, Tuple[str, str], List[str]]] = []
    for mistake in mistakes:
        by_way: Dict[Tuple[str, str], List[str]] = {}
        for test_id in job.tests or []:
            test = tests[test_id]
            if mistake.number in test.notices:
                way = test.kind, test.notices[mistake.number]
                by_way.setdefault(way, []).append(test_id)
        groups.extend((mistake, way, ids) for way, ids in sorted(
            by_way.items(), reverse=True))

    def started(mistake: Mistake, test_ids: List[str]) -> "Future[Run]":
        """Start a run of a few tests on a mistake."""
        return runners.submit(job._replace(
            sources=edited(sources, mistake.edits), tests=test_ids), alone)

    firsts = [started(mistake, ids[:1]) for mistake, _, ids in groups]
    witnesses: Dict[int, List[Witness]] = {}
    for (mistake, (kind, reason), ids), first in zip(groups, firsts):
        test_id, after = ids[0], None
        if not reasons(first.result(), [test_id]):
            for other in ids[1:4]:
                if reasons(started(mistake, [other]).result(), [other]):
                    test_id = other
                    break
            else:
                order = job.tests or []
                after = culprit(
                    order[:order.index(test_id)], lambda before: bool(reasons(
                        started(mistake, [*before, test_id]).result(),
                        [test_id])), begun)
        witnesses.setdefault(mistake.number, []).append(
            Witness(kind, reason, len(ids) - 1, test_id, after))
    return witnesses


# What the sources of a suite show.

def examined(suite: Suite, assignment: Assignment) -> Tuple[
        List[Pitfall], List[Pitfall], Dict[str, str]]:
    """Return pitfalls, tests that unittest does not see, unread files."""
    pitfalls: List[Pitfall] = []
    unseen: List[Pitfall] = []
    unexamined: Dict[str, str] = {}
    code = code_of(assignment.modules)
    for name in suite.tests:
        if name not in suite.files:
            continue
        try:
            with open(suite.files[name], "rb") as file:
                source = file.read()
            pitfalls.extend(Pitfall(name, *found) for found in findings(
                source, code))
            unseen.extend(Pitfall(name, *found) for found in unseen_tests(
                source))
        except (OSError, RecursionError, SyntaxError, ValueError,
                MemoryError) as error:
            unexamined[name] = type(error).__name__
    return pitfalls, unseen, unexamined


def looks_at_source(graded: Grade) -> Optional[str]:
    """Return the one test that every notice comes from, if it is tied to all.

    Such a test fails whenever the code is changed in any way.
    """
    noticing = {test_id for mistake in graded.noticed
                for test_id in graded.noticing(mistake)}
    if len(noticing) == 1 and len(graded.rewrites) > 1:
        test_id, = noticing
        if len(graded.tests[test_id].tied) == len(graded.rewrites):
            return test_id
    return None
