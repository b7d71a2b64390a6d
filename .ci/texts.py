#!/usr/bin/env python3
"""Check what the pages say.

Lengths, quotations, names of tests, examples, commands, links between pages,
the tables of the audit's manual and the options of the grader must be right.
With the argument 1 or 2, print the first or the second command of README.md
instead. What a fence says decides what is done with its block:

    ```python FILE.py    a quotation: these lines stand in this file
    ```text FILE         a file that the reader makes, for the commands
    ```python            an example: it runs; with >>> it is a doctest
    ```python wrong      it is wrong, and runs all the same; if a block
                         ```text comes next, it fails, and prints these lines
    ```sh                commands: each ends with status 0 or 1; those that
                         set up the project are run by .ci/run
    ```console           commands after a $, and what they print
    ```text              elsewhere in the course: a message (see course.py)
    anything else        is not checked
"""
import doctest
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Iterator, List, NamedTuple, Set

import yaml

# The pages, and how many words they may have; 0 stands for any number.
PAGES = {"README.md": 1000, "audit/README.md": 1800,
         "course/README.md": 4000,
         "course/tour.md": 3200, "course/questions.md": 0,
         "course/teachers.md": 2200, "course/loans/README.md": 900}
# What tells the two kinds of tests apart, in the words of these files.
DEFINITION = ("In an integration test, client calls the real utils.get_json; "
              "all other tests are unit tests.")
DEFINED_IN = ("README.md", "course/tour.md", "test_utils.py", "test_client.py")
MANUAL = "audit/README.md"
SET_UP = "python3 -m venv "
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Block(NamedTuple):
    """A fenced block: its language, the word behind it, its lines.

    message: the lines of a block of text that comes right after it.
    """

    language: str
    word: str
    lines: List[str]
    message: List[str]

    @property
    def is_quotation(self) -> bool:
        """Whether the lines are said to stand in a file."""
        return self.language == "python" and self.word.endswith(".py")


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a text."""
    for match in BLOCK.finditer(text):
        language, _, word = match[1].partition(" ")
        after = re.match(r"\s*```text\n(.*?)^```$", text[match.end():],
                         re.DOTALL | re.MULTILINE)
        yield Block(language, word, match[2].splitlines(),
                    after[1].splitlines() if after else [])


def commands(text: str) -> List[str]:
    """Return the lines that a text gives to paste into a shell, in order."""
    return [line for block in blocks(text) if block.language == "sh"
            for line in block.lines]


def is_quotation(lines: List[str], source: List[str]) -> bool:
    """Return whether lines stand in a file, in this order.

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
    """Return whether lines stand in a file from here on."""
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


def wrong_quotations(text: str) -> Iterator[str]:
    """Yield the quotations in a text that no file has any more."""
    for block in blocks(text):
        if block.is_quotation:
            source = Path(block.word).read_text(encoding="utf-8")
            if not is_quotation(block.lines, source.splitlines()):
                yield f"{block.word} has no more:\n" + "\n".join(block.lines)


def names_of_tests(text: str) -> List[str]:
    """Return the names of tests in a text, in the form that -k takes.

    Those are the ones in its prose, and the ones behind a -k in its blocks.
    """
    name = r"(Test[A-Z]\w*(?:\.\w+)?)"
    return sorted({*re.findall(f"`{name}`", BLOCK.sub("", text)),
                   *re.findall(f"-k {name}", text)})


def wrong_names(text: str) -> Iterator[str]:
    """Yield the names that no test of the project has, or one that fails."""
    for name in names_of_tests(text):
        loader = unittest.TestLoader()
        loader.testNamePatterns = [f"*{name}*"]
        suite = loader.discover(".")
        result = unittest.TextTestRunner(stream=io.StringIO()).run(suite)
        if not result.testsRun:
            yield f"{name}: no test has this name"
        elif not result.wasSuccessful():
            yield f"{name}: it fails"


def wrong_examples(text: str, page: str) -> Iterator[str]:
    """Yield the examples in Python that do not do what they say."""
    for number, block in enumerate(blocks(text), start=1):
        if block.language != "python" or block.word not in ("", "wrong"):
            continue
        name = f"{page}, block {number}"
        code = "\n".join(block.lines) + "\n"
        if code.startswith(">>>"):
            test = doctest.DocTestParser().get_doctest(
                code, {}, name, page, 0)
            if doctest.DocTestRunner().run(test).failed:
                yield f"{name}: an example fails"
            continue
        done = run([sys.executable, "-W", "error", "-c", code], ".")
        expected = block.message if block.word else []
        if bool(done.returncode) != bool(expected) or any(
                line not in done.stdout for line in expected):
            yield f"{name}: {done.stdout}"


