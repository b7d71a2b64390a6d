#!/usr/bin/env python3
"""Tests of loans: the days on which books are due, and the file."""
import tempfile
import unittest
from datetime import date
from pathlib import Path
from typing import List

from parameterized import parameterized

from loans import Loan, due_date, read_loans, write_loans

EMMA = Loan("Emma", "ann@example.com", date(2024, 2, 29))
DUNE = Loan("Dune", "bob@example.com", date(2024, 3, 1))


class TestDueDate(unittest.TestCase):
    """Tests of due_date: the same day of the next month, if it has one."""

    @parameterized.expand([
        ("middle", date(2024, 5, 15), date(2024, 6, 15)),
        ("longer_month", date(2024, 4, 30), date(2024, 5, 30)),
        ("shorter_month", date(2024, 5, 31), date(2024, 6, 30)),
        ("leap_year", date(2024, 1, 31), date(2024, 2, 29)),
        ("common_year", date(2023, 1, 29), date(2023, 2, 28)),
        ("november", date(2023, 11, 8), date(2023, 12, 8)),
        ("december", date(2023, 12, 31), date(2024, 1, 31)),
    ])
    def test_due_date(self, _: str, lent: date, expected: date) -> None:
        """A book is due a month later, on a day that the month has."""
        self.assertEqual(due_date(lent), expected)


class TestFile(unittest.TestCase):
    """Tests of read_loans and write_loans, with a file of their own."""

    def setUp(self) -> None:
        """Make a folder, and the path of a file that is not there yet."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name, "loans.csv")

    @parameterized.expand([
        ("none", []),
        ("in_order", [EMMA, DUNE, EMMA]),
        ("comma", [EMMA._replace(title="Emma, a novel")]),
        ("quotes", [EMMA._replace(title='The "Emma"')]),
        ("accents", [EMMA._replace(title="Émile")]),
    ])
    def test_read_again(self, _: str, loans: List[Loan]) -> None:
        """What was written is what is read."""
        write_loans(str(self.path), loans)
        self.assertEqual(read_loans(str(self.path)), loans)

    def test_lines(self) -> None:
        """A loan is a line: its title, its reader, its due date."""
        write_loans(str(self.path), [EMMA, DUNE])
        self.assertEqual(
            self.path.read_text(encoding="utf-8"),
            "Emma,ann@example.com,2024-02-29\n"
            "Dune,bob@example.com,2024-03-01\n")

    def test_replaced(self) -> None:
        """What was in the file before is gone."""
        write_loans(str(self.path), [EMMA, EMMA])
        write_loans(str(self.path), [DUNE])
        self.assertEqual(read_loans(str(self.path)), [DUNE])

    def test_no_file(self) -> None:
        """A file that does not exist yet has no loans."""
        self.assertEqual(read_loans(str(self.path)), [])

    @parameterized.expand([
        ("too_few", "Dune,bob@example.com"),
        ("too_many", "Dune,a,bob@example.com,2024-03-01"),
        ("no_date", "Dune,bob@example.com,tomorrow"),
        ("no_such_day", "Dune,bob@example.com,2024-02-30"),
    ])
    def test_not_a_loan(self, _: str, line: str) -> None:
        """A line that is not a loan is an error, which names the line."""
        self.path.write_text(f"Emma,ann@example.com,2024-02-29\n{line}\n")
        with self.assertRaises(ValueError) as caught:
            read_loans(str(self.path))
        self.assertEqual(str(caught.exception), "line 2 is not a loan")


if __name__ == "__main__":
    unittest.main()
