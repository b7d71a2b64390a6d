#!/usr/bin/env python3
"""Tests of audit: its pure functions, then the command, over a replay."""
import errno
import io
import json
import logging
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from itertools import repeat
from pathlib import Path
from queue import Queue
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Tuple
from unittest.mock import MagicMock, Mock, patch

import requests
from parameterized import parameterized

from audit import command
from fixtures import expected_repos, org_payload
from audit.live import LOG
from audit.policy import parse_policy, row_of
from audit.replay import Asked, Fault, Repo, numbered_repos, replay

PROGRAM = os.path.dirname(command.__file__)
COLUMNS = ("repository,license,verdict,change,fork,archived,language,stars,"
           "pushed_at,url,id\n")
POLICY = "MIT\nApache-2.0\ngoogle/exempt ISC\n"
NO_BUNDLE = ("none: there is no such file of certificates (REQUESTS_CA_BUNDLE "
             "or CURL_CA_BUNDLE)")
RECORDED = "".join(f"google/{name}\n" for name in expected_repos)
MISSING = ("audit: no such organization: {} (renamed, or a user's "
           "account?)")
WARNING = "google: GitHub counts 5 public repositories and lists 1\n"
Script = Mapping[str, Iterable[Fault]]
Result = Tuple[int, str, str]  # status, stdout, stderr


def repo(number: int, name: str, license: str = "MIT", **fields: Any) -> Repo:
    """Return a made-up repository, as GitHub describes one."""
    return {"id": number, "name": name.partition("/")[2], "full_name": name,
            "license": {"spdx_id": license}, **fields}


REPOS = [
    repo(1, "google/plain"), repo(2, "google/exempt", "ISC"),
    repo(3, "google/fork", "GPL-3.0", fork=True),
    repo(4, "google/old", "Apache-2.0", archived=True),
    repo(5, "google/own", "NOASSERTION", language="C", stargazers_count=7,
         pushed_at="2026-01-02T03:04:05Z", html_url="https://h/own")]
EARLIER = [
    repo(1, "google/was", archived=True),
    repo(3, "google/fork", "ISC", fork=True),
    repo(4, "google/old", "Apache-2.0"), repo(5, "google/own"),
    repo(6, "google/gone"), repo(7, "google/gone-fork", fork=True)]
HIDDEN = [repo(8, "google/secret", private=True)]


def answers_with(document: Any) -> List[Fault]:
    """Return the fault of a replay that answers with this document."""
    return [Fault(200, body=json.dumps(document).encode())]


FIRST_ALONE = answers_with(REPOS[:1]) * 2


def judge(options: str, policy: str, *earlier: Repo) -> command.Report:
    """Return the report on REPOS; an empty policy or table is none."""
    args = command.parse(["google", *options.split()])
    parsed = parse_policy(policy, "p.txt") if policy else None
    rows = {each["id"]: row_of(each, parsed) for each in earlier}
    task = command.Task(args, parsed, rows or None, rows, [])
    return command.judge(
        task, {each["id"]: each for each in REPOS}, {"google"})


class TestParse(unittest.TestCase):
    """Unit tests of the command line."""

    @parameterized.expand([
        ("--source", "the following arguments are required: ORG"),
        *[(name, f"no organization has the name {name!r}; give one name at a "
           "time, and no URL") for name in ("", "https://a/b")],
        ("google --policy=", "argument --policy: give the name of one file"),
        ("google --since a --since b",
         "argument --since: give the name of one file"),
        ("google --license mit --license mit,isc",
         "no license has the key 'mit,isc'; give one at a time"),
        ("google --jobs 0", "argument --jobs: must be from 1 to 100"),
        ("google --jobs 101", "argument --jobs: must be from 1 to 100"),
        ("google --json --csv",
         "argument --csv: not allowed with argument --json"),
        *[("google --since t " + form, "argument --since: not allowed with "
           "--json, --licenses") for form in ("--json", "--licenses")],
        ("google --rec", "unrecognized arguments: --rec"),
    ])
    def test_wrong_usage(self, line: str, problem: str) -> None:
        """Wrong usage gives a message and status 2."""
        with redirect_stderr(io.StringIO()) as err:
            with self.assertRaises(SystemExit) as caught:
                command.parse(line.split(" "))
        self.assertEqual(caught.exception.code, 2)
        self.assertEqual(
            err.getvalue().partition("\naudit: error: ")[2], problem + "\n")

    def test_help(self) -> None:
        """--help says of each option what it does."""
        with redirect_stdout(io.StringIO()) as out:
            with patch.dict(os.environ, COLUMNS="1000"):
                self.assertRaises(SystemExit, command.parse, ["--help"])
        self.assertRegex(out.getvalue(), "(?s)^usage: audit .*List what .* "
                         "ORG +an org.* 1 to 100 [(]10[)]\n.*KEY is .* Status")
        self.assertEqual(
            re.findall("^  .*?--(.*?)  +[a-z]", out.getvalue(), re.M),
            ["help", "license KEY", "source", "no-archived", "policy FILE",
             "since FILE", "licenses", "csv", "json", "save FILE", "recorded",
             "jobs N", "verbose"])


