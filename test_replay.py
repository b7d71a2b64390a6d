#!/usr/bin/env python3
"""Tests of replay: the answers, the script, the recording, the program.

`TestContract` states what GitHub answers. It runs on the replay, and on the
real API too where the variable LIVE_ORG names an organization with at least
three public repositories.
"""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import unittest
from contextlib import redirect_stderr, redirect_stdout
from http.client import HTTPConnection
from io import StringIO
from itertools import repeat
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Tuple, Type
from unittest.mock import Mock, call, patch
from urllib.parse import urlsplit

import requests
from parameterized import parameterized

import replay as replay_module
from fixtures import (
    API_URL, apache2_repos, expected_repos, org_payload, repos_payload)
from replay import Asked, Fault, answer, numbered_repos, problem, replay

HERE = Path(__file__).resolve().parent
REPOS = "/orgs/google/repos"
PAGED_REPOS = numbered_repos(250)


class TestAnswer(unittest.TestCase):
    """Tests of answer, a function of a path with a query."""

    @parameterized.expand([
        ("org", "/orgs/google"),
        ("any_case", "/orgs/Google"),
        ("user", "/users/google"),
        ("id", "/organizations/1342004"),
        ("query", "/orgs/google?x=1"),
    ])
    def test_organization(self, _: str, target: str) -> None:
        """The organization has a few paths, and counts what is public."""
        repos: List[Dict[str, Any]] = [
            {"id": 1}, {"id": 2, "private": True}, {"private": False}]
        self.assertEqual(
            answer(target, repos), (200, {**org_payload, "public_repos": 2},
                                    None))

    @parameterized.expand([
        ("root", "/"),
        ("longer", "/orgs/googles"),
        ("below", "/orgs/google/members"),
        ("above", "/api/v3/orgs/google"),
        ("other_id", "/organizations/1"),
    ])
    def test_unknown_path(self, _: str, target: str) -> None:
        """Any other path is GitHub's 404, and the log names those known."""
        with self.assertLogs("replay", "INFO") as logs:
            self.assertEqual(answer(target + "?x=1", []), (404, {
                "message": "Not Found", "status": "404",
                "documentation_url": "https://docs.github.com/rest"}, None))
        self.assertEqual([record.getMessage() for record in logs.records], [
            f"there is no {target} here, only /orgs/google, /users/google and "
            "/organizations/1342004, each with and without /repos"])

    @parameterized.expand([
        (401, "Bad credentials"),
        (451, "Repository access blocked"),
        (502, "Bad Gateway"),
        (599, None),
    ])
    def test_problem(self, status: int, message: str) -> None:
        """A problem has GitHub's words where they are not HTTP's."""
        self.assertEqual(problem(status), (status, {
            "message": message, "status": str(status),
            "documentation_url": "https://docs.github.com/rest"}, None))

    @parameterized.expand([
        ("first", "per_page=100", 1, 100, "next=2 last=3"),
        ("second", "per_page=100&page=2", 101, 100,
         "prev=1 next=3 last=3 first=1"),
        ("last", "page=3&per_page=100", 201, 50, "prev=2 first=1"),
        ("beyond", "per_page=100&page=9", 0, 0, "prev=3 last=3 first=1"),
        ("default", "", 1, 30, "next=2 last=9"),
        ("too_many", "per_page=101", 1, 100, "next=2 last=3"),
        ("fewest", "per_page=1", 1, 1, "next=2 last=250"),
        ("nonsense", "per_page=x&page=-1", 1, 30, "next=2 last=9"),
        ("zero", "per_page=0&page=0", 1, 30, "next=2 last=9"),
        ("endless", "page=1234567890", 1, 30, "next=2 last=9"),
        ("filtered", "type=private", 0, 0, ""),
    ])
    def test_pages(
            self, _: str, query: str, first: int, count: int, rels: str
            ) -> None:
        """Pages hold as many as asked for, and link to others in order."""
        status, repos, link = answer(f"{REPOS}?{query}", PAGED_REPOS)
        self.assertEqual((status, len(repos)), (200, count))
        self.assertEqual([repo["name"] for repo in repos[:1]],
                         [f"repo-{first:05}"] if count else [])
        self.assertEqual(rels, " ".join(
            f"{rel}={number}" for number, rel in re.findall(
                r'[?&]page=(\d+)[^>]*>; rel="(\w+)"', link or "")))

    def test_link(self) -> None:
        """A link goes to the listing by id, and keeps the rest of a query."""
        target = f"{REPOS}?type=all&page=1&per_page=125"
        self.assertEqual(answer(target, PAGED_REPOS).link, (
            f"<{API_URL}/organizations/1342004/repos?type=all&page=2"
            '&per_page=125>; rel="next", '
            f"<{API_URL}/organizations/1342004/repos?type=all&page=3"
            '&per_page=125>; rel="last"'))

    def test_one_page(self) -> None:
        """A listing that fits on one page, or is empty, has no link."""
        self.assertIsNone(answer(REPOS, repos_payload).link)
        self.assertEqual(answer(REPOS, []), (200, [], None))

    @parameterized.expand([
        ("bare", "", "b A c"),
        ("all", "type=all", "b A c"),
        ("public", "type=public", "b c"),
        ("private", "type=private", "A"),
        ("forks", "type=forks", "b"),
        ("sources", "type=sources", "A c"),
        ("member", "type=member", "A"),
        ("unknown_type", "type=new", "b A c"),
        ("full_name", "sort=full_name", "A b c"),
        ("full_name_desc", "sort=full_name&direction=desc", "c b A"),
        ("created", "sort=created", "b A c"),
        ("created_asc", "sort=created&direction=asc", "c A b"),
        ("updated", "sort=updated", "A c b"),
        ("pushed", "sort=pushed", "c b A"),
        ("pushed_asc", "sort=pushed&direction=asc", "A b c"),
        ("direction_alone", "direction=asc", "c A b"),
        ("unknown_sort", "sort=stars", "b A c"),
        ("both", "type=sources&sort=full_name&direction=desc", "c A"),
    ])
    def test_type_sort_and_direction(
            self, _: str, query: str, expected: str) -> None:
        """The listing is filtered and sorted as GitHub's page says.

        What a repository lacks counts as false, and comes first.
        """
        repos: List[Dict[str, Any]] = [
            {"full_name": "b", "fork": True, "created_at": "2003",
             "updated_at": "2001", "pushed_at": "2001"},
            {"full_name": "A", "private": True, "created_at": "2002",
             "updated_at": "2003", "pushed_at": None,
             "permissions": {"push": True}},
            {"full_name": "c", "updated_at": "2002", "pushed_at": "2002",
             "permissions": None},
        ]
        listed = answer(f"{REPOS}?{query}", repos).document
        self.assertEqual(
            " ".join(repo["full_name"] for repo in listed), expected)

    def test_numbered_repos(self) -> None:
        """Made-up repositories differ in id, name and license."""
        repos = numbered_repos(6)
        self.assertEqual(
            [(repo["id"], repo["name"], repo["license"] and
              repo["license"]["key"]) for repo in repos],
            [(900000001, "repo-00001", "apache-2.0"),
             (900000002, "repo-00002", "bsd-3-clause"),
             (900000003, "repo-00003", "bsl-1.0"),
             (900000004, "repo-00004", "other"),
             (900000005, "repo-00005", None),
             (900000006, "repo-00006", "apache-2.0")])
        self.assertEqual(len({repo["node_id"] for repo in repos}), 6)
        self.assertEqual({repo["size"] for repo in repos}, {191})

    def test_payloads(self) -> None:
        """The lists of names agree with the repositories, of 74 keys each."""
        self.assertEqual(
            [repo["name"] for repo in repos_payload], expected_repos)
        self.assertEqual(apache2_repos, [
            repo["name"] for repo in repos_payload
            if repo["license"] and repo["license"]["key"] == "apache-2.0"])
        self.assertEqual({len(repo) for repo in repos_payload}, {74})


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


