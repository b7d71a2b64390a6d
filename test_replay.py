#!/usr/bin/env python3
"""Tests of replay: the answers, the script, the recording, the program.

`TestContract` states what GitHub answers. It runs on the replay, and on the
real API where LIVE_ORG names an organization of three public repositories.
"""
import json
import logging
import os
import re
import subprocess
import sys
import threading
import unittest
from contextlib import redirect_stderr, redirect_stdout
from http.client import HTTPConnection
from io import BytesIO, StringIO, TextIOWrapper
from itertools import chain, repeat
from pathlib import Path
from runpy import run_path
from typing import Any, Dict, List, Optional, TextIO, Tuple, Type
from unittest.mock import ANY, Mock, patch
from urllib.parse import urlsplit

import requests
from parameterized import parameterized, parameterized_class

from fixtures import API_URL, LICENSES, org_payload, repos_payload
from live import environment, github_session
from replay import (
    Asked, Fault, Replay, answer, numbered_repos, problem, replay)

HERE = Path(__file__).resolve().parent
ORG = "/orgs/google"
REPOS = "/orgs/google/repos"
PAGED_REPOS = numbered_repos(250)
Document = Dict[str, Any]


class TestAnswer(unittest.TestCase):
    """Tests of answer, a function of a path with a query."""

    @parameterized.expand([
        ORG, "/orgs/Google?x=1", "/users/google", "/organizations/1342004"])
    def test_organization(self, target: str) -> None:
        """The organization has three paths, and counts what is public."""
        repos: List[Document] = [{}, {"private": True}, {"private": False}]
        self.assertEqual(answer(target, repos), (
            200, {**org_payload, "public_repos": 2}, None))

    @parameterized.expand([
        "/", "/orgs/googles", "/orgs/google/members", "/api/v3/orgs/google",
        "/organizations/1", "http://["])
    def test_unknown_path(self, path: str) -> None:
        """Any other path is GitHub's 404, and the log names those known."""
        with self.assertLogs("replay", "INFO") as logs:
            self.assertEqual(answer(path + "?x=1", []), problem(404))
        self.assertEqual([record.getMessage() for record in logs.records], [
            f"there is no {path} here, only /orgs/google, /users/google and "
            "/organizations/1342004, each with and without /repos"])

    @parameterized.expand([
        (401, "Bad credentials"), (404, "Not Found"), (502, "Bad Gateway")])
    def test_problem(self, status: int, message: str) -> None:
        """A problem has GitHub's words where they are not HTTP's."""
        self.assertEqual(problem(status), (status, {
            "message": message, "status": str(status),
            "documentation_url": "https://docs.github.com/rest"}, None))

    @parameterized.expand([
        ("per_page=100", 0, 100, "next=2 last=3"),
        ("per_page=100&page=2", 100, 200, "prev=1 next=3 last=3 first=1"),
        ("page=3&per_page=100", 200, 250, "prev=2 first=1"),
        ("per_page=100&page=9", 0, 0, "prev=3 last=3 first=1"),
        ("per_page=101", 0, 100, "next=2 last=3"),
        (f"per_page=-1&page={'9' * 5000}", 0, 30, "next=2 last=9"),
        ("type=private", 0, 0, ""),
    ])
    def test_pages(self, query: str, start: int, end: int, rels: str) -> None:
        """Pages hold as many as asked for, and link to others in order."""
        status, repos, link = answer(f"{REPOS}?{query}", PAGED_REPOS)
        self.assertEqual((status, repos), (200, PAGED_REPOS[start:end]))
        links = re.findall(r'[?&]page=(\d+)[^>]*>; rel="(\w+)"', link or "")
        self.assertEqual(
            " ".join(f"{rel}={number}" for number, rel in links), rels)

    @parameterized.expand([
        ("", "B a c"), ("type=public", "B c"), ("type=private", "a"),
        ("type=forks", "B"), ("type=sources", "a c"), ("type=member", "a"),
        ("sort=full_name", "a B c"), ("sort=created", "B a c"),
        ("sort=updated", "a c B"), ("sort=pushed", "c B a"),
        ("direction=asc", "c a B"), ("sort=created&direction=asc", "c a B"),
        ("type=sources&sort=full_name&direction=desc", "c a"),
    ])
    def test_listing(self, query: str, expected: str) -> None:
        """It is filtered and sorted; what a repository lacks comes first."""
        repos: List[Document] = [
            {"full_name": "B", "fork": True, "created_at": "2003",
             "updated_at": "2001", "pushed_at": "2001"},
            {"full_name": "a", "private": True, "created_at": "2002",
             "updated_at": "2003", "pushed_at": None,
             "permissions": {"push": True}},
            {"full_name": "c", "updated_at": "2002", "pushed_at": "2002",
             "permissions": None}]
        listed = answer(f"{REPOS}?{query}", repos).document
        self.assertEqual(
            " ".join(repo["full_name"] for repo in listed), expected)

    def test_numbered_repos(self) -> None:
        """Made-up repositories differ in id, name and license."""
        repos = numbered_repos(6)
        self.assertEqual(
            [repo["license"] and repo["license"]["key"] for repo in repos],
            [*LICENSES, None, "apache-2.0"])
        self.assertEqual(
            [(repo["name"], repo["id"]) for repo in repos[::5]],
            [("repo-00001", 900000001), ("repo-00006", 900000006)])
        self.assertEqual({repo["language"] for repo in repos}, {"Dart"})
        self.assertEqual(len({repo["node_id"] for repo in repos}), 6)


