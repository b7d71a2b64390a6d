#!/usr/bin/env python3
"""Tests of the container in which an editor opens the project."""
import argparse
import json
import os
import shlex
import sys
import unittest
from pathlib import Path
from typing import Any, Dict, Iterator

TOP = Path(__file__).resolve().parent.parent


def tests_in(suite: unittest.TestSuite) -> Iterator[str]:
    """Yield the ids of all tests in a suite, and in the suites in it."""
    for entry in suite:
        if isinstance(entry, unittest.TestSuite):
            yield from tests_in(entry)
        else:
            yield entry.id()


class TestDevContainer(unittest.TestCase):
    """Tests of what the editor installs, and of where it looks for tests."""

    def setUp(self) -> None:
        """Read the file, with the project's folder as the current one."""
        text = (TOP / ".devcontainer" / "devcontainer.json").read_text()
        self.container: Dict[str, Any] = json.loads(text)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(str(TOP))

    def test_installs_the_requirements(self) -> None:
        """Pip gets a file of requirements that is there."""
        *command, name = shlex.split(self.container["postCreateCommand"])
        self.assertEqual(command, "python -m pip install -r".split())
        self.assertTrue(Path(name).is_file())

    def test_finds_the_model_suites(self) -> None:
        """The editor's arguments for unittest find both model suites."""
        settings = self.container["customizations"]["vscode"]["settings"]
        parser = argparse.ArgumentParser()
        parser.add_argument("-v", action="store_true")
        parser.add_argument("-s")
        parser.add_argument("-p")
        options = parser.parse_args(settings["python.testing.unittestArgs"])
        self.addCleanup(setattr, sys, "path", sys.path[:])
        found = set(tests_in(
            unittest.TestLoader().discover(options.s, options.p)))
        self.assertLessEqual(
            {"test_utils.TestAccessNestedMap.test_two_keys",
             "test_client.TestGithubOrgClient.test_public_repos"}, found)


if __name__ == "__main__":
    unittest.main()
