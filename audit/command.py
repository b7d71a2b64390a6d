#!/usr/bin/env python3
"""List what organizations publish on GitHub, and under which licenses.

Results go to stdout, all else to stderr. After an error of GitHub or the
network nothing is printed on stdout; after any error nothing is saved.
"""
import argparse
import atexit
import gc
import io
import json
import logging
import os
import re
import shutil
import signal
import sys
import time
from collections import Counter
from contextlib import ExitStack, closing, suppress
from functools import partial
from itertools import count
from typing import (
    Any, Collection, Dict, Iterable, Iterator, List, Mapping, NamedTuple,
    Optional, Sequence, Tuple)

from requests import HTTPError

from .explain import explain
from .live import (
    API_URL, LOG, MAX_WORKERS, LiveOrgClient, environment, github_session)
from .policy import (
    LICENSE, NOT_ALLOWED, Policy, Row, change_of, gone, license_id, notes_on,
    owner_of, parse_policy, parse_table, row_of, table_of, to_csv)

COLUMNS = ("repository", "license", "verdict", "change", "fork", "archived",
           "language", "stars", "pushed_at", "url", "id")
FACTS = ("language", "stargazers_count", "pushed_at")  # as GitHub says it
Repos = Mapping[int, Mapping[str, Any]]  # GitHub's objects by id


class Task(NamedTuple):
    """What there is to do: the options, and what they refer to.

    earlier: the table of --since by id; None without one, or the first time.
    replaced: the table that --save will replace; empty if there is none.
    clients: one for each organization on the command line, in its order.
    """

    args: argparse.Namespace
    policy: Optional[Policy]
    earlier: Optional[Dict[int, Row]]
    replaced: Dict[int, Row]
    clients: List[LiveOrgClient]


