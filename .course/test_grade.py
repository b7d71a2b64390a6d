#!/usr/bin/env python3
"""Tests of the grader: what it finds in good suites, bad and hostile ones."""
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from textwrap import indent
from typing import Any, Dict, List, Sequence, Tuple
from unittest.mock import patch

from parameterized import parameterized

import grade
import judge
from judge import PROJECT, Grade, Unusable, project_sources
from mistakes import (
    MISTAKES, REWRITES, Edit, Mistake, edited, wrecked)
from pitfalls import findings
from recorder import is_loopback
from runner import Job, Runners

STARTER = PROJECT / ".course" / "starter"
COMMAND = str(PROJECT / ".course" / "grade.py")
RUNNERS = Runners()
SHORT = 1  # seconds for a test that hangs; all others need far less

# A suite of two tests: one notices mistake 2, the other is there to be bad.
IMPORTS = """\
import os, random, signal, socket, subprocess, sys, threading, time, unittest
from unittest.mock import Mock, patch
from client import GithubOrgClient
from utils import access_nested_map, get_json
"""
GOOD = '''
class TestGood(unittest.TestCase):
    def test_good(self):
        self.assertEqual(access_nested_map({"a": {"b": 2}}, ("a", "b")), 2)
'''
NUMBERS = f"the mistakes are {grade.numbers(MISTAKES)}"
GOOD_ID = "test_it.TestGood.test_good"
BAD_ID = "test_it.TestBad.test_bad"


def tearDownModule() -> None:
    """End the processes that all tests have used."""
    RUNNERS.__exit__()


def suite(*lines: str) -> str:
    """Return a suite with a test of these lines before one that is good."""
    body = indent("\n".join(lines), " " * 8)
    return (f"{IMPORTS}\nclass TestBad(unittest.TestCase):\n"
            f"    def test_bad(self):\n{body}\n{GOOD}")


def snapshot(folder: Path) -> Dict[str, Tuple[int, int]]:
    """Return the project's and the course's files, with size and time."""
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns)
            for pattern in ("*", ".course/**/*")
            for path in folder.glob(pattern)}


class Terminal(io.StringIO):
    """What is written to a terminal, for tests."""

    def isatty(self) -> bool:
        """Say that it is one."""
        return True


