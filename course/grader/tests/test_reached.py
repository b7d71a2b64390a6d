#!/usr/bin/env python3
"""Tests of why a mistake is missed: each phrase is said where it is true."""
import json
import os
import sys
import tempfile
import unittest
from pathlib import Path
from typing import List, Sequence, Tuple

from parameterized import param, parameterized

from grader import judge, report
from grader.assignment import OWN, read_assignment
from grader.protocol import Result, Run, Trace
from grader.reached import (
    FAILED, NOT_IN_FUNCTION, NOT_KNOWN, NOT_REACHED, NOT_TOLD, OTHERWISE,
    SAME, VARIES, Place, Reason, places, reason)
from grader.run import Runners
from grader.suite import read_suite
from grader.tracer import AGAIN, PROCESS, THREAD, THREADS, TRACER, VALUE

ASSIGNMENT = read_assignment(OWN)
LOANS = read_assignment(OWN.parent / "loans")
BANK = read_assignment(OWN.parent / "bank")
RUNNERS = Runners(ASSIGNMENT.needs)

CODE = '''\
import json


def decorated(function):
    return function


class Counter:
    step = 1

    @decorated
    def add(
            self, number=1):
        """Add a number."""
        if number:
            total = sum([
                number,
                self.step])
        else:
            total = 0
        try:
            return total
        except ValueError:
            raise

    def same(self):
        return self
'''


def tearDownModule() -> None:
    """End the processes that all tests have used."""
    RUNNERS.__exit__()


class TestPlaces(unittest.TestCase):
    """Tests of which statements a mistake changes."""

    @parameterized.expand([
        ("simple", "            total = 0\n", "            total = 1\n",
         [("lines", True, 20, 20)]),
        ("inside_of_a_long_one", "                number,\n",
         "                -number,\n", [("lines", True, 16, 19)]),
        ("head_of_a_compound_one", "        if number:\n",
         "        if not number:\n", [("lines", True, 15, 15)]),
        ("clause", "        except ValueError:\n",
         "        except KeyError:\n", [("lines", True, 23, 23)]),
        ("deleted", "            total = 0\n", "            pass\n",
         [("lines", True, 20, 20)]),
        ("taken_away", '        """Add a number."""\n', "",
         [("lines", True, 14, 14)]),
        ("no_code_added", "        return self\n",
         "\n        # itself\n        return self\n", []),
        ("added", "        return self\n",
         "        self.step = 2\n        return self\n",
         [("lines", False, 27, 27)]),
        ("decorator", "    @decorated\n", "    @staticmethod\n",
         [("call", True, 11, 11)]),
        ("default", "self, number=1", "self, number=2",
         [("call", True, 11, 11)]),
        ("attribute", "    step = 1\n", "    step = 2\n",
         [("elsewhere", True, 9, 10)]),
        ("import", "import json\n", "import csv\n",
         [("elsewhere", True, 1, 3)]),
        ("function_added", "    def same(self):\n",
         "    def other(self):\n        return 1\n\n    def same(self):\n",
         [("call", False, 26, 26), ("lines", False, 27, 28)]),
    ])
    def test_places(
            self, _: str, before: str, after: str,
            expected: List[Tuple[str, bool, int, int]]) -> None:
        """It is the innermost simple statement, or the head of another."""
        self.assertEqual(CODE.count(before), 1)
        found = places({"a.py": CODE}, {"a.py": CODE.replace(before, after)})
        self.assertEqual(found, [
            Place("a.py", is_right, sort, first, last)
            for sort, is_right, first, last in expected])

    @unittest.skipIf(sys.version_info < (3, 10), "there is no match statement")
    def test_match(self) -> None:
        """A case is not a part of what stands in the case before."""
        code = ("def one(number):\n    match number:\n        case 1:\n"
                "            return 0\n        case 2:\n"
                "            return 1\n")
        self.assertEqual(
            places({"a.py": code}, {"a.py": code.replace("case 2", "case _")}),
            [Place("a.py", True, "lines", 5, 5)])

    def test_comment(self) -> None:
        """A comment that changes beside a statement is not a statement."""
        self.assertEqual(
            places({"a.py": "# a\nb = 1\n"}, {"a.py": "# c\nb = 2\n"}),
            [Place("a.py", True, "elsewhere", 2, 1000002)])


