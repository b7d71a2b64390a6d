#!/usr/bin/env python3
"""Way 3 to make runs: in this very interpreter, as in a browser.

The assignment's modules and the suite are loaded anew for each run. What a
run writes down, or prints if that is to be shown, goes to a function too. So
it is known elsewhere even if this interpreter does not survive the run.
"""
import io
import json
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import Any, Callable, Dict, List, Sequence, Set, Tuple

from . import inside
from .attempts import (
    LATE, OUTPUT, copy_suite, environ_for, events, known_after)
from .deadline import Deadline, TimeUp
from .protocol import NOT_HERE, Job, Result, Run
from .recorder import Recorder, record
from .refusal import MODULES, refuse
from .surroundings import imported_by, kept, load

RECURSION = 300  # frames while a test runs: a browser's stack is small
# What a run wrote down before it was lost, and how it ended.
Lost = Tuple[bytes, str]
encode = json.JSONEncoder().encode


class Exited(KeyboardInterrupt):
    """A test ended its process: that is this interpreter, so it goes on."""


class Here:
    """Runs made one after the other in this interpreter."""

    def __init__(self, folder: str, needs: Sequence[str],
                 on_line: Callable[[str], Any] = lambda line: None) -> None:
        """Import what suites need; each line of a run goes to a function."""
        self._folder = folder
        self._on_line = on_line
        load(needs)

    def run(self, job: Job, lost: Sequence[Lost] = ()) -> Run:
        """Make a run, or the rest of one that was lost, once or more."""
        run, complete, written = Run(), False, b""
        for before, end in lost:
            if job.show:
                return Run(output=shown(before, end))
            run, complete = known_after(run, before, end)
            written += before
        until = monotonic() + job.run_seconds
        while not complete:
            attempt = Attempt(job, until, self._on_line)
            more, end = attempt.make(
                {*run.results, *run.unloaded}, self._folder)
            if job.show:
                return Run(output=shown(more, end))
            run, complete = known_after(run, more, end)
            written += more
        return without_refused(run, written)

    def close(self) -> None:
        """Do nothing: there is nothing left to end."""


class Output(io.TextIOBase):
    """Tells a function each piece of what a run prints."""

    def __init__(self, on_text: Callable[[str], None]) -> None:
        """Keep whom to tell."""
        super().__init__()
        self._on_text = on_text

    def write(self, text: str) -> int:
        """Tell the function a text."""
        self._on_text(text)
        return len(text)


class Attempt:
    """One attempt to make a run, in a folder of its own."""

    def __init__(self, job: Job, until: float,
                 on_line: Callable[[str], Any]) -> None:
        """Begin with nothing written."""
        self._job = job
        self._until = until
        self._on_line = on_line
        self._lines: List[str] = []
        self._printed: List[str] = []
        self._name = ""  # of the test, class, module or file under way
        self._end = ""

    def make(self, done: Set[str], folder: str) -> Tuple[bytes, str]:
        """Return what was written, and how it ended; "" if it came to its end.

        What is done already is passed over.
        """
        root = tempfile.mkdtemp(dir=folder)
        suite = os.path.join(root, "suite")
        self._deadline = Deadline(suite)
        try:
            copy_suite(self._job, suite)
            modules = load(imported_by(sources_in(suite)))
            with kept([*modules, *MODULES]):
                os.environ.clear()
                os.environ.update(environ_for(root, self._job.seed))
                sys.path.insert(0, suite)
                sys.stdin = io.StringIO()
                sys.stdout = Output(self._print)
                sys.stderr = Output(self._report)
                inside.set_up(suite, root)
                self._guard()
                self._work(done, suite)
        finally:
            shutil.rmtree(root, ignore_errors=True)
        if self._job.show:
            text = "".join(self._printed)
            return text.encode("utf-8", "replace"), self._end
        return "".join(self._lines).encode(), self._end

    def _guard(self) -> None:
        """Refuse what can't be done here."""
        refuse(self._note_refused)
        limit = sys.setrecursionlimit

        def set_limit(depth: int) -> None:
            """Set a limit that is no higher than it may be."""
            limit(min(depth, RECURSION))

        def leave(status: int) -> None:
            """End the run as if it had a process of its own."""
            self._end = f"ended its process with status {status}"
            raise Exited

        sys.setrecursionlimit = set_limit
        os._exit = leave  # type: ignore[assignment]

    def _work(self, done: Set[str], folder: str) -> None:
        """Run the suite that is in a folder."""
        self._give_time()
        try:
            with self._deadline.watching(), ExitStack() as stack:
                stack.callback(self._deadline.set, float("inf"))
                if self._job.show:
                    inside.show(self._job.tests)
                else:
                    record(Recorder(self._write, folder, self._job),
                           self._job, done)
        except TimeUp:
            late = monotonic() > self._until
            self._end = LATE if late else (
                f"took more than {self._job.seconds:g} s")
        except Exited:
            pass
        except BaseException:
            self._end = self._end or "ended its process with status 1"

    def _write(self, event: str, name: str, *facts: Any) -> None:
        """Write down an event; what comes next has its time from now on."""
        if self._deadline.is_over:
            raise TimeUp  # A test may have caught it.
        if self._end:
            raise Exited
        if event != "refused":
            self._name = name
        line = encode([event, name, *facts]) + "\n"
        self._lines.append(line)
        self._on_line(line)
        sys.setrecursionlimit(RECURSION)
        self._give_time()

    def _note_refused(self, what: str) -> None:
        """Write down what was refused to what is under way."""
        if not self._job.show:
            self._write("refused", self._name, what)

    def _print(self, text: str) -> None:
        """Keep and tell what is printed, if that is what the run is for."""
        if self._job.show:
            self._printed.append(text)
            self._on_line(text)

    def _report(self, text: str) -> None:
        """Print what unittest says; if it is shown, each test has its time."""
        self._print(text)
        if self._job.show:
            self._give_time()

    def _give_time(self) -> None:
        """Give what comes next the time that a test may take."""
        self._deadline.set(min(
            self._job.seconds, max(0.0, self._until - monotonic())))


def sources_in(folder: str) -> List[str]:
    """Return the texts of the Python files in a folder and below."""
    return [path.read_text(encoding="utf-8", errors="replace")
            for path in sorted(Path(folder).rglob("*.py")) if path.is_file()]


def shown(output: bytes, end: str) -> str:
    """Return the last part of what unittest said, and how the run ended."""
    text = output[-OUTPUT:].decode("utf-8", "replace")
    return f"{text}\nThe run {end}.\n" if end else text


def without_refused(run: Run, written: bytes) -> Run:
    """Return a run without the failures that come of a refused call."""
    refused: Dict[str, str] = {}
    for event, name, *facts in events(written):
        if event == "refused":
            refused.setdefault(name, facts[0])
    return run._replace(
        results={name: judged_here(name, result, refused)
                 for name, result in run.results.items()},
        unloaded={name: result._replace(
            message=f"{NOT_HERE}it {refused[name]}")
            if name in refused else result
            for name, result in run.unloaded.items()})


def judged_here(name: str, result: Result, refused: Dict[str, str]) -> Result:
    """Return a result; a failure after a refused call is not one.

    The call may have been made by the test, its class or its module.
    """
    if not result.failed:
        return result
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        what = refused.get(".".join(parts[:length]))
        if what:
            return Result("skipped", f"{NOT_HERE}it {what}")
    return result
