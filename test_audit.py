#!/usr/bin/env python3
"""Tests of audit: tables of its pure functions, then the command as a whole.

The command runs in this process, over a replay on loopback, and its clock is
a double; a handful of tests runs it as a program.
"""
import argparse
import errno
import io
import json
import logging
import os
import runpy
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from itertools import repeat
from queue import Queue
from typing import (
    Any, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple, Type)
from unittest.mock import Mock, patch

import requests
from parameterized import parameterized
from requests.exceptions import (
    ChunkedEncodingError, ConnectTimeout, ContentDecodingError, InvalidSchema,
    InvalidURL, ProxyError, SSLError, TooManyRedirects)
from urllib3.exceptions import MaxRetryError

import audit
from fixtures import expected_repos
from live import LimitError
from pages import AnswerError
from policy import Row, parse_policy, parse_table, row_of, table_of
from replay import Asked, Fault, numbered_repos, replay

HERE = os.path.dirname(os.path.abspath(__file__))
POLICY = "MIT\nApache-2.0\ngoogle/exempt ISC\n"
NAMES = "".join(f"google/{name}\n" for name in expected_repos)
Repo = Dict[str, Any]
Script = Mapping[str, Iterable[Fault]]


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
        *argv: str, policy: Optional[str] = None,
        earlier: Optional[Iterable[Row]] = None,
        replaced: Iterable[Row] = ()) -> audit.Task:
    """Return what there is to do for options, a policy and earlier rows."""
    return audit.Task(
        audit.parse(["google", *argv]),
        None if policy is None else parse_policy(policy, "p.txt"),
        None if earlier is None else {row.id: row for row in earlier},
        {row.id: row for row in replaced}, [])


def judge(task: audit.Task, repos: Iterable[Repo] = REPOS) -> audit.Report:
    """Return the report on repositories of the organization google."""
    return audit.judge(task, {repo["id"]: repo for repo in repos}, {"google"})


class TestParse(unittest.TestCase):
    """Unit tests of the command line."""

    @parameterized.expand([
        ("no_org", [], ".* required: ORG"),
        ("empty_org", [""], "no organization has the name ''"),
        ("blank_org", ["google", " "], "no organization has the name ' '"),
        ("step_up", [".."], "no organization has the name '..'"),
        ("this_step", ["."], "no organization has the name '.'"),
        ("empty_license", ["google", "--license", ""],
         "no license has the key ''; give one at a time"),
        ("licenses_in_one", ["google", "--license", "mit,isc"],
         "no license has the key 'mit,isc'; give one at a time"),
        ("license_of_nothing", ["google", "--license"],
         "argument --license: .*"),
        ("no_jobs", ["google", "--jobs", "0"],
         "argument --jobs: must be from 1 to 100"),
        ("too_many_jobs", ["google", "--jobs", "101"],
         "argument --jobs: must be from 1 to 100"),
        ("jobs_no_number", ["google", "--jobs", "many"],
         "argument --jobs: .*'many'"),
        ("json_and_licenses", ["google", "--json", "--licenses"],
         "argument --licenses: not allowed with argument --json"),
        ("json_and_csv", ["google", "--json", "--csv"],
         "argument --csv: not allowed with argument --json"),
        ("since_and_json", ["google", "--since", "t.csv", "--json"],
         "argument --since: not allowed with --json, --licenses"),
        ("since_and_licenses", ["google", "--since", "", "--licenses"],
         "argument --since: not allowed with --json, --licenses"),
        ("abbreviated", ["google", "--rec"], ".* arguments: --rec"),
        ("option_of_old", ["google", "--exit-code"],
         ".* arguments: --exit-code"),
        ("unknown_option", ["google", "--token", "sekret"],
         ".* arguments: --token.*"),
    ])
    def test_wrong_usage(
            self, _: str, argv: List[str], problem: str) -> None:
        """Wrong usage gives a message and status 2."""
        with redirect_stderr(io.StringIO()) as err:
            with self.assertRaises(SystemExit) as caught:
                audit.parse(argv)
        self.assertEqual(caught.exception.code, 2)
        self.assertRegex(err.getvalue(), (
            f"^usage: audit.py .*\n(.*\n)*audit.py: error: {problem}\n$"))

    @parameterized.expand([
        ("List the public repositories of organizations on GitHub,",),
        ("ORG an organization's name",),
        ("--license KEY only repositories under this license; repeat it",),
        ("--source leave out forks",),
        ("--no-archived leave out archived repositories",),
        ("--policy FILE list what this policy does not allow; status 3 if",),
        ("--since FILE list what has changed since --save wrote this table",),
        ("--licenses count the repositories under each license",),
        ("--csv print a row for each repository, for a spreadsheet",),
        ("--json print GitHub's own objects, as one JSON array",),
        ("--save FILE keep the state of all public repositories in this",),
        ("--recorded answer from a recording of google, offline",),
        ("--jobs N pages to fetch at once, 1 to 100 (10)",),
        ("-v, --verbose log every request to stderr",),
        ("KEY is a license's key or SPDX id, in upper or lower case;",),
    ])
    def test_help(self, words: str) -> None:
        """--help prints to stdout what each option does."""
        with redirect_stdout(io.StringIO()) as out:
            with patch.dict(os.environ, COLUMNS="1000"):
                with self.assertRaises(SystemExit) as caught:
                    audit.parse(["--help"])
        self.assertEqual(caught.exception.code, 0)
        lines = [" ".join(line.split()) for line in out.getvalue().split("\n")]
        self.assertIn(words, [line[:len(words)] for line in lines])

    def test_options_between_organizations(self) -> None:
        """Organizations may stand before, between and after the options."""
        args = audit.parse(["a", "--source", "b", "--jobs", "100", "c"])
        self.assertEqual(
            (args.orgs, args.source, args.jobs), (["a", "b", "c"], True, 100))