class GraderTestCase(unittest.TestCase):
    """Tests that grade suites which they write."""

    def write(self, **files: str) -> Path:
        """Return a new folder with these files, named without `.py`."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for name, text in files.items():
            Path(folder.name, f"{name}.py").write_text(text)
        return Path(folder.name)

    def grade(
            self, folder: Path, numbers: Sequence[int] = (2,),
            seconds: float = 5) -> Grade:
        """Grade a suite by a few mistakes and no rewrite: that is quick."""
        return judge.grade(
            folder, RUNNERS, [mistake for mistake in MISTAKES
                              if mistake.number in numbers], [], seconds)

    def command(self, *argv: str) -> Tuple[int, str, str]:
        """Run the command; return its status, stdout and stderr."""
        with redirect_stdout(io.StringIO()) as out, \
                redirect_stderr(io.StringIO()) as err:
            try:
                status = grade.main(argv)
            except SystemExit as error:
                status = int(str(error))
        return status, out.getvalue(), err.getvalue()


class TestMistakes(GraderTestCase):
    """Tests of the mistakes and the rewrites themselves."""

    def test_numbers(self) -> None:
        """Each has its own; those of the public suites are 1 to 26."""
        numbers = [mistake.number for mistake in MISTAKES]
        self.assertEqual(len(set(numbers)), len(numbers))
        self.assertEqual(
            [mistake.number for mistake in MISTAKES if mistake.suites],
            list(range(1, 27)))

    @parameterized.expand(
        [(mistake.name, [mistake.edit])
         for mistake in MISTAKES]
        + [(rewrite.name, rewrite.edits) for rewrite in REWRITES])
    def test_edits(self, _: str, edits: Any) -> None:
        """Each fits the modules as they are, and leaves them valid Python."""
        right = project_sources()
        changed = edited(right, edits)
        self.assertNotEqual(changed, right)
        for source in changed.values():
            compile(source, "module", "exec")

    @parameterized.expand([("no", "b = 1\n"), ("two", "a = 1\na = 1\n")])
    def test_edit_that_does_not_fit(self, _: str, source: str) -> None:
        """Lines that occur nowhere, or twice, are an error."""
        edit = MISTAKES[0].edit._replace(before="a = 1\n")
        with self.assertRaises(ValueError):
            edited({"utils.py": source}, [edit])

    def test_wrecked(self) -> None:
        """Every function raises, at once, whatever its first statement is."""
        source = wrecked('''
class It:
    """A class with methods of every kind."""

    def __init__(self):
        """Make it."""
        self.a = 1

    def value(self):
        """Return the value."""
        return self.a

    def deep(self):
        """Return what a decorated function returns."""
        @staticmethod
        def inner():
            """Return a number."""
            return 1
        return inner
''')
        names: Dict[str, Any] = {}
        exec(source, names)
        for method in (names["It"]().value, names["It"]().deep):
            with self.assertRaisesRegex(RuntimeError, "wrecked"):
                method()

    def test_noticed_by(self) -> None:
        """The project's tests pass, and each hint's last step is true."""
        job = Job(str(PROJECT), project_sources())
        tests = RUNNERS.submit(job).result().tests
        self.assertEqual([test_id for test_id, result in tests.items()
                          if result.failed], [])
        runs = {}
        for mistake in MISTAKES:
            name = re.compile(re.escape(mistake.noticed_by) + r"\..*"
                              if mistake.noticed_by else ".*")
            runs[mistake.name] = RUNNERS.submit(job._replace(
                sources=edited(job.sources, [mistake.edit]),
                tests=list(filter(name.fullmatch, tests))))
        noticed = [name for name, run in runs.items() if any(
            result.failed for result in run.result().tests.values())]
        self.assertEqual(noticed, list(runs))


class TestHostileSuites(GraderTestCase):
    """What goes wrong in one test leaves all others their due."""

    @parameterized.expand([
        ("fails", "self.assertEqual(1, 2)",
         "test_it.py, line 8: AssertionError: 1 != 2"),
        ("raises", "{}['a']", "test_it.py, line 8: KeyError: 'a'"),
        ("exits", "os._exit(0)", "ended its process with status 0"),
        ("exits_with_status", "os._exit(3)",
         "ended its process with status 3"),
        ("sys_exit", "sys.exit(3)", "test_it.py, line 8: SystemExit: 3"),
        ("interrupts", "raise KeyboardInterrupt",
         "was interrupted"),
        ("kills_itself", "os.kill(os.getpid(), signal.SIGKILL)",
         "was killed by SIGKILL"),
        ("kills_its_group", "os.killpg(0, signal.SIGKILL)",
         "was killed by SIGKILL"),
        ("closes_files", "os.closerange(3, 100)",
         "ended its process with status 1"),
        ("eats_memory", "bytearray(2 ** 31)",
         "test_it.py, line 8: MemoryError"),
        ("writes_much",
         "with open('big', 'wb') as big: big.seek(2 ** 28); big.write(b'x')",
         "test_it.py, line 8: OSError: [Errno 27] File too large"),
        ("long_message", "self.fail('x' * 10 ** 7)",
         "test_it.py, line 8: AssertionError: " + "x" * 364),
        ("odd_message", "self.fail('a\\n\\x1b\\ud800')",
         "test_it.py, line 8: AssertionError: a ??"),
    ])
    def test_one_test(self, _: str, line: str, words: str) -> None:
        """Only that test is wrong, and a line says why."""
        graded = self.grade(self.write(test_it=suite(line)))
        bad = graded.tests[BAD_ID]
        self.assertEqual((bad.right, bad.words), ("wrong", words))
        self.assertEqual(graded.tests[GOOD_ID].notices, {2: "assertion"})

    @parameterized.expand([
        ("loop", "while True: pass"),
        ("sleep", "time.sleep(99)"),
        ("stopped", "os.kill(os.getpid(), signal.SIGSTOP)"),
    ])
    def test_hangs(self, _: str, line: str) -> None:
        """A test that hangs is ended, and the others are run after it."""
        graded = self.grade(self.write(test_it=suite(line)), seconds=SHORT)
        self.assertEqual(
            graded.tests[BAD_ID].words, f"took more than {SHORT} s")
        self.assertEqual(graded.tests[GOOD_ID].notices, {2: "assertion"})

    @parameterized.expand([
        ("connect", "socket.create_connection(('192.0.2.1', 80))"),
        ("name", "socket.gethostbyname('example.com')"),
        ("send", "socket.socket(type=socket.SOCK_DGRAM).sendto("
         "b'x', ('192.0.2.1', 9))"),
        ("get_json", "get_json('http://example.com')"),
    ])
    def test_no_network(self, _: str, line: str) -> None:
        """A test that asks another machine is told that there is none."""
        graded = self.grade(self.write(test_it=suite(line)))
        self.assertEqual(graded.tests[BAD_ID].right, "wrong")
        self.assertIn("graded test has no network", graded.tests[BAD_ID].words)

    @parameterized.expand([
        ("prints", "print('x' * 50_000_000)"),
        ("forks", "os.fork()"),
        ("deletes_modules",
         "os.remove('utils.py'); os.remove('client.py')"),
        ("deletes_all",
         "import shutil; shutil.rmtree(os.path.dirname(os.getcwd()))"),
        ("changes_modules", "open('utils.py', 'w').close()"),
        ("elsewhere", "os.chdir('/')"),
        ("loopback", "server = socket.create_server(('127.0.0.1', 0)) if "
         "hasattr(socket, 'create_server') else socket.socket()"),
    ])
    def test_harmless(self, _: str, line: str) -> None:
        """What is no failure for unittest is none here."""
        graded = self.grade(self.write(test_it=suite(line)))
        self.assertEqual({test_id: test.right for test_id, test
                          in graded.tests.items()},
                         {BAD_ID: "passes", GOOD_ID: "passes"})
        self.assertEqual(graded.tests[GOOD_ID].notices, {2: "assertion"})

    def test_nothing_is_left_running(self) -> None:
        """A child is killed, even where its parent has let go of it."""
        folder = self.write()
        (folder / "test_it.py").write_text(suite(
            "if not os.fork():",
            "    os.setsid()",
            "    child = subprocess.Popen(",
            "        [sys.executable, '-c', 'import time; time.sleep(99)'],",
            "        start_new_session=True, cwd='/', env={})",
            f"    with open({str(folder / 'pids')!r}, 'a') as pids:",
            "        print(child.pid, file=pids)",
            "    os._exit(0)",
            "os.wait()"))
        graded = self.grade(folder)
        self.assertEqual(graded.left_out, [])
        pids = (folder / "pids").read_text().split()
        self.assertGreaterEqual(len(pids), 4)
        for pid in pids:
            with self.assertRaises(ProcessLookupError):
                os.kill(int(pid), 0)

    def test_environment(self) -> None:
        """A run sees no token, no proxy, another home."""
        folder = self.write(test_it=suite(
            "names = {'GH_TOKEN', 'GITHUB_TOKEN', 'HTTPS_PROXY'}",
            "self.assertFalse(names & set(os.environ))",
            f"self.assertNotEqual(os.environ['HOME'], {str(Path.home())!r})",
            "self.assertEqual(os.getsid(0), os.getpid())"))
        secrets = {"GH_TOKEN": "x", "GITHUB_TOKEN": "x", "HTTPS_PROXY": "x"}
        with patch.dict(os.environ, secrets), Runners() as runners:
            graded = judge.grade(folder, runners, [], [])
        self.assertEqual(graded.left_out, [])

    def test_ends_the_process_that_watches(self) -> None:
        """There is no score then, and a line says why."""
        graded = self.grade(self.write(test_it=suite(
            "os.kill(os.getppid(), signal.SIGKILL)", "time.sleep(99)")))
        self.assertEqual(graded.tests["the suite"].words,
                         "ended the process that watches it")
        self.assertIn("no score", grade.summary(graded))

    @parameterized.expand([
        ("syntax", "def", "test_bad.py, line 1: SyntaxError: "),
        ("name", "import unittest\nunittest.nothing",
         "test_bad.py, line 2: AttributeError: "),
        ("module", "import nothing_of_this_name",
         "test_bad.py, line 1: ModuleNotFoundError: "),
        ("zero_byte", "a = '\0'", "test_bad.py.*: (Value|Syntax)Error: "),
        ("main", "import unittest\nunittest.main()",
         "test_bad.py, line 2: SystemExit"),
        ("exit", "import os\nos._exit(0)", "ended its process with status 0"),
        ("hang", "while True: pass", f"took more than {SHORT} s"),
    ])
    def test_file_that_is_not_imported(
            self, _: str, source: str, words: str) -> None:
        """Only that file is wrong, and a line says why."""
        graded = self.grade(self.write(
            test_it=IMPORTS + GOOD, test_bad=source), seconds=SHORT)
        bad = graded.tests["test_bad.py"]
        self.assertEqual(bad.right, "wrong")
        self.assertRegex(bad.words, words)
        self.assertEqual(graded.tests[GOOD_ID].notices, {2: "assertion"})

    @parameterized.expand([
        ("fails", "setUpClass", "{}['a']",
         ["TestBad.test_bad"]),
        ("skips", "setUpClass", "raise unittest.SkipTest('why not')", []),
        ("exits", "setUpClass", "os._exit(0)", ["TestBad.test_bad"]),
        ("fails_after", "tearDownClass", "{}['a']",
         ["TestBad.tearDownClass"]),
        ("exits_after", "tearDownClass", "os._exit(0)", []),
    ])
    def test_class_fixture(
            self, _: str, name: str, line: str, wrong: List[str]) -> None:
        """Where setUpClass fails, all tests of the class are wrong."""
        source = suite("pass").replace("unittest.TestCase):\n", (
            "unittest.TestCase):\n    @classmethod\n"
            f"    def {name}(cls):\n        {line}\n"), 1)
        graded = self.grade(self.write(test_it=source))
        self.assertEqual(sorted(graded.are("wrong")),
                         sorted(f"test_it.{name}" for name in wrong))
        self.assertEqual(graded.tests[GOOD_ID].notices, {2: "assertion"})


class TestQuestions(GraderTestCase):
    """Tests of the five questions, on suites that answer differently."""

    @parameterized.expand([
        ("random", "self.assertLess(random.random(), 0.5)"),
        ("choice", "self.assertTrue(random.choice([True, False]))"),
        ("hashes", "self.assertLess(*list(set('ae'))[:2])"),
        ("order", "self.assertNotIn('good', globals())"),
    ])
    def test_unsteady(self, _: str, line: str) -> None:
        """A test that passes once only is named, and left out."""
        good = "\n    def tearDown(self): globals()['good'] = 1\n"
        graded = self.grade(self.write(test_it=suite(line) + good))
        self.assertEqual(graded.are("unsteady"), [BAD_ID])
        self.assertIn(f"unsteady: {BAD_ID} passes only once",
                      grade.report(graded))
        self.assertEqual([one.number for one in graded.noticed], [2])

    @parameterized.expand([
        ("skip", "self.skipTest('why not')", [], True),
        ("sub_test", "with self.subTest(): self.fail()", [BAD_ID], False),
        ("good_sub_test", "with self.subTest(): pass", [], False),
    ])
    def test_outcome(
            self, _: str, line: str, wrong: List[str], skipped: bool) -> None:
        """What unittest calls no failure is none."""
        graded = self.grade(self.write(test_it=suite(line)))
        self.assertEqual(graded.left_out, wrong)
        self.assertEqual(graded.tests[BAD_ID].skipped, skipped)

    @parameterized.expand([
        ("meets", "self.fail()", "passes"),
        ("does_not_meet", "pass", "wrong"),
    ])
    def test_expected_failure(self, _: str, line: str, right: str) -> None:
        """A test that is expected to fail and does passes."""
        mark = "    @unittest.expectedFailure\n"
        start = "    def test_bad"
        source = suite(line).replace(start, mark + start)
        graded = self.grade(self.write(test_it=source))
        self.assertEqual(graded.tests[BAD_ID].right, right)

    @parameterized.expand([
        ("patched_get", "with patch('requests.get', return_value=Mock(",
         "    **{'json.return_value': {'repos_url': 'u'}})):",
         "    GithubOrgClient('x')._public_repos_url", "integration"),
        ("in_a_thread", "with patch('requests.get', autospec=True):",
         "    reading = lambda: GithubOrgClient('x').org",
         "    thread = threading.Thread(target=reading); thread.start(); "
         "thread.join()", "integration"),
        ("patched_get_json", "with patch('client.get_json', autospec=True):",
         "    GithubOrgClient('x').org", "", "unit"),
        ("program", "subprocess.Popen([sys.executable, 'client.py', '-h'],",
         "    stdout=subprocess.DEVNULL).wait()", "", "integration"),
        ("program_in_a_shell", "subprocess.run('exec ./client.py -h >&2',",
         "    shell=True)", "", "integration"),
        ("another_program", "subprocess.Popen([sys.executable, '-c',",
         "    '1', 'test_client.py']).wait()", "", "unit"),
        ("without_client", "with patch('requests.get', autospec=True):",
         "    get_json('http://x')", "", "unit"),
    ])
    def test_kind(self, _: str, first: str, second: str, third: str,
                  kind: str) -> None:
        """Where client calls the real get_json it is an integration test."""
        graded = self.grade(self.write(test_it=suite(first, second, third)))
        self.assertEqual(graded.left_out, [])
        self.assertEqual(graded.tests[BAD_ID].kind, kind)
        self.assertEqual(graded.tests[GOOD_ID].kind, "unit")

    def test_kind_by_class_fixture(self) -> None:
        """What setUpClass reads counts for each test of the class."""
        source = suite("pass").replace("unittest.TestCase):\n", (
            "unittest.TestCase):\n    @classmethod\n"
            "    def setUpClass(cls):\n"
            "        with patch('requests.get', autospec=True):\n"
            "            GithubOrgClient('x').org\n"), 1)
        graded = self.grade(self.write(test_it=source))
        self.assertEqual(graded.tests[BAD_ID].kind, "integration")
        self.assertEqual(graded.tests[GOOD_ID].kind, "unit")

    @parameterized.expand([
        ("timeout", "with patch('requests.get') as get:",
         "    get_json('u'); get.assert_called_once_with('u')", "timeout"),
        ("keyword", "with patch('client.get_json') as get_json:",
         "    GithubOrgClient('x').org; args, _ = get_json.call_args; args[0]",
         "keyword"),
    ])
    def test_tied(self, _: str, first: str, second: str, word: str) -> None:
        """A test that fails on a rewrite is named with it."""
        folder = self.write(test_it=suite(first, second))
        graded = judge.grade(folder, RUNNERS, [])
        tied = [rewrite.name for rewrite in REWRITES if word in rewrite.name]
        self.assertEqual(len(tied), 1)
        self.assertEqual(graded.tests[BAD_ID].tied, tied)
        self.assertEqual(graded.status, 0)
        self.assertIn(f"{tied[0]}: 1 test tied, {BAD_ID}",
                      grade.report(graded))

    def test_reasons(self) -> None:
        """A mistake is noticed by an assertion, an exception or the time."""
        folder = self.write(
            test_it=IMPORTS + GOOD,
            test_error=suite("access_nested_map({'a': {'b': {'c': 1}}}, "
                             "('a', 'b'))['c']"),
            test_exit=suite("if access_nested_map({'a': 1}, ('a', )) != 1 or "
                            "access_nested_map({1: {2: 3}}, (1, 2)) != 3:",
                            "    os._exit(1)"),
            test_time=suite("while access_nested_map({1: {2: 3}}, (1, 2)) != "
                            "3: pass"),
            test_import=IMPORTS + "access_nested_map({1: {2: 3}}, (1, 2)) + 1"
            + GOOD)
        graded = self.grade(folder, seconds=SHORT)
        self.assertEqual(
            {test_id.split(".")[0]: test.notices.get(2)
             for test_id, test in graded.tests.items()
             if "test_bad" in test_id or "import" in test_id}, {
                "test_error": "exception", "test_exit": "exception",
                "test_time": "time", "test_import": "exception"})

    def test_does_not_run_this_code(self) -> None:
        """Tests that pass where every function raises are told so."""
        graded = self.grade(self.write(
            test_it=suite("pass").replace(GOOD, "")))
        self.assertFalse(graded.runs_code)
        self.assertIn("do not run this code", grade.report(graded))
        self.assertTrue(self.grade(STARTER).runs_code)

    def test_nothing_right(self) -> None:
        """Where no test is right there is no score, but there are pitfalls."""
        graded = self.grade(self.write(
            test_it=suite("mock.assert_called_once").replace(GOOD, "")))
        text = grade.report(graded)
        self.assertIn("test_it.py, line 8: assert_called_once is never "
                      "called", text)
        self.assertTrue(text.endswith(
            "\nno score: no test passes on the right code; next: mend "
            f"{BAD_ID}\n"))
        self.assertEqual(graded.status, 1)

    def test_no_test(self) -> None:
        """Files without any test have no score either."""
        graded = self.grade(self.write(test_it="a = 1"))
        self.assertEqual(grade.summary(graded),
                         "no score: there is no test in these files")

    def test_own_modules(self) -> None:
        """The folder's own modules are not used, its other files are."""
        folder = self.write(
            utils="1 / 0", helper="a = 1",
            test_it="import helper\n" + IMPORTS + GOOD)
        (folder / "client").mkdir()
        (folder / "client" / "__init__.py").write_text("1 / 0")
        (folder / "data.txt").symlink_to("nowhere")
        before = {path.name for path in folder.iterdir()}
        graded = self.grade(folder)
        self.assertEqual([one.number for one in graded.noticed], [2])
        self.assertIn("Not used are utils.py", grade.report(graded))
        self.assertEqual({path.name for path in folder.iterdir()}, before)

    def test_smallest_set(self) -> None:
        """As few tests as possible are named, not just few."""
        tests = {name: judge.Test(
            "passes", "unit", False, "", [],
            {int(digit): "assertion" for digit in name})
            for name in ("1234", "125", "346", "1", "")}
        self.assertEqual(sorted(judge.smallest_set(tests)), ["125", "346"])

    @parameterized.expand([
        ("localhost", True), ("127.0.0.2", True), ("::1", True), ("", True),
        (None, True), (b"127.0.0.1", True), ("192.0.2.1", False),
        ("example.com", False), (b"example.com", False),
    ])
    def test_is_loopback(self, host: Any, expected: bool) -> None:
        """This machine's own addresses are told from all others."""
        self.assertIs(is_loopback(host), expected)