class ReplayTestCase(unittest.TestCase):
    """A base for tests that start a replay, which ends with the test."""

    def start_replay(self, *script: Any, **options: Any) -> str:
        """Start a replay and return its URL."""
        server = replay(*script, **options)
        url = server.__enter__()
        self.addCleanup(server.__exit__, None, None, None)
        return url


class TestReplay(ReplayTestCase):
    """Tests of the server, and of which request meets which fault."""

    def connect(self, url: str) -> HTTPConnection:
        """Return a connection to a replay, made already."""
        connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
        self.addCleanup(connection.close)
        connection.connect()
        return connection

    def test_faults_in_order(self) -> None:
        """The first key that is found gives its faults, one an answer."""
        url = self.start_replay({
            "page=2": [Fault(500), Fault(), Fault(502)], "&page": [Fault(404)],
            "never": [], "/repos$": iter([Fault(500)] * 2)}) + REPOS
        targets = ["?x&page=2"] * 4 + ["?x&page=3"] * 2 + [""]
        self.assertEqual(
            [requests.get(url + target).status_code for target in targets],
            [500, 200, 502, 200, 404, 200, 500])

    @parameterized.expand([
        ("none_asked", {"x": [Fault()]}, [], "1 of 'x'; the requests: none"),
        ("some_left", {"o": [Fault()] * 3, "p": [Fault()], "x": [],
                       "y": repeat(Fault()), "z": iter([Fault()] * 2)},
         ["/op", "/"], "2 of 'o', 1 of 'p', 1 of 'y', 1 of 'z'; "
         "the requests: /op, /"),
    ])
    def test_fault_that_never_happens(
            self, _: str, script: Any, targets: List[str], expected: str
            ) -> None:
        """Leaving the block tells which faults are left, and the requests."""
        message = f"^faults in the script met no request: {expected}$"
        with self.assertRaisesRegex(AssertionError, message):
            with replay(script) as url:
                for target in targets:
                    requests.get(url + target)

    def test_another_error(self) -> None:
        """An error on its way ends the replay, and is not replaced."""
        with self.assertRaises(ZeroDivisionError):
            with replay({"x": [Fault()]}) as url:
                raise ZeroDivisionError
        with self.assertRaises(ConnectionError):
            self.connect(url)

    def test_key_that_is_no_regular_expression(self) -> None:
        """A key that can't be searched for is an error that names it."""
        message = ("^the script's key '[(]page' is not a regular expression: "
                   "missing ")
        with self.assertRaisesRegex(ValueError, message):
            self.start_replay({"page": [], "(page": []})

    def test_urls_and_headers(self) -> None:
        """Whatever points to the API in an answer points to the replay."""
        url = self.start_replay(repos=PAGED_REPOS)
        with patch("replay.time", return_value=7.25):
            listing = requests.get(url + REPOS + "?type=all&page=2&x=y")
        org = requests.get(url + ORG)
        self.assertEqual(org.json()["repos_url"], url + REPOS)
        self.assertEqual(
            listing.links["next"]["url"],
            url + "/organizations/1342004/repos?type=all&page=3&x=y")
        self.assertNotIn("api.github.com", org.text + listing.text)
        self.assertNotIn("Link", org.headers)
        self.assertEqual(dict(listing.headers), {
            "Content-Type": "application/json; charset=utf-8",
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "59",
            "X-RateLimit-Used": "1", "X-RateLimit-Reset": "3607",
            "X-RateLimit-Resource": "core", "Link": ANY, "Date": ANY,
            "Server": ANY, "Content-Length": ANY})

    def test_one_connection(self) -> None:
        """One connection serves all requests; each is passed on and logged."""
        on_request = Mock(spec_set=[])
        url = self.start_replay(on_request=on_request)
        connection = self.connect(url)
        first = connection.sock
        for target, expected in ("/", b"Not Found"), (ORG + "?x", b"login"):
            with self.assertLogs("replay", "INFO") as logs:
                connection.request("GET", target, headers={"Accept": "y"})
                self.assertIn(expected, connection.getresponse().read())
            on_request.assert_called_with(Asked(target, {
                "Host": urlsplit(url).netloc, "Accept-Encoding": "identity",
                "Accept": "y"}))
            self.assertIn(f'"GET {target} HTTP/1.1" ', logs.output[-1])
        self.assertIs(connection.sock, first)

    @parameterized.expand([
        ("status", "1.0", Fault(503), b'^HTTP/1.1 503 .*"status": "503"'),
        ("headers", "1.0", Fault(headers={"Link": "x", "Content-Type": None}),
         b"^((?!Content-Type).)+\nLink: x\r\n((?!Content-Type).)+$"),
        ("all", "1.0", Fault(301, {"A": "b"}, b"c"),
         b"^HTTP/1.1 301 .*\nContent-Length: 1\r\n.*\nA: b\r\n\r\nc$"),
        ("cut", "1.1", Fault(body=b"abcdef", cut=2),
         b"^HTTP/1.1 200 OK\r\n.*\nContent-Length: 6\r\n.*\r\n\r\nab$"),
        ("nothing", "1.1", Fault(cut=0), b"^$"),
        ("raw_cut", "1.1", Fault(raw=b"nonsense", cut=3), b"^non$"),
    ])
    def test_fault(
            self, _: str, version: str, fault: Fault, expected: bytes) -> None:
        """A fault changes an answer, or ends HTTP/1.1's connection."""
        connection = self.connect(self.start_replay({"org": [fault]}))
        connection.sock.sendall(f"GET {ORG} HTTP/{version}\r\n\r\n".encode())
        with connection.sock.makefile("rb") as file:
            self.assertRegex(file.read(), b"(?s)" + expected)

    def test_end_of_replay(self) -> None:
        """Leaving the block ends waits and connections, idle ones too."""
        before = threading.enumerate()
        arrived = threading.Event()
        with replay({"org": [Fault(wait=60)]},
                    on_request=lambda asked: arrived.set()) as url:
            idle, busy = self.connect(url), self.connect(url)
            busy.request("GET", ORG)
            self.assertTrue(arrived.wait(10))
        self.assertEqual((idle.sock.recv(1), busy.sock.recv(1)), (b"", b""))
        self.assertEqual(threading.enumerate(), before)

    @patch("socket.getfqdn", autospec=True)
    def test_loopback(self, getfqdn: Mock) -> None:
        """It listens on loopback alone, and looks up no name for it."""
        with Replay({}, [], 0, print) as server:
            self.assertEqual(server.server_address[0], "127.0.0.1")
        getfqdn.assert_not_called()

    @parameterized.expand([
        ("hangs_up", BrokenPipeError, "^$"),
        ("wrong_test", ZeroDivisionError,
         r"(?s)from \('127.0.0.1', [0-9]+\)\n.*Traceback.*ZeroDivisionError"),
    ])
    def test_error_in_a_thread(
            self, _: str, error: Type[Exception], expected: str) -> None:
        """An error is shown, unless it is a client that hangs up."""
        with redirect_stderr(StringIO()) as stderr:
            with replay(on_request=Mock(side_effect=error)) as url:
                with self.assertRaises(requests.ConnectionError):
                    requests.get(url)
        self.assertRegex(stderr.getvalue(), expected)


