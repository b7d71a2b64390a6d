#!/usr/bin/env python3
"""Tests of an assignment that has all that can be left out.

Its modules are in a package, its suite is in tests/, it has data files, a
mistake of two edits, points and limits of time.
"""
import io
import json
import os
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Tuple

from parameterized import parameterized

from grader import command
from grader.assignment import Unusable, read_assignment
from grader.suite import read_suite

from .writing import new_folder

FILES = {
    "shop/__init__.py": "",
    "shop/bank.py": """
def send(message):
    raise ConnectionError(message)
""",
    "shop/basket.py": """
from shop.bank import send


def price(name):
    with open("data/prices.csv", newline="") as file:
        prices = dict(line.split(",") for line in file.read().split("\\r\\n"))
    return int(prices[name])


def pay(account, names):
    total = sum(map(price, names))
    return send(f"book {total} from {account}")
""",
    "assignment.py": """
from grader import Edit, Mistake

MODULES = ("shop/bank.py", "shop/basket.py")
BESIDE = ("shop/__init__.py", "data/prices.csv", "data/logo.png")
INTEGRATION = ("shop.bank.send",)
SUITE = ("tests/test_basket.py",)
TEST_SECONDS = 3
SUITE_SECONDS = 20
MISTAKES = [
    Mistake(1, "pay", "account and total are exchanged", [
        Edit("shop/basket.py", "{total}", "{account!s}"),
        Edit("shop/basket.py", "from {account}", "from {total}")],
        points=3, noticed_by="tests.test_basket.TestPay.test_pay"),
    Mistake(2, "price", "is a penny more",
            Edit("shop/basket.py", "int(prices[name])",
                 "int(prices[name]) + 1"), points=2),
    Mistake(3, "send", "says nothing of the message",
            Edit("shop/bank.py", "ConnectionError(message)",
                 "ConnectionError")),
]
""",
    "tests/test_basket.py": """
import unittest
from unittest.mock import patch

from shop.basket import pay, price


class TestPay(unittest.TestCase):
    def test_pay(self):
        with patch("shop.basket.send") as send:
            pay("ann", ["tea", "tea"])
        send.assert_called_once_with("book 500 from ann")

    def test_no_line(self):
        with self.assertRaisesRegex(ConnectionError, "book"):
            pay("ann", [])

    def test_price(self):
        self.assertEqual(price("tea"), 250)

    def test_logo(self):
        with open("data/logo.png", "rb") as file:
            self.assertEqual(file.read(), bytes(range(256)))
""",
}
BYTES = {"data/prices.csv": b"tea,250\r\nbun,120",
         "data/logo.png": bytes(range(256))}
WEAK = """
import unittest

from shop.basket import price


class TestPrice(unittest.TestCase):
    def test_price(self):
        self.assertEqual(price("tea"), 250)
"""


class PackageTestCase(unittest.TestCase):
    """Tests that write an assignment, and suites."""

    def assignment(self, **replaced: str) -> Path:
        """Return the folder of the assignment, a text of it replaced."""
        text = FILES["assignment.py"]
        for before, after in replaced.items():
            self.assertIn(before, text)
            text = text.replace(before, after)
        folder = new_folder(self, {**FILES, "assignment.py": text})
        (folder / "data").mkdir()
        for name, data in BYTES.items():
            (folder / name).write_bytes(data)
        return folder

    def command(self, *argv: str) -> Tuple[int, str, str]:
        """Run the command; return its status, stdout and stderr."""
        with redirect_stdout(io.StringIO()) as out, \
                redirect_stderr(io.StringIO()) as err:
            status = command.main(argv)
        return status, out.getvalue(), err.getvalue()


