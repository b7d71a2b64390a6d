#!/usr/bin/env python3
"""List what organizations publish on GitHub, and under which licenses.

Results go to stdout, all else to stderr. After an error of GitHub or the
network nothing is printed on stdout; after any error nothing is saved.
"""
import argparse
import atexit
import gc
import io
import logging
import os
import re
import shutil
import signal
import sys
import threading
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import partial
from typing import (
    Any, Dict, Iterator, List, Mapping, Optional, Sequence, Set, TextIO)

from requests import HTTPError, RequestException

from .explain import explain
from .findings import Found, Options, Org, Task, Text, repos_to_read
from .live import LiveOrgClient
from .policy import LICENSE, UsageError, decode, parse_policy
from .report import Report, report_on
from .session import (
    API_URL, LOG, MAX_WORKERS, environment, github_session, log_wait)
from .table import parse_table
from .texts import NO_TEXT, text_digits


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command, and return its status: 0, 1, 2 or 3 (see --help)."""
    options = parse(argv)
    try:
        task = prepare(options)
        with ExitStack() as stack:
            warnings = listen(options, stack)
            is_shown = sys.stderr.isatty() and not options.verbose
            progress = stack.enter_context(closing(Progress(
                sys.stderr if is_shown else io.StringIO())))
            clients = connect(options, progress, stack)
            report = audit(task, clients, progress, warnings)
    except UsageError as error:
        return complain(str(error), 2)
    except RequestException as error:
        return complain(explain(error, hint_for(options), os.environ))
    return deliver(report, options) if report else 1


def deliver(report: Report, options: Options) -> int:
    """Print and save a report; return the status."""
    for note in report.notes:
        complain(note)
    texts = {options.markdown: report.page, options.save: report.table}
    texts.pop("", None)
    unsaved = " and ".join(texts) + (
        " are not saved" if len(texts) > 1 else " is not saved")
    try:
        show(report.output)
    except (OSError, UnicodeError) as error:
        why = f"stdout: {getattr(error, 'strerror', '') or error}"
        if texts:
            return complain(f"{why}; {unsaved}")
        # If its reader has gone, as after `| head`, that alone is no error.
        return (report.status if isinstance(error, BrokenPipeError)
                else complain(why))
    try:
        save(texts)
    except OSError as error:
        return complain(f"{unsaved}: {error.strerror}")
    if report.summary:
        complain(report.summary)
    return report.status


def complain(line: str, status: int = 1) -> int:
    """Print a line on stderr, and return the status."""
    printable = "".join(c if c.isprintable() else " " for c in line)
    with suppress(OSError):  # If nobody can read it, the status still counts.
        print("audit:", printable, file=sys.stderr)
    return status


# Before the first request.

def parse(argv: Optional[Sequence[str]]) -> Options:
    """Parse the command line; exit with status 2 where it is wrong."""
    parser = make_parser()
    args = vars(parser.parse_intermixed_args(argv))
    for option in ("policy", "since", "markdown", "save"):
        names = args[option] or [""]
        if len(names) > 1 or args[option] == [""]:
            parser.error(f"argument --{option}: give the name of one file")
        args[option] = names[0]
    options = Options(**args)
    problem = problem_with(options)
    if problem:
        parser.error(problem)
    return options


def problem_with(options: Options) -> str:
    """Return what is wrong with the options, or ""."""
    for name in options.orgs:
        if not re.fullmatch("[A-Za-z0-9_-]+", name):
            return (f"no organization has the name {name!r}; give one name at "
                    "a time, and no URL")
    for key in options.license:
        if not LICENSE.fullmatch(key):
            return f"no license has the key {key!r}; give one at a time"
    if not 1 <= options.jobs <= MAX_WORKERS:
        return f"argument --jobs: must be from 1 to {MAX_WORKERS}"
    if options.since and options.form in ("json", "licenses"):
        return "argument --since: not allowed with --json, --licenses"
    if options.texts and options.form == "json":
        return "argument --texts: not allowed with --json"
    return ""


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="audit", allow_abbrev=False,
        description=__doc__,
        epilog="KEY is a license's key or SPDX id, in upper or lower case; "
        "'none' is no license, 'other' one that GitHub does not recognize, "
        "whatever its text. A policy has a license a line, or a repository "
        "and the license that was approved for it. With --policy or --since "
        "only what is not allowed or has changed is listed; --licenses, "
        "--csv and --json show whatever is looked at. Texts are also read "
        "without --texts where the policy or the table of --since names one. "
        "If --since and --save name the same file, it may be missing the "
        "first time. GH_TOKEN or GITHUB_TOKEN holds a token, GITHUB_API_URL "
        "the address of another server's API. Status: 0 done, 1 failed, 2 "
        "wrong usage, 3 something is not allowed.")
    add = parser.add_argument
    flag = partial(add, action="store_true")
    file = partial(add, metavar="FILE", action="append")
    form = partial(parser.add_mutually_exclusive_group().add_argument,
                   action="store_const", dest="form", default="")
    add("orgs", metavar="ORG", nargs="+", help="an organization's name")
    add("--license", metavar="KEY", action="append", default=[],
        help="look only at repositories under this license; repeat it for "
        "more")
    flag("--source", help="leave out forks")
    flag("--no-archived", help="leave out archived repositories")
    file("--policy", help="judge each repository by this policy; list what is "
         "not allowed; status 3 if there is any")
    file("--since", help="list what has changed since --save wrote this table")
    flag("--texts", help="read the license text of each 'other', and tell one "
         "text from another")
    form("--licenses", const="licenses",
         help="count the repositories under each license instead")
    form("--csv", const="csv",
         help="print a table for a spreadsheet instead")
    form("--json", const="json",
         help="print GitHub's own objects instead, as one JSON array")
    file("--markdown",
         help="besides, write a report for people to this file")
    file("--save",
         help="keep the state of all public repositories in this table")
    flag("--recorded", help="answer from a recording of google, offline")
    add("--jobs", metavar="N", type=int, default=10,
        help=f"pages to fetch at once, 1 to {MAX_WORKERS} (%(default)s)")
    flag("-v", "--verbose", help="log every request to stderr")
    return parser


def prepare(options: Options) -> Task:
    """Read the files that the options name.

    Raises UsageError where one of them can't be used.
    """
    policy, earlier, replaced = None, None, {}
    if options.policy:
        policy = parse_policy(read(options.policy), options.policy)
    if options.save:
        check_place(options.save)
        # It may be new or empty; a file of another kind is not replaced.
        text = read(options.save) if os.path.exists(options.save) else ""
        replaced = parse_table(text, options.save) if text else {}
    if options.since and not is_first_run(options):
        earlier = parse_table(read(options.since), options.since)
    if options.markdown:
        check_place(options.markdown)
        others = filter(None, (options.policy, options.since, options.save))
        if real_path(options.markdown) in map(real_path, others):
            raise UsageError(f"{options.markdown}: --markdown must name a "
                             "file of its own")
    return Task(options, policy, earlier, replaced)


def check_place(path: str) -> None:
    """Raise UsageError unless a file can be at a path, or is there."""
    place = real_path(path)
    for folder in (os.path.dirname(path) or os.curdir, os.path.dirname(place)):
        if not os.path.isdir(folder):
            raise UsageError(f"{path}: there is no such folder")
    if os.path.exists(place) and not os.path.isfile(place):
        raise UsageError(f"{path}: this is not a regular file")


def real_path(path: str) -> str:
    """Return a path without links; raise UsageError where none leads to it."""
    try:
        return os.path.realpath(path)
    except OSError as error:  # The current folder has been deleted.
        raise UsageError(f"{path}: there is no such folder") from error


def is_first_run(options: Options) -> bool:
    """Return whether the table to compare with is yet to be saved."""
    return (bool(options.save) and not os.path.exists(options.save)
            and real_path(options.since) == real_path(options.save))


def read(path: str) -> str:
    """Return a text file; raise UsageError where it can't be read."""
    try:
        with open(path, "rb") as file:
            return decode(file.read(), path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def connect(
        options: Options, progress: "Progress", stack: ExitStack
        ) -> Dict[str, LiveOrgClient]:
    """Return a client for each organization; nothing is requested yet.

    What they need is closed with the stack. Raises UsageError for what is
    wrong in the environment.
    """
    token, api_url = environment()
    if options.recorded:
        from .replay import replay
        token, api_url = None, stack.enter_context(replay())
    bundle = os.getenv("REQUESTS_CA_BUNDLE") or os.getenv("CURL_CA_BUNDLE")
    if bundle and not options.recorded and not os.path.exists(bundle):
        raise UsageError(f"{bundle}: there is no such file of certificates "
                         "(REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE)")
    try:
        session = stack.enter_context(
            github_session(token, api_url, progress.show_wait))
    except RequestException as error:  # The token or the URL is invalid.
        raise UsageError(str(error)) from error
    return {name: LiveOrgClient(
        name, session, api_url, options.jobs, progress.count_page)
        for name in options.orgs}


def hint_for(options: Options) -> str:
    """Return a hint at GITHUB_API_URL, where it is another than GitHub's."""
    is_github = options.recorded or environment()[1].rstrip("/") == API_URL
    return "" if is_github else "; GITHUB_API_URL may be wrong"


# The audit.

def audit(task: Task, clients: Mapping[str, LiveOrgClient],
          progress: "Progress", warnings: "Warnings") -> Optional[Report]:
    """Ask for all repositories, and return what is to be said of them.

    Nothing is listed unless every organization is there; each that is not
    gets its line at once, and None is returned.
    """
    logins: Dict[str, str] = {}
    for name, client in clients.items():
        try:
            logins[name] = client.org["login"]
        except HTTPError as error:
            if error.response.status_code != 404:
                raise
            complain(f"no such organization: {name} (renamed, or a user's "
                     f"account?){'' if logins else hint_for(task.options)}")
    if len(logins) < len(clients):
        return None
    found = find(task, clients, {
        name.lower() for names in logins.items() for name in names}, progress)
    report = report_on(task, found)
    notes = [f"{name} is now {login}" for name, login in logins.items()
             if name.lower() != login.lower()]
    notes += [f"{org.login} has no public repository"
              for org in found.orgs if not org.listed]
    return report._replace(notes=notes + warnings.messages + report.notes)


def find(task: Task, clients: Mapping[str, LiveOrgClient], names: Set[str],
         progress: "Progress") -> Found:
    """Return the organizations, their repositories and texts of licenses.

    An organization that was asked by two names is found once.
    """
    by_id = {client.org["id"]: client for client in clients.values()}
    listed = list(by_id.values())
    orgs: List[Org] = []
    repos: Dict[int, Dict[str, Any]] = {}
    expected = [pages_of(client.org["public_repos"]) for client in listed]
    for number, client in enumerate(listed, start=1):
        progress.later = sum(expected[number:])
        repos.update((repo["id"], repo) for repo in client.repos_payload)
        orgs.append(Org(client.org["login"], client.org["public_repos"],
                        len(client.repos_payload)))
    texts = read_texts(listed[0], repos_to_read(task, repos), progress)
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    return Found(orgs, names, repos, texts, when)


def read_texts(
        client: LiveOrgClient, repos: Sequence[Mapping[str, Any]],
        progress: "Progress") -> Dict[int, Text]:
    """Return the texts of licenses, by the ids of their repositories."""
    texts = {}
    for number, (repo, file) in enumerate(client.license_texts(repos), 1):
        texts[repo["id"]] = (
            Text(text_digits(file["content"]), file["html_url"]) if file
            else Text(NO_TEXT, ""))
        progress.count_text(number, len(repos))
    return texts


def pages_of(count: int) -> int:
    """Return how many pages so many repositories have; it is never none."""
    return max(1, -(-count // 100))


class Progress:
    """A line of a terminal that counts pages and shows waits.

    later: how many pages the listings will have that have not begun yet.
    """

    def __init__(self, terminal: TextIO) -> None:
        """Begin with nothing shown."""
        self.later = 0
        self._terminal = terminal
        self._lock = threading.Lock()  # Waits are shown by several threads.
        self._arrived = 0
        self._waiting_until = time.monotonic()
        self._is_open = True

    def count_page(self, arrived: int, total: Optional[int]) -> None:
        """Count a page of a listing, which has so many pages in all."""
        self._arrived += 1
        text = f"pages: {self._arrived}"
        if total is not None:
            earlier = self._arrived - arrived  # pages of other listings
            text += f" of {earlier + total + self.later}"
        self._show(text)

    def count_text(self, arrived: int, total: int) -> None:
        """Show how many texts of licenses have been read."""
        self._show(f"texts: {arrived} of {total}")

    def show_wait(self, seconds: float) -> None:
        """Show that a request waits; until it is over, show no page."""
        log_wait(seconds)
        self._waiting_until = max(
            self._waiting_until, time.monotonic() + seconds)
        self._draw(f"waiting {seconds:g} s before the next try")

    def _show(self, text: str) -> None:
        """Show what has arrived, unless a wait is shown."""
        if time.monotonic() >= self._waiting_until:
            self._draw(text)

    def _draw(self, text: str) -> None:
        """Replace what the line shows, if anybody can read it."""
        with self._lock, suppress(OSError):
            if self._is_open:
                self._terminal.write(f"\r{text:40}\r")
                self._terminal.flush()

    def close(self) -> None:
        """Clear the line, and show nothing any more."""
        self._draw("")
        with self._lock:
            self._is_open = False


class Warnings(logging.Handler):
    """Keeps what is logged, so that it can be said in the end."""

    def __init__(self) -> None:
        """Begin with no message."""
        super().__init__()
        self.messages: List[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message of a record."""
        self.messages.append(record.getMessage())


def listen(options: Options, stack: ExitStack) -> Warnings:
    """Listen to the log until the stack is closed; return its warnings.

    With -v they are shown at once instead, as are all requests and waits.
    """
    warnings = Warnings()
    if options.verbose:
        shown = logging.StreamHandler()
        stack.enter_context(heard("urllib3", logging.DEBUG, shown))
        stack.enter_context(heard(LOG.name, logging.INFO, shown))
    else:
        stack.enter_context(heard(LOG.name, logging.WARNING, warnings))
    return warnings


@contextmanager
def heard(name: str, level: int, handler: logging.Handler) -> Iterator[None]:
    """Let a handler hear a logger, which is afterwards as it was."""
    logger = logging.getLogger(name)
    earlier = logger.level
    logger.setLevel(level)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(earlier)


# What is printed and saved.

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


def save(texts: Mapping[str, str]) -> None:
    """Put each text in the place of a file, with its mode.

    No file is replaced before all texts are written. After an OSError nothing
    lies beside the files.
    """
    with ExitStack() as stack:
        written = []
        for path, text in texts.items():
            place = os.path.realpath(path)
            beside = f"{place}.{os.urandom(8).hex()}"
            stack.callback(remove, beside)
            written.append((beside, place))
            write(beside, text)
            if os.path.exists(place):
                shutil.copymode(place, beside)
        for beside, place in written:
            os.replace(beside, place)


def write(path: str, text: str) -> None:
    """Write a text to a new file: in UTF-8 and with LF on every system."""
    with open(path, "x", encoding="utf-8", newline="\n") as file:
        file.write(text)


def remove(path: str) -> None:
    """Remove a file, if it is there."""
    with suppress(OSError):
        os.remove(path)


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
