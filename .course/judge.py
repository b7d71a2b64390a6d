#!/usr/bin/env python3
"""Ask a suite the five questions, and keep the answers in a Grade.

Is it right? Does it bear a harmless rewrite of the code? Which mistakes does
it notice? Has it pitfalls? Which kind of test notices what?
"""
from functools import lru_cache
from pathlib import Path
from typing import Callable, Dict, FrozenSet, Iterator, List, NamedTuple, Tuple

from mistakes import (
    MISTAKES, REWRITES, Mistake, Rewrite, Sources, edited, wrecked)
from pitfalls import findings
from recorder import MODULES, Result
from runner import SUITE, TEST_SECONDS, Job, Outcome, Runners

PROJECT = Path(__file__).resolve().parent.parent

# On wrong code a test may take so many seconds, or so many times what the
# slowest test takes on the right code.
LEAST_SECONDS, TIMES = 5.0, 5


class Unusable(Exception):
    """What was asked for can't be done; the words say why."""


class Test(NamedTuple):
    """What was found out about a test, or a file that can't be imported.

    right: "passes", "wrong" (it fails on the right code) or "unsteady" (it
        fails there once).
    words: where and how it fails on the right code.
    tied: the names of the rewrites on which it fails.
    notices: the numbers of the mistakes on which it fails, and why.
    """

    right: str
    kind: str
    skipped: bool
    words: str
    tied: List[str]
    notices: Dict[int, str]


class Pitfall(NamedTuple):
    """A line of a file that passes and proves nothing."""

    file: str
    line: int
    what: str


class Grade(NamedTuple):
    """All that was found out about a suite.

    own: those of its files that the project's modules take the place of.
    tests: by id; a file that can't be imported stands here by its name.
    runs_code: whether any test fails where every function raises.
    """

    folder: Path
    own: List[str]
    tests: Dict[str, Test]
    runs_code: bool
    pitfalls: List[Pitfall]
    mistakes: List[Mistake]

    def are(self, right: str) -> List[str]:
        """Return the ids of the tests that are right, wrong or unsteady."""
        return [test_id for test_id, test in self.tests.items()
                if test.right == right]

    @property
    def left_out(self) -> List[str]:
        """The ids of the tests that don't count."""
        return self.are("wrong") + self.are("unsteady")

    @property
    def problems(self) -> List[str]:
        """What is wrong with the files that can't be imported."""
        return [test.words if test.words.startswith(name)
                else f"{name}: {test.words}"
                for name, test in self.tests.items()
                if test.words and (name == SUITE or name.endswith(".py"))]

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
        """The mistakes that the suite notices."""
        return [mistake for mistake in self.mistakes
                if self.noticing(mistake)]

    @property
    def missed(self) -> List[Mistake]:
        """The mistakes that the suite doesn't notice."""
        return [mistake for mistake in self.mistakes
                if not self.noticing(mistake)]

    @property
    def status(self) -> int:
        """0 if all mistakes are noticed and no test is left out, else 1."""
        return 1 if self.missed or self.left_out else 0


def project_sources() -> Sources:
    """Return the code of the project's modules, by the names of files."""
    return {name: (PROJECT / name).read_text(encoding="utf-8")
            for name in MODULES}


def suite_files(folder: Path) -> List[Path]:
    """Return the files of a suite; raise Unusable if there is none."""
    try:
        if not folder.exists():
            raise Unusable(f"{folder}: there is no such folder")
        if not folder.is_dir():
            raise Unusable(f"{folder}: this is a file, not a folder")
        files = sorted(path for path in folder.iterdir()
                       if path.match("test*.py") and path.is_file())
    except OSError as error:
        raise Unusable(f"{folder}: {error.strerror}") from error
    if not files:
        raise Unusable(f"{folder}: there is no test*.py in it")
    return files