class TestPitfalls(unittest.TestCase):
    """Tests of the pitfalls, in suites as strangers write them."""

    @parameterized.expand([
        ("assertion", "self.assertTrue(1)"),
        ("statement", "assert 1"),
        ("mock", "mock.assert_called_once_with()"),
        ("raises", "with self.assertRaises(KeyError): {}['a']"),
        ("helper", "self.check_it()"),
        ("helper_of_helper", "check_all(self)"),
    ])
    def test_asserts(self, _: str, line: str) -> None:
        """A test that asserts, by a helper or itself, is no pitfall."""
        self.assertEqual(findings(
            f"def test_it(self):\n    {line}\n"
            "def check_it(self):\n    self.assertTrue(1)\n"
            "def check_all(self):\n    self.check_it()\n"), [])

    @parameterized.expand([
        ("idle", "mock()", 1, "test_it asserts nothing"),
        ("same_name", "mock()\nclass B:\n    def test_it(self): assert 1", 1,
         "test_it asserts nothing"),
        ("uncalled", "assert 1; mock.assert_called_once", 2,
         "assert_called_once is never called"),
        ("misspelt", "assert mock.called_once_with(1)", 2,
         "called_once_with is no assertion"),
        ("attribute", "self.assertTrue(mock.called_once)", 2,
         "called_once is no assertion"),
        ("unreached", "with self.assertRaises(KeyError):\n"
         "        it()\n        self.assertTrue(1)", 4,
         "this assertion is not reached"),
        ("fixture", "assert 1\ndef setUpClass(cls): pass", 3,
         "setUpClass is no @classmethod"),
    ])
    def test_pitfall(self, _: str, lines: str, line: int, what: str) -> None:
        """Each kind is found, with its line, and nothing else."""
        self.assertEqual(findings(f"def test_it(self):\n    {lines}\n"),
                         [(line, what)])


