#!/usr/bin/env python3
"""Check that the id of every test is a line to read and to type.

An id has at most 100 characters. Where a table makes a test of each row, each
row has a name of its own: it has a letter in it, and no other row of the
table has it.
"""
import re
import sys
import unittest
from typing import Any, Dict, Iterable, Iterator, List, Optional, Tuple

LONGEST = 100
# Folders to discover tests in, each with its top-level folder.
SUITES = [(".", "."), (".ci", ".ci"), ("course", "course")]


def flat(suite: Any) -> Iterator[unittest.TestCase]:
    """Yield the tests in a suite, and in the suites in it."""
    for test in suite:
        if isinstance(test, unittest.TestCase):
            yield test
        else:
            yield from flat(test)


def discovered(folder: str, top: str) -> List[unittest.TestCase]:
    """Return the tests in a folder and in the packages in it."""
    return list(flat(unittest.TestLoader().discover(
        folder, top_level_dir=top)))


def table_and_row(test: unittest.TestCase) -> Optional[Tuple[str, str]]:
    """Return the id of a test without its row, and the name of the row.

    The name is empty where the row has none. Without a table, return None.
    """
    owner, _, method = test.id().rpartition(".")
    # This is where parameterized keeps the method that the table stands at.
    written: Any = getattr(
        getattr(type(test), method, None), "place_as", None)
    if written is None:
        return None
    row = re.sub(r"^_\d+_?", "", method[len(written.__name__):])
    return f"{owner}.{written.__name__}", row


def flaws(tests: Iterable[unittest.TestCase]) -> Iterator[str]:
    """Yield what is wrong with the ids of some tests."""
    known: Dict[Tuple[str, str], str] = {}
    for test in tests:
        name = test.id()
        if len(name) > LONGEST:
            yield (f"{name[:LONGEST]}...: this id has {len(name)} "
                   f"characters, and may have {LONGEST}")
        row = table_and_row(test)
        if row is None:
            continue
        if not re.search("[A-Za-z]", row[1]):
            yield f"{name}: the row has no name with a letter in it"
        elif row in known:
            yield f"{name}: the row has the name of {known[row]}"
        known.setdefault(row, name)


def main() -> int:
    """Check the suites of the project; return the exit status."""
    tests = [test for folder, top in SUITES for test in discovered(
        folder, top)]
    lines = list(flaws(tests))
    print(*lines, f"{len(tests)} ids of tests: {len(lines)} are wrong",
          sep="\n")
    return 1 if lines or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
