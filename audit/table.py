#!/usr/bin/env python3
"""The table that keeps the state of repositories, and what has changed since.

Pure functions and values: no network, no command line, no files.
"""
import csv
import io
import re
from typing import (
    Any, Collection, Dict, Iterable, List, Mapping, Optional)

from .policy import (
    LINE_END, NOT_ALLOWED, REPOSITORY, Policy, Row, UsageError, has_text,
    is_same_license, owner_of)

# What must stand in the columns that a table needs.
CELLS = {"repository": REPOSITORY, "license": re.compile(".+"),
         "archived": re.compile("(?ai)true|false"),
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
    header = LINE_END.split(text, 1)[0]
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=max(",;", key=header.count))
    rows: Dict[int, Row] = {}
    try:
        missing = CELLS.keys() - (reader.fieldnames or ())
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
    for column, text in cell.items():
        pattern = CELLS.get(column)
        if not text.isprintable() or pattern and not pattern.fullmatch(text):
            raise UsageError(f"{column} can't be {text!r}")
    return Row(
        cell["repository"], cell["license"], cell["verdict"],
        cell["fork"].lower() == "true", cell["archived"].lower() == "true",
        cell["url"], int(cell["id"]))


def needs_texts(
        policy: Optional[Policy], earlier: Optional[Mapping[int, Row]]
        ) -> bool:
    """Return whether a policy or an earlier table holds digits of a text.

    If so, the text of each `other` that is looked at must be read.
    """
    approved = policy.approvals if policy else {}
    return (any(has_text(id) for _, id in approved)
            or any(has_text(row.license) for row in (earlier or {}).values()))


def change_of(row: Row, earlier: Optional[Row]) -> str:
    """Return what has changed in a repository, or "" if nothing has.

    "was allowed", "was exception" and "was not judged" say that the policy
    has changed: the repository is not allowed now, under the same license.
    """
    if earlier is None:
        return "new"
    same_license = is_same_license(row.license, earlier.license)
    changes = []
    if not same_license:
        changes.append(f"license was {earlier.license}")
    if row.archived and not earlier.archived:
        changes.append("archived")
    if earlier.archived and not row.archived:
        changes.append("unarchived")
    if earlier.fork and not row.fork:
        changes.append("no longer a fork")
    if row.repository.lower() != earlier.repository.lower():
        changes.append(f"renamed from {earlier.repository}")
    is_not_allowed_now = (
        row.verdict == NOT_ALLOWED and earlier.verdict != NOT_ALLOWED)
    if same_license and is_not_allowed_now:
        changes.append(f"was {earlier.verdict or 'not judged'}")
    return ", ".join(changes)


def gone(
        earlier: Mapping[int, Row], rows: Iterable[Row],
        organizations: Collection[str]) -> List[Row]:
    """Return, sorted, which earlier rows of organizations are missing now."""
    ids = {row.id for row in rows}
    return sorted(
        row for row in earlier.values()
        if row.id not in ids and owner_of(row.repository) in organizations)
