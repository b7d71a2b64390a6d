#!/usr/bin/env python3
"""Tests of the assignment loans: all of its mistakes can be noticed.

The suite that notices them is in loans_suite, where no learner meets it.
"""
import io
import json
import unittest
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, Dict, Tuple

from parameterized import parameterized

from grader import command
from grader.assignment import OWN, read_assignment

FOLDER = OWN.parent / "loans"
LOANS = read_assignment(FOLDER)


def output_of(*argv: str) -> Tuple[int, str]:
    """Run the command on the assignment; return its status and stdout."""
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
        status = command.main(["--assignment", str(FOLDER), *argv])
    return status, out.getvalue()


class TestMistakes(unittest.TestCase):
    """Tests of the data: what a learner is told of each mistake."""

    def test_numbers(self) -> None:
        """There are twelve, numbered in order."""
        self.assertEqual([mistake.number for mistake in LOANS.mistakes],
                         list(range(1, 13)))

    @parameterized.expand([
        (f"mistake_{mistake.number}", mistake) for mistake in LOANS.mistakes])
    def test_hints(self, _: str, mistake: Any) -> None:
        """Each has a checklist and words, and no test that notices it."""
        self.assertEqual(
            len(LOANS.checklists[mistake.function].splitlines()), 5)
        self.assertTrue(mistake.explained.endswith("."))
        self.assertEqual(mistake.noticed_by, "")

    @parameterized.expand([
        (f"mistake_{mistake.number}", mistake.lesson)
        for mistake in LOANS.mistakes if mistake.lesson])
    def test_lesson(self, _: str, lesson: str) -> None:
        """The pattern that helps is a heading of the tour."""
        tour = (OWN.parent / "tour.md").read_text(encoding="utf-8")
        self.assertIn(f"\n## {lesson}\n", tour)

    def test_last_hint(self) -> None:
        """The last hint shows the edit: none follows it."""
        status, out = output_of("--hint", "1", "3")
        self.assertEqual(status, 0)
        self.assertTrue(out.startswith("1 due_date, step 3 of 3\n"))
        self.assertNotIn("next: ", out)


class TestSuite(unittest.TestCase):
    """Tests of the grade of the suite that stands beside this file."""

    status: int
    graded: Dict[str, Any]

    @classmethod
    def setUpClass(cls) -> None:
        """Grade the suite once for all tests."""
        cls.status, out = output_of("--json")
        cls.graded = json.loads(out)

    def test_all_noticed(self) -> None:
        """It notices each of the twelve."""
        self.assertEqual(self.status, 0)
        self.assertEqual([one["score"] for one in self.graded["tests"]],
                         [1] * 12)

    def test_all_pass(self) -> None:
        """No test is wrong or unsteady."""
        tests = self.graded["extra_data"]["tests"]
        self.assertEqual({name: test["verdict"]
                          for name, test in tests.items()},
                         dict.fromkeys(tests, "passes"))

    def test_none_is_tied(self) -> None:
        """No test fails where the code is written in another way."""
        tests = self.graded["extra_data"]["tests"]
        self.assertEqual(
            [name for name, test in tests.items() if test["tied"]], [])

    def test_no_pitfall(self) -> None:
        """Nothing in it passes and proves nothing."""
        self.assertEqual(self.graded["extra_data"]["pitfalls"], [])

    def test_check(self) -> None:
        """The assignment is fit to grade with."""
        status, out = output_of("--check")
        self.assertEqual(status, 0)
        self.assertTrue(out.endswith("the own suite notices 12 of 12\n"))


if __name__ == "__main__":
    unittest.main()