class TestJudge(unittest.TestCase):
    """Unit tests of what is printed and noted, from repositories as values."""

    @parameterized.expand([
        ("all", [], "plain exempt fork old own"),
        ("license", ["--license", "mit"], "plain"),
        ("one_or_the_other", ["--license", "ISC", "--license", "OTHER"],
         "exempt own"),
        ("newer_spdx_id", ["--license", "GPL-3.0-or-later"], "fork"),
        ("old_spdx_id", ["--license", "gpl-3.0+"], "fork"),
        ("not_recognized", ["--license", "NOASSERTION"], "own"),
        ("source", ["--source"], "plain exempt old own"),
        ("no_archived", ["--no-archived"], "plain exempt fork own"),
        ("all_filters", ["--source", "--no-archived", "--license", "isc"],
         "exempt"),
    ])
    def test_filters(self, _: str, options: List[str], names: str) -> None:
        """The plain listing has the repositories that the filters let in."""
        self.assertEqual(judge(task_of(*options)), audit.Report(
            "".join(f"google/{name}\n" for name in names.split()), [],
            table_of(row_of(each, None) for each in REPOS), 0))

    def test_license_that_is_not_there(self) -> None:
        """A license that no repository has is told, whatever the filters."""
        report = judge(task_of("--license", "Zlib", "--license", "gpl-3.0",
                               "--source", "--license", "bsl-1.0"))
        self.assertEqual((report.output, report.notes), ("", [
            "no repository is under Zlib", "no repository is under bsl-1.0"]))

    @parameterized.expand([
        ("some", [], POLICY, "fork\tGPL-3.0\ngoogle/own\tother\n", 3),
        ("filtered", ["--source"], POLICY, "own\tother\n", 3),
        ("all_are_allowed", ["--license", "isc", "--license", "MIT"], POLICY,
         "", 0),
        ("nothing_is_allowed", ["--license", "mit"], "", "plain\tMIT\n", 3),
    ])
    def test_policy(
            self, _: str, options: List[str], policy: str, output: str,
            status: int) -> None:
        """With a policy, what is not allowed is listed with its license."""
        report = judge(task_of(*options, policy=policy))
        self.assertEqual((report.output, report.notes, report.status),
                         (output and "google/" + output, [], status))

    @parameterized.expand([("--csv",), ("--json",), ("--licenses",)])
    def test_status_of_a_form(self, form: str) -> None:
        """The status is the same in every form."""
        self.assertEqual(judge(task_of(form, policy="")).status, 3)
        self.assertEqual(judge(task_of(form)).status, 0)

    def test_listing_is_an_exception(self) -> None:
        """What is listed with a policy can be appended to it as it is."""
        listed = judge(task_of(policy=POLICY)).output
        self.assertEqual(
            judge(task_of(policy=POLICY + listed))[::3], ("", 0))

    def test_notes_on_the_policy(self) -> None:
        """An exception is looked up among all, whatever the filters."""
        notes = judge(task_of("--source", policy=(
            "google/fork ISC\ngoogle/gone MIT\nelsewhere/a MIT\n"))).notes
        self.assertEqual(notes, [
            "p.txt:1: google/fork: it is under another license, GPL-3.0",
            "p.txt:2: google/gone: it is not there"])

    def test_json(self) -> None:
        """GitHub's own objects come as one array, indented."""
        output = judge(task_of("--json", "--license", "ISC")).output
        self.assertEqual(json.loads(output), [REPOS[1]])
        self.assertTrue(output.startswith('[\n  {\n    "id": 2,'))
        self.assertTrue(output.endswith("\n]\n"))

    def test_number_beyond_json(self) -> None:
        """A number beyond JSON's is an error: jq would not read it."""
        with self.assertRaises(ValueError):
            judge(task_of("--json"), [repo(1, "a/b", size=float("inf"))])

    def test_csv(self) -> None:
        """A row has the state, the verdict, the change, and GitHub's facts."""
        changed = row_of(repo(5, "google/own"), None)
        report = judge(task_of("--csv", "--source", "--no-archived",
                               policy=POLICY, earlier=[changed]))
        self.assertEqual(report.output, (
            "repository,license,verdict,change,fork,archived,language,stars,"
            "pushed_at,url,id\n"
            "google/plain,MIT,allowed,new,false,false,,,,,1\n"
            "google/exempt,ISC,exception,new,false,false,,,,,2\n"
            "google/own,other,not allowed,license was MIT,false,false,C,7,"
            "2026-01-02T03:04:05Z,https://h/own,5\n"))

    def test_csv_without_judgments(self) -> None:
        """Without a policy and a table verdict and change are empty."""
        self.assertIn("\ngoogle/fork,GPL-3.0,,,true,false,,,,,3\n",
                      judge(task_of("--csv")).output)

    @parameterized.expand([
        ("names", [], ""), ("json", ["--json"], "[]\n"),
        ("licenses", ["--licenses"], ""),
        ("csv", ["--csv"], "repository,license,verdict,change,fork,archived,"
         "language,stars,pushed_at,url,id\n"),
    ])
    def test_no_repository(
            self, _: str, options: List[str], output: str) -> None:
        """Where there is no repository there is nothing to print."""
        self.assertEqual(judge(task_of(*options), []).output, output)

    def test_licenses(self) -> None:
        """Counts are aligned, most first, then by name; no bar is empty."""
        names = ["none", *["MIT"] * 98, "0BSD", *["other"] * 49]
        self.assertEqual(audit.chart(names), (
            f"MIT   98 {'#' * 40}\nother 49 {'#' * 20}\n"
            "0BSD   1 #\nnone   1 #\n"))

    def test_licenses_of_what_is_looked_at(self) -> None:
        """The filters say what is counted; names are those of GitHub."""
        bar = "#" * 40
        self.assertEqual(
            judge(task_of("--licenses", "--source")).output,
            f"Apache-2.0 1 {bar}\nISC        1 {bar}\nMIT        1 {bar}\n"
            f"other      1 {bar}\n")


class TestChanges(unittest.TestCase):
    """Unit tests of --since: what has changed, and what is told of it."""

    BEFORE = row_of(repo(2, "google/b"), parse_policy(POLICY, "p.txt"))

    @parameterized.expand([
        ("nothing", [], {}, "", 0),
        ("license", [], {"license": {"key": "own"}},
         "google/b\town\tnot allowed\tlicense was MIT\n", 3),
        ("archived", [], {"archived": True},
         "google/b\tMIT\tallowed\tarchived\n", 0),
        ("archived_is_left_out", ["--no-archived"], {"archived": True},
         "google/b\tMIT\t\tarchived\n", 0),
        ("not_judged", ["--no-archived"], {"archived": True, "license": None},
         "google/b\tnone\t\tlicense was MIT, archived\n", 0),
        ("license_is_left_out", ["--license", "MIT"], {"license": None},
         "google/b\tnone\t\tlicense was MIT\n", 0),
        ("license_was_left_out", ["--license", "isc"],
         {"license": {"key": "isc"}},
         "google/b\tisc\tnot allowed\tlicense was MIT\n", 3),
        ("never_looked_at", ["--license", "isc"], {"archived": True}, "", 0),
        ("new", ["--source"], {"id": 3},
         "google/b\tMIT\tallowed\tnew\ngoogle/b\tMIT\t\tgone\n", 0),
        ("new_but_left_out", ["--source"], {"id": 3, "fork": True},
         "google/b\tMIT\t\tgone\n", 0),
        ("gone_but_left_out", ["--license", "isc"], {"id": 3}, "", 0),
        ("moved", [], {"full_name": "else/b", "license": {"key": "zlib"}},
         "else/b\tzlib\tnot allowed\tlicense was MIT, "
         "renamed from google/b\n", 3),
    ])
    def test_change(
            self, _: str, options: List[str], fields: Repo, output: str,
            status: int) -> None:
        """A change is listed if the filters let in its state now or before.

        Only what they let in now has a verdict, and counts for the status.
        """
        task = task_of(*options, policy=POLICY, earlier=[self.BEFORE])
        report = judge(task, [{**repo(2, "google/b"), **fields}])
        self.assertEqual((report.output, report.status), (output, status))

    def test_without_a_policy(self) -> None:
        """Without a policy a change has no verdict; those gone come last."""
        before = [self.BEFORE._replace(id=9, repository="google/z"),
                  self.BEFORE._replace(id=8, repository="google/a"),
                  self.BEFORE]
        self.assertEqual(
            judge(task_of(earlier=before), [
                repo(2, "google/b", "ISC"), repo(1, "google/new")])[::3],
            ("google/b\tISC\tlicense was MIT\ngoogle/new\tMIT\tnew\n"
             "google/a\tMIT\tgone\ngoogle/z\tMIT\tgone\n", 0))

    def test_rows_that_are_left_out(self) -> None:
        """Whose rows an older table loses is told, once for each owner."""
        rows = [self.BEFORE._replace(id=number, repository=name)
                for number, name in enumerate(
                    ["google/b", "Z/a", "a/b", "z/c", "y/renamed"])]
        for task in (task_of(replaced=rows), task_of(earlier=rows),
                     task_of(replaced=rows, earlier=rows)):
            self.assertEqual(judge(task, [repo(4, "google/c")]).notes, [
                "a was not asked: its rows are left out",
                "z was not asked: its rows are left out"])


