#!/usr/bin/env python3
"""Tests of what the course's page loads, and of what reads it here."""
import re
import tempfile
import unittest
from pathlib import Path

from parameterized import parameterized

from pins import WEB, Pin, changed, integrity, pins, pyodide, wheels

TEXT = '''\
const PYODIDE = "https://a.example/npm/pyodide@1.2/";

export const PINS = [
  {
    name: "it.mjs",
    url: PYODIDE + "it.mjs",
    size: 3,
    integrity:
      "sha384-abc",
  },
  {
    name: "one_two-3.4-py3-none-any.whl",
    url:
      PYODIDE +
      "d7/8e/" +
      "one_two-3.4-py3-none-any.whl",
    size: 10,
    integrity:
      "sha384-d/e+f",
  },
];
'''
PINS = [
    Pin("it.mjs", "https://a.example/npm/pyodide@1.2/it.mjs", 3,
        "sha384-abc"),
    Pin("one_two-3.4-py3-none-any.whl",
        "https://a.example/npm/pyodide@1.2/d7/8e/"
        "one_two-3.4-py3-none-any.whl", 10, "sha384-d/e+f")]
# The SHA-384 of "abc", from the examples of FIPS 180-4.
ABC = ("sha384-ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0"
       "yCWn")


class TestPins(unittest.TestCase):
    """Unit tests of what is read from the pins."""

    def test_pins(self) -> None:
        """Each file has its name, address, size and integrity."""
        self.assertEqual(pins(TEXT), PINS)

    def test_pyodide(self) -> None:
        """The package of Pyodide is named as npm does."""
        self.assertEqual(pyodide(PINS), "pyodide@1.2")

    def test_wheels(self) -> None:
        """Wheels are named as pip does."""
        self.assertEqual(wheels(PINS), ["one_two==3.4"])

    def test_integrity(self) -> None:
        """The integrity is the SHA-384 in base64."""
        self.assertEqual(integrity(b"abc"), ABC)

    @parameterized.expand([
        ("as_pinned", b"abc", 3, []),
        ("other_bytes", b"abd", 3,
         ["it.mjs: it is not the file that is pinned"]),
        ("other_size", b"abc", 4,
         ["it.mjs: it is not the file that is pinned"]),
    ])
    def test_changed(self, _: str, data: bytes, size: int,
                     lines: object) -> None:
        """A file that is not the one that is pinned is named."""
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "it.mjs").write_bytes(data)
            self.assertEqual(
                changed([Pin("it.mjs", "", size, ABC)], Path(folder)), lines)


class TestWeb(unittest.TestCase):
    """Tests of the page's own lists of files."""

    def test_every_pin_is_read(self) -> None:
        """No file that the page loads is passed over here."""
        text = (WEB / "pins.js").read_text(encoding="utf-8")
        self.assertEqual(len(pins(text)), text.count("name: "))

    def test_files_of_the_grader(self) -> None:
        """The page loads exactly the files that the grader has."""
        text = (WEB / "files.js").read_text(encoding="utf-8")
        self.assertEqual(
            re.findall('"(.*)"', text),
            sorted(path.name for path in (
                WEB.parent / "grader").glob("*.py")))


if __name__ == "__main__":
    unittest.main()
