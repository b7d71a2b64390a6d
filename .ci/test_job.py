#!/usr/bin/env python3
"""Tests of the weekly job in README.md: its own lines, over a replay.

Its repository is one on this machine, with a remote to push to.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Dict, List

import yaml

TOP = Path(__file__).resolve().parent.parent
sys.path.append(str(TOP))
ALL = "Apache-2.0\nBSD-3-Clause\nother\nnone\n"


class TestWeeklyJob(unittest.TestCase):
    """Tests of what the job commits, shows and ends with."""

    def setUp(self) -> None:
        """Make a repository with the project in it, and a replay."""
        from audit.replay import replay
        readme = (TOP / "audit" / "README.md").read_text(encoding="utf-8")
        text = re.findall("```yaml\n(.*?)```", readme, re.DOTALL)[0]
        self.workflow = yaml.safe_load(text)
        self.job = self.workflow["jobs"]["licenses"]
        self.commands: List[str] = [
            step["run"] for step in self.job["steps"]
            if "run" in step and "pip install" not in step["run"]]
        # What Actions runs for `shell: bash`, and what without it.
        self.options = "-eo pipefail" if self.job["defaults"] == {
            "run": {"shell": "bash"}} else "-e"
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.checkout = self.folder / "checkout"
        self.git("init", "-q", "--bare", str(self.folder / "remote"))
        self.git("clone", "-q", str(self.folder / "remote"),
                 str(self.checkout))
        for path in TOP.glob("*.py"):
            shutil.copy(str(path), str(self.checkout))
        shutil.copytree(str(TOP / "audit"), str(self.checkout / "audit"))
        server = replay()
        self.api_url = server.__enter__()
        self.addCleanup(server.__exit__, None, None, None)
        (self.checkout / "policy.txt").write_text("Apache-2.0\n")
        self.git("-C", str(self.checkout), "add", ".")
        self.git("-C", str(self.checkout), "-c", "user.name=a", "-c",
                 "user.email=a@b", "commit", "-q", "-m", "Begin here")
        self.git("-C", str(self.checkout), "push", "-q", "origin", "HEAD")

    def git(self, *argv: str) -> str:
        """Run a command of git's, and return what it prints."""
        return subprocess.run(
            ["git", *argv], check=True, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, universal_newlines=True).stdout

    def run_job(self, **environ: str) -> int:
        """Run the steps up to the first that fails; return its status."""
        variables: Dict[str, str] = {}
        file = self.folder / "env"
        file.write_text("")
        for command in self.commands:
            done = subprocess.run(
                ["bash", "--noprofile", "--norc", *self.options.split(), "-c",
                 command], cwd=str(self.checkout), stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, env={
                    "PATH": os.path.dirname(sys.executable) + ":"
                    + os.environ["PATH"], "GITHUB_ENV": str(file),
                    "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
                    "GITHUB_API_URL": self.api_url, "HOME": str(self.folder),
                    **variables, **environ})
            if done.returncode:
                return done.returncode
            variables = dict(
                line.split("=", 1) for line in file.read_text().splitlines())
        return 0

    def commits(self) -> List[str]:
        """Return the messages of the commits at the remote, the last first."""
        return self.git("-C", str(self.folder / "remote"), "log",
                        "--format=%s").splitlines()

    def test_workflow(self) -> None:
        """It may push, runs once at a time, and has a token."""
        self.assertEqual(self.workflow["permissions"], {"contents": "write"})
        self.assertEqual(self.workflow["concurrency"], "licenses")
        self.assertIn({"GH_TOKEN": "${{ github.token }}"},
                      [step.get("env") for step in self.job["steps"]])

    def test_not_allowed(self) -> None:
        """It commits the state, shows the listing, and fails in the end."""
        self.assertEqual(self.run_job(), 3)
        self.assertEqual(
            self.commits(), ["Save the state of all licenses", "Begin here"])
        self.assertEqual(
            (self.folder / "summary").read_text(),
            "    audit: report.csv is not there yet: this is the first "
            "run\n"
            "    google/episodes.dart\tBSD-3-Clause\n"
            "    google/ios-webkit-debug-proxy\tother\n"
            "    google/google.github.io\tnone\n")

    def test_nothing_has_changed(self) -> None:
        """It commits nothing, shows how many are left, and still fails."""
        self.run_job()
        (self.folder / "summary").write_text("")
        self.assertEqual(self.run_job(), 3)
        self.assertEqual(len(self.commits()), 2)
        self.assertEqual(
            (self.folder / "summary").read_text(),
            "    audit: not allowed, but not changed: 3\n")

    def test_allowed(self) -> None:
        """It commits the state, and succeeds."""
        (self.checkout / "policy.txt").write_text(ALL)
        self.assertEqual(self.run_job(), 0)
        self.assertEqual(len(self.commits()), 2)

    def test_failure(self) -> None:
        """After an error it commits nothing, shows the error, and fails."""
        self.assertEqual(
            self.run_job(GITHUB_API_URL="http://127.0.0.1:1"), 1)
        self.assertRegex((self.folder / "summary").read_text(),
                         "^    audit: cannot reach 127.0.0.1:1: .*\n$")
        self.assertEqual(self.commits(), ["Begin here"])


if __name__ == "__main__":
    unittest.main()
