#!/usr/bin/env python3
"""What travels between the grader and the processes that run a suite."""
from typing import Dict, List, NamedTuple, Optional, Tuple

TEST_SECONDS = 10.0  # that a test may take
RUN_SECONDS = 60.0  # that all tests of a run may take

THE_SUITE = "the suite"  # named where it is not known which file is to blame


class Job(NamedTuple):
    """A run to make: the suite's files, and the modules to put among them.

    files: where each is, by its path in the copy; links: where each leads.
    sources: the code of the modules, by the names of their files.
    modules: those of them in which mistakes are made.
    tests: the ids of those to run, in this order; all of them if it is None.
    passed_over: files that are not imported, and tests that are not run,
        for it is known what comes of it.
    backwards: whether the order is reversed.
    seed: of random and of hashes.
    profile: file, name and span of lines of the functions whose real call
        makes a test an integration test; None if nothing is to be found out.
    seconds: how many a test may take.
    show: whether to run plain unittest and keep what it says.
    """

    files: Dict[str, str]
    folders: List[str]
    links: Dict[str, str]
    sources: Dict[str, str]
    modules: List[str]
    tests: Optional[List[str]] = None
    passed_over: List[str] = []
    backwards: bool = False
    seed: str = "1"
    profile: Optional[List[Tuple[str, str, int, int]]] = None
    seconds: float = TEST_SECONDS
    show: bool = False


class Trial(NamedTuple):
    """What a test did in a run, or the import of a file that failed.

    ending: "passed", "skipped", "assertion", "exception", "time" or "not
        run". Where the process ended in the middle of the test, it is
        "exception"; where no time was left to begin, "not run".
    message: for one that failed, where and why.
    """

    ending: str
    message: str = ""
    kind: str = "unit"
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether unittest would call it a failure or an error."""
        return self.ending not in ("passed", "skipped")


class Run(NamedTuple):
    """What a run found.

    trials: by the ids of tests, in the order in which they ran.
    unloaded: what is wrong with the files that can't be imported, by name.
    leaks: the names that a test, or a class, left replaced, by its id.
    shares: whether it used what another run might use at the same time: a
        port, a file, a process, the clock.
    output: what unittest said, if that was asked for.
    """

    trials: Dict[str, Trial]
    unloaded: Dict[str, Trial]
    leaks: Dict[str, List[str]]
    shares: bool = False
    output: str = ""
