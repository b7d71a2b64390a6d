#!/usr/bin/env python3
"""Tests of runs in this very interpreter, as the page in a browser makes them.

They need sys.monitoring, which is there from Python 3.12 on.
"""
import logging
import os
import random
import signal
import sys
import tempfile
import threading
import unittest
import warnings
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Dict, List

from parameterized import parameterized

from grader import judge
from grader.assignment import OWN, read_assignment
from grader.deadline import Deadline, TimeUp
from grader.here import Here
from grader.protocol import Job, Result, Run, RunMaker
from grader.refusal import MODULES, NotHere, refuse
from grader.run import Runners
from grader.suite import own_suite, read_suite
from grader.surroundings import imported_by, kept

from .test_ways import ODD, STARTER, cells, odd_suite

ASSIGNMENT = read_assignment(OWN)._replace(test_seconds=1.0)
HAS_MONITORING = hasattr(sys, "monitoring")
NEEDS_MONITORING = "sys.monitoring is there from Python 3.12 on"
# Odd tests that one interpreter judges as a process of its own does.
LOOP = "while True: pass"
SAME = {
    **{name: line for name, line in ODD.items()
       if name not in ("hashes", "spawn")},
    "recursion": "\n        ".join([
        "def deeper(): deeper()", "deeper()"]),
    "exits_by_an_error": "sys.exit(3)",
    "interrupted": "raise KeyboardInterrupt",
    "no_stdout": "sys.stdout = None",
    "logging_disabled": "import logging; logging.disable(50)",
    "tracer_replaced": "sys.settrace(lambda *a: None)",
    "real_request": "import requests; requests.get('http://192.0.2.1')",
}
ENDLESS = {
    "endless_but_caught": "\n        ".join([
        "while True:", "    try:", f"        {LOOP}",
        "    except BaseException: pass"]),
    "endless_and_continued": "\n        ".join([
        "while True:", "    try:", f"        {LOOP}",
        "    finally: continue"]),
}
# Odd tests that are not judged here, by what they do.
REFUSED = {
    "thread": ("threading.Thread(target=print).start()", "starts a thread"),
    "bare_thread": ("import _thread; _thread.start_new_thread(print, ())",
                    "starts a thread"),
    "fork": ("os.fork()", "starts a process"),
    "command": ("import subprocess; subprocess.run(['true'])",
                "starts a process"),
    "spawn": (ODD["spawn"], "uses multiprocessing"),
    "queue": ("multiprocessing.Queue()", "uses multiprocessing"),
    "process_pool": ("import concurrent.futures as futures; "
                     "futures.ProcessPoolExecutor()", "starts a process"),
    "signal": ("import signal; signal.alarm(9)", "uses signals"),
    "kill": ("os.kill(os.getpid(), 9)", "sends a signal"),
    "server": ("import socketserver; socketserver.TCPServer("
               "('127.0.0.1', 0), None)", "uses a socket"),
    "asyncio": ("import asyncio; asyncio.run(None)", "uses asyncio"),
    "asynchronous_test": ("\n        ".join([
        "class TestAsync(unittest.IsolatedAsyncioTestCase):",
        "    async def test(self): pass",
        "TestAsync('test').debug()"]), "uses asyncio"),
    "event_loop": ("import asyncio; asyncio.get_event_loop()",
                   "uses asyncio"),
}


class InTurn(RunMaker):
    """Makes runs in this interpreter, one after the other."""

    def __init__(self, folder: str) -> None:
        """Keep where runs are made."""
        self._here = Here(folder, ASSIGNMENT.needs)

    def submit(self, job: Job, alone: bool = False, waits: bool = False
               ) -> "Future[Run]":
        """Make a run at once."""
        future: "Future[Run]" = Future()
        future.set_result(self._here.run(job))
        return future

    def side_by_side(self, waits: bool) -> int:
        """Return how many runs are made at once: one."""
        return 1


