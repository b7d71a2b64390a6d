#!/usr/bin/env python3
"""What the page of the course in a browser asks for, answered as JSON.

The page hands over texts and gets texts: nothing of a browser is used here.
It keeps each finished run. If this interpreter does not survive one, the
same question is asked again in another, with all that is known of its runs.
"""
import base64
import gc
import hashlib
import io
import json
import os
import re
import shutil
import sys
import tempfile
import zipfile
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from .assignment import (
    OWN, Assignment, Unusable, executed, read_assignment, strings)
from .command import hint
from .edits import Sources, edited
from .here import Here
from .judge import Grade, grade, job_for
from .names import module_of
from .protocol import Job, Run, RunMaker, run_from
from .report import report, report_to_hand_out
from .suite import Suite, read_suite

ROOM = tempfile.mkdtemp(prefix=".page-")
# Called with what happens: "begin" and "end" of a run with its key, a "line"
# that the run writes down or prints, or something "found" about the suite.
Tell = Callable[..., Any]
# By these modules, and by what is below them, Python reaches the browser.
BROWSER = ("js", "pyodide", "pyodide_js", "_pyodide", "_pyodide_core")
COURSE = "course/"  # What is below it is in the project that learners have.
SUITE = "my_suite"  # the folder of the tests
STEPS = ("0", "1", "2", "3", "4")

SKELETON = '''\
import unittest

import {module}


class Test{title}(unittest.TestCase):
    def test_it(self):
        self.skipTest("not written yet")
'''


class Known(NamedTuple):
    """What is known of the runs that a question leads to, by their keys.

    finished: runs as JSON. lost: of each attempt that was lost, what it had
    written down, and how it ended.
    """

    finished: Dict[str, List[Any]]
    lost: Dict[str, List[Tuple[str, str]]]


class OneByOne(RunMaker):
    """Makes runs in this interpreter, but for those that are known."""

    def __init__(self, assignment: Assignment, known: Known, tell: Tell
                 ) -> None:
        """Keep what is known, and whom to tell."""
        self._here = Here(ROOM, assignment.needs,
                          lambda line: tell("line", line))
        self._known = known
        self._tell = tell
        self._names = {
            key_of(edited(assignment.sources, mistake.edits)): mistake.name
            for mistake in assignment.mistakes}

    def submit(self, job: Job, alone: bool = False, waits: bool = False
               ) -> "Future[Run]":
        """Make a run at once; nothing ever goes on beside it."""
        del alone, waits
        future: "Future[Run]" = Future()
        future.set_result(self._run(job))
        return future

    def side_by_side(self, waits: bool) -> int:
        """Return how many runs are made at once: it is always one."""
        return 1

    def _run(self, job: Job) -> Run:
        """Return a run that is known, or make it."""
        key = key_of(job._replace(goes_on=True))  # Here each run does.
        if key in self._known.finished:
            return run_from(self._known.finished[key])
        self._tell("begin", key, job.seconds)
        run = self._here.run(job, [
            (written.encode("utf-8", "replace"), end)
            for written, end in self._known.lost.get(key, [])])
        self._tell("end", key, json.dumps(run))
        self._tell_found(job, run)
        return run

    def _tell_found(self, job: Job, run: Run) -> None:
        """Tell of each mistake, once, whether it is noticed."""
        name = self._names.pop(key_of(job.sources), "")
        if name:
            is_noticed = any(result.failed for result in [
                *run.results.values(), *run.unloaded.values()])
            self._tell("found", f"{name}: "
                       f"{'noticed' if is_noticed else 'missed'}")


def key_of(value: Any) -> str:
    """Return a key for a value that can be JSON, in any interpreter."""
    text = json.dumps(value, sort_keys=True).replace(ROOM, "")
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def close_the_browser() -> None:
    """Let nothing that is imported from now on reach the browser itself.

    urllib3 would send requests by the browser, past all that refuses the
    network. It does so only if it finds itself in one when it is imported.
    """
    platform, sys.platform = sys.platform, "linux"
    try:
        import requests
        del requests
    finally:
        sys.platform = platform
    for name in (*BROWSER, *sys.modules):
        if name.split(".")[0] in BROWSER:
            sys.modules[name] = None  # type: ignore[assignment]
    sys.meta_path[:] = [
        finder for finder in sys.meta_path
        if type(finder).__module__.split(".")[0] not in BROWSER]


def answer(question: str, tell: Tell) -> str:
    """Return the answer to a question; both are JSON objects.

    What the question asks for is its "ask". An answer with "error" says why
    there is no other.
    """
    asked = json.loads(question)
    try:
        found = ANSWERS[asked.pop("ask")](tell=tell, **asked)
    except Unusable as error:
        found = {"error": as_on_a_computer(str(error))}
    return json.dumps(found)


