#!/usr/bin/env python3
"""Tests of what a teacher gets of a class: rows, tables and pages."""
import csv
import io
import json
import re
import shutil
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Callable, List, Optional, Sequence, Tuple

from parameterized import param, parameterized

from grader import command
from grader.assignment import OWN, read_assignment
from grader.class_pages import (
    Class, class_page, in_ranges, line_table, write_pages)
from grader.judge import grade
from grader.report import report_to_hand_out
from grader.rows import Graded, short_names
from grader.run import Runners
from grader.suite import Suite, own_suite, read_suite

BANK = read_assignment(OWN.parent / "bank")
OWN_SUITE = OWN.parent / "bank" / "suite"
WEAK = """
import unittest
from unittest.mock import patch
from shop import pay

class TestPay(unittest.TestCase):
    def test_pay(self):
        with patch("shop.post", return_value="r"):
            self.assertEqual(pay("ann", [1, 2]), "paid 3: r")

    def test_wrong(self):
        self.fail("<b>Zoe Miller</b>")

    def test_tied(self):
        with patch("shop.post", return_value="r") as booked:
            pay("ann", [1, 2])
        self.assertEqual(len(booked.call_args[0]), 2)

    def test_idle(self):
        with patch("shop.post", return_value="r"):
            pay("ann", [1, 2])
"""
NOT_IMPORTED = "from zoe_miller import pay\n"
SHORT_NAME = "zoe.miller"
# The words of the mistakes: 2 is noticed by the weak suite, the others are
# not.
NOTICED, MISSED = "the last price is lost", "takes a negative amount"


def write(folder: Path, text: str) -> Path:
    """Make a folder with a suite of one file."""
    folder.mkdir(parents=True)
    (folder / "test_shop.py").write_text(text)
    return folder


class TestRows(unittest.TestCase):
    """Tests of what a row begins with, and of ranges of scores."""

    @parameterized.expand([
        ("same_folder", ["students/ann", "students/bob"], ["ann", "bob"]),
        ("one", ["students/ann"], ["ann"]),
        ("one_part", ["ann", "bob"], ["ann", "bob"]),
        ("same_end", ["students/ann/0x03", "students/bob/0x03"],
         ["ann", "bob"]),
        ("deeper", ["students/ann", "students/more/ann"], ["ann", "more/ann"]),
        ("twice", ["students/ann", "students/ann"], ["ann", "ann"]),
        ("absolute", ["/home/ann/suite", "/srv/bob/suite"],
         ["home/ann", "srv/bob"]),
        ("this_folder", [".", "ann"], [".", "ann"]),
    ])
    def test_short_names(
            self, _: str, folders: List[str], expected: List[str]) -> None:
        """What all paths begin or end with is left out."""
        self.assertEqual(
            [name.replace("\\", "/") for name in short_names(folders)],
            expected)

    @parameterized.expand([
        ("few", [0, 3, 3], 3, [("0", 1), ("1", 0), ("2", 0), ("3", 2)]),
        ("many", [0, 1, 2, 20], 21, [
            ("0 to 2", 3), ("3 to 5", 0), ("6 to 8", 0), ("9 to 11", 0),
            ("12 to 14", 0), ("15 to 17", 0), ("18 to 20", 1), ("21", 0)]),
        ("no_points", [0, 0], 0, [("0", 2)]),
    ])
    def test_in_ranges(self, _: str, scores: List[int], most: int,
                       expected: List[Tuple[str, int]]) -> None:
        """Each score is in one range, and the last ends with the highest."""
        self.assertEqual(in_ranges(scores, most), expected)


