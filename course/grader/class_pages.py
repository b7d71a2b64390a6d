#!/usr/bin/env python3
"""Write what was found out about a class as pages for a browser.

index.html has no names, so that it can be shown to the class; names.html is
the same with names, and links to a page for each suite. The pages load
nothing, and all that comes from a suite is escaped.
"""
import re
from html import escape
from pathlib import Path
from typing import Dict, Iterator, List, Optional, Sequence, Tuple

from .assignment import Assignment, Unusable
from .edits import Mistake
from .judge import Grade, by_number
from .report import (
    COMMAND, LETTERS, REASONS, TOUR, count, example_line, letter_of,
    no_results, report, results, summary, why_missed)

Graded = Tuple[str, Optional[Grade], str]

MARK = f'<meta name="generator" content="{COMMAND}">'
STYLE = """\
body { font: 16px/1.5 sans-serif; margin: 1em auto; max-width: 64em;
  padding: 0 1em; color: #222; background: #fff; }
h1 { font-size: 1.5em; } h2 { font-size: 1.2em; margin-top: 2em; }
table { border-collapse: collapse; }
th, td { padding: .15em .5em; text-align: left; vertical-align: top; }
th { font-weight: bold; } tr { border-bottom: 1px solid #ddd; }
td.number { text-align: right; }
.wide { overflow-x: auto; }
td.cell { text-align: center; min-width: 1em; }
.grid td.cell { border: 1px solid #fff; padding: 0 .3em; }
.grid th { padding: 0 .3em; }
.a { background: #b7e1b0; } .e { background: #fbe3a0; }
.t { background: #f7c99b; } .m { background: #f2b8b5; }
.n { background: #ddd; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85em; }
td { overflow-wrap: anywhere; }
.grid a { display: inline-block; min-width: 8em; }
summary { white-space: nowrap; }
@media (max-width: 32em) { body { font-size: 14px; } }
@media print { body { max-width: none; font-size: 11px; }
  .wide { overflow: visible; }
  .cell, .legend span { print-color-adjust: exact;
    -webkit-print-color-adjust: exact; } }
"""
LEGEND = (
    ("a", "a", "noticed by an assertion"),
    ("e", "e", "noticed by another exception, or the end of the process"),
    ("t", "t", "noticed by running out of time"),
    *(("m", letter, f"missed: {words}")
      for letter, words in REASONS.values()),
    ("m", ".", "missed"), ("n", "-", "no score"))


def write_pages(folder: Path, grades: Sequence[Graded],
                assignment: Assignment) -> None:
    """Write all pages of a class, in the place of those of an earlier one."""
    try:
        remove_old(folder)
        for place, (name, graded, problem) in enumerate(grades, 1):
            stem = folder / f"suite-{place}"
            text = results(graded) if graded else no_results(problem)
            stem.with_suffix(".json").write_text(text, encoding="utf-8")
            stem.with_suffix(".html").write_text(
                suite_page(name, graded, problem), encoding="utf-8",
                errors="backslashreplace")
        for file, named in (("index.html", False), ("names.html", True)):
            (folder / file).write_text(
                class_page(grades, assignment, named), encoding="utf-8",
                errors="backslashreplace")
    except OSError as error:
        raise Unusable(f"{folder}: {error.strerror}") from None


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
        "</head>", "<body>", f"<h1>{escape(title)}</h1>", *body,
        "</body>", "</html>", ""])


def folded(mistake: Mistake) -> str:
    """Return a mistake's number and function, and in a fold its words."""
    return (f"<details><summary>{escape(mistake.name)}</summary>"
            f"{escape(mistake.summary)}</details>")


# The page of a class.

def class_page(grades: Sequence[Graded], assignment: Assignment,
               named: bool) -> str:
    """Return the page of a class, with names or without."""
    return page_of("A class's suites", class_body(grades, assignment, named))


def class_body(grades: Sequence[Graded], assignment: Assignment,
               named: bool) -> Iterator[str]:
    """Yield totals, what the class gets wrong, and the grid."""
    suites = [graded for _, graded, _ in grades if graded]
    scores = sorted(len(graded.noticed) for graded in suites
                    if graded.are("passes"))
    yield (f"<p>{count(len(grades), 'suite')}, "
           f"{count(len(assignment.mistakes), 'mistake')}. ")
    if scores:
        yield (f"Noticed: least {scores[0]}, median "
               f"{scores[len(scores) // 2]}, most {scores[-1]}. ")
    yield f"Without a score: {len(grades) - len(scores)}.</p>"
    yield "<h2>Mistakes, and how many suites notice them</h2>"
    yield from mistake_table(suites, assignment)
    yield "<h2>What the class gets wrong</h2>"
    for title, groups in (
            ("Pitfalls", pitfall_groups(suites)),
            ("Tests and files that are left out", left_out_groups(suites)),
            ("Tests that fail on a harmless rewrite", tied_groups(suites))):
        yield f"<h3>{title}</h3>"
        yield from group_table(groups)
    yield "<h2>Suites by mistakes</h2>"
    yield from grid(grades, assignment, named)


