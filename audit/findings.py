#!/usr/bin/env python3
"""What an audit finds: what is looked at, not allowed, changed or gone.

Pure functions and values: no network, no command line, no files.
"""
from typing import (
    Any, Collection, List, Mapping, NamedTuple, Optional, Sequence)

from .policy import (
    NOT_ALLOWED, Policy, Row, license_id, license_name, row_of, without_text)
from .table import change_of, gone, needs_texts

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
    texts: bool = False
    form: str = ""
    markdown: str = ""
    save: str = ""
    recorded: bool = False
    jobs: int = 10
    verbose: bool = False


class Task(NamedTuple):
    """What there is to do: the options, and what is in the files they name.

    earlier: the table of --since by id; None without one, or the first time.
    replaced: the table that --save will replace; empty if there is none.
    """

    options: Options
    policy: Optional[Policy] = None
    earlier: Optional[Mapping[int, Row]] = None
    replaced: Mapping[int, Row] = {}

    @property
    def is_first_run(self) -> bool:
        """Whether the table to compare with is not there yet."""
        return bool(self.options.since) and self.earlier is None


class Org(NamedTuple):
    """An organization: how many repositories it counts, and how many came."""

    login: str
    counted: int
    listed: int


class Text(NamedTuple):
    """The text of a license: its digits, and the URL to read it, or ""."""

    digits: str
    url: str


class Found(NamedTuple):
    """What GitHub has answered.

    names: of the organizations asked, in lower case: old and new ones.
    texts: those that were read, by the id of their repository.
    when: the time of the last answer.
    """

    orgs: Sequence[Org]
    names: Collection[str]
    repos: Repos
    texts: Mapping[int, Text] = {}
    when: str = ""


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

    @property
    def is_not_allowed(self) -> bool:
        """Whether it is looked at, and no line of the policy allows it."""
        return self.verdict == NOT_ALLOWED

    @property
    def is_gone(self) -> bool:
        """Whether it is no longer there."""
        return self.change == "gone"


def repos_to_read(task: Task, repos: Repos) -> List[Mapping[str, Any]]:
    """Return the repositories whose licenses have to be read as texts."""
    if not (task.options.texts or needs_texts(task.policy, task.earlier)):
        return []
    return [repo for repo in repos.values() if license_name(repo) == "other"
            and fits(row_of(repo, None), task.options)]


def rows_of(
        task: Task, found: Found, known: Mapping[int, Row]) -> List[Row]:
    """Return the states of all repositories.

    A license whose text was not read has the digits of the row that is known.
    """
    digits = {id: text.digits for id, text in found.texts.items()}
    return [row_of(repo, task.policy, digits.get(id), known.get(id))
            for id, repo in found.repos.items()]


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
    return not licenses or license_id(without_text(row.license)) in licenses


def reason_for(task: Task, entry: Entry) -> str:
    """Return the comment on the policy's line that allows an entry."""
    if task.policy is None or not entry.is_looked_at:
        return ""
    return task.policy.reason(entry.row.repository, entry.row.license)
