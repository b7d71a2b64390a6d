#!/usr/bin/env python3
"""Tests of replay: its answers, its script, its server, the program.

`TestContract` states what GitHub answers. It runs on the replay, and on the
real API where LIVE_ORG names an organization. That must have three public
repositories; one of them must have a license, and one must have none.
"""
import json
import logging
import os
import re
import socket
import sys
import threading
import unittest
from base64 import b64decode
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, StringIO, TextIOWrapper
from itertools import chain, repeat
from runpy import run_module
from typing import Any, BinaryIO, Dict, List, Tuple, Type
from unittest.mock import ANY, Mock, patch

import requests
from parameterized import parameterized, parameterized_class

from audit.replay import (
    Answer, Asked, Fault, Replay, answer, listing, main, numbered_repos,
    page_of, problem, replay)
from audit.session import environment, github_session
from fixtures import org_payload, repos_payload

ORG = "/orgs/google"
REPOS = "/orgs/google/repos"
PAGED_REPOS = numbered_repos(250)
LICENSED = {
    "id": 7, "full_name": "google/Dagger", "default_branch": "main",
    "license": {"key": "mit"}}
Document = Dict[str, Any]


class TestAnswer(unittest.TestCase):
    """Unit tests of answer: a path leads to a document or to nothing."""

    @parameterized.expand([
        ("organization", "/orgs/google"),
        ("another_case", "/orgs/Google"),
        ("with_a_query", "/orgs/google?x=1"),
        ("as_a_user", "/users/google"),
        ("by_id", "/organizations/1342004"),
    ])
    def test_organization(self, _: str, target: str) -> None:
        """Each of these paths leads to the organization."""
        self.assertEqual(
            answer(target, {"google": repos_payload}),
            Answer(200, {**org_payload, "public_repos": 9}))

    def test_public_repos(self) -> None:
        """The organization counts the repositories that are public."""
        repos: List[Document] = [{}, {"private": True}, {"private": False}]
        found = answer(ORG, {"google": repos})
        self.assertEqual(found.document["public_repos"], 2)

    @parameterized.expand([
        ("organization", "/orgs/google/repos"),
        ("as_a_user", "/users/google/repos"),
        ("by_id", "/organizations/1342004/repos"),
    ])
    def test_repos(self, _: str, path: str) -> None:
        """Each of these paths leads to the organization's repositories."""
        self.assertEqual(
            answer(path, {"google": repos_payload}),
            Answer(200, repos_payload))

    def test_another_organization(self) -> None:
        """Another organization has a login, a name and ids of its own."""
        org = answer("/orgs/acme", {"google": [], "acme": [{}]}).document
        self.assertEqual(org.keys(), org_payload.keys())
        self.assertEqual(
            (org["login"], org["name"], org["repos_url"], org["public_repos"]),
            ("acme", "acme", "https://api.github.com/orgs/acme/repos", 1))
        self.assertNotEqual(org["id"], org_payload["id"])
        self.assertEqual(org["node_id"], f"O_{org['id']}")

    def test_repos_of_another_organization(self) -> None:
        """Each organization has the repositories that are given for it."""
        orgs: Dict[str, List[Document]] = {
            "google": [{"id": 1}], "acme": [{"id": 2}], "labs": [{"id": 3}]}
        self.assertEqual(
            [answer(f"/orgs/{org}/repos", orgs).document for org in orgs],
            [[{"id": 1}], [{"id": 2}], [{"id": 3}]])

    @parameterized.expand([
        ("nobody", "/orgs/nobody"),
        ("below_an_organization", "/orgs/google/members"),
        ("enterprise", "/api/v3/orgs/google"),
        ("another_id", "/organizations/1"),
        ("repository", "/repos/google/dagger"),
        ("license_of_no_repository", "/repos/google/none/license"),
    ])
    def test_unknown_path(self, _: str, path: str) -> None:
        """Any other path is GitHub's 404, and the log names those known."""
        with self.assertLogs("replay", "INFO") as logs:
            found = answer(path + "?x=1", {"google": [], "acme": [{}]})
        self.assertEqual(found, problem(404))
        self.assertEqual(
            [record.getMessage() for record in logs.records],
            [f"there is no {path} here, only /orgs/ORG and /users/ORG, each "
             "with and without /repos, and /repos/ORG/NAME/license; ORG is "
             "google or acme"])

    @parameterized.expand([
        ("words_of_github", 401, "Bad credentials"),
        ("words_of_http", 400, "Bad Request"),
    ])
    def test_problem(self, _: str, status: int, message: str) -> None:
        """A problem has GitHub's words if they are not those of HTTP."""
        self.assertEqual(problem(status), Answer(status, {
            "message": message, "status": str(status),
            "documentation_url": "https://docs.github.com/rest"}))