class HereTestCase(unittest.TestCase):
    """Tests that need a folder."""

    def setUp(self) -> None:
        """Make a folder, which is gone after the test."""
        folder = tempfile.TemporaryDirectory(prefix=".grade-")
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def suites(self, lines: Dict[str, str]) -> Any:
        """Return a suite with a file for each odd test, by their names."""
        folder = self.folder / "suite"
        folder.mkdir()
        for name, line in lines.items():
            (folder / f"test_{name}.py").write_text(odd_suite(line))
        return read_suite(folder, ASSIGNMENT.sources)

    def suite(self, line: str) -> Any:
        """Return a suite whose odd test has this line."""
        return self.suites({"odd": line})

    def here(self, suite: Any, numbers: List[int]) -> judge.Grade:
        """Return the grade of a suite by this interpreter."""
        return judge.grade(suite, ASSIGNMENT, InTurn(str(self.folder)),
                           mistakes(numbers), [])


def mistakes(numbers: List[int]) -> List[Any]:
    """Return some mistakes by their numbers."""
    return [mistake for mistake in ASSIGNMENT.mistakes
            if mistake.number in numbers]


def by_processes(suite: Any, numbers: List[int]) -> Dict[str, Any]:
    """Return the cells of a suite by runs in processes of their own."""
    with Runners(ASSIGNMENT.needs) as runners:
        return cells(judge.grade(
            suite, ASSIGNMENT, runners, mistakes(numbers), []))


@unittest.skipUnless(HAS_MONITORING, NEEDS_MONITORING)
class TestSameCells(HereTestCase):
    """Tests that a suite gets the same here as in processes of its own."""

    def test_starter(self) -> None:
        """The starter has the same cells, and the same reasons."""
        suite = read_suite(STARTER, ASSIGNMENT.sources)
        graded = self.here(suite, [2, 3, 15, 17])
        self.assertEqual(cells(graded), by_processes(suite, [2, 3, 15, 17]))
        self.assertEqual(
            {number: found.reason for number, found in graded.reasons.items()},
            {3: "not reached", 15: "not reached"})

    def test_model_suites(self) -> None:
        """So have the model suites, but for the test that needs a thread."""
        threaded = "test_client.TestGithubOrgClientOverLoopback." \
            "test_public_repos"
        here = cells(self.here(own_suite(ASSIGNMENT), [1, 10, 20]))
        expected = by_processes(own_suite(ASSIGNMENT), [1, 10, 20])
        self.assertEqual(here.pop(threaded).verdict, "skipped")
        self.assertEqual(expected.pop(threaded).verdict, "passes")
        self.assertEqual(here, expected)

    def test_odd(self) -> None:
        """Odd tests are judged the same, and so is the one after each."""
        suite = self.suites(SAME)
        here = cells(self.here(suite, [2]))
        self.assertEqual(here, by_processes(suite, [2]))
        self.assertEqual(len(here), 2 + 2 * len(SAME))

    def test_endless(self) -> None:
        """An endless loop is ended, whatever it catches."""
        suite = self.suites(ENDLESS)
        here = cells(self.here(suite, []))
        self.assertEqual(here, by_processes(suite, []))
        self.assertEqual(
            here["test_endless_but_caught.TestBad.test_bad"].message,
            "took more than 1 s")

    def test_refused(self) -> None:
        """What a browser can't do counts for nothing, and is told."""
        graded = self.here(self.suites({
            name: line for name, (line, _) in REFUSED.items()}), [2])
        self.assertEqual({
            name: (test.verdict, test.message)
            for name, test in graded.tests.items() if name.endswith("bad")}, {
            f"test_{name}.TestBad.test_bad":
            ("skipped", f"not run here: it {what}")
            for name, (_, what) in REFUSED.items()})
        self.assertEqual({
            tuple(test.notices) for name, test in graded.tests.items()
            if name.endswith("good")}, {(2,)})

    def test_message_of_a_refusal_decides_nothing(self) -> None:
        """An error with the same words is a failure like any other."""
        graded = self.here(self.suite(
            "raise RuntimeError(\"a browser can't do this\")"), [])
        self.assertEqual(
            graded.tests["test_odd.TestBad.test_bad"].verdict, "wrong")


