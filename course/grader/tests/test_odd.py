#!/usr/bin/env python3
"""Tests of odd suites: they get their due, and nothing false is said."""
import sys
import time
import unittest
from concurrent.futures import Future
from pathlib import Path
from typing import Dict, List, Sequence
from unittest.mock import patch

from parameterized import parameterized

from grader import judge, report
from grader.assignment import OWN, Unusable, read_assignment
from grader.judge import Grade
from grader.protocol import Job, Result, Run
from grader.run import Runners
from grader.suite import read_suite

from .writing import BAD_ID, GOOD, GOOD_ID, bad_and_good, new_folder

ASSIGNMENT = read_assignment(OWN)
RUNNERS = Runners(ASSIGNMENT.needs)
SHORT = 1  # seconds for a test that hangs; all others need far less

IMPORTS = """\
import dis, inspect, linecache, multiprocessing, os
import random, sys, time, unittest
from unittest.mock import Mock, patch
from client import GithubOrgClient
from utils import access_nested_map, get_json

def double(number):
    return 2 * number
"""


def tearDownModule() -> None:
    """End the processes that all tests have used."""
    RUNNERS.__exit__()


def suite(*lines: str) -> str:
    """Return a suite with a test of these lines before one that is good."""
    return bad_and_good(IMPORTS, *lines)


class OddTestCase(unittest.TestCase):
    """Tests that grade suites which they write."""

    def grade(self, source: str, numbers: Sequence[int] = (2,),
              seconds: float = 5) -> Grade:
        """Grade a suite of one test file by a few mistakes."""
        return self.grade_files({"test_it.py": source}, numbers, seconds)

    def grade_files(self, files: Dict[str, str], numbers: Sequence[int] = (2,),
                    seconds: float = 5) -> Grade:
        """Grade a suite of several files."""
        folder = new_folder(self, files)
        return judge.grade(
            read_suite(folder, ASSIGNMENT.sources),
            ASSIGNMENT._replace(test_seconds=seconds), RUNNERS,
            [mistake for mistake in ASSIGNMENT.mistakes
             if mistake.number in numbers], [])

    def text(self, graded: Grade) -> str:
        """Return the report, with single blanks alone."""
        return " ".join(report.report(graded).split())


class TestFound(OddTestCase):
    """A test belongs to the file in which it is found."""

    DOCTESTS = '''
import doctest
from utils import access_nested_map

def example():
    """Follow two keys.

    >>> access_nested_map({"a": {"b": 2}}, ("a", "b"))
    2
    """

def load_tests(loader, tests, pattern):
    tests.addTests(doctest.DocTestSuite())
    return tests
'''
    FUNCTIONS = '''
import unittest
from utils import access_nested_map

def two_keys():
    assert access_nested_map({"a": {"b": 2}}, ("a", "b")) == 2

def load_tests(loader, tests, pattern):
    return unittest.TestSuite([unittest.FunctionTestCase(two_keys)])
'''

    LOOP = '''
import unittest
from utils import access_nested_map

def load_tests(loader, tests, pattern):
    for path, value in (((), {"a": {"b": 2}}), (("a", "b"), 2)):
        def follows(path=path, value=value):
            assert access_nested_map({"a": {"b": 2}}, path) == value
        tests.addTest(unittest.FunctionTestCase(follows))
    return tests
'''

    @parameterized.expand([
        ("helper", "from cases import *", "cases.py", "cases.TestGood"),
        ("package", "from tests.test_cases import *", "tests/test_cases.py",
         "tests.test_cases.TestGood"),
    ])
    def test_imported(self, _: str, source: str, file: str, name: str) -> None:
        """Tests that a file imports are run, and notice mistakes."""
        graded = self.grade_files(
            {"test_it.py": source, file: IMPORTS + GOOD})
        self.assertEqual(
            graded.tests[f"{name}.test_good"].notices, {2: "assertion"})
        self.assertEqual(graded.untouched, [])

    @parameterized.expand([
        ("doctests", DOCTESTS, "test_it.example"),
        ("functions", FUNCTIONS, "two_keys"),
    ])
    def test_load_tests(self, _: str, source: str, name: str) -> None:
        """So are tests that are no methods of a class."""
        graded = self.grade(source)
        self.assertEqual({one: list(test.notices) for one, test
                          in graded.tests.items()}, {name: [2]})

    def test_same_id(self) -> None:
        """Each of the tests that load_tests makes in a loop is run."""
        graded = self.grade(self.LOOP)
        self.assertEqual({name: list(test.notices) for name, test
                          in graded.tests.items()},
                         {"follows": [], "follows#2": [2]})


