#!/usr/bin/env python3
"""Tests of what the page in a browser asks for: texts in, texts out."""
import base64
import io
import json
import subprocess
import sys
import unittest
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Dict, List, Tuple
from unittest.mock import patch

from parameterized import parameterized

from grader import page
from grader.assignment import OWN
from grader.here import Here
from grader.judge import job_for

from .test_here import HAS_MONITORING, NEEDS_MONITORING

FOLDER = "course/tiny"
MODULE = '''\
def double(number):
    """Return a number twice."""
    return 2 * number
'''
ASSIGNMENT = '''\
from grader import Edit, Mistake
MODULES = ("tiny.py",)
STARTER = ("start/test_tiny.py",)
SUITE = ("a_suite_that_is_not_published.py",)
MISTAKES = [
    Mistake(1, "double", "three times", Edit("tiny.py", "2 *", "3 *"),
            explained="It is half as much again."),
    Mistake(2, "double", "nothing but zero", Edit("tiny.py", "2 *", "0 *"))]
CHECKLISTS = {"double": "Inputs: a number, and 0."}
'''
SUITE = '''\
import unittest
from tiny import double

class TestDouble(unittest.TestCase):
    def test_it(self):
        self.assertEqual(double(%s), %s)
'''


class PageTestCase(unittest.TestCase):
    """Tests that ask, and keep what is told meanwhile."""

    def setUp(self) -> None:
        """Begin with nothing told."""
        self.told: List[Tuple[str, ...]] = []

    def ask(self, ask: str, **question: Any) -> Dict[str, Any]:
        """Return the answer to a question."""
        found: Dict[str, Any] = json.loads(page.answer(
            json.dumps({"ask": ask, **question}),
            lambda *what: self.told.append(what)))
        return found

    def opened(self, folder: str = FOLDER, **starter: str) -> Dict[str, Any]:
        """Return what is shown of the tiny assignment."""
        return self.ask(
            "open", folder=folder, starter=starter,
            texts={"assignment.py": ASSIGNMENT, "tiny.py": MODULE})


class TestOpen(PageTestCase):
    """Tests of the assignment that is shown."""

    def test_names(self) -> None:
        """What an assignment.py names is what the page has to fetch."""
        self.assertEqual(self.ask("names", source=ASSIGNMENT), {
            "names": ["tiny.py"], "starter": ["start/test_tiny.py"]})

    def test_open(self) -> None:
        """Code, mistakes and starter come back; no own suite is needed."""
        self.assertEqual(self.opened(**{"test_tiny.py": "# begin here\n"}), {
            "files": {"test_tiny.py": "# begin here\n"},
            "code": {"tiny.py": MODULE},
            "mistakes": [[1, "1 double"], [2, "2 double"]]})

    def test_no_starter(self) -> None:
        """Without a starter there is a file for each module, and it runs."""
        files = self.opened()["files"]
        self.assertEqual(list(files), ["test_tiny.py"])
        self.assertIn("import tiny\n", files["test_tiny.py"])
        compile(files["test_tiny.py"], "test_tiny.py", "exec")

    @parameterized.expand([
        ("module", "tiny.py", "test_tiny.py", "TestTiny"),
        ("in_a_package", "two_shops/bank.py", "test_two_shops_bank.py",
         "TestTwoShopsBank"),
        ("package", "two_shops/__init__.py", "test_two_shops.py",
         "TestTwoShops"),
    ])
    def test_skeleton(self, _: str, path: str, name: str, title: str) -> None:
        """The file of a module has a name for its path, and compiles."""
        found, text = page.skeleton(path)
        self.assertEqual(found, name)
        self.assertIn(f"\n\nclass {title}(unittest.TestCase):\n", text)
        compile(text, name, "exec")

    @parameterized.expand([
        ("broken", "MODULES = (", "SyntaxError"),
        ("wrong_form", "MODULES = 'tiny.py'", "must be a tuple of strings"),
    ])
    def test_wrong(self, _: str, source: str, message: str) -> None:
        """What is wrong with an assignment is said; no path of ours is."""
        error = self.ask("names", source=source)["error"]
        self.assertIn(message, error)
        self.assertNotIn(page.ROOM, error)


class TestHints(PageTestCase):
    """Tests of hints for a mistake."""

    def test_hints(self) -> None:
        """All steps come in order, without the command for the next."""
        self.opened()
        hints = self.ask("hints", folder=FOLDER, number=1)["hints"]
        self.assertEqual(hints[0], "1 double, step 0 of 3\n"
                         "Inputs: a number, and 0.")
        self.assertEqual(hints[1], "1 double, step 2 of 3\n"
                         "double: three times.\nIt is half as much again.")
        self.assertEqual(hints[2].splitlines()[-2:], [
            "-    return 2 * number", "+    return 3 * number"])


class TestZip(PageTestCase):
    """Tests of the download."""

    def test_zip(self) -> None:
        """Plain unittest runs what is in it."""
        self.opened()
        answer = self.ask("zip", folder=FOLDER,
                          files={"test_tiny.py": SUITE % (4, 8)})
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        data = io.BytesIO(base64.b64decode(answer["zip"]))
        with zipfile.ZipFile(data) as archive:
            archive.extractall(folder.name)
        done = subprocess.run(
            [sys.executable, "-m", "unittest"], stderr=subprocess.PIPE,
            cwd=str(Path(folder.name, "my_suite")))
        self.assertEqual(done.stderr.split()[-1], b"OK")


