#!/usr/bin/env python3
"""Tests of texts: each check finds what is wrong on a page."""
import io
import os
import tempfile
import unittest
from contextlib import redirect_stdout
from pathlib import Path
from typing import List, Set

from parameterized import parameterized

import texts

SOURCE = """\
class A:

    def one(self):
        first = 1
        second = 2

        return first
""".splitlines()
USAGE = """\
usage: audit [-h] [--license KEY] [--jobs N] ORG [ORG ...]

List what organizations publish.

positional arguments:
  ORG            an organization's name

options:
  -h, --help     show this help message and exit
  --license KEY  only repositories under this license;
                 --no-more of them
  --no-archived  leave out archived repositories
  -v, --verbose  log every request

KEY is a license. Status: 0 done, 1 failed, 3 something is not
allowed.
"""
PAGE = """\
| option | what it does |
| --- | --- |
| `ORG ...` | what to ask, `--never` |
| `--license KEY` | these |
| `--source`, `--no-archived` | not these |

| input | what it is |
| --- | --- |
| `policy` | a file |
"""


class TestBlocks(unittest.TestCase):
    """Unit tests of the blocks of a page, and of what may stand in them."""

    def test_blocks(self) -> None:
        """A block has a language, a word behind it, and its lines."""
        found, = texts.blocks("A\n\n```python a.py\none\n\ntwo\n```\n\nB\n")
        self.assertEqual(found, texts.Block(
            "python", "a.py", ["one", "", "two"], []))

    def test_message(self) -> None:
        """A block of text that comes next is the message of a block."""
        page = "```python wrong\n1\n```\n\n```text\nE\n```\n"
        self.assertEqual(next(texts.blocks(page)).message, ["E"])

    def test_commands(self) -> None:
        """The commands of a page are the lines of its blocks of sh."""
        page = "```sh\na\nb\n```\n```bash\nc\n```\n```sh\nd\n```\n"
        self.assertEqual(texts.commands(page), ["a", "b", "d"])

    @parameterized.expand([
        ("whole_lines", ["        first = 1", "        second = 2"], True),
        ("moved_to_the_left", ["first = 1", "second = 2"], True),
        ("empty_line", ["second = 2", "", "return first"], True),
        ("left_out", ["def one(self):", "    ...", "    return first"], True),
        ("not_next_to_each_other", ["first = 1", "return first"], False),
        ("another_order", ["second = 2", "first = 1"], False),
        ("a_part_of_a_line", ["first"], False),
        ("behind_the_end", ["return first", "more"], False),
        ("never_after_a_gap", ["first = 1", "...", "third = 3"], False),
    ])
    def test_is_quotation(
            self, _: str, lines: List[str], expected: bool) -> None:
        """Quoted lines stand in the file, in this order."""
        self.assertIs(texts.is_quotation(lines, SOURCE), expected)

    def test_names_of_tests(self) -> None:
        """Names of tests are found in prose, and behind -k in a block."""
        page = ("`TestA.test_b` and TestC.test_d\n```sh\n"
                "python -m unittest -k TestE `TestF`\n```\n")
        self.assertEqual(
            texts.names_of_tests(page), ["TestA.test_b", "TestE"])

    @parameterized.expand([
        ("plain", texts.DEFINITION, True),
        ("with_markup", "In an **integration test**,\n`client` calls the real "
         "`utils.get_json`; all other tests are *unit tests*.", True),
        ("other_words", "An integration test calls the real get_json.", False),
    ])
    def test_has_definition(
            self, _: str, text: str, expected: bool) -> None:
        """The definition is found whatever its markup and its lines."""
        self.assertIs(texts.has_definition(text), expected)


