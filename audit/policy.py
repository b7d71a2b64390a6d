#!/usr/bin/env python3
"""What a license policy allows, and what has changed since a saved state.

Pure functions and values: no network, no command line, no files. Names of
licenses have one spelling everywhere: the SPDX id as GitHub says it, `other`
for a license that GitHub does not recognize, `none` for no license.
"""
import csv
import io
import re
from difflib import get_close_matches
from typing import (
    Any, Collection, Dict, Iterable, List, Mapping, NamedTuple, Optional,
    Tuple)

ALLOWED, EXCEPTION, NOT_ALLOWED = "allowed", "exception", "not allowed"
LICENSE = re.compile(r"[\w.+-]+")
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
APPROVAL = re.compile(rf"(?:({REPOSITORY.pattern})\s+)?({LICENSE.pattern})")
# SPDX has an id for "this version" and one for "or later"; GitHub does not
# tell them apart. https://spdx.org/licenses/
GNU_LICENSE = re.compile(r"\A((?:[al]?gpl|gfdl)-[0-9.]+)(?:-(?:no-)?"
                         r"invariants)?(-only|-or-later|\+)\Z")


class UsageError(ValueError):
    """What was given can't be used; the message says why, in a line."""


def license_name(repo: Mapping[str, Any]) -> str:
    """Return the name of a repository's license, from GitHub's object."""
    license = repo.get("license") or {}
    name: str = license.get("spdx_id") or license.get("key") or "none"
    return "other" if name.upper() == "NOASSERTION" else name


def license_id(name: str) -> str:
    """Return the form in which a license's key and SPDX ids are equal."""
    name = GNU_LICENSE.sub(r"\1", name.lower())
    return "other" if name == "noassertion" else name


def owner_of(repository: str) -> str:
    """Return the organization in `owner/name`, in lower case."""
    return repository.split("/")[0].lower()


# The policy.

class Policy(NamedTuple):
    """What is allowed, and the name of the file that says so.

    approvals: for each repository ("" for all of them) and license id the
    number of its last line in the file, and the first word there.
    """

    name: str
    approvals: Dict[Tuple[str, str], Tuple[int, str]]

    def verdict(self, repository: str, license: str) -> str:
        """Return whether a license is allowed, excepted or not allowed."""
        id = license_id(license)
        return (ALLOWED if ("", id) in self.approvals
                else EXCEPTION if (repository.lower(), id) in self.approvals
                else NOT_ALLOWED)


def parse_policy(text: str, name: str) -> Policy:
    """Return the policy that a text states; the name is the file's.

    Each line is a license, or a repository and a license, split by blanks;
    `#` begins a comment. Raises UsageError for a line of another form.
    """
    policy = Policy(name, {})
    for number, line in enumerate(re.split("\r\n?|\n", text), start=1):
        stated = line.partition("#")[0].strip()
        approval = APPROVAL.fullmatch(stated)
        if approval:
            repository, license = approval.groups(default="")
            key = repository.lower(), license_id(license)
            policy.approvals[key] = number, repository or license
        elif stated:
            raise UsageError(f"{name}:{number}: neither a license nor a "
                             f"repository and a license: {stated}")
    return policy


class Row(NamedTuple):
    """The state of a repository: a row of the table that is saved.

    The verdict is empty without a policy. A repository is known by its id,
    whatever its name.
    """

    repository: str
    license: str
    verdict: str
    fork: bool
    archived: bool
    url: str
    id: int


def row_of(repo: Mapping[str, Any], policy: Optional[Policy]) -> Row:
    """Return the state of a repository, from GitHub's object."""
    name, license = repo["full_name"], license_name(repo)
    return Row(
        name, license, policy.verdict(name, license) if policy else "",
        bool(repo.get("fork")), bool(repo.get("archived")),
        repo.get("html_url") or "", repo["id"])


