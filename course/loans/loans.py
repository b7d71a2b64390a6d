#!/usr/bin/env python3
"""The loans of a library: when each is due, and the file that keeps them."""
import csv
from calendar import monthrange
from datetime import date
from typing import Iterable, List, NamedTuple


class Loan(NamedTuple):
    """A book that is out, the address of its reader, and when it is due."""

    title: str
    reader: str
    due: date


def due_date(lent: date) -> date:
    """Return the day on which a book is due: a month after it was lent.

    This is the same day of the next month, or the last day of that month if
    it is too short.
    """
    year, month = lent.year + lent.month // 12, lent.month % 12 + 1
    _, last = monthrange(year, month)
    return date(year, month, min(lent.day, last))


def read_loans(path: str) -> List[Loan]:
    """Return the loans in a file, in the file's order.

    A file that does not exist yet has no loans. Raises ValueError if a line
    is not a loan; its message names the line, counted from 1.
    """
    try:
        file = open(path, encoding="utf-8", newline="")
    except FileNotFoundError:
        return []
    loans = []
    with file:
        for number, row in enumerate(csv.reader(file), start=1):
            try:
                title, reader, due = row
                loans.append(Loan(title, reader, date.fromisoformat(due)))
            except ValueError:
                raise ValueError(f"line {number} is not a loan") from None
    return loans


def write_loans(path: str, loans: Iterable[Loan]) -> None:
    """Write loans to a file, one on each line; replace what was in it."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(loans)