class TestCommand(GraderTestCase):
    """Tests of the command line, in this process but where said."""

    def test_starter(self) -> None:
        """The starter is green and notices four of the first twenty."""
        status, out, err = self.command(str(STARTER))
        self.assertEqual((status, err), (1, ""))
        self.assertIn("tests that pass: 3 of 3", out)
        self.assertRegex(out, rf"\nnoticed \d+ of {len(MISTAKES)}; next: "
                         r".course/grade.py --hint 3\n$")
        for mistake in MISTAKES:
            told = f"   {mistake.name}: {mistake.words}\n" in out
            self.assertEqual(mistake.words in out, told)
            if mistake.number <= 20:
                self.assertEqual(told, mistake.number in (2, 10, 15, 17))

    def test_all_noticed(self) -> None:
        """Where all is noticed the status is 0, and nothing is next."""
        graded = self.grade(self.write(test_it=IMPORTS + GOOD))
        self.assertEqual(graded.status, 0)
        self.assertEqual(grade.summary(graded), "noticed 1 of 1: that is all "
                         "of them, and no test is wrong")

    def test_map(self) -> None:
        """The map has a row a test, a column a mistake, and a legend."""
        status, out, _ = self.command(str(STARTER), "--map")
        self.assertEqual(status, 1)
        lines = [line.split() for line in out.splitlines()]
        row, = [line[1:] for line in lines[1:] if line[:1] == [
            "test_client.TestGithubOrgClient.test_public_repos"]]
        letters = dict(zip(lines[0], row))
        self.assertEqual(len(row), len(MISTAKES))
        self.assertEqual([letters[number] for number in (
            "9", "10", "15", "17")], [".", "e", "e", "."])
        self.assertIn("a: noticed by an assertion", out)

    def test_json(self) -> None:
        """The form is that of results.json, with all facts in extra_data."""
        status, out, _ = self.command(str(STARTER), "--json")
        self.assertEqual(status, 1)
        results = json.loads(out)
        tests = {test["name"].split()[0]: test for test in results["tests"]}
        self.assertEqual(tests["10"], {
            "name": "10 memoize makes no attribute (needs parentheses)",
            "score": 1, "max_score": 1,
            "output": "1 unit test by exception: "
            "test_client.TestGithubOrgClient.test_public_repos"})
        self.assertEqual(tests["7"], {
            "name": "7 get_json asks twice", "score": 0, "max_score": 1,
            "output": "missed"})
        self.assertRegex(results["output"], r"\nnoticed \d+ of \d+;")
        self.assertEqual(results["extra_data"]["pitfalls"], [])
        facts = results["extra_data"]["tests"][
            "test_utils.TestAccessNestedMap.test_two_keys"]
        self.assertEqual(facts.pop("notices")["2"], "assertion")
        self.assertEqual(
            facts, {"right": "passes", "kind": "unit", "tied": []})

    def test_map_without_idle_tests(self) -> None:
        """Tests that notice none of the mistakes are counted below it."""
        graded = self.grade(self.write(test_it=suite("pass")))
        text = grade.map_of(graded)
        self.assertNotIn(BAD_ID, text)
        self.assertIn(f"{GOOD_ID}  a\n\n1 test notices none of these\n", text)

    def test_kinds_of_few(self) -> None:
        """How few tests would do is told as a part of all of them."""
        graded = self.grade(self.write(test_it=suite("pass")))
        self.assertIn("   1 of the 2 tests notices as much as all of them:\n"
                      f"      {GOOD_ID}\n", grade.report(graded))

    def test_json_of_pitfalls(self) -> None:
        """A pitfall is an object of file, line and what."""
        graded = self.grade(self.write(test_it=suite("pass")))
        self.assertEqual(
            json.loads(grade.results(graded))["extra_data"]["pitfalls"],
            [{"file": "test_it.py", "line": 7,
              "what": "test_bad asserts nothing"}])

    def test_class(self) -> None:
        """A class has a row a suite, whatever is wrong with some."""
        broken = self.write(test_it="def")
        status, out, _ = self.command(
            str(STARTER), str(broken), "no-such-folder")
        self.assertEqual(status, 1)
        rows = out.splitlines()
        self.assertEqual(rows[0].split(), [
            "folder", "noticed", "tests", "wrong", "tied", "pitfalls",
            "problem"])
        self.assertRegex(
            rows[1], rf"^{re.escape(str(STARTER))} +\d+ +3 +0 +0 +0$")
        self.assertRegex(
            rows[2], rf"^{re.escape(str(broken))} +no score +1 +1 +0 +0  "
            "test_it.py, line 1: SyntaxError: invalid syntax")
        self.assertEqual(rows[3], "no-such-folder: there is no such folder")
        self.assertEqual(rows[5], "noticed by how many of 2 suites (and of 95 "
                         "public suites):")
        self.assertIn("  1 (93) 2 access_nested_map: only the first key is "
                      "followed", rows)

    def test_csv(self) -> None:
        """The table has a column for each mistake, noticed or not."""
        status, out, _ = self.command(str(STARTER), "nowhere", "--csv")
        self.assertEqual(status, 1)
        rows = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual([rows[0][name] for name in (
            "folder", "tests", "wrong", "tied", "pitfalls", "problem",
            "1 access_nested_map", "2 access_nested_map")],
            [str(STARTER), *"3000", "", *"01"])
        self.assertEqual(rows[0]["noticed"], str(sum(
            rows[0][mistake.name] == "1" for mistake in MISTAKES)))
        self.assertEqual(
            rows[1]["problem"], "nowhere: there is no such folder")

    def test_mistake_that_was_not_measured(self) -> None:
        """A mistake with nothing but its edit does without the rest."""
        own = Mistake(99, "get_json", "asks nobody",
                      Edit("utils.py", "    return requests",
                           "    return None and requests"))
        with patch.object(grade, "MISTAKES", [*MISTAKES, own]):
            self.assertEqual(
                grade.hint("99"), "99 get_json, step 1 of 2\n"
                "get_json: asks nobody.\n"
                "next: .course/grade.py --hint 99 2\n")
            self.assertIn("+    return None and", grade.hint("99", "2"))
            _, out, _ = self.command("nowhere", "nowhere")
        self.assertIn("\n  0      99 get_json: asks nobody\n", out)

    @parameterized.expand([
        (["7"], r'7 get_json, step 1 of 4\nThe pattern: "patch in .*\n'
         r"56 of 95 .*\nnext: .course/grade.py --hint 7 2\n"),
        (["7", "2"], r"7 get_json, step 2 of 4\nget_json: asks twice\.\n"
         r"Each .*\nnext: .course/grade.py --hint 7 3\n"),
        (["7", "3"], r"7 get_json, step 3 of 4\n--- utils.py\n(.*\n)+"
         r"\+ .*\n(.*\n)+next: .course/grade.py --hint 7 4\n"),
        (["7", "4"], r"7 get_json, step 4 of 4\nIn the project, .* in "
         r"test_utils.py .*\n    python -m unittest test_utils -k .*\n"),
    ])
    def test_hint(self, argv: List[str], expected: str) -> None:
        """Each step tells one thing more, and names the next."""
        status, out, _ = self.command("--hint", *argv)
        self.assertEqual(status, 0)
        self.assertRegex(out, f"^{expected}$")

    @parameterized.expand([
        ("mistake", "2", "Mistake 2 access_nested_map: noticed by 1 unit test"
         "\n   unit: test_utils.TestAccessNestedMap.test_two_keys\n",
         "FAILED (failures=1)"),
        ("unnoticed", "7", "Mistake 7 get_json: noticed by no test\n",
         "\nOK\n"),
        ("rewrite", "timeout", "Rewrite: a timeout passed to requests.get: "
         "breaks no test\n", "\nOK\n"),
    ])
    def test_try(self, _: str, change: str, title: str, said: str) -> None:
        """What unittest says of the suite on the change is shown."""
        status, out, _ = self.command("--try", change, str(STARTER))
        self.assertEqual(status, 0)
        self.assertTrue(out.startswith(title))
        self.assertIn("Ran 3 tests", out)
        self.assertIn(said, out)

    def test_try_much_output(self) -> None:
        """Of a suite that prints 50 MB the last whole lines are shown."""
        folder = self.write(test_it=suite("print('x' * 50_000_000)"))
        _, out, _ = self.command("--try", "2", str(folder))
        self.assertLess(len(out), 100_000)
        self.assertRegex(out, r"\n\[The first 50,000,\d+ of 50,000,\d+ bytes "
                         r"are left out\.\]\n[^x]")
        self.assertIn("Ran 2 tests", out)

    def test_try_kinds(self) -> None:
        """Both kinds are counted, some names told, wrong tests named."""
        folder = self.write(test_it=suite(
            "with patch('requests.get', autospec=True) as get:",
            "    GithubOrgClient('x').org",
            "self.assertIn('orgs/x', str(get.call_args))"),
            test_unit=suite("with patch('client.get_json') as get_json:",
                            "    GithubOrgClient('x').org",
                            "self.assertIn('orgs', str(get_json.call_args))"),
            test_wrong=suite("self.fail()"))
        _, out, _ = self.command("--try", "11", str(folder))
        self.assertEqual(out.splitlines()[:4], [
            "Mistake 11 org: noticed by 1 unit test, 1 integration test",
            "   unit: test_unit.TestBad.test_bad",
            "   integration: test_it.TestBad.test_bad",
            "   left out, for not even on the right code do they always pass: "
            "test_wrong.TestBad.test_bad"])

    def test_try_end_of_process(self) -> None:
        """Where the process ends, the last line says so."""
        folder = self.write(test_it=suite("os._exit(0)"))
        _, out, _ = self.command("--try", "2", str(folder))
        self.assertIn("The run ended its process with status 0.", out)

    @parameterized.expand([
        ("twenty", range(1, 21), "1 to 20"), ("one", [7], "7"),
        ("gap", [1, 2, 3, 25], "1 to 3, 25"),
        ("out_of_order", [9, 2, 1], "1 to 2, 9"),
    ])
    def test_numbers(self, _: str, some: Sequence[int], told: str) -> None:
        """Numbers are told in spans, so that a gap may be among them."""
        self.assertEqual(grade.numbers([
            MISTAKES[0]._replace(number=number) for number in some]), told)

    @parameterized.expand([
        (["nowhere"], "nowhere: there is no such folder"),
        ([COMMAND], f"{COMMAND}: this is a file, not a folder"),
        ([str(PROJECT / ".ci" / "stubs")],
         f"{PROJECT / '.ci' / 'stubs'}: there is no test*.py in it"),
        (["--hint", "27"], f"there is no hint for 27: {NUMBERS}"),
        (["--hint", "1", "5"],
         "there is no step 5: they are numbered from 1 to 4"),
        (["--hint", "1", "2", "3"], "error: too many arguments"),
        (["--try", "x"],
         f"there is no mistake x: {NUMBERS}"),
        (["--try", "99999"], f"there is no mistake 99999: {NUMBERS}"),
        (["--try", "1", "nowhere"], "nowhere: there is no such folder"),
        (["a", "b", "--json"], "error: --json and --map are for one FOLDER"),
        (["a", "--csv", "--map"],
         "error: argument --map: not allowed with argument --csv"),
    ])
    def test_wrong_usage(self, argv: List[str], words: str) -> None:
        """The status is 2, and the last line of stderr says why."""
        status, out, err = self.command(*argv)
        self.assertEqual((status, out), (2, ""))
        self.assertEqual(err.splitlines()[-1], f".course/grade.py: {words}")

    def test_process_changes_nothing(self) -> None:
        """The command as a process leaves every file as it was."""
        before = snapshot(PROJECT)
        graded = subprocess.run(
            [sys.executable, COMMAND, str(STARTER), "--csv"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual((graded.returncode, graded.stderr), (1, b""))
        self.assertEqual(snapshot(PROJECT), before)

    @parameterized.expand([
        ("report", []), ("class", [str(STARTER)]), ("try", ["--try", "2"])])
    def test_on_a_terminal(self, _: str, more: List[str]) -> None:
        """A line on a terminal counts the runs, and is cleared at the end."""
        terminal = Terminal()
        with redirect_stderr(terminal), \
                redirect_stdout(io.StringIO()) as out:
            grade.main([*more, str(STARTER)])
        lines = terminal.getvalue().split("\r")
        shown = [line for line in lines if line.strip()]
        # In a class the total grows as further suites begin.
        total = shown[-1].rpartition(" ")[2]
        self.assertEqual(shown[-1], f"run {total} of {total}")
        self.assertEqual(len(shown), int(total))
        self.assertEqual(lines[-2:], [" " * len(shown[-1]), ""])
        self.assertNotIn("run 1 of", out.getvalue())

    def test_closed_pipe(self) -> None:
        """A reader that goes away is no reason for a traceback."""
        reader, writer = os.pipe()
        os.close(reader)
        with open(writer, "wb") as out:
            graded = subprocess.run(
                [sys.executable, COMMAND, "--hint", "1"],
                stdout=out, stderr=subprocess.PIPE)
        self.assertEqual((graded.returncode, graded.stderr), (1, b""))

    def test_interrupt(self) -> None:
        """Ctrl-C ends the command quietly, and all that it started."""
        folder = self.write()
        os.mkfifo(str(folder / "fifo"))
        (folder / "test_it.py").write_text(suite(
            f"with open({str(folder / 'fifo')!r}, 'w') as fifo:",
            "    print(os.getpid(), file=fifo, flush=True)",
            "    time.sleep(99)"))
        with subprocess.Popen(
                [sys.executable, COMMAND, str(folder)],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            with open(str(folder / "fifo")) as fifo:
                pid = int(fifo.readline())
                process.send_signal(signal.SIGINT)
                out, err = process.communicate()
                self.assertEqual((out, err), (b"", b""))
                self.assertEqual(process.returncode, -signal.SIGINT)
        with self.assertRaises(ProcessLookupError):
            os.kill(pid, 0)


if __name__ == "__main__":
    unittest.main()
