#!/usr/bin/env python3
"""Tests of the two ways to make a run: they find the same."""
import csv
import io
import os
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any, Dict, List
from unittest.mock import patch

from parameterized import parameterized

from grader import forking, judge
from grader.assignment import OWN, read_assignment
from grader.forking import Forking
from grader.fresh import Fresh
from grader.run import Runners
from grader.suite import own_suite, read_suite

from .writing import GOOD, new_folder

COMMAND = OWN.parent / "grade.py"
STARTER, BANK = OWN.parent / "starter", OWN.parent / "bank"
ASSIGNMENT = read_assignment(OWN)

IMPORTS = """\
import multiprocessing, os, random, socket, sys, threading, time, unittest
from unittest.mock import Mock, patch
from client import GithubOrgClient
from utils import access_nested_map, get_json

def double(number):
    return 2 * number
"""
# A third of the suites that the other tests of the grader are about, by the
# lines of their odd test.
ODD = {
    "fails": "self.fail()",
    "exits": "os._exit(3)",
    "long_message": "self.fail('x' * 10 ** 7)",
    "odd_message": "self.fail('a\\n\\x1b\\ud800')",
    "skipped": "self.skipTest('why not')",
    "sub_test": "with self.subTest(): self.fail()",
    "random": "self.assertLess(random.random(), 0.5)",
    "hashes": "self.assertLess(*list(set('ae'))[:2])",
    "leaks": "patch('client.get_json').start()",
    "no_network": "socket.create_connection(('192.0.2.1', 80))",
    "prints": "print('x' * 10 ** 6)",
    "elsewhere": "os.chdir('/')",
    "integration": "\n        ".join([
        "with patch('requests.get') as get:", "    GithubOrgClient('x').org",
        "self.assertIn('orgs/x', str(get.call_args))"]),
    "spawn": "\n        ".join([
        "with multiprocessing.get_context('spawn').Pool(1) as pool:",
        "    self.assertEqual(pool.map(double, [1]), [2])"]),
    "environment": "\n        ".join([
        "self.assertNotIn('GH_TOKEN', os.environ)",
        "self.assertIn('.grade-', os.environ['HOME'])"]),
}
# Of what Windows lacks, as much as a Python on Linux can do without.
WITHOUT = """\
import os, signal, subprocess, sys
for name in ("fork", "setsid", "killpg", "symlink", "register_at_fork"):
    delattr(os, name)
subprocess.Popen.kill = subprocess.Popen.terminate
del signal.SIGKILL
sys.modules["fcntl"] = sys.modules["resource"] = None
"""
ODD_PAYMENT = """# ä
import unittest
from unittest.mock import patch
from shop import pay

class TestPay(unittest.TestCase):
    def test_pay(self):
        with patch("shop.post", return_value="r"):
            self.assertEqual(pay("ann", [1, 2]), "paid 3: r")

    def test_wrong(self):
        self.assertEqual("ä", "\xe4")
        self.fail("ä")
"""


def odd_suite(line: str) -> str:
    """Return a suite with an odd test before one that is good."""
    return (f"{IMPORTS}\nclass TestBad(unittest.TestCase):\n"
            f"    def test_bad(self):\n        {line}\n{GOOD}")


def cells(graded: judge.Grade) -> Dict[str, Any]:
    """Return all that is found out about tests, but for how long it took."""
    return {**{name: test._replace(shown_by=[])
               for name, test in graded.tests.items()},
            "leaks": graded.leaks, "not imported": graded.unloaded}