class TestPages(unittest.TestCase):
    """Tests of the pages of a class of four."""

    folder: Path
    cleanup: Callable[[], None]
    grades: List[Graded]

    @classmethod
    def setUpClass(cls) -> None:
        """Grade two suites, and write the pages with and without words."""
        folder = tempfile.TemporaryDirectory()
        cls.folder = Path(folder.name)
        cls.cleanup = folder.cleanup
        with Runners() as runners:
            def graded(suite: Suite) -> Graded:
                """Return the grade of a suite, by the name of its folder."""
                return suite.title, grade(suite, BANK, runners), ""

            cls.grades = [
                ("students/all", graded(own_suite(BANK))[1], ""),
                graded(read_suite(write(
                    cls.folder / "students" / SHORT_NAME, WEAK), [])),
                graded(read_suite(write(
                    cls.folder / "students" / "x", NOT_IMPORTED), [])),
                ("students/nobody", None, "students/nobody: not there")]
        cls.grades[1:3] = [
            (f"students/{name}", *one[1:]) for name, one in zip(
                (SHORT_NAME, "x"), cls.grades[1:3])]
        for name in ("pages", "words"):
            (cls.folder / name).mkdir()
            write_pages(cls.folder / name, cls.grades, BANK, name == "words")

    @classmethod
    def tearDownClass(cls) -> None:
        """Remove the pages and the suites."""
        cls.cleanup()

    def page(self, name: str, folder: str = "pages") -> str:
        """Return the text of a page, without where lines may break."""
        text = (self.folder / folder / name).read_text(encoding="utf-8")
        return text.replace("<wbr>", "")

    def test_files(self) -> None:
        """There are two pages, and for each suite a page and JSON."""
        self.assertEqual(
            sorted(path.name for path in (self.folder / "pages").iterdir()),
            ["index.html", "names.html", *(
                f"suite-{number}.{kind}" for number in (1, 2, 3, 4)
                for kind in ("html", "json"))])

    @parameterized.expand([
        ("name", "miller"), ("message", "Zoe"), ("folder", "students"),
        ("suite", "nobody"), ("file", "test_shop"), ("link", "<a "),
        ("exception", "Error")])
    def test_index(self, _: str, word: str) -> None:
        """What can be shown to the class says nothing of anybody."""
        self.assertNotIn(word, self.page("index.html"))

    @parameterized.expand([
        ("summary", "<p>4 suites, 3 mistakes. \nScores: least 1, median 2, "
         "most 3; possible are 3. \nWithout a score: 2.</p>"),
        ("wrong", '<td class="number">1</td><td class="number">1</td>'
         "<td>tests that are wrong</td>"),
        ("unloaded", '<td class="number">1</td><td class="number">1</td>'
         "<td>files that can&#x27;t be imported</td>"),
        ("tied", '<td class="number">1</td><td class="number">1</td>'
         "<td>the arguments of post passed by keyword</td>"),
        ("pitfall", '<td class="number">1</td><td class="number">1</td>'
         "<td>tests that assert nothing (&quot;What passes and proves "
         "nothing&quot;)</td>"),
        ("noticed", '<td class="cell a">a</td>'),
        ("not_reached", '<td class="cell m">N</td>'),
        ("otherwise", '<td class="cell m">O</td>'),
        ("no_score", '<td class="number">-</td><td class="cell n">-</td>'),
    ])
    def test_index_has(self, _: str, words: str) -> None:
        """It counts, and its cells have a letter and a class."""
        self.assertIn(words, self.page("index.html"))

    def test_order(self) -> None:
        """The mistakes that fewest suites notice come first, in per cent."""
        self.assertEqual(re.findall(
            r"<td>(\d \w+)</td><td.*>(\d+) %<", self.page("index.html")),
            [("1 post", "50"), ("3 pay", "50"), ("2 pay", "100")])

    def test_best_first(self) -> None:
        """Without names the rows of the grid are in the order of scores."""
        self.assertEqual(re.findall(
            r'<tr><td class="number">(.)</td><td class="cell',
            self.class_page(self.grades[::-1])), ["3", "1", "-", "-"])

    def test_lines_of_most_suites_first(self) -> None:
        """Lines are in the order of suites, times and the alphabet."""
        lines = [["c", "a", "a", "b"], ["d", "d", "c"]]
        table = "".join(line_table(
            [one for _, one, _ in self.grades if one][:2],
            lambda graded: iter(lines.pop())))
        self.assertEqual(
            re.findall(r">(\d)<.*?>(\d)<.*?<td>(.)<", table), [
                ("2", "2", "c"), ("1", "2", "a"), ("1", "2", "d"),
                ("1", "1", "b")])

    def test_names(self) -> None:
        """Names are short and lead to pages; the terminal's columns follow."""
        text = self.page("names.html")
        self.assertIn(
            "".join(f"<th>{name}</th>" for name in (
                "noticed", "tests", "wrong", "unsteady", "tied", "pitfalls",
                "problem")), text)
        self.assertIn(
            f'<td class="name"><a href="suite-2.html">{SHORT_NAME}</a></td>'
            + "".join(f'<td class="number">{number}</td>'
                      for number in (1, 4, 1, 0, 1, 1))
            + '<td class="words"></td>', text)
        self.assertIn(
            '<td class="words">students/nobody: not there</td>', text)
        self.assertIn("<td>AssertionError: &lt;b&gt;Zoe Miller&lt;/b&gt;</td>",
                      text)
        self.assertIn('<a href="index.html">', text)

    def test_way_back(self) -> None:
        """The page of a suite leads to the names, and has its short name."""
        for number, name in enumerate(("all", SHORT_NAME, "x", "nobody"), 1):
            text = self.page(f"suite-{number}.html")
            self.assertIn('<a href="names.html">', text)
            self.assertIn(f"<h1>{name}</h1>", text)

    @parameterized.expand([("score", 2, True), ("no_score", 3, False)])
    def test_mistakes_of_a_suite(
            self, _: str, number: int, has_score: bool) -> None:
        """Mistakes stand on the page of a suite that can notice any."""
        text = self.page(f"suite-{number}.html")
        self.assertEqual("<td>1 post</td>" in text, has_score)
        self.assertIn("1. Right: do the tests pass", text)

    def test_heads(self) -> None:
        """Each table has a head, which is repeated on each sheet of paper."""
        for page in (self.folder / "pages").glob("*.html"):
            text = page.read_text(encoding="utf-8")
            self.assertEqual(text.count("<table"), text.count("<thead><tr>"))

    def test_breaks(self) -> None:
        """The id of a test can break at its dots and underscores."""
        text = (self.folder / "pages" / "suite-1.html").read_text()
        self.assertIn(
            "test_<wbr>shop.<wbr>TestPay.<wbr>test_<wbr>pay", text)

    @parameterized.expand([
        ("page", "suite-2.html", "pages", True, False),
        ("page_with_words", "suite-2.html", "words", True, True),
        ("json", "suite-2.json", "pages", True, False),
        ("json_with_words", "suite-2.json", "words", True, True),
        ("index", "index.html", "pages", False, False),
        ("index_with_words", "index.html", "words", True, True),
    ])
    def test_words(self, _: str, name: str, folder: str, noticed: bool,
                   missed: bool) -> None:
        """What a missed mistake is stands there only if that is asked for."""
        text = self.page(name, folder)
        self.assertEqual(
            (NOTICED in text, MISSED in text), (noticed, missed))

    @parameterized.expand([("page", "suite-2.html"), ("json", "suite-2.json")])
    def test_last_line(self, _: str, name: str) -> None:
        """A learner who can't ask for hints is told a reason, no command."""
        text = self.page(name)
        self.assertNotIn("course/grade.py ", text)
        self.assertIn(
            "noticed 1 of 3; next: mend test_shop.TestPay.test_wrong", text)

    def test_last_line_of_missed(self) -> None:
        """The next mistake is named, with why it is missed."""
        name, graded, _ = self.grades[1]
        assert graded
        tests = {name: test for name, test in graded.tests.items()
                 if test.verdict == "passes"}
        lines = report_to_hand_out(
            graded._replace(tests=tests)).splitlines()
        self.assertEqual(
            lines[-1], "noticed 1 of 3; next: 1 post, missed: not reached: "
            "neither a test that counts, nor its fixtures, nor the import of "
            "its file runs a line that the mistake changes")

    def test_scores(self) -> None:
        """The JSON of a suite has its score, 0 if it has none."""
        points = [json.loads(self.page(f"suite-{number}.json"))
                  for number in (1, 2, 4)]
        self.assertEqual(
            [sum(test["score"] for test in one["tests"])
             for one in points[:2]], [3, 1])
        self.assertEqual(points[2]["score"], 0)

    def test_nothing_is_loaded(self) -> None:
        """A page loads nothing, and takes nothing of a suite for HTML."""
        for page in (self.folder / "pages").glob("*.html"):
            for word in ("<script", "<b>", "src=", "http:", "https:", "url("):
                self.assertNotIn(word, page.read_text(encoding="utf-8"))

    def test_median(self) -> None:
        """The median of two scores is their mean."""
        grades: Sequence[Graded] = self.grades[:2] + self.grades[:1] * 3
        self.assertIn("median 3,", self.class_page(grades))
        self.assertIn("median 2,", self.class_page(self.grades[:2]))

    def test_no_score_at_all(self) -> None:
        """A class without any score has a page too."""
        text = self.class_page(self.grades[3:])
        self.assertIn("<p>1 suite, 3 mistakes. \nWithout a score: 1.", text)
        self.assertIn(">0 %<", text)

    def class_page(self, grades: Sequence[Graded]) -> str:
        """Return the page of a class, without names."""
        return class_page(Class(
            grades, [name for name, _, _ in grades], BANK, False), False)


