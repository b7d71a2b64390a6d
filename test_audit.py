#!/usr/bin/env python3
"""Tests of audit: tables of its pure functions, then the command as a whole.

The command runs in this process, over a replay on loopback; only a handful
of tests runs it as a program.
"""
import errno
import io
import json
import logging
import os
import re
import resource
import runpy
import signal
import stat
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from itertools import repeat
from queue import Queue
from typing import (
    Any, Dict, Iterable, List, Mapping, Optional, Tuple, Type)
from unittest.mock import Mock, patch

import requests
from parameterized import parameterized

import audit
from fixtures import expected_repos, org_payload
from live import LOG
from policy import Row, parse_policy, row_of
from replay import Asked, Fault, numbered_repos, replay

HERE = os.path.dirname(os.path.abspath(__file__))
POLICY = "MIT\nApache-2.0\ngoogle/exempt ISC\n"
HEADER = ("repository,license,verdict,change,fork,archived,language,stars,"
          "pushed_at,url,id\n")
OLD_TABLE = "id,repository,license,archived\n9,acme/a,MIT,true\n"
NO_TABLE = ("policy.txt:1: not a saved table: no column archived, id, "
            "license, repository")
FULL = OSError(errno.ENOSPC, "No space left on device")
Repo = Dict[str, Any]
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


def task_of(
        options: str = "", policy: Optional[str] = None,
        earlier: Optional[List[Row]] = None, replaced: List[Row] = []
        ) -> audit.Task:
    """Return what there is to do for options, a policy and older rows."""
    return audit.Task(
        audit.parse(["google", *options.split()]),
        None if policy is None else parse_policy(policy, "p.txt"),
        None if earlier is None else {row.id: row for row in earlier},
        {row.id: row for row in replaced}, [])


def judge(task: audit.Task, repos: List[Repo] = REPOS) -> audit.Report:
    """Return the report on repositories of the organization google."""
    return audit.judge(task, {repo["id"]: repo for repo in repos}, {"google"})


class TestParse(unittest.TestCase):
    """Unit tests of the command line."""

    @parameterized.expand([
        ("no_organization", "--source", "required: ORG"),
        ("empty_name", "google ", "no organization has the name ''; give one "
         "name at a time, and no URL"),
        ("url", "https://github.com/google", "and no URL"),
        ("two_in_one", "google,acme", "one name at a time, and no URL"),
        ("empty_file", "google --policy=", "the name of a FILE is empty"),
        ("empty_table", "google --since=", "the name of a FILE is empty"),
        ("nothing_to_save", "google --save=", "the name of a FILE is empty"),
        ("licenses_in_one", "google --license mit --license mit,isc",
         "no license has the key 'mit,isc'; give one at a time"),
        ("no_jobs", "google --jobs 0", "--jobs: must be from 1 to 100"),
        ("many_jobs", "google --jobs 101", "--jobs: must be from 1 to 100"),
        ("two_forms", "google --json --csv", "allowed with argument --json"),
        ("json", "google --since t --json", "--json, --licenses"),
        ("counts", "google --since t --licenses", "--json, --licenses"),
        ("abbreviated", "google --rec", "arguments: --rec"),
    ])
    def test_wrong_usage(self, _: str, line: str, problem: str) -> None:
        """Wrong usage gives a message and status 2."""
        with redirect_stderr(io.StringIO()) as err:
            with self.assertRaises(SystemExit) as caught:
                audit.parse(line.split(" "))
        self.assertEqual(caught.exception.code, 2)
        self.assertRegex(err.getvalue(), f"\naudit.py: error: .*{problem}\n$")

    def test_help(self) -> None:
        """--help says of each option what it does."""
        with redirect_stdout(io.StringIO()) as out:
            with patch.dict(os.environ, COLUMNS="1000"):
                self.assertRaises(SystemExit, audit.parse, ["--help"])
        self.assertEqual(
            re.findall("^  .*?--(.*?)  +[a-z]", out.getvalue(), re.M),
            ["help", "license KEY", "source", "no-archived", "policy FILE",
             "since FILE", "licenses", "csv", "json", "save FILE", "recorded",
             "jobs N", "verbose"])