class TestChance(OddTestCase):
    """A test that fails by chance notices nothing."""

    def test_once(self) -> None:
        """What does not come again is not a notice."""
        graded = self.grade(self.counting("self.assertNotEqual(number, 6)"),
                            range(3, 13))
        self.assertEqual(graded.tests[BAD_ID].verdict, "passes")
        self.assertEqual(graded.noticed, [])

    def test_now_and_then(self) -> None:
        """A test that fails on the right code, later, is unsteady."""
        graded = self.grade(self.counting(
            "self.assertTrue(number < 6 or number % 4)"), range(3, 13))
        self.assertEqual(graded.tests[BAD_ID].verdict, "unsteady")
        self.assertTrue(graded.tests[BAD_ID].message.startswith(
            "passes in one run, fails in another: "))
        self.assertEqual(graded.noticed, [])

    def test_twice(self) -> None:
        """Of too many in doubt none counts that does not fail all the time."""
        folder = new_folder(self, {})
        source = suite(
            "value = access_nested_map({1: {2: 3}}, (1, 2))",
            "with patch('requests.get') as get:",
            "    is_json = get_json('u') is get().json()",
            f"path = os.path.join({str(folder)!r}, f'{{value}} {{is_json}}')",
            "with open(path, 'a') as file:",
            "    file.write('x')", "    number = file.tell()",
            "self.assertTrue(value == 3 or number > 2)",
            "self.assertTrue(is_json or number > 1)")
        with patch.object(judge, "MOST_DOUBTFUL", 0):
            graded = self.grade(source, [2, 5])
        self.assertEqual(graded.tests[BAD_ID].notices, {})

    def counting(self, line: str) -> str:
        """Return a suite whose odd test knows how often it has been run."""
        path = new_folder(self, {"runs": ""}) / "runs"
        return suite(f"with open({str(path)!r}, 'a') as file:",
                     "    file.write('x')", "    number = file.tell()", line)

    def test_only_beside_others(self) -> None:
        """A failure that needs other runs beside it does not count."""
        folder = new_folder(self, {})
        source = suite(
            f"path = {str(folder / 'lock')!r}",
            "os.close(os.open(path, os.O_CREAT | os.O_EXCL))",
            "time.sleep(0.05)", "os.remove(path)")
        graded = self.grade(source, range(1, 9))
        self.assertEqual(graded.tests[BAD_ID].verdict, "passes")
        self.assertEqual(graded.tests[BAD_ID].notices, {})


