#!/usr/bin/env python3
"""Way 2 to make runs: by a new Python for each, where there is no fork."""
import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from glob import glob
from typing import Iterator, List, Optional, Sequence, Set

from .attempts import COURSE, Process, environ_for, make
from .protocol import Job, Run, failed_run

WORK = (f"import sys; sys.path[0] = {COURSE!r}; "
        "from grader.inside import work_on; work_on(sys.argv.pop())")


class Fresh:
    """Runs made by new processes, of which nothing is kept."""

    def __init__(self, folder: str, needs: Sequence[str]) -> None:
        """Keep where runs are made."""
        del needs  # A suite imports what it needs.
        self._folder = folder
        self._lock = threading.Lock()
        self._closed = False
        self._alive: List["NewPython"] = []

    def run(self, job: Job) -> Run:
        """Make a run by new processes."""
        try:
            return make(job, self._start, self._folder)
        except OSError as error:
            return failed_run(str(error))

    def close(self) -> None:
        """Leave none of the processes running."""
        with self._lock:
            self._closed = True
            for process in self._alive:
                process.kill()

    def _start(self, job: Job, done: Set[str], root: str) -> Process:
        """Start a process, unless all have to end."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the runners are closed")
            self._alive = [one for one in self._alive if one.wait(0) is None]
            process = NewPython(job, done, root)
            self._alive.append(process)
        return process


class NewPython(Process):
    """A run that is made by a new Python."""

    def __init__(self, job: Job, done: Set[str], root: str) -> None:
        """Start it; what it has to do stands in a file."""
        self._root = root
        with open(os.path.join(root, "job"), "w", encoding="ascii") as file:
            json.dump([job, sorted(done)], file)
        self._process = subprocess.Popen(
            [sys.executable, "-c", WORK, root],
            env=environ_for(root, job.seed), cwd=root,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)

    def wait(self, seconds: float) -> Optional[int]:
        """Wait so long for the end; return its status, or None."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def kill(self) -> None:
        """Kill it and what it started, on Linux in other sessions too."""
        if hasattr(os, "killpg"):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        elif sys.platform == "win32":
            subprocess.call(
                ["taskkill", "/F", "/T", "/PID", str(self._process.pid)],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._process.kill()
        self._process.wait()
        killed: Set[int] = set()
        started = set(started_in(self._root))
        while started:  # Each may have started more.
            for pid in started:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            killed |= started
            started = set(started_in(self._root)) - killed


def started_in(root: str) -> Iterator[int]:
    """Yield the ids of processes that have a folder in their environment."""
    for path in glob("/proc/[0-9]*/environ"):
        with suppress(OSError), open(path, "rb") as file:
            if os.fsencode(root) in file.read():
                yield int(path.split("/")[2])