def http_error(
        status: int, headers: Mapping[str, str] = {}, body: bytes = b"",
        sent: Mapping[str, str] = {},
        error: Optional[requests.HTTPError] = None) -> requests.HTTPError:
    """Return the error, an HTTPError unless given, for an answer."""
    error = error or requests.HTTPError()
    error.request = requests.Request(
        "GET", "https://host:8/orgs/a", headers=dict(sent)).prepare()
    response = error.response = requests.Response()
    response.status_code, response.reason = status, "Reason"
    response.url, response.request = "https://host:8/orgs/a", error.request
    response.headers.update(headers)
    response._content = body
    return error


def raised(
        error: requests.RequestException, *causes: BaseException
        ) -> requests.RequestException:
    """Return an error as it is raised while each of its causes is handled."""
    error.request = requests.Request("GET", "https://host:8/orgs/a").prepare()
    for above, cause in zip([error, *causes], causes):
        above.__context__ = cause
    return error


UNTRUSTED = ssl.SSLCertVerificationError(
    1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable "
    "to get local issuer certificate (_ssl.c:1129)")


def retries() -> Any:
    """Return the error that urllib3 puts between its own and the system's."""
    return MaxRetryError(Mock(), "/orgs/a", Exception("..."))


class TestExplain(unittest.TestCase):
    """Unit tests of the line that an error gets."""

    @parameterized.expand([
        ("file", ValueError("p.txt:3: no"), "p.txt:3: no"),
        ("thread", RuntimeError("can't start new thread"),
         "can't start new thread"),
        ("no_request", LimitError(1800000000), "GitHub's rate limit is "
         "reached; it resets at 2027-01-15 08:00:00 UTC"),
        ("answer", raised(AnswerError("host did not answer in JSON")),
         "host did not answer in JSON"),
        ("message", http_error(403, body=b'{"message": "Blocked"}'),
         "host:8 answered 403: Blocked"),
        ("no_json", http_error(451, body=b"<html>"),
         "host:8 answered 451: Reason"),
        ("no_message", http_error(400, body=b"[]"),
         "host:8 answered 400: Reason"),
        ("deep", http_error(400, body=b"[" * 100000),
         "host:8 answered 400: Reason"),
        ("token", http_error(401), "host:8 answered 401: Reason; check the "
         "token in GH_TOKEN or GITHUB_TOKEN"),
        ("denied_without_a_proxy", http_error(407),
         "host:8 answered 407: Reason"),
        ("client_to_blame", http_error(499), "host:8 answered 499: Reason"),
        ("server_to_blame", http_error(500),
         "host:8 answered 500: Reason; try again later"),
        ("single_sign_on", http_error(403, {
            "X-GitHub-SSO": "required; url=https://github.com/orgs/a/sso?b=c"
            }, b'{"message": "Resource protected by SAML"}'),
         "host:8 answered 403: Resource protected by SAML; authorize the "
         "token at https://github.com/orgs/a/sso?b=c"),
        ("single_sign_on_without_an_address", http_error(403, {
            "X-GitHub-SSO": "partial-results; organizations=1"}),
         "host:8 answered 403: Reason"),
        ("hourly_limit", http_error(
            403, {"X-RateLimit-Remaining": "0"}, error=LimitError()),
         "GitHub's rate limit is reached; wait at least a minute; a token in "
         "GH_TOKEN raises 60 requests an hour to 5,000"),
        ("hourly_limit_of_a_token", http_error(
            403, {"X-RateLimit-Remaining": "0"}, b"",
            {"Authorization": "Bearer sekret"}, LimitError()),
         "GitHub's rate limit is reached; wait at least a minute"),
        ("secondary_limit", http_error(
            429, {"X-RateLimit-Remaining": "9"}, error=LimitError()),
         "GitHub's rate limit is reached; wait at least a minute"),
        ("cut", raised(ChunkedEncodingError("IncompleteRead(0 bytes read)")),
         "host:8 sent a broken answer; try again later"),
        ("no_gzip", raised(ContentDecodingError("Error -3")),
         "host:8 sent a broken answer; try again later"),
        ("redirects", raised(TooManyRedirects("Exceeded 30 redirects.")),
         "host:8: Exceeded 30 redirects."),
        ("wrong_url", raised(InvalidURL("no such port")),
         "host:8: no such port"),
        ("refused", raised(
            requests.ConnectionError(), retries(), OSError(
                errno.ECONNREFUSED, "Connection refused"), TypeError("inner")),
         "cannot reach host:8: Connection refused; check the network; HINT"),
        ("unknown_host", raised(
            requests.ConnectionError(), socket.gaierror(
                -2, "Name or service not known")),
         "cannot reach host:8: Name or service not known; check the network; "
         "HINT"),
        ("timeout", raised(ConnectTimeout(), OSError("timed out")),
         "cannot reach host:8: timed out; check the network; HINT"),
        ("no_http", raised(requests.ConnectionError("BadStatusLine")),
         "host:8 did not answer in HTTP"),
        ("certificate", raised(SSLError(), retries(), UNTRUSTED),
         "cannot trust host:8: certificate verify failed: unable to get "
         "local issuer certificate; if this network has a certificate "
         "authority of its own, set REQUESTS_CA_BUNDLE to its file"),
        ("proxy_of_the_system", raised(ProxyError(), OSError("gone")),
         "cannot reach the system's proxy: gone"),
    ])
    def test_line(self, _: str, error: Exception, line: str) -> None:
        """The line says what went wrong and, if anything helps, what to do."""
        with patch.dict(os.environ, clear=True):
            self.assertEqual(audit.explain(error, "; HINT"), line)

    @parameterized.expand([
        ("denies", "https_proxy", http_error(407),
         "NAME denied: 407 Reason"),
        ("denies_a_tunnel", "HTTPS_PROXY", raised(ProxyError(), OSError(
            "Tunnel connection failed: 407 Proxy Authentication Required")),
         "NAME denied: Tunnel connection failed: 407 Proxy Authentication "
         "Required"),
        ("not_there", "all_proxy", raised(ProxyError(), OSError("refused")),
         "cannot reach NAME: refused"),
        ("no_address", "ALL_PROXY", raised(InvalidURL("http://u:sekret@")),
         "the address of NAME is wrong, or of a kind not supported"),
        ("unknown_kind", "HTTPS_PROXY", raised(InvalidSchema("u:sekret@")),
         "the address of NAME is wrong, or of a kind not supported"),
        ("of_another_scheme", "HTTP_PROXY", http_error(407),
         "host:8 answered 407: Reason"),
        ("error_beyond", "HTTPS_PROXY", http_error(403),
         "host:8 answered 403: Reason"),
    ])
    def test_proxy(
            self, _: str, variable: str, error: Exception,
            line: str) -> None:
        """A proxy is called by its variable; its address is not shown."""
        with patch.dict(os.environ, {variable: "http://u:sekret@p"}, True):
            self.assertEqual(
                audit.explain(error, ""),
                line.replace("NAME", f"the proxy in {variable}"))

    @parameterized.expand([
        ("not_set", "", [], ""),
        ("github", "https://api.github.com", [], ""),
        ("slash", "https://api.github.com/", [], ""),
        ("enterprise", "https://ghe/api/v3", [],
         "; GITHUB_API_URL may be wrong too"),
        ("recorded", "https://ghe/api/v3", ["--recorded"], ""),
    ])
    def test_hint(
            self, _: str, url: str, options: List[str], hint: str) -> None:
        """GITHUB_API_URL may be to blame where it is not GitHub's own."""
        args = audit.parse(["google", *options])
        with patch.dict(os.environ, GITHUB_API_URL=url):
            self.assertEqual(audit.hint_for(args), hint)


