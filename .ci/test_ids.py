#!/usr/bin/env python3
"""Tests of the check of ids: what is found, and what is right."""
import unittest
from typing import Any, List

from parameterized import parameterized

from ids import flat, flaws

NAME = "test_ids.Example.test_it"


def ids_of(rows: List[Any]) -> List[str]:
    """Return what is found in a class whose test has a table."""
    class Example(unittest.TestCase):
        """A class with a table of these rows."""

        @parameterized.expand(rows)
        def test_it(self, _: Any) -> None:
            """Each of the rows makes a test."""

    Example.__qualname__ = "Example"
    return list(flaws(flat(
        unittest.defaultTestLoader.loadTestsFromTestCase(Example))))


class TestFlaws(unittest.TestCase):
    """Unit tests of flaws, on tables and on methods."""

    @parameterized.expand([
        ("words", ["an_empty_path"]),
        ("word_and_number", ["page_2"]),
        ("number_first", ["404_is_none"]),
        ("two_rows", ["page_2", "page_3"]),
    ])
    def test_good_row(self, _: str, rows: List[Any]) -> None:
        """Nothing is found where each row has a name."""
        self.assertEqual(ids_of(rows), [])

    @parameterized.expand([
        ("no_name", [(7,)], [f"{NAME}_0"]),
        ("a_number", ["404"], [f"{NAME}_0_404"]),
        ("signs", ["1.5 + 2"], [f"{NAME}_0_1_5_2"]),
        ("one_of_two", ["good", "2"], [f"{NAME}_1_2"]),
    ])
    def test_no_name(
            self, _: str, rows: List[Any], names: List[str]) -> None:
        """A row without a letter in its name is found."""
        self.assertEqual(
            ids_of(rows),
            [f"{name}: the row has no name with a letter in it"
             for name in names])

    def test_same_name(self) -> None:
        """A row with the name of an earlier one is found."""
        self.assertEqual(
            ids_of(["empty", "full", "empty"]),
            [f"{NAME}_2_empty: the row has the name of {NAME}_0_empty"])

    def test_longest(self) -> None:
        """An id of 100 characters is right."""
        self.assertEqual(ids_of(["x" * 73]), [])

    def test_too_long(self) -> None:
        """An id of 101 characters is found."""
        self.assertEqual(
            ids_of(["x" * 74]),
            [f"{NAME}_0_{'x' * 73}...: this id has 101 characters, and may "
             "have 100"])

    def test_method_with_a_number(self) -> None:
        """A number at the end of a method without a table is right."""
        class Example(unittest.TestCase):
            """A class without a table."""

            def test_page_2(self) -> None:
                """The second page comes after the first."""

        self.assertEqual(list(flaws([Example("test_page_2")])), [])


if __name__ == "__main__":
    unittest.main()