class TestPackage(PackageTestCase):
    """Tests that modules, data and suites keep their folders."""

    def test_check(self) -> None:
        """It is fit, and its points and limits are told."""
        status, out, _ = self.command(
            "--assignment", str(self.assignment()), "--check")
        self.assertEqual(out, """\
modules: shop/bank.py, shop/basket.py: they can be imported
packages: none needed
3 mistakes, 6 points; 0 rewrites
limits: 3 s for a test, 20 s for a suite
the own suite notices 3 of 3
""")
        self.assertEqual(status, 0)

    def test_kinds(self) -> None:
        """An integration test is told in a package too."""
        _, out, _ = self.command("--assignment", str(self.assignment()))
        self.assertIn("In an integration test, shop.basket calls the real "
                      "shop.bank.send; all other\n", out)
        self.assertIn("alone: 3 send\n", out)

    def test_fresh(self) -> None:
        """A new Python for each run finds the same."""
        status, out, _ = self.command(
            "--assignment", str(self.assignment()), "--fresh")
        self.assertEqual(status, 0)
        self.assertIn("1 unit test by assertion: "
                      "tests.test_basket.TestPay.test_pay\n", out)

    def test_suite_in_a_folder(self) -> None:
        """What a learner has in tests/ is run, and missed points are told."""
        suite = new_folder(self, {
            "tests/test_price.py": WEAK,
            "shop/basket.py": "def price(name): return 250"})
        status, out, _ = self.command(
            "--assignment", str(self.assignment()), str(suite))
        self.assertEqual(status, 1)
        self.assertIn("Not used: shop/basket.py of the folder.", out)
        self.assertIn("\nnoticed 1 of 3, 2 of 6 points; next: ", out)

    def test_points(self) -> None:
        """A gradebook gets the points of each mistake."""
        suite = new_folder(self, {"tests/test_price.py": WEAK})
        _, out, _ = self.command(
            "--assignment", str(self.assignment()), "--json", str(suite))
        self.assertEqual(
            [(one["score"], one["max_score"])
             for one in json.loads(out)["tests"]], [(0, 3), (2, 2), (0, 1)])

    def test_limit_of_a_test(self) -> None:
        """The limit of the assignment holds, and is told."""
        folder = self.assignment(**{"TEST_SECONDS = 3": "TEST_SECONDS = 0.5"})
        suite = new_folder(self, {"test_it.py": WEAK.replace(
            "self.assert", "while True: pass\n        self.assert")})
        _, out, _ = self.command("--assignment", str(folder), str(suite))
        self.assertIn("took more than 0.5 s\n", out)

    def test_limit_of_a_suite(self) -> None:
        """What no time is left for is not run."""
        folder = self.assignment(**{
            "TEST_SECONDS = 3": "TEST_SECONDS = 0.9",
            "SUITE_SECONDS = 20": "SUITE_SECONDS = 0.9"})
        suite = new_folder(self, {"test_it.py": WEAK.replace(
            "class", "import time\ntime.sleep(0.5)\n\nclass").replace(
            "self.assert", "time.sleep(0.6)\n        self.assert")})
        _, out, _ = self.command("--assignment", str(folder), str(suite))
        self.assertIn(
            "took too long together with the tests before it\n", out)

    def test_place_of_a_failure(self) -> None:
        """The file is named with its folder, and the command runs it."""
        suite = new_folder(self, {"tests/test_price.py": WEAK.replace(
            "250", "251")})
        folder = str(self.assignment())
        _, out, _ = self.command("--assignment", folder, str(suite))
        self.assertIn("tests/test_price.py, line 9: AssertionError: 250 != "
                      "251\n", out)
        name = "tests.test_price.TestPrice.test_price"
        self.assertIn(f" --try 0 {suite} {name}\n", out)
        _, out, _ = self.command(
            "--assignment", folder, "--try", "0", str(suite), name)
        self.assertIn("Ran 1 test", out)
        self.assertIn("FAIL: test_price", out)

    def test_expected_failure(self) -> None:
        """A failure without a line names the file with its folder."""
        suite = new_folder(self, {"tests/test_price.py": WEAK.replace(
            "    def", "    @unittest.expectedFailure\n    def")})
        _, out, _ = self.command(
            "--assignment", str(self.assignment()), str(suite))
        self.assertIn("tests/test_price.py: unexpected success\n", out)

    def test_hints(self) -> None:
        """The third hint shows all edits, the fourth the test's file."""
        folder = str(self.assignment())
        _, out, _ = self.command("--assignment", folder, "--hint", "1", "3")
        self.assertIn('-    return send(f"book {total} from {account}")\n'
                      '+    return send(f"book {account!s} from {total}")\n',
                      out)
        _, out, _ = self.command("--assignment", folder, "--hint", "1", "4")
        self.assertIn(
            "TestPay.test_pay in tests/test_basket.py notices it:\n"
            "    python -m unittest tests.test_basket -k TestPay.test_pay\n",
            out)

    @parameterized.expand([
        ("same", "shop/bank.py", "shop/bank.py"),
        ("module_for_a_package", "shop.py", "shop.py"),
        ("file_for_a_folder", "data", "data"),
        ("package_for_a_module", "shop/bank/__init__.py", "shop/bank/"),
    ])
    def test_own(self, _: str, name: str, expected: str) -> None:
        """What would be in the way of a file is not used."""
        suite = new_folder(self, {"test_it.py": WEAK, name: ""})
        sources = read_assignment(self.assignment()).sources
        self.assertEqual(read_suite(suite, sources).own, [expected])

    @parameterized.expand([
        ("beside", "shop/more.py"), ("data", "data/more.csv"),
        ("named_as_data", "data.py")])
    def test_not_own(self, _: str, name: str) -> None:
        """What only stands beside a file is the suite's."""
        suite = new_folder(self, {"test_it.py": WEAK, name: ""})
        sources = read_assignment(self.assignment()).sources
        found = read_suite(suite, sources)
        self.assertEqual(found.own, [])
        self.assertIn(name.replace("/", os.sep), found.files)

    def test_note_on_tests_elsewhere(self) -> None:
        """A file of tests beside tests/ is named as one that is not run."""
        suite = new_folder(
            self, {"tests/test_it.py": WEAK, "x/test_it.py": WEAK})
        self.assertEqual(read_suite(suite, {}).notes, [
            f"{os.path.join('x', 'test_it.py')} is not run: only the "
            "test*.py in tests/ are."])

    @parameterized.expand([
        ("no_seconds", "TEST_SECONDS = 3", "TEST_SECONDS = 0",
         "TEST_SECONDS must be a number of seconds, such as TEST_SECONDS = "
         "10"),
        ("less", "SUITE_SECONDS = 20", "SUITE_SECONDS = 2",
         "SUITE_SECONDS, 2, is less than TEST_SECONDS, 3"),
        ("points", "points=2", "points=-1", "entry 2 of MISTAKES must have"),
        ("no_edit", '    Edit("shop/basket.py", "int(prices[name])",\n'
         '                 "int(prices[name]) + 1")', "[]",
         "entry 2 of MISTAKES must have"),
        ("absolute", '"data/logo.png"', '"/logo.png"',
         "/logo.png must be a path from the folder that assignment.py is in"),
        ("no_function", "shop.bank.send", "shop.bank",
         "INTEGRATION: there is no function shop.bank"),
    ])
    def test_wrong(self, _: str, before: str, after: str, words: str) -> None:
        """A line says what is wrong with the file."""
        with self.assertRaisesRegex(Unusable, words):
            read_assignment(self.assignment(**{before: after}))

    def test_hidden_module(self) -> None:
        """A module of the standard library's name makes it unfit."""
        folder = self.assignment(**{
            '"data/logo.png"': '"data/logo.png", "calendar.py"'})
        (folder / "calendar.py").write_text("")
        status, out, _ = self.command("--assignment", str(folder), "--check")
        self.assertEqual(status, 1)
        self.assertTrue(out.endswith(
            "calendar.py hides the module calendar of Python's standard "
            "library: give it another name\n"))

    def test_why_left_out(self) -> None:
        """It is said why a test and a file of the own suite don't count."""
        folder = self.assignment(**{
            'basket.py",)': 'basket.py", "tests/test_no.py")'})
        test = folder / "tests" / "test_basket.py"
        test.write_text(test.read_text().replace("250", "251"))
        (folder / "tests" / "test_no.py").write_text("import nothing_here\n")
        status, out, _ = self.command("--assignment", str(folder), "--check")
        self.assertEqual(status, 1)
        self.assertIn("left out in the own suite: tests.test_basket.TestPay."
                      "test_price: tests/test_basket.py, line 19: "
                      "AssertionError: 250 != 251\n", out)
        self.assertIn("left out in the own suite: tests/test_no.py: tests/"
                      "test_no.py, line 1: ModuleNotFoundError: ", out)


if __name__ == "__main__":
    unittest.main()