class TestJudge(unittest.TestCase):
    """Unit tests of what is printed and noted, from repositories as values."""

    @parameterized.expand([
        ("all", "", "plain exempt fork old own"),
        ("license", "--license mit", "plain"),
        ("two", "--license ISC --license NOASSERTION", "exempt own"),
        ("source", "--source", "plain exempt old own"),
        ("no_archived", "--no-archived", "plain exempt fork own"),
        ("all_filters", "--source --no-archived --license isc", "exempt"),
    ])
    def test_filters(self, _: str, options: str, names: str) -> None:
        """The listing has what the filters let in; the report keeps all."""
        self.assertEqual(judge(task_of(options)), audit.Report(
            "".join(f"google/{name}\n" for name in names.split()), [],
            [row_of(each, None) for each in REPOS], 0))

    @parameterized.expand([
        ("some", "", POLICY, "google/fork\tGPL-3.0\ngoogle/own\tother\n", 3),
        ("filtered", "--source", POLICY, "google/own\tother\n", 3),
        ("all_allowed", "--license isc --license MIT", POLICY, "", 0),
        ("all_accepted", "",
         POLICY + "google/fork\tGPL-3.0\ngoogle/own\tother\n", "", 0),
        ("empty_policy", "--license mit", "", "google/plain\tMIT\n", 3),
    ])
    def test_policy(
            self, _: str, options: str, policy: str, output: str,
            status: int) -> None:
        """What is not allowed is listed, each line in an exception's form."""
        report = judge(task_of(options, policy))
        self.assertEqual((report.output, report.notes, report.status),
                         (output, [], status))

    @parameterized.expand([
        ("licenses", "--license Zlib --license gpl-3.0 --source", None,
         ["no repository is under Zlib"]),
        ("exceptions", "--source", "google/fork ISC\ngoogle/gone MIT\n", [
            "p.txt:1: google/fork: it is under another license, GPL-3.0",
            "p.txt:2: google/gone: no public repository has this name"]),
    ])
    def test_notes(
            self, _: str, options: str, policy: Optional[str],
            notes: List[str]) -> None:
        """Notes are about all repositories, whatever the filters."""
        self.assertEqual(judge(task_of(options, policy)).notes, notes)

    def test_json(self) -> None:
        """GitHub's own objects come as one array, indented."""
        report = judge(task_of("--json --license ISC", ""))
        self.assertEqual(json.loads(report.output), [REPOS[1]])
        self.assertRegex(report.output, '^\\[\n  {\n    "id": 2,(.*\n)*]\n$')
        self.assertEqual(report.status, 3)

    def test_csv(self) -> None:
        """A row has the state, the verdict, the change, and GitHub's facts."""
        changed = row_of(repo(5, "google/own"), None)
        report = judge(task_of("--csv --source --no-archived", POLICY,
                               [changed]))
        self.assertEqual(report.output, HEADER + (
            "google/plain,MIT,allowed,new,false,false,,,,,1\n"
            "google/exempt,ISC,exception,new,false,false,,,,,2\n"
            "google/own,other,not allowed,license was MIT,false,false,C,7,"
            "2026-01-02T03:04:05Z,https://h/own,5\n"))
        self.assertEqual(report.status, 3)

    def test_licenses(self) -> None:
        """Counts are aligned, most first, then by name; no bar is empty."""
        names = ["none", *["MIT"] * 98, "0BSD", *["other"] * 49]
        repos = [repo(number, "google/a", name)
                 for number, name in enumerate(names)]
        repos.append(repo(999, "google/fork", "ISC", fork=True))
        report = judge(task_of("--licenses --source", ""), repos)
        self.assertEqual((report.output, report.status), (
            f"MIT   98 {'#' * 40}\nother 49 {'#' * 20}\n"
            "0BSD   1 #\nnone   1 #\n", 3))

    @parameterized.expand([
        ("names", "", ""), ("json", "--json", "[]\n"),
        ("licenses", "--licenses", ""), ("csv", "--csv", HEADER),
    ])
    def test_no_repository(self, _: str, options: str, output: str) -> None:
        """Where there is no repository there is nothing to print."""
        self.assertEqual(judge(task_of(options), []).output, output)