LINE = Place("a.py", True, "lines", 5, 5)
ADDED = Place("a.py", False, "lines", 5, 5)
STEP = Place("a.py", True, "elsewhere", 9, 9)


def run(*came_out: str, lines: Sequence[int] = (5,), outcome: str = "passed",
        unsure: Sequence[str] = ()) -> Run:
    """Return a run of one test, t.T.a, in which something was watched."""
    return Run({"t.T.a": Result(outcome)}, traces={"t.T.a": Trace(
        {"a.py": list(lines)}, {}, list(came_out), list(unsure))})


class TestReason(unittest.TestCase):
    """Tests of what follows from two runs of right code, one of wrong."""

    IN_A = ["t.T.a"]

    @parameterized.expand([
        param("not_reached", LINE, [run("1", lines=[4])] * 2, None,
              Reason(NOT_REACHED)),
        param("added_is_not_reached", ADDED, [run("1")] * 2,
              run("1", lines=[4]), Reason(NOT_REACHED)),
        param("added_is_reached", ADDED, [run("1", lines=[4])] * 2,
              run("1"), Reason(SAME, IN_A)),
        param("same", LINE, [run("1", "2")] * 2, run("1", "2"),
              Reason(SAME, IN_A)),
        param("otherwise", LINE, [run("1", "2")] * 2, run("1", "3"),
              Reason(OTHERWISE, IN_A)),
        param("once_more", LINE, [run("1")] * 2, run("1", "1"),
              Reason(OTHERWISE, IN_A)),
        param("what_varies_is_not_compared", LINE,
              [run("1", "2"), run("1", "3")], run("1", "4"),
              Reason(NOT_TOLD, IN_A, VARIES)),
        param("beside_what_varies", LINE, [run("1", "2"), run("1", "3")],
              run("0", "4"), Reason(OTHERWISE, IN_A)),
        param("number_varies", LINE, [run("1"), run("1", "1")], run("1"),
              Reason(NOT_TOLD, IN_A, VARIES)),
        param("reached_later_alone", LINE,
              [run("1", lines=[4]), run("1")], None,
              Reason(NOT_TOLD, IN_A, VARIES)),
        param("number_varies_always", LINE, [run("1"), run("1", "1")],
              run("1", "1", "1"), Reason(NOT_TOLD, IN_A, VARIES)),
        param("not_run_on_wrong_code", LINE, [run("1")] * 2,
              run("1")._replace(traces={}), Reason(NOT_TOLD, IN_A, VARIES)),
        param("no_text_on_right_code", LINE,
              [run("?", unsure=[VALUE])] * 2, run("1"),
              Reason(NOT_TOLD, IN_A, VALUE)),
        param("no_text_elsewhere", LINE,
              [run("?", lines=[4], unsure=[VALUE])] * 2, None,
              Reason(NOT_REACHED)),
        param("no_text", LINE, [run("?", unsure=[VALUE])] * 2,
              run("?", unsure=[VALUE]), Reason(NOT_TOLD, IN_A, VALUE)),
        param("beside_no_text", LINE, [run("?", "1", unsure=[VALUE])] * 2,
              run("?", "2", unsure=[VALUE]), Reason(OTHERWISE, IN_A)),
        param("text_or_not", LINE, [run("1")] * 2, run("?", unsure=[VALUE]),
              Reason(NOT_TOLD, IN_A, VALUE)),
        param("fails_when_watched", LINE, [run("1")] * 2,
              run("2", outcome="assertion"), Reason(NOT_TOLD, IN_A, FAILED)),
        param("process", LINE, [run("1", lines=[], unsure=[PROCESS])] * 2,
              None, Reason(NOT_KNOWN, why=PROCESS)),
        param("right_fails_when_watched", LINE,
              [run("1", lines=[], outcome="time")] * 2, None,
              Reason(NOT_KNOWN, why=FAILED)),
        param("thread", LINE, [run("1", unsure=[THREAD])] * 2,
              run("2", unsure=[THREAD]), Reason(NOT_TOLD, IN_A, THREAD)),
        param("several_threads", LINE, [run("1", unsure=[THREADS])] * 2,
              run("2", unsure=[THREADS]), Reason(NOT_TOLD, IN_A, THREADS)),
        param("several_threads_do_not_reach_it", LINE,
              [run("1", lines=[], unsure=[THREADS])] * 2, None,
              Reason(NOT_REACHED)),
        param("elsewhere_same", STEP, [run("1")] * 2, run("1"),
              Reason(NOT_TOLD, why=NOT_IN_FUNCTION)),
        param("elsewhere_otherwise", STEP, [run("1")] * 2, run("2"),
              Reason(OTHERWISE, IN_A)),
    ])
    def test_reason(
            self, _: str, place: Place, right: List[Run], wrong: Run,
            expected: Reason) -> None:
        """Nothing is said that these runs do not show."""
        self.assertEqual(reason([place], right, wrong, ["t.T.a"]), expected)

    def test_another_is_not_run(self) -> None:
        """What a test would reach that did not run is not known."""
        self.assertEqual(
            reason([LINE], [run("1", lines=[4])] * 2, None,
                   ["t.T.a", "t.T.b"]), Reason(NOT_KNOWN, why=FAILED))

    def test_fixture(self) -> None:
        """What is reached in a fixture alone is compared, too."""
        right, wrong = [Run(traces={"t.T": run(text).traces["t.T.a"]})
                        for text in "12"]
        self.assertEqual(reason([LINE], [right] * 2, wrong, []),
                         Reason(OTHERWISE, ["t.T"]))


