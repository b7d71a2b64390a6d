#!/usr/bin/env python3
"""What the grader's tests share that write suites and grade them."""
import tempfile
import unittest
from pathlib import Path
from textwrap import indent
from typing import Dict

GOOD = '''
class TestGood(unittest.TestCase):
    def test_good(self):
        self.assertEqual(access_nested_map({"a": {"b": 2}}, ("a", "b")), 2)
'''
GOOD_ID, BAD_ID = "test_it.TestGood.test_good", "test_it.TestBad.test_bad"


def bad_and_good(imports: str, *lines: str) -> str:
    """Return a suite with a test of these lines before one that is good."""
    body = indent("\n".join(lines), " " * 8)
    return (f"{imports}\nclass TestBad(unittest.TestCase):\n"
            f"    def test_bad(self):\n{body}\n{GOOD}")


def new_folder(test: unittest.TestCase, files: Dict[str, str]) -> Path:
    """Return a folder with these files, by their paths, until a test ends."""
    folder = tempfile.TemporaryDirectory()
    test.addCleanup(folder.cleanup)
    for name, text in files.items():
        path = Path(folder.name, name)
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text, encoding="utf-8")
    return Path(folder.name)