class TestChanges(unittest.TestCase):
    """Unit tests of --since: what has changed, and what is told of it."""

    BEFORE = row_of(repo(2, "google/b"), parse_policy(POLICY, "p.txt"))

    @parameterized.expand([
        ("left_out_before", "--license isc", {"license": {"key": "isc"}},
         "google/b\tisc\tnot allowed\tlicense was MIT\n", 3),
        ("left_out", "--license isc", {"archived": True}, "", 0),
        ("new_but_left_out", "--source", {"id": 3, "fork": True},
         "google/b\tMIT\t\tgone\n", 0),
        ("gone_but_left_out", "--license isc", {"id": 3}, "", 0),
    ])
    def test_change(
            self, _: str, options: str, fields: Repo, output: str,
            status: int) -> None:
        """A change is listed if the filters let in its state now or before.

        Only what they let in now has a verdict, and counts for the status.
        """
        report = judge(task_of(options, POLICY, [self.BEFORE]),
                       [{**repo(2, "google/b"), **fields}])
        self.assertEqual((report.output, report.status), (output, status))

    def test_without_a_policy(self) -> None:
        """Without a policy a change has no verdict; those gone come last."""
        before = [self.BEFORE._replace(id=9, repository="google/z"),
                  self.BEFORE._replace(id=8, repository="google/a"),
                  self.BEFORE]
        report = judge(task_of(earlier=before), [
            repo(2, "google/b", "ISC"), repo(1, "google/new")])
        self.assertEqual((report.output, report.status), (
            "google/b\tISC\tlicense was MIT\ngoogle/new\tMIT\tnew\n"
            "google/a\tMIT\tgone\ngoogle/z\tMIT\tgone\n", 0))

    def test_rows_that_are_left_out(self) -> None:
        """Whose rows the table loses is told, once for each owner."""
        rows = [self.BEFORE._replace(id=number, repository=name)
                for number, name in enumerate(
                    ["google/b", "Z/a", "a/b", "z/c", "y/renamed"])]
        task = task_of("--save t.csv", replaced=rows)
        self.assertEqual(judge(task, [repo(4, "google/c")]).notes, [
            "a was not asked: its rows are left out of t.csv",
            "z was not asked: its rows are left out of t.csv"])


def said(document: Any) -> List[Fault]:
    """Return the fault of a replay that answers with this document."""
    return [Fault(body=json.dumps(document).encode())]


class CommandTestCase(unittest.TestCase):
    """A base class: the command in an empty folder and environment."""

    def setUp(self) -> None:
        """Go to a new folder, and empty the environment."""
        stack = ExitStack()
        self.addCleanup(stack.close)
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stack.callback(os.chdir, os.getcwd())
        os.chdir(folder)
        stack.enter_context(patch.dict(os.environ, clear=True))
        self.asked: List[Asked] = []

    def write(self, name: str, text: str, encoding: str = "utf-8") -> None:
        """Write a file into the folder."""
        with open(name, "w", encoding=encoding, newline="") as file:
            file.write(text)

    def files(self) -> Dict[str, str]:
        """Return what the files in the folder hold."""
        found = {}
        for name in filter(os.path.isfile, os.listdir()):
            with open(name, encoding="utf-8", newline="") as file:
                found[name] = file.read()
        return found

    def run_command(
            self, line: str, out: Any = None, err: Any = None) -> Result:
        """Run the command, its streams being texts unless given."""
        out, err = out or io.StringIO(), err or io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = audit.main(line.split(" "))
        return status, out.getvalue(), err.getvalue()

    def run_over_replay(
            self, line: str, script: Script = {}, repos: List[Repo] = REPOS,
            err: Any = None) -> Result:
        """Run the command over a replay; HOST is its address."""
        with replay(script, repos=repos, on_request=self.asked.append) as url:
            os.environ["GITHUB_API_URL"] = url
            status, out, text = self.run_command(line, err=err)
        return status, out, text.replace(url[len("http://"):], "HOST")


