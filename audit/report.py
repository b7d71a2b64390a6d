#!/usr/bin/env python3
"""What the command prints and notes: pure functions of rows.

No network, no command line, no files.
"""
import json
from collections import Counter
from typing import (
    Any, Collection, Iterable, List, Mapping, NamedTuple, Optional, Sequence)

from .policy import (
    NOT_ALLOWED, Policy, Row, license_id, notes_on, owner_of, row_of)
from .table import change_of, gone, to_csv

COLUMNS = ("repository", "license", "verdict", "change", "fork", "archived",
           "language", "stars", "pushed_at", "url", "id")
FACTS = ("language", "stargazers_count", "pushed_at")  # as GitHub says it
Repos = Mapping[int, Mapping[str, Any]]  # GitHub's objects by id


class Options(NamedTuple):
    """What the command line says.

    The form is "licenses", "csv", "json", or "" for the plain listing. A
    file that is not named is "".
    """

    orgs: Sequence[str]
    license: Sequence[str] = ()
    source: bool = False
    no_archived: bool = False
    policy: str = ""
    since: str = ""
    form: str = ""
    save: str = ""
    recorded: bool = False
    jobs: int = 10
    verbose: bool = False


class Task(NamedTuple):
    """What there is to do: the options, and what is in the files they name.

    earlier: the table of --since by id; None without one, or the first time.
    replaced: the table that --save will replace; empty if there is none.
    target: the path of that table, links followed; "" without --save.
    """

    options: Options
    policy: Optional[Policy] = None
    earlier: Optional[Mapping[int, Row]] = None
    replaced: Mapping[int, Row] = {}
    target: str = ""


class Entry(NamedTuple):
    """A repository as a report sees it.

    row: its state; of one that is gone the last that is known.
    is_looked_at: whether the filters let it through.
    change: what has changed; "" if nothing has, or if the filters leave it
        out now and left it out before.
    """

    row: Row
    is_looked_at: bool
    change: str = ""

    @property
    def verdict(self) -> str:
        """The verdict on what is looked at; else it is empty."""
        return self.row.verdict if self.is_looked_at else ""


class Report(NamedTuple):
    """What to print on stdout and stderr, what to save, and the status."""

    output: str
    notes: List[str]
    rows: List[Row]
    status: int


def report_on(
        task: Task, repos: Repos, owners: Collection[str]) -> Report:
    """Return the report on all public repositories of their owners.

    These are the organizations that were asked, in lower case.
    """
    rows = [row_of(repo, task.policy) for repo in repos.values()]
    entries = entries_of(task, rows, owners)
    not_allowed = [each for each in entries if each.verdict == NOT_ALLOWED]
    notes = notes_of(task, rows, owners)
    unchanged = sum(not each.change for each in not_allowed)
    if unchanged and task.earlier is not None:
        notes.append(f"not allowed, but not changed: {unchanged}")
    return Report(output_of(task, entries, repos), notes, rows,
                  3 if not_allowed else 0)


def entries_of(
        task: Task, rows: Sequence[Row], owners: Collection[str]
        ) -> List[Entry]:
    """Return an entry for each row, then one for each that is gone."""
    return [
        *(entry_of(task, row) for row in rows),
        *(Entry(row, False, "gone")
          for row in gone(task.earlier or {}, rows, owners)
          if fits(row, task.options))]


def entry_of(task: Task, row: Row) -> Entry:
    """Return the entry for a row, compared with its earlier state."""
    is_looked_at = fits(row, task.options)
    if task.earlier is None:
        return Entry(row, is_looked_at)
    before = task.earlier.get(row.id)
    if is_looked_at or before and fits(before, task.options):
        return Entry(row, is_looked_at, change_of(row, before))
    return Entry(row, is_looked_at)


def fits(row: Row, options: Options) -> bool:
    """Return whether the filters let a repository through."""
    if options.source and row.fork or options.no_archived and row.archived:
        return False
    licenses = [license_id(name) for name in options.license]
    return not licenses or license_id(row.license) in licenses


def output_of(task: Task, entries: Sequence[Entry], repos: Repos) -> str:
    """Return what is printed on stdout, in the form that is asked for."""
    form = task.options.form
    looked_at = [each for each in entries if each.is_looked_at]
    if form == "json":
        objects = [repos[each.row.id] for each in looked_at]
        return json.dumps(objects, indent=2) + "\n"
    if form == "csv":
        return spreadsheet(looked_at, repos)
    if form == "licenses":
        return chart([each.row.license for each in looked_at])
    return listing(task, entries)


def listing(task: Task, entries: Sequence[Entry]) -> str:
    """Return a line for each repository that needs a look.

    With an earlier table these are the changes, else with a policy what is
    not allowed, else whatever is looked at. A tab separates the fields.
    """
    if task.earlier is not None:
        named = [each for each in entries if each.change]
    elif task.policy:
        named = [each for each in entries if each.verdict == NOT_ALLOWED]
    else:
        named = [each for each in entries if each.is_looked_at]
    return "".join("\t".join(fields_of(task, each)) + "\n" for each in named)


def fields_of(task: Task, entry: Entry) -> List[str]:
    """Return the fields of a line, the repository's name always first."""
    fields = [entry.row.repository]
    if task.policy or task.earlier is not None:
        fields.append(entry.row.license)
    if task.earlier is not None:
        fields += [entry.verdict] if task.policy else []
        fields.append(entry.change)
    return fields


def spreadsheet(entries: Iterable[Entry], repos: Repos) -> str:
    """Return a table in CSV: a header, and a row for each repository."""
    return to_csv([COLUMNS, *(
        (row.repository, row.license, row.verdict, change, row.fork,
         row.archived, *map(repos[row.id].get, FACTS), row.url, row.id)
        for row, _, change in entries)])


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


def notes_of(
        task: Task, rows: Sequence[Row], owners: Collection[str]
        ) -> List[str]:
    """Return what else is to be said, a note a line.

    A note is about all repositories, whatever the filters let through.
    """
    options, policy = task.options, task.policy
    found = {license_id(row.license) for row in rows}
    notes = [f"no repository is under {name}" for name in options.license
             if license_id(name) not in found]
    if policy:
        notes += notes_on(policy, rows, owners)
    ids = {row.id for row in rows}
    left_out = {owner_of(row.repository) for row in task.replaced.values()
                if row.id not in ids}
    notes += [f"{owner} was not asked: its rows are left out of {options.save}"
              for owner in sorted(left_out.difference(owners))]
    if options.since and task.earlier is None:
        notes.append(
            f"{options.since} is not there yet: this is the first run")
    return notes
