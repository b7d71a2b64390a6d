#!/usr/bin/env python3
"""Tests of the grader: what it finds in good suites, bad and hostile ones."""
import csv
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Dict, List, Sequence, Set, Tuple
from unittest.mock import patch

from parameterized import parameterized

from grader import command
from grader import judge
from grader import report
from grader import suite as suite_module
from grader.assignment import OWN, Unusable, read_assignment
from grader.judge import Grade
from grader.inside import is_loopback
from grader.run import Runners, SharedLock
from grader.suite import read_suite

from .writing import BAD_ID, GOOD, GOOD_ID, bad_and_good, new_folder

PROJECT = OWN.parent.parent
STARTER = PROJECT / "course" / "starter"
COMMAND = str(PROJECT / "course" / "grade.py")
ASSIGNMENT = read_assignment(OWN)
MISTAKES = ASSIGNMENT.mistakes
REWRITES = ASSIGNMENT.rewrites
RUNNERS = Runners(ASSIGNMENT.needs)
SHORT = 1  # seconds for a test that hangs; all others need far less

# A suite of two tests: one notices mistake 2, the other is there to be bad.
IMPORTS = """\
import os, random, signal, socket, subprocess, sys, threading, time, unittest
from unittest.mock import Mock, patch
from client import GithubOrgClient
from utils import access_nested_map, get_json
"""
NUMBERS = "the mistakes are 1 to 36"


def tearDownModule() -> None:
    """End the processes that all tests have used."""
    RUNNERS.__exit__()


def suite(*lines: str) -> str:
    """Return a suite with a test of these lines before one that is good."""
    return bad_and_good(IMPORTS, *lines)


def snapshot(folder: Path) -> Dict[str, Tuple[int, int]]:
    """Return the project's and the course's files, with size and time."""
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns)
            for pattern in ("*", "course/**/*")
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
        return new_folder(
            self, {f"{name}.py": text for name, text in files.items()})

    def grade(
            self, folder: Path, numbers: Sequence[int] = (2,),
            seconds: float = 5) -> Grade:
        """Grade a suite by a few mistakes and no rewrite: that is quick."""
        return judge.grade(
            read_suite(folder, ASSIGNMENT.sources),
            ASSIGNMENT._replace(test_seconds=seconds), RUNNERS,
            [mistake for mistake in MISTAKES if mistake.number in numbers],
            [])

    def command(self, *argv: str) -> Tuple[int, str, str]:
        """Run the command; return its status, stdout and stderr."""
        with redirect_stdout(io.StringIO()) as out, \
                redirect_stderr(io.StringIO()) as err:
            try:
                status = command.main(argv)
            except SystemExit as error:
                status = int(str(error))
        return status, out.getvalue(), err.getvalue()


