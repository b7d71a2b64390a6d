#!/usr/bin/env python3
"""Have runs made, several side by side, in one of the ways to make them."""
import os
import shutil
import sys
import tempfile
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Iterator, Sequence, TextIO, Union

from .forking import Forking
from .fresh import Fresh
from .protocol import Job, Run, RunMaker

WAITING = 8  # how many runs that wait there may be for each core


class Progress:
    """Counts runs in a line of a terminal; elsewhere names finished suites."""

    def __init__(self, stream: TextIO) -> None:
        """Show nothing before the first run."""
        self._stream = stream
        self._lock = threading.Lock()
        self._shown = ""
        self._begun = self._expected = 0

    def expect(self) -> None:
        """Count one more run as one that is to come."""
        with self._lock:
            self._expected += 1

    def begin(self) -> None:
        """Count a run that begins, and show it on a terminal."""
        with self._lock:
            self._begun += 1
            if self._stream.isatty():
                self._show(f"run {self._begun} of {self._expected}")

    def finished(self, line: str) -> None:
        """Say that a suite is graded, where no terminal counts the runs."""
        with self._lock:
            if not self._stream.isatty():
                print(line, file=self._stream, flush=True)

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Clear the line, and keep it so within the context."""
        with self._lock:
            self._show("")
            yield

    def _show(self, line: str) -> None:
        """Put a line in the place of the one that is shown."""
        if line or self._shown:
            blank = " " * len(self._shown)
            self._stream.write(f"\r{blank}\r{line}")
            self._stream.flush()
        self._shown = line


class SharedLock:
    """A lock that many hold side by side, or one alone."""

    def __init__(self) -> None:
        """Begin with nobody who holds it."""
        self._changed = threading.Condition()
        self._holders = 0
        self._waiting = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold it beside others, once nobody wants to be alone."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._holders >= 0 and not self._waiting)
            self._holders += 1
        try:
            yield
        finally:
            with self._changed:
                self._holders -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold it while nobody else does."""
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: self._holders == 0)
            self._waiting -= 1
            self._holders = -1
        try:
            yield
        finally:
            with self._changed:
                self._holders = 0
                self._changed.notify_all()


class Runners(RunMaker):
    """Make the runs that are submitted: as many at once as there are cores."""

    def __init__(self, needs: Sequence[str] = (), fresh: bool = False
                 ) -> None:
        """Choose a way: a new Python for each run, or forks if there are."""
        self.progress = Progress(sys.stderr)
        self._lock = SharedLock()
        self._pool = ThreadPoolExecutor(self.side_by_side(False))
        self._waiting = ThreadPoolExecutor(self.side_by_side(True))
        # The dot keeps it out of copies of the folder that it is in.
        self._folder = tempfile.mkdtemp(prefix=".grade-")
        self._way: Union[Forking, Fresh] = (
            Fresh(self._folder, needs) if fresh or not hasattr(os, "fork")
            else Forking(self._folder, needs))

    def __enter__(self) -> "Runners":
        """Return the object itself."""
        return self

    def __exit__(self, *_: Any) -> None:
        """Leave nothing running, and no file or line behind."""
        self._way.close()
        self._pool.shutdown()
        self._waiting.shutdown()
        shutil.rmtree(self._folder, ignore_errors=True)
        with self.progress.hidden():
            pass

    def side_by_side(self, waits: bool) -> int:
        """Return how many runs are made at once, if they wait or work."""
        return (os.cpu_count() or 1) * (WAITING if waits else 1)

    def submit(self, job: Job, alone: bool = False, waits: bool = False
               ) -> "Future[Run]":
        """Make a run as soon as a core is free, or while all others wait."""
        self.progress.expect()
        pool = self._waiting if waits else self._pool
        return pool.submit(self._run, job, alone)

    def _run(self, job: Job, alone: bool) -> Run:
        """Wait until a run may be made, and make it."""
        with self._lock.alone() if alone else self._lock.shared():
            self.progress.begin()
            return self._way.run(job)
