#!/usr/bin/env python3
"""Tests of what is said to be installed: the same things, wherever said."""
import re
import unittest
from pathlib import Path
from typing import Dict, Tuple

TOP = Path(__file__).resolve().parent.parent
AUDIT = TOP / "audit"


def read(path: Path) -> str:
    """Return the text of a file."""
    return path.read_text(encoding="utf-8")


def ranges() -> Dict[str, str]:
    """Return what the head of the program asks for: ranges by package."""
    line = re.findall("(?m)^# dependencies = (.*)$",
                      read(AUDIT / "__main__.py"))[0]
    return dict(re.findall(r'"(\w+)([^"]*)"', line))


def pins() -> Dict[str, str]:
    """Return what the action installs: versions by package."""
    return dict(re.findall(r"(?m)^([\w-]+)==(\S+) \\$",
                           read(AUDIT / "requirements.txt")))


def number(version: str) -> Tuple[int, ...]:
    """Return a version of digits and points as numbers, to compare."""
    return tuple(map(int, version.split(".")))


class TestRequirements(unittest.TestCase):
    """Tests of requirements.txt, of the action's, and of the program."""

    def test_program(self) -> None:
        """The program asks for what requirements.txt says it needs."""
        needed = read(TOP / "requirements.txt").split("\n\n")[0]
        self.assertEqual(
            ranges(), dict(re.findall(r"(?m)^(\w+)(.*)$", needed)))

    def test_pins(self) -> None:
        """What the action installs is of a version that is asked for."""
        for package, (oldest, too_new) in (
                (package, re.findall(r"^>=([\d.]+),<([\d.]+)$", text)[0])
                for package, text in ranges().items()):
            with self.subTest(package):
                pinned = number(pins()[package])
                self.assertGreaterEqual(pinned, number(oldest))
                self.assertLess(pinned, number(too_new))

    def test_oldest_python(self) -> None:
        """The program asks for the oldest Python that the tests run on."""
        self.assertIn('\n# requires-python = ">=3.7"\n',
                      read(AUDIT / "__main__.py"))

    def test_renewal(self) -> None:
        """The page has the command by which the pins were made."""
        made_by = read(AUDIT / "requirements.txt").splitlines()[1]
        self.assertIn(
            made_by.lstrip("# ").replace("compile", "compile --upgrade"),
            read(AUDIT / "README.md"))

    def test_python_of_the_action(self) -> None:
        """The pins are for the Python that the action installs."""
        version = re.findall(
            'python-version: "(.*)"', read(AUDIT / "action.yml"))
        self.assertIn(f"--python-version {version[0]} ",
                      read(AUDIT / "requirements.txt"))


if __name__ == "__main__":
    unittest.main()
