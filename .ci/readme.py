#!/usr/bin/env python3
"""Check what README.md and the course say.

Their examples, quotations and names of tests must be right, and so must the
kinds of tests that notice a mistake, where the course tells them. Without an
argument, check all of that; with the argument 1 or 2, print the first or the
second command of README.md.
"""
import doctest
import io
import os
import re
import sys
import unittest
from typing import Iterator, List, Tuple

TEXTS = ("README.md", ".course/README.md")
Block = Tuple[str, List[str]]

BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a text: what its fence says, its lines."""
    for fence, body in BLOCK.findall(text):
        yield fence, body.splitlines()


def commands(text: str) -> List[str]:
    """Return the lines that a text gives to paste into a shell, in order."""
    return [line for fence, lines in blocks(text) if fence == "sh"
            for line in lines]


def is_quotation(lines: List[str], source: List[str]) -> bool:
    """Tell whether lines stand in a file, in this order.

    A line `...` stands for lines that are left out. All lines may be moved
    to the left by the same width.
    """
    first = next(line for line in lines if line.strip() != "...")
    for start, line in enumerate(source):
        indent = line[:len(line) - len(first)]
        if line == indent + first and not indent.strip():
            wanted = [indent + line if line else "" for line in lines]
            if stands_at(wanted, source, start):
                return True
    return False


def stands_at(lines: List[str], source: List[str], start: int) -> bool:
    """Tell whether lines stand in a file from here on."""
    gap = False
    for line in lines:
        if line.strip() == "...":
            gap = True
            continue
        while gap and start < len(source) and source[start] != line:
            start += 1
        if start == len(source) or source[start] != line:
            return False
        gap = False
        start += 1
    return True


def wrong_quotations(text: str) -> List[str]:
    """Return the quotations in a text that no file has any more.

    A quotation is a block whose fence names its file: ```python utils.py
    """
    wrong = []
    for fence, lines in blocks(text):
        language, _, path = fence.partition(" ")
        if path:
            with open(path, encoding="utf-8") as source:
                if not is_quotation(lines, source.read().splitlines()):
                    wrong.append(f"{path} has no more:\n" + "\n".join(lines))
    return wrong


def names_of_tests(text: str) -> List[str]:
    """Return the names of tests in a text, in the form that -k takes.

    Those are the ones in its prose, and the ones behind a -k in its blocks.
    """
    name = r"(Test[A-Z]\w*(?:\.\w+)?)"
    return sorted({*re.findall(f"`{name}`", BLOCK.sub("", text)),
                   *re.findall(f"-k {name}", text)})


def trouble_with(name: str) -> str:
    """Run `python -m unittest -k NAME`; return what is wrong, if anything."""
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{name}*"]
    suite = loader.discover(".")
    result = unittest.TextTestRunner(stream=io.StringIO()).run(suite)
    if not result.testsRun:
        return f"{name}: no test has this name"
    return "" if result.wasSuccessful() else f"{name}: it fails"


def wrong_kinds(course: str) -> List[str]:
    """Return the mistakes that other kinds of tests notice than is told.

    The course says "Noticed by: unit tests, integration tests.", or one of
    the two, or "none".
    """
    from judge import PROJECT, grade
    from mistakes import EXPERIMENTS, MISTAKES
    from runner import Runners
    told = {int(number): kinds for number, kinds in re.findall(
        r"\*\*Mistake (\d+)\.\*\*.*?\nNoticed by: (.*?)\.\n",
        course, re.DOTALL)}
    print(f"the course: {len(told)} mistakes, with who notices them")
    mistakes = [mistake for mistake in MISTAKES + EXPERIMENTS
                if mistake.number in told]
    with Runners() as runners:
        tests = grade(PROJECT, runners, mistakes, []).tests
    wrong = []
    if len(mistakes) != 6:
        wrong.append(
            f"of {len(mistakes)} mistakes, not 6, it says who notices them")
    for number in told:
        kinds = {f"{test.kind} tests" for test in tests.values()
                 if number in test.notices}
        found = ", ".join(sorted(kinds, reverse=True)) or "none"
        if found != told[number]:
            wrong.append(f"mistake {number} is noticed by: {found}")
    return wrong


def main() -> int:
    """Check both texts, or print a command; return the exit status."""
    sys.path[:0] = [os.getcwd(), os.path.abspath(".course")]
    texts = {}
    for path in TEXTS:
        with open(path, encoding="utf-8") as readme:
            texts[path] = readme.read()
    if len(sys.argv) == 2:
        print(commands(texts["README.md"])[int(sys.argv[1]) - 1])
        return 0
    trouble: List[str] = []
    for path, text in texts.items():
        quoted = [fence for fence, _ in blocks(text) if " " in fence]
        names = names_of_tests(text)
        print(f"{path}: {len(quoted)} quotations, {len(names)} tests by name")
        trouble += wrong_quotations(text)
        trouble += filter(None, map(trouble_with, names))
    trouble += wrong_kinds(texts[".course/README.md"])
    from fixtures import replay
    with replay() as url:
        os.environ["GITHUB_API_URL"] = url
        failed, tried = doctest.testfile(
            os.path.abspath("README.md"), module_relative=False)
    print(f"README.md: {tried} examples, {failed} failed")
    print(*trouble, sep="\n", end="\n" if trouble else "")
    return 1 if trouble or failed or not tried else 0


if __name__ == "__main__":
    sys.exit(main())