class TestJudge(unittest.TestCase):
    """Unit tests of what is printed and noted, from repositories as values."""

    @parameterized.expand([
        ("", "", "google/plain\ngoogle/exempt\ngoogle/fork\ngoogle/old\n"
         "google/own\n", 0),
        ("--license mit --license ISC --license NOASSERTION", POLICY,
         "google/own\tother\n", 3),
        ("--json --license GPL-3.0-or-later", POLICY,
         json.dumps([REPOS[2]], indent=2) + "\n", 3),
        ("--licenses --license mit", POLICY, f"MIT 1 {'#' * 40}\n", 0),
        ("--csv --source", POLICY, COLUMNS +
         'google/plain,MIT,allowed,"unarchived, renamed from google/was",'
         "false,false,,,,,1\n"
         "google/exempt,ISC,exception,new,false,false,,,,,2\n"
         "google/old,Apache-2.0,allowed,archived,false,true,,,,,4\n"
         "google/own,other,not allowed,license was MIT,false,false,C,7,"
         "2026-01-02T03:04:05Z,https://h/own,5\n", 3, *EARLIER),
        ("--source --no-archived", "",
         "google/plain\tMIT\tunarchived, renamed from google/was\n"
         "google/exempt\tISC\tnew\n"
         "google/old\tApache-2.0\tarchived\n"
         "google/own\tother\tlicense was MIT\n"
         "google/gone\tMIT\tgone\n", 0, *EARLIER),
        ("--license isc", POLICY, "google/exempt\tISC\texception\tnew\n"
         "google/fork\tGPL-3.0\t\tlicense was ISC\n", 0, *EARLIER),
    ])
    def test_output(self, options: str, policy: str, output: str, status: int,
                    *earlier: Repo) -> None:
        """Printed is what the filters let in: of a change, now or before."""
        self.assertEqual(judge(options, policy, *earlier), command.Report(
            output, [], judge("", policy).rows, status))

    def test_notes(self) -> None:
        """Notes are about all repositories, whatever the filters."""
        report = judge(
            "--license Zlib --license gpl-3.0 --license other --source "
            "--save t", "google/fork ISC\ngoogle/gone MIT\n", REPOS[4],
            repo(8, "Z/a"), repo(9, "a/b"), repo(10, "z/c"),
            repo(2, "y/moved-to-google"))
        self.assertEqual(report.notes, [
            "no repository is under Zlib",
            "p.txt:1: google/fork: it is under another license, GPL-3.0",
            "p.txt:2: google/gone: no public repository has this name",
            "a was not asked: its rows are left out of t",
            "z was not asked: its rows are left out of t",
            "not allowed, but not changed: 1"])

    def test_chart(self) -> None:
        """Counts are aligned, most first, then by name; no bar is empty."""
        names = ["none", *["MIT"] * 98, "0BSD", *["other"] * 49]
        self.assertEqual(command.chart(names), (
            f"MIT   98 {'#' * 40}\nother 49 {'#' * 20}\n"
            "0BSD   1 #\nnone   1 #\n"))
        self.assertEqual(command.chart([]), "")