@unittest.skipUnless(HAS_MONITORING, NEEDS_MONITORING)
class TestRuns(PageTestCase):
    """Tests of what needs runs of the suite."""

    def asked(self, ask: str, suite: str, folder: str = FOLDER,
              **known: Any) -> Dict[str, Any]:
        """Return the answer to a question about a suite."""
        self.opened(folder)
        self.told = []
        return self.ask(
            ask, folder=folder, files={"test_tiny.py": suite},
            known={"finished": {}, "lost": {}, **known})

    def test_run(self) -> None:
        """What unittest says comes back."""
        output = self.asked("run", SUITE % (4, 8))["output"]
        self.assertIn("Ran 1 test in", output)
        self.assertTrue(output.endswith("\n\nOK\n"))

    def test_grade(self) -> None:
        """The report comes back, and what is missed."""
        answer = self.asked("grade", SUITE % (0, 0))
        self.assertEqual(answer["missed"], [1, 2])
        self.assertIn("noticed 0 of 2", answer["output"])
        self.assertNotIn(page.ROOM, answer["output"])

    @parameterized.expand([
        ("default", "course/classic", "course/grade.py --hint 1 0"),
        ("of_the_project", "course/tiny",
         "course/grade.py --assignment course/tiny --hint 1 0"),
        ("of_a_teacher", "from/a/teacher",
         "1 double, missed: reached, and what the tests could compare came "
         "out the same: try another input, or the same once more "
         "(test_tiny.TestDouble.test_it)"),
    ])
    def test_next(self, _: str, folder: str, next_: str) -> None:
        """A command is shown as it works on a learner's computer."""
        output = self.asked("grade", SUITE % (0, 0), folder)["output"]
        self.assertEqual(
            output.splitlines()[-1], f"noticed 0 of 2; next: {next_}")
        self.assertEqual("course/grade.py" in output, "grade.py" in next_)

    def test_as_it_is_found(self) -> None:
        """Each mistake is told as soon as it is known, and once."""
        self.asked("grade", SUITE % (4, 8))
        self.assertEqual(
            [what for what in self.told if what[0] == "found"],
            [("found", "1 double: noticed"), ("found", "2 double: noticed")])

    def test_finished_runs(self) -> None:
        """Asked again with its runs, none of them is made once more."""
        first = self.asked("grade", SUITE % (4, 8))
        finished = {what[1]: json.loads(what[2]) for what in self.told
                    if what[0] == "end"}
        again = self.asked("grade", SUITE % (4, 8), finished=finished)
        self.assertEqual(again["missed"], first["missed"])
        self.assertEqual(
            [what for what in self.told if what[0] == "begin"], [])

    def test_key(self) -> None:
        """A run has the same key in another interpreter, elsewhere."""
        room = TemporaryDirectory()
        self.addCleanup(room.cleanup)
        self.asked("run", SUITE % (4, 8))
        here = self.told[0]
        with patch.object(page, "ROOM", room.name):
            self.asked("run", SUITE % (4, 8))
        self.assertEqual(self.told[0], here)

    def test_lost_run(self) -> None:
        """A run that was lost is blamed on the test that was under way."""
        self.opened()
        assignment = page.assignment_in(FOLDER)
        suite = page.suite_of(assignment, {"test_tiny.py": SUITE % (4, 8)})
        job = job_for(suite, assignment.sources, assignment)
        lines: List[str] = []
        Here(page.ROOM, [], lines.append).run(job)
        start = next(place for place, line in enumerate(lines)
                     if line.startswith('["start"'))
        known = page.Known({}, {page.key_of(job): [
            ("".join(lines[:start + 1]), "ended the interpreter")]})
        run = page.OneByOne(
            assignment, known, lambda *what: None).submit(job).result()
        self.assertEqual(
            run.results["test_tiny.TestDouble.test_it"].message,
            "ended the interpreter")

    def test_run_of_a_broken_file(self) -> None:
        """Where a file is no Python, the error says in which line."""
        output = self.asked("run", "import unittest\ndef f(:\n")["output"]
        self.assertIn("line 2", output)
        self.assertTrue(output.endswith("SyntaxError: invalid syntax\n"))

    def test_path(self) -> None:
        """A path in an error is as it is in the project."""
        output = self.asked("run", SUITE % (4, 9))["output"]
        self.assertNotIn(page.ROOM, output)


class TestFiles(unittest.TestCase):
    """The page names what it loads."""

    def test_grader(self) -> None:
        """All files of the grader are named in files.js, and no others."""
        text = (OWN.parent / "web" / "files.js").read_text(encoding="utf-8")
        named = [line.strip(' ",') for line in text.splitlines()
                 if line.startswith('  "')]
        self.assertEqual(named, sorted(
            file.name for file in OWN.parent.glob("grader/*.py")))


if __name__ == "__main__":
    unittest.main()
