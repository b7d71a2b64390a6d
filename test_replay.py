#!/usr/bin/env python3
"""Tests of replay: the answers, the script, the recording, the program.

`TestContract` states what GitHub answers. It runs on the replay, and on the
real API too where the variable LIVE_ORG names an organization with at least
three public repositories.
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
from itertools import repeat
from pathlib import Path
from runpy import run_path
from typing import (
    Any, Dict, Iterable, List, Mapping, Optional, TextIO, Tuple, Type)
from unittest.mock import Mock, patch
from urllib.parse import urlsplit

import requests
from parameterized import parameterized, parameterized_class

from fixtures import API_URL, org_payload, repos_payload
from live import environment, github_session
from replay import (
    Asked, Fault, Replay, answer, numbered_repos, problem, replay)

HERE = Path(__file__).resolve().parent
DOCS = "https://docs.github.com/rest"
ORG = "/orgs/google"
REPOS = "/orgs/google/repos"
PAGED_REPOS = numbered_repos(250)
Document = Dict[str, Any]


class TestAnswer(unittest.TestCase):
    """Tests of answer, a function of a path with a query."""

    @parameterized.expand([
        (ORG,), ("/orgs/Google?x=1",), ("/users/google",),
        ("/organizations/1342004",)])
    def test_organization(self, target: str) -> None:
        """The organization has three paths, and counts what is public."""
        repos: List[Document] = [{}, {"private": True}, {"private": False}]
        self.assertEqual(answer(target, repos), (
            200, {**org_payload, "public_repos": 2}, None))

    @parameterized.expand([
        ("/",), ("/orgs/googles",), ("/orgs/google/members",),
        ("/api/v3/orgs/google",), ("/organizations/1",), ("http://[",)])
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
            "message": message, "documentation_url": DOCS,
            "status": str(status)}, None))

    @parameterized.expand([
        ("per_page=100", 1, 100, "next=2 last=3"),
        ("per_page=100&page=2", 101, 100, "prev=1 next=3 last=3 first=1"),
        ("page=3&per_page=100", 201, 50, "prev=2 first=1"),
        ("per_page=100&page=9", None, 0, "prev=3 last=3 first=1"),
        ("", 1, 30, "next=2 last=9"),
        ("per_page=101", 1, 100, "next=2 last=3"),
        ("per_page=x&page=-1", 1, 30, "next=2 last=9"),
        ("per_page=0&page=0", 1, 30, "next=2 last=9"),
        (f"page={'9' * 5000}", 1, 30, "next=2 last=9"),
        ("type=private", None, 0, ""),
    ])
    def test_pages(
            self, query: str, first: Optional[int], count: int, rels: str
            ) -> None:
        """Pages hold as many as asked for, and link to others in order."""
        status, repos, link = answer(f"{REPOS}?{query}", PAGED_REPOS)
        self.assertEqual((status, len(repos)), (200, count))
        self.assertEqual([repo["name"] for repo in repos[:1]],
                         [f"repo-{first:05}"] if first else [])
        self.assertEqual(rels, " ".join(
            f"{rel}={number}" for number, rel in re.findall(
                r'[?&]page=(\d+)[^>]*>; rel="(\w+)"', link or "")))

    @parameterized.expand([
        ("", "B a c"),
        ("type=all", "B a c"),
        ("type=public", "B c"),
        ("type=private", "a"),
        ("type=forks", "B"),
        ("type=sources", "a c"),
        ("type=member", "a"),
        ("sort=full_name", "a B c"),
        ("sort=created", "B a c"),
        ("sort=created&direction=asc", "c a B"),
        ("sort=updated", "a c B"),
        ("sort=pushed", "c B a"),
        ("direction=asc", "c a B"),
        ("type=sources&sort=full_name&direction=desc", "c a"),
    ])
    def test_listing(self, query: str, expected: str) -> None:
        """The listing is filtered and sorted as GitHub's page says.

        What a repository lacks counts as false, and comes first.
        """
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
            [repo["license"] and repo["license"]["spdx_id"] for repo in repos],
            ["Apache-2.0", "BSD-3-Clause", "BSL-1.0", "NOASSERTION", None,
             "Apache-2.0"])
        self.assertEqual((repos[0]["name"], repos[0]["id"], repos[5]["id"]),
                         ("repo-00001", 900000001, 900000006))
        self.assertEqual(len({repo["node_id"] for repo in repos}), 6)
        self.assertEqual({repo["language"] for repo in repos}, {"Dart"})


class ReplayTestCase(unittest.TestCase):
    """A base for tests that start a replay, which ends with the test."""

    def start_replay(
            self, script: Mapping[str, Iterable[Fault]] = {},
            **options: Any) -> str:
        """Start a replay and return its URL."""
        server = replay(script, **options)
        url = server.__enter__()
        self.addCleanup(server.__exit__, None, None, None)
        return url

    def connect(self, url: str) -> HTTPConnection:
        """Return a connection to a replay, made already."""
        connection = HTTPConnection(urlsplit(url).netloc, timeout=10)
        self.addCleanup(connection.close)
        connection.connect()
        return connection


class TestScript(ReplayTestCase):
    """Tests of the script: which request meets which fault."""

    def test_faults_in_order(self) -> None:
        """The first key that is found gives its faults, one an answer.

        Of an iterator's faults, only the first must meet a request.
        """
        url = self.start_replay({
            "page=2": [Fault(500), Fault(), Fault(502)], "&page": [Fault(404)],
            "never": [], "/repos$": iter([Fault(500)] * 2)}) + REPOS
        targets = ["?x&page=2"] * 4 + ["?x&page=3"] * 2 + [""]
        self.assertEqual(
            [requests.get(url + target).status_code for target in targets],
            [500, 200, 502, 200, 404, 200, 500])

    @parameterized.expand([
        ("none_asked", {"x": [Fault()]}, "", "1 of 'x'; the requests: none"),
        ("some_left", {"o": [Fault()] * 3}, "/o",
         "2 of 'o'; the requests: /o"),
        ("another_key", {"o": [Fault()], "p": [Fault()], "x": [],
                         "y": repeat(Fault())}, "/op",
         "1 of 'p', 1 of 'y'; the requests: /op"),
        ("iterator", {"page": iter([Fault()] * 2)}, "/o",
         "1 of 'page'; the requests: /o"),
    ])
    def test_fault_that_never_happens(
            self, _: str, script: Mapping[str, Iterable[Fault]], target: str,
            expected: str) -> None:
        """Leaving the block tells which faults are left, and the requests."""
        words = f"^faults in the script met no request: {expected}$"
        with self.assertRaisesRegex(AssertionError, words):
            with replay(script) as url:
                if target:
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
        with self.assertRaisesRegex(ValueError, (
                "^the script's key '[(]page' is not a regular expression: "
                "missing ")):
            self.start_replay({"(page": []})


class TestServer(ReplayTestCase):
    """Tests of the server, over its socket."""

    def test_urls_and_headers(self) -> None:
        """Whatever points to the API in an answer points to the replay."""
        url = self.start_replay(repos=PAGED_REPOS)
        with patch("replay.time", return_value=7.25):
            listing = requests.get(url + REPOS + "?type=all&page=2&x=y")
        org = requests.get(url + ORG)
        self.assertEqual(org.json()["repos_url"], url + REPOS)
        self.assertEqual(listing.links["next"]["url"],
                         url + "/organizations/1342004/repos?type=all&page=3"
                         "&x=y")
        self.assertNotIn("api.github.com", org.text + listing.text)
        self.assertNotIn("Link", org.headers)
        headers = dict(listing.headers)
        for name in "Date", "Server", "Link", "Content-Length":
            del headers[name]
        self.assertEqual(headers, {
            "Content-Type": "application/json; charset=utf-8",
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "59",
            "X-RateLimit-Used": "1", "X-RateLimit-Reset": "3607",
            "X-RateLimit-Resource": "core"})

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
        ("header", "1.0", Fault(headers={"Link": "x"}), b"\nLink: x\r\n"),
        ("no_header", "1.0", Fault(headers={"Content-Type": None}),
         b"^((?!Content-Type).)+$"),
        ("all", "1.0", Fault(301, {"A": "b"}, b"c"),
         b"^HTTP/1.1 301 .*\nContent-Length: 1\r\n.*\nA: b\r\n\r\nc$"),
        ("cut", "1.1", Fault(body=b"abcdef", cut=2),
         b"^HTTP/1.1 200 OK\r\n.*\nContent-Length: 6\r\n.*\r\n\r\nab$"),
        ("nothing", "1.1", Fault(cut=0), b"^$"),
        ("raw", "1.1", Fault(raw=b"nonsense\r\n"), b"^nonsense\r\n$"),
        ("raw_but_nothing", "1.1", Fault(raw=b"nonsense", cut=0), b"^$"),
    ])
    def test_fault(
            self, _: str, version: str, fault: Fault, expected: bytes) -> None:
        """A fault changes an answer, or ends the connection within it.

        HTTP/1.0 ends it after each answer; HTTP/1.1 keeps it otherwise.
        """
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
        with self.assertRaises(ConnectionError):
            self.connect(url)

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


def run_program(
        *argv: str, api_url: str = "", stdout: Optional[TextIO] = None
        ) -> Tuple[Any, str, str]:
    """Run the program in this process; return its status and its output."""
    environ = {"GITHUB_API_URL": api_url, "GH_TOKEN": "", "GITHUB_TOKEN": ""}
    out = StringIO()
    with patch.object(sys, "argv", ["replay.py", *argv]), \
            patch.dict(os.environ, environ), \
            redirect_stdout(stdout or out), \
            redirect_stderr(StringIO()) as err:
        try:
            run_path(str(HERE / "replay.py"), run_name="__main__")
        except SystemExit as error:
            return error.code, out.getvalue(), err.getvalue()
    raise AssertionError("the program has not ended by sys.exit")


def pasted(printed: str) -> Document:
    """Return what fixtures defines once a recording is pasted into it."""
    source = (HERE / "fixtures.py").read_text(encoding="utf-8")
    for table in re.findall(r"(?ms)^\w+ = [{\[]\n.*?^[}\]]\n", printed):
        before, found, after = source.partition(table[:table.index("\n") + 1])
        assert found, table
        _, after = re.split(r"(?m)^[}\]]\n", after, maxsplit=1)
        source = before + table + after
    names: Document = {}
    exec(source, names)
    return names


class TestRecord(ReplayTestCase):
    """Tests of --record, whose output goes into fixtures.py."""

    def recorded(self, url: str, *argv: str) -> Tuple[str, Document]:
        """Return what is printed, and what fixtures defines with it."""
        status, out, err = run_program("--record", *argv, api_url=url)
        self.assertEqual((status, err), (0, ""))
        self.assertLessEqual(max(map(len, out.splitlines())), 79)
        return out, pasted(out)

    def test_google(self) -> None:
        """The recording of the replay gives the same payloads once pasted.

        The replay itself counts the nine repositories that it serves.
        """
        out, names = self.recorded(self.start_replay(), "Google")
        self.assertNotIn("LICENSES", out)
        self.assertIn("\n    'twitter_username': 'GoogleOSS',\n", out)
        self.assertEqual(json.dumps(names["org_payload"]), json.dumps(
            {**org_payload, "public_repos": 9}))
        self.assertEqual(
            json.dumps(names["repos_payload"]), json.dumps(repos_payload))

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
        person = {"description": "by jane@example.org", "new": "jane"}
        with patch("replay.org_payload", {**org, **person, "email": "jane@x"}):
            url = self.start_replay(
                repos=[{**repo, **person} for repo in repos])
            out, names = self.recorded(url, "acme-2")
        self.assertNotIn("jane", out)
        self.assertIn("'mit': ('MIT License', 'MIT', 'MDc6'),\n", out)
        self.assertEqual(names["org_payload"], org)
        self.assertEqual(names["repos_payload"], repos)

    def test_names(self) -> None:
        """Only the repositories that are named are recorded, as named."""
        unlicensed = {**repos_payload[5]}
        del unlicensed["license"]
        names = self.recorded(
            self.start_replay(repos=[repos_payload[2], unlicensed]),
            "google", "KRATU", "dagger")[1]
        self.assertEqual(
            names["repos_payload"],
            [{**unlicensed, "license": None}, repos_payload[2]])

    @parameterized.expand([
        ("no_repository", ["google", "kratu", "Nope"], {},
         "google has no public repository Nope"),
        ("no_organization", ["nobody"], {},
         "URL/orgs/nobody answered 404: Not Found"),
        ("wrong_answer", ["google"], {"org": [Fault(body=b"{}")]},
         "URL/orgs/google is not an organization"),
    ])
    def test_error(
            self, _: str, argv: List[str],
            script: Mapping[str, Iterable[Fault]], expected: str) -> None:
        """What can't be recorded is one line, with status 1."""
        url = self.start_replay(script)
        status, out, err = run_program("--record", *argv, api_url=url)
        self.assertEqual((status, out, err.replace(url, "URL")),
                         (1, "", f"replay.py: {expected}\n"))

    def test_ctrl_c(self) -> None:
        """A recording ends by Ctrl-C without a word."""
        with patch("live.LiveOrgClient.from_environment", autospec=True,
                   side_effect=KeyboardInterrupt):
            self.assertEqual(run_program("--record", "x"), (130, "", ""))

    def test_closed_pipe(self) -> None:
        """A recording that nobody reads ends without a word."""
        reader, writer = os.pipe()
        os.close(reader)
        with open(writer, "w") as closed:
            self.assertEqual(
                run_program("--record", "google", api_url=self.start_replay(),
                            stdout=closed), (1, "", ""))


