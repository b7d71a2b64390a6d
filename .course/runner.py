#!/usr/bin/env python3
"""Run suites on given modules, each in a process that can do little harm.

`Runners` is what a grader uses. It keeps a few processes, one a core, that
run this file: each has imported what suites import, and forks a process for
every run (where there is no fork, it starts one). A run works on a copy of
the suite's folder, within limits, and all that it started is killed at its
end. This is no sandbox: it stops accidents, not attackers.
"""
import importlib
import json
import multiprocessing
import os
import shutil
import signal
import site
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from glob import glob
from time import monotonic
from typing import (
    Any, BinaryIO, Dict, Iterator, List, NamedTuple, Optional, TextIO, Tuple)

from recorder import (
    PR_SET_PDEATHSIG, Recorder, Result, class_of, prctl, record, settle, show)

TEST_SECONDS = 10.0  # that a test may take
RUN_SECONDS = 120  # that all tests of a run may take
OUTPUT = 2 ** 16  # bytes that are kept of what unittest says: the last

PRELOADED = (
    "requests", "parameterized", "unittest.mock", "argparse", "http.server",
    "email.utils", "logging", "runpy", "concurrent.futures.thread")
# What a run gets to know of the environment: no token, no proxy.
KEPT = ("COMSPEC", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATHEXT",
        "PYTHONPATH", "SYSTEMROOT", "TZ")
# Of random and of hashes. The first random(), randint(0, 1) or choice() of a
# run with one is in another half than that of a run with the other.
SEEDS = (1, 5)
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h

SUITE = "the suite"  # named where it is not known which file is to blame
DONE = 90  # exit status; no test ends its process with that by chance
LATE = f"took more than {RUN_SECONDS} s, with all before it"

# The tests' processes are forked where that can be done: it is far faster.
CONTEXT: Any = multiprocessing.get_context(
    "fork" if hasattr(os, "fork") else "spawn")


class Job(NamedTuple):
    """A run to make: the suite's folder, and the modules to put in it.

    tests: the ids of those to run; all of them unless given.
    second: whether the order is reversed, and the random seeds others.
    profile: whether to find out which are integration tests.
    seconds: how many a test may take.
    show: whether to keep what unittest says, rather than what tests do.
    """

    folder: str
    sources: Dict[str, str]
    tests: Optional[List[str]] = None
    second: bool = False
    profile: bool = False
    seconds: float = TEST_SECONDS
    show: bool = False


class Outcome(NamedTuple):
    """What a run found: tests by id, files that can't be imported by name."""

    tests: Dict[str, Result]
    broken: Dict[str, Result]
    output: str = ""


class Progress:
    """Counts the runs in one line of a terminal; elsewhere says nothing."""

    def __init__(self, stream: TextIO) -> None:
        """Show nothing before the first run."""
        self._stream = stream
        self._lock = threading.Lock()
        self._shown = ""
        self._begun = self._expected = 0

    def expect(self, runs: int) -> None:
        """Count some more runs as those that are to come."""
        with self._lock:
            self._expected += runs

    def begin(self) -> None:
        """Count a run that begins, and show it on a terminal."""
        with self._lock:
            self._begun += 1
            if self._stream.isatty():
                self._show(f"run {self._begun} of {self._expected}")

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


class Runners:
    """Processes that run suites: as many at once as there are cores."""

    def __init__(self) -> None:
        """Start nothing yet: processes are started when they are needed."""
        self.progress = Progress(sys.stderr)
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1)
        # The dot keeps it out of copies of the folder that it is in.
        self._folder = tempfile.mkdtemp(prefix=".grade-")
        self._lock = threading.Lock()
        self._closed = False
        self._all: List["subprocess.Popen[str]"] = []
        self._idle: Dict[int, List["subprocess.Popen[str]"]] = {
            seed: [] for seed in SEEDS}

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

    def submit(self, job: Job) -> "Future[Outcome]":
        """Make a run as soon as a core is free."""
        return self._pool.submit(self._run, job)

    def _run(self, job: Job) -> Outcome:
        """Have a process make a run, and wait for its answer."""
        process = self._process(SEEDS[job.second])
        self.progress.begin()
        stdin: Any = process.stdin
        stdout: Any = process.stdout
        with suppress(BrokenPipeError):
            print(json.dumps(job), file=stdin, flush=True)
        reply = stdout.readline()
        if not reply:
            return Outcome({}, {SUITE: Result(
                "exception", "ended the process that watches it")})
        self._idle[SEEDS[job.second]].append(process)
        tests, broken, output = json.loads(reply)
        return Outcome(
            {name: Result(*facts) for name, facts in tests.items()},
            {name: Result(*facts) for name, facts in broken.items()}, output)

    def _process(self, seed: int) -> "subprocess.Popen[str]":
        """Return an idle process, or a new one if there is none."""
        with self._lock:
            if self._closed:
                raise RuntimeError("the runners are closed")
            if not self._idle[seed]:
                self._all.append(self._start(seed))
                return self._all[-1]
            return self._idle[seed].pop()

    def _start(self, seed: int) -> "subprocess.Popen[str]":
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
            "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": str(seed)}
        return subprocess.Popen(
            [sys.executable, os.path.abspath(__file__)], env=environ,
            cwd=self._folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, universal_newlines=True,
            start_new_session=True)


# What follows runs in the processes that watch the runs.