class TestTables(unittest.TestCase):
    """Unit tests of the tables of the manual, against the command's help."""

    @parameterized.expand([
        ("option", {"ORG", "--license", "--source", "--no-archived"}),
        ("input", {"policy"}),
        ("output", set()),
    ])
    def test_first_cells(self, head: str, expected: Set[str]) -> None:
        """What stands in backticks in a table's first column is found."""
        self.assertEqual(texts.first_cells(PAGE, head), expected)

    def test_options_of(self) -> None:
        """All options are found in a help, but not what is said of them."""
        self.assertEqual(texts.options_of(USAGE), {
            "ORG", "--license", "--no-archived", "-v", "--verbose"})

    @parameterized.expand([
        ("help", USAGE, {"0", "1", "3"}),
        ("page", "A 4. Status: 0 done,\n2 wrong. 5 more.", {"0", "2"}),
        ("none", "There are 2.", set()),
    ])
    def test_statuses_of(
            self, _: str, text: str, expected: Set[str]) -> None:
        """The statuses are those of one sentence."""
        self.assertEqual(texts.statuses_of(text), expected)

    def test_differences(self) -> None:
        """What a table lacks, and what it has too much, is named."""
        there = {"ORG", "--license", "--no-archived", "--texts"}
        self.assertEqual(list(texts.differences(PAGE, "option", there)), [
            "the table with the column option lacks --texts",
            "the table with the column option has --source: there is none"])

    def test_unnamed_options(self) -> None:
        """An option that stands on no page is named; a part is not enough."""
        self.assertEqual(
            list(texts.unnamed_options(
                USAGE, "`--license-file`, `--verbose`")),
            ["no page of the course names --license",
             "no page of the course names --no-archived"])


class TestCommands(unittest.TestCase):
    """Tests of the commands and examples of a page, which are run."""

    def setUp(self) -> None:
        """Go to an empty folder, which stands for the project."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)

    @parameterized.expand([
        ("right", "```console\n$ echo a; echo b >&2\na\nb\n```\n", []),
        ("two_commands", "```console\n$ echo a\na\n$ echo b\nb\n```\n", []),
        ("other_output", "```console\n$ echo a\nb\n```\n",
         ["page: echo a\na\n"]),
        ("status_2", "```sh\nexit 1\nexit 2\n```\n", ["page: exit 2\n"]),
        ("set_up", "```sh\npython3 -m venv --no-such-option\n```\n", []),
        ("file", "```text a.txt\none\n```\n"
         "```console\n$ cat a.txt\none\n```\n", []),
        ("not_checked", "```bash\nexit 2\n```\n", []),
    ])
    def test_wrong_commands(
            self, _: str, page: str, expected: List[str]) -> None:
        """A command must end well, and print what the page says."""
        Path("file").touch()  # git makes no commit of nothing.
        self.assertEqual(
            list(texts.wrong_commands(page, "page")), expected)

    @parameterized.expand([
        ("address", "[a](https://example.com/#b)", []),
        ("file", "[a](b.md)", []),
        ("heading_of_the_page", "[a](#one-two)", []),
        ("heading_of_a_file", "[a](b.md#its-head)", []),
        ("no_file", "[a](c.md)", ["page.md: c.md: there is no such file"]),
        ("no_heading", "[a](b.md#one-two)",
         ["page.md: b.md#one-two: there is no such heading"]),
        ("comment_in_a_block", "[a](#not-one)",
         ["page.md: #not-one: there is no such heading"]),
    ])
    def test_wrong_links(
            self, _: str, link: str, expected: List[str]) -> None:
        """A link must lead to a file or a heading that is there."""
        page = f"# One, two?\n\n{link}\n\n```sh\n# Not one\n```\n"
        Path("page.md").write_text(page)
        Path("b.md").write_text("## `It's` head\n")
        self.assertEqual(list(texts.wrong_links(page, "page.md")), expected)

    @parameterized.expand([
        ("right", "```python\n>>> 1 + 1\n2\n\n```\n", []),
        ("wrong", "```python\n>>> 1 + 1\n3\n\n```\n",
         ["page, block 1: an example fails"]),
        ("code", "```python\nassert True\n```\n", []),
        ("wrong_on_purpose", "```python wrong\nassert 0, 'no'\n```\n"
         "```text\nAssertionError: no\n```\n", []),
    ])
    def test_wrong_examples(
            self, _: str, page: str, expected: List[str]) -> None:
        """An example must do what the page says."""
        with redirect_stdout(io.StringIO()):
            found = list(texts.wrong_examples(page, "page"))
        self.assertEqual(found, expected)


if __name__ == "__main__":
    unittest.main()