def mistake_table(suites: Sequence[Grade],
                  assignment: Assignment) -> Iterator[str]:
    """Yield a row for each mistake: how many suites notice it."""
    yield "<table><tr><th>mistake</th><th>suites</th>"
    if assignment.suites:
        yield f"<th>of {assignment.suites} public suites</th>"
    yield "</tr>"
    for mistake in by_number(assignment.mistakes):
        number = sum(mistake in graded.noticed for graded in suites)
        public = (f'<td class="number">{mistake.suites}</td>'
                  if assignment.suites else "")
        yield (f'<tr><td>{folded(mistake)}</td><td class="number">{number}'
               f"</td>{public}</tr>")
    yield "</table>"


Groups = Dict[str, List[int]]  # by message: the suites, once a time


def pitfall_groups(suites: Sequence[Grade]) -> Groups:
    """Return in which suites each kind of pitfall is, and what helps."""
    groups: Groups = {}
    for place, graded in enumerate(suites):
        for found in [*graded.pitfalls, *graded.unseen]:
            groups.setdefault(
                f'{found.kind} ("{found.lesson}" in {TOUR})',
                []).append(place)
    return groups


def left_out_groups(suites: Sequence[Grade]) -> Groups:
    """Return in which suites tests are left out, by what they say."""
    groups: Groups = {}
    for place, graded in enumerate(suites):
        messages = [*graded.unloaded.values(), *(
            graded.tests[test_id].message for test_id in graded.left_out
            if test_id in graded.tests)]
        for message in messages:
            error = re.sub(r"^(.*: )?test\w*\.py(, line \d+)?: ", "", message)
            groups.setdefault(error[:100], []).append(place)
    return groups


def tied_groups(suites: Sequence[Grade]) -> Groups:
    """Return in which suites tests are tied, by the rewrite."""
    groups: Groups = {}
    for place, graded in enumerate(suites):
        for test_id in graded.tied:
            for name in graded.tests[test_id].tied:
                groups.setdefault(name, []).append(place)
    return groups


def group_table(groups: Groups) -> Iterator[str]:
    """Yield a table of messages, those of most suites first."""
    if not groups:
        yield "<p>None.</p>"
        return
    yield "<table><tr><th>suites</th><th>times</th><th></th></tr>"
    for message, places in sorted(groups.items(), key=lambda item: (
            -len(set(item[1])), -len(item[1]), item[0])):
        yield (f'<tr><td class="number">{len(set(places))}</td>'
               f'<td class="number">{len(places)}</td>'
               f"<td>{escape(message)}</td></tr>")
    yield "</table>"


def grid(grades: Sequence[Graded], assignment: Assignment,
         named: bool) -> Iterator[str]:
    """Yield a row for each suite, a cell for each mistake.

    Without names the rows are in the order of their scores.
    """
    mistakes = by_number(assignment.mistakes)
    rows = [(place, *one) for place, one in enumerate(grades, 1)]
    if not named:
        rows.sort(key=lambda row: -len(row[2].noticed) if row[2] else 1)
    yield '<p class="legend">' + "; ".join(
        f'<span class="{kind}">&nbsp;{letter}&nbsp;</span> {words}'
        for kind, letter, words in LEGEND) + "</p>"
    yield '<div class="wide"><table class="grid"><tr>'
    yield "<th>suite</th>" if named else ""
    yield "<th>noticed</th>" + "".join(
        f'<th title="{escape(mistake.function)}">{mistake.number}</th>'
        for mistake in mistakes) + "</tr>"
    for place, name, graded, _ in rows:
        link = f'<a href="suite-{place}.html">{escape(name)}</a>'
        scored = graded is not None and graded.are("passes")
        number = len(graded.noticed) if graded and scored else "-"
        yield ("<tr>" + (f"<td>{link}</td>" if named else "")
               + f'<td class="number">{number}</td>' + "".join(
                   cell(graded, mistake) for mistake in mistakes) + "</tr>")
    yield "</table></div>"


def cell(graded: Optional[Grade], mistake: Mistake) -> str:
    """Return the cell of a suite and a mistake: a letter and a colour."""
    if graded is None or not graded.are("passes"):
        return '<td class="cell n">-</td>'
    letters = {LETTERS[graded.tests[test_id].notices[mistake.number]]
               for test_id in graded.noticing(mistake)}
    if not letters:
        letter = letter_of(graded, mistake) or "."
        return f'<td class="cell m">{letter}</td>'
    letter = min(letters)  # an assertion says most
    return f'<td class="cell {letter}">{letter}</td>'


# The page of a suite.

def suite_page(name: str, graded: Optional[Grade], problem: str) -> str:
    """Return the page of one suite."""
    if graded is None:
        return page_of(name, iter([f"<p>No score: {escape(problem)}</p>"]))
    return page_of(name, suite_body(graded))


def suite_body(graded: Grade) -> Iterator[str]:
    """Yield the last line of the report, each mistake, and the report."""
    yield f"<p>{escape(summary(graded))}</p>"
    yield "<h2>Mistakes</h2>"
    yield "<table><tr><th>mistake</th><th></th><th>noticed by</th></tr>"
    for mistake in by_number(graded.mistakes):
        lines = "<br>".join(
            escape(example_line(example))
            for example in graded.examples.get(mistake.number, []))
        yield (f"<tr><td>{folded(mistake)}</td>{cell(graded, mistake)}"
               f"<td>{lines or escape(why_missed(graded, mistake))}</td>"
               "</tr>")
    yield "</table>"
    yield "<h2>The report</h2>"
    yield f"<pre>{escape(report(graded))}</pre>"