class TestProgram(ReplayTestCase):
    """Tests of the program: --record, the server, the command line."""

    def run_program(
            self, argv: str, api_url: str = "", stdout: Optional[TextIO] = None
            ) -> Tuple[Any, str, str]:
        """Run the program here; return its status and its output."""
        environ = {"GITHUB_API_URL": api_url, "GH_TOKEN": ""}
        out = StringIO()
        with patch.object(sys, "argv", ["replay.py", *argv.split()]), \
                patch.dict(os.environ, environ, GITHUB_TOKEN=""), \
                redirect_stdout(stdout or out), \
                redirect_stderr(StringIO()) as err, \
                self.assertRaises(SystemExit) as end:
            run_path(str(HERE / "replay.py"), run_name="__main__")
        return end.exception.code, out.getvalue(), err.getvalue()

    def recorded(self, url: str, names: str) -> Tuple[str, Document]:
        """Return what is recorded, and what fixtures defines with it."""
        status, out, err = self.run_program(f"--record {names}", url)
        self.assertEqual((status, err), (0, ""))
        self.assertLessEqual(max(map(len, out.splitlines())), 79)
        source = (HERE / "fixtures.py").read_text(encoding="utf-8")
        tables, *payloads = source.partition("\norg_payload = ")
        fixtures: Document = {}
        exec(tables + out + "".join(payloads), fixtures)
        return out, fixtures

    def test_google(self) -> None:
        """The recording of the replay gives the same payloads once pasted."""
        out, names = self.recorded(self.start_replay(), "Google")
        self.assertNotIn("LICENSES", out)
        self.assertTrue(
            out.startswith("ORG_FACTS = {\n    'archived_at': None,\n"), out)
        self.assertEqual(
            json.dumps([names["org_payload"], names["repos_payload"]]),
            json.dumps([{**org_payload, "public_repos": 9}, repos_payload]))

    def test_another_organization(self) -> None:
        """What differs elsewhere is recorded; texts and e-mail are not."""
        text = json.dumps([org_payload, repos_payload[:2]])
        org, repos = json.loads(text.replace("google", "Acme-2"))
        org.update(
            node_id="O_kgDOA", name="Ren\xe9's", blog=None, company="A B",
            location=None, twitter_username=None, is_verified=False,
            has_organization_projects=False, has_repository_projects=False,
            public_repos=2, public_gists=3, followers=0, following=1,
            archived_at="2020-01-01T00:00:00Z", email=None)
        repos[0].update(
            node_id="R_kgDOA", archived=True, default_branch="main",
            has_projects=False, has_downloads=False, disabled=True,
            mirror_url="git://x", homepage="a 'b' " * 20, pushed_at=None,
            license={"key": "mit", "name": "MIT License", "spdx_id": "MIT",
                     "url": API_URL + "/licenses/mit", "node_id": "MDc6"})
        for repo in repos:
            repo["owner"]["node_id"] = "O_kgDOA"
        more = {"description": "by jane@example.org", "new": "jane"}
        with patch("replay.org_payload", {**org, **more, "email": "jane@x"}):
            url = self.start_replay(repos=[{**repo, **more} for repo in repos])
            out, names = self.recorded(url, "acme-2")
        self.assertNotIn("jane", out)
        self.assertIn("'mit': ('MIT License', 'MIT', 'MDc6'),\n", out)
        self.assertEqual(names["org_payload"], org)
        self.assertEqual(names["repos_payload"], repos)

    def test_names(self) -> None:
        """Only the repositories that are named are recorded, as named."""
        unlicensed = {**repos_payload[5], "name": "Kratu"}
        del unlicensed["license"]
        url = self.start_replay(repos=[repos_payload[2], unlicensed])
        _, names = self.recorded(url, "google KRATU dagger")
        self.assertEqual(
            [(repo["name"], repo["license"] and repo["license"]["key"])
             for repo in names["repos_payload"]],
            [("Kratu", None), ("dagger", "apache-2.0")])

    @parameterized.expand([
        ("repository", "--record google kratu Nope",
         "google has no public repository Nope"),
        ("organization", "--record nobody",
         "URL/orgs/nobody answered 404: Not Found"),
        ("used_port", "--port PORT", "port [0-9]+: .*already in use"),
        ("no_port", "--port 65536", "port 65536: .*0-65535."),
    ])
    @patch("logging.basicConfig", autospec=True)
    def test_error(self, _: str, argv: str, expected: str, __: Mock) -> None:
        """What can't be done is one line, with status 1."""
        url = self.start_replay()
        port = url.rpartition(":")[2]
        status, out, err = self.run_program(argv.replace("PORT", port), url)
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(err.replace(url, "URL"), f"^replay.py: {expected}\n$")

    def test_help(self) -> None:
        """The help says what the two uses are."""
        status, out, err = self.run_program("--help")
        self.assertEqual((status, err), (0, ""))
        for line in ("until Ctrl-C.", "--record ORG [NAME ...] print the",
                     "--port PORT TCP port on 127.0.0.1 (8000); 0 for a"):
            self.assertIn(line, " ".join(out.split()))

    def test_closed_pipe(self) -> None:
        """A recording that nobody reads ends without a word."""
        reader, writer = os.pipe()
        os.close(reader)
        with open(writer, "w") as closed:
            result = self.run_program(
                "--record google", self.start_replay(), stdout=closed)
        self.assertEqual(result, (1, "", ""))

    @patch("logging.basicConfig", autospec=True)
    @patch("time.sleep", autospec=True, side_effect=[None, KeyboardInterrupt])
    def test_serve(self, _: Mock, basic_config: Mock) -> None:
        """The program prints its URL and serves until Ctrl-C."""
        file = BytesIO()  # It shows what the program has flushed.
        stdout = TextIOWrapper(file)
        self.assertEqual(
            self.run_program("--port 0", stdout=stdout), (130, "", ""))
        self.assertRegex(file.getvalue(), b"^http://127.0.0.1:[0-9]+\r?\n$")
        basic_config.assert_called_once_with(
            level=logging.INFO, format="%(message)s")


