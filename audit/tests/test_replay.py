#!/usr/bin/env python3
"""Tests of replay: the answers, the script, the recording, the program.

`TestContract` states what GitHub answers. It runs on the replay, and on the
real API where LIVE_ORG names an organization of three public repositories.
"""
import json
import logging
import os
import re
import socket
import sys
import threading
import unittest
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, StringIO, TextIOWrapper
from itertools import chain, repeat
from runpy import run_module
from typing import Any, BinaryIO, Dict, List, Optional, TextIO, Tuple, Type
from unittest.mock import ANY, Mock, patch

import requests
from parameterized import parameterized, parameterized_class

from fixtures import (
    LICENSES, license_of, org_payload, organization, repos_payload, repository)
from audit.live import environment, github_session
from audit.replay import (
    Asked, Fault, Replay, answer, numbered_repos, problem, replay)

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
        "/orgs/google/members", "/api/v3/orgs/google", "/organizations/1"])
    def test_unknown_path(self, path: str) -> None:
        """Any other path is GitHub's 404, and the log names those known."""
        with self.assertLogs("replay", "INFO") as logs:
            self.assertEqual(answer(path + "?x=1", []), problem(404))
        self.assertEqual([record.getMessage() for record in logs.records], [
            f"there is no {path} here, only /orgs/google, /users/google and "
            "/organizations/1342004, each with and without /repos"])

    @parameterized.expand([(401, "Bad credentials"), (400, "Bad Request")])
    def test_problem(self, status: int, message: str) -> None:
        """A problem has GitHub's words where they are not HTTP's."""
        self.assertEqual(problem(status), (status, {
            "message": message, "status": str(status),
            "documentation_url": "https://docs.github.com/rest"}, None))

    @parameterized.expand([
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
        ("direction=asc", "c a B"), ("sort=full_name&direction=desc", "c B a"),
    ])
    def test_listing(self, query: str, expected: str) -> None:
        """A listing is filtered and sorted; what is missing comes first."""
        repos: List[Document] = [
            dict(full_name="B", fork=True, created_at="3", updated_at="1",
                 pushed_at="1"),
            dict(full_name="a", private=True, created_at="2", updated_at="3",
                 pushed_at=None, permissions={"push": True}),
            dict(full_name="c", updated_at="2", pushed_at="2")]
        listed = answer(f"{REPOS}?{query}", repos).document
        self.assertEqual(
            " ".join(repo["full_name"] for repo in listed), expected)

    def test_numbered_repos(self) -> None:
        """Made-up repositories differ in id, name and license."""
        repos = numbered_repos(6)
        self.assertEqual([repo["license"] for repo in repos], [
            *map(license_of, [*LICENSES, None, "apache-2.0"])])
        self.assertEqual(
            [(repo["id"], repo["name"], repo["language"]) for repo in repos],
            [(900000000 + number, f"repo-0000{number}", "Dart")
             for number in range(1, 7)])
        self.assertEqual(len({repo["node_id"] for repo in repos}), 6)