class TestFiles(CommandTestCase):
    """Tests of the files that the command reads and writes."""

    @parameterized.expand([
        ("policy", "--policy policy.txt",
         "policy.txt:2: neither a license nor a repository and a license: "
         "MIT OR ISC"),
        ("latin_1", "--policy latin-1", "latin-1: this is not UTF-8"),
        ("no_policy", "--policy none", "none: No such file or directory"),
        ("no_table", "--since none --save new",
         "none: No such file or directory"),
        ("since_another_file", "--since policy.txt", NO_TABLE),
        ("save_another_file", "--save policy.txt", NO_TABLE),
        ("save_a_pipe", "--save pipe", "pipe: this is not a regular file"),
        ("no_folder", "--save none/table",
         "none/table: there is no such folder"),
    ])
    def test_wrong_usage(self, _: str, options: str, line: str) -> None:
        """A file that can't be used is one line, before any request."""
        self.write("policy.txt", "MIT\nMIT OR ISC\n")
        self.write("latin-1", "MIT # \u00e9\n", "latin-1")
        os.mkfifo("pipe")
        self.assertEqual(self.run_over_replay("google " + options),
                         (2, "", f"audit.py: {line}\n"))
        self.assertEqual(self.asked, [])
        self.assertEqual(
            sorted(os.listdir()), ["latin-1", "pipe", "policy.txt"])

    def test_saved(self) -> None:
        """All is saved, whatever the filters, in the place of the old table.

        The file keeps its mode, and a link to it stays a link.
        """
        self.write("policy.txt", POLICY)
        self.write("real.csv", OLD_TABLE)
        os.chmod("real.csv", 0o640)
        os.symlink("real.csv", "link.csv")
        self.assertEqual(
            self.run_over_replay(
                "google --policy policy.txt --license mit --save link.csv",
                repos=[repo(6, "google/z\u00e9ro"), *REPOS]),
            (0, "", "audit.py: acme was not asked: its rows are left out of "
             "link.csv\n"))
        table = ("repository,license,verdict,fork,archived,url,id\n"
                 "google/exempt,ISC,exception,false,false,,2\n"
                 "google/fork,GPL-3.0,not allowed,true,false,,3\n"
                 "google/old,Apache-2.0,allowed,false,true,,4\n"
                 "google/own,other,not allowed,false,false,https://h/own,5\n"
                 "google/plain,MIT,allowed,false,false,,1\n"
                 "google/z\u00e9ro,MIT,allowed,false,false,,6\n")
        self.assertEqual(self.files(), {
            "policy.txt": POLICY, "real.csv": table, "link.csv": table})
        self.assertTrue(os.path.islink("link.csv"))
        self.assertEqual(stat.S_IMODE(os.stat("real.csv").st_mode), 0o640)

    def test_saving_fails(self) -> None:
        """If the table can't be written, the old one is left, alone.

        Each run writes beside it, under a name of its own.
        """
        self.write("table.csv", OLD_TABLE)
        with patch("os.replace", autospec=True, side_effect=FULL) as replace:
            for _ in range(2):
                status, out, err = self.run_command(
                    "google --recorded --save table.csv")
                self.assertEqual((status, len(out.split())), (1, 9))
                self.assertIn("audit.py: table.csv is not saved: No space "
                              "left on device\n", err)
        self.assertEqual(self.files(), {"table.csv": OLD_TABLE})
        names = {call[0][0] for call in replace.call_args_list}
        self.assertEqual(len(names), 2)
        self.assertEqual({os.path.dirname(name) for name in names},
                         {os.path.realpath(".")})

    @parameterized.expand([
        ("reader_gone", BrokenPipeError(errno.EPIPE, "Broken pipe"),
         " --save new.csv", 1,
         "audit.py: stdout: Broken pipe; new.csv is not saved\n"),
        ("reader_gone_and_nothing_to_save", BrokenPipeError(), "", 0, ""),
        ("disk_full", FULL, "", 1,
         "audit.py: stdout: No space left on device\n"),
        ("not_encodable", UnicodeEncodeError("ascii", "\u00e9", 0, 1, "no"),
         " --save new.csv", 1, "audit.py: stdout: 'ascii' codec can't encode "
         "character '\\xe9' in position 0: no; new.csv is not saved\n"),
    ])
    def test_printing_fails(
            self, _: str, error: Exception, options: str, status: int,
            err: str) -> None:
        """If the listing can't be printed, nothing is saved."""
        out = Mock(spec=io.StringIO())
        out.getvalue.return_value = ""
        out.flush.side_effect = error
        self.assertEqual(
            self.run_command("google --recorded" + options, out=out),
            (status, "", err))
        self.assertEqual(self.files(), {})

    @parameterized.expand([("whole", 10000, 0, 9), ("full", 100, 1, 4)])
    def test_unbuffered(
            self, _: str, size: int, status: int, lines: int) -> None:
        """Without a buffer, too, a listing that is cut is an error."""
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, limits)
        with open("out", "wb", buffering=0) as raw:
            out: Any = io.TextIOWrapper(raw, write_through=True)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
            with redirect_stdout(out), redirect_stderr(io.StringIO()) as err:
                result = audit.main(["google", "--recorded", "--save", "t"])
            out.detach()
        self.assertEqual(result, status)
        self.assertEqual("File too large; t is not" in err.getvalue(), status)
        files = self.files()
        self.assertEqual(files["out"].count("\n"), lines)
        self.assertEqual("t" in files, not status)

    def test_nobody_reads_notes(self) -> None:
        """A note that can't be written does not change the status."""
        err = Mock(spec=io.StringIO())
        err.write.side_effect = BrokenPipeError
        with redirect_stderr(err):
            self.assertEqual(audit.complain("a note", 0), 0)