class Report(NamedTuple):
    """What to print on stdout and stderr, what to save, and the status."""

    output: str
    notes: List[str]
    rows: List[Row]
    status: int


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command, and return its status: 0, 1, 2 or 3 (see --help)."""
    args = parse(argv)
    status = 2
    try:
        with ExitStack() as stack:
            task = prepare(args, stack)
            status = 1
            report = audit(task)
    except (OSError, RuntimeError, ValueError) as error:
        line = explain(error, hint_for(args), os.environ)
        return complain(line, status)
    return deliver(report, args)


def deliver(report: Report, args: argparse.Namespace) -> int:
    """Print and save a report; return the status."""
    for note in report.notes:
        complain(note)
    unsaved = f"; {args.save} is not saved" if args.save else ""
    try:
        show(report.output)
    except (OSError, ValueError) as error:
        # If its reader has gone, as after `| head`, that alone is no error.
        if unsaved or not isinstance(error, BrokenPipeError):
            why = getattr(error, "strerror", "") or error
            return complain(f"stdout: {why}{unsaved}")
    if args.save and report.status != 1:
        try:
            save(args.save, table_of(report.rows))
        except OSError as error:
            return complain(f"{args.save} is not saved: {error.strerror}")
    return report.status


def complain(line: str, status: int = 1) -> int:
    """Print a line on stderr, and return the status."""
    printable = "".join(c if c.isprintable() else " " for c in line)
    with suppress(OSError):  # If nobody can read it, the status still counts.
        print("audit:", printable, file=sys.stderr)
    return status


# Before the first request.

def parse(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line; exit with status 2 where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="audit", allow_abbrev=False,
        description=__doc__,
        epilog="KEY is a license's key or SPDX id, in upper or lower case; "
        "'none' is no license, 'other' one that GitHub does not recognize. "
        "A policy has a license a line, or a repository and the license that "
        "was approved for it. --licenses, --csv and --json show whatever is "
        "looked at, with --policy too. If --since and --save name the same "
        "file, it may be missing the first time. GH_TOKEN or GITHUB_TOKEN "
        "holds a token, GITHUB_API_URL an Enterprise Server's API. Status: 0 "
        "done, 1 failed, 2 wrong usage, 3 something is not allowed.")
    add = parser.add_argument
    flag = partial(add, action="store_true")
    form = partial(parser.add_mutually_exclusive_group().add_argument,
                   action="store_true")
    add("orgs", metavar="ORG", nargs="+", help="an organization's name")
    add("--license", metavar="KEY", action="append", default=[],
        help="only repositories under this license; repeat it for more")
    flag("--source", help="leave out forks")
    flag("--no-archived", help="leave out archived repositories")
    file = partial(add, metavar="FILE", action="append")
    file("--policy", help="list what this policy does not allow; status 3 if "
         "there is any")
    file("--since", help="list what has changed since --save wrote this table")
    form("--licenses", help="count the repositories under each license")
    form("--csv", help="print a row for each repository, for a spreadsheet")
    form("--json", help="print GitHub's own objects, as one JSON array")
    file("--save",
         help="keep the state of all public repositories in this table")
    flag("--recorded", help="answer from a recording of google, offline")
    add("--jobs", metavar="N", type=int, default=10,
        help=f"pages to fetch at once, 1 to {MAX_WORKERS} (%(default)s)")
    flag("-v", "--verbose", help="log every request to stderr")
    args = parser.parse_intermixed_args(argv)
    for name in args.orgs:
        if not re.fullmatch("[A-Za-z0-9_-]+", name):
            parser.error(f"no organization has the name {name!r}; give one "
                         "name at a time, and no URL")
    for key in args.license:
        if not LICENSE.fullmatch(key):
            parser.error(f"no license has the key {key!r}; give one at a time")
    for option in ("policy", "since", "save"):
        names = getattr(args, option) or [None]
        if len(names) > 1 or names[0] == "":
            parser.error(f"argument --{option}: give the name of one file")
        setattr(args, option, names[0])
    if not 1 <= args.jobs <= MAX_WORKERS:
        parser.error(f"argument --jobs: must be from 1 to {MAX_WORKERS}")
    if args.since and (args.json or args.licenses):
        parser.error("argument --since: not allowed with --json, --licenses")
    return args


def prepare(args: argparse.Namespace, stack: ExitStack) -> Task:
    """Read the files and the environment, and make the clients.

    Raises ValueError or OSError where one of them is wrong. What the clients
    need is closed with the stack.
    """
    policy, earlier, replaced = None, None, {}
    if args.policy:
        policy = parse_policy(read(args.policy), args.policy)
    path = os.path.realpath(args.save or "")
    if args.save:
        if not os.path.isdir(os.path.dirname(path)):
            raise ValueError(f"{args.save}: there is no such folder")
        if os.path.exists(path) and not os.path.isfile(path):
            raise ValueError(f"{args.save}: this is not a regular file")
        # It may be new or empty; a file of another kind is not replaced.
        text = read(args.save) if os.path.exists(path) else ""
        replaced = parse_table(text, args.save) if text else {}
    if args.since and (
            os.path.exists(path) or os.path.realpath(args.since) != path):
        earlier = parse_table(read(args.since), args.since)
    token, api_url = environment()
    if args.recorded:
        from .replay import replay
        token, api_url = None, stack.enter_context(replay())
    bundle = os.getenv("REQUESTS_CA_BUNDLE") or os.getenv("CURL_CA_BUNDLE")
    if bundle and not args.recorded and not os.path.exists(bundle):
        raise ValueError(f"{bundle}: there is no such file of certificates "
                         "(REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE)")
    session = stack.enter_context(github_session(token, api_url))
    if args.verbose:
        logging.basicConfig(format="%(message)s")
        logging.getLogger("urllib3").setLevel(logging.DEBUG)
    clients = [LiveOrgClient(name, session, api_url, args.jobs)
               for name in args.orgs]
    return Task(args, policy, earlier, replaced, clients)


def read(path: str) -> str:
    """Return a text file; raise ValueError where it can't be read."""
    try:
        with open(path, encoding="utf-8-sig") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", "this is not UTF-8")
        raise ValueError(f"{path}: {why}") from error


# The audit.