def urls(names: str) -> str:
    """Return the keys that hold these URLs: a is a_url."""
    return "".join(f"{name}_url " for name in names.split())


KINDS = {type(None): "null", bool: "boolean", int: "integer", str: "string",
         float: "number", list: "array", dict: "object"}
MAY_BE = " or ".join(["missing", *KINDS.values()])

# GitHub's published schemas "organization-full" and "minimal-repository", in
# https://github.com/github/rest-api-description: JSON types, and their keys.
SCHEMAS = {
    "organization": {
        "string": "login node_id url type created_at updated_at " + urls(
            "repos events hooks issues members public_members avatar html"),
        "string or null": "description archived_at",
        "integer": "id public_repos public_gists followers following",
        "boolean": "has_organization_projects has_repository_projects",
        # The schema does not say that GitHub sends null for these.
        MAY_BE: "name company blog location email twitter_username "
        "is_verified"},
    "repository": {
        "string": "node_id name full_name url " + urls(
            "html archive assignees blobs branches collaborators comments "
            "commits compare contents contributors deployments downloads "
            "events forks git_commits git_refs git_tags hooks issue_comment "
            "issue_events issues keys labels languages merges milestones "
            "notifications pulls releases stargazers statuses subscribers "
            "subscription tags teams trees"),
        "string or null": "description language pushed_at",
        # What else this project reads: language, pushed_at, license, these.
        "integer": "id stargazers_count",
        "boolean": "private fork archived",
        "object": "owner", "object or null": "license",
        MAY_BE: "forks_count watchers_count size open_issues_count forks "
        "open_issues watchers git_url ssh_url clone_url svn_url mirror_url "
        "homepage default_branch created_at updated_at has_issues "
        "has_projects has_wiki has_pages has_downloads disabled permissions"},
    "owner": {
        "string": "login node_id url type " + urls(
            "avatar html followers following gists starred subscriptions "
            "organizations repos events received_events"),
        "string or null": "gravatar_id", "integer": "id",
        "boolean": "site_admin"},
    "license": {"string": "key spdx_id", MAY_BE: "name node_id url"},
    "permissions": {MAY_BE: "admin push pull"}}