class CommandTestCase(unittest.TestCase):
    """A base class: the command in an empty folder and environment."""

    def setUp(self) -> None:
        """Go to a new folder; in the environment is an API that is down."""
        stack = ExitStack()
        self.addCleanup(stack.close)
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stack.callback(os.chdir, os.getcwd())
        os.chdir(folder)
        stack.enter_context(patch.dict(
            os.environ, {"GITHUB_API_URL": "http://127.0.0.1:1"}, clear=True))

    def files(self) -> Dict[str, str]:
        """Return what the files in the folder hold."""
        return {path.name: path.read_bytes().decode()
                for path in Path().iterdir() if path.is_file()}

    def run_command(
            self, line: str, out: Any = None, err: Any = None) -> Result:
        """Run the command, its streams being texts unless given."""
        out, err = out or io.StringIO(), err or io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = command.main(line.split(" "))
        return status, out.getvalue(), err.getvalue()

    def run_over_replay(
            self, line: str, script: Script = {}, repos: List[Repo] = REPOS,
            err: Any = None) -> Result:
        """Run the command over a replay; HOST is its address."""
        with replay(script, repos=repos) as url:
            os.environ["GITHUB_API_URL"] = url
            status, out, text = self.run_command(line, err=err)
        return status, out, text.replace(url[len("http://"):], "HOST")


class TestFiles(CommandTestCase):
    """Tests of variables, and of the files that are read and written."""

    @parameterized.expand([
        ("google --policy policy.txt", "policy.txt:2: neither a license "
         "nor a repository and a license: MIT OR ISC"),
        ("google --policy latin-1", "latin-1: this is not UTF-8"),
        ("google --since none --save new", "none: No such file or directory"),
        ("google --save policy.txt", "policy.txt:1: not a saved table: no "
         "column archived, id, license, repository"),
        ("google --save pipe", "pipe: this is not a regular file"),
        ("google --save none/table", "none/table: there is no such folder"),
        ("google", "a token must not go to ghe.example unencrypted: use https",
         {"GH_TOKEN": "sekret", "GITHUB_API_URL": "http://ghe.example"}),
        ("google", NO_BUNDLE, {"CURL_CA_BUNDLE": "none"}),
        ("google", NO_BUNDLE, {"REQUESTS_CA_BUNDLE": "none",
                               "CURL_CA_BUNDLE": "policy.txt"}),
    ])
    def test_wrong_usage(
            self, line: str, problem: str, variables: Mapping[str, str] = {}
            ) -> None:
        """A file or variable that is wrong is one line, and no request."""
        Path("policy.txt").write_text("MIT\nMIT OR ISC\n")
        Path("latin-1").write_bytes(b"MIT # \xe9\n")
        os.mkfifo("pipe")
        os.environ.update(variables)
        self.assertEqual(
            self.run_command(line), (2, "", f"audit: {problem}\n"))
        self.assertEqual(
            sorted(os.listdir()), ["latin-1", "pipe", "policy.txt"])

    def test_saved(self) -> None:
        """All is saved, whatever the filters; mode and link stay."""
        Path("real.csv").write_text(
            "id,repository,license,archived\n9,acme/a,MIT,true\n")
        os.chmod("real.csv", 0o640)
        os.symlink("real.csv", "link.csv")
        self.assertEqual(
            self.run_over_replay(
                "google --license mit --save link.csv",
                repos=[repo(6, "google/z\u00e9ro"), REPOS[1]]),
            (0, "google/z\u00e9ro\n", "audit: acme was not asked: its rows "
             "are left out of link.csv\n"))
        table = ("repository,license,verdict,fork,archived,url,id\n"
                 "google/exempt,ISC,,false,false,,2\n"
                 "google/z\u00e9ro,MIT,,false,false,,6\n")
        self.assertEqual(self.files(), {"real.csv": table, "link.csv": table})
        self.assertTrue(os.path.islink("link.csv"))
        self.assertEqual(os.stat("real.csv").st_mode & 0o777, 0o640)

    def test_saving_fails(self) -> None:
        """What can't be written leaves the old table, and nothing beside."""
        Path("t.csv").touch()
        with patch("os.replace", autospec=True, side_effect=OSError(
                errno.ENOSPC, "No space left on device")) as replace:
            self.assertEqual(
                self.run_command("google --recorded --save t.csv"),
                (1, RECORDED, "audit: t.csv is not saved: No space left on "
                 "device\n"))
        self.assertEqual(self.files(), {"t.csv": ""})
        self.assertRegex(replace.call_args[0][0], re.escape(
            os.path.realpath("t.csv")) + r"\.[0-9a-f]{16}$")

    @parameterized.expand([
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), " --save new.csv", 1,
         "audit: stdout: Broken pipe; new.csv is not saved\n"),
        (BrokenPipeError(), "", 0, ""),
        (UnicodeEncodeError("ascii", "\u00e9", 0, 1, "no"), "", 1,
         "audit: stdout: 'ascii' codec can't encode character '\\xe9' in "
         "position 0: no\n"),
    ])
    def test_printing_fails(
            self, error: Exception, options: str, status: int, err: str
            ) -> None:
        """If the listing can't be printed, nothing is saved."""
        out = Mock(spec=io.StringIO())
        out.getvalue.return_value = ""
        out.flush.side_effect = error
        self.assertEqual(
            self.run_command("google --recorded" + options, out=out),
            (status, "", err))
        self.assertEqual(self.files(), {})

    def test_unbuffered(self) -> None:
        """Without a buffer, too, a text that is cut is an error."""
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, limits)
        with open("out", "wb", buffering=0) as raw:
            out: Any = io.TextIOWrapper(
                raw, "ascii", "backslashreplace", write_through=True)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
            with redirect_stdout(out):
                with self.assertRaisesRegex(OSError, "File too large"):
                    command.show("\xe9\n" * 21)
            out.detach()
        self.assertEqual(self.files(), {"out": "\\xe9\n" * 20})


