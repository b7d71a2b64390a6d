#!/usr/bin/env python3
"""List what organizations publish on GitHub, and under which licenses.

Results go to stdout, all else to stderr. After an error of GitHub or the
network nothing is printed on stdout; after any error nothing is saved.
"""
import atexit
import gc
import io
import os
import shutil
import signal
import sys
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import (
    Any, Dict, Iterator, List, Mapping, Optional, Sequence, Set)

from requests import HTTPError, RequestException

from .explain import explain
from .findings import Found, Options, Org, Task, Text, repos_to_read
from .live import LiveOrgClient
from .policy import UsageError, printable
from .progress import Progress, Warnings, listen
from .report import Report, report_on
from .session import API_URL, environment, github_session
from .texts import NO_TEXT, text_digits
from .usage import parse, prepare


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command, and return its status: 0, 1, 2 or 3 (see --help)."""
    options = parse(argv)
    is_shown = sys.stderr.isatty() and not options.verbose
    terminal = sys.stderr if is_shown else io.StringIO()
    try:
        task = prepare(options)
        with ExitStack() as stack:
            warnings = stack.enter_context(listen(options.verbose))
            progress = stack.enter_context(closing(Progress(terminal)))
            clients = stack.enter_context(connect(options, progress))
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
    texts = {}
    if options.markdown:
        texts[options.markdown] = report.markdown
    if options.save:  # last: if this fails, the next run has the same news
        texts[options.save] = report.table
    files = " and ".join(texts)
    try:
        show(report.output)
    except (OSError, UnicodeError) as error:
        why = f"stdout: {getattr(error, 'strerror', '') or error}"
        if texts:
            return complain(f"{why}; nothing is saved in {files}")
        # If its reader has gone, as after `| head`, that alone is no error.
        return (report.status if isinstance(error, BrokenPipeError)
                else complain(why))
    try:
        save(texts)
    except OSError as error:
        return complain(f"cannot save {files}: {error.strerror}")
    if report.summary:
        complain(report.summary)
    return report.status


def complain(line: str, status: int = 1) -> int:
    """Print a line on stderr, and return the status."""
    with suppress(OSError):  # If nobody can read it, the status still counts.
        print(f"audit: {printable(line)}", file=sys.stderr)
    return status


# The audit.

@contextmanager
def connect(
        options: Options, progress: Progress
        ) -> Iterator[Dict[str, LiveOrgClient]]:
    """Provide a client for each organization; nothing is requested yet.

    Raises UsageError for what is wrong in the environment.
    """
    token, api_url = environment()
    with ExitStack() as stack:
        if options.recorded:
            from .replay import replay
            token, api_url = None, stack.enter_context(replay())
        else:
            check_certificates()
        try:
            session = github_session(token, api_url, progress.show_wait)
        except RequestException as error:  # The token or the URL is invalid.
            raise UsageError(str(error)) from error
        stack.enter_context(session)
        yield {name: LiveOrgClient(
            name, session, api_url, options.jobs, progress.count_page)
            for name in options.orgs}


def check_certificates() -> None:
    """Raise UsageError if a variable names certificates that are not there.

    requests would raise an OSError, which does not name the variable.
    """
    bundle = os.getenv("REQUESTS_CA_BUNDLE") or os.getenv("CURL_CA_BUNDLE")
    if bundle and not os.path.exists(bundle):
        raise UsageError(f"{bundle}: there is no such file of certificates "
                         "(REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE)")


def hint_for(options: Options) -> str:
    """Return what to say of GITHUB_API_URL, unless it is GitHub's own."""
    is_github = options.recorded or environment()[1].rstrip("/") == API_URL
    return "" if is_github else "; GITHUB_API_URL may be wrong"


def audit(task: Task, clients: Mapping[str, LiveOrgClient],
          progress: Progress, warnings: Warnings) -> Optional[Report]:
    """Ask for all repositories, and return what is to be said of them.

    Nothing is listed unless every organization is there; each that is not
    gets its line at once, and None is returned.
    """
    logins: Dict[str, str] = {}
    for name, client in clients.items():
        try:
            logins[name] = client.org["login"]
        except HTTPError as error:
            response: Any = error.response
            if response.status_code != 404:
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
         progress: Progress) -> Found:
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
        progress: Progress) -> Dict[int, Text]:
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

    No file is replaced before all texts are written, and the last one only
    after the others. After an OSError the last one is as it was, and nothing
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