def endless() -> Iterator[Fault]:
    """Yield one fault and another, as a generator without a length."""
    yield Fault(500)
    yield Fault(502)


class TestScript(ReplayTestCase):
    """Tests of the script: which request meets which fault."""

    def test_faults_in_order(self) -> None:
        """The first key that is found gives its faults, one an answer."""
        url = self.start_replay({
            "page=2": [Fault(500), Fault(), Fault(502)], "&page": [Fault(404)],
            "never": []})
        targets = ["?x&page=2"] * 4 + ["?x&page=3"] * 2 + [""]
        self.assertEqual(
            [requests.get(url + REPOS + target).status_code
             for target in targets], [500, 200, 502, 200, 404, 200, 200])

    @parameterized.expand([
        ("none_asked", {"x": [Fault()]}, "",
         "1 of 'x'; the requests: none"),
        ("some_left", {"orgs": [Fault()] * 3}, "/orgs/google",
         "2 of 'orgs'; the requests: /orgs/google"),
        ("another_key", {"orgs": [Fault()], "google": [Fault()], "x": [],
                         "y": repeat(Fault())}, "/orgs/google?x",
         "1 of 'google', 1 of 'y'; the requests: /orgs/google?x"),
        ("generator", {"page": endless()}, "/orgs/google",
         "1 of 'page'; the requests: /orgs/google"),
    ])
    def test_fault_that_never_happens(
            self, _: str, script: Mapping[str, Iterable[Fault]], target: str,
            expected: str) -> None:
        """Leaving the block tells which faults are left, and the requests."""
        with self.assertRaises(AssertionError) as caught:
            with replay(script) as url:
                if target:
                    requests.get(url + target)
        self.assertEqual(
            str(caught.exception),
            f"faults in the script met no request: {expected}")

    def test_faults_without_a_length(self) -> None:
        """Of a generator's faults, only the first must meet a request."""
        with replay({"orgs": endless()}) as url:
            self.assertEqual(requests.get(url + "/orgs/x").status_code, 500)

    def test_another_error(self) -> None:
        """An error on its way is not replaced by that of faults left."""
        with self.assertRaisesRegex(ZeroDivisionError, "^first$"):
            with replay({"x": [Fault()]}):
                raise ZeroDivisionError("first")

    def test_key_that_is_no_regular_expression(self) -> None:
        """A key that can't be searched for is an error that names it."""
        with self.assertRaisesRegex(ValueError, (
                "^the script's key '[(]page' is not a regular expression: "
                "missing ")):
            self.start_replay({"page": [], "(page": []})