class TestOverReplay(CommandTestCase):
    """Tests of the command as a whole, each in a situation of real life."""

    @parameterized.expand([
        ("google --license mit", {"/repos": answers_with(REPOS + HIDDEN)}, 0,
         "google/plain\n", "", REPOS + HIDDEN),
        ("google", {"/repos": FIRST_ALONE}, 0, "google/plain\n",
         "audit: " + WARNING),
        ("google --csv --license GPL-3.0-or-later", {}, 0, COLUMNS
         + "google/fork,GPL-3.0,,,true,false,,,,,3\n", ""),
        ("google", {"/orgs/google$": answers_with({
            **org_payload, "repos_url": "http://[::1]/repos"})}, 1, "",
         "audit: the API at http://HOST refers to http://[::1]/repos; set "
         "GITHUB_API_URL to the API's own address\n"),
        ("google", {"/repos": [Fault(403, {
            "X-GitHub-SSO": "required; url=https://github.com/orgs/a/sso"})]},
         1, "", "audit: HOST/orgs/google/repos answered 403: Forbidden; "
         "authorize the token at https://github.com/orgs/a/sso\n"),
        ("GOOGLE google google alphabet --license mit",
         {"/orgs/alphabet": [Fault(301, {"Location": "/orgs/google"}, b"")]},
         0, "google/plain\n", "audit: alphabet is now google\n"),
        ("octocat nobody", {}, 1, "", "".join(
            MISSING.format(name) + "; GITHUB_API_URL may be wrong\n"
            for name in ("octocat", "nobody"))),
        ("google",  # with control characters
         {"/orgs/google$": [Fault(400, body=b'{"message": "\\u001b[31m"}')]},
         1, "", "audit: HOST/orgs/google answered 400:  [31m\n"),
        ("google", {}, 0, "",
         "audit: google has no public repository\n", []),
    ])
    def test_situation(
            self, line: str, script: Script, status: int, out: str, err: str,
            repos: List[Repo] = REPOS) -> None:
        """The listing is whole, or there is none, and nothing is saved."""
        with patch.object(requests.Session, "close", autospec=True,
                          side_effect=requests.Session.close) as close:
            result = self.run_over_replay(
                line + " --save table.csv", script, repos)
        close.assert_called_once()
        self.assertEqual(result, (status, out, err))
        self.assertEqual(
            list(self.files()), [] if status else ["table.csv"])

    def test_recorded(self) -> None:
        """--recorded needs no network, and no API's URL."""
        os.environ.update(GITHUB_API_URL="http://[", CURL_CA_BUNDLE="none")
        self.assertEqual(
            self.run_command("google --recorded"), (0, RECORDED, ""))

    @parameterized.expand([
        ("https://api.github.com/", "google"),
        ("http://host", "google --recorded")])
    def test_no_hint(self, api_url: str, line: str) -> None:
        """The API's URL can't be wrong where it is GitHub's own."""
        os.environ["GITHUB_API_URL"] = api_url
        self.assertEqual(command.hint_for(command.parse(line.split(" "))), "")

    def test_nobody_listens(self) -> None:
        """Where nobody listens, the address may be wrong."""
        with patch("time.sleep", autospec=True):  # between the tries
            self.assertEqual(self.run_command("google"), (
                1, "", "audit: cannot reach 127.0.0.1:1: Connection "
                "refused; check the network; GITHUB_API_URL may be wrong\n"))

    @parameterized.expand([
        ("google", 10), ("google --jobs 1", 1), ("my-org --jobs 100", 100)])
    def test_jobs(self, line: str, workers: int) -> None:
        """--jobs says how many pages a client fetches at once."""
        os.environ["CURL_CA_BUNDLE"] = os.curdir
        with ExitStack() as stack:
            task = command.prepare(command.parse(line.split(" ")), stack)
        self.assertEqual(task.clients[0].workers, workers)

    def test_no_thread(self) -> None:
        """If no thread can be started, one line says so."""
        with patch("audit.command.audit", autospec=True,
                   side_effect=RuntimeError("no thread")):
            self.assertEqual(
                self.run_command("google"), (1, "", "audit: no thread\n"))

    @parameterized.expand([
        "audit.command.read", "audit.command.audit", "audit.command.show",
        "audit.command.table_of",
        "shutil.copymode", "builtins.open"])
    def test_bug(self, name: str) -> None:
        """A bug is not reported as an error: it is raised."""
        Path("t.csv").touch()
        with patch(name, side_effect=AttributeError):
            self.assertRaises(
                AttributeError, self.run_command,
                "google --recorded --policy t.csv --save t.csv")
        self.assertEqual(self.files(), {"t.csv": ""})