def audit(task: Task) -> Report:
    """Ask for all repositories, and return what is to be said of them.

    Nothing is listed unless every organization is there; each that is not
    gets its line at once.
    """
    logins: Dict[str, str] = {}
    with closing(Progress(task)) as progress:
        for name, client in zip(task.args.orgs, task.clients):
            try:
                logins[name] = client.org["login"]
            except HTTPError as error:
                response: Any = error.response
                if response.status_code != 404:
                    raise
                complain(f"no such organization: {name} (renamed, or a user's "
                         f"account?){'' if logins else hint_for(task.args)}")
        if len(logins) < len(set(task.args.orgs)):
            return Report("", [], [], 1)
        # An organization that is named twice is listed once.
        clients = {client.org["id"]: client for client in task.clients}
        repos = {repo["id"]: repo for client in clients.values()
                 for repo in client.repos_payload}
    notes = [f"{name} is now {login}" for name, login in logins.items()
             if name.lower() != login.lower()]
    notes += [f"{client.org['login']} has no public repository"
              for client in clients.values() if not client.repos_payload]
    report = judge(task, repos, {
        name.lower() for names in logins.items() for name in names})
    if not task.args.verbose:  # With -v the log has the warnings already.
        notes += progress.warnings
    return report._replace(notes=notes + report.notes)


def judge(task: Task, repos: Repos, owners: Collection[str]) -> Report:
    """Return what is to be said of all repositories of their owners.

    These are the organizations that were asked, in lower case.
    """
    args, policy, earlier = task.args, task.policy, task.earlier
    rows = [row_of(repo, policy) for repo in repos.values()]
    looked_at = [row for row in rows if fits(row, args)]
    not_allowed = [row for row in looked_at if row.verdict == NOT_ALLOWED]
    changes = {} if earlier is None else {
        row.id: change_of(row, earlier.get(row.id)) for row in rows}
    if args.json:
        objects = [repos[row.id] for row in looked_at]
        output = json.dumps(objects, indent=2) + "\n"
    elif args.csv:
        output = spreadsheet(looked_at, changes, repos)
    elif args.licenses:
        output = chart([row.license for row in looked_at])
    elif earlier is not None:
        told = rows + gone(earlier, rows, owners)
        output = lines(news(task, earlier, told, changes))
    elif policy:
        output = lines((row.repository, row.license) for row in not_allowed)
    else:
        output = lines((row.repository,) for row in looked_at)
    found = set(map(license_id, {row.license for row in rows}))
    notes = [f"no repository is under {key}" for key in args.license
             if license_id(key) not in found]
    notes += notes_on(policy, rows, owners) if policy else []
    left_out = {owner_of(row.repository) for row in task.replaced.values()
                if row.id not in repos}
    notes += [f"{owner} was not asked: its rows are left out of {args.save}"
              for owner in sorted(left_out.difference(owners))]
    if args.since and earlier is None:
        notes.append(f"{args.since} is not there yet: this is the first run")
    unchanged = sum(changes.get(row.id) == "" for row in not_allowed)
    if unchanged:
        notes.append(f"not allowed, but not changed: {unchanged}")
    return Report(output, notes, rows, 3 if not_allowed else 0)


def fits(row: Row, args: argparse.Namespace) -> bool:
    """Return whether a repository is one that the filters let through."""
    return not (
        args.source and row.fork
        or args.no_archived and row.archived
        or args.license
        and license_id(row.license) not in map(license_id, args.license))


def news(
        task: Task, earlier: Mapping[int, Row], rows: Iterable[Row],
        changes: Mapping[int, str]) -> Iterator[Tuple[str, ...]]:
    """Yield the fields of each change: repository, license, change.

    With a policy the verdict stands before the change. A row whose id is not
    in the changes is gone. What the filters leave out is told once, if they
    let its earlier state through.
    """
    for row in rows:
        change = changes.get(row.id, "gone")
        now = fits(row, task.args)
        before = fits(earlier.get(row.id, row), task.args)
        if change and (now or before):
            is_judged = now and row.id in changes
            verdict = [row.verdict if is_judged else ""] if task.policy else []
            yield (row.repository, row.license, *verdict, change)


# What is printed and saved.

def lines(rows: Iterable[Iterable[str]]) -> str:
    """Return a line for each row, its fields separated by a tab."""
    return "".join("\t".join(row) + "\n" for row in rows)