def wrong_commands(text: str, page: str) -> Iterator[str]:
    """Yield the commands that fail, or print something else than is said.

    They run one after the other in a copy of the project.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "project")
        shutil.copytree(".", copy, ignore=shutil.ignore_patterns(
            ".git", ".venv", "__pycache__", ".mypy_cache"))
        run(["bash", "-c", "git init -q && git add . && git -c user.name=a "
             "-c user.email=a@b commit -q -m ."], copy)
        for block in blocks(text):
            if block.language == "text" and block.word:
                Path(copy, block.word).write_text(
                    "\n".join(block.lines) + "\n", encoding="utf-8")
            elif block.language == "sh":
                for line in block.lines:
                    if line.startswith(SET_UP):
                        continue
                    done = run(["bash", "-c", line], copy)
                    if done.returncode > 1 or "Traceback" in done.stdout:
                        yield f"{page}: {line}\n{done.stdout}"
            elif block.language == "console":
                said = "\n".join(block.lines) + "\n"
                for line, output in re.findall(
                        r"^\$ ([^\n]*)\n(.*?)(?=^\$ |\Z)", said,
                        re.DOTALL | re.MULTILINE):
                    done = run(["bash", "-c", line], copy)
                    if done.stdout != output:
                        yield f"{page}: {line}\n{done.stdout}"


def anchors(text: str) -> Set[str]:
    """Return what links to the headings of a page may name."""
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
            for heading in re.findall(
                r"(?m)^#+ (.+)$", BLOCK.sub("", text))}


def wrong_links(text: str, page: str) -> Iterator[str]:
    """Yield the links to a file, or to a heading, that is not there."""
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
        name, _, anchor = link.partition("#")
        path = Path(page).parent / name if name else Path(page)
        if not path.exists():
            yield f"{page}: {link}: there is no such file"
        elif anchor and anchor not in anchors(
                path.read_text(encoding="utf-8")):
            yield f"{page}: {link}: there is no such heading"


def first_cells(text: str, head: str) -> Set[str]:
    """Return what stands in backticks in the first column of a table.

    The table is the one whose first column has this head. Of several words
    in backticks it is the first one: of `--jobs N` it is --jobs.
    """
    table = re.search(
        rf"^\| {head} \|.*\n\| -.*\n((?:\|.*\n)*)", text, re.MULTILINE)
    rows = table[1].splitlines() if table else []
    return {name.split()[0] for row in rows
            for name in re.findall("`([^`]+)`", row.split(" | ")[0])}


def differences(text: str, head: str, there: Set[str]) -> Iterator[str]:
    """Yield what a table of a page lacks, and what it has and is not there."""
    listed = first_cells(text, head)
    for name in sorted(there - listed):
        yield f"the table with the column {head} lacks {name}"
    for name in sorted(listed - there):
        yield f"the table with the column {head} has {name}: there is none"


def options_of(usage: str) -> Set[str]:
    """Return the names of what a command takes, from what --help prints."""
    rows = re.findall(
        r"^  (?:(-\w), )?(--[a-z-]+|[A-Z]+)\b", usage, re.MULTILINE)
    return {name for row in rows for name in row} - {"", "-h", "--help"}


def statuses_of(text: str) -> Set[str]:
    """Return the exit statuses in the sentence that begins with Status."""
    sentence = re.search(r"\bStatus: ([^.]*)\.", " ".join(text.split()))
    return set(re.findall(r"\b[0-9]\b", sentence[1] if sentence else ""))


def wrong_tables(text: str) -> Iterator[str]:
    """Yield what the manual's tables say of the audit that is not so."""
    usage = run([sys.executable, "-m", "audit", "--help"], ".").stdout
    action = yaml.safe_load(Path("audit/action.yml").read_text("utf-8"))
    yield from differences(text, "option", options_of(usage))
    if statuses_of(text) != statuses_of(usage):
        yield f"{MANUAL} names other statuses than the command"
    yield from differences(text, "input", set(action["inputs"]))
    for name in action["outputs"]:
        if f"`{name}`" not in text:
            yield f"{MANUAL} does not name the output {name}"


def unnamed_options(usage: str, text: str) -> Iterator[str]:
    """Yield the options of the grader that the course's pages do not name."""
    for name in sorted(options_of(usage)):
        if name.startswith("--") and not re.search(rf"{name}(?![\w-])", text):
            yield f"no page of the course names {name}"


def has_definition(text: str) -> bool:
    """Return whether a text has the definition, whatever its markup."""
    return DEFINITION in " ".join(re.sub("[*`]", "", text).split())


def run(argv: List[str], folder: str) -> "subprocess.CompletedProcess[str]":
    """Run a command in a folder; stdout and stderr come as one."""
    path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    return subprocess.run(
        argv, cwd=folder, env={**os.environ, "PATH": path},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, universal_newlines=True)


def check(page: str, words: int) -> List[str]:
    """Return what is wrong with a page; print what has been checked."""
    text = Path(page).read_text(encoding="utf-8")
    trouble = [*wrong_quotations(text), *wrong_names(text),
               *wrong_examples(text, page), *wrong_commands(text, page),
               *wrong_links(text, page)]
    if page == MANUAL:
        trouble += wrong_tables(text)
    length = len(text.split())
    if words and length > words:
        trouble.append(f"{page}: {length} words, not {words} at most")
    quotations = sum(block.is_quotation for block in blocks(text))
    examples = sum(block.language == "python" for block in blocks(text))
    print(f"{page}: {length} words, {quotations} quotations, "
          f"{examples - quotations} examples, {len(commands(text))} "
          f"commands, {len(names_of_tests(text))} names of tests")
    return trouble


def main() -> int:
    """Check all pages, or print a command; return the exit status."""
    sys.path.insert(0, os.getcwd())
    if len(sys.argv) == 2:
        text = Path("README.md").read_text(encoding="utf-8")
        print(commands(text)[int(sys.argv[1]) - 1])
        return 0
    from audit.replay import replay
    with replay() as url:
        os.environ["GITHUB_API_URL"] = url  # for the library's examples
        trouble = [line for page, words in PAGES.items()
                   for line in check(page, words)]
    trouble += unnamed_options(
        run([sys.executable, "course/grade.py", "--help"], ".").stdout,
        "".join(Path(page).read_text(encoding="utf-8") for page in PAGES
                if page.startswith("course/")))
    trouble += [f"{name} has not the definition of an integration test"
                for name in DEFINED_IN
                if not has_definition(Path(name).read_text(encoding="utf-8"))]
    print(*trouble, sep="\n", end="\n" if trouble else "")
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main())