class TestProgram(ReplayTestCase):
    """Tests of the program as a server, and of its command line."""

    @patch("logging.basicConfig", autospec=True)
    @patch("time.sleep", autospec=True, side_effect=[None, KeyboardInterrupt])
    def test_serve(self, _: Mock, basic_config: Mock) -> None:
        """The program prints its URL and serves until Ctrl-C."""
        file = BytesIO()  # It shows what the program has flushed.
        stdout = TextIOWrapper(file)
        self.assertEqual(run_program("--port", "0", stdout=stdout),
                         (130, "", ""))
        self.assertRegex(file.getvalue(), b"^http://127.0.0.1:[0-9]+\r?\n$")
        basic_config.assert_called_once_with(
            level=logging.INFO, format="%(message)s")

    @patch("logging.basicConfig", autospec=True)
    def test_wrong_port(self, _: Mock) -> None:
        """A port that can't be had is one line, with status 1."""
        used = self.start_replay().rpartition(":")[2]
        for port, why in (used, "already in use"), ("65536", "0-65535"):
            status, out, err = run_program("--port", port)
            self.assertEqual((status, out), (1, ""))
            self.assertRegex(err, f"^replay.py: port {port}: .*{why}.?\n$")


def urls(names: str) -> str:
    """Return the keys that hold these URLs: a is a_url."""
    return "".join(f"{name}_url " for name in names.split())