class TestListing(unittest.TestCase):
    """Unit tests of a list of repositories: which, in which order, by page."""

    @parameterized.expand([
        ("as_given", {}, "B a c"),
        ("public", {"type": "public"}, "B c"),
        ("private", {"type": "private"}, "a"),
        ("forks", {"type": "forks"}, "B"),
        ("sources", {"type": "sources"}, "a c"),
        ("member", {"type": "member"}, "a"),
        ("unknown_type", {"type": "x"}, "B a c"),
        ("by_name", {"sort": "full_name"}, "a B c"),
        ("by_name_descending",
         {"sort": "full_name", "direction": "desc"}, "c B a"),
        ("by_creation", {"sort": "created"}, "B a c"),
        ("by_update", {"sort": "updated"}, "a c B"),
        ("by_push", {"sort": "pushed"}, "c B a"),
        ("ascending", {"direction": "asc"}, "c a B"),
    ])
    def test_listing(
            self, _: str, query: Dict[str, str], expected: str) -> None:
        """A listing is filtered and sorted; what is missing comes first."""
        repos: List[Document] = [
            dict(full_name="B", fork=True, created_at="3", updated_at="1",
                 pushed_at="1", permissions={"push": False}),
            dict(full_name="a", private=True, created_at="2", updated_at="3",
                 pushed_at=None, permissions={"push": True}),
            dict(full_name="c", updated_at="2", pushed_at="2")]
        names = [repo["full_name"] for repo in listing(repos, query)]
        self.assertEqual(" ".join(names), expected)

    @parameterized.expand([
        ("second_of_three", "per_page=100&page=2", 100, 200,
         "prev=1 next=3 last=3 first=1"),
        ("last", "page=3&per_page=100", 200, 250, "prev=2 first=1"),
        ("behind_the_last", "per_page=100&page=9", 0, 0,
         "prev=3 last=3 first=1"),
        ("too_large", "per_page=101", 0, 100, "next=2 last=3"),
        ("negative_size", "per_page=-1", 0, 30, "next=2 last=9"),
        ("number_too_long", f"page={'9' * 5000}", 0, 30, "next=2 last=9"),
        ("nothing_listed", "type=private", 0, 0, ""),
    ])
    def test_pages(
            self, _: str, query: str, start: int, end: int, rels: str
            ) -> None:
        """A page holds as many as asked for, and links to others in order."""
        status, repos, link = page_of(PAGED_REPOS, query, 7)
        self.assertEqual((status, repos), (200, PAGED_REPOS[start:end]))
        links = re.findall(r'[?&]page=(\d+)[^>]*>; rel="(\w+)"', link or "")
        self.assertEqual(
            " ".join(f"{rel}={number}" for number, rel in links), rels)

    def test_link(self) -> None:
        """A link keeps the query, and names the organization by its id."""
        self.assertEqual(
            page_of(PAGED_REPOS, "type=all&per_page=100&page=3", 7).link,
            "<https://api.github.com/organizations/7/repos?"
            'type=all&per_page=100&page=2>; rel="prev", '
            "<https://api.github.com/organizations/7/repos?"
            'type=all&per_page=100&page=1>; rel="first"')

    def test_numbered_repos(self) -> None:
        """Made-up repositories differ in id, node id, name and license."""
        self.assertEqual(
            [(repo["id"], repo["node_id"], repo["name"],
              repo["license"] and repo["license"]["key"])
             for repo in numbered_repos(6)], [
                (900000001, "MDEwOlJlcG9zaXRvcnk5MDAwMDAwMDE=",
                 "repo-00001", "apache-2.0"),
                (900000002, "MDEwOlJlcG9zaXRvcnk5MDAwMDAwMDI=",
                 "repo-00002", "bsd-3-clause"),
                (900000003, "MDEwOlJlcG9zaXRvcnk5MDAwMDAwMDM=",
                 "repo-00003", "bsl-1.0"),
                (900000004, "MDEwOlJlcG9zaXRvcnk5MDAwMDAwMDQ=",
                 "repo-00004", "other"),
                (900000005, "MDEwOlJlcG9zaXRvcnk5MDAwMDAwMDU=",
                 "repo-00005", None),
                (900000006, "MDEwOlJlcG9zaXRvcnk5MDAwMDAwMDY=",
                 "repo-00006", "apache-2.0")])

    def test_facts_of_numbered_repos(self) -> None:
        """All other facts are those of the first recorded repository."""
        repo = numbered_repos(2)[1]
        self.assertEqual((repo["language"], repo["size"]), ("Dart", 191))