def as_on_a_computer(text: str) -> str:
    """Return a text with paths as they are in the project, or from a suite."""
    room = re.escape(ROOM)
    return re.sub(rf"{room}/(project/|\w+/suite/|tmp\w+/|(?={SUITE}))", "",
                  text)


def names(source: str, tell: Tell) -> Dict[str, Any]:
    """Return the names of the files that an assignment.py names."""
    file = Path(tempfile.mkdtemp(dir=ROOM), "assignment.py")
    file.write_text(source, encoding="utf-8")
    data = executed(file)
    return {"names": [*strings(data, "MODULES"), *strings(data, "BESIDE")],
            "starter": strings(data, "STARTER")}


def opened(folder: str, texts: Dict[str, str], starter: Dict[str, str],
           tell: Tell) -> Dict[str, Any]:
    """Return what the page shows of an assignment, given its files.

    They are texts by their paths from the assignment's folder, which is
    given by its path in the project.
    """
    place = Path(ROOM, "project", folder)
    for name, text in texts.items():
        file = Path(os.path.normpath(str(place / name)))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assignment = assignment_in(folder)
    return {
        "files": starter or dict(map(skeleton, assignment.modules)),
        "code": assignment.sources,
        "mistakes": [[mistake.number, mistake.name]
                     for mistake in assignment.mistakes]}


def place_of(folder: str) -> Path:
    """Return where the files of an assignment are."""
    return Path(ROOM, "project", folder)


def assignment_in(folder: str) -> Assignment:
    """Return the assignment in a folder that has been opened.

    Commands name the folder that it has on a computer.
    """
    assignment = read_assignment(place_of(folder), needs_suite=False)
    return assignment._replace(
        folder=OWN if OWN.match(folder) else Path(folder))


def skeleton(module: str) -> Tuple[str, str]:
    """Return the name and the text of a file of tests to begin with."""
    name = module_of(module)
    words = name.replace(".", "_")
    return f"test_{words}.py", SKELETON.format(
        module=name, title=words.title().replace("_", ""))


def suite_of(assignment: Assignment, files: Dict[str, str]) -> Suite:
    """Return a suite of some files."""
    folder = Path(ROOM, SUITE)
    shutil.rmtree(str(folder), ignore_errors=True)
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return read_suite(folder, assignment.sources)


def ran(folder: str, files: Dict[str, str], known: Dict[str, Any],
        tell: Tell) -> Dict[str, Any]:
    """Return what unittest says of a suite on the right code."""
    assignment = assignment_in(folder)
    job = job_for(suite_of(assignment, files), assignment.sources,
                  assignment)._replace(show=True)
    runners = OneByOne(assignment, Known(**known), tell)
    gc.collect()  # What an earlier run left is not to warn in this one.
    output = runners.submit(job).result().output
    return {"output": as_on_a_computer(output)}


def graded(folder: str, files: Dict[str, str], known: Dict[str, Any],
           tell: Tell) -> Dict[str, Any]:
    """Return the grader's report on a suite, and what is missed.

    It shows commands only for an assignment that learners have.
    """
    assignment = assignment_in(folder)
    runners = OneByOne(assignment, Known(**known), tell)
    found: Grade = grade(suite_of(assignment, files), assignment, runners)
    say = report if folder.startswith(COURSE) else report_to_hand_out
    return {"output": as_on_a_computer(say(found)),
            "missed": [mistake.number for mistake in found.missed]}


def hints(folder: str, number: int, tell: Tell) -> Dict[str, Any]:
    """Return all hints for a mistake, the first one first."""
    assignment = assignment_in(folder)
    steps = [one_hint(assignment, str(number), step) for step in STEPS]
    return {"hints": [step for step in steps if step]}


def one_hint(assignment: Assignment, number: str, step: str
             ) -> Optional[str]:
    """Return a step of a hint without the command for the next, if any."""
    try:
        lines = hint(assignment, number, step).splitlines()
    except Unusable:
        return None
    return "\n".join(line for line in lines if not line.startswith("next: "))


def packed(folder: str, files: Dict[str, str], tell: Tell) -> Dict[str, Any]:
    """Return a suite with the assignment's modules as a zip, in base64."""
    assignment = assignment_in(folder)
    sources: Sources = {**assignment.sources, **files}
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in sources.items():
            archive.writestr(f"{SUITE}/{name}", text)
    return {"zip": base64.b64encode(data.getvalue()).decode()}


ANSWERS: Dict[str, Callable[..., Dict[str, Any]]] = {
    "names": names, "open": opened, "run": ran, "grade": graded,
    "hints": hints, "zip": packed}
