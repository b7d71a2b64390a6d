#!/usr/bin/env python3
"""Grade a suite of tests: the command of the package beside this file."""
import sys

# Nothing may change in the working tree, not by a __pycache__ either.
sys.dont_write_bytecode = True

from grader.command import program  # noqa: E402

if __name__ == "__main__":
    program()