def notes_on(
        policy: Policy, rows: Collection[Row], organizations: Collection[str]
        ) -> List[str]:
    """Return what the owner of a policy should know, a note a line.

    The rows are all public repositories of the organizations, whose names
    are in lower case. A note says which exception is of no use and why, or
    which license of the policy may be misspelt: no repository is under it,
    and one of a similar name is not allowed.
    """
    licenses = {row.repository.lower(): row.license for row in rows}
    found = set(map(license_id, {row.license for row in rows}))
    not_allowed = {license_id(row.license): row.license for row in rows
                   if row.verdict == NOT_ALLOWED}
    notes = []
    for (repository, id), (line, word) in policy.approvals.items():
        license, why = licenses.get(repository), ""
        if not repository:
            like_it = [other for other in not_allowed
                       if id not in found and may_be_one_version(id, other)]
            for other in get_close_matches(id, like_it, 1):
                why = f"not found, and {not_allowed[other]} is not allowed"
        elif license is None:
            if owner_of(repository) in organizations:
                why = "no public repository has this name"
        elif ("", license_id(license)) in policy.approvals:
            why = f"its license, {license}, is allowed anyway"
        elif license_id(license) != id:
            why = f"it is under another license, {license}"
        if why:
            notes.append(f"{policy.name}:{line}: {word}: {why}")
    return notes


def may_be_one_version(one: str, other: str) -> bool:
    """Return whether the numbers in two ids are equal, or one is left out."""
    numbers = [re.sub("[^0-9]", "", id) for id in (one, other)]
    return max(numbers).startswith(min(numbers))


# The table, and what must stand in the columns that it needs.
CELLS = {"repository": REPOSITORY, "license": re.compile(r"[^\0-\x1f\x7f]+"),
         "archived": re.compile("(?i)true|false"),
         "id": re.compile("[0-9]{1,18}")}


def to_csv(rows: Iterable[Iterable[Any]]) -> str:
    """Return rows in CSV: true and false in lower case, None as nothing."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [str(value).lower() if isinstance(value, bool) else value
         for value in row] for row in rows)
    return text.getvalue()


def table_of(rows: Iterable[Row]) -> str:
    """Return the table to save; equal states are equal text."""
    return to_csv([Row._fields, *sorted(
        rows, key=lambda row: (row.repository.lower(), row.id))])


def parse_table(text: str, name: str) -> Dict[int, Row]:
    """Return the rows of a table by id; the name is the file's.

    The columns may be in any order, separated by commas or, as some
    spreadsheets save them, by semicolons. Raises UsageError for what is no
    such table.
    """
    header = text.partition("\n")[0]
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=max(",;", key=header.count))
    rows: Dict[int, Row] = {}
    try:
        missing = CELLS.keys() - set(reader.fieldnames or ())
        if missing:
            raise UsageError("not a saved table: no column "
                             + ", ".join(sorted(missing)))
        for values in reader:
            if any(values.values()):  # A spreadsheet may add empty rows.
                row = parse_row(values)
                if row.id in rows:
                    raise UsageError(f"the id {row.id} stands here twice")
                rows[row.id] = row
    except (csv.Error, UsageError) as error:
        line = reader.reader.line_num or 1
        raise UsageError(f"{name}:{line}: {error}") from error
    return rows


def parse_row(values: Mapping[str, Optional[str]]) -> Row:
    """Return a row of a table; raise UsageError where a cell is wrong."""
    cell = {column: values.get(column) or "" for column in Row._fields}
    for column, pattern in CELLS.items():
        if not pattern.fullmatch(cell[column]):
            raise UsageError(f"{column} can't be {cell[column]!r}")
    return Row(
        cell["repository"], cell["license"], cell["verdict"],
        cell["fork"].lower() == "true", cell["archived"].lower() == "true",
        cell["url"], int(cell["id"]))


def change_of(row: Row, earlier: Optional[Row]) -> str:
    """Return what has changed in a repository, or "" if nothing has.

    "was allowed", "was exception" and "was not judged" say that the policy
    has changed: the repository is not allowed now, under the same license.
    """
    if earlier is None:
        return "new"
    same_license = license_id(row.license) == license_id(earlier.license)
    changes = {
        f"license was {earlier.license}": not same_license,
        "archived": row.archived and not earlier.archived,
        "unarchived": earlier.archived and not row.archived,
        f"renamed from {earlier.repository}":
            row.repository.lower() != earlier.repository.lower(),
        f"was {earlier.verdict or 'not judged'}":
            same_license and row.verdict == NOT_ALLOWED != earlier.verdict}
    return ", ".join(change for change, holds in changes.items() if holds)


def gone(
        earlier: Mapping[int, Row], rows: Iterable[Row],
        organizations: Collection[str]) -> List[Row]:
    """Return, sorted, which earlier rows of organizations are missing now."""
    ids = {row.id for row in rows}
    return sorted(
        row for row in earlier.values()
        if row.id not in ids and owner_of(row.repository) in organizations)