@patch.dict(os.environ, {"no_proxy": "127.0.0.1"})
class TestReplay(unittest.TestCase):
    """Tests of the server, and of which request meets which fault."""

    def connect(self, url: str, sent: str = "") -> BinaryIO:
        """Return what a replay sends over a new connection, as a file."""
        port = int(url.rpartition(":")[2])
        connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.addCleanup(connection.close)
        connection.sendall(sent.encode())
        return connection.makefile("rb")

    def test_faults_in_order(self) -> None:
        """The first key that is found gives its faults, one an answer."""
        script: Any = {
            "page=2": [Fault(500), Fault(), Fault(502)], "&page": [Fault(404)],
            "never": [], "/repos$": iter([Fault(500)] * 2)}
        targets = ["?x&page=2"] * 4 + ["?x&page=3"] * 2 + [""]
        with replay(script) as url:
            self.assertEqual(
                [requests.get(url + REPOS + target).status_code
                 for target in targets],
                [500, 200, 502, 200, 404, 200, 500])

    @parameterized.expand([
        (ValueError, {"page": [], "(page": []}, [],
         "the script's key '[(]page' is not a regular expression: missing .*"),
        (AssertionError, {"x": [Fault()]}, [],
         "faults in the script met no request: 1 of 'x'; the requests: none"),
        (AssertionError, {"o": [Fault()] * 3, "x": [], "y": repeat(Fault())},
         ["/o", "/"], ".*: 2 of 'o', 1 of 'y'; the requests: /o, /"),
    ])
    def test_wrong_script(
            self, error: Type[Exception], script: Any, targets: List[str],
            expected: str) -> None:
        """A key that is wrong, or a fault that is left, is an error."""
        with self.assertRaisesRegex(error, f"^{expected}$"), \
                replay(script) as url:
            for target in targets:
                requests.get(url + target)

    def test_headers(self) -> None:
        """The headers of an answer without pages are GitHub's."""
        with replay() as url, patch("audit.replay.time", return_value=7.25):
            headers = requests.get(url + ORG).headers
        self.assertEqual(dict(headers), {
            "Content-Type": "application/json; charset=utf-8",
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "59",
            "X-RateLimit-Used": "1", "X-RateLimit-Reset": "3607",
            "X-RateLimit-Resource": "core", "Date": ANY, "Server": ANY,
            "Content-Length": ANY})

    def test_one_connection(self) -> None:
        """One connection serves all requests; each is passed on and logged."""
        asked: List[Asked] = []
        sent = f"GET /?x HTTP/1.1\r\nA: b\r\n\r\nGET {ORG} HTTP/1.0\r\n\r\n"
        with replay(on_request=asked.append) as url, \
                self.assertLogs("replay", "INFO") as logs:
            answers = self.connect(url, sent).read()
        self.assertRegex(answers, b'(?s)"Not Found".*"login"')
        self.assertEqual(asked, [Asked("/?x", {"A": "b"}), Asked(ORG, {})])
        self.assertIn(f'"GET {ORG} HTTP/1.0" ', logs.output[-1])

    @parameterized.expand([
        (Fault(503), "1.0", b'^HTTP/1.1 503 .*"status": "503"'),
        (Fault(headers={"Link": "x", "Content-Type": None}), "1.0",
         b"^((?!Content-Type).)+\nLink: x\r\n((?!Content-Type).)+$"),
        (Fault(301, {"A": "b"}, b"c"), "1.0",
         b"^HTTP/1.1 301 .*\nContent-Length: 1\r\n.*\nA: b\r\n\r\nc$"),
        (Fault(body=b"abcdef", cut=2), "1.1",
         b"^HTTP/1.1 200 OK\r\n.*\nContent-Length: 6\r\n.*\r\n\r\nab$"),
        (Fault(cut=0), "1.1", b"^$"),
        (Fault(raw=b"nonsense", cut=3), "1.1", b"^non$"),
    ])
    def test_fault(self, fault: Fault, version: str, expected: bytes) -> None:
        """A fault changes an answer, or ends HTTP/1.1's connection."""
        with replay({"org": [fault]}) as url:
            file = self.connect(url, f"GET {ORG} HTTP/{version}\r\n\r\n")
            self.assertRegex(file.read(), b"(?s)" + expected)

    def test_end_of_replay(self) -> None:
        """Even an error ends waits and connections, idle ones too."""
        before = threading.enumerate()
        arrived = threading.Event()
        with self.assertRaises(ZeroDivisionError):
            with replay({"org": [Fault(wait=60)], "left": [Fault()]},
                        on_request=lambda asked: arrived.set()) as url:
                idle = self.connect(url)
                busy = self.connect(url, f"GET {ORG} HTTP/1.1\r\n\r\n")
                self.assertTrue(arrived.wait(10))
                raise ZeroDivisionError
        self.assertEqual((idle.read(), busy.read()), (b"", b""))
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
        (BrokenPipeError, "^$"),
        (ZeroDivisionError, r"(?s)from \('127.0.0.1', [0-9]+\)\n"
         ".*Traceback.*ZeroDivisionError"),
    ])
    def test_error_shown(self, error: Type[Exception], expected: str) -> None:
        """An error is shown, unless it is a client that hangs up."""
        with redirect_stderr(StringIO()) as stderr:
            with replay(on_request=Mock(side_effect=error)) as url:
                with self.assertRaises(requests.ConnectionError):
                    requests.get(url)
        self.assertRegex(stderr.getvalue(), expected)