class TestLicense(unittest.TestCase):
    """Unit tests of the answer with the text of a repository's license."""

    def text(self, repo: Document, texts: Dict[str, str]) -> str:
        """Return the text that is answered for a repository."""
        path = f"/repos/{repo['full_name']}/license"
        document = answer(path, {"google": [], "acme": [repo]}, texts).document
        self.assertEqual(document["encoding"], "base64")
        return b64decode(document["content"]).decode()

    def test_license(self) -> None:
        """A file is described as GitHub describes it."""
        found = answer(
            "/repos/Google/dagger/license", {"google": [LICENSED]},
            {"google/Dagger": "Be good.\n" * 8})
        api = "https://api.github.com/repos/google/Dagger"
        # git hash-object prints this for a file with the text.
        sha = "bc7aa5292778206d88482f26598081025c24f87f"
        page = "https://github.com/google/Dagger/blob/main/LICENSE"
        self.assertEqual(found, Answer(200, {
            "name": "LICENSE",
            "path": "LICENSE",
            "sha": sha,
            "size": 72,
            "url": f"{api}/contents/LICENSE?ref=main",
            "html_url": page,
            "git_url": f"{api}/git/blobs/{sha}",
            "download_url": "https://raw.githubusercontent.com/google/Dagger/"
                            "main/LICENSE",
            "type": "file",
            "content":
                "QmUgZ29vZC4KQmUgZ29vZC4KQmUgZ29vZC4KQmUgZ29vZC4KQmUgZ29vZC4K"
                "QmUgZ29vZC4KQmUg\nZ29vZC4KQmUgZ29vZC4K\n",
            "encoding": "base64",
            "_links": {
                "self": f"{api}/contents/LICENSE?ref=main",
                "git": f"{api}/git/blobs/{sha}",
                "html": page,
            },
            "license": {"key": "mit"},
        }))

    def test_made_up(self) -> None:
        """A text that is not given says that it is made up."""
        self.assertRegex(self.text(LICENSED, {}), "^A made-up license of ")

    def test_renamed(self) -> None:
        """A text that is made up stays the same if its repository moves."""
        moved = {**LICENSED, "full_name": "acme/moved"}
        self.assertEqual(self.text(moved, {}), self.text(LICENSED, {}))

    def test_another_repository(self) -> None:
        """Texts that are made up differ from repository to repository."""
        another = {**LICENSED, "id": 8}
        self.assertNotEqual(self.text(another, {}), self.text(LICENSED, {}))

    def test_given(self) -> None:
        """A text that is given is that of one repository alone."""
        texts = {"google/Dagger": "\xa9 Acme", "google/other": ""}
        self.assertEqual(self.text(LICENSED, texts), "\xa9 Acme")

    @parameterized.expand([
        ("null", {"full_name": "google/x", "license": None}),
        ("missing", {"full_name": "google/x"}),
    ])
    def test_no_license(self, _: str, repo: Document) -> None:
        """A repository without a license is answered with a 404."""
        self.assertEqual(
            answer("/repos/google/x/license", {"google": [repo]}),
            problem(404))


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

    def test_recorded(self) -> None:
        """It serves the recorded organization unless told otherwise."""
        with replay() as url:
            org = requests.get(url + ORG).json()
            repos = requests.get(org["repos_url"]).json()
        self.assertEqual(org["public_repos"], 9)
        self.assertEqual(
            json.dumps(repos).replace(url, "https://api.github.com"),
            json.dumps(repos_payload))

    def test_given(self) -> None:
        """Repositories, organizations and texts can be given."""
        with replay(repos=[LICENSED], others={"acme": [{"id": 2}]},
                    texts={"google/Dagger": "Be good."}) as url:
            repos = requests.get(url + REPOS).json()
            others = requests.get(f"{url}/orgs/acme/repos").json()
            file = requests.get(f"{url}/repos/google/Dagger/license").json()
        self.assertEqual((repos, others), ([LICENSED], [{"id": 2}]))
        self.assertEqual(file["content"], "QmUgZ29vZC4=\n")

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

    def test_key_that_is_not_a_pattern(self) -> None:
        """The first key that is not a regular expression is a ValueError."""
        with self.assertRaises(ValueError) as caught:
            with replay({"page": [], "(page": [], "[": []}):
                self.fail("the replay has begun")
        self.assertRegex(
            str(caught.exception), "^the script's key '[(]page' is not a "
            "regular expression: missing [)]")

    @parameterized.expand([
        ("no_request", {"x": [Fault()]}, [], "1 of 'x'; the requests: none"),
        ("too_few", {"o": [Fault()] * 3}, ["/o", "/oh"],
         "1 of 'o'; the requests: /o, /oh"),
        ("iterator", {"o": iter([Fault()])}, ["/"],
         "1 of 'o'; the requests: /"),
        ("for_ever", {"o": repeat(Fault())}, [],
         "1 of 'o'; the requests: none"),
        ("two_keys", {"a": [Fault()] * 2, "b": [], "c": [Fault()]}, [],
         "2 of 'a', 1 of 'c'; the requests: none"),
    ])
    def test_fault_that_is_left(
            self, _: str, script: Any, targets: List[str], left: str) -> None:
        """A fault that met no request is an AssertionError at the end."""
        with self.assertRaises(AssertionError) as caught:
            with replay(script) as url:
                for target in targets:
                    requests.get(url + target)
        self.assertEqual(
            str(caught.exception),
            "faults in the script met no request: " + left)

    @parameterized.expand([
        ("iterator", iter([Fault(500), Fault(500)])),
        ("for_ever", repeat(Fault(500))),
    ])
    def test_faults_without_a_length(self, _: str, faults: Any) -> None:
        """It is enough if one of an iterator's faults met a request."""
        with replay({"/": faults}) as url:
            self.assertEqual(requests.get(url).status_code, 500)

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
        ("status", Fault(503), "1.0", b'^HTTP/1.1 503 .*"status": "503"'),
        ("headers", Fault(headers={"Link": "x", "Content-Type": None}), "1.0",
         b"^((?!Content-Type).)+\nLink: x\r\n((?!Content-Type).)+$"),
        ("all_three", Fault(301, {"A": "b"}, b"c"), "1.0",
         b"^HTTP/1.1 301 .*\nContent-Length: 1\r\n.*\nA: b\r\n\r\nc$"),
        ("body_that_is_cut", Fault(body=b"abcdef", cut=2), "1.1",
         b"^HTTP/1.1 200 OK\r\n.*\nContent-Length: 6\r\n.*\r\n\r\nab$"),
        ("nothing_at_all", Fault(cut=0), "1.1", b"^$"),
        ("raw", Fault(raw=b"nonsense"), "1.1", b"^nonsense$"),
        ("raw_that_is_cut", Fault(raw=b"nonsense", cut=3), "1.1", b"^non$"),
    ])
    def test_fault(
            self, _: str, fault: Fault, version: str, expected: bytes
            ) -> None:
        """A fault changes an answer, or ends the connection of HTTP/1.1."""
        with replay({"org": [fault]}) as url:
            file = self.connect(url, f"GET {ORG} HTTP/{version}\r\n\r\n")
            self.assertRegex(file.read(), b"(?s)" + expected)

    def test_end_of_replay(self) -> None:
        """An error ends waits and connections too, even idle ones."""
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
        with Replay({}, {}, {}, print, 0) as server:
            self.assertEqual(server.server_address[0], "127.0.0.1")
        getfqdn.assert_not_called()

    @parameterized.expand([
        ("client_that_hangs_up", BrokenPipeError, "^$"),
        ("any_other", ZeroDivisionError, r"(?s)from \('127.0.0.1', [0-9]+\)\n"
         ".*Traceback.*ZeroDivisionError"),
    ])
    def test_error_shown(
            self, _: str, error: Type[Exception], expected: str) -> None:
        """An error is shown, unless it is a client that hangs up."""
        with redirect_stderr(StringIO()) as stderr:
            with replay(on_request=Mock(side_effect=error)) as url:
                with self.assertRaises(requests.ConnectionError):
                    requests.get(url)
        self.assertRegex(stderr.getvalue(), expected)


