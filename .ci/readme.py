#!/usr/bin/env python3
"""Run the examples of README.md under doctest, against the replay.

With the argument 1 or 2, print the README's first or second command.
"""
import doctest
import os
import re
import sys
from typing import List


def commands(text: str) -> List[str]:
    """Return the lines that a text gives to paste into a shell, in order."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines()]


def main() -> int:
    """Run the examples, or print a command; return the exit status."""
    if len(sys.argv) == 2:
        with open("README.md", encoding="utf-8") as readme:
            print(commands(readme.read())[int(sys.argv[1]) - 1])
        return 0
    sys.path.insert(0, os.getcwd())
    from fixtures import replay
    with replay() as url:
        os.environ["GITHUB_API_URL"] = url
        failed, tried = doctest.testfile(
            os.path.abspath("README.md"), module_relative=False)
    print(f"README.md: {tried} examples, {failed} failed")
    return 0 if tried and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