class TestHostileSuites(GraderTestCase):
    """What goes wrong in one test leaves all others their due."""

    FAILING = [
        ("fails", "self.assertEqual(1, 2)",
         "test_fails.py, line 8: AssertionError: 1 != 2"),
        ("raises", "{}['a']", "test_raises.py, line 8: KeyError: 'a'"),
        ("exits", "os._exit(0)", "ended its process with status 0"),
        ("exits_with_status", "os._exit(3)",
         "ended its process with status 3"),
        ("sys_exit", "sys.exit(3)", "test_sys_exit.py, line 8: SystemExit: 3"),
        ("interrupts", "raise KeyboardInterrupt",
         "was interrupted"),
        ("kills_itself", "os.kill(os.getpid(), signal.SIGKILL)",
         "was killed by SIGKILL"),
        ("kills_its_group", "os.killpg(0, signal.SIGKILL)",
         "was killed by SIGKILL"),
        ("eats_memory", "bytearray(2 ** 31)",
         "test_eats_memory.py, line 8: MemoryError"),
        ("writes_much",
         "with open('big', 'wb') as big: big.seek(2 ** 28); big.write(b'x')",
         "test_writes_much.py, line 8: OSError: [Errno 27] File too large"),
        ("long_message", "self.fail('x' * 10 ** 7)",
         "test_long_message.py, line 8: AssertionError: " + "x" * 350
         + " ..."),
        ("odd_message", "self.fail('a\\n\\x1b\\ud800')",
         "test_odd_message.py, line 8: AssertionError: a ??"),
    ]

    def test_failing(self) -> None:
        """Only such tests are wrong, and a line says why."""
        graded = self.grade(self.write(**{
            f"test_{name}": suite(line) for name, line, _ in self.FAILING}))
        for name, _, words in self.FAILING:
            with self.subTest(name):
                bad = graded.tests[f"test_{name}.TestBad.test_bad"]
                good = graded.tests[f"test_{name}.TestGood.test_good"]
                self.assertEqual((bad.verdict, bad.message), ("wrong", words))
                self.assertEqual(good.notices, {2: "assertion"})

    @parameterized.expand([
        ("loop", "while True: pass"),
        ("stopped", "os.kill(os.getpid(), signal.SIGSTOP)"),
    ])
    def test_hangs(self, _: str, line: str) -> None:
        """A test that hangs is ended, and the others are run after it."""
        graded = self.grade(self.write(test_it=suite(line)), seconds=SHORT)
        self.assertEqual(
            graded.tests[BAD_ID].message, f"took more than {SHORT} s")
        self.assertEqual(graded.tests[GOOD_ID].notices, {2: "assertion"})

    NETWORK = [
        ("connect", "socket.create_connection(('192.0.2.1', 80))"),
        ("name", "socket.gethostbyname('example.com')"),
        ("send", "socket.socket(type=socket.SOCK_DGRAM).sendto("
         "b'x', ('192.0.2.1', 9))"),
        ("get_json", "get_json('http://example.com')"),
    ]

    def test_no_network(self) -> None:
        """A test that asks another machine is told that there is none."""
        graded = self.grade(self.write(**{
            f"test_{name}": suite(line) for name, line in self.NETWORK}), [])
        for name, _ in self.NETWORK:
            with self.subTest(name):
                bad = graded.tests[f"test_{name}.TestBad.test_bad"]
                self.assertEqual(bad.verdict, "wrong")
                self.assertIn("graded test has no network", bad.message)

    @parameterized.expand([
        ("prints", "print('x' * 50_000_000)"),
        ("forks", "os.fork()"),
        ("forks_and_waits", "pid = os.fork()",
         "if pid: os.waitpid(pid, 0)"),
        ("deletes_modules",
         "os.remove('utils.py'); os.remove('client.py')"),
        ("deletes_all",
         "import shutil; shutil.rmtree(os.path.dirname(os.getcwd()))"),
        ("changes_modules", "open('utils.py', 'w').close()"),
        ("elsewhere", "os.chdir('/')"),
        ("closes_files", "os.closerange(3, 100)"),
        ("writes_to_files", "for file in range(3, 100):",
         "    try: os.write(file, b'(1, 2)\\n[x\\n')",
         "    except OSError: pass"),
        ("many_children", "for _ in range(20):",
         "    subprocess.Popen([sys.executable, '-Sc',",
         "        'import time; time.sleep(99)'])"),
        ("loopback", "server = socket.create_server(('127.0.0.1', 0)) if "
         "hasattr(socket, 'create_server') else socket.socket()"),
    ])
    def test_harmless(self, _: str, *lines: str) -> None:
        """What is no failure for unittest is none here."""
        graded = self.grade(self.write(test_it=suite(*lines)))
        self.assertEqual({test_id: test.verdict for test_id, test
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
            graded = judge.grade(
                read_suite(folder, ASSIGNMENT.sources), ASSIGNMENT, runners,
                [], [])
        self.assertEqual(graded.left_out, [])

    def test_ends_the_process_that_watches(self) -> None:
        """There is no score then, and a line says why."""
        graded = self.grade(self.write(test_it=suite(
            "os.kill(os.getppid(), signal.SIGKILL)", "time.sleep(99)")))
        self.assertEqual(graded.unloaded["the suite"],
                         "stopped or ended the process that watches it")
        self.assertIn("no score", report.summary(graded))
        self.assertIn("   no test could be run: the suite\n",
                      report.report(graded))

    @parameterized.expand([
        ("syntax", "def", "test_bad.py, line 1: SyntaxError: "),
        ("name", "import unittest\nunittest.nothing",
         "test_bad.py, line 2: AttributeError: "),
        ("itself", "from test_bad import nothing",
         r"test_bad.py, line 1: ImportError: .*\(test_bad.py\)$|"
         "'nothing' from 'test_bad'"),
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
        self.assertEqual(list(graded.tests), [GOOD_ID])
        self.assertRegex(graded.unloaded["test_bad.py"], words)
        self.assertEqual(graded.tests[GOOD_ID].notices, {2: "assertion"})

    @parameterized.expand([
        ("fails", "setUpClass", "{}['a']",
         ["TestBad.test_bad"]),
        ("skips", "setUpClass", "raise unittest.SkipTest('why not')", []),
        ("exits", "setUpClass", "os._exit(0)", ["TestBad.test_bad"]),
        ("fails_after", "tearDownClass", "{}['a']",
         ["TestBad.tearDownClass"]),
        ("exits_after", "tearDownClass", "os._exit(0)",
         ["TestBad.tearDownClass"]),
        ("sys_exit_after", "tearDownClass", "sys.exit()",
         ["TestBad.tearDownClass"]),
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

    @parameterized.expand([
        ("class", "    @classmethod\n    def tearDownClass(cls):\n"
         "        access_nested_map({1: {2: 3}}, (1, 2)).bit_length()\n"),
        ("file", "def tearDownModule():\n"
         "    access_nested_map({1: {2: 3}}, (1, 2)).bit_length()\n"),
    ])
    def test_noticed_by_tear_down(self, _: str, lines: str) -> None:
        """What fails after the last test of a class or file is due to it."""
        graded = self.grade(self.write(test_bad=suite("pass").replace(
            GOOD, lines)))
        self.assertEqual(graded.tests["test_bad.TestBad.test_bad"].notices,
                         {2: "exception"})


class TestSharing(GraderTestCase):
    """Runs go side by side, and no test may suffer from that."""

    REUSE = "server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)"
    BIND = "server.bind(('127.0.0.1', PLACE))"
    PORT = suite("with socket.socket() as server:", f"    {REUSE}",
                 f"    {BIND}", "    time.sleep(0.02)")
    IMPORTED = "\n".join([
        suite("pass"), "server = socket.socket()", REUSE, BIND,
        "time.sleep(0.02)"])
    FILE = suite("open(PLACE, 'w').close()", "time.sleep(0.02)",
                 "os.remove(PLACE)")

    @parameterized.expand([
        ("port", PORT), ("file", FILE), ("imported_port", IMPORTED)])
    def test_shared(self, name: str, source: str) -> None:
        """A test with a fixed port or file is graded like any other."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            place = str(free.getsockname()[1])
        with tempfile.TemporaryDirectory() as folder:
            if name == "file":
                place = repr(os.path.join(folder, "it"))
            source = source.replace("PLACE", place)
            folders = [self.write(test_it=source) for _ in range(2)]
            with ThreadPoolExecutor(2) as pool:
                grades = list(pool.map(self.grade, folders))
        for graded in grades:
            self.assertEqual({
                test_id: (test.verdict, test.notices)
                for test_id, test in graded.tests.items()}, {
                    BAD_ID: ("passes", {}),
                    GOOD_ID: ("passes", {2: "assertion"})})

    def test_alone(self) -> None:
        """Who is alone waits for all others, and they for him."""
        lock, seen = SharedLock(), []

        def hold() -> None:
            """Hold the lock for a moment, and say so."""
            with lock.shared():
                seen.append("other")

        with lock.alone():
            thread = threading.Thread(target=hold)
            thread.start()
            seen.append("alone")
        thread.join()
        self.assertEqual(seen, ["alone", "other"])


class TestBlame(GraderTestCase):
    """Who left a double behind is named, and nobody else suffers."""

    CLASS = """
class TestLeak(unittest.TestCase):
    {}

    def test_z(self):
        self.assertEqual(1, 1)

class TestZ(unittest.TestCase):
    def test_url(self):
        with patch('requests.get', return_value=Mock(
                **{{'json.return_value': {{'login': 'x'}}}})):
            self.assertEqual(GithubOrgClient('x').org, {{'login': 'x'}})
"""

    @parameterized.expand([
        ("test", "test_it.TestLeak.test_a", "client.get_json",
         "def test_a(self): patch('client.get_json').start()"),
        ("autospec", "test_it.TestLeak.test_a", "client.get_json",
         "def test_a(self): patch('client.get_json', autospec=True).start()"),
        ("by_hand", "test_it.TestLeak.test_a", "client.get_json",
         "def test_a(self):\n        import client\n"
         "        client.get_json = lambda url: None"),
        ("requests", "test_it.TestLeak.test_a", "requests.Response.json",
         "def test_a(self): patch('requests.Response.json').start()"),
        ("setup_class", "test_it.TestLeak", "client.GithubOrgClient.org",
         "@classmethod\n    def setUpClass(cls): "
         "patch('client.GithubOrgClient.org').start()"),
        ("failing_setup_class", "test_it.TestLeak", "client.get_json",
         "@classmethod\n    def setUpClass(cls): "
         "patch('client.get_json').start(); 1 / 0"),
    ])
    def test_leak(self, _: str, who: str, what: str, lines: str) -> None:
        """The leak is named; the innocent test after it passes."""
        source = IMPORTS + GOOD + self.CLASS.format(lines)
        graded = self.grade(self.write(test_it=source))
        self.assertEqual(graded.leaks, {who: [what]})
        self.assertEqual(graded.tests["test_it.TestZ.test_url"].verdict,
                         "passes")
        self.assertIn(f"{who} leaves a double behind: {what}.",
                      " ".join(report.report(graded).split()))

    def test_leak_at_import(self) -> None:
        """A file's own tests keep its double; those of other files do not."""
        graded = self.grade(self.write(
            test_a=IMPORTS + """
patch('client.get_json', return_value={'login': 'a'}).start()

class TestA(unittest.TestCase):
    def test_org(self):
        self.assertEqual(GithubOrgClient('a').org, {'login': 'a'})
""", test_b=IMPORTS + GOOD + self.CLASS.format("")))
        self.assertEqual(graded.leaks, {"test_a": ["client.get_json"]})
        self.assertEqual(graded.left_out, [])

    @parameterized.expand([
        ("stopped", "def setUp(self):\n"
         "        patcher = patch('client.get_json')\n"
         "        patcher.start(); self.addCleanup(patcher.stop)"),
        ("class", "@classmethod\n    def setUpClass(cls):\n"
         "        cls.patcher = patch('client.get_json')\n"
         "        cls.patcher.start()\n\n    @classmethod\n"
         "    def tearDownClass(cls): cls.patcher.stop()"),
        ("reload", "def test_a(self):\n        import importlib, utils\n"
         "        importlib.reload(utils)"),
        ("counter", "def test_a(self):\n        import client\n"
         "        client.GithubOrgClient.ORG_URL += ''"),
    ])
    def test_no_leak(self, _: str, lines: str) -> None:
        """What is put back, or is no double, is no leak."""
        source = IMPORTS + GOOD + self.CLASS.format(lines)
        graded = self.grade(self.write(test_it=source))
        self.assertEqual((graded.leaks, graded.left_out), ({}, []))

    @parameterized.expand([
        ("write", "patch('os.write').start()"),
        ("open", "patch('builtins.open').start()"),
        ("dumps", "patch('json.dumps').start()"),
        ("exit", "patch('os._exit').start()"),
        ("ascii", "patch('builtins.ascii').start()"),
        ("getpid", "patch('os.getpid').start()"),
        ("monotonic", "patch('time.monotonic').start()"),
        ("split", "patch('os.path.split').start()"),
    ])
    def test_patches_what_the_grader_uses(self, _: str, line: str) -> None:
        """All tests of such a suite get their due."""
        graded = self.grade(self.write(test_it=suite(line)))
        self.assertEqual(graded.left_out, [])
        self.assertEqual(graded.tests[GOOD_ID].notices, {2: "assertion"})

    def test_kind_of_the_next_class(self) -> None:
        """What a class's fixtures reach is not the next class's doing."""
        source = IMPORTS + """
class TestA(unittest.TestCase):
    @classmethod
    def tearDownClass(cls):
        with patch('requests.get', autospec=True):
            GithubOrgClient('x').org

    def test_a(self):
        self.assertEqual(1, 1)
""" + GOOD
        graded = self.grade(self.write(test_it=source))
        self.assertEqual(graded.tests[GOOD_ID].kind, "unit")

    @parameterized.expand([
        ("first", {"a"}, "a"), ("middle", {"c"}, "c"), ("last", {"e"}, "e"),
        ("two", {"a", "e"}, ""), ("none", {"x"}, ""),
    ])
    def test_culprit(self, _: str, needed: Set[str], expected: str) -> None:
        """The one test after which another fails is found among many."""
        self.assertEqual(judge.culprit(
            list("abcde"), lambda tests: needed <= set(tests),
            time.monotonic()), expected)

    def test_culprit_in_time(self) -> None:
        """After a while nobody looks for it any more."""
        self.assertEqual(judge.culprit(
            ["a"], lambda tests: True, time.monotonic() - judge.PATIENCE), "")

    def test_example_that_needs_another(self) -> None:
        """Who notices only after another test is said to do so."""
        source = IMPORTS + """
class TestOrg(unittest.TestCase):
    def check(self, name):
        with patch('client.get_json', return_value={'login': name}):
            self.assertEqual(GithubOrgClient(name).org, {'login': name})

    def test_a(self): self.check('a')
    def test_b(self): self.check('b')
"""
        graded = self.grade(self.write(test_it=source), [9])
        self.assertEqual([
            (example.test_id, example.after)
            for example in graded.examples[9]],
            [("test_it.TestOrg.test_b", "test_it.TestOrg.test_a")])
        self.assertIn("test_b (not alone, but after test_it.TestOrg.test_a)",
                      report.report(graded))


class TestFolders(GraderTestCase):
    """What stands in a folder is copied, left out, or said to be odd."""

    def notes(self, folder: Path) -> List[str]:
        """Return what is said of a folder."""
        return read_suite(folder, ASSIGNMENT.sources).notes

    def test_links(self) -> None:
        """A link in the folder stays one; any other is left out."""
        folder = self.write(test_it=suite(
            "with open('data.txt') as file: self.assertEqual(file.read(), "
            "'x')", "self.assertFalse(os.path.exists('etc'))",
            "self.assertEqual(os.readlink('here'), '.')"))
        (folder / "target.txt").write_text("x")
        for name, target in (("data.txt", "target.txt"), ("here", "."),
                             ("etc", "/etc"), ("up", "../..")):
            (folder / name).symlink_to(target)
        suite_ = read_suite(folder, ASSIGNMENT.sources)
        self.assertEqual(set(suite_.links), {"data.txt", "here"})
        self.assertEqual(suite_.notes, [
            "etc is left out: it is a link to somewhere else.",
            "up is left out: it is a link to somewhere else."])
        self.assertEqual(self.grade(folder).left_out, [])

    def test_no_plain_file(self) -> None:
        """What can't be copied is left out, and that is said."""
        folder = self.write(test_it="")
        os.mkfifo(str(folder / "fifo"))
        self.assertEqual(self.notes(folder), [
            "fifo is left out: it is not a plain file."])

    @parameterized.expand(["venv", "node_modules", "__pycache__", ".venv"])
    def test_left_out(self, name: str) -> None:
        """What no suite is made of is not copied."""
        folder = self.write(test_it="")
        (folder / name).mkdir()
        (folder / name / "a.py").write_text("")
        suite_ = read_suite(folder, ASSIGNMENT.sources)
        self.assertEqual(list(suite_.files), ["test_it.py"])

    @parameterized.expand([
        ("many", "MOST_FILES", 3, "there are more than 3 files in it"),
        ("big", "MOST_BYTES", 2 ** 20, "its files have more than 1 MiB"),
    ])
    def test_too_much(
            self, _: str, name: str, most: int, message: str) -> None:
        """A folder that is too big is not copied at all."""
        folder = self.write(test_it="")
        for number in range(3):
            (folder / f"{number}.txt").write_text("x" * 2 ** 19)
        with patch.object(suite_module, name, most), \
                self.assertRaisesRegex(Unusable, message):
            read_suite(folder, ASSIGNMENT.sources)

    def test_tests_below(self) -> None:
        """Tests in a folder below are not run, and that is said."""
        folder = self.write(test_it="")
        (folder / "below").mkdir()
        (folder / "below" / "test_more.py").write_text("")
        self.assertEqual(self.notes(folder), [
            "below/test_more.py is not run: only the test*.py in the folder "
            "itself are."])
        (folder / "test_it.py").unlink()
        with self.assertRaisesRegex(
                Unusable, "there is below/test_more.py, in a folder"):
            self.notes(folder)

    @unittest.skipIf(os.geteuid() == 0, "root can read everything")
    def test_unreadable(self) -> None:
        """A file that can't be read is left out, and that is said."""
        folder = self.write(test_it="", helper="")
        (folder / "helper.py").chmod(0)
        self.assertEqual(self.notes(folder), [
            "helper.py is left out: it can't be read."])

    def test_not_examined(self) -> None:
        """A file that can't be parsed is not called clean."""
        graded = self.grade(self.write(test_it="def"))
        self.assertIn("   test_it.py: not examined (SyntaxError)\n",
                      report.report(graded))
        self.assertNotIn("nothing found", report.report(graded))

    def test_unseen(self) -> None:
        """Functions of pytest are no tests for unittest; that is said."""
        text = report.report(self.grade(self.write(
            test_it="def test_it(): assert 1\n"
            "class TestIt:\n    def test_it(self): assert 1\n")))
        self.assertIn("test_it.py, line 1: test_it is not seen by unittest",
                      text)
        self.assertIn("test_it.py, line 2: TestIt is not seen by unittest",
                      text)

    def test_looks_at_the_source(self) -> None:
        """A test that fails on every change of the source is told."""
        folder = self.write(test_it=IMPORTS + """
class TestSource(unittest.TestCase):
    def test_source(self):
        import client, inspect, utils
        self.assertEqual(len(inspect.getsource(client)), %d)
        self.assertEqual(len(inspect.getsource(utils)), %d)
""" % (len(ASSIGNMENT.modules["client.py"]),
            len(ASSIGNMENT.modules["utils.py"])))
        self.assertIn("reads the source or the code of client.py, utils.py",
                      " ".join(report.report(self.grade(folder)).split()))

    def test_how_long(self) -> None:
        """What takes long is named, so that somebody can mend it."""
        graded = self.grade(self.write(test_it=suite("time.sleep(0.3)")))
        self.assertNotIn("Grading 2 tests took", report.report(graded))
        with patch.object(report, "LONG", 0):
            self.assertNotIn("Grading 2 tests took", report.report(graded))
            for name, most in ("SHORT", 0.2), ("MANY", 1):
                with patch.object(report, name, most):
                    text = " ".join(report.report(graded).split())
                self.assertRegex(
                    text, r"Grading 2 tests took \d+ s. What took longest on "
                    rf"the right code: {BAD_ID} 0\.\d s, .* Tests that ran "
                    "out of time on mistakes: none.")


class TestClass(GraderTestCase):
    """Tests of what a teacher gets: pages, tables, statuses."""

    def test_grader_that_fails(self) -> None:
        """Whatever one suite does to the grader, the next is graded."""
        with patch.object(command, "read_suite", autospec=True, side_effect=[
                KeyError("x"), read_suite(STARTER, ASSIGNMENT.sources)]):
            status, out, _ = self.command("odd", str(STARTER))
        self.assertEqual(status, 2)
        rows = out.splitlines()[1:3]
        self.assertEqual(sum("grader failed: KeyError: 'x'" in row
                             for row in rows), 1)
        self.assertEqual(sum(" 2 " in row for row in rows), 1)

    def test_grader_that_fails_once(self) -> None:
        """For one suite there is JSON then, and a line that says why."""
        with patch.object(command, "grade", autospec=True,
                          side_effect=KeyError("x")):
            status, out, _ = self.command("--json", str(STARTER))
        self.assertEqual(status, 2)
        self.assertEqual(json.loads(out), {
            "score": 0, "output": f"no score: {STARTER}: the grader failed: "
            "KeyError: 'x'"})

    @parameterized.expand([
        ("right", [1, 1, 0, 0], "pass"), ("wrong", [1] * 4, "self.fail()"),
        ("unsteady", [1] * 4, "self.assertLess(random.random(), 0.5)"),
    ])
    def test_at_least(self, _: str, expected: List[int], line: str) -> None:
        """The status is 0 if so many are noticed, and no test left out."""
        graded = self.grade(self.write(test_it=suite(line)), [2, 7])
        self.assertEqual(
            [graded.status(number) for number in (None, 2, 1, 0)], expected)

    def test_at_least_as_an_option(self) -> None:
        """The number on the command line decides the status."""
        for number, expected in (("2", 0), ("3", 1)):
            status, _, _ = self.command(str(STARTER), "--at-least", number)
            self.assertEqual(status, expected)

    @parameterized.expand([
        ("folder", ["nowhere"], "nowhere: there is no such folder"),
        ("usage", ["--at-least", "x"], "argument --at-least: invalid int "
         "value: 'x'"),
        ("two", ["a", "b"], "--json and --map are for one FOLDER"),
        ("assignment", ["--assignment", "nowhere"],
         "nowhere: there is no assignment.py in it"),
    ])
    def test_json_always(self, _: str, argv: List[str], message: str) -> None:
        """What can't be graded is JSON too: its score is 0."""
        status, out, err = self.command("--json", *argv)
        self.assertEqual(status, 2)
        self.assertEqual(json.loads(out), {
            "score": 0, "output": f"no score: {message}"})
        self.assertEqual(err, f"course/grade.py: {message}\n")

    def test_json_of_nothing_right(self) -> None:
        """Where no test counts, every mistake has 0 points."""
        folder = self.write(test_it="def")
        status, out, _ = self.command("--json", str(folder))
        self.assertEqual(status, 1)
        scores = [test["score"] for test in json.loads(out)["tests"]]
        self.assertEqual(scores, [0] * 36)

    def test_keep(self) -> None:
        """The changed copy is left in a new folder, and nowhere else."""
        folder = self.write() / "copy"
        argv = ["--try", "1", str(STARTER), "--keep", str(folder)]
        status, out, _ = self.command(*argv)
        self.assertEqual(status, 0)
        self.assertTrue(out.endswith(
            f"The copy with this change is kept in {folder}.\n"))
        self.assertIn("nested_map.get(key)", (folder / "utils.py").read_text())
        self.assertTrue((folder / "test_utils.py").exists())
        status, _, err = self.command(*argv)
        self.assertEqual((status, err), (
            2, f"course/grade.py: {folder}: this exists already\n"))

    def test_termination(self) -> None:
        """A CI's time-out leaves no file and no process behind."""
        folder = self.write()
        os.mkfifo(str(folder / "fifo"))
        (folder / "test_it.py").write_text(suite(
            f"with open({str(folder / 'fifo')!r}, 'w') as fifo:",
            "    print(os.getpid(), file=fifo, flush=True)",
            "    time.sleep(99)"))
        temporary = self.write()
        with subprocess.Popen(
                [sys.executable, COMMAND, str(folder)],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env={**os.environ, "TMPDIR": str(temporary)}) as process:
            with open(str(folder / "fifo")) as fifo:
                pid = int(fifo.readline())
                process.terminate()
                self.assertEqual(process.communicate(), (b"", b""))
        self.assertEqual(process.returncode, 143)
        self.assertEqual(list(temporary.iterdir()), [])
        with self.assertRaises(ProcessLookupError):
            os.kill(pid, 0)


class TestByHand(GraderTestCase):
    """What a report says is what plain unittest says."""

    @parameterized.expand([
        ("mistake_1", "1"), ("mistake_2", "2"), ("mistake_17", "17")])
    def test_starter(self, _: str, number: str) -> None:
        """The suite fails in the changed copy if it notices the mistake."""
        folder = self.write() / "copy"
        self.command("--try", number, str(STARTER), "--keep", str(folder))
        done = subprocess.run(
            [sys.executable, "-m", "unittest", "test_client", "test_utils"],
            cwd=str(folder), stderr=subprocess.PIPE)
        graded = self.grade(STARTER, [int(number)])
        self.assertEqual(bool(done.returncode), bool(graded.noticed))
        failed = set(re.findall(
            r"^(?:FAIL|ERROR): (\w+)", done.stderr.decode(), re.MULTILINE))
        noticing = {test_id.rpartition(".")[2] for mistake in graded.mistakes
                    for test_id in graded.noticing(mistake)}
        self.assertEqual(noticing, failed)


class TestOtherAssignment(GraderTestCase):
    """The grader knows no course: a small one is graded just so."""

    BANK = str(PROJECT / "course" / "bank")

    def run_it(self, *argv: str) -> Tuple[int, str, str]:
        """Run the command on the small assignment."""
        return self.command("--assignment", self.BANK, *argv)

    def test_own_suite(self) -> None:
        """Its own suite notices all, by both kinds of tests."""
        status, out, _ = self.run_it()
        self.assertEqual(status, 0)
        self.assertIn("noticed by unit tests alone: 1 post\n", out)
        self.assertIn(
            "1 integration test by exception: test_shop.TestPay.test_pay_at_",
            out)

    def test_check(self) -> None:
        """It is fit, and the number of points is told."""
        status, out, _ = self.run_it("--check")
        self.assertEqual(status, 0)
        self.assertIn("3 mistakes, 3 points; 1 rewrite\n", out)
        self.assertTrue(out.endswith("the own suite notices 3 of 3\n"))

    def test_check_of_a_weak_suite(self) -> None:
        """An own suite that misses a mistake is not fit."""
        folder = self.write() / "bank"
        shutil.copytree(self.BANK, str(folder))
        path = folder / "suite" / "test_shop.py"
        path.write_text(path.read_text().replace("(0, -1)", "(0,)"))
        status, out, _ = self.command(
            "--assignment", str(folder), "--check")
        self.assertEqual(status, 1)
        self.assertTrue(out.endswith("not noticed by the own suite: 1 post\n"))

    def test_learner(self) -> None:
        """A learner is led in the order of the assignment's mistakes."""
        folder = self.write(test_shop="""
import unittest
from unittest.mock import patch
from shop import pay

class TestPay(unittest.TestCase):
    def test_pay(self):
        with patch("shop.post", return_value="r"):
            self.assertEqual(pay("ann", [1, 2]), "paid 3: r")
""")
        status, out, _ = self.run_it(str(folder))
        self.assertEqual(status, 1)
        self.assertTrue(out.endswith(
            "noticed 1 of 3; next: course/grade.py --assignment "
            f"{self.BANK} --hint 1\n"))

    @parameterized.expand([
        ("checklist", ["3", "0"], "3 pay, step 0 of 3\nInputs: "),
        ("words", ["3"], "3 pay, step 2 of 3\npay: gives post its arguments "
         "in the wrong order.\nnext: "),
        ("edit", ["3", "3"], "3 pay, step 3 of 3\n--- shop.py\n"),
    ])
    def test_hint(self, _: str, argv: List[str], begin: str) -> None:
        """The steps that an assignment has nothing for are left out."""
        status, out, _ = self.run_it("--hint", *argv)
        self.assertEqual(status, 0)
        self.assertTrue(out.startswith(begin))


class TestQuestions(GraderTestCase):
    """Tests of the five questions, on suites that answer differently."""

    @parameterized.expand([
        ("random", "self.assertLess(random.random(), 0.5)",
         "passes in one run, fails in another: "),
        ("choice", "self.assertTrue(random.choice([True, False]))",
         "passes in one run, fails in another: "),
        ("hashes", "self.assertLess(*list(set('ae'))[:2])",
         "passes in one run, fails in another: "),
        ("order", "self.assertNotIn('good', globals())",
         f"passes alone, fails after {GOOD_ID}: "),
        ("needs_order", "self.assertIn('early', globals())",
         "fails alone, passes only after other tests: "),
    ])
    def test_unsteady(self, _: str, line: str, message: str) -> None:
        """A test that fails in some runs is named, and left out."""
        more = """
    def tearDown(self): globals()['good'] = 1

class TestA(unittest.TestCase):
    def test_early(self): globals()['early'] = 1
"""
        graded = self.grade(self.write(test_it=suite(line) + more))
        self.assertEqual(graded.are("unsteady"), [BAD_ID])
        self.assertTrue(graded.tests[BAD_ID].message.startswith(message))
        self.assertEqual([one.number for one in graded.noticed], [2])

    def test_unsteady_is_shown(self) -> None:
        """The command in the report shows a failure that needs an order."""
        folder = self.write(test_it=suite(
            "self.assertNotIn('good', globals())")
            + "\n    def tearDown(self): globals()['good'] = 1\n")
        line, = [line for line in report.report(
            self.grade(folder)).splitlines() if "--try" in line]
        _, out, _ = self.command(*line.split()[1:])
        self.assertIn("Ran 2 tests", out)
        self.assertIn("FAIL: test_bad", out)

    @parameterized.expand([
        ("set", "@parameterized.expand([(one, ) for one in set('ae')])"),
        ("time", "@parameterized.expand([(str(time.time_ns() if hasattr("
         "time, 'time_ns') else time.perf_counter()), )])"),
    ])
    def test_names_that_differ(self, _: str, decorator: str) -> None:
        """Such tests are unsteady, and all others get their due."""
        folder = self.write(test_it=(
            "from parameterized import parameterized\n" + suite("pass") + f"""
    {decorator}
    def test_name(self, name):
        self.assertTrue(name)
"""))
        graded = self.grade(folder)
        unsteady = graded.are("unsteady")
        self.assertGreaterEqual(len(unsteady), 2)
        for test_id in unsteady:
            self.assertIn("its name changes", graded.tests[test_id].message)
        self.assertEqual(graded.tests[GOOD_ID].notices, {2: "assertion"})

    ENDINGS = [
        ("skip", "skipped", "self.skipTest('why not')"),
        ("sub_test", "wrong", "with self.subTest(): self.fail()"),
        ("good_sub_test", "passes", "with self.subTest(): pass"),
        ("skipped_sub_test", "passes",
         "with self.subTest(): self.skipTest('why not')"),
        ("skipped_and_failing", "wrong",
         "with self.subTest(1): self.skipTest('why not')",
         "with self.subTest(2): self.fail()"),
        ("failing_and_skipped", "wrong",
         "with self.subTest(1): self.fail()",
         "with self.subTest(2): self.skipTest('why not')"),
        ("skip_and_cleanup", "wrong", "self.addCleanup(self.fail)",
         "self.skipTest('why not')"),
    ]

    def test_verdict(self) -> None:
        """What unittest calls no failure is none."""
        graded = self.grade(self.write(**{
            f"test_{name}": suite(*lines)
            for name, _, *lines in self.ENDINGS}), [])
        for name, verdict, *_ in self.ENDINGS:
            with self.subTest(name):
                bad = graded.tests[f"test_{name}.TestBad.test_bad"]
                self.assertEqual(bad.verdict, verdict)

    def test_all_skipped(self) -> None:
        """A suite of skipped tests does not pass."""
        folder = self.write(test_it=suite(
            "self.skipTest('why not')").replace(GOOD, ""))
        text = report.report(self.grade(folder))
        self.assertIn("tests that pass: 0 of 1\n", text)
        self.assertTrue(text.endswith("no score: every test is skipped\n"))

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
        self.assertEqual(graded.tests[BAD_ID].verdict, right)

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
        ("without_client", "with patch('requests.get', autospec=True):",
         "    get_json('http://x')", "", "unit"),
    ])
    def test_kind(self, _: str, first: str, second: str, third: str,
                  kind: str) -> None:
        """A test is an integration test if client calls the real get_json."""
        graded = self.grade(self.write(test_it=suite(first, second, third)))
        self.assertEqual(graded.left_out, [])
        self.assertEqual(graded.tests[BAD_ID].kind, kind)
        self.assertEqual(graded.tests[GOOD_ID].kind, "unit")

    def test_definition(self) -> None:
        """The report says how the two kinds of tests are told apart."""
        graded = self.grade(self.write(test_it=suite("pass")))
        self.assertIn(
            "In an integration test, client calls the real utils.get_json; "
            "all other tests are unit tests.",
            " ".join(report.report(graded).split()))

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
        graded = judge.grade(
            read_suite(folder, ASSIGNMENT.sources), ASSIGNMENT, RUNNERS, [])
        tied = [rewrite.name for rewrite in REWRITES if word in rewrite.name]
        self.assertEqual(len(tied), 1)
        self.assertEqual(graded.tests[BAD_ID].tied, tied)
        self.assertEqual(graded.status(), 0)
        self.assertIn(f"{tied[0]}: 1 test tied, {BAD_ID}",
                      report.report(graded))

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
        """A test that passes where every function raises is named."""
        graded = self.grade(self.write(test_it=suite("pass")))
        self.assertEqual(graded.untouched, [BAD_ID])
        self.assertIn(f"__set_name__) raises an exception:\n      {BAD_ID}\n",
                      report.report(graded))

    def test_nothing_right(self) -> None:
        """Where no test is right there is no score, but there are pitfalls."""
        graded = self.grade(self.write(
            test_it=suite("mock.assert_called_once").replace(GOOD, "")))
        text = report.report(graded)
        self.assertIn("test_it.py, line 8: assert_called_once has no "
                      "parentheses", text)
        self.assertTrue(text.endswith(
            "\nno score: no test passes on the right code; next: mend "
            f"{BAD_ID}\n"))
        self.assertEqual(graded.status(), 1)

    def test_no_test(self) -> None:
        """Files without any test have no score either."""
        graded = self.grade(self.write(test_it="a = 1"))
        self.assertEqual(report.summary(graded),
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
        self.assertIn("Not used: client/, utils.py", report.report(graded))
        self.assertIn("own helper.py, in which no mistake",
                      report.report(graded))
        self.assertEqual({path.name for path in folder.iterdir()}, before)

    @parameterized.expand([
        ("name", "localhost", True), ("v4", "127.0.0.2", True),
        ("v6", "::1", True), ("any", "", True), ("none", None, True),
        ("bytes", b"127.0.0.1", True), ("another_v4", "192.0.2.1", False),
        ("another_name", "example.com", False),
        ("another_name_in_bytes", b"example.com", False),
    ])
    def test_is_loopback(self, _: str, host: Any, expected: bool) -> None:
        """This machine's own addresses are told from all others."""
        self.assertIs(is_loopback(host), expected)


class TestCommand(GraderTestCase):
    """Tests of the command line, in this process but where said."""

    def test_check(self) -> None:
        """The model suites notice all, and each hint's last step is true."""
        status, out, _ = self.command("--check")
        self.assertEqual((status, out.splitlines()[-1]),
                         (0, "the own suite notices 36 of 36"))

    def test_help(self) -> None:
        """The help says that a hint takes one step."""
        status, out, _ = self.command("--help")
        self.assertEqual(status, 0)
        self.assertIn("  --hint N [STEP] ", out)
        self.assertNotIn("[STEP ...]", out)

    def test_starter(self) -> None:
        """The starter is green and notices two of the mistakes."""
        status, out, err = self.command(str(STARTER))
        self.assertEqual((status, err), (1, ""))
        self.assertIn("tests that pass: 2 of 2", out)
        self.assertRegex(out, rf"\nnoticed \d+ of {len(MISTAKES)}; next: "
                         r"course/grade.py --hint 1 0\n$")
        for mistake in MISTAKES:
            told = f"   {mistake.name}: {mistake.summary}\n" in out
            self.assertEqual(mistake.summary in out, told)
            self.assertEqual(told, mistake.number in (2, 17))

    def test_all_noticed(self) -> None:
        """Where all is noticed the status is 0, and nothing is next."""
        graded = self.grade(self.write(test_it=IMPORTS + GOOD))
        self.assertEqual(graded.status(), 0)
        self.assertEqual(report.summary(graded), "noticed 1 of 1: that is all "
                         "of them, and no test is wrong")

    def test_map(self) -> None:
        """The map has a row a test, a column a mistake, and a legend."""
        status, out, _ = self.command(str(STARTER), "--map")
        self.assertEqual(status, 1)
        lines = [line.split() for line in out.splitlines()]
        row, = [line[1:] for line in lines[1:] if line[:1] == [
            "test_client.TestGithubOrgClient.test_has_license"]]
        letters = dict(zip(lines[0], row))
        self.assertEqual(len(row), len(MISTAKES))
        self.assertEqual([letters[number] for number in (
            "2", "17")], [".", "a"])
        self.assertIn("a: noticed by an assertion", out)

    def test_json(self) -> None:
        """The form is that of results.json, with all facts in extra_data."""
        status, out, _ = self.command(str(STARTER), "--json")
        self.assertEqual(status, 1)
        results = json.loads(out)
        tests = {test["name"].split()[0]: test for test in results["tests"]}
        self.assertEqual(tests["17"], {
            "name": "17 has_license", "score": 1, "max_score": 1,
            "output": "any license will do\n1 unit test by assertion: "
            "test_client.TestGithubOrgClient.test_has_license"})
        self.assertEqual(tests["7"], {
            "name": "7 get_json", "score": 0, "max_score": 1,
            "output": "missed: not reached: neither a test that counts, nor "
            "its fixtures, nor the import of its file runs a line that the "
            "mistake changes"})
        self.assertEqual(results["extra_data"]["missed"]["7"], {
            "reason": "not reached", "tests": [], "why": ""})
        self.assertRegex(results["output"], r"\nnoticed \d+ of \d+;")
        self.assertEqual(results["extra_data"]["pitfalls"], [])
        facts = results["extra_data"]["tests"][
            "test_utils.TestAccessNestedMap.test_two_keys"]
        self.assertEqual(facts.pop("notices")["2"], "assertion")
        self.assertEqual(
            facts, {"verdict": "passes", "kind": "unit", "tied": []})

    def test_map_without_idle_tests(self) -> None:
        """Tests that notice none of the mistakes are counted below it."""
        graded = self.grade(self.write(test_it=suite("pass")))
        text = report.map_of(graded)
        self.assertNotIn(BAD_ID, text)
        self.assertIn(f"{GOOD_ID}  a\n\n1 test notices none of these\n", text)

    def test_json_of_pitfalls(self) -> None:
        """A pitfall is an object of file, line and what."""
        graded = self.grade(self.write(test_it=suite("pass")))
        self.assertEqual(
            json.loads(report.results(graded))["extra_data"]["pitfalls"],
            [{"file": "test_it.py", "line": 7,
              "what": "test_bad asserts nothing",
              "kind": "tests that assert nothing",
              "lesson": "What passes and proves nothing"}])

    def test_class(self) -> None:
        """A class has a row a suite, whatever is wrong with some."""
        broken = self.write(test_it="def")
        status, out, _ = self.command(
            str(STARTER), str(broken), "no-such-folder")
        self.assertEqual(status, 2)
        rows = out.splitlines()
        self.assertEqual(rows[0].split(), [
            "folder", "noticed", "tests", "wrong", "unsteady", "tied",
            "pitfalls", "problem"])
        self.assertRegex(
            rows[1], rf"^{re.escape(str(STARTER))} +\d+ +2 +0 +0 +0 +0$")
        self.assertRegex(
            rows[2], rf"^{re.escape(str(broken))} +no score +0 +0 +0 +0 +0  "
            "test_it.py, line 1: SyntaxError: invalid syntax$")
        self.assertEqual(rows[3], "no-such-folder: there is no such folder")
        self.assertEqual(rows[5], "noticed by how many of 1 suite with a "
                         "score (and of 95 other suites):")
        self.assertIn("  1 (93) 2 access_nested_map: only the first key is "
                      "followed", rows)

    def test_csv(self) -> None:
        """The table has a column for each mistake, noticed or not."""
        status, out, _ = self.command(str(STARTER), "nowhere", "--csv")
        self.assertEqual(status, 2)
        rows = list(csv.DictReader(io.StringIO(out)))
        self.assertEqual([rows[0][name] for name in (
            "folder", "tests", "wrong", "unsteady", "tied", "pitfalls",
            "problem", "1 access_nested_map", "2 access_nested_map")],
            [str(STARTER), *"20000", "", *"01"])
        self.assertEqual(rows[0]["noticed"], str(sum(
            rows[0][mistake.name] == "1" for mistake in MISTAKES)))
        self.assertEqual(
            rows[1]["problem"], "nowhere: there is no such folder")

    @parameterized.expand([
        ("checklist", ["7", "0"], r"7 get_json, step 0 of 4\n(.+\n){5}"
         r"next: course/grade.py --hint 7 1\n"),
        ("first_step", ["7"], r"7 get_json, step 1 of 4\nThe pattern: "
         r'"Test doubles" in course/tour.md.\n'
         r"Noticed by 56 of 95 .*\nnext: course/grade.py --hint 7 2\n"),
        ("in_words", ["7", "2"],
         r"7 get_json, step 2 of 4\nget_json: asks twice\.\n"
         r"Each .*\nnext: course/grade.py --hint 7 3\n"),
        ("edit", ["7", "3"], r"7 get_json, step 3 of 4\n--- utils.py\n(.*\n)+"
         r"\+ .*\n(.*\n)+next: course/grade.py --hint 7 4\n"),
        ("test", ["7", "4"], r"7 get_json, step 4 of 4\nIn the project, .* in "
         r"test_utils.py .*\n    python -m unittest test_utils -k .*\n"),
    ])
    def test_hint(
            self, _: str, argv: List[str], expected: str) -> None:
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
    def test_try(self, _: str, change: str, title: str, message: str) -> None:
        """What unittest says of the suite on the change is shown."""
        status, out, _ = self.command("--try", change, str(STARTER))
        self.assertEqual(status, 0)
        self.assertTrue(out.startswith(title))
        self.assertIn("Ran 2 tests", out)
        self.assertIn(message, out)

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
            "   left out, because they do not always pass on the right code: "
            "test_wrong.TestBad.test_bad"])

    def test_try_end_of_process(self) -> None:
        """Where the process ends, the last line says so."""
        folder = self.write(test_it=suite("os._exit(0)"))
        _, out, _ = self.command("--try", "2", str(folder))
        self.assertIn("The run ended its process with status 0.", out)

    @parameterized.expand([
        ("no_folder", ["nowhere"], "nowhere: there is no such folder"),
        ("a_file", [COMMAND], f"{COMMAND}: this is a file, not a folder"),
        ("no_tests", [str(PROJECT / ".ci" / "stubs")],
         f"{PROJECT / '.ci' / 'stubs'}: there is no test*.py in it"),
        ("no_such_mistake_to_hint", ["--hint", "37"],
         f"there is no mistake 37: {NUMBERS}"),
        ("no_such_step", ["--hint", "1", "5"],
         "there is no step 5 for mistake 1: its steps are 0, 1, 2, 3, 4"),
        ("two_steps", ["--hint", "1", "2", "3"],
         "--hint takes a mistake and a step, nothing else"),
        ("no_number_to_try", ["--try", "x"],
         f"there is no mistake x: {NUMBERS}"),
        ("no_such_mistake_to_try", ["--try", "99999"],
         f"there is no mistake 99999: {NUMBERS}"),
        ("no_folder_to_try", ["--try", "1", "nowhere"],
         "nowhere: there is no such folder"),
        ("map_of_two", ["a", "b", "--map"],
         "--json and --map are for one FOLDER"),
        ("csv_and_map", ["a", "--csv", "--map"],
         "argument --map: not allowed with argument --csv"),
        ("more_than_there_are", ["--at-least", "37"],
         "--at-least 37: there are only 36 mistakes"),
        ("less_than_none", ["--at-least", "-1"],
         "--at-least needs a number that is not negative"),
        ("reports_of_none", ["--reports", "x"],
         "--reports needs a FOLDER, and goes with --csv alone"),
        ("keep_without_try", ["--keep", "x"], "--keep is for --try"),
        ("check_with_a_folder", ["--check", "a"],
         "--hint, --try and --check take no other FOLDER"),
        ("no_assignment", ["--assignment", "nowhere"],
         "nowhere: there is no assignment.py in it"),
    ])
    def test_wrong_usage(
            self, _: str, argv: List[str], words: str) -> None:
        """The status is 2, and the last line of stderr says why."""
        status, out, err = self.command(*argv)
        self.assertEqual((status, out), (2, ""))
        self.assertEqual(err.splitlines()[-1], f"course/grade.py: {words}")

    def test_process_changes_nothing(self) -> None:
        """The command as a process leaves every file as it was."""
        before = snapshot(PROJECT)
        graded = subprocess.run(
            [sys.executable, COMMAND, str(STARTER), "--csv"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(
            (graded.returncode, graded.stderr.decode()),
            (1, f"{STARTER}: noticed 2\n"))
        self.assertEqual(snapshot(PROJECT), before)

    @parameterized.expand([
        ("class", [str(STARTER)]), ("try", ["--try", "2"])])
    def test_on_a_terminal(self, _: str, more: List[str]) -> None:
        """A line on a terminal counts the runs, and is cleared at the end."""
        terminal = Terminal()
        with redirect_stderr(terminal), \
                redirect_stdout(io.StringIO()) as out:
            command.main([*more, str(STARTER)])
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