class TestProgram(unittest.TestCase):
    """Tests of the program: --record, the server, the command line."""

    def run_program(
            self, argv: str, api_url: str = "", stdout: Optional[TextIO] = None
            ) -> Tuple[Any, str, str]:
        """Run the program here; return its status and its output."""
        out = StringIO()
        with patch.object(sys, "argv", ["audit.replay", *argv.split()]), \
                patch.dict(os.environ, GITHUB_API_URL=api_url, GH_TOKEN="",
                           GITHUB_TOKEN=""), \
                redirect_stdout(stdout or out), \
                redirect_stderr(StringIO()) as err, \
                patch.dict(sys.modules), \
                self.assertRaises(SystemExit) as end:
            del sys.modules["audit.replay"]  # Else runpy warns of it.
            run_module("audit.replay", run_name="__main__")
        return end.exception.code, out.getvalue(), err.getvalue()

    def recorded(self, url: str, names: str) -> Tuple[str, Any, Any]:
        """Return what is recorded, and the payloads that fixtures makes."""
        status, out, err = self.run_program(f"--record {names}", url)
        self.assertEqual((status, err), (0, ""))
        self.assertLessEqual(max(map(len, out.splitlines())), 79)
        tables: Document = {}
        exec(out, {}, tables)
        with patch.multiple("fixtures", **tables):
            return out, organization(), [
                repository(row) for row in tables["RECORDED_FACTS"]]

    def test_names(self) -> None:
        """Only the repositories that are named are recorded, as named."""
        kratu = {**repos_payload[5], "name": "Kratu"}
        del kratu["license"]
        with replay(repos=[repos_payload[2], kratu]) as url:
            out, _, repos = self.recorded(url, "Google KRATU dagger")
        self.assertRegex(out, "^ORG_FACTS = {\n    'archived_at': None,\n"
                         "(    '.*\n)*}\nRECORDED_FACTS = \\[\n    [(]")
        self.assertNotIn("LICENSES", out)
        self.assertEqual(
            [(repo["name"], repo["license"]) for repo in repos],
            [("Kratu", None), ("dagger", license_of("apache-2.0"))])

    def test_another_organization(self) -> None:
        """What differs elsewhere is recorded; texts and e-mail are not."""
        text = json.dumps([org_payload, repos_payload[0]])
        org, repo = json.loads(
            text.replace("google", "Acme-2").replace("bsd-3-clause", "mit"))
        org.update(
            node_id="O_kgDOA", name="Ren\xe9's", blog=None, company="A B",
            location=None, twitter_username=None, is_verified=False,
            has_organization_projects=False, has_repository_projects=False,
            public_repos=1, public_gists=3, followers=0, following=1,
            archived_at="2020-01-01T00:00:00Z", email=None)
        repo["owner"]["node_id"] = "O_kgDOA"
        repo.update(
            node_id="R_kgDOA", archived=True, default_branch="main",
            has_projects=False, has_downloads=False, disabled=True,
            mirror_url="git://x", homepage="a 'b' " * 20, pushed_at=None)
        more = {"description": "by jane@example.org", "new": "jane"}
        with patch("audit.replay.org_payload",
                   {**org, **more, "email": "j@x"}), \
                replay(repos=[{**repo, **more}]) as url:
            out, *payloads = self.recorded(url, "acme-2")
        self.assertNotRegex(out, "jane|j@x")
        self.assertEqual(payloads, [org, [repo]])

    @parameterized.expand([
        ("--record google dagger no", "google has no public repository no"),
        ("--record nobody", "URL/orgs/nobody answered 404: Not Found"),
        ("--port PORT", "port [0-9]+: .*already in use"),
        ("--port 65536", "port 65536: .*0-65535."),
    ])
    @patch("logging.basicConfig", autospec=True)
    def test_error(self, argv: str, expected: str, _: Mock) -> None:
        """What can't be done is one line, with status 1."""
        with replay() as url:
            argv = argv.replace("PORT", url.rpartition(":")[2])
            status, out, err = self.run_program(argv, url)
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(
            err.replace(url, "URL"), f"^audit.replay: {expected}\n$")

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
        with open(writer, "w") as closed, replay() as url:
            result = self.run_program("--record google", url, stdout=closed)
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