class TestSame(unittest.TestCase):
    """Tests that a suite gets the same by a fork and by a new Python."""

    def both(self, suite: Any, numbers: List[int]) -> List[Dict[str, Any]]:
        """Return the cells of a suite by a fork and by a new Python."""
        mistakes = [mistake for mistake in ASSIGNMENT.mistakes
                    if mistake.number in numbers]
        found = []
        for fresh in (False, True):
            with Runners(ASSIGNMENT.needs, fresh) as runners:
                found.append(cells(judge.grade(
                    suite, ASSIGNMENT, runners, mistakes, [])))
        return found

    def test_starter(self) -> None:
        """The starter has the same cells by both."""
        suite = read_suite(STARTER, ASSIGNMENT.sources)
        by_fork, by_python = self.both(suite, [2, 15, 26])
        self.assertEqual(by_python, by_fork)

    def test_model_suites(self) -> None:
        """So have the model suites, for mistakes of both modules."""
        by_fork, by_python = self.both(
            own_suite(ASSIGNMENT), [1, 10, 20])
        self.assertEqual(by_python, by_fork)

    def test_odd_suites(self) -> None:
        """So have odd ones, all in one folder."""
        folder = new_folder(self, {
            "test_broken.py": "def",
            "test_hanging_import.py": "import os; os._exit(1)",
            **{f"test_{name}.py": odd_suite(line)
               for name, line in ODD.items()}})
        by_fork, by_python = self.both(
            read_suite(folder, ASSIGNMENT.sources), [2])
        self.assertEqual(by_python, by_fork)
        self.assertEqual(len(by_fork), 2 + 2 * len(ODD))
        self.assertEqual({
            name.split(".")[0][len("test_"):]
            for name, test in by_fork.items()
            if name.endswith("bad") and test.verdict != "passes"}, {
                "fails", "exits", "long_message", "odd_message", "skipped",
                "sub_test", "random", "hashes", "no_network"})


class TestOtherSystems(unittest.TestCase):
    """Tests of the command where a system has less."""

    def test_as_on_windows(self) -> None:
        """Without fork, signals, limits and links the cells are the same."""
        customized = new_folder(self, {"sitecustomize.py": WITHOUT})
        odd = new_folder(self, {"test_it.py": ODD_PAYMENT})
        with patch.dict(os.environ, PYTHONPATH=str(customized), LC_ALL="C",
                        PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"):
            done = subprocess.run(
                [sys.executable, str(COMMAND), "--assignment", str(BANK),
                 str(BANK / "suite"), str(odd), "--csv"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(done.stderr.decode().count("noticed"), 2)
        rows = list(csv.reader(io.StringIO(done.stdout.decode())))
        self.assertEqual([row[1:5] for row in rows[1:]], [
            ["3", "4", "0", "0"], ["1", "2", "1", "0"]])

    @parameterized.expand([
        ("by_fork", False, Forking), ("by_python", True, Fresh)])
    def test_way(self, _: str, fresh: bool, kind: type) -> None:
        """A fork is the usual way, a new Python is that of --fresh."""
        with Runners([], fresh) as runners:
            self.assertIsInstance(runners._way, kind)


class TestSilence(unittest.TestCase):
    """Tests of a suite that stops the process that watches it."""

    @parameterized.expand([
        ("stops", "SIGSTOP", 2), ("terminates", "SIGTERM", 4),
        ("kills", "SIGKILL", 4),
    ])
    def test_parent(self, _: str, name: str, runs: int) -> None:
        """There is no score then; nothing waits for ever, nothing is left.

        Silence is not waited for again.
        """
        folder = new_folder(self, {"test_it.py": odd_suite(
            f"import signal; os.kill(os.getppid(), signal.{name}); "
            "time.sleep(99)")})
        with patch.object(forking, "SILENCE", 2), \
                patch.object(forking, "ENDING", 1), Runners() as runners:
            graded = judge.grade(
                read_suite(folder, ASSIGNMENT.sources), ASSIGNMENT, runners,
                [], [])
        self.assertEqual(graded.unloaded, {
            "the suite": "stopped or ended the process that watches it"})
        self.assertEqual(runners.progress._begun, runs)


class TestLeft(unittest.TestCase):
    """Tests of what a suite starts and leaves running."""

    @parameterized.expand([("by_fork", False), ("by_python", True)])
    @unittest.skipUnless(sys.platform == "linux", "needs /proc")
    def test_session_of_its_own(self, _: str, fresh: bool) -> None:
        """A process in another session ends with its run."""
        started = new_folder(self, {}) / "started"
        folder = new_folder(self, {"test_it.py": odd_suite("\n        ".join([
            "import subprocess",
            "sleeping = subprocess.Popen(['sleep', '99'], "
            "start_new_session=True)",
            f"with open({str(started)!r}, 'a') as file:",
            "    print(sleeping.pid, file=file)"]))})
        with Runners(ASSIGNMENT.needs, fresh) as runners:
            judge.grade(read_suite(folder, ASSIGNMENT.sources), ASSIGNMENT,
                        runners, [], [])
        pids = started.read_text().split()
        self.assertTrue(pids)
        for pid in pids:
            command = Path("/proc", pid, "cmdline")
            self.assertFalse(command.exists() and command.read_bytes())