class CommandTestCase(unittest.TestCase):
    """A base class: the command in an empty folder and environment.

    Its clock is a double: to sleep is to set it forward.
    """

    def setUp(self) -> None:
        """Make the folder, empty the environment, and set the clock."""
        self.stack = ExitStack()
        self.addCleanup(self.stack.close)
        self.folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.table = os.path.join(self.folder, "report.csv")
        self.stack.enter_context(patch.dict(os.environ, clear=True))
        self.now, self.slept = 1000.0, []  # type: float, List[float]
        self.stack.enter_context(patch("time.sleep", self.sleep))
        self.stack.enter_context(patch("time.monotonic", lambda: self.now))
        self.asked: List[Asked] = []

    def sleep(self, seconds: float) -> None:
        """Set the clock forward."""
        self.slept.append(seconds)
        self.now += seconds

    def path(self, name: str, text: str) -> str:
        """Write a file into the folder, and return its path."""
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return path

    def files(self) -> Dict[str, bytes]:
        """Return what the files in the folder hold."""
        found = {}
        for name in os.listdir(self.folder):
            with open(os.path.join(self.folder, name), "rb") as file:
                found[name] = file.read()
        return found

    def run_command(
            self, *argv: str, err: Optional[io.StringIO] = None
            ) -> Tuple[int, str, str]:
        """Run the command; return status, stdout and stderr."""
        err = err or io.StringIO()
        with redirect_stdout(io.StringIO()) as out, redirect_stderr(err):
            status = audit.main(argv)
        return status, out.getvalue(), err.getvalue()

    def run_over_replay(
            self, *argv: str, script: Script = {},
            repos: List[Repo] = REPOS, err: Optional[io.StringIO] = None
            ) -> Tuple[int, str, str]:
        """Run the command for google over a replay; HOST is its address."""
        with replay(script, repos=repos,
                    on_request=self.asked.append) as url:
            os.environ["GITHUB_API_URL"] = url
            status, out, text = self.run_command("google", *argv, err=err)
        return status, out, text.replace(url[len("http://"):], "HOST")


