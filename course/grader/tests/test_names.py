#!/usr/bin/env python3
"""Tests of how files, modules and the files of a suite are told."""
import os
import unittest
from typing import List

from parameterized import parameterized

from grader.names import file_of_name, module_of, path_in, test_files

FOLDER = os.path.join(os.sep, "copy")
FILES = ["shop/__init__.py", "shop/bank.py", "desk.py"]


class TestNames(unittest.TestCase):
    """Tests of functions of paths and dotted names."""

    @parameterized.expand([
        ("module", "bank.py", "bank"),
        ("in_a_package", "shop/bank.py", "shop.bank"),
        ("package", "shop/old/__init__.py", "shop.old"),
    ])
    def test_module_of(self, _: str, path: str, expected: str) -> None:
        """A module is named with its packages, a package by its folder."""
        self.assertEqual(module_of(path), expected)

    @parameterized.expand([
        ("in_the_folder", ["bank.py"], "bank.py"),
        ("below", ["shop", "bank.py"], "shop/bank.py"),
        ("elsewhere", ["..", "other", "bank.py"], ""),
    ])
    def test_path_in(self, _: str, parts: List[str], expected: str) -> None:
        """A path below the folder has slashes; there is none elsewhere."""
        file = os.path.normpath(os.path.join(FOLDER, *parts))
        self.assertEqual(path_in(FOLDER, file), expected)

    @parameterized.expand([
        ("file", "bank.py", "bank.py"),
        ("code_without_a_file", "<string>", ""),
    ])
    def test_path_in_here(self, _: str, file: str, expected: str) -> None:
        """A path from the current folder is found below that."""
        self.assertEqual(path_in(os.getcwd(), file), expected)

    def test_path_in_a_folder_of_similar_name(self) -> None:
        """A folder whose name only begins so is elsewhere."""
        self.assertEqual(path_in(FOLDER, f"{FOLDER}2{os.sep}bank.py"), "")

    @parameterized.expand([
        ("function", "desk.lend", "desk.py"),
        ("longest", "shop.bank.pay", "shop/bank.py"),
        ("package", "shop.open", "shop/__init__.py"),
        ("module_itself", "desk", "desk.py"),
        ("similar", "desks.lend", ""),
    ])
    def test_file_of_name(self, _: str, dotted: str, expected: str) -> None:
        """The module whose name is longest has the name."""
        self.assertEqual(file_of_name(dotted, FILES), expected)

    @parameterized.expand([
        ("in_the_folder", ["b.py", "test_b.py", "test_a.py"],
         ["test_a.py", "test_b.py"]),
        ("both", ["tests/test_a.py", "test_b.py"], ["test_b.py"]),
        ("in_tests", ["tests/deep/test_b.py", "tests/test_a.py", "bank.py"],
         ["tests/deep/test_b.py", "tests/test_a.py"]),
        ("elsewhere", ["suite/test_a.py", "tests/bank.py"], []),
    ])
    def test_test_files(
            self, _: str, paths: List[str], expected: List[str]) -> None:
        """Those in the folder are run; if there is none, those in tests/."""
        self.assertEqual(test_files(paths), expected)


if __name__ == "__main__":
    unittest.main()
