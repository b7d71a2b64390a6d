#!/usr/bin/env python3
"""Tests of assignments: this project's own, a small one, and broken ones."""
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any, Dict
from unittest.mock import patch

from parameterized import parameterized

from grader import assignment
from grader.assignment import OWN, Unusable, check_imports, read_assignment
from grader.edits import Edit, edited, wrecked

CLASSIC = read_assignment(OWN)
BANK = read_assignment(OWN.parent / "bank")
TOUR = (
    "A first test", "Tables of cases", "Testing an exception",
    "Counting: proving memoization", "Properties", "Test doubles",
    "Where to patch", "patch in three forms", "The order of the arguments",
    "return_value and side_effect", "PropertyMock", "autospec and spec",
    "setUp, setUpClass, tearDown, addCleanup", "Unit and integration tests",
    "Recorded payloads", "A server on loopback", "What a double costs",
    "What passes and proves nothing")

# A whole assignment, of which each test replaces a part.
FIRST = "from grader import Edit, Mistake, Rewrite\n"
MODULES = 'MODULES = ("bank.py",)\n'
MISTAKES = ('MISTAKES = [Mistake(1, "pay", "pays twice", '
            'Edit("bank.py", "return 1", "return 2"))]\n')
SOURCE = '''
class Bank:
    """Takes what it gets."""

    def pay(self):
        """Pay once."""
        return 1
'''


class TestOwn(unittest.TestCase):
    """Tests of the data of this project's own assignment."""

    def test_numbers(self) -> None:
        """There are 36, in the order of the course's evenings."""
        self.assertEqual(
            [mistake.number for mistake in CLASSIC.mistakes],
            [*range(1, 5), *range(29, 32), *range(17, 20), 27, 28,
             *range(8, 11), 32, 33, *range(5, 8), 34, 35,
             *range(11, 17), 20, 36, *range(21, 27)])

    def test_counts(self) -> None:
        """Seven edges and errors are noticed by no public suite."""
        self.assertEqual(
            [mistake.number for mistake in CLASSIC.mistakes
             if not mistake.suites], [29, 30, 31, 33, 34, 35, 36])

    @parameterized.expand([(one.name, one) for one in CLASSIC.mistakes])
    def test_mistake(self, _: str, mistake: Any) -> None:
        """Each has all that its hints need, and a heading of the tour."""
        self.assertIn(mistake.lesson, TOUR)
        self.assertTrue(mistake.explained.endswith("."))
        self.assertTrue(mistake.noticed_by)
        self.assertEqual(
            len(CLASSIC.checklists[mistake.function].splitlines()), 5)


