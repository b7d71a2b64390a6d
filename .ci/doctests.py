#!/usr/bin/env python3
"""Run the examples in the docstrings of the exercise and of the audit."""
import doctest
import os
import sys
from importlib import import_module

from conventions import modules


def main() -> int:
    """Run all examples; return 1 if any fails, or if there is none."""
    sys.path.insert(0, os.getcwd())
    failed, tried = 0, 0
    for name in modules():
        result = doctest.testmod(import_module(name))
        failed += result.failed
        tried += result.attempted
    print(f"{tried} examples in docstrings: {failed} failed")
    return 1 if failed or not tried else 0


if __name__ == "__main__":
    sys.exit(main())
