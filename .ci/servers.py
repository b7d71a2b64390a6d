#!/usr/bin/env python3
"""Run the audit against made-up servers, and check what it promises.

Usage: servers.py [EXAMPLES [SEED]], in the folder of the project, which must
be on PYTHONPATH.

hypothesis makes up organizations whose repositories change while they are
listed, and servers whose answers are cut, broken or untrue. For each of them
the command is run, and one of these must hold:

- Every repository that is listed was public at some time during the run, and
  every one that was public all the time is listed. If one of these is
  missing, a warning says how many GitHub counts and how many it lists.
  Where texts of licenses are read, each has the digits of a text that was
  there, or "no-text" where GitHub had none to give; else it has none.
- The status is 1, nothing is on stdout, and all files are as they were.

One thing can't be noticed: that a repository is missing where pages shift or
lie, and the organization's count is too low as well.
"""
import csv
import io
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Dict, List, NamedTuple, Sequence, Set
from unittest.mock import patch

import hypothesis

from audit.command import main as audit
from audit.policy import decode
from audit.replay import replay
from audit.table import parse_table
from made_up import PER_PAGE, Case, Server, cases

TABLE = ("repository,license,verdict,fork,archived,url,id\n"
         "google/r1,ISC,allowed,true,false,,1\n"
         "google/r2,other:0123456789ab,exception,false,false,,2\n"
         "google/r99,MIT,allowed,false,false,,99\n")
POLICY = "MIT\ngoogle/r2 GPL-3.0  # a reason\nacme/* GPL-3.0\n"
BOUND = "MIT\nother:f67f637fc188  # read\n"
REPORT = "The report of last week.\n"
WARNING = re.compile(
    "audit: (.*): GitHub counts ([0-9]+) public repositories and lists "
    "([0-9]+)")


class Clock:
    """Stands for the module time: who sleeps only moves its hands."""

    def __init__(self) -> None:
        """Begin at the present time."""
        self.ahead = 0.0
        self.strftime, self.gmtime = time.strftime, time.gmtime

    def time(self) -> float:
        """Return the seconds since 1970 by this clock."""
        return time.time() + self.ahead

    def monotonic(self) -> float:
        """Return the seconds by a clock that only runs forward."""
        return time.monotonic() + self.ahead

    def sleep(self, seconds: float) -> None:
        """Be later by so many seconds."""
        self.ahead += seconds


class Result(NamedTuple):
    """What a run of the command has left."""

    status: int
    out: str
    err: str
    files: Dict[str, bytes]


def run(server: Server, case: Case, folder: str) -> Result:
    """Run the command on the files in a folder; return what it has left."""
    paths = {name: os.path.join(folder, name) for name in (
        "policy.txt", "bound.txt", "table.csv", "report.md")}
    argv = [paths.get(word, word) for word in case.options]
    google, *others = server.world.orgs
    with replay({"": server.faults()}, on_request=server.hear) as url:
        with patch.dict(os.environ, {"GITHUB_API_URL": url}, clear=True), \
                patch("audit.session.time", Clock()), \
                patch.dict("audit.live.LISTING", per_page=PER_PAGE), \
                redirect_stdout(io.StringIO()) as out, \
                redirect_stderr(io.StringIO()) as err:
            status = audit([google, *others, "--csv", f"--jobs={case.jobs}",
                            *argv])
    return Result(status, out.getvalue(), err.getvalue(), files_in(folder))