class TestFiles(CommandTestCase):
    """Tests of the files that the command reads and writes."""

    @parameterized.expand([
        ("policy_line", "policy.txt", "MIT\n\nMIT OR ISC\n", "--policy",
         "FILE:3: neither a license nor a repository and a license: "
         "MIT OR ISC"),
        ("policy_in_latin_1", "policy.txt", "MIT # \udce9\n", "--policy",
         "FILE: this is not UTF-8"),
        ("no_policy", "", "", "--policy", "FILE: Is a directory"),
        ("policy_not_there", "missing", None, "--policy",
         "FILE: No such file or directory"),
        ("empty_table", "old.csv", "", "--since",
         "FILE:1: no column archived, id, license, repository"),
        ("column_missing", "old.csv", "id,license,repository\n", "--since",
         "FILE:1: no column archived"),
        ("id_twice", "old.csv", "id,license,repository,archived\n"
         "1,MIT,a/b,true\n1,MIT,a/c,true\n", "--since",
         "FILE:3: the id 1 stands here twice"),
        ("table_not_there", "missing", None, "--since",
         "FILE: No such file or directory"),
        ("no_folder", "missing/new.csv", None, "--save",
         "FILE: there is no such folder"),
        ("folder", "", "", "--save", "FILE: this is not a regular file"),
    ])
    def test_wrong_usage(
            self, _: str, name: str, text: Optional[str], option: str,
            line: str) -> None:
        """A file that can't be used is one line, before any request."""
        path = os.path.join(self.folder, name)
        if text:
            with open(path, "wb") as file:
                file.write(text.encode("utf-8", "surrogateescape"))
        elif text == "" and name:
            self.path(name, "")
        before = self.files() if name else {}
        self.assertEqual(self.run_over_replay(option, path), (
            2, "", f"audit.py: {line.replace('FILE', path)}\n"))
        self.assertEqual(self.asked, [])
        self.assertEqual(self.files(), before)

    @parameterized.expand([
        ("policy", ["--policy", ""], ": No such file or directory"),
        ("since", ["--since", ""], ": No such file or directory"),
        ("save", ["--save", ""], ": this is not a regular file"),
    ])
    def test_no_file_name(
            self, _: str, options: List[str], line: str) -> None:
        """An empty name, as of a variable not set, is no file."""
        self.assertEqual(self.run_over_replay(*options),
                         (2, "", f"audit.py: {line}\n"))

    def test_pipe(self) -> None:
        """What is no regular file, such as a pipe, is not replaced."""
        os.mkfifo(self.table)
        self.assertEqual(self.run_over_replay("--save", self.table), (
            2, "", f"audit.py: {self.table}: this is not a regular file\n"))
        self.assertTrue(stat.S_ISFIFO(os.stat(self.table).st_mode))

    @parameterized.expand([
        ("api_url", {"GITHUB_API_URL": "https://user:sekret@host"},
         "the API's URL must be like https://HOST/api/v3"),
        ("token", {"GH_TOKEN": "sek ret"},
         "the token contains an invalid character"),
        ("unencrypted", {"GH_TOKEN": "s", "GITHUB_API_URL": "http://h.test"},
         "a token must not go to h.test unencrypted: use https"),
    ])
    def test_wrong_variable(
            self, _: str, variables: Dict[str, str], line: str) -> None:
        """A variable that is wrong is wrong usage, before any request."""
        os.environ.update(variables)
        self.assertEqual(
            self.run_command("google"), (2, "", f"audit.py: {line}\n"))

    def test_saved(self) -> None:
        """All public repositories are saved, whatever filters and order."""
        expected = (
            "repository,license,verdict,fork,archived,url,id\n"
            "google/exempt,ISC,exception,false,false,,2\n"
            "google/fork,GPL-3.0,not allowed,true,false,,3\n"
            "google/old,Apache-2.0,allowed,false,true,,4\n"
            "google/own,other,not allowed,false,false,https://h/own,5\n"
            "google/plain,MIT,allowed,false,false,,1\n")
        policy = self.path("policy.txt", POLICY)
        for repos in REPOS, REPOS[::-1]:
            self.assertEqual(self.run_over_replay(
                "--policy", policy, "--license", "mit", "--save", self.table,
                repos=repos), (0, "", ""))
            self.assertEqual(self.files()["report.csv"], expected.encode())

    def test_older_table_of_others(self) -> None:
        """Whose rows an older table loses is told, without --since, too."""
        self.path("report.csv", "id,repository,license,archived\n"
                  "9,acme/a,MIT,true\n")
        self.assertEqual(
            self.run_over_replay("--save", self.table, "--license", "mit"),
            (0, "google/plain\n",
             "audit.py: acme was not asked: its rows are left out\n"))

    def test_letters_beyond_ascii(self) -> None:
        """The table is UTF-8 with LF, on every system."""
        self.run_over_replay("--save", self.table, repos=[
            repo(1, "google/caf\u00e9")])
        self.assertEqual(self.files()["report.csv"].split(b"\n")[1],
                         b"google/caf\xc3\xa9,MIT,,false,false,,1")

    def test_mode_and_link(self) -> None:
        """A file is replaced through a link, and keeps its mode."""
        real = self.path("real.csv", "old\n")
        os.chmod(real, 0o640)
        os.symlink(real, self.table)
        self.assertEqual(self.run_over_replay("--save", self.table)[0], 0)
        self.assertTrue(os.path.islink(self.table))
        self.assertEqual(stat.S_IMODE(os.stat(real).st_mode), 0o640)
        self.assertEqual(sorted(self.files()), ["real.csv", "report.csv"])
        self.assertNotEqual(self.files()["real.csv"], b"old\n")

    def test_new_file(self) -> None:
        """A table is written beside its place, each under its own name."""
        other = self.path("other", "")
        with patch("os.replace", autospec=True,
                   side_effect=os.replace) as replace:
            audit.save(self.table, "text\n")
            audit.save(self.table, "text\n")
        names = {call[0][0] for call in replace.call_args_list}
        self.assertEqual(len(names), 2)
        self.assertEqual({os.path.dirname(name) for name in names},
                         {os.path.realpath(self.folder)})
        self.assertEqual(os.stat(self.table).st_mode, os.stat(other).st_mode)

    @parameterized.expand([("os.replace",), ("shutil.copymode",)])
    def test_disk_that_is_full(self, function: str) -> None:
        """If the table can't be written, the old one is left, alone."""
        self.path("report.csv", "old\n")
        error = OSError(errno.ENOSPC, "No space left on device")
        with patch(function, autospec=True, side_effect=error):
            status, _, err = self.run_over_replay("--save", self.table)
        self.assertEqual((status, err), (
            1, f"audit.py: {self.table}: No space left on device\n"))
        self.assertEqual(self.files(), {"report.csv": b"old\n"})

    @parameterized.expand([
        ("reader_gone", BrokenPipeError(),
         "FILE is not saved: stdout is closed"),
        ("disk_full", OSError(errno.ENOSPC, "No space left on device"),
         "[Errno 28] No space left on device"),
        ("not_encodable", UnicodeEncodeError("ascii", "\u00e9", 0, 1, "no"),
         "'ascii' codec can't encode character '\\xe9' in position 0: no"),
    ])
    def test_printing_fails(
            self, _: str, error: BaseException, line: str) -> None:
        """Where the listing can't be printed, nothing is saved."""
        self.path("report.csv", "old\n")
        out = Mock(spec=["write", "flush"])
        out.flush.side_effect = error
        with redirect_stdout(out), redirect_stderr(io.StringIO()) as err:
            status = audit.main(
                ["google", "--recorded", "--save", self.table])
        self.assertEqual((status, err.getvalue()), (
            1, f"audit.py: {line.replace('FILE', self.table)}\n"))
        self.assertEqual(self.files(), {"report.csv": b"old\n"})

    def test_reader_gone(self) -> None:
        """Without --save a reader that has gone is no error."""
        out = Mock(spec=["write", "flush"])
        out.flush.side_effect = BrokenPipeError
        with redirect_stdout(out), redirect_stderr(io.StringIO()) as err:
            self.assertEqual(audit.main(["google", "--recorded"]), 0)
        self.assertEqual(err.getvalue(), "")

    @parameterized.expand([(KeyboardInterrupt,), (AttributeError,)])
    def test_not_reported(self, error: Type[BaseException]) -> None:
        """Ctrl-C and bugs are not reported as errors: they are raised."""
        with redirect_stdout(Mock(spec=["write"])) as out:
            out.write.side_effect = error
            with self.assertRaises(error):
                audit.main(["google", "--recorded"])

    def test_nobody_reads_the_notes(self) -> None:
        """A note that can't be written does not change the status."""
        err = Mock(spec=["write", "flush", "isatty"])
        err.isatty.return_value = False
        err.write.side_effect = BrokenPipeError
        with redirect_stdout(io.StringIO()), redirect_stderr(err):
            status = audit.main(["google", "--recorded", "--license", "Zlib"])
        self.assertEqual(status, 0)


