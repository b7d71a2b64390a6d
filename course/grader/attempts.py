#!/usr/bin/env python3
"""Make a run in processes, and find out from what they write what it did.

A run works on a copy of the suite's files. A process may end in the middle
of it: then another one is made for the tests that are left. How a process
is started is a matter of the caller's.
"""
import json
import os
import shutil
import site
import sys
import tempfile
from time import monotonic
from typing import (
    Any, BinaryIO, Callable, Dict, Iterator, List, NamedTuple, Optional, Set,
    Tuple)

from .edits import encoded
from .protocol import THE_SUITE, Job, Result, Run, Trace

COURSE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUTPUT = 2 ** 16  # bytes that are kept of what unittest says: the last
LATE = "took too long together with the tests before it"
# What a run gets to know of the environment: no token, no proxy.
KEPT = ("LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "PYTHONPATH",
        "PYTHONUTF8", "SYSTEMROOT", "TEMP", "TZ", "USERPROFILE")


def environ_for(folder: str, seed: str) -> Dict[str, str]:
    """Return the environment of a process that makes a run."""
    path = os.environ.get("PATH", os.defpath)
    return {
        **{name: os.environ[name] for name in KEPT if name in os.environ},
        # So that a script's `env python3` is this Python.
        "PATH": os.path.dirname(sys.executable or "") + os.pathsep + path,
        "HOME": folder, "TMPDIR": folder,
        "PYTHONUSERBASE": site.getuserbase() or "",
        # Else glibc sets 64 MiB of addresses aside for each thread.
        "MALLOC_ARENA_MAX": "2",
        "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": seed}


class Process:
    """A process that makes a run; each way to make one has its own."""

    def wait(self, seconds: float) -> Optional[int]:
        """Wait so long for the end; return its status, or None.

        The status is negative for a process that was killed by a signal.
        """
        raise NotImplementedError

    def kill(self) -> None:
        """Kill it, and whatever it has started, as far as that is known."""
        raise NotImplementedError


# Starts a process that makes the run of a job in a folder. What is in the
# set is done already.
Start = Callable[[Job, Set[str], str], Process]


def make(job: Job, start: Start, folder: str) -> Run:
    """Make a run, in as many processes as it takes to try every test.

    All that it writes is below a folder.
    """
    run, complete = Run(), False
    deadline = monotonic() + job.run_seconds
    while not complete:
        written, end = attempt(
            job, run, deadline, start, folder)
        if job.show:
            text = written.decode("utf-8", "replace")
            return run._replace(
                output=f"{text}\nThe run {end}.\n" if end else text)
        run, complete = known_after(run, written, end)
        complete = complete or not job.goes_on and any(
            result.outcome == "time" for result in run.results.values())
    return run


def attempt(job: Job, known: Run, deadline: float, start: Start,
            folder: str) -> Tuple[bytes, str]:
    """Run what is not known yet; return what was written, and how it ended.

    That is "" for a run that came to its end.
    """
    root = tempfile.mkdtemp(dir=folder)
    try:
        copy_suite(job, os.path.join(root, "suite"))
        with open(os.path.join(root, "channel"), "w+b") as channel, \
                open(os.path.join(root, "end"), "w+b") as at_end:
            process = start(job, {*known.results, *known.unloaded}, root)
            try:
                end = watched(process, channel, job.seconds, deadline)
            finally:
                process.kill()
            if at_end.read():
                end = ""
            channel.seek(0)
            return end_of(channel) if job.show else channel.read(), end
    finally:
        shutil.rmtree(root, ignore_errors=True)


def copy_suite(job: Job, folder: str) -> None:
    """Copy the suite's files, and put the modules among them."""
    os.mkdir(folder, 0o700)
    for name in job.folders:
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    for name, file in job.files.items():
        shutil.copy(file, os.path.join(folder, name))
    for name, target in job.links.items():
        link(target, os.path.join(folder, name))
    for name, source in job.sources.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file_:
            file_.write(encoded(source))
        os.chmod(path, 0o755)


def link(target: str, path: str) -> None:
    """Make a link; where a system has none, copy the file it leads to."""
    try:
        os.symlink(target, path)
    except (AttributeError, NotImplementedError, OSError):
        leads_to = os.path.join(os.path.dirname(path), target)
        if os.path.isfile(leads_to):
            shutil.copy(leads_to, path)


def end_of(channel: BinaryIO) -> bytes:
    """Return what was written; of much, the last lines, and that it is so."""
    size = channel.seek(0, os.SEEK_END)
    start = channel.seek(max(0, size - OUTPUT))
    if start:
        channel.readline()  # the rest of a line
        start = channel.tell()
    note = f"[The first {start:,} of {size:,} bytes are left out.]\n"
    return (note.encode() if start else b"") + channel.read()


def watched(process: Process, channel: BinaryIO, seconds: float,
            deadline: float) -> str:
    """Wait for a process to end; return why it has to, or how it did."""
    written, since, status = 0, monotonic(), None
    while status is None:
        status = process.wait(0.05)
        now = monotonic()
        size = os.fstat(channel.fileno()).st_size
        if size != written:
            written, since = size, now
        if now > deadline:
            return LATE
        if now - since > seconds:
            return f"took more than {seconds:g} s"
    if status < 0:
        return f"was killed by {signal_name(-status)}"
    return f"ended its process with status {status}"