class TestServer(ReplayTestCase):
    """Tests of the server, over its socket."""

    def test_urls_and_headers(self) -> None:
        """Whatever points to the API in an answer points to the replay."""
        url = self.start_replay(repos=PAGED_REPOS)
        with patch("replay.time", return_value=7.5):
            listing = requests.get(url + REPOS)
        org = requests.get(url + "/orgs/google")
        self.assertEqual(org.json()["repos_url"], url + REPOS)
        self.assertEqual(
            listing.links["next"]["url"],
            url + "/organizations/1342004/repos?page=2")
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

    def test_on_request(self) -> None:
        """Every request is told, with its headers, before it is answered."""
        on_request = Mock(spec_set=[])
        url = self.start_replay(on_request=on_request)
        connection = self.connect(url)
        connection.request("GET", "/orgs/x?y", headers={"Accept": "z"})
        connection.getresponse().read()
        on_request.assert_called_once_with(Asked("/orgs/x?y", {
            "Host": url[len("http://"):], "Accept-Encoding": "identity",
            "Accept": "z"}))

    def test_one_connection(self) -> None:
        """One connection serves request after request, HEAD too."""
        connection = self.connect(self.start_replay())
        first = connection.sock
        for method, size in ("GET", True), ("HEAD", False), ("GET", True):
            connection.request(method, "/orgs/google")
            response = connection.getresponse()
            self.assertEqual(response.status, 200)
            self.assertEqual(bool(response.read()), size)
            self.assertIs(connection.sock, first)

    @parameterized.expand([("POST", 501), ("DELETE", 501), ("CONNECT", 404)])
    def test_other_methods(self, method: str, status: int) -> None:
        """A method that GitHub would not take is an error in JSON."""
        response = requests.request(method, self.start_replay() + "/x")
        self.assertEqual(response.status_code, status)
        self.assertEqual(response.json()["status"], str(status))

    def test_request_that_is_not_http(self) -> None:
        """What is not HTTP is an error in JSON, and the connection ends."""
        connection = self.connect(self.start_replay())
        connection.sock.sendall(b"GET\r\n\r\n")
        with connection.sock.makefile("rb") as file:
            received = file.read()
        self.assertIn(b'"status": "400"', received)

    @parameterized.expand([
        ("status", Fault(503), (503, None, {"message", "status",
                                            "documentation_url"})),
        ("headers", Fault(headers={"Link": "<x>", "Content-Type": None}),
         (200, "<x>", set(org_payload))),
        ("body", Fault(headers={"Link": None}, body=b'{"a": 1}'),
         (200, None, {"a"})),
        ("all", Fault(301, {"Link": "y"}, b'{"b": 1}', wait=0.001),
         (301, "y", {"b"})),
    ])
    def test_changed_answer(
            self, _: str, fault: Fault, expected: Tuple[Any, ...]) -> None:
        """A fault changes status, headers and body; the rest is as usual."""
        url = self.start_replay({"org": [fault]})
        got = requests.get(url + "/orgs/google")
        self.assertEqual(
            (got.status_code, got.headers.get("Link"), set(got.json())),
            expected)
        self.assertEqual("Content-Type" in got.headers,
                         "Content-Type" not in fault.headers)

    @parameterized.expand([
        ("nothing", Fault(cut=0), b"^$"),
        ("not_http", Fault(raw=b"nonsense\r\n"), b"^nonsense\r\n$"),
        ("raw_cut", Fault(raw=b"nonsense\r\n", cut=3), b"^non$"),
        ("raw_but_nothing", Fault(raw=b"nonsense", cut=0), b"^$"),
        ("cut", Fault(body=b"abcdef", cut=2),
         b"(?s)^HTTP/1.1 200 OK\r\n.*Content-Length: 6\r\n.*\r\n\r\nab$"),
        ("cut_after_parts", Fault(body=[b"ab", b"c"], cut=1),
         b"(?s)^HTTP/1.1 200 OK\r\n.*\r\n\r\n"
         b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n$"),
    ])
    def test_end_of_connection(
            self, _: str, fault: Fault, expected: bytes) -> None:
        """A fault can end the connection before or within an answer."""
        connection = self.connect(self.start_replay({"org": [fault]}))
        connection.request("GET", "/orgs/google")
        with connection.sock.makefile("rb") as file:
            self.assertRegex(file.read(), expected)

    def test_body_in_parts(self) -> None:
        """A body in parts comes in chunks, and the connection stays."""
        connection = self.connect(
            self.start_replay({"org": [Fault(body=[b"[1", b", 2]"])]}))
        first = connection.sock
        for chunked, expected in ("chunked", [1, 2]), (None, org_payload):
            connection.request("GET", "/orgs/google")
            response = connection.getresponse()
            self.assertEqual(response.headers["Transfer-Encoding"], chunked)
            self.assertEqual(len(json.load(response)), len(expected))
        self.assertIs(connection.sock, first)

    def test_end_of_replay(self) -> None:
        """Leaving the block ends waits and connections, idle ones too."""
        arrived = threading.Event()
        with replay({"org": [Fault(wait=60)]},
                    on_request=lambda asked: arrived.set()) as url:
            idle, busy = self.connect(url), self.connect(url)
            busy.request("GET", "/orgs/google")
            self.assertTrue(arrived.wait(10))
        self.assertEqual(idle.sock.recv(1), b"")
        with self.assertRaises(ConnectionError):
            self.connect(url)

    @parameterized.expand([
        ("hangs_up", BrokenPipeError, "^$"),
        ("wrong_test", ZeroDivisionError, "(?s)Traceback.*ZeroDivisionError"),
    ])
    def test_error_in_a_thread(
            self, _: str, error: Type[Exception], expected: str) -> None:
        """An error is shown, unless it is a client that hangs up."""
        with redirect_stderr(StringIO()) as stderr:
            with replay(on_request=Mock(side_effect=error)) as url:
                with self.assertRaises(requests.ConnectionError):
                    requests.get(url)
        self.assertRegex(stderr.getvalue(), expected)


if __name__ == "__main__":
    unittest.main()