class TestReaders(OddTestCase):
    """Who reads the source of the modules is named."""

    ABOUT = ("utils.py",)

    @parameterized.expand([
        ("open", "open('utils.py').close()"),
        ("path", "import pathlib; pathlib.Path('utils.py').read_text()"),
        ("getsource", "import utils; inspect.getsource(utils)"),
        ("getsource_of_function", "inspect.getsource(get_json)"),
        ("linecache", "linecache.getline('utils.py', 1)"),
    ])
    def test_source(self, _: str, line: str) -> None:
        """A test that reads a file is told so, beside an honest one."""
        graded = self.grade(suite(line), [])
        self.assertEqual(graded.reads, {BAD_ID: ["utils.py"]})
        self.assertIn(
            f"{BAD_ID} reads the source or the code of utils.py.",
            self.text(graded))

    @parameterized.expand([
        ("code", "self.assertTrue(get_json.__code__.co_code)"),
        ("dis", "self.assertTrue(list(dis.Bytecode(get_json)))"),
        ("loader", "import utils; utils.__loader__.get_data(utils.__file__)"),
    ])
    def test_code(self, _: str, line: str) -> None:
        """So is one that looks at code, where Python says who does."""
        graded = self.grade(suite(line), [])
        says_so = sys.version_info >= (3, 8)
        self.assertEqual(graded.reads, {BAD_ID: ["utils.py"]} if says_so
                         else {})

    def test_two(self) -> None:
        """Each of two is named, though the lines are kept after the first."""
        source = suite("inspect.getsource(get_json)").replace(
            "self.assertEqual(access", "inspect.getsource(get_json), (access")
        graded = self.grade(source, [])
        self.assertEqual(sorted(graded.reads), [BAD_ID, GOOD_ID])

    def test_at_import(self) -> None:
        """A file that reads it when it is imported is named itself."""
        graded = self.grade(
            suite("pass") + "\nSOURCE = open('utils.py').close()\n", [])
        self.assertEqual(graded.reads, {"test_it.py": ["utils.py"]})

    @parameterized.expand([
        ("imports", "import importlib, utils; importlib.reload(utils)"),
        ("autospec", "with patch('client.get_json', autospec=True): pass"),
        ("traceback", "import traceback",
         "try: access_nested_map({}, ('a',))",
         "except KeyError: traceback.format_exc()"),
        ("runs", "import runpy; runpy.run_path('utils.py')"),
        ("other_file", "open('test_it.py').close()"),
        ("program", "import __main__; open(__main__.__file__).close()"),
    ])
    def test_not_reading(self, _: str, *lines: str) -> None:
        """What is read for another purpose is not held against a test."""
        graded = self.grade(suite(*lines), [])
        self.assertEqual((graded.reads, graded.left_out), ({}, []))


class TestBlamed(OddTestCase):
    """Who ends or stops a run is named; the innocent are judged."""

    def test_stop(self) -> None:
        """The tests after one that stops the run are run all the same."""
        graded = self.grade(suite("self._outcome.result.stop()"))
        self.assertEqual(graded.stops, [BAD_ID])
        self.assertEqual(graded.tests[GOOD_ID].notices, {2: "assertion"})
        self.assertIn(f"{BAD_ID} stops the run by result.stop()",
                      self.text(graded))

    def test_several_hang(self) -> None:
        """Each test that hangs is named, and no other."""
        source = suite("while True: pass") + """
class TestMore(unittest.TestCase):
    def test_1(self): access_nested_map({}, ())
    def test_2(self):
        while True: time.sleep(9)
    def test_3(self): access_nested_map({}, ())
    def test_4(self): time.sleep(99)
"""
        graded = self.grade(source, seconds=SHORT)
        self.assertEqual(sorted(graded.are("wrong")), [
            BAD_ID, "test_it.TestMore.test_2", "test_it.TestMore.test_4"])
        self.assertEqual(graded.tests[BAD_ID].message,
                         f"took more than {SHORT} s")
        self.assertEqual(sorted(graded.are("passes")), [
            GOOD_ID, "test_it.TestMore.test_1", "test_it.TestMore.test_3"])
        self.assertEqual(graded.tests[GOOD_ID].notices, {2: "assertion"})

    def test_task_that_is_left(self) -> None:
        """A test that waits for a task after its end is wrong, no other."""
        source = suite("pass").replace(
            "    def test_bad", "    def run(self, result):\n"
            "        super().run(result)\n        time.sleep(99)\n\n"
            "    def test_bad")
        graded = self.grade(source, seconds=SHORT)
        self.assertEqual(graded.tests[BAD_ID].message,
                         f"after its end: took more than {SHORT} s")
        self.assertEqual(graded.tests[GOOD_ID].notices, {2: "assertion"})

    def test_main(self) -> None:
        """A file that calls unittest.main() when imported is told so."""
        graded = self.grade(IMPORTS + GOOD + "\nunittest.main()\n")
        self.assertIn("unittest.main() is called when the file is imported",
                      graded.unloaded["test_it.py"])

    @parameterized.expand(["spawn", "forkserver"])
    def test_start_method(self, method: str) -> None:
        """Processes can be started by every way that Python has."""
        source = suite(
            "with multiprocessing.Pool(1) as pool:",
            "    self.assertEqual(pool.map(double, [1]), [2])").replace(
                "def double", f"multiprocessing.set_start_method({method!r}, "
                "force=True)\n\ndef double")
        graded = self.grade(source, [])
        self.assertEqual(graded.left_out, [])


