#!/usr/bin/env python3
"""Make each run by a fork of this process, and watch over it.

This is the program of the processes that stand between the grader and the
runs. It has imported what suites import, so that a fork of it costs a tenth
of a new Python. All that a run has started is killed at its end. It is no
sandbox: it stops accidents.
"""
import ctypes
import importlib
import json
import os
import select
import signal
import sys
from contextlib import suppress
from glob import glob
from time import monotonic, sleep
from typing import Any, Iterator, List, Optional, Set

from . import inside
from .attempts import Process, make
from .protocol import Job, failed_run

PRELOADED = (
    "unittest.mock", "argparse", "asyncio", "http.server", "email.utils",
    "logging", "concurrent.futures.thread", "json", "io", "os")
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
BEAT = 1.0  # seconds between two signs of life


def serve(needs: List[str]) -> None:
    """Make the runs that come as lines on stdin; answer each on stdout."""
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in (*needs, *PRELOADED):
        with suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        try:
            run = make(Job(*json.loads(line)), Fork, os.getcwd())
        except OSError as error:
            run = failed_run(str(error))
        print(json.dumps(run), flush=True)


def prctl(option: int, value: int) -> None:
    """Set what only Linux has; elsewhere a little less is cleaned up."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def end(*_: Any) -> None:
    """End this process, and all below it, without waiting for anything."""
    if Fork.latest:
        Fork.latest.kill()
    os._exit(128 + signal.SIGTERM)


class Fork(Process):
    """A run that is made by a fork of this process."""

    latest: Optional["Fork"] = None

    def __init__(self, job: Job, done: Set[str], root: str) -> None:
        """Fork; the other process works on the job and never returns."""
        Fork.latest = self
        self._is_over = False
        self._beat = monotonic()
        # The reading end is ready when no process has the other any more.
        self._ended, alive = os.pipe()
        sys.stdout.flush()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.setsid()
                prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                signal.signal(signal.SIGINT, signal.default_int_handler)
                inside.work(job, done, root)
            finally:
                os._exit(1)
        os.close(alive)

    def wait(self, seconds: float) -> Optional[int]:
        """Wait so long for the end; return its status, or None."""
        if monotonic() - self._beat > BEAT:
            self._beat = monotonic()
            print(flush=True)
        ready, _, _ = select.select([self._ended], [], [], seconds)
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        self._is_over = bool(pid)
        if not pid:
            if ready:  # It has closed its end, or written to it.
                sleep(seconds)
            return None
        if os.WIFSIGNALED(status):
            return -os.WTERMSIG(status)
        return os.WEXITSTATUS(status)

    def kill(self) -> None:
        """Kill it and all that it started, in sessions of their own too."""
        with suppress(OSError):
            os.close(self._ended)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)
        if not self._is_over:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
            self._is_over = True
        while sys.platform == "linux":
            # This process adopts all orphans; each killed one may leave more.
            try:
                os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:  # There are none.
                return
            for child in children():
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)
                with suppress(ChildProcessError):
                    os.waitpid(child, 0)


def children() -> Iterator[int]:
    """Yield the process ids of this process's children, on Linux."""
    for path in glob("/proc/[0-9]*/stat"):
        with suppress(OSError), open(path, errors="replace") as file:
            parent = file.read().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid():
                yield int(path.split("/")[2])
