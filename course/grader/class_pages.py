#!/usr/bin/env python3
"""Write what was found out about a class as pages for a browser.

index.html can be shown to the class: it has no name, no path and no message
of a suite. names.html is the same with names, and links to a page for each
suite. The pages load nothing, and all that comes from a suite is escaped.
"""
import re
from collections import Counter
from html import escape
from pathlib import Path
from statistics import median
from typing import (
    Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple)

from .assignment import Assignment, Unusable
from .edits import Mistake, points_of
from .judge import Grade, by_number
from .report import (
    COMMAND, LETTERS, REASONS, count, example_line, letter_of, no_results,
    report_to_hand_out, results, why_missed)
from .rows import Graded, cells, columns, short_names

MARK = f'<meta name="generator" content="{COMMAND}">'
# Noticed is pale, missed is dark: that holds without colours, and on paper,
# where browsers may leave out what is behind a letter.
STYLE = """\
body { font: 16px/1.5 sans-serif; margin: 1em auto; max-width: 64em;
  padding: 0 1em; color: #222; background: #fff; overflow-wrap: anywhere; }
h1 { font-size: 1.5em; } h2 { font-size: 1.2em; margin-top: 2em; }
table { border-collapse: collapse; }
th, td { padding: .15em .5em; text-align: left; vertical-align: top; }
th { font-weight: bold; overflow-wrap: normal; }
tr { border-bottom: 1px solid #ddd; }
td.number { text-align: right; white-space: nowrap; }
.bar { display: inline-block; width: 7em; border: 1px solid #345; }
.bar span { display: block; height: .8em; background: #345; }
.wide { overflow: auto; max-height: 85vh; }
.wide th { position: sticky; top: 0; background: #fff; }
.wide .name { position: sticky; left: 0; background: #fff; min-width: 7em; }
.wide th.name { z-index: 1; }
.percent { display: inline-block; min-width: 3em; }
.cell { text-align: center; min-width: 1.2em; }
.grid { font-size: .85em; }
.grid td.cell { border: 1px solid #fff; padding: 0 .15em; }
.grid th { padding: 0 .15em; }
.a { background: #e3eef8; } .e { background: #fdf3d0; }
.t { background: #efe6f7; }
.m { background: #7a1f12; color: #fff; font-weight: bold; }
.n { background: #fff; color: #555; }
.legend { list-style: none; padding: 0; }
.legend li { display: flex; }
.legend .cell { flex: none; width: 1.6em; margin-right: .4em; }
td.words { min-width: 14em; }
pre { white-space: pre-wrap; font-size: .85em; }
@media (max-width: 40em) {
  body { font-size: 14px; padding: 0 .5em; }
  th, td { padding: .15em .25em; } .bar { width: 4em; } }
@media print {
  body { max-width: none; font-size: 11px; }
  .wide { overflow: visible; max-height: none; }
  .wide th, .wide .name { position: static; }
  .grid { font-size: 9px; }
  .grid td.cell, .grid th { padding: 0 .15em; }
  tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  .cell, .bar, .bar span { print-color-adjust: exact;
    -webkit-print-color-adjust: exact; }
  .m { background: #bbb; color: #000; outline: 2px solid #000;
    outline-offset: -2px; } }
"""
LEGEND = (
    ("a", "a", "noticed by an assertion"),
    ("e", "e", "noticed by another exception, or the end of the process"),
    ("t", "t", "noticed by running out of time"),
    *(("m", letter.upper(), f"missed: {words}")
      for letter, words in REASONS.values()),
    ("n", "-", "no score"))


class Class(NamedTuple):
    """What was found out about a class.

    names: of the suites, short ones.
    words: whether it is said what each missed mistake is.
    """

    grades: Sequence[Graded]
    names: List[str]
    assignment: Assignment
    words: bool

    @property
    def mistakes(self) -> List[Mistake]:
        """The mistakes by their numbers."""
        return by_number(self.assignment.mistakes)

    @property
    def suites(self) -> List[Grade]:
        """The suites that could be run."""
        return [graded for _, graded, _ in self.grades if graded]

    @property
    def scored(self) -> List[Grade]:
        """The suites that have a score."""
        return [graded for graded in self.suites if graded.are("passes")]