# To be added to a suite.
DOCTEST = """
import doctest

def read():
    '''
    >>> access_nested_map({1: 2}, (1,))
    2
    '''

def load_tests(loader, tests, pattern):
    tests.addTest(doctest.DocTestSuite())
    return tests
"""

# A test of a suite, by its lines.
GET = 'with patch("requests.get") as get:'
ORG = 'with patch("client.get_json", return_value={"repos_url": "u"}) as get:'
REPOS = ('with patch("client.get_json", return_value=[{"name": "a"}, '
         '{"name": "b"}]), patch("client.GithubOrgClient._public_repos_url"):')
AREA = ("class It:", "    @memoize", "    def area(self): return 3",
        "it = It()")


class TestWatching(unittest.TestCase):
    """Tests of what is watched in a test that misses a mistake."""

    def reason(self, number: int, source: str) -> Reason:
        """Return why a suite misses a mistake."""
        assignment = ASSIGNMENT
        if "loans" in source:
            assignment = LOANS
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        Path(folder.name, "test_it.py").write_text(source)
        graded = judge.grade(
            read_suite(Path(folder.name), assignment.sources), assignment,
            RUNNERS, [assignment.mistake(str(number))], [])
        self.assertEqual((graded.left_out, graded.noticed), ([], []))
        return graded.reasons[number]

    def suite(self, *lines: str) -> str:
        """Return a suite with one test of these lines."""
        return "\n        ".join([
            "import os, subprocess, sys, threading, unittest\n"
            "import _thread, queue\n"
            "from unittest.mock import Mock, PropertyMock, patch\n"
            "from client import GithubOrgClient\n"
            "from utils import access_nested_map, get_json, memoize\n\n"
            "class TestIt(unittest.TestCase):\n    def test_it(self):",
            *lines, ""])

    @parameterized.expand([
        ("other_function", 5, NOT_REACHED, "access_nested_map({}, ())"),
        ("branch_not_taken", 3, NOT_REACHED,
         "access_nested_map({1: 2}, (1,))"),
        ("decorator_not_called", 20, NOT_REACHED, "GithubOrgClient('x')"),
        ("value", 8, SAME, *AREA, "it.area"),
        ("value_again", 8, OTHERWISE, *AREA, "it.area", "it.area"),
        ("one_instance", 9, SAME, *AREA, "it.area", "it.area"),
        ("two_instances", 9, OTHERWISE, "numbers = iter([1, 2])",
         "class It:", "    @memoize", "    def area(self):",
         "        return next(numbers)", "It().area", "It().area"),
        ("read_once", 20, SAME, REPOS,
         "    GithubOrgClient('x').public_repos()"),
        ("read_twice", 20, OTHERWISE, REPOS,
         "    client = GithubOrgClient('x')",
         "    client.public_repos(); client.public_repos()"),
        ("returned_double", 5, OTHERWISE, GET, "    get_json('u')"),
        ("argument_of_double", 6, OTHERWISE, GET, "    get_json('u')"),
        ("calls_of_double", 7, OTHERWISE, GET, "    get_json('u')"),
        ("autospec", 26, OTHERWISE, ORG, "    GithubOrgClient('x').org"),
        ("all_the_same", 12, SAME, ORG, "    GithubOrgClient('google').org"),
        ("another_name", 12, OTHERWISE, ORG, "    GithubOrgClient('x').org"),
        ("exception", 4, OTHERWISE,
         "with self.assertRaises(KeyError): access_nested_map({}, ('a',))"),
        ("caught_inside", 4, SAME, "GithubOrgClient.has_license({}, 'a')"),
        ("last_of_two", 16, OTHERWISE, REPOS,
         "    GithubOrgClient('x').public_repos()"),
        ("in_a_thread", 2, OTHERWISE,
         "def look(): access_nested_map({1: {2: 3}}, (1, 2))",
         "thread = threading.Thread(target=look); thread.start()",
         "thread.join()"),
        ("by_a_relative_path", 2, OTHERWISE, "import runpy",
         "names = runpy.run_path('utils.py')",
         "names['access_nested_map']({1: {2: 3}}, (1, 2))"),
        ("after_a_copy", 2, OTHERWISE, "import shutil",
         "shutil.copy('utils.py', 'copied.py'); import copied",
         "copied.access_nested_map({1: {2: 3}}, (1, 2))",
         "access_nested_map({1: {2: 3}}, (1, 2))"),
        ("other_value", 2, NOT_TOLD,
         "access_nested_map({1: threading.Lock()}, (1,))"),
    ])
    def test_reason(
            self, _: str, number: int, expected: str, *lines: str) -> None:
        """The reason is the one that a reader finds by hand."""
        self.assertEqual(
            self.reason(number, self.suite(*lines)).reason, expected)

    def test_time(self) -> None:
        """What differs with the time alone is not told of the mistake."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        # The value is another one from the third run on that is watched.
        found = self.reason(2, self.suite(
            f"with open({os.path.join(folder.name, 'runs')!r}, 'a') as file:",
            "    file.write('x' if sys.gettrace() else '')",
            "    number = file.tell()",
            "access_nested_map({1: number < 3}, (1,))"))
        self.assertEqual(
            found, Reason(NOT_TOLD, ["test_it.TestIt.test_it"], VARIES))

    @parameterized.expand([
        ("after_the_code", 9, AGAIN, ORG, "    client = GithubOrgClient('x')",
         "    client._public_repos_url", "    client.org"),
        ("several_threads", 34, THREADS, GET,
         "    threads = [threading.Thread(target=get_json, args=('u',))",
         "               for _ in range(3)]",
         "    for one in threads: one.start()",
         "    for one in threads: one.join()"),
        ("beside_a_process", 1, PROCESS, "access_nested_map({1: 2}, (1,))",
         "subprocess.call([sys.executable, '-c', ''])"),
    ])
    def test_not_told(
            self, _: str, number: int, why: str, *lines: str) -> None:
        """What can't be compared is said to be so, and why."""
        found = self.reason(number, self.suite(*lines))
        self.assertEqual((found.reason, found.why), (NOT_TOLD, why))

    def test_other_test(self) -> None:
        """Nothing is said of all tests if another one can't be watched."""
        found = self.reason(1, self.suite(
            "access_nested_map({1: 2}, (1,))") + """
    def test_other(self):
        subprocess.call([sys.executable, "-c", ""])
""")
        self.assertEqual((found.reason, found.why), (NOT_TOLD, PROCESS))

    def test_doctest(self) -> None:
        """A doctest puts the tracer back, and replaces none."""
        found = self.reason(1, self.suite(
            "access_nested_map({1: 2}, (1,))") + DOCTEST)
        self.assertEqual(found.reason, SAME)

    @parameterized.expand([
        ("process", PROCESS,
         "subprocess.call([sys.executable, '-c', ''])"),
        ("fork", PROCESS, "if not os.fork(): os._exit(0)", "os.wait()"),
        ("bare_thread", THREAD, "done = queue.Queue()",
         "_thread.start_new_thread(done.put, (1,)); done.get()"),
        ("tracer", TRACER, "sys.settrace(None)"),
        ("tracer_of_threads", TRACER, "threading.settrace(None)"),
        ("tracer_for_a_while", TRACER, "before = sys.gettrace()",
         "sys.settrace(None); sys.settrace(before)"),
    ])
    def test_not_known(self, _: str, why: str, *lines: str) -> None:
        """Where it is not known what a test reaches, that is said."""
        self.assertEqual(self.reason(7, self.suite(*lines)),
                         Reason(NOT_KNOWN, why=why))

    LOANS_SUITE = """
import io, os, tempfile, unittest
from contextlib import redirect_stdout
from datetime import date
from unittest.mock import patch
import desk, loans

class TestIt(unittest.TestCase):
    def test_it(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "loans")
            {}
"""

    @parameterized.expand([
        ("file", 4, OTHERWISE, "loans.write_loans(path, [loans.Loan("
         "'a, b', 'c', date(2026, 1, 1))])"),
        ("same_file", 4, SAME, "loans.write_loans(path, [loans.Loan("
         "'a', 'c', date(2026, 1, 1))])"),
        ("line", 7, OTHERWISE, "desk.lend(path, 'a', 'b')"),
    ])
    def test_written(
            self, _: str, number: int, expected: str, line: str) -> None:
        """What is printed, or written to a file, comes out, too."""
        found = self.reason(number, self.LOANS_SUITE.format(line))
        self.assertEqual(found.reason, expected)

    def test_words(self) -> None:
        """Each of the phrases stands in the report, with what helps."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        Path(folder.name, "test_it.py").write_text(self.suite(
            "access_nested_map({1: 2}, (1,))", GET, "    get_json('u')",
            "GithubOrgClient.has_license({'license': {'key': 'a'}}, 'a')"))
        graded = judge.grade(
            read_suite(Path(folder.name), ASSIGNMENT.sources), ASSIGNMENT,
            RUNNERS, [ASSIGNMENT.mistake(number) for number in (
                "1", "28", "29", "3", "7")], [])
        text = report.report(graded)
        for words in (
                "   reached, something came out otherwise, and no test looks "
                "at it: assert it:\n"
                "      7 get_json: test_it.TestIt.test_it\n",
                "   reached, and what the tests could compare came out the "
                "same: try another\n   input, or the same once more:\n"
                "      1 access_nested_map: test_it.TestIt.test_it\n"
                "      28 has_license: test_it.TestIt.test_it\n"
                "      29 access_nested_map: test_it.TestIt.test_it\n"
                "      checklist for access_nested_map: "
                "course/grade.py --hint 1 0\n"
                "      checklist for has_license: "
                "course/grade.py --hint 28 0\n",
                "   not reached: neither a test that counts, nor its "
                "fixtures, nor the import of\n   its file runs a line that "
                "the mistake changes:\n"
                "      3 access_nested_map\n"):
            self.assertIn(words, text)
        self.assertIn("why it is missed  s  n  o  s  s\n",
                      report.map_of(graded))
        missed = json.loads(report.results(graded))["extra_data"]["missed"]
        self.assertEqual({number: found["reason"]
                          for number, found in missed.items()}, {
            "1": "same", "28": "same", "29": "same", "3": "not reached",
            "7": "otherwise"})

    def test_no_checklist(self) -> None:
        """No checklist is named for a function that has none."""
        self.assertEqual(
            list(report.checklists(BANK, BANK.mistakes)),
            ["      checklist for pay: course/grade.py "
             f"--assignment {BANK.folder} --hint 2 0"])