def spreadsheet(
        rows: Iterable[Row], changes: Mapping[int, str], repos: Repos) -> str:
    """Return a table in CSV: a header, and a row for each repository."""
    return to_csv([COLUMNS, *(
        (*row[:3], changes.get(row.id), row.fork, row.archived,
         *map(repos[row.id].get, FACTS), row.url, row.id) for row in rows)])


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


def show(text: str) -> None:
    """Print a text on stdout, all of it, or raise OSError.

    Without a buffer (PYTHONUNBUFFERED, python -u), print would pass over it
    in silence if a full disk took a part alone. Here a buffer is between.
    """
    out = sys.stdout
    if not isinstance(getattr(out, "buffer", None), io.RawIOBase):
        print(text, end="", flush=True)
        return
    with open(out.fileno(), "w", encoding=out.encoding, errors=out.errors,
              closefd=False) as buffered:
        buffered.write(text)


def save(path: str, text: str) -> None:
    """Put a text in the place of a file, in one step, with its mode.

    After an OSError the file is as it was, and nothing lies beside it.
    """
    target = os.path.realpath(path)
    beside = f"{target}.{os.urandom(8).hex()}"
    try:
        with open(beside, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        if os.path.exists(target):
            shutil.copymode(target, beside)
        os.replace(beside, target)
    finally:
        with suppress(OSError):  # It has its place by now, or never was.
            os.remove(beside)


class Progress(logging.Handler):
    """Shows pages and waits on a line of a terminal, and keeps warnings."""

    def __init__(self, task: Task) -> None:
        """Begin to listen to the log, and to what a session receives."""
        super().__init__()
        is_shown = sys.stderr.isatty() and not task.args.verbose
        self.terminal = sys.stderr if is_shown else io.StringIO()
        self.pages = count(1)
        self.warnings: List[str] = []
        LOG.setLevel(logging.INFO)
        LOG.addHandler(self)
        if is_shown:
            task.clients[0].session.hooks["response"].append(self.count_page)

    def count_page(self, response: Any, **_: Any) -> None:
        """Count a response if it is a page; requests calls this for each."""
        if response.status_code == 200 and "per_page=" in response.url:
            number = next(self.pages)
            if time.monotonic() >= response.connection.paused_until:
                LOG.info("pages: %d", number)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a warning; show anything else, in place of what is shown."""
        if record.levelno >= logging.WARNING:
            self.warnings.append(record.getMessage())
        else:
            self.draw(record.getMessage())

    def draw(self, text: str) -> None:
        """Replace what the line shows, if anybody can read it."""
        with suppress(OSError):
            self.terminal.write(f"\r{text:40}\r")
            self.terminal.flush()

    def close(self) -> None:
        """Clear the line, and show nothing any more."""
        LOG.removeHandler(self)
        self.acquire()  # No page is being shown just now.
        self.draw("")
        self.terminal = io.StringIO()
        self.release()
        super().close()


def hint_for(args: argparse.Namespace) -> str:
    """Return a hint at GITHUB_API_URL, where it is another than GitHub's."""
    is_github = args.recorded or environment()[1].rstrip("/") == API_URL
    return "" if is_github else "; GITHUB_API_URL may be wrong"


# As a program.

def run() -> int:
    """Run the command as a program: quiet at a closed pipe and at Ctrl-C.

    Ctrl-C ends it by its signal, as it ends any Unix tool. When it returns,
    the handler of that signal is the one that it found.
    """
    sys.stderr = sys.stderr or open(os.devnull, "w")  # closed: say nothing
    sys.stdout = sys.stdout or open(os.devnull)  # closed: printing fails
    # At exit Python would search all that is loaded for garbage: 15 ms.
    atexit.register(gc.freeze)
    handler = signal.getsignal(signal.SIGINT)
    try:
        with suppress(ValueError):  # Only the main thread can set it.
            if handler is signal.default_int_handler:  # It may be ignored.
                signal.signal(signal.SIGINT, signal.SIG_DFL)
        return main()
    finally:
        with suppress(TypeError, ValueError):  # It may be none of Python's.
            signal.signal(signal.SIGINT, handler)
        try:
            sys.stdout.flush()
        except OSError:  # main has reported it; Python would try again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
