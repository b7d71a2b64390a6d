#!/usr/bin/env python3
"""Tests of the workflows, and of a container, that course/teachers.md has.

Their steps run in a double of GitHub's runner, with doubles of the GitHub CLI
and of docker. What the suites need comes from the package index.
"""
import csv
import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Dict, List

import yaml

from runner import Result, Runner, Step, Values
from texts import blocks

TOP = Path(__file__).resolve().parent.parent
BLOCKS = list(blocks((TOP / "course/teachers.md").read_text("utf-8")))
FILES = {block.word: "\n".join(block.lines) + "\n" for block in BLOCKS}
PRACTICE, EXAM = (
    yaml.safe_load("\n".join(block.lines))["jobs"]["grade"]["steps"]
    for block in BLOCKS if block.language == "yaml")
TOKEN = "secret of the class"

# It copies repositories from $CLASS.
GH = """#!/bin/sh -e
echo "$2 by $GH_TOKEN" >> "$CLASS/calls"
test "$1" = repo || exit 0
mkdir -p "$(dirname "$4")"
cp -r "$CLASS/$3" "$4"
"""
# It runs a command on this machine, in the folders that would be mounted.
DOCKER = f"""#!{sys.executable}
import argparse, os, re, sys
parser = argparse.ArgumentParser()
parser.add_argument("run", choices=["run"])
parser.add_argument("--rm", action="store_true", required=True)
parser.add_argument("--network", choices=["none"])
parser.add_argument("-v", action="append")
parser.add_argument("-w", required=True)
parser.add_argument("-e", action="append", default=[])
parser.add_argument("image", choices=["python:3.13"])
parser.add_argument("command", nargs=argparse.REMAINDER)
args = parser.parse_args()
mounted = dict(one.split(":")[1::-1] for one in args.v)
os.chdir(mounted[args.w])

def here(text):
    for folder, source in mounted.items():
        text = re.sub(f"(^|=){{folder}}(?=/|$)", rf"\\1{{source}}", text)
    return text

with open(os.environ["CLASS"] + "/calls", "a") as calls:
    print(args.network, os.environ.get("GH_TOKEN"), file=calls)
environ = dict(here(one).split("=", 1) for one in args.e)
command = [here(word) for word in args.command]
os.execvpe(command[0], command, {{**os.environ, **environ}})
"""


class Place:
    """A runner's workspace, and what is elsewhere, in a new folder.

    kept: what actions were given that do nothing here.
    """

    def __init__(self) -> None:
        """Make the folders, and the doubles of commands."""
        self._folder = tempfile.TemporaryDirectory()
        self.remove = self._folder.cleanup
        self.workspace, self.temporary, self.elsewhere = (
            Path(self._folder.name, name)
            for name in ("workspace", "temporary", "elsewhere"))
        for path in (self.workspace, self.temporary, self.elsewhere):
            path.mkdir()
        for name, text in (("gh", GH), ("docker", DOCKER)):
            (self.elsewhere / name).write_text(text)
            (self.elsewhere / name).chmod(0o755)
        self.kept: List[Values] = []

    def checkout(self, given: Values) -> Values:
        """Check the grader out, or what is in the folder "own"."""
        source = self.elsewhere / "own"
        if "repository" in given:
            source = TOP
        target = self.workspace / given.get("path", "")
        target.mkdir(exist_ok=True)
        for path in source.iterdir():
            if path.is_dir() and not path.name.startswith("."):
                shutil.copytree(str(path), str(target / path.name))
            elif path.is_file():
                shutil.copy(str(path), str(target))
        return {}

    def run(self, steps: List[Step]) -> Result:
        """Run the steps of a job."""
        def keep(given: Values) -> Values:
            """Stand in for an action; keep what it is given."""
            self.kept.append(given)
            return {}

        path = [str(self.elsewhere), os.path.dirname(sys.executable),
                os.environ["PATH"]]
        environ = {name: value for name, value in os.environ.items()
                   if not name.startswith(("GH_", "GITHUB_"))}
        runner = Runner(self.workspace, self.temporary, {
            **environ, "PATH": os.pathsep.join(path),
            "CLASS": str(self.elsewhere)}, {
                "actions/checkout": self.checkout,
                "actions/setup-python": keep,
                "actions/upload-artifact": keep})
        return runner.run_job(steps, {"secrets.SUBMISSIONS_TOKEN": TOKEN})

    def write(self, folder: str, files: Dict[str, str]) -> None:
        """Write files into a new folder beside the workspace."""
        for name, text in files.items():
            path = self.elsewhere / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