class TestOverReplay(CommandTestCase):
    """Tests of the command as a whole, each in a situation of real life."""

    HIDDEN = [repo(8, "google/secret", private=True),
              repo(9, "google/internal", private=True)]
    MOVED = Fault(301, {"Location": "/orgs/google"}, b"")
    MISSING = ("audit.py: no such organization: {} (renamed, or a user's "
               "account?)")
    COUNTED = "audit.py: google: GitHub counts 5 public repositories and lists"

    @parameterized.expand([
        ("what_is_private_is_sent", "google --license mit",
         {"/repos": said(REPOS + HIDDEN)}, 0, "google/plain\n", ""),
        ("newer_id_of_a_license", "google --license GPL-3.0-or-later", {},
         0, "google/fork\n", ""),
        ("some_are_missing", "google", {"/repos": said(REPOS[:1]) * 2},
         0, "google/plain\n", f"{COUNTED} 1\n"),
        ("another_name_of_the_api", "google", {
            "/orgs/google$": said({**org_payload, "public_repos": 0,
                                   "repos_url": "http://[::1]/repos"})},
         1, "", "audit.py: the API at http://HOST refers to "
         "http://[::1]/repos; set GITHUB_API_URL to the API's own address\n"),
        ("renamed_and_twice", "GOOGLE google alphabet --license mit",
         {"/orgs/alphabet": [MOVED]},
         0, "google/plain\n", "audit.py: alphabet is now google\n"),
        ("not_there", "google octocat nobody", {}, 1, "",
         MISSING.format("octocat") + "\n" + MISSING.format("nobody") + "\n"),
        ("none_there", "nobody", {}, 1, "",
         MISSING.format("nobody") + "; GITHUB_API_URL may be wrong\n"),
        ("null", "google", {"/repos": said([*REPOS, None])}, 1, "",
         "audit.py: http://HOST/orgs/google/repos: item 6 is not a "
         "repository\n"),
        ("single_sign_on", "google", {"/repos": [Fault(403, {
            "X-GitHub-SSO": "required; url=https://github.com/orgs/a/sso"})]},
         1, "", "audit.py: HOST/orgs/google/repos answered 403: Forbidden; "
         "authorize the token at https://github.com/orgs/a/sso\n"),
        ("control_characters", "google",
         {"/orgs/google$": [Fault(400, body=b'{"message": "\\u001b[31m"}')]},
         1, "", "audit.py: HOST/orgs/google answered 400:  [31m\n"),
    ])
    def test_situation(
            self, _: str, line: str, script: Script, status: int, out: str,
            err: str) -> None:
        """The listing is whole, or there is none, and nothing is saved."""
        with patch.object(requests.Session, "close", autospec=True,
                          side_effect=requests.Session.close) as close:
            result = self.run_over_replay(
                line + " --save table.csv", script, REPOS + self.HIDDEN)
        close.assert_called_once()
        self.assertEqual(result, (status, out, err))
        self.assertEqual(list(self.files()), ["table.csv"] * (not status))

    def test_empty_organization(self) -> None:
        """An organization that lists nothing is told."""
        self.assertEqual(
            self.run_over_replay("google", repos=[]),
            (0, "", "audit.py: google has no public repository\n"))

    def test_exception_that_ends(self) -> None:
        """An exception ends when the license changes, as all can see."""
        self.write("p.txt", POLICY)
        self.write("t.csv", "")  # A table that is empty has lost nothing.
        self.assertEqual(self.run_over_replay(
            "google --policy p.txt --save t.csv", repos=REPOS[:2]),
            (0, "", ""))
        repos = [REPOS[0], repo(2, "google/exempt", "ISC-2")]
        self.assertEqual(self.run_over_replay(
            "google --policy p.txt --since t.csv", repos=repos), (
                3, "google/exempt\tISC-2\tnot allowed\tlicense was ISC\n",
                "audit.py: p.txt:3: google/exempt: it is under another "
                "license, ISC-2\n"))

    @parameterized.expand([
        ("GITHUB_API_URL", "http://[", "the API's URL (GITHUB_API_URL) must "
         "be like https://HOST/api/v3"),
        ("GH_TOKEN", "two words", "the token (GH_TOKEN or GITHUB_TOKEN) "
         "contains an invalid character"),
        ("REQUESTS_CA_BUNDLE", "none", "REQUESTS_CA_BUNDLE: there is no file "
         "none"),
    ])
    def test_variable(self, name: str, value: str, problem: str) -> None:
        """A variable that is wrong is wrong usage, before any request."""
        os.environ[name] = value
        self.assertEqual(
            self.run_command("google"), (2, "", f"audit.py: {problem}\n"))

    def test_recorded(self) -> None:
        """--recorded needs no network, and no API's URL."""
        os.environ["GITHUB_API_URL"] = "http://["
        self.assertEqual(self.run_command("google --recorded"), (
            0, "".join(f"google/{name}\n" for name in expected_repos), ""))

    @parameterized.expand([
        ("unset", "", "google", ""),
        ("github", "https://api.github.com/", "google", ""),
        ("recorded", "http://host", "google --recorded", ""),
        ("another", "http://host", "google", "; GITHUB_API_URL may be wrong"),
    ])
    def test_hint(self, _: str, api_url: str, line: str, hint: str) -> None:
        """The API's URL may be wrong where it is not GitHub's own."""
        os.environ["GITHUB_API_URL"] = api_url
        self.assertEqual(audit.hint_for(audit.parse(line.split(" "))), hint)

    def test_nobody_listens(self) -> None:
        """Where nobody listens, the address may be wrong."""
        os.environ["GITHUB_API_URL"] = "http://127.0.0.1:1"
        with patch("time.sleep", autospec=True):  # between the tries
            result = self.run_command("google")
        self.assertEqual(result, (
            1, "", "audit.py: cannot reach 127.0.0.1:1: Connection refused; "
            "check the network; GITHUB_API_URL may be wrong\n"))

    @parameterized.expand([
        ("google", 10), ("google --jobs 1", 1), ("google --jobs 100", 100)])
    def test_jobs(self, line: str, workers: int) -> None:
        """--jobs says how many pages a client fetches at once."""
        with ExitStack() as stack:
            task = audit.prepare(audit.parse(line.split(" ")), stack)
        self.assertEqual(task.clients[0].workers, workers)

    def test_no_thread(self) -> None:
        """If no thread can be started, one line says so."""
        error = RuntimeError("can't start new thread")
        with patch("audit.audit", autospec=True, side_effect=error):
            self.assertEqual(self.run_command("google"), (
                1, "", "audit.py: can't start new thread\n"))

    @parameterized.expand([(KeyboardInterrupt,), (AttributeError,)])
    def test_not_reported(self, error: Type[BaseException]) -> None:
        """Ctrl-C and bugs are not reported as errors: they are raised."""
        with patch("audit.audit", autospec=True, side_effect=error):
            with self.assertRaises(error):
                audit.main(["google"])