def serve() -> None:
    """Make the runs that come as lines on stdin; answer each on stdout."""
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    for name in PRELOADED:
        with suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        try:
            outcome = run(Job(*json.loads(line)))
        except OSError as error:
            outcome = Outcome({}, {SUITE: Result("exception", str(error))})
        print(json.dumps(outcome), flush=True)


def run(job: Job) -> Outcome:
    """Make a run, in as many processes as it takes to try every test."""
    outcome = Outcome({}, {})
    deadline = monotonic() + RUN_SECONDS
    while True:
        written, how = attempt(job, outcome, deadline)
        if job.show:
            text = written.decode("utf-8", "replace")
            return Outcome({}, {}, f"{text}\nThe run {how}." if how else text)
        if take(written, how, outcome):
            return outcome


def attempt(job: Job, known: Outcome, deadline: float) -> Tuple[bytes, str]:
    """Run what is not known yet; return what was written, and how it ended.

    That is "" for a run that came to its end.
    """
    root = tempfile.mkdtemp()
    try:
        plant(job, os.path.join(root, "suite"))
        with open(os.path.join(root, "channel"), "w+b") as channel:
            process = CONTEXT.Process(target=work, args=(job, known, root))
            process.start()
            try:
                how = watch(process, channel, job.seconds, deadline)
            finally:
                kill_all(process)
            return end_of(channel) if job.show else channel.read(), how
    finally:
        shutil.rmtree(root, ignore_errors=True)


def end_of(channel: BinaryIO) -> bytes:
    """Return what was written; of much, the last lines, and that it is so."""
    size = channel.seek(0, os.SEEK_END)
    start = channel.seek(max(0, size - OUTPUT))
    if start:
        channel.readline()  # the rest of a line
        start = channel.tell()
    note = f"[The first {start:,} of {size:,} bytes are left out.]\n"
    return (note.encode() if start else b"") + channel.read()


def plant(job: Job, folder: str) -> None:
    """Copy the suite's folder, and put the modules in the copy."""
    with suppress(shutil.Error):  # for what can't be copied: a socket, say
        shutil.copytree(
            job.folder, folder, ignore_dangling_symlinks=True,
            ignore=shutil.ignore_patterns(".*", "__pycache__"))
    os.chmod(folder, 0o700)
    for name, source in job.sources.items():
        path = os.path.join(folder, name)
        package = os.path.splitext(path)[0]
        if os.path.exists(os.path.join(package, "__init__.py")):
            shutil.rmtree(package)  # It would be imported instead.
        with suppress(FileNotFoundError):
            os.unlink(path)
        with open(path, "w", encoding="utf-8") as file:
            file.write(source)
        os.chmod(path, 0o755)


def work(job: Job, known: Outcome, root: str) -> None:
    """Make a run, in the process that it has for itself; never return."""
    status = 1
    try:
        folder = os.path.join(root, "suite")
        channel = os.open(
            os.path.join(root, "channel"), os.O_WRONLY | os.O_APPEND)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(channel if job.show and stream else nothing, stream)
        settle(folder, root)
        if job.show:
            show()
        else:
            record(Recorder(channel, folder), job.tests,
                   {*known.tests, *known.broken}, SEEDS[job.second],
                   job.second, job.profile)
        status = DONE
    finally:
        os._exit(status)


def watch(
        process: Any, channel: BinaryIO, seconds: float, deadline: float
        ) -> str:
    """Wait for a run to end; return how it did, or why it has to."""
    written, since = 0, monotonic()
    while process.is_alive():
        process.join(0.05)
        now = monotonic()
        size = os.fstat(channel.fileno()).st_size
        if size != written:
            written, since = size, now
        if now > deadline:
            return LATE
        if now - since > seconds:
            return f"took more than {seconds:g} s"
    status = process.exitcode
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return "" if status == DONE else f"ended its process with status {status}"


def kill_all(process: Any) -> None:
    """Kill a run and all that it started, in sessions of their own too."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()
    while sys.platform == "linux":
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        for child in children():
            os.kill(child, signal.SIGKILL)


def children() -> Iterator[int]:
    """Yield this process's children; on Linux it adopts all orphans."""
    for path in glob("/proc/[0-9]*/stat"):
        with suppress(OSError), open(path, errors="replace") as file:
            parent = file.read().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid():
                yield int(path.split("/")[2])


def take(written: bytes, how: str, known: Outcome) -> bool:
    """Add to what is known what a run wrote; tell whether that is all.

    Where it did not come to its end, that is due to what was under way: the
    import of a file, a test, or what comes before the first test.
    """
    where, under_way = known.tests, ""
    left: List[str] = []
    progress = False
    for line in written.rpartition(b"\n")[0].splitlines():
        what, name, *facts = json.loads(line)
        if what == "tests":
            left = facts[0]
            where, under_way = known.tests, ""
        elif what == "import":
            where, under_way = known.broken, name
        elif what == "start":
            under_way = name
        else:
            where[name] = Result(*facts)
            under_way, progress = "", True
    if not how:
        return True
    blamed = Result("time" if how.startswith("took") else "exception", how)
    if under_way:
        where[under_way] = blamed
    elif not left:
        known.broken[SUITE] = blamed
        return True
    left = [name for name in left if name not in known.tests]
    if how == LATE:
        known.tests.update((name, blamed) for name in left)
        return True
    if not under_way and not progress:
        blamed = blamed._replace(words=f"what comes before it {how}")
        known.tests.update((name, blamed) for name in left
                           if class_of(name) == class_of(left[0]))
    return not left and where is known.tests


if __name__ == "__main__":
    serve()