# GitHub's published schemas "organization-full" and "minimal-repository", in
# https://github.com/github/rest-api-description: the keys that are required
# there or read by this project, by their type. Any other key is optional.
SCHEMAS = {
    "organization": {
        "str": "login node_id url type created_at updated_at repos_url "
        "events_url hooks_url issues_url members_url public_members_url "
        "avatar_url html_url",
        "str or NoneType": "description archived_at",
        "int": "id public_repos public_gists followers following",
        "bool": "has_organization_projects has_repository_projects",
        "optional": "name company blog location email twitter_username "
        "is_verified"},
    "repository": {
        "str": "node_id name full_name url html_url archive_url assignees_url "
        "blobs_url branches_url collaborators_url comments_url commits_url "
        "compare_url contents_url contributors_url deployments_url "
        "downloads_url events_url forks_url git_commits_url git_refs_url "
        "git_tags_url hooks_url issue_comment_url issue_events_url issues_url "
        "keys_url labels_url languages_url merges_url milestones_url "
        "notifications_url pulls_url releases_url stargazers_url statuses_url "
        "subscribers_url subscription_url tags_url teams_url trees_url",
        "str or NoneType": "description language pushed_at",
        "int": "id stargazers_count", "bool": "private fork archived",
        "dict": "owner", "dict or NoneType": "license",
        "optional": "forks_count watchers_count size open_issues_count forks "
        "open_issues watchers git_url ssh_url clone_url svn_url mirror_url "
        "homepage default_branch created_at updated_at has_issues "
        "has_projects has_wiki has_pages has_downloads disabled permissions"},
    "owner": {
        "str": "login node_id url type avatar_url html_url followers_url "
        "following_url gists_url starred_url subscriptions_url "
        "organizations_url repos_url events_url received_events_url",
        "str or NoneType": "gravatar_id", "int": "id", "bool": "site_admin"},
    "license": {"str": "key spdx_id", "optional": "name node_id url"},
    "permissions": {"optional": "admin push pull"}}


def compared(name: str, items: List[Document]) -> Tuple[List[str], List[str]]:
    """Return what breaks a schema, and which keys are new or not sent."""
    schema = {key: kinds for kinds, keys in SCHEMAS[name].items()
              for key in keys.split()}
    broken = {
        f"{key} of {name} is {kind}"
        for key, kinds in schema.items() if kinds != "optional"
        for item in items
        for kind in [type(item[key]).__name__ if key in item else "missing"]
        if kind not in kinds.split()}
    return sorted(broken), sorted(schema.keys() ^ {*chain(*items)})


LIVE_ORG = os.environ.get("LIVE_ORG")


@parameterized_class(("source", "org"), [
    ("replay", "google"), *([("live", LIVE_ORG)] if LIVE_ORG else [])])
class TestContract(unittest.TestCase):
    """Tests of what GitHub answers, and so of what the replay answers."""

    source: str
    org: str

    def setUp(self) -> None:
        """Start a replay, or take the API and token of the environment."""
        token, self.api_url = environment()
        if self.source == "replay":
            server = replay()
            token, self.api_url = None, server.__enter__()
            self.addCleanup(server.__exit__, None, None, None)
        self.session = github_session(token, self.api_url)
        self.addCleanup(self.session.close)

    def get(self, path: str, status: int = 200) -> requests.Response:
        """Return the answer for a path below that of the organization."""
        response = self.session.get(f"{self.api_url}/orgs/{self.org}{path}")
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(response.headers["Content-Type"],
                         "application/json; charset=utf-8")
        return response

    def test_compared(self) -> None:
        """A key that is renamed, or of another type, is named."""
        repo = {**repos_payload[0], "fork": None, "language": None,
                "stargazers_count": True, "size": None}
        repo["renamed"] = repo.pop("pushed_at")
        self.assertEqual(compared("repository", [repo]), ([
            "fork of repository is NoneType",
            "pushed_at of repository is missing",
            "stargazers_count of repository is bool"
        ], ["pushed_at", "renamed"]))

    def test_keys(self) -> None:
        """All objects have the keys and types of GitHub's schemas."""
        org = self.get("").json()
        repos = self.get("/repos?per_page=100").json()
        objects = {"organization": [org], "repository": repos}
        for name in "owner", "license", "permissions":
            objects[name] = [repo[name] for repo in repos if repo.get(name)]
        for name, items in objects.items():
            broken, changed = compared(name, items)
            if changed and self.source == "live":
                print(f"\n{name}: new or no longer sent:", *changed)
                changed = []
            with self.subTest(name):
                self.assertFalse(broken + changed)
        self.assertEqual(org["repos_url"],
                         f"{self.api_url}/orgs/{org['login']}/repos")

    def test_pages(self) -> None:
        """The Link header of a page leads to its neighbours, as GitHub's."""
        last = self.linked_pages(1).get("last", 0)
        self.assertGreaterEqual(last, 3, "three repositories are needed")
        self.assertEqual(
            [self.linked_pages(page) for page in (1, 2, last)],
            [{"next": 2, "last": last},
             {"prev": 1, "next": 3, "last": last, "first": 1},
             {"prev": last - 1, "first": 1}])

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