class TestOverReplay(CommandTestCase):
    """Tests of the command as a whole, each in a situation of real life."""

    def test_recorded(self) -> None:
        """--recorded asks no API and sends no token; this one can't be."""
        os.environ.update(GH_TOKEN="no token", GITHUB_API_URL="http://[")
        self.assertEqual(
            self.run_command("google", "--recorded"), (0, NAMES, ""))

    def test_members_token(self) -> None:
        """What is private or internal is not listed, whatever is sent."""
        hidden = [repo(8, "google/secret", private=True),
                  repo(9, "google/internal", private=True)]
        everything = Fault(body=json.dumps(REPOS + hidden).encode())
        scripts: List[Script] = [{}, {"/repos": [everything]}]
        for script in scripts:
            self.assertEqual(
                self.run_over_replay("--license", "mit", script=script,
                                     repos=REPOS + hidden),
                (0, "google/plain\n", ""))
        self.assertIn("type=public", self.asked[-1].target)

    @parameterized.expand([("only",), ("or-later",)])
    def test_newer_id_of_a_license(self, kind: str) -> None:
        """SPDX's newer ids of the GPL find what GitHub calls GPL-3.0."""
        self.assertEqual(
            self.run_over_replay("--license", f"GPL-3.0-{kind}"),
            (0, "google/fork\n", ""))

    def test_exception_that_ends(self) -> None:
        """An exception ends when the license changes, as all can see."""
        policy = self.path("policy.txt", "MIT\ngoogle/exempt ISC\n")
        options = ["--policy", policy, "--since", self.table, "--save",
                   self.table]
        self.assertEqual(self.run_over_replay(*options, repos=REPOS[:2]), (
            0, "", f"audit.py: {self.table} is not there yet: this is the "
            "first run\n"))
        repos = [REPOS[0], repo(2, "google/exempt", "ISC-2")]
        self.assertEqual(self.run_over_replay(*options, repos=repos), (
            3, "google/exempt\tISC-2\tnot allowed\tlicense was ISC\n",
            f"audit.py: {policy}:2: google/exempt: it is under another "
            "license, ISC-2\n"))

    def test_another_name_of_the_api(self) -> None:
        """Where the API goes by another name, one line says what to set."""
        org = {"id": 1, "login": "google", "public_repos": 1,
               "repos_url": "http://localhost:1/orgs/google/repos"}
        self.assertEqual(
            self.run_over_replay(
                script={"/orgs/google$": [
                    Fault(body=json.dumps(org).encode())]}),
            (1, "", "audit.py: the API at http://HOST refers to http://"
             "localhost:1/orgs/google/repos; set GITHUB_API_URL to the API's "
             "own address\n"))

    @parameterized.expand([
        ("some", REPOS[:1], 0, "google/plain\n"), ("none", [], 1, ""),
    ])
    def test_fewer_than_counted(
            self, _: str, sent: List[Repo], status: int, out: str) -> None:
        """Fewer repositories than GitHub counts are listed with a warning."""
        page = Fault(body=json.dumps(sent).encode())
        self.assertEqual(
            self.run_over_replay(script={"/repos": [page, page]}),
            (status, out, "audit.py: google: GitHub counts 5 public "
             f"repositories and lists {len(sent)}\n"))

    def test_empty_organization(self) -> None:
        """An organization that lists nothing is told."""
        self.assertEqual(
            self.run_over_replay(repos=[]),
            (0, "", "audit.py: google has no public repository\n"))

    def test_one_organization_twice(self) -> None:
        """An organization is listed once; its new name is told."""
        moved = Fault(301, {"Location": "/orgs/google"}, b"")
        self.assertEqual(
            self.run_over_replay(
                "GOOGLE", "alphabet", "--license", "mit",
                script={"/orgs/alphabet": [moved]}),
            (0, "google/plain\n", "audit.py: alphabet is now google\n"))
        self.assertEqual(
            sum("/repos" in each.target for each in self.asked), 1)

    def test_not_there(self) -> None:
        """Each organization that is not there has its line."""
        line = ("audit.py: no such organization: {} (renamed, or a user's "
                "account?); GITHUB_API_URL may be wrong too\n")
        self.assertEqual(
            self.run_over_replay("octocat", "../users/google"),
            (1, "", line.format("octocat") + line.format("../users/google")))
        self.assertEqual([each.target for each in self.asked], [
            "/orgs/google", "/orgs/octocat", "/orgs/..%2Fusers%2Fgoogle"])

    @parameterized.expand([
        ("page_404", {"page=2": [Fault(404)]}, "HOST answered 404: Not Found"),
        ("org_500", {"/orgs/google$": repeat(Fault(500))},
         "HOST answered 500: Internal Server Error; try again later"),
        ("null", {"page=2": [Fault(body=b"[null]")]}, "http://HOST/orgs/"
         "google/repos: item 101 is not a repository"),
        ("single_sign_on", {"/repos": [Fault(403, {
            "X-GitHub-SSO": "required; url=https://github.com/orgs/g/sso"})]},
         "HOST answered 403: Forbidden; authorize the token at "
         "https://github.com/orgs/g/sso"),
        ("html", {"page=2": [Fault(body=b"<html>")]},
         "HOST did not answer in JSON"),
        ("control_characters", {"page=2": [Fault(
            400, body=b'{"message": "\\u001b[31mred\\n"}')]},
         "HOST answered 400:  [31mred "),
        ("secondary_limit", {"/orgs/google$": repeat(Fault(
            429, {"Retry-After": "3600"}))}, "GitHub's rate limit is "
         "reached; it resets at 2001-09-09 02:46:40 UTC"),
    ])
    def test_all_or_nothing(
            self, _: str, script: Script, line: str) -> None:
        """After an error there is one line, no listing, and no table."""
        self.path("report.csv", "old\n")
        with patch("time.time", autospec=True, return_value=1e9):
            self.assertEqual(
                self.run_over_replay(
                    "--save", self.table, script=script,
                    repos=numbered_repos(101)),
                (1, "", f"audit.py: {line}\n"))
        self.assertEqual(self.files(), {"report.csv": b"old\n"})

    def test_nobody_listens(self) -> None:
        """Where nobody listens, the address may be wrong."""
        os.environ["GITHUB_API_URL"] = "http://127.0.0.1:1"
        self.assertEqual(self.run_command("google"), (
            1, "", "audit.py: cannot reach 127.0.0.1:1: Connection refused; "
            "check the network; GITHUB_API_URL may be wrong too\n"))

    def test_no_thread(self) -> None:
        """If no thread can be started, one line says so."""
        with patch("pages.Thread", autospec=True, side_effect=RuntimeError(
                "can't start new thread")):
            self.assertEqual(
                self.run_over_replay(repos=numbered_repos(101)),
                (1, "", "audit.py: can't start new thread\n"))

    @parameterized.expand([([], 10), (["--jobs", "1"], 1)])
    def test_jobs(self, options: List[str], workers: int) -> None:
        """--jobs says how many pages a client fetches at once."""
        with patch("audit.LiveOrgClient", autospec=True,
                   side_effect=ValueError) as client:
            self.run_command("google", *options)
        self.assertEqual(client.call_args[0][3], workers)

    def test_session_is_closed(self) -> None:
        """The one session is closed, after an error as well."""
        with patch.object(requests.Session, "close", autospec=True) as close:
            self.run_over_replay("google")
            self.run_over_replay("nobody")
        self.assertEqual(close.call_count, 2)