# GitHub's published schemas "organization-full" and "minimal-repository", in
# https://github.com/github/rest-api-description: which keys must be there, by
# their JSON types, and which may. A key with a dot is one of an object within,
# where there is that object.
ORG_MUST = {
    "string": "login node_id url type created_at updated_at " + urls(
        "repos events hooks issues members public_members avatar html"),
    "string or null": "description archived_at",
    "integer": "id public_repos public_gists followers following",
    "boolean": "has_organization_projects has_repository_projects"}
# The schema does not say that GitHub sends null for these.
ORG_MAY = "name company blog location email twitter_username is_verified"
REPO_MUST = {
    "string": "node_id name full_name url owner.login owner.node_id owner.url "
    "owner.type license.key license.spdx_id " + urls(
        "html archive assignees blobs branches collaborators comments commits "
        "compare contents contributors deployments downloads events forks "
        "git_commits git_refs git_tags hooks issue_comment issue_events "
        "issues keys labels languages merges milestones notifications pulls "
        "releases stargazers statuses subscribers subscription tags teams "
        "trees owner.avatar owner.html owner.followers owner.following "
        "owner.gists owner.starred owner.subscriptions owner.organizations "
        "owner.repos owner.events owner.received_events"),
    "string or null": "description owner.gravatar_id language pushed_at",
    # What else this project reads: language, pushed_at, the license, these.
    "integer": "id owner.id stargazers_count",
    "boolean": "private fork owner.site_admin archived",
    "object": "owner",
    "object or null": "license"}
