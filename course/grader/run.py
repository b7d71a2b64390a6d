#!/usr/bin/env python3
"""Have runs made by processes that watch over them, one for each core.

A run that could meet another, at a port, a file or the clock, is made while
no other goes on.
"""
import json
import os
import shutil
import site
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any, Dict, Iterator, List, Sequence, TextIO

from .protocol import THE_SUITE, Job, Run, Trial

# What a run gets to know of the environment: no token, no proxy.
KEPT = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "TZ")
# Of random and of hashes. The first random(), randint(0, 1) or choice() of a
# run with one is in another half than that of a run with the other.
SEED, OTHER_SEED = "1", "5"
ANY_SEED = "random"
COURSE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WATCH = (f"import sys; sys.path[0] = {COURSE!r}; "
         "from grader.watcher import serve; serve(sys.argv[1:])")


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


class Gate:
    """Lets many pass side by side, or one alone."""

    def __init__(self) -> None:
        """Begin with nobody inside."""
        self._changed = threading.Condition()
        self._inside = 0
        self._waiting = 0

    @contextmanager
    def side_by_side(self) -> Iterator[None]:
        """Be inside as long as nobody wants to be alone."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._inside >= 0 and not self._waiting)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be inside while nobody else is."""
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: self._inside == 0)
            self._waiting -= 1
            self._inside = -1
        try:
            yield
        finally:
            with self._changed:
                self._inside = 0
                self._changed.notify_all()


class Runners:
    """Processes that run suites: as many at once as there are cores."""

    def __init__(self, needs: Sequence[str] = ()) -> None:
        """Start nothing yet; what suites need is imported by each process."""
        self.progress = Progress(sys.stderr)
        self._needs = list(needs)
        self._gate = Gate()
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1)
        # The dot keeps it out of copies of the folder that it is in.
        self._folder = tempfile.mkdtemp(prefix=".grade-")
        self._lock = threading.Lock()
        self._closed = False
        self._all: List["subprocess.Popen[str]"] = []
        self._idle: Dict[str, List["subprocess.Popen[str]"]] = {}

    def __enter__(self) -> "Runners":
        """Return the object itself."""
        return self

    def __exit__(self, *_: Any) -> None:
        """Leave nothing running, and no file or line behind."""
        with self._lock:
            self._closed = True
            for process in self._all:
                process.terminate()
        self._pool.shutdown()
        for process in self._all:
            process.communicate()
        shutil.rmtree(self._folder, ignore_errors=True)
        with self.progress.hidden():
            pass

    def submit(self, job: Job, alone: bool = False) -> "Future[Run]":
        """Make a run as soon as a core is free, or while all others wait."""
        self.progress.expect()
        return self._pool.submit(self._pass_gate, job, alone)

    def _pass_gate(self, job: Job, alone: bool) -> Run:
        """Wait until a run may be made, and make it."""
        gate = self._gate.alone if alone else self._gate.side_by_side
        with gate():
            return self._run(job)

    def _run(self, job: Job) -> Run:
        """Have a process make a run, and wait for its answer."""
        process = self._process(job.seed)
        self.progress.begin()
        stdin: Any = process.stdin
        stdout: Any = process.stdout
        with suppress(BrokenPipeError):
            print(json.dumps(job), file=stdin, flush=True)
        reply = stdout.readline()
        if not reply:
            why = "ended the process that watches it"
            return Run({}, {THE_SUITE: Trial("exception", why)}, {},
                       output=f"The run {why}.\n")
        with self._lock:
            self._idle.setdefault(job.seed, []).append(process)
        trials, unloaded, leaks, shares, output = json.loads(reply)
        return Run(
            {name: Trial(*facts) for name, facts in trials.items()},
            {name: Trial(*facts) for name, facts in unloaded.items()},
            leaks, shares, output)

    def _process(self, seed: str) -> "subprocess.Popen[str]":
        """Return an idle process, or a new one if there is none."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the runners are closed")
            if not self._idle.get(seed):
                self._all.append(self._start(seed))
                return self._all[-1]
            return self._idle[seed].pop()

    def _start(self, seed: str) -> "subprocess.Popen[str]":
        """Start a process that is told nothing but what a run needs."""
        path = os.environ.get("PATH", os.defpath)
        environ = {
            **{name: os.environ[name] for name in KEPT if name in os.environ},
            # So that a script's `env python3` is this Python.
            "PATH": os.path.dirname(sys.executable) + os.pathsep + path,
            "HOME": self._folder, "TMPDIR": self._folder,
            "PYTHONUSERBASE": site.getuserbase(),
            # Else glibc sets 64 MiB of addresses aside for each thread.
            "MALLOC_ARENA_MAX": "2",
            "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": seed}
        return subprocess.Popen(
            [sys.executable, "-c", WATCH, *self._needs], env=environ,
            cwd=self._folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, universal_newlines=True,
            start_new_session=True)