def write_pages(folder: Path, grades: Sequence[Graded],
                assignment: Assignment, words: bool) -> None:
    """Write all pages of a class, in the place of those of an earlier one."""
    names = short_names([name for name, _, _ in grades])
    found = Class(grades, names, assignment, words)
    try:
        remove_old(folder)
        for place, (_, graded, problem) in enumerate(grades, 1):
            write(folder / f"suite-{place}.json",
                  results(graded, words) if graded else no_results(problem))
            write(folder / f"suite-{place}.html",
                  suite_page(names[place - 1], graded, problem, words))
        write(folder / "index.html", class_page(found, False))
        write(folder / "names.html", class_page(found, True))
    except OSError as error:
        raise Unusable(f"{folder}: {error.strerror}") from None


def write(file: Path, text: str) -> None:
    """Write a file; what has no form in UTF-8 is written as an escape."""
    file.write_text(text, encoding="utf-8", errors="backslashreplace")


def check_folder(folder: Path) -> None:
    """Make a folder for pages; raise Unusable if another's page is there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("index.html", "names.html"):
            if (folder / name).exists() and not is_own(folder / name):
                raise Unusable(f"{folder / name}: this is not one of the "
                               "grader's pages")
    except OSError as error:
        raise Unusable(f"{folder}: {error.strerror}") from None


def is_own(page: Path) -> bool:
    """Return whether a page was written by this command."""
    return MARK in page.read_text(encoding="utf-8", errors="replace")[:500]


def remove_old(folder: Path) -> None:
    """Remove the pages of suites that an earlier command wrote."""
    for page in folder.glob("suite-*.html"):
        if re.match(r"suite-\d+\.html$", page.name) and is_own(page):
            page.unlink()
            data = page.with_suffix(".json")
            if data.exists():
                data.unlink()


def page_of(title: str, body: Iterator[str]) -> str:
    """Return a whole page, with its title as a heading."""
    return "\n".join([
        "<!DOCTYPE html>", '<html lang="en">', "<head>",
        '<meta charset="utf-8">', MARK,
        '<meta name="viewport" content="width=device-width, '
        'initial-scale=1">',
        f"<title>{escape(title)}</title>", f"<style>\n{STYLE}</style>",
        "</head>", "<body>", f"<h1>{html_of(title)}</h1>", *body,
        "</body>", "</html>", ""])


def html_of(text: str) -> str:
    """Return a text as HTML; long names break at dots and underscores."""
    return re.sub(r"(?<=\w)([./_])(?=\w)", r"\1<wbr>", escape(text))


def row(*values: str, tag: str = "td") -> str:
    """Return a row of a table; values that begin with a tag are cells."""
    return "<tr>" + "".join(
        value if re.match("<t[dh]", value) else f"<{tag}>{value}</{tag}>"
        for value in values) + "</tr>"


def head(*names: str) -> str:
    """Return the row that a table begins with, on each sheet of paper."""
    return f"<thead>{row(*names, tag='th')}</thead>"


def number_cell(value: object) -> str:
    """Return a cell with a number, or a word in its place."""
    return f'<td class="number">{value}</td>'


def bar(part: float) -> str:
    """Return a bar that is filled by a part."""
    return (f'<span class="bar"><span style="width: {100 * part:.0f}%">'
            "</span></span>")


# The pages of a class.

def class_page(found: Class, named: bool) -> str:
    """Return the page of a class, with names or without."""
    return page_of("A class's suites", class_body(found, named))


def class_body(found: Class, named: bool) -> Iterator[str]:
    """Yield scores, the grid, and what the class gets wrong."""
    if named:
        yield '<p><a href="index.html">The page without names</a></p>'
    yield from distribution(found)
    if named:
        yield "<h2>Suites</h2>"
        yield from suite_table(found)
    yield "<h2>Suites by mistakes</h2>"
    yield from grid(found, named)
    yield "<h2>Mistakes, those that fewest suites notice first</h2>"
    yield from mistake_table(found)
    yield "<h2>What the class gets wrong</h2>"
    for title, lines_of in (
            ("Pitfalls, with the part of the tour that helps", pitfalls),
            ("What is left out until it is mended",
             messages_left_out if named else sorts_left_out),
            ("Tests that fail on a harmless rewrite", rewrites)):
        yield f"<h3>{title}</h3>"
        yield from line_table(found.suites, lines_of)


def distribution(found: Class) -> Iterator[str]:
    """Yield how many suites have which scores."""
    most = points_of(found.mistakes)
    scores = [points_of(graded.noticed) for graded in found.scored]
    without = len(found.grades) - len(scores)
    yield (f"<p>{count(len(found.grades), 'suite')}, "
           f"{count(len(found.mistakes), 'mistake')}. ")
    if scores:
        yield (f"Scores: least {min(scores)}, median {median(scores):g}, "
               f"most {max(scores)}; possible are {most}. ")
    yield f"Without a score: {without}.</p>"
    yield "<table>" + head("score", "", "suites")
    ranges = in_ranges(scores, most)
    highest = max(number for _, number in ranges) or 1
    for label, number in ranges:
        yield row(label, bar(number / highest), number_cell(number))
    yield "</table>"


def in_ranges(scores: Sequence[int], most: int) -> List[Tuple[str, int]]:
    """Return how many scores are in each of some ten ranges of them."""
    width = most // 10 + 1
    ranges = []
    for first in range(0, most + 1, width):
        last = min(first + width - 1, most)
        ranges.append((
            str(first) if first == last else f"{first} to {last}",
            sum(first <= score <= last for score in scores)))
    return ranges


def suite_table(found: Class) -> Iterator[str]:
    """Yield a row for each suite, with the columns of the terminal."""
    heads = columns(found.mistakes)
    yield '<div class="wide"><table>' + head(
        '<th class="name">suite</th>', *heads[1:])
    for place, (_, graded, problem) in enumerate(found.grades):
        values = cells(graded) if graded else [
            "no score", *[""] * (len(heads) - 3), problem]
        yield row(link(found, place), *map(number_cell, values[:-1]),
                  f'<td class="words">{html_of(values[-1])}</td>')
    yield "</table></div>"


def link(found: Class, place: int) -> str:
    """Return a cell that leads to the page of a suite."""
    return (f'<td class="name"><a href="suite-{place + 1}.html">'
            f"{html_of(found.names[place])}</a></td>")


def mistake_table(found: Class) -> Iterator[str]:
    """Yield a row for each mistake: the share of suites that notice it."""
    number, others = len(found.scored), found.assignment.suites
    heads = ["mistake", f"of {count(number, 'suite')} with a score"]
    if others:
        heads.append(f"of {others} other suites")
    yield "<table>" + head(*heads)
    noticed = Counter(mistake.number for graded in found.scored
                      for mistake in graded.noticed)
    for mistake in sorted(found.mistakes, key=lambda one: (
            noticed[one.number], one.number)):
        words = f": {mistake.summary}" if found.words else ""
        yield row(html_of(mistake.name + words),
                  share(noticed[mistake.number], number),
                  *([share(mistake.suites, others)] if others else []))
    yield "</table>"


def share(number: int, total: int) -> str:
    """Return a cell with a bar and a per cent; nothing is shared by none."""
    part = number / total if total else 0.0
    return (f'<td class="number">{bar(part)}'
            f'<span class="percent">{100 * part:.0f} %</span></td>')


def pitfalls(graded: Grade) -> Iterator[str]:
    """Yield the kind of each pitfall of a suite, and what helps."""
    for found in [*graded.pitfalls, *graded.unseen]:
        yield f'{found.kind} ("{found.lesson}")'


def sorts_left_out(graded: Grade) -> Iterator[str]:
    """Yield the sort of each test and file that is left out."""
    for sort, names in (
            ("files that can't be imported", list(graded.unloaded)),
            ("tests that are wrong", graded.are("wrong")),
            ("tests that are unsteady", graded.are("unsteady"))):
        yield from [sort] * len(names)


def messages_left_out(graded: Grade) -> Iterator[str]:
    """Yield the message of each test and file that is left out."""
    for name in graded.left_out:
        message = graded.unloaded.get(name) or graded.tests[name].message
        yield re.sub(r"^(.*: )?[\w/]*test\w*\.py(, line \d+)?: ", "", message)


def rewrites(graded: Grade) -> Iterator[str]:
    """Yield the names of the rewrites on which each tied test fails."""
    for test_id in graded.tied:
        yield from graded.tests[test_id].tied


def line_table(suites: Sequence[Grade],
               lines_of: Callable[[Grade], Iterator[str]]) -> Iterator[str]:
    """Yield in how many suites each line is, and how often; most first."""
    places: Dict[str, List[int]] = {}  # of suites, once for each time
    for place, graded in enumerate(suites):
        for line in lines_of(graded):
            places.setdefault(line, []).append(place)
    if not places:
        yield "<p>None.</p>"
        return
    yield "<table>" + head("suites", "times", "")
    rows = [(len(set(found)), len(found), line)
            for line, found in places.items()]
    for number, times, line in sorted(
            rows, key=lambda one: (-one[0], -one[1], one[2])):
        yield row(number_cell(number), number_cell(times), html_of(line))
    yield "</table>"


def grid(found: Class, named: bool) -> Iterator[str]:
    """Yield a row for each suite, a cell for each mistake, and a legend.

    Without names the rows are in the order of the scores.
    """
    places = list(range(len(found.grades)))
    if not named:
        places.sort(key=lambda place: sort_key(found.grades[place][1]))
    name = ['<th class="name">suite</th>'] if named else []
    yield '<div class="wide"><table class="grid">' + head(
        *name, "score", *(
            f'<th title="{escape(mistake.function)}">{mistake.number}</th>'
            for mistake in found.mistakes))
    for place in places:
        graded = found.grades[place][1]
        score = score_of(graded)
        yield row(*([link(found, place)] if named else []),
                  number_cell("-" if score is None else score),
                  *(cell(graded, mistake) for mistake in found.mistakes))
    yield "</table></div>"
    yield from legend()


def legend() -> Iterator[str]:
    """Yield what the cells of the grid mean."""
    yield '<ul class="legend">'
    for kind, letter, words in LEGEND:
        yield f'<li><span class="cell {kind}">{letter}</span>{words}</li>'
    yield "</ul>"


def sort_key(graded: Optional[Grade]) -> Tuple[bool, int]:
    """Return what puts the highest score first, and no score last."""
    score = score_of(graded)
    return score is None, -(score or 0)


def score_of(graded: Optional[Grade]) -> Optional[int]:
    """Return the points of a suite, or None for one without a score."""
    if graded is None or not graded.are("passes"):
        return None
    return points_of(graded.noticed)


def cell(graded: Optional[Grade], mistake: Mistake) -> str:
    """Return the cell of a suite and a mistake: a letter and a colour."""
    if graded is None or not graded.are("passes"):
        return '<td class="cell n">-</td>'
    letters = {LETTERS[graded.tests[test_id].notices[mistake.number]]
               for test_id in graded.noticing(mistake)}
    if not letters:
        letter = letter_of(graded, mistake).upper()
        return f'<td class="cell m">{letter}</td>'
    letter = min(letters)  # an assertion says most
    return f'<td class="cell {letter}">{letter}</td>'


# The page of a suite.

def suite_page(
        name: str, graded: Optional[Grade], problem: str, words: bool) -> str:
    """Return the page of one suite."""
    body = suite_body(graded, words) if graded else iter([
        f"<p>No score: {html_of(problem)}</p>"])
    return page_of(name, iter([
        '<p><a href="names.html">All suites</a></p>', *body]))


def suite_body(graded: Grade, words: bool) -> Iterator[str]:
    """Yield the last line of the report, each mistake, and the report."""
    text = report_to_hand_out(graded)
    yield f"<p>{html_of(text.splitlines()[-1])}</p>"
    if graded.are("passes"):
        yield "<h2>Mistakes</h2>"
        yield from suite_mistakes(graded, words)
    yield "<h2>The report</h2>"
    yield f"<pre>{html_of(text)}</pre>"


def suite_mistakes(graded: Grade, words: bool) -> Iterator[str]:
    """Yield a row for each mistake: who notices it, or why it is missed."""
    yield "<table>" + head("mistake", "", "noticed by, or why it is missed")
    for mistake in by_number(graded.mistakes):
        lines = [example_line(example)
                 for example in graded.examples.get(mistake.number, [])]
        summary = f": {mistake.summary}" if words or lines else ""
        yield row(html_of(mistake.name + summary), cell(graded, mistake),
                  "<br>".join(map(html_of, lines or [
                      why_missed(graded, mistake)])))
    yield "</table>"