REPO_MAY = (
    "forks_count watchers_count size open_issues_count forks open_issues "
    "watchers git_url ssh_url clone_url svn_url mirror_url homepage "
    "default_branch created_at updated_at has_issues has_projects has_wiki "
    "has_pages has_downloads disabled license.name license.node_id "
    "license.url permissions permissions.admin permissions.push "
    "permissions.pull")
KINDS = {type(None): "null", bool: "boolean", int: "integer", str: "string",
         float: "number", list: "array", dict: "object"}


def expanded(document: Document) -> Document:
    """Return a document with the keys of objects within it, as OBJECT.KEY."""
    return {**document, **{
        f"{outer}.{key}": value for outer, inner in document.items()
        if isinstance(inner, dict) for key, value in inner.items()}}


def broken(document: Document, schema: Mapping[str, str]) -> List[str]:
    """Return which keys are missing, or of another type than they must be."""
    values = expanded(document)
    lines = []
    for kinds, keys in schema.items():
        for key in keys.split():
            outer = key.rpartition(".")[0]
            if outer and not isinstance(values.get(outer), dict):
                continue
            kind = KINDS[type(values[key])] if key in values else "missing"
            if kind not in kinds.split(" or "):
                lines.append(f"{key} is {kind}, not {kinds}")
    return lines


