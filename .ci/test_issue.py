#!/usr/bin/env python3
"""Tests of the step that keeps an issue up to date, on the audit's page.

The GitHub CLI is a double, which records how it is called.
"""
import os
import tempfile
import unittest
from pathlib import Path
from typing import List

import yaml

from runner import Runner
from texts import blocks

TOP = Path(__file__).resolve().parent.parent
PAGE = (TOP / "audit" / "README.md").read_text(encoding="utf-8")
# It answers with the issue that there is, if any, or with a new one.
GH = """\
#!/bin/sh
echo "$*" >> "$HOME/calls"
case "$*" in
    "issue list "*) cat "$HOME/issue" ;;
    "issue create "*) echo https://github.com/a/b/issues/8 ;;
esac
"""
LABEL = "label create licenses --force"
LIST = ("issue list --label licenses --limit 1 --json number --jq "
        ".[].number")


class TestIssue(unittest.TestCase):
    """Tests of how the step calls the GitHub CLI."""

    def setUp(self) -> None:
        """Make a folder with a double of the GitHub CLI and a report."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        (self.folder / "gh").write_text(GH)
        (self.folder / "gh").chmod(0o755)
        (self.folder / "report.md").touch()
        (self.folder / "issue").touch()
        (self.folder / "calls").touch()

    def calls(self, report: str = "report.md") -> List[str]:
        """Run the step; return the arguments of each call."""
        step, = next(
            steps for block in blocks(PAGE) if block.language == "yaml"
            for steps in [yaml.safe_load("\n".join(block.lines))]
            if isinstance(steps, list))
        runner = Runner(self.folder, self.folder, {
            "HOME": str(self.folder),
            "PATH": f"{self.folder}{os.pathsep}{os.environ['PATH']}"}, {})
        result = runner.run_job([step], {
            "github.token": "job", "github.repository": "a/b",
            "steps.audit.outputs.report": report})
        self.assertTrue(result.succeeded, result.log)
        return (self.folder / "calls").read_text().splitlines()

    def test_no_issue(self) -> None:
        """Where there is no open issue, a new one gets the report."""
        self.assertEqual(self.calls(), [
            LABEL, LIST,
            "issue create --title Licenses --label licenses --body ",
            "issue edit https://github.com/a/b/issues/8 --body-file report.md"
        ])

    def test_issue(self) -> None:
        """The open issue gets the report."""
        (self.folder / "issue").write_text("7\n")
        self.assertEqual(self.calls(), [
            LABEL, LIST, "issue edit 7 --body-file report.md"])

    def test_no_report(self) -> None:
        """After an error there is no report, and nothing is done."""
        self.assertEqual(self.calls("none.md"), [])

    def test_no_audit(self) -> None:
        """Where the audit did not run, nothing is done."""
        self.assertEqual(self.calls(""), [])


if __name__ == "__main__":
    unittest.main()