LIVE_ORG = os.environ.get("LIVE_ORG")


@parameterized_class(("source", "org"), [
    ("replay", "google"), *([("live", LIVE_ORG)] if LIVE_ORG else [])])
class TestContract(ReplayTestCase):
    """Tests of what GitHub answers, and so of what the replay answers."""

    source: str
    org: str

    def setUp(self) -> None:
        """Start a replay, or take the API and token of the environment."""
        token, self.api_url = environment()
        if self.source == "replay":
            token, self.api_url = None, self.start_replay()
        self.session = github_session(token, self.api_url)
        self.addCleanup(self.session.close)

    def get(self, path: str, status: int = 200) -> requests.Response:
        """Return the answer for a path below that of the organization."""
        response = self.session.get(f"{self.api_url}/orgs/{self.org}{path}")
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(response.headers["Content-Type"],
                         "application/json; charset=utf-8")
        return response

    def check_keys(self, name: str, items: List[Document]) -> None:
        """Fail for what is broken; show what else has changed on GitHub."""
        keys = {key: kinds for kinds, keys in SCHEMAS[name].items()
                for key in keys.split()}
        for key, kinds in keys.items():
            with self.subTest(f"{key} of {name} is {kinds}"):
                for item in items:
                    kind = KINDS[type(item[key])] if key in item else "missing"
                    self.assertIn(kind, kinds.split(" or "), json.dumps(item))
        changed = sorted(keys.keys() ^ {*chain(*items)})
        if self.source == "replay":
            self.assertEqual(changed, [])
        elif changed:
            print(f"\n{name}: new or no longer sent:", *changed)

    def test_organization(self) -> None:
        """The organization has the keys and types of the schema."""
        org = self.get("").json()
        self.check_keys("organization", [org])
        self.assertEqual(org["repos_url"],
                         f"{self.api_url}/orgs/{org['login']}/repos")

    def test_repositories(self) -> None:
        """Every repository has the keys and types of the schema."""
        repos = self.get("/repos?per_page=100").json()
        self.check_keys("repository", repos)
        for name in "owner", "license", "permissions":
            self.check_keys(
                name, [repo[name] for repo in repos if repo.get(name)])

    def test_pages(self) -> None:
        """The Link header of a page leads to its neighbours, as GitHub's."""
        first = self.linked_pages(1)
        last = first.get("last", 1)
        self.assertGreaterEqual(last, 3, "three repositories are needed")
        self.assertEqual(first, {"next": 2, "last": last})
        self.assertEqual(self.linked_pages(2), {
            "prev": 1, "next": 3, "last": last, "first": 1})
        self.assertEqual(
            self.linked_pages(last), {"prev": last - 1, "first": 1})

    def linked_pages(self, page: int) -> Dict[str, int]:
        """Return for each relation of a page's Link header its number."""
        response = self.get(f"/repos?per_page=1&page={page}")
        self.assertEqual(len(response.json()), 1)
        return {rel: int(number) for number, rel in re.findall(
            f"<{re.escape(self.api_url)}/organizations/[0-9]+/repos[?]"
            'per_page=1&page=([0-9]+)>; rel="([a-z]+)"',
            response.headers.get("Link", ""))}

    @parameterized.expand([
        ("public", "private", False), ("forks", "fork", True),
        ("sources", "fork", False)])
    def test_type(self, name: str, key: str, expected: bool) -> None:
        """The parameter type leaves out what is not of that type."""
        repos = self.get(f"/repos?type={name}&per_page=100").json()
        self.assertLessEqual({repo[key] for repo in repos}, {expected})

    def test_not_found(self) -> None:
        """What is not there is a 404 with a message in JSON."""
        document = self.get("/-", 404).json()
        self.assertEqual(
            (document["message"], document["status"]), ("Not Found", "404"))
        self.assertIn("documentation_url", document)


class TestChanges(ReplayTestCase):
    """A test of the contract itself: it notices what GitHub might change."""

    def test_live_run(self) -> None:
        """With LIVE_ORG it fails for what is broken, and notes the rest."""
        repo = json.loads(json.dumps(repos_payload[0]).replace(
            '"pushed_at"', '"renamed"').replace('"pull"', '"fly"'))
        repo.update(fork=None, language=None, stargazers_count=True)
        done = subprocess.run(
            [sys.executable, "-m", "unittest",
             "test_replay.TestContract_1_live.test_repositories"],
            cwd=str(HERE), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            universal_newlines=True,
            env={**os.environ, "LIVE_ORG": "google", "GH_TOKEN": "",
                 "GITHUB_API_URL": self.start_replay(repos=[repo])})
        for expected in (
                r"pushed_at of repository is string or null.*'missing' not ",
                r"\[fork of repository is boolean\].*'null' not found",
                r"\[stargazers_count of .* is integer\].*'boolean' not found",
                r"permissions: new or no longer sent: fly pull\n",
                r"FAILED \(failures=3\)"):
            self.assertRegex(done.stdout, "(?s)" + expected)


if __name__ == "__main__":
    unittest.main()