@unittest.skipUnless(HAS_MONITORING, NEEDS_MONITORING)
class TestLost(HereTestCase):
    """Tests of a run that an interpreter did not survive."""

    def test_rest(self) -> None:
        """The test that was under way is blamed; the others are run."""
        suite = self.suite("self.fail()")
        job = judge.job_for(suite, ASSIGNMENT.sources, ASSIGNMENT)
        lines: List[str] = []
        Here(str(self.folder), [], lines.append).run(job)
        start = next(place for place, line in enumerate(lines)
                     if line.startswith('["start", "test_odd.TestBad'))
        written = "".join(lines[:start + 1]).encode()
        run = Here(str(self.folder), []).run(
            job, [(written, "ended the interpreter")])
        self.assertEqual(
            {name: (result.outcome, result.message)
             for name, result in run.results.items()},
            {"test_odd.TestBad.test_bad":
             ("exception", "ended the interpreter"),
             "test_odd.TestGood.test_good": ("passed", "")})


@unittest.skipUnless(HAS_MONITORING, NEEDS_MONITORING)
class TestShow(HereTestCase):
    """Tests of a run that shows what unittest says."""

    def show(self, line: str, *lost: Any) -> str:
        """Return what is shown of a suite, and keep what is told."""
        job = judge.job_for(self.suite(line), ASSIGNMENT.sources, ASSIGNMENT)
        self.told: List[str] = []
        return Here(str(self.folder), [], self.told.append).run(
            job._replace(show=True), lost).output

    def test_told(self) -> None:
        """What is printed is told at once, as it is shown in the end."""
        output = self.show("print('it is printed')")
        self.assertIn("it is printed", output)
        self.assertEqual("".join(self.told), output)

    def test_lost(self) -> None:
        """A lost run shows what it printed, and how it ended."""
        output = self.show("pass", (b"printed\n", "ended the interpreter"))
        self.assertEqual(
            output, "printed\n\nThe run ended the interpreter.\n")
        self.assertEqual(self.told, [])

    def test_seconds_of_each_test(self) -> None:
        """Tests that take long together have time each."""
        self.assertIn("\nOK", self.show("\n    ".join([
            "time.sleep(0.6)", *(line for number in range(2) for line in (
                f"def test_slow_{number}(self):", "    time.sleep(0.6)"))])))

    def test_endless_print(self) -> None:
        """What a test prints gives it no more time."""
        self.assertTrue(self.show("while True: print(end='.')").endswith(
            "\nThe run took more than 1 s.\n"))

    def test_refused(self) -> None:
        """A refused call is told by unittest alone."""
        output = self.show("os.fork()")
        self.assertIn("a browser can't do this: it starts a process", output)
        self.assertEqual("".join(self.told), output)


@unittest.skipUnless(HAS_MONITORING, NEEDS_MONITORING)
class TestDeadline(HereTestCase):
    """Unit tests of the end of endless loops."""

    def code(self, *lines: str) -> Any:
        """Return a function with these lines, in a file of the folder."""
        source = "\n    ".join(["def loop():", *lines])
        names: Dict[str, Any] = {}
        exec(compile(source, str(self.folder / "it.py"), "exec"), names)
        return names["loop"]

    def test_time_is_up(self) -> None:
        """A loop is ended once its time is up."""
        deadline = Deadline(str(self.folder))
        deadline.set(0.0)
        with self.assertRaises(TimeUp), deadline.watching():
            self.code(LOOP)()
        self.assertTrue(deadline.is_over)

    def test_time_is_left(self) -> None:
        """Code whose time is not up goes on to its end."""
        deadline = Deadline(str(self.folder))
        deadline.set(999.0)
        with deadline.watching():
            self.assertEqual(
                self.code("for n in range(9): pass", "return n")(), 8)
        self.assertFalse(deadline.is_over)

    def test_other_code(self) -> None:
        """Code that stands elsewhere is let alone."""
        deadline = Deadline(str(self.folder / "elsewhere"))
        deadline.set(0.0)
        with deadline.watching():
            self.assertEqual(
                self.code("for n in range(9): pass", "return n")(), 8)


class TestRefuse(unittest.TestCase):
    """Unit tests of the calls that a browser can't do."""

    def test_thread(self) -> None:
        """A call is noted, and raises an error that says what it does."""
        noted: List[str] = []
        with kept(MODULES):
            refuse(noted.append)
            with self.assertRaises(NotHere) as caught:
                threading.Thread(target=print).start()
        self.assertEqual(noted, ["starts a thread"])
        self.assertEqual(caught.exception.args,
                         ("a browser can't do this: it starts a thread",))


