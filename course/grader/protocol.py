#!/usr/bin/env python3
"""What travels between the grader and what makes the runs of a suite."""
from concurrent.futures import Future
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

TEST_SECONDS = 10.0  # that a test may take
RUN_SECONDS = 60.0  # that all tests of a run may take

# Of random and of hashes. The first random(), randint(0, 1) or choice() of a
# run with one is in another half than that of a run with the other.
SEED, OTHER_SEED = "1", "5"
ANY_SEED = "random"

THE_SUITE = "the suite"  # named where it is not known which file is to blame
# What the message of a test begins with that this way to run can't judge.
NOT_HERE = "not run here: "
# What fails instead of a test, named with its class or module.
FIXTURES = ("setUpClass", "tearDownClass", "setUpModule", "tearDownModule")


class Job(NamedTuple):
    """A run to make: the suite's files, and the modules to put among them.

    files: where each is, by its path in the copy; links: where each leads.
    sources: the text of the assignment's files, by their paths in the copy.
    modules: those of them in which mistakes are made.
    imported: the files to import; None for all test*.py.
    tests: the ids of those to run, in this order; None for all of them.
    passed_over: tests that are not run, and files that are not imported,
        because their result is known.
    backwards: whether the order is reversed.
    seed: of random and of hashes; again: how many runs with this seed were
        made before, of which each is to have other random numbers.
    integration: file, name and span of lines of the functions whose real
        call makes a test an integration test; None to leave kinds aside.
    seconds: how many a test may take; run_seconds: how many all of them may.
    goes_on: whether other tests are run after one that takes too long.
    show: whether to run plain unittest and keep what it says.
    trace: whether to watch what the modules' code does.
    """

    files: Dict[str, str]
    folders: List[str]
    links: Dict[str, str]
    sources: Dict[str, str]
    modules: List[str]
    imported: Optional[List[str]] = None
    tests: Optional[List[str]] = None
    passed_over: List[str] = []
    backwards: bool = False
    seed: str = "1"
    again: int = 0
    integration: Optional[List[Tuple[str, str, int, int]]] = None
    seconds: float = TEST_SECONDS
    run_seconds: float = RUN_SECONDS
    goes_on: bool = True
    show: bool = False
    trace: bool = False


class Result(NamedTuple):
    """What a test did in a run, or the import of a file that failed.

    outcome: "passed", "skipped", "assertion", "exception", "time" or "not
        run". Where the process ended in the middle of the test, it is
        "exception"; where no time was left to begin, "not run".
    message: for one that failed, where and why.
    seconds: how long it took; busy: how much of it the processor worked.
    """

    outcome: str
    message: str = ""
    kind: str = "unit"
    seconds: float = 0.0
    busy: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether unittest would call it a failure or an error."""
        return self.outcome not in ("passed", "skipped")


class Trace(NamedTuple):
    """What the assignment's code did in a test, a fixture or an import.

    lines: those that ran, by file; calls: the first lines of the functions
    that were called. came_out: a text for each thing that came out; one
    that begins with "?" can't be compared. unsure: why this is not all.
    """

    lines: Dict[str, List[int]]
    calls: Dict[str, List[int]]
    came_out: List[str]
    unsure: List[str]


class Run(NamedTuple):
    """What a run found.

    results: by the ids of tests, in the order in which they ran.
    unloaded: what is wrong with the files that can't be imported, by name.
    found: the ids of the tests that each file has, by its name.
    leaks: the names that a test, or a class, left replaced, by its id.
    reads: the modules' files whose source or code a test, a class or a file
        reads, by its name.
    stops: the tests and classes that stop the run, which goes on here.
    traces: what was watched in each test, fixture and import, if that was
        asked for.
    output: what unittest said, if that was asked for.
    """

    results: Dict[str, Result] = {}
    unloaded: Dict[str, Result] = {}
    found: Dict[str, List[str]] = {}
    leaks: Dict[str, List[str]] = {}
    reads: Dict[str, List[str]] = {}
    stops: List[str] = []
    traces: Dict[str, Trace] = {}
    output: str = ""


def failed_run(why: str, outcome: str = "exception") -> Run:
    """Return a run that has no result, because the suite prevented it."""
    return Run(unloaded={THE_SUITE: Result(outcome, why)},
               output=f"The run {why}.\n")


def run_from(fields: List[Any]) -> Run:
    """Return a run that has travelled as JSON."""
    results, unloaded, found, leaks, reads, stops, traces, output = fields
    return Run({name: Result(*facts) for name, facts in results.items()},
               {name: Result(*facts) for name, facts in unloaded.items()},
               found, leaks, reads, stops,
               {name: Trace(*facts) for name, facts in traces.items()},
               output)


class RunMaker:
    """Makes the runs that are asked for; each place to grade has its own."""

    def submit(self, job: Job, alone: bool = False, waits: bool = False
               ) -> "Future[Run]":
        """Make a run, beside others unless it is to be made alone.

        A run that does little but wait needs no core for itself.
        """
        raise NotImplementedError

    def side_by_side(self, waits: bool) -> int:
        """Return how many runs are made at once, if they wait or work."""
        raise NotImplementedError