class TestReading(unittest.TestCase):
    """Tests of what is wrong with an assignment, found before grading."""

    def write(self, text: str, **files: str) -> Path:
        """Return a folder with an assignment, and other files in it."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, source in {"assignment": text, **files}.items():
            Path(folder.name, f"{name}.py").write_text(source)
        return Path(folder.name)

    def test_bank(self) -> None:
        """What is left out is empty, and files are known by their names."""
        self.assertEqual(list(BANK.sources), ["bank.py", "shop.py"])
        self.assertEqual([file.name for file in BANK.suite], ["test_shop.py"])
        self.assertEqual(
            (BANK.needs, BANK.beside, BANK.suites), ([], {}, 0))

    def test_least(self) -> None:
        """An assignment of two names is a whole one."""
        folder = self.write(FIRST + MODULES + MISTAKES, bank=SOURCE)
        read = read_assignment(folder)
        self.assertEqual(read.mistake("1").summary, "pays twice")
        check_imports(read)

    @parameterized.expand([
        ("syntax", "x = (", "line 1: SyntaxError: "),
        ("name", FIRST + "MISTAKES = [mistake]", "line 2: NameError: name "
         "'mistake' is not defined"),
        ("no_modules", FIRST + MISTAKES, "MODULES names no file"),
        ("no_mistakes", FIRST + MODULES, "MISTAKES is empty"),
        ("string", FIRST + 'MODULES = ("bank.py")\n' + MISTAKES,
         r'MODULES must be a tuple of strings, such as MODULES = \("bank.py"'),
        ("file", FIRST + 'MODULES = ("safe.py",)\n' + MISTAKES,
         "there is no file safe.py"),
        ("twice", FIRST + 'MODULES = ("bank.py", "./bank.py")\n' + MISTAKES,
         "two files have the name bank.py"),
        ("beside", FIRST + MODULES + MISTAKES + 'BESIDE = ("bank.py",)\n',
         "bank.py is in MODULES and in BESIDE"),
        ("no_python", FIRST + 'MODULES = ("assignment.txt",)\n' + MISTAKES,
         "assignment.txt is not a Python file"),
        ("entry", FIRST + MODULES + "MISTAKES = [1]\n",
         r"entry 1 of MISTAKES must be a Mistake\(...\)"),
        ("number_0", FIRST + MODULES + MISTAKES.replace("1, ", "0, ", 1),
         "entry 1 of MISTAKES must have a number from 1 on"),
        ("number_twice", FIRST + MODULES + MISTAKES + "MISTAKES *= 2\n",
         "two mistakes have the number 1"),
        ("never", FIRST + MODULES + MISTAKES.replace("return 1", "return 3"),
         r"1 pay: bank.py has 0 times, not once \(if you have changed it by "
         r"hand, undo that: git checkout bank.py\):\nreturn 3"),
        ("nothing", FIRST + MODULES + MISTAKES.replace(
            "return 2", "return 1"), "1 pay: the edit changes nothing"),
        ("other_file", FIRST + MODULES + MISTAKES.replace(
            '"bank.py", "r', '"shop.py", "r'), "shop.py is not in MODULES"),
        ("compile", FIRST + MODULES + MISTAKES.replace("return 2", "return ("),
         "bank.py does not compile after it: line 7: "),
        ("rewrite", FIRST + MODULES + MISTAKES + 'REWRITES = [Rewrite("a", '
         '[])]\n', "entry 1 of REWRITES must have a name and a list of"),
        ("integration", FIRST + MODULES + MISTAKES
         + 'INTEGRATION = ("bank.pay",)\n',
         "INTEGRATION: there is no function bank.pay"),
        ("suite", FIRST + MODULES + MISTAKES + 'SUITE = ("bank.py",)\n',
         r"SUITE: bank.py is not named test\*.py"),
        ("suites", FIRST + MODULES + MISTAKES + 'SUITES = "3"\n',
         "SUITES must be a number"),
        ("checklists", FIRST + MODULES + MISTAKES + 'CHECKLISTS = {"a": ""}\n',
         "CHECKLISTS: no mistake is in a"),
        ("checklist", FIRST + MODULES + MISTAKES + "CHECKLISTS = {1: 2}\n",
         "CHECKLISTS must be a dict of strings"),
    ])
    def test_wrong(self, _: str, text: str, message: str) -> None:
        """A line says what is wrong with the file."""
        folder = self.write(text, bank=SOURCE)
        with self.assertRaisesRegex(
                Unusable, f"^{folder / 'assignment.py'}.*{message}"):
            read_assignment(folder)

    def test_twice_in_the_file(self) -> None:
        """Lines that occur twice could be meant for either."""
        folder = self.write(FIRST + MODULES + MISTAKES, bank=SOURCE * 2)
        with self.assertRaisesRegex(Unusable, "has 2 times, not once"):
            read_assignment(folder)

    def test_method(self) -> None:
        """A method is named with its class."""
        folder = self.write(FIRST + MODULES + MISTAKES + 'INTEGRATION = '
                            '("bank.Bank.pay",)\n', bank=SOURCE)
        self.assertEqual(
            assignment.function_place(
                read_assignment(folder).modules, "bank.Bank.pay"),
            ("bank.py", "pay", 5, 6))

    @parameterized.expand([
        ("module", SOURCE + "1 / 0\n", "", "bank.py can't be imported: "
         "ZeroDivisionError: division by zero"),
        ("package", SOURCE, 'NEEDS = ("nothing_of_this_name", "json")\n',
         r"nothing_of_this_name can't be imported; activate the environment "
         r"\(\. \.venv/bin/activate\), or install with: .* -m pip "
         "install nothing_of_this_name$"),
    ])
    def test_imports(
            self, _: str, source: str, needs: str, message: str) -> None:
        """What can't be imported is named, a package with a command."""
        folder = self.write(FIRST + MODULES + MISTAKES + needs, bank=source)
        with self.assertRaisesRegex(Unusable, message):
            check_imports(read_assignment(folder))

    def test_import_that_hangs(self) -> None:
        """A module that never comes to its end can't be imported."""
        folder = self.write(FIRST + MODULES + MISTAKES,
                            bank=SOURCE + "while True: pass\n")
        with patch.object(assignment, "IMPORT_SECONDS", 0.3), \
                self.assertRaisesRegex(Unusable, "takes more than 0.3 s"):
            check_imports(read_assignment(folder))

    def test_modules_elsewhere(self) -> None:
        """Modules may stand elsewhere; the file changes no other name."""
        folder = self.write(FIRST + MODULES.replace("bank.py", "../bank.py")
                            + MISTAKES)
        (folder.parent / "bank.py").write_text(SOURCE)
        self.addCleanup((folder.parent / "bank.py").unlink)
        before = set(sys.modules)
        self.assertEqual(list(read_assignment(folder).modules), ["bank.py"])
        self.assertEqual(set(sys.modules), before)


class TestEdits(unittest.TestCase):
    """Tests of edits, and of what is left of a module that is wrecked."""

    @parameterized.expand([("no", "b = 1\n"), ("two", "a = 1\na = 1\n")])
    def test_edit_that_does_not_fit(self, _: str, source: str) -> None:
        """Lines that occur nowhere, or twice, are an error."""
        with self.assertRaises(ValueError):
            edited({"a.py": source}, [Edit("a.py", "a = 1\n", "a = 2\n")])

    def test_lines_that_are_added(self) -> None:
        """An edit without lines before adds some at the end."""
        self.assertEqual(
            edited({"a.py": "a = 1\n"}, [Edit("a.py", "", "b = 2\n")]),
            {"a.py": "a = 1\nb = 2\n"})

    @parameterized.expand([
        ("docstring", "def it():\n    'Do it.'\n    return 1\n"),
        ("no_docstring", "def it():\n    return 1\n"),
        ("docstring_alone", "def it():\n    'Do it.'\n"),
        ("one_line", "def it(): return 1\n"),
        ("two_statements", "def it(): a = 'ä'; return a\n"),
        ("inner", "def it():\n    @staticmethod\n    def inner():\n"
         "        return 1\n    return inner\n"),
        ("long", "def it():\n    '''Do\n    it.'''\n    if True:\n"
         "        return 1\n"),
    ])
    def test_wrecked(self, _: str, source: str) -> None:
        """A function raises, at once, whatever its first statement is."""
        names: Dict[str, Any] = {}
        exec(wrecked(source), names)
        with self.assertRaisesRegex(RuntimeError, "wrecked"):
            names["it"]()

    def test_not_wrecked(self) -> None:
        """An object can still be made."""
        names: Dict[str, Any] = {}
        exec(wrecked("class It:\n    def __init__(self): self.a = 1\n"), names)
        self.assertEqual(names["It"]().a, 1)