class TestWeeklyJob(CommandTestCase):
    """A test of the job that an office runs every week, step by step."""

    POLICY = "MIT\nApache-2.0\na/excepted ISC\n"
    WEEK_1 = {
        "a": [repo(1, "a/one"), repo(2, "a/excepted", "ISC")],
        "b": [repo(3, "b/bad", "Zlib"), repo(4, "b/fork", "Zlib", fork=True)],
        "c": [repo(5, "c/x"), repo(6, "c/y"), repo(7, "c/z")]}
    WEEK_2 = {
        "a": [repo(1, "a/one", archived=True),
              repo(2, "a/excepted", "GPL-3.0")],
        "b": [repo(3, "b/bad", "Zlib"), repo(4, "b/fork", "MIT", fork=True)],
        "c": [repo(5, "c/x", "Zlib", archived=True), repo(6, "c/why", "BSD-2"),
              repo(8, "c/new")]}

    def run_job(
            self, organizations: Mapping[str, List[Repo]],
            policy: str = POLICY) -> Result:
        """Run the job for a, b and c, of which these are there."""
        def fetch(session: Any, url: str, **options: Any) -> Any:
            """Return what GitHub says of an organization."""
            name, _, rest = url.partition("/orgs/")[2].partition("/")
            if name not in organizations:
                raise requests.HTTPError(response=Mock(status_code=404))
            repos = organizations[name]
            return repos if rest else {
                "id": ord(name), "login": name.upper(),
                "public_repos": len(repos),
                "repos_url": f"https://api.github.com/orgs/{name}/repos"}

        self.write("policy.txt", policy)
        os.environ["GITHUB_API_URL"] = "https://api.github.com/"
        with patch("live.fetch_json", autospec=True, side_effect=fetch):
            return self.run_command(
                "a b c --source --no-archived --policy policy.txt "
                "--since report.csv --save report.csv")

    def test_job(self) -> None:
        """What is not allowed is listed, then each change once."""
        self.assertEqual(self.run_job(self.WEEK_1), (
            3, "b/bad\tZlib\n", "audit.py: report.csv is not there yet: this "
            "is the first run\n"))
        first = self.files()
        self.assertEqual(sorted(first), ["policy.txt", "report.csv"])
        self.assertEqual(
            re.findall("^./[^,]*", first["report.csv"], re.MULTILINE),
            ["a/excepted", "a/one", "b/bad", "b/fork", "c/x", "c/y", "c/z"])

        unchanged = (3, "", "audit.py: not allowed, but not changed: 1\n")
        self.assertEqual(self.run_job(self.WEEK_1), unchanged)
        self.assertEqual(self.files(), first)

        # A spreadsheet has saved the table again: that is no change.
        self.write("report.csv", "\ufeff" + first["report.csv"].replace(
            ",", ";").replace("\n", "\r\n").replace("true", "TRUE"))
        self.assertEqual(self.run_job(self.WEEK_1), unchanged)
        self.assertEqual(self.files(), first)

        without_b = {"a": self.WEEK_2["a"], "c": self.WEEK_2["c"]}
        self.assertEqual(self.run_job(without_b), (
            1, "", "audit.py: no such organization: b (renamed, or a user's "
            "account?)\n"))
        self.assertEqual(self.files(), first)

        self.assertEqual(self.run_job(self.WEEK_2), (
            3, "a/one\tMIT\t\tarchived\n"
            "a/excepted\tGPL-3.0\tnot allowed\tlicense was ISC\n"
            "c/x\tZlib\t\tlicense was MIT, archived\n"
            "c/why\tBSD-2\tnot allowed\tlicense was MIT, renamed from c/y\n"
            "c/new\tMIT\tallowed\tnew\n"
            "c/z\tMIT\t\tgone\n",
            "audit.py: policy.txt:3: a/excepted: it is under another license, "
            "GPL-3.0\n"
            "audit.py: not allowed, but not changed: 1\n"))

        mended = self.POLICY.replace("ISC", "GPL-3.0") + (
            "b/bad Zlib\nc/why BSD-2\n")
        self.assertEqual(self.run_job(self.WEEK_2, mended), (0, "", ""))


