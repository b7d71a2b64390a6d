#!/usr/bin/env python3
"""What the command prints: a listing, a table, counts, notes, a summary.

Pure functions of what was found.
"""
import json
from collections import Counter
from typing import Any, Iterable, List, NamedTuple, Sequence

from .findings import (
    Entry, Found, Repos, Task, entries_of, reason_for, rows_of)
from .markdown import markdown_of
from .policy import Row, license_id, notes_on, owner_of, without_text
from .table import table_of, to_csv
from .texts import NO_TEXT

COLUMNS = ("repository", "license", "verdict", "reason", "change", "fork",
           "archived", "language", "stars", "pushed_at", "url", "id")
FACTS = ("language", "stargazers_count", "pushed_at")  # as GitHub says it


class Report(NamedTuple):
    """What to print and to save, and the status.

    output: for stdout.
    notes: for stderr, a note a line.
    summary: what was done, for stderr; "" if nothing was judged.
    markdown: the report of --markdown; "" without that option.
    table: the table of --save; "" without that option.
    """

    output: str
    notes: List[str]
    summary: str
    markdown: str
    table: str
    status: int


def report_on(task: Task, found: Found) -> Report:
    """Return the report on what was found."""
    options = task.options
    earlier = task.earlier or {}
    rows = rows_of(task, found, earlier)
    entries = entries_of(task, rows, found.names)
    return Report(
        output_of(task, entries, found.repos), notes_of(task, found, rows),
        summary_of(task, found, entries),
        markdown_of(task, found, entries) if options.markdown else "",
        # It keeps the digits of texts that were not read, so that a change
        # of these is told when they are read again.
        table_of(rows_of(task, found, {**task.replaced, **earlier}))
        if options.save else "",
        3 if any(each.is_not_allowed for each in entries) else 0)


# What is printed.

def output_of(task: Task, entries: Sequence[Entry], repos: Repos) -> str:
    """Return what is printed on stdout, in the form that is asked for."""
    form = task.options.form
    looked_at = [each for each in entries if each.is_looked_at]
    if form == "json":
        objects = [repos[each.row.id] for each in looked_at]
        return json.dumps(objects, indent=2) + "\n"
    if form == "csv":
        return spreadsheet(task, looked_at, repos)
    if form == "licenses":
        return chart([without_text(each.row.license) for each in looked_at])
    return listing(task, entries)


def listing(task: Task, entries: Iterable[Entry]) -> str:
    """Return a line for each repository that needs a look.

    A tab separates the fields.
    """
    return "".join("\t".join(fields_of(task, each)) + "\n"
                   for each in entries if needs_a_look(task, each))


def needs_a_look(task: Task, entry: Entry) -> bool:
    """Return whether an entry is not allowed or has changed.

    Where nothing is judged or compared, it is whether it is looked at.
    """
    if task.policy or task.earlier is not None:
        return entry.is_not_allowed or bool(entry.change)
    return entry.is_looked_at


def fields_of(task: Task, entry: Entry) -> List[str]:
    """Return the fields of a line, the repository's name always first."""
    policy, table = task.policy, task.options.since
    fields = [entry.row.repository]
    if policy or table:
        fields.append(entry.row.license)
    if policy and table:
        fields.append(entry.verdict)
    if table:
        fields.append(entry.change)
    return fields


def spreadsheet(task: Task, entries: Iterable[Entry], repos: Repos) -> str:
    """Return a table in CSV: a header, and a row for each repository."""
    rows: List[Iterable[Any]] = [COLUMNS]
    for each in entries:
        row = each.row
        rows.append((
            row.repository, row.license, row.verdict, reason_for(task, each),
            each.change, row.fork, row.archived,
            *map(repos[row.id].get, FACTS), row.url, row.id))
    return to_csv(rows)


def chart(names: Sequence[str]) -> str:
    """Return each name with its count, largest first, and a bar of #."""
    if not names:
        return ""
    counts = Counter(sorted(names))
    width = max(map(len, counts))
    most = max(counts.values())
    return "".join(
        f"{name:{width}} {number:{len(str(most))}} "
        f"{'#' * (40 * number // most or 1)}\n"
        for name, number in counts.most_common())


# What is said besides.

def notes_of(task: Task, found: Found, rows: Sequence[Row]) -> List[str]:
    """Return what else is to be said, a note a line.

    A note is about all repositories, whatever the filters let through.
    """
    options = task.options
    names = {row.license for row in rows}
    licenses = {license_id(without_text(name)) for name in names}
    notes = [f"no repository is under {name}" for name in options.license
             if license_id(name) not in licenses]
    notes += [f"{found.repos[id]['full_name']}: GitHub gives no readable text "
              "of its license" for id, text in found.texts.items()
              if text.digits == NO_TEXT]
    if task.policy:
        notes += notes_on(task.policy, rows, found.names)
    left_out = {owner_of(row.repository) for row in task.replaced.values()
                if row.id not in found.repos}
    notes += [f"{owner} was not asked: its rows are left out of {options.save}"
              for owner in sorted(left_out.difference(found.names))]
    if task.is_first_run:
        notes.append(
            f"{options.since} is not there yet: this is the first run")
    return notes


def summary_of(task: Task, found: Found, entries: Sequence[Entry]) -> str:
    """Return what was done, in a line; "" if nothing was judged.

    What was not asked for is left out.
    """
    options = task.options
    results = []
    if task.policy:
        number = sum(each.is_not_allowed for each in entries)
        results.append(f"{number} not allowed")
    if task.earlier is not None:
        number = sum(bool(each.change) for each in entries)
        results.append(f"{number} changed")
    if task.is_first_run:
        results.append("first run")
    if not results:
        return ""
    names = [org.login for org in found.orgs]
    who = ", ".join(names) if len(names) < 4 else f"{len(names)} organizations"
    count = len(found.repos)
    what = "1 repository" if count == 1 else f"{count} repositories"
    if options.license or options.source or options.no_archived:
        what += f", {sum(each.is_looked_at for each in entries)} looked at"
    return f"{who}: {what}: {', '.join(results)}"