def notes(
        documents: List[Document], must: Mapping[str, str], may: str
        ) -> List[str]:
    """Return which keys are new, and which others are no longer sent."""
    sent = {key for document in documents for key in expanded(document)}
    known = set(" ".join([*must.values(), may]).split())
    return sorted([
        *(f"{key} is new" for key in sent - known),
        *(f"{key} is no longer sent" for key in set(may.split()) - sent)])


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

    def check_keys(
            self, documents: List[Document], recorded: Document,
            must: Mapping[str, str], may: str) -> None:
        """Fail for what is broken; show what else has changed on GitHub."""
        for document in documents:
            lines = broken(document, must)
            if lines:
                self.fail("\n  ".join([
                    "a key has changed:", *lines,
                    f"the answer: {json.dumps(document)}",
                    f"as recorded: {json.dumps(recorded)}"]))
        changed = notes(documents, must, may)
        if self.source == "replay":
            self.assertEqual(changed, [])
        elif changed:
            print(f"\nnotes on {self.id()}:", *changed, sep="\n  ")

    def test_organization(self) -> None:
        """The organization has the keys and types of the schema."""
        org = self.get("").json()
        self.check_keys([org], org_payload, ORG_MUST, ORG_MAY)
        self.assertEqual(org["repos_url"],
                         f"{self.api_url}/orgs/{org['login']}/repos")

    def test_repositories(self) -> None:
        """Every repository has the keys and types of the schema."""
        repos = self.get("/repos?per_page=100").json()
        self.check_keys(repos, repos_payload[0], REPO_MUST, REPO_MAY)

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
    """Tests of the contract itself: it notices what GitHub might change."""

    @parameterized.expand([
        ("renamed", "stargazers_count", "stars",
         "stargazers_count is missing, not integer", "stars is new"),
        ("null", '"fork": false', '"fork": null',
         "fork is null, not boolean", ""),
        ("may_be_null", '"language": "Dart"', '"language": null', "", ""),
        ("boolean", '"stargazers_count": 12', '"stargazers_count": true',
         "stargazers_count is boolean, not integer", ""),
        ("within", '"spdx_id"', '"spdx"',
         "license.spdx_id is missing, not string", "license.spdx is new"),
        ("not_read", '"size"', '"kb"',
         "", "kb is new, size is no longer sent"),
    ])
    def test_broken_and_notes(
            self, _: str, old: str, new: str, expected_broken: str,
            expected_notes: str) -> None:
        """A key that is required or read is broken, any other is a note."""
        repo = json.loads(json.dumps(repos_payload[0]).replace(old, new))
        self.assertEqual(", ".join(broken(repo, REPO_MUST)), expected_broken)
        self.assertEqual(
            ", ".join(notes([repo], REPO_MUST, REPO_MAY)), expected_notes)

    @parameterized.expand([
        ("broken", "pushed_at", 1, "(?s)FAIL: test_repositories .*"
         "pushed_at is missing, not string or null\n.*"
         'the answer: .*"renamed".*as recorded: .*"pushed_at"'),
        ("note", "has_wiki", 0, "(?s)notes on .*test_repositories:\n"
         "  has_wiki is no longer sent\n  renamed is new\n"),
    ])
    def test_live_run(
            self, _: str, key: str, status: int, expected: str) -> None:
        """With LIVE_ORG the contract runs on the API of the environment."""
        repos = json.loads(json.dumps(repos_payload).replace(key, "renamed"))
        done = subprocess.run(
            [sys.executable, "-m", "unittest",
             "test_replay.TestContract_1_live.test_repositories"],
            cwd=str(HERE), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            universal_newlines=True,
            env={**os.environ, "LIVE_ORG": "google", "GH_TOKEN": "",
                 "GITHUB_API_URL": self.start_replay(repos=repos)})
        self.assertRegex(done.stdout, expected)
        self.assertEqual(done.returncode, status)


if __name__ == "__main__":
    unittest.main()