class TestWeeklyJob(CommandTestCase):
    """A test of the job that an office runs every week, step by step."""

    WEEK_1 = [
        repo(1, "google/one"), repo(2, "google/exempt", "ISC"),
        repo(3, "google/bad", "Zlib"),
        repo(4, "google/fork", "Zlib", fork=True)]
    WEEK_2 = [
        repo(1, "google/one", archived=True),
        repo(2, "google/exempt", "GPL-3.0"), repo(3, "google/bad", "Zlib"),
        repo(4, "google/fork", fork=True)]
    ACME_1 = [repo(5, "acme/x"), repo(6, "acme/y"), repo(7, "acme/z")]
    ACME_2 = [
        repo(5, "acme/x", "Zlib", archived=True),
        repo(6, "acme/why", "BSD-2"), repo(8, "acme/new")]

    def run_job(self, google: List[Repo], acme: List[Repo],
                policy: str = POLICY) -> Result:
        """Run the job for two organizations that have these repositories."""
        def org() -> Iterator[Fault]:
            """Yield what GitHub says of the organization Acme, once asked."""
            yield from answers_with({
                "id": 1, "login": "Acme", "public_repos": len(acme),
                "repos_url": os.environ["GITHUB_API_URL"] + "/acme/repos"})

        Path("policy.txt").write_text(policy)
        script: Script = {
            "/ACME": org(), "/acme/repos": answers_with(acme)} if acme else {}
        return self.run_over_replay(
            "google ACME --source --no-archived --policy policy.txt "
            "--since report.csv --save report.csv", script, google)

    def test_job(self) -> None:
        """What is not allowed is listed, then each change once."""
        self.assertEqual(self.run_job(self.WEEK_1, self.ACME_1), (
            3, "google/bad\tZlib\n", "audit: report.csv is not there yet: "
            "this is the first run\n"))
        first = self.files()

        # A spreadsheet has saved the table again: that is no change.
        Path("report.csv").write_bytes(first["report.csv"].replace(
            ",", ";").replace("\n", "\r\n").encode("utf-8-sig"))
        self.assertEqual(self.run_job(self.WEEK_1, self.ACME_1), (
            3, "", "audit: not allowed, but not changed: 1\n"))
        self.assertEqual(self.files(), first)

        self.assertEqual(self.run_job(self.WEEK_2, []), (
            1, "", MISSING.format("ACME") + "\n"))
        self.assertEqual(self.files(), first)

        self.assertEqual(self.run_job(self.WEEK_2, self.ACME_2), (
            3, "google/one\tMIT\t\tarchived\n"
            "google/exempt\tGPL-3.0\tnot allowed\tlicense was ISC\n"
            "acme/x\tZlib\t\tlicense was MIT, archived\n"
            "acme/why\tBSD-2\tnot allowed\tlicense was MIT, renamed from "
            "acme/y\n"
            "acme/new\tMIT\tallowed\tnew\n"
            "acme/z\tMIT\t\tgone\n",
            "audit: policy.txt:3: google/exempt: it is under another "
            "license, GPL-3.0\n"
            "audit: not allowed, but not changed: 1\n"))

        mended = "MIT\nZlib\nBSD-2\ngoogle/exempt GPL-3.0\n"
        self.assertEqual(
            self.run_job(self.WEEK_2, self.ACME_2, mended), (0, "", ""))