class TestContainer(unittest.TestCase):
    """Tests of the commands that grade in a container."""

    def test_container(self) -> None:
        """What suites need is installed, then they have no network."""
        place = Place()
        self.addCleanup(place.remove)
        commands, = (
            block.lines for block in BLOCKS if block.language == "bash")
        result = place.run([
            {"uses": "actions/checkout", "with": {"repository": "this"}},
            {"run": "mkdir students; cp -r course/starter students/ann"},
            {"run": "\n".join(commands)}])
        self.assertIn("\nnoticed 2 of 36; next: ", result.log)
        self.assertEqual((place.elsewhere / "calls").read_text(),
                         "None None\nnone None\n")


class TestPractice(unittest.TestCase):
    """Tests of the workflow in the repository of a learner."""

    def grade(self, *files: str) -> Result:
        """Run the job on a suite of some files of the project."""
        place = Place()
        self.addCleanup(place.remove)
        place.write("own/0x03-Unittests_and_integration_tests", {
            Path(file).name: (TOP / file).read_text() for file in files})
        return place.run(PRACTICE)

    def test_enough(self) -> None:
        """It is green for a suite that notices enough."""
        result = self.grade("test_utils.py", "test_client.py")
        self.assertIn("\nnoticed 36 of 36", result.log)
        self.assertTrue(result.succeeded)

    def test_not_enough(self) -> None:
        """It is red for one that does not, and says what is next."""
        result = self.grade("course/starter/test_utils.py")
        self.assertIn("\nnoticed 1 of 36; next: ", result.log)
        self.assertFalse(result.succeeded)


class TestExam(unittest.TestCase):
    """Tests of the workflow in a repository of the teacher's own."""

    place: Place
    result: Result

    @classmethod
    def setUpClass(cls) -> None:
        """Grade a class of three, of which one's repository is gone."""
        cls.place = place = Place()
        place.write("own", {
            **{name: text for name, text in FILES.items()
               if name.startswith("exam/")},
            "submissions.txt": "class/ann\nclass/bob\nclass/gone"})
        test = FILES["exam/test_bank.py"]
        place.write("class/ann", {"test_bank.py": test, ".git/config": TOKEN})
        place.write("class/bob", {"tests/test_bank.py": test[
            :test.index("    def test_nothing")]})
        cls.result = place.run(EXAM)

    @classmethod
    def tearDownClass(cls) -> None:
        """Remove what the job has left."""
        cls.place.remove()

    def test_green(self) -> None:
        """It is green, whatever the class notices."""
        self.assertTrue(self.result.succeeded, self.result.log)

    def test_table(self) -> None:
        """Each learner has a row, also one whose repository is gone."""
        with open(str(self.place.workspace / "grades.csv")) as file:
            rows = [(row["folder"], row["noticed"], row["points"])
                    for row in csv.DictReader(file)]
        self.assertEqual(rows, [
            ("students/class/ann", "3", "4"), ("students/class/bob", "2", "2"),
            ("students/class/gone", "", "")])

    def test_pages(self) -> None:
        """The pages are kept, and so is the table."""
        given, = self.place.kept
        self.assertEqual(given["path"].split(), ["grades.csv", "pages"])
        text = (self.place.workspace / "pages/names.html").read_text()
        self.assertIn(">ann</a>", text)

    def test_token(self) -> None:
        """Suites are graded without a network, and without the token."""
        self.assertEqual(
            (self.place.elsewhere / "calls").read_text().splitlines(),
            [f"setup-git by {TOKEN}", *[f"clone by {TOKEN}"] * 3,
             "None None", "none None"])
        self.assertFalse(
            (self.place.workspace / "students/class/ann/.git").exists())


if __name__ == "__main__":
    unittest.main()