class TestWeeklyJob(CommandTestCase):
    """Tests of the job that an office runs every week, step by step."""

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
            policy: str = POLICY) -> Tuple[int, str, str]:
        """Run the job for a, b and c, of which these are there."""
        def fetch(session: Any, url: str, **options: Any) -> Any:
            """Return what GitHub says of an organization."""
            name, _, rest = url.partition("/orgs/")[2].partition("/")
            if name not in organizations:
                raise http_error(404)
            repos = organizations[name]
            return repos if rest else {
                "id": ord(name), "login": name.upper(),
                "public_repos": len(repos),
                "repos_url": f"https://api.github.com/orgs/{name}/repos"}

        with patch("live.fetch_json", autospec=True, side_effect=fetch):
            status, out, err = self.run_command(
                "a", "b", "c", "--source", "--no-archived",
                "--policy", self.path("policy.txt", policy),
                "--since", self.table, "--save", self.table)
        return status, out, err.replace(self.folder + os.sep, "")

    def test_first_run(self) -> None:
        """The first time what is not allowed is listed, and all is saved."""
        self.assertEqual(self.run_job(self.WEEK_1), (
            3, "b/bad\tZlib\n", "audit.py: report.csv is not there yet: this "
            "is the first run\n"))
        self.assertEqual(sorted(self.files()), ["policy.txt", "report.csv"])
        self.assertEqual(
            list(parse_table(self.files()["report.csv"].decode(), "")),
            [2, 1, 3, 4, 5, 6, 7])

    def test_nothing_changed(self) -> None:
        """Again, nothing is listed; what is not allowed is counted."""
        self.run_job(self.WEEK_1)
        before = self.files()
        self.assertEqual(self.run_job(self.WEEK_1), (
            3, "", "audit.py: not allowed, but not changed: 1\n"))
        self.assertEqual(self.files(), before)

    def test_week_of_changes(self) -> None:
        """Changes are listed once, with a verdict where one is due."""
        self.run_job(self.WEEK_1)
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
        self.assertEqual(
            self.run_job(self.WEEK_2, "MIT\n"),
            (3, "", "audit.py: not allowed, but not changed: 3\n"))

    def test_policy_of_the_week(self) -> None:
        """What a new policy does not allow any more is listed once."""
        self.run_job(self.WEEK_1)
        self.assertEqual(self.run_job(self.WEEK_1, "Zlib\n")[:2], (
            3, "a/one\tMIT\tnot allowed\twas allowed\n"
            "a/excepted\tISC\tnot allowed\twas exception\n"
            "c/x\tMIT\tnot allowed\twas allowed\n"
            "c/y\tMIT\tnot allowed\twas allowed\n"
            "c/z\tMIT\tnot allowed\twas allowed\n"))
        self.assertEqual(self.run_job(self.WEEK_1, "Zlib\n"), (
            3, "", "audit.py: not allowed, but not changed: 5\n"))

    def test_organization_that_is_missing(self) -> None:
        """Where one is missing, nothing is listed, and nothing is saved."""
        self.run_job(self.WEEK_1)
        before = self.files()
        self.assertEqual(
            self.run_job({"a": self.WEEK_2["a"], "c": self.WEEK_2["c"]}),
            (1, "", "audit.py: no such organization: b (renamed, or a user's "
             "account?)\n"))
        self.assertEqual(self.files(), before)

    def test_mended_or_excepted(self) -> None:
        """When all is mended or excepted the status is 0, with no word."""
        self.run_job(self.WEEK_1)
        policy = self.POLICY + "b/bad Zlib\n"
        for _ in range(2):
            self.assertEqual(self.run_job(self.WEEK_1, policy), (0, "", ""))

    def test_table_saved_by_a_spreadsheet(self) -> None:
        """Semicolons, a BOM, CRLF and upper case are the same table."""
        self.run_job(self.WEEK_1)
        text = self.files()["report.csv"].decode()
        self.path("report.csv", "\ufeff" + text.replace(",", ";").replace(
            "\n", "\r\n").replace("true", "TRUE").replace("false", "FALSE"))
        self.assertEqual(self.run_job(self.WEEK_1)[:2], (3, ""))
        self.assertEqual(self.files()["report.csv"].decode(), text)


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

    def shown(
            self, *argv: str, script: Script = {},
            repos: List[Repo] = REPOS) -> List[str]:
        """Run the command on a terminal, and return what its line shows."""
        terminal = Terminal()
        self.run_over_replay(*argv, script=script, repos=repos, err=terminal)
        return terminal.lines()

    def test_pages_are_counted(self) -> None:
        """Pages are counted as they come; then the line is cleared."""
        self.assertEqual(
            self.shown(repos=numbered_repos(201)),
            ["", "pages: 1", "pages: 2", "pages: 3", ""])

    def test_redirect_is_no_page(self) -> None:
        """Only a page that has come is counted."""
        target = "/orgs/google/repos?per_page=100&page=1"
        moved = Fault(301, {"Location": target}, b"")
        self.assertEqual(self.shown(script={"/repos": [moved]}),
                         ["", "pages: 1", ""])

    @parameterized.expand([("/orgs/google$",), ("/repos",)])
    def test_secondary_limit(self, where: str) -> None:
        """A limit is waited for, and the line says so."""
        limit = Fault(403, body=b'{"message": "You have exceeded a secondary '
                      b'rate limit."}')
        self.assertEqual(self.shown(script={where: [limit]}), [
            "", "waiting 60 s before the next try", "pages: 1", ""])
        self.assertEqual(self.slept, [60])

    def test_page_during_a_wait(self) -> None:
        """A page that comes while others wait is counted, but not shown."""
        hooks: Dict[str, List[Any]] = {"response": []}
        client = Mock(session=Mock(hooks=hooks))
        page = Mock(status_code=200, url="https://host/repos?per_page=100")
        with redirect_stderr(Terminal()) as terminal:
            line = audit.Progress(task_of()._replace(clients=[client]))
            for page.connection.paused_until in self.now + 1, self.now:
                hooks["response"][0](page, timeout=5)
            line.close()
        self.assertEqual(terminal.lines(), ["", "pages: 2", ""])

    def test_error_and_warning_stay_last(self) -> None:
        """What is told in the end is not covered by a page."""
        self.assertRegex(
            self.shown(script={"page=2": [Fault(404)]},
                       repos=numbered_repos(101))[-1],
            "^audit.py: 127.0.0.1:[0-9]+ answered 404: Not Found$")
        page = Fault(body=json.dumps(REPOS[:1]).encode())
        self.assertEqual(
            self.shown(script={"/repos": [page, page]})[-1],
            "audit.py: google: GitHub counts 5 public repositories and lists "
            "1\n")

    def test_nothing_is_shown_once_it_is_cleared(self) -> None:
        """A page that comes after the end, from a thread, shows nothing."""
        handlers: List[logging.Handler] = []
        log, terminal = logging.getLogger("live"), Terminal()
        self.stack.enter_context(patch.object(
            log, "removeHandler", side_effect=handlers.append))
        self.addCleanup(log.handlers.clear)
        self.run_over_replay(err=terminal)
        before = terminal.getvalue()
        handlers[0].handle(logging.makeLogRecord({"levelno": logging.INFO}))
        self.assertEqual(terminal.getvalue(), before)

    def test_verbose(self) -> None:
        """-v logs each request and each wait, and shows no line or token."""
        urllib3, terminal = logging.getLogger("urllib3"), Terminal()
        self.addCleanup(urllib3.setLevel, urllib3.level)
        os.environ["GH_TOKEN"] = "sekret"
        script = {"/repos": [Fault(503, {"Retry-After": "0"})]}
        # -v adds a handler to this list; afterwards the old one is back.
        with patch.object(logging.getLogger(), "handlers", []):
            self.run_over_replay("-v", script=script, err=terminal)
        log = terminal.getvalue()
        self.assertEqual(log.count("GET /orgs/google HTTP/"), 1)
        self.assertEqual(log.count("GET /orgs/google/repos?"), 2)
        self.assertIn("\nwaiting 0 s before the next try\n", log)
        self.assertNotRegex(log, "sekret|pages: |audit.py: ")

    def test_log_is_left_as_it_was(self) -> None:
        """The log's level and handlers are restored at the end."""
        log = logging.getLogger("live")
        self.addCleanup(log.setLevel, log.level)
        log.setLevel(logging.ERROR)
        self.shown()
        self.assertEqual((log.level, log.handlers), (logging.ERROR, []))


