#!/usr/bin/env python3
"""Tests of what is known after a run wrote something and then ended."""
import json
import os
import tempfile
import unittest
from pathlib import Path
from typing import Any, Dict, List
from unittest.mock import patch

from parameterized import param, parameterized

from grader.attempts import LATE, copy_suite, known_after
from grader.protocol import Job, Result, Run

PASSED = Result("passed")
TESTS = ["tests", "", ["t.A.a", "t.A.b", "t.B.c"]]
A_PASSES = [["module", "t"], ["class", "t.A"], ["start", "t.A.a"],
            ["end", "t.A.a", "passed"]]
KILLED = "was killed by SIGKILL"


def written(*events: List[Any]) -> bytes:
    """Return what a run writes of these events."""
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


class TestKnownAfter(unittest.TestCase):
    """Tests of who is blamed for the end of a process."""

    @parameterized.expand([
        param("in_a_test", [TESTS, *A_PASSES, ["start", "t.A.b"]],
              {"t.A.a": "", "t.A.b": KILLED}),
        param("after_a_test", [TESTS, *A_PASSES],
              {"t.A.a": f"after its end: {KILLED}"}),
        param("after_a_failed_test", [
            TESTS, ["class", "t.A"], ["start", "t.A.a"],
            ["end", "t.A.a", "assertion", "no"]], {"t.A.a": "no"}),
        param("in_tear_down_class", [TESTS, *A_PASSES, ["left", "t.A"]],
              {"t.A.a": "", "t.A.tearDownClass": KILLED}),
        param("in_tear_down_module", [
            TESTS, *A_PASSES, ["left", "t.A"], ["class over", "t"]],
            {"t.A.a": "", "t.tearDownModule": KILLED}),
        param("in_set_up_class", [TESTS, ["module", "t"], ["class", "t.A"]], {
            "t.A.a": f"setUpClass: {KILLED}",
            "t.A.b": f"setUpClass: {KILLED}"}),
        param("in_set_up_module", [TESTS, ["module", "t"]], {
            "t.A.a": f"setUpModule: {KILLED}",
            "t.A.b": f"setUpModule: {KILLED}",
            "t.B.c": f"setUpModule: {KILLED}"}, complete=True),
        param("between_two_classes", [
            TESTS, *A_PASSES, ["left", "t.A"], ["class over", "t"],
            ["module over", "t"]], {"t.A.a": ""}),
        param("nowhere", [TESTS], {
            "t.A.a": KILLED, "t.A.b": KILLED, "t.B.c": KILLED},
            complete=True),
        param("raised", [
            TESTS, *A_PASSES, ["left", "t.A"], ["raised", "SystemExit: 1"]],
            {"t.A.a": "", "t.A.tearDownClass": "raised SystemExit: 1"}),
        param("late", [TESTS, *A_PASSES, ["start", "t.A.b"]], {
            "t.A.a": "", "t.A.b": LATE,
            "t.B.c": "was not run: the tests before it took too long "
            "together"}, end=LATE, complete=True),
        param("rubbish", [["[["], ["x"], [1, 2], TESTS, *A_PASSES,
                          ["start", "t.A.b"]],
              {"t.A.a": "", "t.A.b": KILLED}),
    ])
    def test_results(
            self, _: str, events: List[Any], messages: Dict[str, str],
            end: str = KILLED, complete: bool = False) -> None:
        """What was under way failed; the rest is left for another process."""
        run, is_all = known_after(Run(), written(*events), end)
        self.assertEqual({name: result.message for name, result
                          in run.results.items()}, messages)
        self.assertEqual(run.unloaded, {})
        self.assertIs(is_all, complete)

    def test_in_an_import(self) -> None:
        """The file is to blame, and the others are still to be run."""
        run, is_all = known_after(Run(), written(
            ["import", "test_a.py"], ["imported", "test_a.py", ["test_a.T.a"]],
            ["import", "test_b.py"]), KILLED)
        self.assertEqual(run, Run(
            unloaded={"test_b.py": Result("exception", KILLED)},
            found={"test_a.py": ["test_a.T.a"]}))
        self.assertFalse(is_all)

    def test_before_all(self) -> None:
        """Where nothing was under way, the suite as a whole is to blame."""
        run, is_all = known_after(Run(), b"", KILLED)
        self.assertEqual(
            run.unloaded, {"the suite": Result("exception", KILLED)})
        self.assertTrue(is_all)

    def test_second_process(self) -> None:
        """What a second process finds is added to what the first found."""
        known = Run({"t.A.a": PASSED}, leaks={"t.A.a": ["x"]})
        run, is_all = known_after(known, written(
            ["tests", "", ["t.B.c"]], ["leak", "t.A.a", ["x", "y"]],
            ["start", "t.B.c"], ["end", "t.B.c", "passed"]), "")
        self.assertEqual(run, Run({"t.A.a": PASSED, "t.B.c": PASSED},
                                  leaks={"t.A.a": ["x", "y"]}))
        self.assertTrue(is_all)


class TestCopy(unittest.TestCase):
    """Tests of the copy of a suite that a run works on."""

    def copy(self, job: Job) -> Path:
        """Return the folder of a copy."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        copy_suite(job, os.path.join(folder.name, "suite"))
        return Path(folder.name, "suite")

    def test_line_ends(self) -> None:
        """The modules have the same bytes on every system."""
        job = Job({}, [], {}, {"a.py": "a = 1\nb = 'ä'\n"}, [])
        with patch.object(os, "linesep", "\r\n"):
            folder = self.copy(job)
        self.assertEqual((folder / "a.py").read_bytes(),
                         b"a = 1\nb = '\xc3\xa4'\n")

    def test_without_links(self) -> None:
        """Where a system has no links, the file is copied."""
        job = Job({"a.txt": __file__}, [],
                  {"b.txt": "a.txt", "c.txt": "nowhere"}, {}, [])
        with patch.object(os, "symlink", side_effect=OSError):
            folder = self.copy(job)
        self.assertEqual(sorted(path.name for path in folder.iterdir()),
                         ["a.txt", "b.txt"])
        self.assertFalse((folder / "b.txt").is_symlink())