class Terminal(io.StringIO):
    """The smallest double of a terminal: it says that it is one."""

    def isatty(self) -> bool:
        """Say that this is a terminal."""
        return True

    def lines(self) -> List[str]:
        """Return what its line has shown, one text after the other."""
        shown = [""]
        for text in self.getvalue().split("\r"):
            # Text after a \r covers as many characters as it has.
            line = (text + shown[-1][len(text):]).rstrip(" ")
            if line != shown[-1]:
                shown.append(line)
        return shown


class TestTerminal(CommandTestCase):
    """Tests of the line that shows how far a listing is."""

    def test_progress(self) -> None:
        """Pages are counted; while others wait, a page is not shown."""
        hooks: Dict[str, List[Any]] = {"response": []}
        client = Mock(session=Mock(hooks=hooks))
        task = task_of()._replace(clients=[client])
        with redirect_stderr(Terminal()) as terminal:
            with patch("time.monotonic", autospec=True, return_value=1000):
                progress = audit.Progress(task)
                for status, query, paused_until in [
                        (200, "?per_page=100", 0), (200, "", 0),
                        (301, "?per_page=100", 0),
                        (200, "?per_page=100", 1001),
                        (200, "?per_page=100", 1000)]:
                    page = Mock(status_code=status, url="https://h" + query)
                    page.connection.paused_until = paused_until
                    hooks["response"][0](page, timeout=5)
                LOG.info("waiting %d s", 60)
                LOG.warning("something is missing")
                progress.close()
                # From a thread that has not ended:
                progress.handle(logging.makeLogRecord({"levelno": 20}))
        self.assertEqual(
            terminal.lines(),
            ["", "pages: 1", "pages: 3", "waiting 60 s", ""])
        self.assertEqual(progress.warnings, ["something is missing"])
        self.assertEqual(LOG.handlers, [])

    TROUBLE = {"/repos": [Fault(503, {"Retry-After": "0"}),
                          *said(REPOS[:1]) * 2]}
    WARNING = "google: GitHub counts 5 public repositories and lists 1\n"

    def test_line(self) -> None:
        """Waits and pages are shown; what is told in the end stays last."""
        terminal = Terminal()
        self.run_over_replay("google", self.TROUBLE, err=terminal)
        self.assertEqual(terminal.lines(), [
            "", "waiting 0 s before the next try", "pages: 1", "pages: 2",
            "", "audit.py: " + self.WARNING])

    def test_terminal_that_has_gone(self) -> None:
        """If nobody can read the line, the listing is still whole."""
        err = Mock(spec=io.StringIO())
        err.isatty.return_value = True
        err.write.side_effect = OSError
        self.assertEqual(self.run_command("google --recorded", err=err)[:2], (
            0, "".join(f"google/{name}\n" for name in expected_repos)))

    def test_verbose(self) -> None:
        """-v logs requests, waits and warnings once, and shows no line."""
        urllib3, terminal = logging.getLogger("urllib3"), Terminal()
        self.addCleanup(urllib3.setLevel, urllib3.level)
        os.environ["GH_TOKEN"] = "sekret"
        # -v adds a handler to this list; afterwards the old one is back.
        with patch.object(logging.getLogger(), "handlers", []):
            self.run_over_replay("google -v", self.TROUBLE, err=terminal)
        log = terminal.getvalue()
        self.assertEqual(log.count("GET /orgs/google HTTP/"), 1)
        self.assertEqual(log.count("GET /orgs/google/repos?"), 3)
        self.assertEqual(log.count("\nwaiting 0 s before the next try\n"), 1)
        self.assertEqual(log.count(self.WARNING), 1)
        self.assertNotRegex(log, "sekret|pages: ")