def grade(
        folder: Path, runners: Runners, mistakes: List[Mistake] = MISTAKES,
        rewrites: List[Rewrite] = REWRITES, seconds: float = TEST_SECONDS
        ) -> Grade:
    """Ask a suite the five questions; each test may take some seconds."""
    files = suite_files(folder)
    sources = project_sources()
    job = Job(str(folder.resolve()), sources, seconds=seconds)
    # Two on the right code, one on the wrecked, one on every change.
    runners.progress.expect(3 + len(rewrites) + len(mistakes))
    runs = [runners.submit(job._replace(profile=True)),
            runners.submit(job._replace(second=True))]
    first, second = (run.result() for run in runs)
    tests = compared(first, second)
    steady = [test_id for test_id, test in tests.items()
              if test.right == "passes" and not test.skipped]
    slowest = max((run.tests[test_id].seconds for test_id in steady
                   for run in (first, second)), default=0.0)
    job = job._replace(tests=steady, seconds=max(
        min(LEAST_SECONDS, seconds), TIMES * slowest))

    def failures(changed: Sources) -> Callable[[], Dict[str, str]]:
        """Start a run on other code; return what waits for its failures."""
        run = runners.submit(job._replace(sources=changed))
        return lambda: reasons(run.result(), steady)

    runs_code = False
    if steady:
        wreck = failures({
            name: source if name == "fixtures.py" else wrecked(source)
            for name, source in sources.items()})
        tied = {rewrite.name: failures(edited(sources, rewrite.edits))
                for rewrite in rewrites}
        noticed = {mistake.number: failures(edited(sources, mistake.edits))
                   for mistake in mistakes}
        runs_code = bool(wreck())
        for name, failed in tied.items():
            for test_id in failed():
                tests[test_id].tied.append(name)
        for number, failed in noticed.items():
            for test_id, reason in failed().items():
                tests[test_id].notices[number] = reason
    own = [name for name in MODULES
           if folder.resolve() != PROJECT and (folder / name).exists()]
    return Grade(folder, own, tests, runs_code, [
        pitfall for path in files for pitfall in pitfalls(path)], mistakes)


def compared(first: Outcome, second: Outcome) -> Dict[str, Test]:
    """Compare two runs on the right code, test by test."""
    runs: List[Dict[str, Result]] = [
        {**run.broken, **run.tests} for run in (first, second)]
    tests = {}
    for test_id in {**runs[0], **runs[1]}:
        results = [run[test_id] for run in runs if test_id in run]
        failed = [result for result in results if result.failed]
        tests[test_id] = Test(
            "passes" if not failed
            else "wrong" if len(failed) == len(results) else "unsteady",
            results[0].kind, results[0].outcome == "skipped",
            failed[0].words if failed else "", [], {})
    return tests


def reasons(run: Outcome, steady: List[str]) -> Dict[str, str]:
    """Return which of the steady tests fail in a run, and why."""
    found = {}
    for test_id in steady:
        file = test_id.split(".")[0] + ".py"
        result = (run.tests.get(test_id) or run.broken.get(file)
                  or run.broken.get(SUITE))
        if result and result.failed:
            found[test_id] = result.outcome
    return found


def pitfalls(path: Path) -> Iterator[Pitfall]:
    """Yield the pitfalls in a file; none in one that can't be parsed."""
    try:
        for line, what in findings(path.read_bytes()):
            yield Pitfall(path.name, line, what)
    except (OSError, RecursionError, SyntaxError, ValueError):
        return


def smallest_set(tests: Dict[str, Test]) -> List[str]:
    """Return as few tests as notice all that these tests notice."""
    ids: Dict[FrozenSet[int], str] = {}
    for test_id, test in tests.items():
        ids.setdefault(frozenset(test.notices), test_id)
    useful = [numbers for numbers in ids
              if not any(numbers < others for others in ids)]

    @lru_cache(maxsize=None)
    def cover(left: FrozenSet[int]) -> Tuple[FrozenSet[int], ...]:
        """Return as few of the useful sets as hold all these numbers."""
        if not left:
            return ()
        rarest = min(sorted(left), key=lambda number: sum(
            number in numbers for numbers in useful))
        return min(((numbers, *cover(left - numbers)) for numbers in useful
                    if rarest in numbers), key=len)

    return [ids[numbers] for numbers in cover(frozenset().union(*ids))]
