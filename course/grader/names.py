#!/usr/bin/env python3
"""Tell files by their paths in a suite's copy, and modules by their names."""
from os import sep
from os.path import abspath, isabs
from pathlib import PurePath
from typing import Iterable, List


def module_of(path: str) -> str:
    """Return the name by which a file is imported: shop.bank."""
    parts = list(PurePath(path).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def path_in(folder: str, file: str) -> str:
    """Return the path of a file from a folder; "" if it is elsewhere.

    A program that runpy runs by a relative path has that for its name.
    """
    if file.endswith(".py") and not isabs(file):
        file = abspath(file)
    if not file.startswith(folder + sep):
        return ""
    return file[len(folder) + 1:].replace(sep, "/")


def file_of_name(dotted: str, files: Iterable[str]) -> str:
    """Return the file of the module that a dotted name begins with, or ""."""
    found = [file for file in files
             if f"{dotted}.".startswith(f"{module_of(file)}.")]
    return max(found, key=lambda file: len(module_of(file)), default="")


def test_files(paths: Iterable[str]) -> List[str]:
    """Return which files of a suite are run.

    That is: each test*.py in its folder; if there is none, each in tests/.
    """
    tests = sorted(path for path in paths
                   if PurePath(path).match("test*.py"))
    return [path for path in tests if len(PurePath(path).parts) == 1] or [
        path for path in tests if PurePath(path).parts[0] == "tests"]