def signal_name(number: int) -> str:
    """Return the name of a signal, such as SIGKILL."""
    from signal import Signals
    try:
        return Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"


# What a run has written.

class Written(NamedTuple):
    """What a run wrote down before it ended.

    run: what is known, with what was known before.
    order: the tests that it was going to run; None before it came to that.
    doing: what was under way at its end: "importing" a file, "testing",
        "leaving" a test, the name of a fixture, or "".
    name: the file, test, class or module that this is about.
    raised: the exception that ended it, if one did.
    """

    run: Run
    order: Optional[List[str]]
    doing: str
    name: str
    raised: str


# What is under way after an event.
UNDER_WAY = {
    "import": "importing", "imported": "", "unloaded": "", "tests": "",
    "module": "setUpModule", "class": "setUpClass", "start": "testing",
    "end": "leaving", "left": "tearDownClass", "class over": "tearDownModule",
    "module over": ""}


def events(written: bytes) -> Iterator[List[Any]]:
    """Yield what a run wrote; pass over what a test wrote in between."""
    for line in written.rpartition(b"\n")[0].splitlines():
        try:
            event = json.loads(line.decode("ascii"))
        except (RecursionError, ValueError):
            continue
        if isinstance(event, list) and len(event) >= 2:
            yield event


def read(known: Run, written: bytes) -> Written:
    """Return what is known after a run wrote something."""
    results, unloaded = dict(known.results), dict(known.unloaded)
    found = dict(known.found)
    leaks = {name: list(names) for name, names in known.leaks.items()}
    reads = {name: list(names) for name, names in known.reads.items()}
    stops, traces = list(known.stops), dict(known.traces)
    order, doing, about, raised = None, "", "", ""
    for event, name, *facts in events(written):
        if event in UNDER_WAY:
            doing, about = UNDER_WAY[event], name
        if event == "imported":
            found[name] = facts[0]
        elif event == "unloaded":
            unloaded[name] = Result(*facts)
        elif event == "tests":
            order = facts[0]
        elif event in ("end", "fixture"):
            results[name] = Result(*facts)
        elif event == "leak":
            add(leaks, name, facts[0])
        elif event == "reads":
            add(reads, name, facts[0])
        elif event == "stop":
            stops.append(name)
        elif event == "traced":
            traces[name] = joined(traces.get(name), Trace(*facts))
        elif event == "raised":
            raised = name
    run = Run(results, unloaded, found, leaks, reads, stops, traces)
    return Written(run, order, doing, about, raised)


def add(lists: Dict[str, List[str]], name: str, values: List[str]) -> None:
    """Add to the list of a name those values that it lacks."""
    kept = lists.setdefault(name, [])
    kept.extend(value for value in values if value not in kept)


def joined(before: Optional[Trace], after: Trace) -> Trace:
    """Return what was watched in two parts as one."""
    if before is None:
        return after
    return Trace(
        both(before.lines, after.lines), both(before.calls, after.calls),
        before.came_out + after.came_out,
        sorted({*before.unsure, *after.unsure}))


def both(before: Dict[str, List[int]], after: Dict[str, List[int]]
         ) -> Dict[str, List[int]]:
    """Return the lines in either of two dictionaries by files."""
    return {file: sorted({*before.get(file, []), *after.get(file, [])})
            for file in {**before, **after}}


def known_after(known: Run, written: bytes, end: str) -> Tuple[Run, bool]:
    """Return what is known after a run wrote something, and if that is all.

    Where it did not come to its end, that is due to what was under way.
    """
    seen = read(known, written)
    if not end:
        return seen.run, True
    results, unloaded = dict(seen.run.results), dict(seen.run.unloaded)
    run = seen.run._replace(results=results, unloaded=unloaded)
    why = f"raised {seen.raised}" if seen.raised else end
    blamed = Result("time" if end.startswith("took") else "exception", why)
    if seen.doing == "importing":
        unloaded[seen.name] = blamed
    elif seen.order is None:
        unloaded[THE_SUITE] = blamed
        return run, True
    results.update(blame(seen, blamed))
    left = [name for name in seen.order or () if name not in results]
    if end == LATE:
        results.update((name, NOT_RUN) for name in left)
    elif len(results) == len(known.results):
        # Nobody knows what to blame, and another process would do the same.
        results.update((name, blamed) for name in left)
    return run, seen.order is not None and all(
        name in results for name in left)


NOT_RUN = Result(
    "not run", "was not run: the tests before it took too long together")


def blame(seen: Written, blamed: Result) -> Dict[str, Result]:
    """Return the results of what was under way when a run ended."""
    if seen.doing == "testing":
        return {seen.name: blamed}
    if seen.doing == "leaving" and not seen.run.results[seen.name].failed:
        return {seen.name: blamed._replace(
            message=f"after its end: {blamed.message}")}
    if seen.doing.startswith("tearDown"):
        return {f"{seen.name}.{seen.doing}": blamed}
    if seen.doing.startswith("setUp"):
        of_all = blamed._replace(message=f"{seen.doing}: {blamed.message}")
        return {name: of_all for name in seen.order or ()
                if name.startswith(f"{seen.name}.")
                and name not in seen.run.results}
    return {}
