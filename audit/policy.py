#!/usr/bin/env python3
"""What a license policy allows, and which of its lines are of no use.

Pure functions and values: no network, no command line, no files. Names of
licenses have one spelling everywhere: the SPDX id as GitHub says it, `other`
for a license that GitHub does not recognize, `none` for no license. Where
the text of an `other` was read, its name is `other:` and the twelve digits
that stand for the text, or `other:no-text`.
"""
import codecs
import re
from difflib import get_close_matches
from typing import (
    Any, Collection, Dict, Iterable, List, Mapping, NamedTuple, Optional,
    Pattern, Tuple)

ALLOWED, EXCEPTION, NOT_ALLOWED = "allowed", "exception", "not allowed"
LICENSE = re.compile("[A-Za-z0-9_.+-]+")
TEXT = re.compile("(?i:other):(?:[0-9a-f]{12}|no-text)")
REPOSITORY = re.compile("[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
# A repository (where `*` stands for any part of its name) and a license.
APPROVAL = re.compile(
    r"(?:([A-Za-z0-9_.-]+/[A-Za-z0-9_.*-]+)\s+)?"
    rf"({TEXT.pattern}|{LICENSE.pattern})")
LINE_END = re.compile("\r\n?|\n")
# SPDX has an id for "this version" and one for "or later"; GitHub does not
# tell them apart. https://spdx.org/licenses/
GNU_LICENSE = re.compile(r"\A((?:[al]?gpl|gfdl)-[0-9.]+)(?:-(?:no-)?"
                         r"invariants)?(-only|-or-later|\+)\Z")


class UsageError(ValueError):
    """What was given can't be used; the message says why, in a line."""


def decode(data: bytes, name: str) -> str:
    """Return the text of a policy or a table; the name is the file's.

    It is UTF-8, or UTF-16 with its byte order mark (as PowerShell writes).
    Raises UsageError, with the line, where another encoding begins.
    """
    is_utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "UTF-16" if is_utf_16 else "UTF-8"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        readable = data[:error.start].decode(encoding)
        raise encoding_error(encoding, readable, name) from error
    if "\0" in text:  # It is UTF-16 without its mark.
        raise encoding_error(encoding, text.partition("\0")[0], name)
    if data.endswith(b"\n") and not text.endswith("\n"):
        # It ends as UTF-8 does; in UTF-16 the end of a line is two bytes.
        raise encoding_error(encoding, text, name)
    return text.lstrip("\ufeff")


def printable(text: str) -> str:
    """Return a text with blanks for what can't be printed.

    Those are control characters, and characters that are invisible or turn
    the direction of a text.
    """
    return "".join(c if c.isprintable() else " " for c in text)


def encoding_error(encoding: str, readable: str, name: str) -> UsageError:
    """Return the error for a file that is readable up to a certain line."""
    line = len(LINE_END.split(readable))
    others = ", but the lines before it are" if line > 1 else ""
    return UsageError(f"{name}:{line}: this is not {encoding}{others}")


# Licenses.

def license_name(repo: Mapping[str, Any]) -> str:
    """Return the name of a repository's license, from GitHub's object."""
    license = repo.get("license") or {}
    name: str = license.get("spdx_id") or license.get("key") or "none"
    return "other" if name.upper() == "NOASSERTION" else name


def license_id(name: str) -> str:
    """Return the form in which a license's key and SPDX ids are equal."""
    name = GNU_LICENSE.sub(r"\1", name.lower())
    return "other" if name == "noassertion" else name


def has_text(license: str) -> bool:
    """Return whether the name of a license stands for a certain text."""
    return license_id(license).startswith("other:")


def without_text(license: str) -> str:
    """Return the name of a license as GitHub says it: `other` for any text."""
    return "other" if has_text(license) else license


def approving_ids(license: str) -> List[str]:
    """Return the ids in a policy that allow a license, the exact one first."""
    id = license_id(license)
    return [id, "other"] if has_text(id) else [id]


def is_same_license(one: str, another: str) -> bool:
    """Return whether two names mean one license, as far as is known.

    `other` is a text that was not read: it may be any.
    """
    one, another = license_id(one), license_id(another)
    if "other" in (one, another):
        return without_text(one) == without_text(another)
    return one == another


def owner_of(repository: str) -> str:
    """Return the organization in `owner/name`, in lower case."""
    return repository.split("/")[0].lower()


# The policy.

class Approval(NamedTuple):
    """A line of a policy: its number, and what is written there.

    repository: of an exception; it may hold `*`. Empty where the license is
    allowed for all repositories.
    reason: the comment on this line.
    """

    line: int
    repository: str
    license: str
    reason: str


class Policy(NamedTuple):
    """What is allowed, and the name of the file that says so.

    approvals: the last line for each repository, in lower case, and license
    id; "" stands for all repositories.
    groups: a pattern for each repository with `*` in its name.
    """

    name: str
    approvals: Dict[Tuple[str, str], Approval]
    groups: Dict[str, Pattern[str]]

    def approval(self, repository: str, license: str) -> Optional[Approval]:
        """Return the line that allows a license, or None if none does.

        The license's own line goes first, then the repository's, then a
        group's; the digits of a text before `other`; and the last of equals.
        """
        repository = repository.lower()
        groups = [group for group, pattern in self.groups.items()
                  if pattern.fullmatch(repository)]
        for places in [""], [repository], groups:
            for id in approving_ids(license):
                found = [self.approvals[place, id] for place in places
                         if (place, id) in self.approvals]
                if found:
                    return max(found)  # the last line
        return None

    def verdict(self, repository: str, license: str) -> str:
        """Return whether a license is allowed, excepted or not allowed."""
        approval = self.approval(repository, license)
        if approval is None:
            return NOT_ALLOWED
        return EXCEPTION if approval.repository else ALLOWED

    def reason(self, repository: str, license: str) -> str:
        """Return the comment on the line that allows a license, or ""."""
        approval = self.approval(repository, license)
        return approval.reason if approval else ""


def parse_policy(text: str, name: str) -> Policy:
    """Return the policy that a text states; the name is the file's.

    Each line is a license, or a repository and a license, split by blanks;
    `#` begins a comment. Raises UsageError for a line of another form.
    """
    approvals, groups = {}, {}
    for number, line in enumerate(LINE_END.split(text), start=1):
        approval = parse_line(line, number, name)
        if approval:
            repository = approval.repository.lower()
            approvals[repository, license_id(approval.license)] = approval
            if "*" in repository:
                groups[repository] = re.compile(
                    re.escape(repository).replace(r"\*", ".*"))
    return Policy(name, approvals, groups)


def parse_line(line: str, number: int, name: str) -> Optional[Approval]:
    """Return what a line of a policy allows; None for a comment alone."""
    stated, _, comment = line.partition("#")
    if not stated.isascii():
        raise UsageError(f"{name}:{number}: only a comment may have "
                         f"characters outside of ASCII: {stated.strip()}")
    words = APPROVAL.fullmatch(stated.strip())
    if words:
        repository, license = words.groups(default="")
        reason = printable(comment).strip()
        return Approval(number, repository, license, reason)
    if stated.strip():
        raise UsageError(f"{name}:{number}: neither a license nor a "
                         f"repository and a license: {stated.strip()}")
    return None


# What a policy says of a repository.

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


def row_of(
        repo: Mapping[str, Any], policy: Optional[Policy],
        digits: Optional[str] = None, earlier: Optional[Row] = None) -> Row:
    """Return the state of a repository, from GitHub's object.

    digits: those of the license's text, or "no-text"; None if it was not
    read. Then the license keeps the digits that its earlier row has.
    """
    repository, license = repo["full_name"], license_name(repo)
    if license == "other" and digits:
        license = f"other:{digits}"
    elif license == "other" and earlier and has_text(earlier.license):
        license = earlier.license
    return Row(
        repository, license,
        policy.verdict(repository, license) if policy else "",
        bool(repo.get("fork")), bool(repo.get("archived")),
        repo.get("html_url") or "", repo["id"])


# Notes on a policy.

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
    found = ids_of(row.license for row in rows)
    not_allowed = ids_of(
        row.license for row in rows if row.verdict == NOT_ALLOWED)
    notes = []
    for (repository, id), approval in policy.approvals.items():
        why = ""
        if not repository and id not in found:
            why = note_on_license(id, not_allowed)
        elif owner_of(repository) in organizations:
            note = (note_on_group if repository in policy.groups
                    else note_on_exception)
            why = note(policy, repository, id, licenses)
        if why:
            word = approval.repository or approval.license
            notes.append((approval.line, f"{word}: {why}"))
    return [f"{policy.name}:{line}: {note}" for line, note in sorted(notes)]


def ids_of(licenses: Iterable[str]) -> Dict[str, str]:
    """Return GitHub's names of licenses by their ids."""
    return {license_id(name): name
            for name in map(without_text, set(licenses))}


def note_on_license(id: str, not_allowed: Mapping[str, str]) -> str:
    """Return what may be meant by a license that nobody has, or ""."""
    others = [other for other in not_allowed if may_be_one_version(id, other)]
    like_it = (get_close_matches(id, others)
               or [other for other in others if is_beginning(id, other)])
    if not like_it:
        return ""
    return f"not found, and {not_allowed[like_it[0]]} is not allowed"


def may_be_one_version(one: str, another: str) -> bool:
    """Return whether the numbers in two ids are equal, or one is left out."""
    one, another = (re.sub("[^0-9]", "", id) for id in (one, another))
    return one.startswith(another) or another.startswith(one)


def is_beginning(one: str, another: str) -> bool:
    """Return whether the words in one of two ids begin the other."""
    short, long = sorted((one, another), key=len)
    return long.startswith((short + "-", short + "."))


def note_on_exception(
        policy: Policy, repository: str, id: str,
        licenses: Mapping[str, str]) -> str:
    """Return why an exception for a repository is of no use, or ""."""
    license = licenses.get(repository)
    if license is None:
        return "no public repository has this name"
    if policy.verdict(repository, license) == ALLOWED:
        return f"its license, {license}, is allowed anyway"
    if is_same_license(id, license):
        return ""
    if has_text(id) and has_text(license):
        return f"its text is {license} now"
    return f"it is under another license, {license}"


def note_on_group(
        policy: Policy, group: str, id: str,
        licenses: Mapping[str, str]) -> str:
    """Return why an exception for a group is of no use, or ""."""
    pattern = policy.groups[group]
    met = [license for repository, license in licenses.items()
           if pattern.fullmatch(repository)]
    if not met:
        return "no public repository has such a name"
    if any(is_same_license(id, license) for license in met):
        return ""
    return f"no such repository is under {policy.approvals[group, id].license}"