class Terminal(io.TextIOWrapper):
    """A double of a terminal: it keeps what it is told to show."""

    def __init__(self) -> None:
        """Begin with nothing shown."""
        super().__init__(io.BytesIO(), line_buffering=True)

    def isatty(self) -> bool:
        """Say that this is a terminal."""
        return True

    def getvalue(self) -> str:
        """Return what has been flushed."""
        shown: Any = self.buffer
        return str(shown.getvalue().decode())


def drawn(*texts: str) -> str:
    """Return what draws these texts, each in the place of the last."""
    return "".join(f"\r{text:40}\r" for text in texts)


class TestTerminal(CommandTestCase):
    """Tests of the line that shows how far a listing is."""

    TROUBLE = {"/repos": [Fault(503, {"Retry-After": "0"}), *FIRST_ALONE]}

    def test_progress(self) -> None:
        """While others wait, and after the end, no page is shown."""
        task = MagicMock()
        task.args.verbose = False
        with redirect_stderr(Terminal()) as terminal:
            progress = command.Progress(task)
            with patch("time.monotonic", autospec=True, return_value=1000):
                for status, until in [
                        (200, 0), (301, 0), (200, 1001), (200, 1000)]:
                    page = Mock(status_code=status, url="h?per_page=100")
                    page.connection.paused_until = until
                    progress.count_page(page)
            progress.close()
            # From a thread that has not ended:
            progress.handle(logging.makeLogRecord({"levelno": 20}))
        self.assertEqual(
            terminal.getvalue(), drawn("pages: 1", "pages: 3", ""))
        self.assertEqual(LOG.handlers, [])

    def test_line(self) -> None:
        """Waits and pages are shown; what is told in the end stays last."""
        terminal = Terminal()
        self.run_over_replay("google", self.TROUBLE, err=terminal)
        self.assertEqual(terminal.getvalue(), drawn(
            "waiting 0 s before the next try", "pages: 1", "pages: 2", "")
            + "audit: " + WARNING)

    def test_terminal_that_has_gone(self) -> None:
        """If nobody can read the line and a note, the listing is whole."""
        err = Mock(spec=io.StringIO())
        err.isatty.return_value = True
        err.write.side_effect = BrokenPipeError
        self.assertEqual(self.run_command(
            "google --recorded --license isc --license bsl-1.0", err=err)[:2],
            (0, "google/cpp-netlib\n"))

    def test_verbose(self) -> None:
        """-v logs requests, waits and warnings once, and shows no line."""
        urllib3, terminal = logging.getLogger("urllib3"), Terminal()
        self.addCleanup(urllib3.setLevel, urllib3.level)
        os.environ["GH_TOKEN"] = "sekret"
        # -v adds a handler to this list; afterwards the old one is back.
        with patch.object(logging.getLogger(), "handlers", []):
            self.run_over_replay("google -v", self.TROUBLE, err=terminal)
        log = terminal.getvalue()
        self.assertEqual([log.count(part) for part in (
            "GET /orgs/google HTTP/", "GET /orgs/google/repos?",
            "\nwaiting 0 s before the next try\n", WARNING,
            "sekret", "pages: ")], [1, 3, 1, 1, 0, 0])