class TestTime(OddTestCase):
    """No suite takes ages, and what is left out for that is said."""

    def test_waits(self) -> None:
        """Tests that sleep are found to wait."""
        folder = new_folder(self, {"test_it.py": suite("time.sleep(1.1)")})
        job = judge.job_for(read_suite(folder, ASSIGNMENT.sources),
                            ASSIGNMENT.sources, ASSIGNMENT)
        right = judge.right_code(job, ASSIGNMENT, RUNNERS, 0.0)
        self.assertTrue(right.waits)

    @parameterized.expand([
        ("wait", [Result("passed", seconds=0.6, busy=0.1)] * 2, False),
        ("wait_longer", [Result("passed", seconds=0.6, busy=0.1)] * 3, True),
        ("work", [Result("passed", seconds=9.0, busy=8.0)], False),
        ("work_beside_others", [Result("passed", seconds=9.0, busy=2.0)],
         False),
        ("fail", [Result("assertion", seconds=9.0)], False),
    ])
    def test_do_wait(
            self, _: str, results: List[Result], expected: bool) -> None:
        """Tests that wait are told from those that work."""
        self.assertIs(judge.do_wait(results), expected)

    def test_watching_takes_long(self) -> None:
        """Where there is no time to find out why, that is said."""
        with patch.object(judge, "WATCHING", 0):
            graded = self.grade(suite("access_nested_map({1: 2}, (1,))"),
                                [1, 29, 30])
        self.assertEqual([reason.why for reason in graded.reasons.values()],
                         ["", *[judge.LONG] * 2])

    def test_waiting_takes_long(self) -> None:
        """What a run waits, for those of other suites, does not count."""
        submit = RUNNERS.submit

        def late(job: Job, *args: bool, **options: bool) -> "Future[Run]":
            """Start a run; one that is watched starts late."""
            time.sleep(0.5 if job.trace else 0)
            return submit(job, *args, **options)

        with patch.object(judge, "WATCHING", 0.2), \
                patch.object(RUNNERS, "submit", late):
            graded = self.grade(suite("access_nested_map({1: 2}, (1,))"),
                                [1, 29, 30])
        self.assertEqual([reason.why for reason in graded.reasons.values()],
                         ["", "", ""])


