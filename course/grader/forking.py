#!/usr/bin/env python3
"""Way 1 to make runs: by forks of processes that have everything loaded."""
import json
import os
import select
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any, Dict, List, Optional, Sequence

from .attempts import COURSE, environ_for
from .protocol import Job, Run, failed_run, run_from

WATCH = (f"import sys; sys.path[0] = {COURSE!r}; "
         "from grader.watcher import serve; serve(sys.argv[1:])")
SILENCE = 15.0  # seconds after which a process that watches is given up
ENDING = 5.0  # seconds that it has to end what it watches


class Forking:
    """Processes that fork: each makes one run at a time."""

    def __init__(self, folder: str, needs: Sequence[str]) -> None:
        """Start nothing yet; what suites need is imported by each process."""
        self._folder = folder
        self._needs = list(needs)
        self._lock = threading.Lock()
        self._closed = False
        self._all: List["subprocess.Popen[bytes]"] = []
        self._idle: Dict[str, List["subprocess.Popen[bytes]"]] = {}

    def run(self, job: Job) -> Run:
        """Have a process make a run, and wait for its answer."""
        process = self._process(job.seed)
        stdin: Any = process.stdin
        with suppress(BrokenPipeError):
            stdin.write(json.dumps(job).encode() + b"\n")
            stdin.flush()
        reply = answer_of(process)
        if not reply:
            process.kill()
            return failed_run(
                "stopped or ended the process that watches it",
                "time" if reply is None else "exception")
        with self._lock:
            self._idle.setdefault(job.seed, []).append(process)
        return run_from(json.loads(reply))

    def close(self) -> None:
        """Leave none of the processes running."""
        with self._lock:
            self._closed = True
            for process in self._all:
                process.terminate()
        for process in self._all:
            try:
                process.wait(ENDING)
            except subprocess.TimeoutExpired:
                process.kill()  # It was stopped.
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with suppress(BrokenPipeError):
                    pipe.close()  # type: ignore[union-attr]

    def _process(self, seed: str) -> "subprocess.Popen[bytes]":
        """Return an idle process, or a new one if there is none."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the runners are closed")
            if self._idle.get(seed):
                return self._idle[seed].pop()
            process = subprocess.Popen(
                [sys.executable, "-c", WATCH, *self._needs], bufsize=0,
                env=environ_for(self._folder, seed), cwd=self._folder,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, start_new_session=True)
            self._all.append(process)
            return process


def answer_of(process: "subprocess.Popen[bytes]") -> Optional[bytes]:
    """Return the line that a process answers; b"" if it ends first.

    None if it is silent for too long.
    As long as it waits for a run it gives signs of life: empty lines.
    """
    stdout: Any = process.stdout
    answer = b""
    while not answer.endswith(b"\n") or not answer.strip():
        ready, _, _ = select.select([stdout], [], [], SILENCE)
        if not ready:
            return None
        part = os.read(stdout.fileno(), 2 ** 16)
        if not part:
            return b""
        answer += part
    return answer.strip()