class TestProgram(unittest.TestCase):
    """Tests of the command as a program: its streams, and Ctrl-C."""

    def handle_interrupts(self, handler: Any) -> None:
        """Let Ctrl-C be handled so, here and in processes started here."""
        old = signal.signal(signal.SIGINT, handler)
        self.addCleanup(signal.signal, signal.SIGINT, old)

    def test_interrupted(self) -> None:
        """Ctrl-C ends it at once, and quietly, while pages are in flight.

        It dies of the signal, so that a shell's loop around it ends too.
        """
        self.handle_interrupts(signal.default_int_handler)
        asked: "Queue[Asked]" = Queue()
        with replay({"&page=": repeat(Fault(wait=60))}, on_request=asked.put,
                    repos=numbered_repos(301)) as url:
            process = subprocess.Popen(
                [sys.executable, "-W", "error", "audit.py", "google"],
                cwd=HERE, env={"GITHUB_API_URL": url}, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE)
            self.addCleanup(process.kill)
            for _ in range(4):
                asked.get(timeout=30)
            process.send_signal(signal.SIGINT)
            result = process.communicate(timeout=5)
        self.assertEqual(
            (process.returncode, *result), (-signal.SIGINT, b"", b""))

    @parameterized.expand([
        ("whole", "", 0, "google/cpp-netlib\n", ""),
        ("stderr_closed", "2>&-", 0, "google/cpp-netlib\n", ""),
        ("stderr_closed_and_wrong_usage", "--jobs 0 2>&-", 2, "", ""),
        ("stdout_closed", ">&-", 1, "", "audit.py: stdout: not writable\n"),
        ("reader_gone", "| true", 0, "", ""),
    ])
    def test_streams(
            self, _: str, ending: str, status: int, out: str, err: str
            ) -> None:
        """If one stream is closed, the other one still works."""
        done = subprocess.run(
            ["sh", "-c", '"$0" audit.py google --recorded --license '
             f"bsl-1.0 {ending}", sys.executable], cwd=HERE,
            env={"PATH": os.defpath}, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True)
        self.assertEqual(
            (done.returncode, done.stdout, done.stderr), (status, out, err))

    @parameterized.expand([
        ("python_s", signal.default_int_handler, signal.SIG_DFL),
        ("ignored", signal.SIG_IGN, signal.SIG_IGN),
        ("default", signal.SIG_DFL, signal.SIG_DFL),
    ])
    def test_handler(self, _: str, handler: Any, meanwhile: Any) -> None:
        """While it runs Ctrl-C ends it; at the end the old handler is back.

        In a background job, for example, it is ignored, and stays so.
        """
        self.handle_interrupts(handler)
        handlers: List[Any] = []

        def fail() -> int:
            """Take note of the handler, and fail as a bug would."""
            handlers.append(signal.getsignal(signal.SIGINT))
            raise AttributeError

        with patch("audit.main", autospec=True, side_effect=fail):
            with self.assertRaises(AttributeError):
                audit.run()
        self.assertEqual(handlers, [meanwhile])
        self.assertIs(signal.getsignal(signal.SIGINT), handler)

    def test_in_another_thread(self) -> None:
        """It runs in a thread, too, which can't set a handler."""
        self.handle_interrupts(signal.default_int_handler)
        with ThreadPoolExecutor(1) as pool, patch(
                "audit.main", autospec=True, return_value=3):
            self.assertEqual(pool.submit(audit.run).result(timeout=30), 3)

    def test_as_main(self) -> None:
        """Output that could not be flushed is not flushed again at exit."""
        path = os.path.join(HERE, "audit.py")
        argv = [path, "google", "--recorded"]
        read_end, write_end = os.pipe()
        os.close(read_end)
        with open(write_end, "w") as out:
            with patch.object(sys, "argv", argv), redirect_stdout(out):
                with self.assertRaises(SystemExit) as caught:
                    runpy.run_path(path, run_name="__main__")
            self.assertEqual(caught.exception.code, 0)
            out.flush()
            self.assertTrue(os.path.samestat(
                os.fstat(out.fileno()), os.stat(os.devnull)))


if __name__ == "__main__":
    unittest.main()