class TestTrue(OddTestCase):
    """Nothing is said that is false."""

    @parameterized.expand([
        ("for_good", "sys.setprofile(None)"),
        ("of_threads", "import threading; threading.setprofile(None)"),
        ("for_a_while", "before = sys.getprofile(); sys.setprofile(None); "
         "sys.setprofile(before)"),
    ])
    def test_another_profiler(self, _: str, line: str) -> None:
        """The kind of a test that sets a profiler is not known."""
        graded = self.grade(suite(
            line,
            "self.assertEqual(access_nested_map({1: {2: 3}}, (1, 2)), 3)"))
        self.assertEqual(graded.tests[BAD_ID].kind, "not known")
        self.assertEqual(graded.tests[GOOD_ID].kind, "unit")
        self.assertIn(f"1 test of a kind that is not known by assertion: "
                      f"{BAD_ID}", self.text(graded))

    def test_untouched(self) -> None:
        """What notices a mistake is not said to run none of the code."""
        source = IMPORTS + """
class TestBad(unittest.TestCase):
    def test_bad(self):
        try:
            value = access_nested_map({1: {2: 3}}, (1, 2))
        except RuntimeError:
            return
        self.assertEqual(value, 3)
"""
        graded = self.grade(source)
        self.assertEqual(graded.tests[BAD_ID].notices, {2: "assertion"})
        self.assertEqual(graded.untouched, [])

    def test_skipped(self) -> None:
        """What a decorator skips is not said to do what another test did."""
        graded = self.grade(IMPORTS + GOOD + """
    def test_bad(self):
        self.fail()

    @unittest.skip("why not")
    def test_it(self):
        self.fail()
""")
        self.assertEqual(
            {name.split(".")[2]: test.verdict for name, test
             in graded.tests.items()},
            {"test_bad": "wrong", "test_good": "passes",
             "test_it": "skipped"})

    def test_asserts_nothing(self) -> None:
        """Nor is what notices a mistake said to assert nothing."""
        graded = self.grade(suite(
            "access_nested_map({1: {2: {3: 4}}}, (1, 2))[3]"))
        self.assertEqual(graded.tests[BAD_ID].notices, {2: "exception"})
        self.assertEqual(graded.pitfalls, [])

    def test_pitfalls_of_no_import(self) -> None:
        """A file that can't be imported has no test that passes."""
        graded = self.grade("1 / 0\n" + suite("pass"))
        self.assertEqual(graded.pitfalls, [])

    def test_not_seen(self) -> None:
        """Beside a test that unittest does not see, others are missed."""
        graded = self.grade("def test_it(): assert 1\n")
        self.assertEqual(report.summary(graded),
                         "no score: unittest sees no test in these files")

    NAMES = ("setattr(TestGood, 'test_x\\n   noticed: 26', "
             "lambda self: self.fail())\n")

    def test_forged_name(self) -> None:
        """A name can't write a line of the report."""
        graded = self.grade(IMPORTS + GOOD + self.NAMES)
        self.assertIn("test_it.TestGood.test_x?   noticed: 26", graded.tests)
        self.assertNotIn("\n   noticed: 26\n", report.report(graded))


class TestNames(OddTestCase):
    """A module may have the name of one that Python has loaded."""

    ASSIGNMENT = """
from grader import Edit, Mistake
MODULES = ("{0}.py",)
MISTAKES = [Mistake(1, "put", "puts twice", Edit("{0}.py", "1", "2"))]
"""

    def assignment(self, name: str) -> Path:
        """Return the folder of an assignment with a module of a name."""
        return new_folder(self, {
            "assignment.py": self.ASSIGNMENT.format(name),
            f"{name}.py": "def put():\n    return 1\n"})

    @parameterized.expand(["queue", "random", "json", "shop"])
    def test_own(self, name: str) -> None:
        """It is the assignment's, whatever else has this name."""
        assignment = read_assignment(self.assignment(name))
        folder = new_folder(self, {"test_it.py": f"""
import unittest
from {name} import put

class TestPut(unittest.TestCase):
    def test_put(self):
        self.assertEqual(put(), 1)
"""})
        with Runners() as runners:
            graded = judge.grade(
                read_suite(folder, assignment.sources), assignment, runners)
        self.assertEqual(len(graded.noticed), 1)

    @parameterized.expand(["time", "unittest", "sys"])
    def test_refused(self, name: str) -> None:
        """A name that Python takes for its own is refused."""
        with self.assertRaisesRegex(
                Unusable, f"{name}.py can't be imported: Python has a module"):
            read_assignment(self.assignment(name))