class TestProgram(unittest.TestCase):
    """Tests of the command as a program: its streams, and Ctrl-C."""

    def handle_interrupts(self, handler: Any) -> None:
        """Let Ctrl-C be handled so, here and in processes started here."""
        old = signal.signal(signal.SIGINT, handler)
        self.addCleanup(signal.signal, signal.SIGINT, old)

    def test_interrupted(self) -> None:
        """Ctrl-C ends it by its signal, at once, with pages in flight."""
        self.handle_interrupts(signal.default_int_handler)
        asked: "Queue[Asked]" = Queue()
        with replay({"&page=": repeat(Fault(wait=60))}, on_request=asked.put,
                    repos=numbered_repos(301)) as url:
            process = subprocess.Popen(
                [sys.executable, "-BW", "error", PROGRAM, "google"],
                env={"GITHUB_API_URL": url}, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE)
            self.addCleanup(process.kill)
            for _ in range(4):
                asked.get(timeout=30)
            process.send_signal(signal.SIGINT)
            result = process.communicate(timeout=5)
        self.assertEqual(
            (process.returncode, *result), (-signal.SIGINT, b"", b""))

    @parameterized.expand([
        ("2>&-", 0, "google/cpp-netlib\n", ""),
        (">&-", 1, "", "audit: stdout: not writable\n"),
    ])
    def test_closed(
            self, ending: str, status: int, out: str, err: str) -> None:
        """If one stream is closed, the other one still works."""
        done = subprocess.run(
            ["sh", "-c", '"$0" -B "$1" google --recorded --license bsl-1.0 '
             + ending, sys.executable, PROGRAM],
            env={"PATH": os.defpath}, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True)
        self.assertEqual(
            (done.returncode, done.stdout, done.stderr), (status, out, err))

    @parameterized.expand([
        (signal.default_int_handler, signal.SIG_DFL),
        (signal.SIG_IGN, signal.SIG_IGN)])
    def test_handler(self, handler: Any, meanwhile: Any) -> None:
        """Ctrl-C ends it, unless ignored; then the old handler is back."""
        self.handle_interrupts(handler)

        def fail() -> int:
            """Fail as a bug would, with the handler of this moment."""
            raise AttributeError(signal.getsignal(signal.SIGINT))

        with patch("audit.command.main", autospec=True, side_effect=fail):
            with self.assertRaises(AttributeError) as caught:
                command.run()
        self.assertEqual(caught.exception.args, (meanwhile,))
        self.assertIs(signal.getsignal(signal.SIGINT), handler)

    def test_in_another_thread(self) -> None:
        """It runs in a thread, too, which can't set a handler."""
        self.handle_interrupts(signal.default_int_handler)
        with ThreadPoolExecutor(1) as pool, patch(
                "audit.command.main", autospec=True, return_value=3):
            self.assertEqual(pool.submit(command.run).result(timeout=30), 3)

    def test_as_main(self) -> None:
        """Output that could not be flushed is not flushed again at exit."""
        argv = [PROGRAM, "google", "--recorded"]
        read_end, write_end = os.pipe()
        os.close(read_end)
        with open(write_end, "w") as out:
            with patch.object(sys, "argv", argv), redirect_stdout(out):
                self.assertEqual(command.run(), 0)
            out.flush()  # This raises nothing any more.