class TestProgram(unittest.TestCase):
    """Tests of the command as a process: all of it, for real."""

    def start(self, *argv: str, **environ: str) -> "subprocess.Popen[str]":
        """Start ./audit.py, warnings being errors, in this environment."""
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "audit.py", *argv], cwd=HERE,
            env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True)
        # Cleanups run in reverse: kill it first, then close its pipes.
        self.addCleanup(process.__exit__, None, None, None)
        self.addCleanup(process.kill)
        return process

    def run_program(
            self, *argv: str, **environ: str) -> Tuple[int, str, str]:
        """Run ./audit.py to its end; return status, stdout and stderr."""
        process = self.start(*argv, **environ)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

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
            process = self.start("google", GITHUB_API_URL=url)
            for _ in range(4):
                asked.get(timeout=30)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=5)
        self.assertEqual(
            (process.returncode, out, err), (-signal.SIGINT, "", ""))

    def test_interrupts_ignored(self) -> None:
        """Where Ctrl-C is ignored, as in a background job, it stays so."""
        self.handle_interrupts(signal.SIG_IGN)
        asked: "Queue[Asked]" = Queue()
        with replay({"/orgs/google$": [Fault(wait=0.2)]},
                    on_request=asked.put) as url:
            process = self.start("google", GITHUB_API_URL=url)
            asked.get(timeout=30)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, out, err), (0, NAMES, ""))

    def test_error_while_a_page_hangs(self) -> None:
        """An error ends it at once, though another page is in flight."""
        asked: "Queue[Asked]" = Queue()

        def late() -> Iterator[bytes]:
            """Send the body of an error when all four requests are there."""
            for _ in range(4):
                asked.get(timeout=30)
            yield b"{}"

        script = {"&page=2": [Fault(404, body=late())],
                  "&page=3": [Fault(wait=60)]}
        with replay(script, repos=numbered_repos(201),
                    on_request=asked.put) as url:
            status, out, err = self.run_program("google", GITHUB_API_URL=url)
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(err, "^audit.py: .* answered 404: Not Found\n$")

    @parameterized.expand([
        ("stderr_closed", "2>&-", 0, "google/cpp-netlib\n", ""),
        ("stderr_closed_error", "--jobs 0 2>&-", 2, "", ""),
        ("stdout_closed", ">&-", 1, "", "audit.py: not writable\n"),
        ("reader_gone", "| true", 0, "", ""),
        ("nobody_reads", "--license Zlib 2>&1 | true", 0, "", ""),
    ])
    def test_streams(
            self, _: str, ending: str, status: int, out: str, err: str
            ) -> None:
        """If one stream is closed, the other one still works."""
        done = subprocess.run(
            ["sh", "-c", '"$0" audit.py google --recorded --license bsl-1.0 '
             + ending, sys.executable], cwd=HERE, env={"PATH": os.defpath},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True)
        self.assertEqual(
            (done.returncode, done.stdout, done.stderr), (status, out, err))

    def run_as_main(self, out: Any) -> Any:
        """Run the module as a program in this process; return its status."""
        path = os.path.join(HERE, "audit.py")
        argv = [path, "google", "--recorded", "--license", "bsl-1.0"]
        with patch.object(sys, "argv", argv), redirect_stdout(out):
            with self.assertRaises(SystemExit) as caught:
                # As `python audit.py` runs it, but in this process.
                runpy.run_path(path, run_name="__main__")
        return caught.exception.code

    @parameterized.expand([
        ("python_s", signal.default_int_handler), ("ignored", signal.SIG_IGN),
        ("default", signal.SIG_DFL),
    ])
    def test_as_main(self, _: str, handler: Any) -> None:
        """Run as a program, it leaves the handler of Ctrl-C as it was."""
        self.handle_interrupts(handler)
        out = io.StringIO()
        self.assertEqual(self.run_as_main(out), 0)
        self.assertEqual(out.getvalue(), "google/cpp-netlib\n")
        self.assertIs(signal.getsignal(signal.SIGINT), handler)

    def test_handler_while_it_runs(self) -> None:
        """While it runs Ctrl-C has its default; a bug restores it, too."""
        self.handle_interrupts(signal.default_int_handler)
        handlers: List[Any] = []

        def fail() -> int:
            """Take note of the handler, and fail as a bug would."""
            handlers.append(signal.getsignal(signal.SIGINT))
            raise AttributeError

        with patch("audit.main", autospec=True, side_effect=fail):
            with self.assertRaises(AttributeError):
                audit.run()
        self.assertEqual(handlers, [signal.SIG_DFL])
        self.assertIs(
            signal.getsignal(signal.SIGINT), signal.default_int_handler)

    def test_as_main_in_another_thread(self) -> None:
        """It can run in a thread that can't set signal handlers, too."""
        self.handle_interrupts(signal.default_int_handler)
        out = io.StringIO()
        statuses: List[Any] = []
        thread = threading.Thread(
            target=lambda: statuses.append(self.run_as_main(out)))
        thread.start()
        thread.join(timeout=30)
        self.assertEqual(
            (statuses, out.getvalue()), ([0], "google/cpp-netlib\n"))
        self.assertIs(
            signal.getsignal(signal.SIGINT), signal.default_int_handler)

    def test_imported(self) -> None:
        """Imported, by another name, it neither runs nor handles Ctrl-C."""
        self.handle_interrupts(signal.default_int_handler)
        runpy.run_path(os.path.join(HERE, "audit.py"), run_name="Audit")
        self.assertIs(
            signal.getsignal(signal.SIGINT), signal.default_int_handler)

    def test_output_that_can_not_be_flushed(self) -> None:
        """Output that could not be flushed is not flushed again at exit."""
        read_end, write_end = os.pipe()
        os.close(read_end)
        with open(write_end, "w") as out:
            self.assertEqual(self.run_as_main(out), 0)
            out.flush()
            self.assertTrue(os.path.samestat(
                os.fstat(out.fileno()), os.stat(os.devnull)))


if __name__ == "__main__":
    unittest.main()