def files_in(folder: str) -> Dict[str, bytes]:
    """Return the files in a folder, each with its bytes."""
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def check(case: Case) -> str:
    """Run the command on a case, and return how it ended.

    Raises AssertionError if it breaks a rule.
    """
    server = Server(case)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "policy.txt").write_text(POLICY)
        Path(folder, "bound.txt").write_text(BOUND)
        Path(folder, "report.md").write_text(REPORT)
        if case.has_table or "--save" not in case.options:
            Path(folder, "table.csv").write_text(TABLE)
        before = files_in(folder)
        result = run(server, case, folder)
    assert not server.errors, server.errors
    strange = [line for line in result.err.splitlines()
               if not line.startswith("audit: ")]
    assert not strange, strange
    if result.status == 1:
        assert result.err, "an error without a line"
        assert not result.out, result.out
        assert result.files == before, result.files
        return "ended by an error"
    assert result.status in (0, 3), result.status
    assert result.files.keys() <= before.keys() | {"table.csv"}
    report = result.files["report.md"].decode()
    assert (report == REPORT) == ("report.md" not in case.options), report
    assert len(report.encode()) <= 60000, len(report)
    listed = check_listing(server, result)
    if "move" not in [event.what for event in case.events]:
        check_warnings(server, result)
    compares = "--since" in case.options and "table.csv" in before
    check_texts(server, result, compares or "--texts" in case.options
                or "bound.txt" in case.options)
    if "--save" in case.options:
        table = decode(result.files["table.csv"], "table.csv")
        assert parse_table(table, "table.csv").keys() == listed, table
    return "warned" if WARNING.search(result.err) else "listed"


def check_listing(server: Server, result: Result) -> Set[int]:
    """Return the ids that are listed.

    Raises AssertionError if there are too many, or too few without a warning.
    """
    world = server.world
    rows = list(csv.DictReader(io.StringIO(result.out)))
    ids = [int(row["id"]) for row in rows]
    assert len(ids) == len(set(ids)), f"listed twice: {ids}"
    is_allowed = all(row["verdict"] != "not allowed" for row in rows)
    assert result.status == (0 if is_allowed else 3), result.status
    for row in rows:
        names = world.names.get(int(row["id"]), set())
        assert row["repository"] in names, f"was not public: {row}"
    warned = [login for login, *_ in WARNING.findall(result.err)]
    for id in world.always - set(ids):
        logins = [login for login in world.orgs if id in world.ever[login]]
        assert any(login in warned or can_hide(server, login)
                   or f"{login} is now " in result.err
                   for login in logins), f"{id} is missing without a word"
    return set(ids)


def check_warnings(server: Server, result: Result) -> None:
    """Raise AssertionError if a warning has other numbers than there are."""
    owners = Counter(row["repository"].partition("/")[0] for row
                     in csv.DictReader(io.StringIO(result.out)))
    for login, counted, listed in WARNING.findall(result.err):
        assert int(counted) == server.stated[login], (login, counted)
        assert int(listed) == owners[login], (login, listed)


def check_texts(server: Server, result: Result, are_read: bool) -> None:
    """Raise AssertionError if a license has the digits of no text it had.

    Where texts are not read, it has none.
    """
    for row in csv.DictReader(io.StringIO(result.out)):
        name, _, digits = row["license"].partition(":")
        if name == "other":
            had = server.digits[row["repository"]] if are_read else {""}
            assert digits in had, row


def can_hide(server: Server, login: str) -> bool:
    """Return whether a missing repository of an organization is not noticed.

    Its pages shift or lie, and its count is too low as well.
    """
    world = server.world
    is_low = server.stated.get(login, 0) < len(world.ever[login])
    return is_low and login in world.unsteady


def main(argv: Sequence[str]) -> int:
    """Run so many cases from a seed; return 0, or fail by what is wrong."""
    examples = int(argv[0]) if argv else 300
    number = int(argv[1]) if argv[1:] else random.randrange(10**6)
    print(f"seed {number}", flush=True)
    endings: List[str] = []

    @hypothesis.seed(number)
    @hypothesis.settings(max_examples=examples, database=None, deadline=None,
                         print_blob=False,
                         suppress_health_check=list(hypothesis.HealthCheck))
    @hypothesis.given(cases())
    def each(case: Case) -> None:
        """Check one case, and keep how it ends."""
        endings.append(check(case))

    # Without a folder of its own, hypothesis leaves one here.
    with tempfile.TemporaryDirectory() as folder, patch.dict(
            os.environ, HYPOTHESIS_STORAGE_DIRECTORY=folder):
        each()
    counts = Counter(endings).most_common()
    print(f"{examples} made-up servers:", ", ".join(
        f"{number} {ending}" for ending, number in counts))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
