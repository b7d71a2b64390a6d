#!/usr/bin/env python3
"""Make runs, each in a process of its own, and watch over them.

This is the program of the processes that stand between the grader and the
runs. It has imported what suites import, so that a fork of it costs a tenth
of a new Python. A run works on a copy of the suite's files; all that it has
started is killed at its end. It is no sandbox: it stops accidents.
"""
import importlib
import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
from ast import literal_eval
from contextlib import suppress
from glob import glob
from time import monotonic
from typing import Any, BinaryIO, Iterator, List, Tuple

from .protocol import RUN_SECONDS, THE_SUITE, Job, Run, Trial
from .recorder import PR_SET_PDEATHSIG, prctl, work

OUTPUT = 2 ** 16  # bytes that are kept of what unittest says: the last
PRELOADED = (
    "unittest.mock", "argparse", "http.server", "email.utils", "logging",
    "concurrent.futures.thread", "json", "io", "os")
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
LATE = f"took more than {RUN_SECONDS:g} s together with the tests before it"


def serve(needs: List[str]) -> None:
    """Make the runs that come as lines on stdin; answer each on stdout."""
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in (*needs, *PRELOADED):
        with suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        try:
            run = make(Job(*json.loads(line)))
        except OSError as error:
            run = Run({}, {THE_SUITE: Trial("exception", str(error))}, {})
        print(json.dumps(run), flush=True)


def make(job: Job) -> Run:
    """Make a run, in as many processes as it takes to try every test."""
    run = Run({}, {}, {})
    deadline = monotonic() + RUN_SECONDS
    while True:
        written, end = attempt(job, run, deadline)
        if job.show:
            text = written.decode("utf-8", "replace")
            return run._replace(
                output=f"{text}\nThe run {end}.\n" if end else text)
        run, complete = extended(run, written, end)
        if complete:
            return run


def attempt(job: Job, known: Run, deadline: float) -> Tuple[bytes, str]:
    """Run what is not known yet; return what was written, and how it ended.

    That is "" for a run that came to its end.
    """
    root = tempfile.mkdtemp()
    try:
        plant(job, os.path.join(root, "suite"))
        with open(os.path.join(root, "channel"), "w+b") as channel, \
                open(os.path.join(root, "end"), "w+b") as at_end:
            process = multiprocessing.get_context("fork").Process(
                target=work,
                args=(job, {*known.trials, *known.unloaded}, root))
            process.start()
            try:
                end = watched(process, channel, job.seconds, deadline)
            finally:
                kill_all(process)
            if at_end.read():
                end = ""
            channel.seek(0)
            return end_of(channel) if job.show else channel.read(), end
    finally:
        shutil.rmtree(root, ignore_errors=True)


def plant(job: Job, folder: str) -> None:
    """Copy the suite's files, and put the modules among them."""
    os.mkdir(folder, 0o700)
    for name in job.folders:
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    for name, file in job.files.items():
        shutil.copy(file, os.path.join(folder, name))
    for name, target in job.links.items():
        os.symlink(target, os.path.join(folder, name))
    for name, source in job.sources.items():
        path = os.path.join(folder, name)
        with open(path, "w", encoding="utf-8") as file_:
            file_.write(source)
        os.chmod(path, 0o755)


def end_of(channel: BinaryIO) -> bytes:
    """Return what was written; of much, the last lines, and that it is so."""
    size = channel.seek(0, os.SEEK_END)
    start = channel.seek(max(0, size - OUTPUT))
    if start:
        channel.readline()  # the rest of a line
        start = channel.tell()
    note = f"[The first {start:,} of {size:,} bytes are left out.]\n"
    return (note.encode() if start else b"") + channel.read()


def watched(
        process: Any, channel: BinaryIO, seconds: float, deadline: float
        ) -> str:
    """Wait for a run to end; return why it has to, or how it did."""
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
    return f"ended its process with status {status}"


def kill_all(process: Any) -> None:
    """Kill a run and all that it started, in sessions of their own too."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    process.join()
    while sys.platform == "linux":
        # This process adopts all orphans; each killed one may leave more.
        for child in children():
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(child, 0)
        try:
            if os.waitpid(-1, os.WNOHANG) == (0, 0):
                continue
        except ChildProcessError:
            return


def children() -> Iterator[int]:
    """Yield the process ids of this process's children, on Linux."""
    for path in glob("/proc/[0-9]*/stat"):
        with suppress(OSError), open(path, errors="replace") as file:
            parent = file.read().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid():
                yield int(path.split("/")[2])


def events(written: bytes) -> Iterator[Tuple[Any, ...]]:
    """Yield what a run wrote; pass over what a test wrote in between."""
    for line in written.rpartition(b"\n")[0].splitlines():
        try:
            event = literal_eval(line.decode("ascii"))
        except (MemoryError, RecursionError, SyntaxError, ValueError):
            continue
        if isinstance(event, tuple) and len(event) >= 2:
            yield event


def extended(known: Run, written: bytes, end: str) -> Tuple[Run, bool]:
    """Return what is known after a run wrote something, and if that is all.

    Where it did not come to its end, that is due to what was under way: the
    import of a file, a test, or what comes before the first test.
    """
    trials, unloaded = dict(known.trials), dict(known.unloaded)
    leaks = {name: list(names) for name, names in known.leaks.items()}
    shares = known.shares
    importing, testing = "", ""
    left: List[str] = []
    begun = progress = False
    for event, name, *facts in events(written):
        if event == "import":
            importing = name
        elif event == "imported":
            importing = ""
        elif event == "unloaded":
            unloaded[name], importing = Trial(*facts), ""
            progress = True
        elif event == "tests":
            left, begun = facts[0], True
        elif event == "start":
            testing = name
        elif event == "end":
            trials[name], testing = Trial(*facts), ""
            progress = True
        elif event == "leak":
            leaks.setdefault(name, []).extend(
                one for one in facts[0] if one not in leaks.get(name, []))
        elif event == "shares":
            shares = True
    run = Run(trials, unloaded, leaks, shares)
    if not end:
        return run, True
    blamed = Trial("time" if end.startswith("took") else "exception", end)
    left = [name for name in left if name not in trials and name != testing]
    if importing:
        unloaded[importing] = blamed
    elif testing:
        trials[testing] = blamed
    elif not begun:
        unloaded[THE_SUITE] = blamed
        return run, True
    if end == LATE:
        blamed = Trial("not run", "was not run: the tests before it took "
                       f"more than {RUN_SECONDS:g} s together")
        trials.update((name, blamed) for name in left)
        return run, True
    if begun and not testing and not progress and left:
        first = class_name(left[0])
        blamed = blamed._replace(message=f"what comes before it {end}")
        trials.update((name, blamed) for name in left
                      if class_name(name) == first)
        left = [name for name in left if class_name(name) != first]
    return run, begun and not left


def class_name(test_id: str) -> str:
    """Return the name of a test's class, its module before it."""
    return test_id.rpartition(".")[0]