class TestOptions(unittest.TestCase):
    """Tests of the options for a class."""

    def command(self, *argv: str) -> Tuple[int, str, str]:
        """Run the command; return its status, stdout and stderr."""
        with redirect_stdout(io.StringIO()) as out, \
                redirect_stderr(io.StringIO()) as err:
            status = command.main(argv)
        return status, out.getvalue(), err.getvalue()

    def folder(self) -> Path:
        """Return a new folder."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return Path(folder.name)

    def test_table_and_pages(self) -> None:
        """One run gives the table and the pages."""
        folder = self.folder()
        status, out, err = self.command(
            "--assignment", str(BANK.folder), str(OWN_SUITE), "--csv",
            "--reports", str(folder / "pages"))
        self.assertEqual(status, 0)
        self.assertEqual(err, f"{OWN_SUITE}: noticed 3\n")
        row, = csv.DictReader(io.StringIO(out))
        self.assertEqual(row["noticed"], "3")
        self.assertTrue((folder / "pages" / "index.html").exists())

    def test_points(self) -> None:
        """Where points differ, the table and the pages have them."""
        folder = self.folder()
        shutil.copytree(str(BANK.folder), str(folder / "bank"))
        path = folder / "bank" / "assignment.py"
        path.write_text(path.read_text().replace(
            '"sum(prices[:-1])")', '"sum(prices[:-1])"), points=4'))
        suite = write(folder / "zoe", WEAK)
        _, out, _ = self.command(
            "--assignment", str(folder / "bank"), str(suite), "--csv",
            "--reports", str(folder / "pages"))
        row, = csv.DictReader(io.StringIO(out))
        self.assertEqual((row["noticed"], row["points"]), ("1", "4"))
        text = (folder / "pages" / "names.html").read_text()
        self.assertIn("<th>noticed</th><th>points</th><th>tests</th>", text)
        self.assertIn("most 4; possible are 6.", text)

    def test_pages_of_earlier(self) -> None:
        """The grader's own old pages are replaced, no other file is."""
        folder = self.folder()
        self.command("--reports", str(folder), "nowhere", "no", "never")
        self.assertTrue((folder / "suite-3.json").exists())
        (folder / "suite-2.json").unlink()
        (folder / "suite-4.txt").write_text("mine")
        (folder / "suite-5.html").write_text("mine")
        self.command("--reports", str(folder), "nowhere")
        self.assertEqual(sorted(path.name for path in folder.iterdir()), [
            "index.html", "names.html", "suite-1.html", "suite-1.json",
            "suite-4.txt", "suite-5.html"])
        (folder / "index.html").write_text("mine")
        status, _, err = self.command("--reports", str(folder), "nowhere")
        self.assertEqual((status, err), (
            2, f"course/grade.py: {folder / 'index.html'}: this is not one "
            "of the grader's pages\n"))
        self.assertEqual((folder / "index.html").read_text(), "mine")

    def test_page_that_is_in_the_way(self) -> None:
        """A page that can't be written is an error, after all is graded."""
        folder = self.folder()
        (folder / "suite-1.json").mkdir()
        status, out, err = self.command(
            "--reports", str(folder), "--csv", "nowhere")
        self.assertEqual(status, 2)
        self.assertIn("nowhere: there is no such folder\n", out)
        self.assertTrue(err.endswith(
            f"course/grade.py: {folder}: Is a directory\n"))

    def test_no_folder_for_pages(self) -> None:
        """Where pages can't be written, a line says why."""
        file = self.folder() / "file"
        file.write_text("")
        status, _, err = self.command("--reports", str(file), "nowhere")
        self.assertEqual((status, err), (
            2, f"course/grade.py: {file}: File exists\n"))

    @parameterized.expand([
        param("json", ["--json", "."], "--reports needs a FOLDER, and goes "
              "with --csv alone"),
        param("no_folder", [], "--reports needs a FOLDER"),
        param("words", ["--words", "."], "--words is for --reports",
              reports=[]),
    ])
    def test_wrong_usage(self, _: str, argv: List[str], words: str,
                         reports: Optional[List[str]] = None) -> None:
        """A line says which options do not go together."""
        if reports is None:
            reports = ["--reports", "pages"]
        status, _, err = self.command(*argv, *reports)
        self.assertEqual(status, 2)
        self.assertIn(words, err)


if __name__ == "__main__":
    unittest.main()