class TestProgram(unittest.TestCase):
    """Tests of the program: it serves, or says why it can't."""

    @patch("logging.basicConfig", autospec=True)
    def test_port_in_use(self, _: Mock) -> None:
        """A port that is not free is one line, with status 1."""
        with replay() as url, redirect_stderr(StringIO()) as err:
            port = url.rpartition(":")[2]
            status = main(["--port", port])
        self.assertEqual(status, 1)
        self.assertRegex(
            err.getvalue(), f"^audit.replay: port {port}: [A-Z].+\n$")

    @parameterized.expand([
        ("negative", "-1"), ("too_large", "65536"),
    ])
    def test_wrong_port(self, _: str, port: str) -> None:
        """A number that no port has is wrong usage."""
        with redirect_stderr(StringIO()) as err:
            with self.assertRaises(SystemExit) as caught:
                main([f"--port={port}"])
        self.assertEqual(caught.exception.code, 2)
        self.assertRegex(err.getvalue(), "\naudit.replay: error: argument "
                         "--port: must be from 0 to 65535\n$")

    def test_help(self) -> None:
        """The help says what it does, and which port it takes."""
        with redirect_stdout(StringIO()) as out:
            self.assertRaises(SystemExit, main, ["--help"])
        text = " ".join(out.getvalue().split())
        self.assertIn("until Ctrl-C.", text)
        self.assertIn("TCP port on 127.0.0.1 (8000); 0 for a free one", text)

    @patch("logging.basicConfig", autospec=True)
    @patch("audit.replay.sleep", autospec=True,
           side_effect=[None, KeyboardInterrupt])
    def test_serve(self, _: Mock, basic_config: Mock) -> None:
        """It prints its URL, logs each request, and serves until Ctrl-C."""
        file = BytesIO()  # It shows what the program has flushed.
        stdout = TextIOWrapper(file)
        with redirect_stdout(stdout):
            status = main(["--port", "0"])
        self.assertEqual(status, 130)
        self.assertRegex(file.getvalue(), b"^http://127.0.0.1:[0-9]+\r?\n$")
        basic_config.assert_called_once_with(
            level=logging.INFO, format="%(message)s")

    def test_program(self) -> None:
        """It can be run by python -m, and exits with its status."""
        argv = patch.object(sys, "argv", ["audit.replay", "--port", "x"])
        with argv, redirect_stderr(StringIO()), patch.dict(sys.modules):
            del sys.modules["audit.replay"]  # Else runpy warns of it.
            with self.assertRaises(SystemExit) as caught:
                run_module("audit.replay", run_name="__main__")
        self.assertEqual(caught.exception.code, 2)