class TestKept(HereTestCase):
    """Unit tests of what is put back after a run."""

    def changed(self) -> Dict[str, Any]:
        """Return all that a run may have changed, to compare."""
        return {
            "folder": os.getcwd(), "environ": dict(os.environ),
            "path": list(sys.path), "argv": list(sys.argv),
            "modules": set(sys.modules), "random": random.getstate(),
            "filters": list(warnings.filters),
            "handlers": list(logging.getLogger().handlers),
            "level": logging.getLogger().level,
            "loggers": set(logging.root.manager.loggerDict),
            "streams": (sys.stdin, sys.stdout, sys.stderr),
            "limit": sys.getrecursionlimit(),
            "tracers": (sys.gettrace(), sys.getprofile()),
            "builtin": len, "function": signal.getsignal,
            "class": threading.Thread.start,
        }

    @parameterized.expand([
        ("folder", "os.chdir(os.sep)"),
        ("environment", "os.environ['NEW'] = 'x'"),
        ("path", "sys.path.insert(0, 'x')"),
        ("argv", "sys.argv.append('x')"),
        ("module", "sys.modules['new_one'] = os"),
        ("module_forgotten", "del sys.modules['random']"),
        ("random_state", "random.seed(1)"),
        ("warnings", "warnings.simplefilter('error')"),
        ("handler", "logging.getLogger().addHandler(logging.NullHandler())"),
        ("level", "logging.getLogger().setLevel(1)"),
        ("logger", "logging.getLogger('new_one')"),
        ("stdout", "sys.stdout = None"),
        ("limit", "sys.setrecursionlimit(2000)"),
        ("tracer", "sys.settrace(lambda *a: None)"),
        ("profiler", "sys.setprofile(lambda *a: None)"),
        ("builtin", "__import__('builtins').len = None"),
        ("name_of_a_module", "signal.getsignal = None"),
        ("new_name_of_a_module", "signal.new_name = None"),
        ("name_of_a_class", "threading.Thread.start = None"),
    ])
    def test_change(self, _: str, line: str) -> None:
        """After a change all is as it was."""
        before = self.changed()
        with kept([threading]):
            exec(line, globals())
        self.assertEqual(self.changed(), before)
        self.assertFalse(hasattr(signal, "new_name"))

    def test_after_an_error(self) -> None:
        """It is put back too where the block raises."""
        before = os.getcwd()
        with self.assertRaises(KeyError), kept([]):
            os.chdir(os.sep)
            raise KeyError("x")
        self.assertEqual(os.getcwd(), before)


class TestImportedBy(unittest.TestCase):
    """Unit tests of imported_by: what some sources import."""

    @parameterized.expand([
        ("import", "import json, os.path as p", {"json", "os.path"}),
        ("from", "from email.message import Message", {"email.message"}),
        ("in_a_function", "def f():\n    import json", {"json"}),
        ("from_this_package", "from . import names", set()),
        ("broken", "import", set()),
    ])
    def test_imported_by(self, _: str, source: str, names: Any) -> None:
        """Each module is named, wherever its import stands."""
        self.assertEqual(imported_by([source]), names)


class TestResult(unittest.TestCase):
    """A failure in the fixtures of a class may come of a refused call."""

    @parameterized.expand([
        ("of_the_test", {"a.B.c": "starts a thread"}, "skipped"),
        ("of_its_class", {"a.B": "starts a thread"}, "skipped"),
        ("of_its_module", {"a": "starts a thread"}, "skipped"),
        ("of_another_test", {"a.B.d": "starts a thread"}, "exception"),
    ])
    def test_judged_here(self, _: str, refused: Any, outcome: str) -> None:
        """It counts for nothing if the call was made for this test."""
        from grader.here import judged_here
        failed = Result("exception", "why")
        self.assertEqual(
            judged_here("a.B.c", failed, refused).outcome, outcome)


if __name__ == "__main__":
    unittest.main()
