#!/usr/bin/env python3
"""Tests of __main__: what each way to start the audit does."""
import os
import sys
import unittest
from runpy import run_module, run_path
from unittest.mock import patch

import audit

FOLDER = os.path.dirname(os.path.abspath(audit.__file__))
PROGRAM = os.path.join(FOLDER, "__main__.py")


class TestMain(unittest.TestCase):
    """Tests of the start by name, by path, and of the import."""

    def setUp(self) -> None:
        """Put a double in the place of the command, and keep sys.path."""
        patcher = patch("audit.command.run", return_value=3)
        self.command = patcher.start()
        self.addCleanup(patcher.stop)
        path = patch.object(sys, "path", ["first", *sys.path])
        path.start()
        self.addCleanup(path.stop)

    def test_status_by_name(self) -> None:
        """Started by its name, it exits with the status of the command."""
        with self.assertRaises(SystemExit) as caught:
            run_module("audit", run_name="__main__")
        self.assertEqual(caught.exception.code, 3)

    def test_status_by_path(self) -> None:
        """Started by its path, it exits with the status of the command."""
        with self.assertRaises(SystemExit) as caught:
            run_path(PROGRAM, run_name="__main__")
        self.assertEqual(caught.exception.code, 3)

    def test_path_by_name(self) -> None:
        """Started by its name, it leaves sys.path as it is."""
        with self.assertRaises(SystemExit):
            run_module("audit", run_name="__main__")
        self.assertEqual(sys.path[0], "first")

    def test_path_by_path(self) -> None:
        """Started by its path, it is found in the folder above its own."""
        with self.assertRaises(SystemExit):
            run_path(PROGRAM, run_name="__main__")
        self.assertEqual(sys.path[0], os.path.dirname(FOLDER))

    def test_import(self) -> None:
        """When it is imported, the command does not run."""
        run_module("audit.__main__", run_name="audit.__main__")
        self.command.assert_not_called()


if __name__ == "__main__":
    unittest.main()
