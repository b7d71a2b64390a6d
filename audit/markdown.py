#!/usr/bin/env python3
"""The report of --markdown: what was found, for people, in GitHub's Markdown.

Pure functions of what was found. What others have chosen (a name, a license,
a comment) stands between backticks, where GitHub sees no markup, no mention
and no link.
"""
import re
from collections import Counter
from itertools import accumulate, zip_longest
from typing import Iterable, List, NamedTuple, Sequence
from urllib.parse import quote

from .findings import Entry, Found, Options, Org, Task, reason_for
from .policy import (
    APPROVAL, EXCEPTION, Row, owner_of, printable, without_text)

MAX_BYTES = 60000  # A job's summary and an issue take it.
MAX_CHARACTERS = 200  # of a text in a cell
MAX_NAMES = 10  # in a line; of others only the number is said
MAX_COLUMNS = 50  # organizations side by side
URL = re.compile("https?://[!-~]{1,1000}")


class Part(NamedTuple):
    """A part of the report: a table below a heading.

    policy_lines: the line of a policy that accepts each row, "" where there
        is none; no lines at all where nothing is to be accepted.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[str]
    policy_lines: Sequence[str] = ()


def markdown_of(
        task: Task, found: Found, entries: Sequence[Entry]) -> str:
    """Return the report, of at most MAX_BYTES bytes in UTF-8."""
    head = head_of(task, found, entries)
    parts = parts_of(task, found, entries)
    room = MAX_BYTES - size(head) - sum(
        size(text_of(part, 0)) for part in parts)
    texts = [head]
    for part in parts:
        costs = [size(row) + (size(line) if line else 0)
                 for row, line in zip_longest(part.rows, part.policy_lines)]
        texts.append(text_of(part, how_many_fit(costs, room)))
        room -= sum(costs)  # After a part that is cut there is none.
    return "".join(texts)


def size(text: str) -> int:
    """Return the number of bytes of a text, a line end at its end included."""
    return len(text.encode()) + 1


def how_many_fit(costs: Iterable[int], room: int) -> int:
    """Return how many of these costs, from the first on, fit into a room."""
    return sum(total <= room for total in accumulate(costs))


def text_of(part: Part, count: int) -> str:
    """Return a part with so many of its rows, and how many are left out."""
    lines = [f"## {part.title}: {len(part.rows)}", ""]
    if part.rows:
        lines += [table_row(part.columns),
                  table_row(["---"] * len(part.columns)),
                  *part.rows[:count], ""]
    left_out = len(part.rows) - count
    if left_out:
        lines += [f"Left out here: {left_out} of {len(part.rows)}.", ""]
    if any(part.policy_lines):
        lines += ["<details><summary>The lines of a policy that accept this"
                  "</summary>", "", "```text",
                  *filter(None, part.policy_lines[:count]), "```", "",
                  "</details>", ""]
    return "\n".join(["", *lines[:-1], ""])


# What stands in the report.

def head_of(task: Task, found: Found, entries: Sequence[Entry]) -> str:
    """Return the title, and what was asked, when, by which policy."""
    options = task.options
    looked_at = sum(each.is_looked_at for each in entries)
    lines = [
        f"# Licenses of {some([org.login for org in found.orgs])}", "",
        f"- When: {found.when}",
        f"- {completeness(found.orgs)}",
        f"- Looked at: {looked_at}{filters(options)}"]
    if options.policy:
        lines.append(f"- Policy: {code(options.policy)}")
    if options.since:
        first = ", which is not there yet (first run)"
        lines.append(f"- Compared with: {code(options.since)}"
                     f"{first if task.is_first_run else ''}")
    return "\n".join([*lines, ""])


def completeness(orgs: Sequence[Org]) -> str:
    """Return whether as many repositories were listed as GitHub counts."""
    short = [org.login for org in orgs if org.listed < org.counted]
    return (f"Public repositories: {sum(org.counted for org in orgs)} counted "
            f"by GitHub, {sum(org.listed for org in orgs)} listed "
            + (f"(not complete: some of {some(short)} are missing)" if short
               else "(complete)"))


def filters(options: Options) -> str:
    """Return what the filters let through, behind a comma, or ""."""
    words = []
    if options.source:
        words.append("no forks")
    if options.no_archived:
        words.append("nothing archived")
    if options.license:
        words.append(f"only under {some(options.license)}")
    return "".join(f", {word}" for word in words)


def parts_of(
        task: Task, found: Found, entries: Sequence[Entry]) -> List[Part]:
    """Return the parts of the report, what matters most first."""
    parts = []
    if task.policy:
        parts.append(not_allowed(task, found, entries))
    if task.earlier is not None:
        parts += [changed(task, found, entries), gone(entries)]
    if task.policy:
        parts.append(exceptions(task, found, entries))
    return [*parts, licenses(found, entries)]


def not_allowed(task: Task, found: Found, entries: Iterable[Entry]) -> Part:
    """Return the part of what is not allowed, with what would accept it."""
    named = [each for each in entries if each.is_not_allowed]
    columns, rows = ["Repository", "License"], [
        [repository(each), license_in(found, each)] for each in named]
    if task.earlier is not None:
        columns.append("Change")
        rows = [[*row, code(each.change)] for row, each in zip(rows, named)]
    return Part("Not allowed", columns, list(map(table_row, rows)),
                [policy_line(each.row) for each in named])


def policy_line(row: Row) -> str:
    """Return the line of a policy that accepts a row; "" if none can."""
    line = f"{row.repository}  {row.license}"
    return line if APPROVAL.fullmatch(line) else ""


def changed(task: Task, found: Found, entries: Iterable[Entry]) -> Part:
    """Return the part of what has changed and is still there."""
    return Part(
        "Changed", ["Repository", "License", "Verdict", "Reason", "Change"],
        [table_row([repository(each), license_in(found, each), each.verdict,
                    code(reason_for(task, each)), code(each.change)])
         for each in entries if each.change and not each.is_gone])


def gone(entries: Iterable[Entry]) -> Part:
    """Return the part of what is gone: a link to it would be dead."""
    return Part(
        "Gone", ["Repository", "Last license"],
        [table_row([code(each.row.repository), code(each.row.license)])
         for each in entries if each.is_gone])


def exceptions(task: Task, found: Found, entries: Iterable[Entry]) -> Part:
    """Return the part of what an exception allows, with its reason."""
    return Part(
        "Allowed by an exception", ["Repository", "License", "Reason"],
        [table_row([repository(each), license_in(found, each),
                    code(reason_for(task, each))])
         for each in entries if each.verdict == EXCEPTION])


def licenses(found: Found, entries: Iterable[Entry]) -> Part:
    """Return the part that counts licenses, a column for each organization."""
    looked_at = [each.row for each in entries if each.is_looked_at]
    totals = Counter(without_text(row.license) for row in looked_at)
    counts = Counter((owner_of(row.repository), without_text(row.license))
                     for row in looked_at)
    names = sorted(totals, key=lambda name: (-totals[name], name))
    orgs = [org.login for org in found.orgs]
    if not 1 < len(orgs) <= MAX_COLUMNS:
        orgs = []
    return Part(
        "Licenses", ["License", *map(code, orgs), "Repositories"],
        [table_row([
            code(name), *(str(counts[org.lower(), name]) for org in orgs),
            str(totals[name])]) for name in names])


# Cells.

def table_row(cells: Iterable[str]) -> str:
    """Return a row of a table."""
    return f"| {' | '.join(cells)} |"


def repository(entry: Entry) -> str:
    """Return the name of a repository, which links to it."""
    return link(code(entry.row.repository), entry.row.url)


def license_in(found: Found, entry: Entry) -> str:
    """Return a license; one that was read links to its text and history."""
    name, text = code(entry.row.license), found.texts.get(entry.row.id)
    if text is None:
        return name
    files = f"{entry.row.url}/blob/"
    if not text.url.startswith(files):
        return link(name, text.url)
    history = f"{entry.row.url}/commits/{text.url[len(files):]}"
    return f"{link(name, text.url)} ({link('history', history)})"


def link(text: str, url: str) -> str:
    """Return a text that links to a URL, or the text where that is not one."""
    if not URL.fullmatch(url):
        return text
    return f"[{text}]({quote(url, safe='/:?#=&%+@')})"


def some(names: Sequence[str]) -> str:
    """Return the first names as code, and the number of the others."""
    text = ", ".join(map(code, names[:MAX_NAMES]))
    more = len(names) - MAX_NAMES
    return text if more <= 0 else f"{text} and {more} more"


def code(text: str) -> str:
    """Return a text as code; nothing in it ends the code or its cell.

    Of a long text the end is left out; there is no code of nothing.
    """
    text = " ".join(printable(text).split())
    if len(text) > MAX_CHARACTERS:
        text = text[:MAX_CHARACTERS] + "\u2026"
    if not text:
        return ""
    # Backticks inside need a longer row of them around, and blanks between.
    inside = re.findall("`+", text)
    around = "`" * (1 + max(map(len, inside), default=0))
    if inside:
        text = f" {text} "
    # A backslash keeps a `|` in its cell, unless there is one before it.
    text = text.replace("\\|", "\\ |").replace("|", "\\|")
    return f"{around}{text}{around}"