# GitHub's published schemas "organization-full", "minimal-repository" and
# "license-content", in https://github.com/github/rest-api-description: the
# keys that are required there or read by this project, by their type. Any
# other key is optional.
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
    "license file": {
        "str": "name path sha url type content encoding", "int": "size",
        "str or NoneType": "html_url git_url download_url",
        "dict": "_links", "dict or NoneType": "license"},
    "links": {"str": "self", "str or NoneType": "git html"},
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
        """Return the answer for a path below that of the API."""
        response = self.session.get(self.api_url + path)
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(response.headers["Content-Type"],
                         "application/json; charset=utf-8")
        return response

    def assert_fits(self, name: str, items: List[Document]) -> None:
        """Assert that objects have the keys and types of their schema.

        A key that GitHub has begun or ceased to send is only printed.
        """
        broken, changed = compared(name, items)
        if changed and self.source == "live":
            print(f"\n{name}: new or no longer sent:", *changed)
            changed = []
        with self.subTest(name):
            self.assertEqual(broken + changed, [])

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
        org = self.get(f"/orgs/{self.org}").json()
        repos = self.get(f"/orgs/{self.org}/repos?per_page=100").json()
        self.assert_fits("organization", [org])
        self.assert_fits("repository", repos)
        for name in "owner", "license", "permissions":
            self.assert_fits(
                name, [repo[name] for repo in repos if repo.get(name)])
        self.assertEqual(org["repos_url"],
                         f"{self.api_url}/orgs/{org['login']}/repos")

    def test_license_file(self) -> None:
        """The file of a repository's license has the keys of its schema."""
        repo = self.repo_that(has_license=True)
        file = self.get(f"/repos/{repo['full_name']}/license").json()
        self.assert_fits("license file", [file])
        self.assert_fits("links", [file["_links"]])
        self.assertEqual(file["license"]["key"], repo["license"]["key"])
        self.assertEqual(file["encoding"], "base64")
        self.assertEqual(len(b64decode(file["content"])), file["size"])

    def test_no_license_file(self) -> None:
        """A repository without a license has no such file."""
        repo = self.repo_that(has_license=False)
        self.get(f"/repos/{repo['full_name']}/license", 404)

    def repo_that(self, has_license: bool) -> Document:
        """Return a repository that has a license, or one that has none."""
        repos = self.get(f"/orgs/{self.org}/repos?per_page=100").json()
        found = [repo for repo in repos
                 if bool(repo["license"]) == has_license]
        self.assertTrue(found, "such a repository is needed")
        return found[0]

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
        """Return the number of the page that each relation leads to."""
        response = self.get(f"/orgs/{self.org}/repos?per_page=1&page={page}")
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
        repos = self.get(
            f"/orgs/{self.org}/repos?type={name}&per_page=100").json()
        self.assertLessEqual({repo[key] for repo in repos}, {expected})

    def test_not_found(self) -> None:
        """What is not there is a 404 with a message in JSON."""
        document = self.get(f"/orgs/{self.org}/-", 404).json()
        self.assertEqual(
            (document["message"], document["status"]), ("Not Found", "404"))
        self.assertIn("documentation_url", document)
