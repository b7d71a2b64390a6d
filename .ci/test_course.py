#!/usr/bin/env python3
"""Tests of the check that no test of the model suites is one too many."""
import unittest
from typing import Any, Dict

from parameterized import param, parameterized

import course

# Three tests, one of which is a table in a class that is a table itself.
NOTICES = {
    "test_it.TestIt.test_a": {"1", "2"},
    "test_it.TestIt.test_b": {"1"},
    "test_it.TestAll_0.test_c_0_one_key": {"1"},
    "test_it.TestAll_0.test_c_1_two_keys": {"1", "3"},
}
TOUR = """
## Doubles

`TestIt.test_b` shows one.

## Tables

Nothing is named here.
"""


class TestNeedlessTests(unittest.TestCase):
    """Unit tests of what a model test is there for."""

    def test_idle_tests(self) -> None:
        """A test is idle if others notice each of its mistakes, too."""
        self.assertEqual(course.idle_tests(NOTICES), ["TestIt.test_b"])

    @parameterized.expand([
        ("test", "test_it.TestIt.test_a", "TestIt.test_a"),
        ("row", "test_it.TestIt.test_a_0_one_key", "TestIt.test_a"),
        ("row_of_a_class", "test_it.TestIt_0.test_a", "TestIt.test_a"),
    ])
    def test_method_of(self, _: str, name: str, expected: str) -> None:
        """The class and the method are left of a name."""
        self.assertEqual(course.method_of(name), expected)

    @parameterized.expand([
        param("shown", shown={"TestIt.test_b": "Doubles"}),
        param("proved", proved={"TestIt.test_b": "Return it."}),
    ])
    def test_needed(self, _: str, **tables: Dict[str, str]) -> None:
        """Nothing is found of a test that shows or proves something."""
        self.assertEqual(self.found(**tables), [])

    @parameterized.expand([
        param("in_no_table",
              "TestIt.test_b: notices nothing alone; what is it there for?"),
        param("heading_that_is_not_there",
              "course/tour.md, Mocks: TestIt.test_b is not named there",
              shown={"TestIt.test_b": "Mocks"}),
        param("named_under_another_heading",
              "course/tour.md, Tables: TestIt.test_b is not named there",
              shown={"TestIt.test_b": "Tables"}),
        param("nobody_promises",
              "TestIt.test_b: no docstring promises this: Keep it.",
              proved={"TestIt.test_b": "Keep it."}),
    ])
    def test_needless(
            self, _: str, expected: str, **tables: Dict[str, str]) -> None:
        """What is wrong with a test that is idle is said."""
        self.assertEqual(self.found(**tables), [expected])

    def test_not_idle(self) -> None:
        """A test in a table that is not idle, or not there, is found."""
        self.assertEqual(
            self.found(shown={"TestIt.test_b": "Doubles"},
                       proved={"TestIt.test_a": "Return it."}),
            ["TestIt.test_a: there is no such test, or it notices some "
             "alone"])

    def found(self, **tables: Dict[str, str]) -> Any:
        """Return what is wrong, with test_b as the only idle test."""
        return list(course.needless_tests(
            ["TestIt.test_b"], tables.get("shown", {}),
            tables.get("proved", {}), TOUR, 'def it(): """Return it."""'))


if __name__ == "__main__":
    unittest.main()
