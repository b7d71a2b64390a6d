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
import signal
import socket
import subprocess
import sys
import threading
import unittest
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from http.client import HTTPConnection
from io import StringIO
from itertools import repeat
from pathlib import Path
from runpy import run_path
from time import monotonic
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Tuple, Type
from unittest.mock import Mock, patch
from urllib.parse import urlsplit

import requests
from parameterized import parameterized, parameterized_class

from fixtures import (
    API_URL, apache2_repos, expected_repos, org_payload, repos_payload)
from live import environment, github_session
from replay import (
    Asked, Fault, Replay, answer, literal, numbered_repos, port_number,
    problem, replay, row)

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
        """One connection serves request after request."""
        connection = self.connect(self.start_replay())
        first = connection.sock
        for target, status in ("/", 404), ("/orgs/google", 200):
            connection.request("GET", target)
            response = connection.getresponse()
            self.assertEqual(response.status, status)
            self.assertTrue(json.load(response))
            self.assertIs(connection.sock, first)

    @parameterized.expand([
        ("not_http", b"GET\r\n\r\n", b'"status": "400"'),
        ("without_host", b"GET /orgs/google HTTP/1.0\r\n\r\n",
         b'"url": "http://127.0.0.1/orgs/google"'),
        ("post", b"POST /orgs/google HTTP/1.1\r\n\r\n", b'"status": "501"'),
        ("connect", b"CONNECT x:1 HTTP/1.0\r\n\r\n", b'"status": "404"'),
        ("head", b"HEAD /orgs/google HTTP/1.0\r\n\r\n",
         b"^HTTP/1.1 200 OK\r\n(.+\r\n)+\r\n$"),
    ])
    def test_other_requests(self, _: str, sent: bytes, expected: bytes
                            ) -> None:
        """Any other request is answered in JSON; then the connection ends."""
        connection = self.connect(self.start_replay())
        connection.sock.sendall(sent)
        with connection.sock.makefile("rb") as file:
            self.assertRegex(file.read(), expected)

    @parameterized.expand([
        ("status", Fault(503), (503, None, {"message", "status",
                                            "documentation_url"})),
        ("headers", Fault(headers={"Link": "<x>", "Content-Type": None}),
         (200, "<x>", set(org_payload))),
        ("body", Fault(headers={"Link": None}, body=b'{"a": 1}'),
         (200, None, {"a"})),
        ("all", Fault(301, {"Link": "y"}, b'{"b": 1}'),
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

    def test_parts_one_by_one(self) -> None:
        """A part is sent before the next one is made."""
        received, in_time = threading.Event(), []

        def parts() -> Iterator[bytes]:
            """Yield a part, and another once the first has arrived."""
            yield b"1"
            in_time.append(received.wait(10))
            yield b"2"

        connection = self.connect(
            self.start_replay({"org": [Fault(body=parts())]}))
        connection.request("GET", "/orgs/google")
        response = connection.getresponse()
        self.assertEqual(response.read(1), b"1")
        received.set()
        self.assertEqual(response.read(), b"2")
        self.assertEqual(in_time, [True])

    def test_wait(self) -> None:
        """An answer comes no sooner than its fault says."""
        url = self.start_replay({"org": [Fault(wait=0.02)]})
        started = monotonic()
        requests.get(url + "/orgs/google")
        self.assertGreaterEqual(monotonic() - started, 0.02)

    def test_end_of_replay(self) -> None:
        """Leaving the block ends waits and connections, idle ones too."""
        before = threading.enumerate()
        arrived = threading.Event()
        with replay({"org": [Fault(wait=60)]},
                    on_request=lambda asked: arrived.set()) as url:
            idle, busy = self.connect(url), self.connect(url)
            busy.request("GET", "/orgs/google")
            self.assertTrue(arrived.wait(10))
        self.assertEqual(idle.sock.recv(1), b"")
        self.assertEqual(threading.enumerate(), before)
        with self.assertRaises(ConnectionError):
            self.connect(url)

    def test_end_of_connections_that_have_ended(self) -> None:
        """A connection that a client has ended does not disturb the end."""
        server = Replay({}, [], 0, Mock(spec_set=[]))
        thread = threading.Thread(target=server.serve_forever, args=(0.002,))
        thread.start()
        with socket.socket() as unconnected:
            server.connections.add(unconnected)
            server.stop()
        thread.join(10)
        self.assertFalse(thread.is_alive())

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


def run_program(*argv: str, api_url: str = "") -> Tuple[Any, str, str]:
    """Run the program in this process; return its status and its output."""
    environ = {"GITHUB_API_URL": api_url, "GH_TOKEN": "", "GITHUB_TOKEN": ""}
    with patch.object(sys, "argv", ["replay.py", *argv]), \
            patch.dict(os.environ, environ), \
            redirect_stdout(StringIO()) as out, \
            redirect_stderr(StringIO()) as err:
        try:
            run_path(str(HERE / "replay.py"), run_name="__main__")
        except SystemExit as error:
            return error.code, out.getvalue(), err.getvalue()
    raise AssertionError("the program has not ended by sys.exit")


def pasted(printed: str) -> Dict[str, Any]:
    """Return what fixtures defines once a recording is pasted into it."""
    source = (HERE / "fixtures.py").read_text(encoding="utf-8")
    for table in re.findall(r"(?ms)^\w+ = [{\[]\n.*?^[}\]]\n", printed):
        head = table[:table.index("\n")]
        before, found, after = source.partition(f"\n{head}\n")
        assert found, f"fixtures.py has no {head}"
        _, after = re.split(r"(?m)^[}\]]\n", after, maxsplit=1)
        source = f"{before}\n{table}{after}"
    names: Dict[str, Any] = {}
    exec(source, names)
    return names


class TestRecord(ReplayTestCase):
    """Tests of --record, whose output goes into fixtures.py."""

    def test_google(self) -> None:
        """The recording of the replay gives the same payloads once pasted.

        The replay itself counts the nine repositories that it serves.
        """
        status, out, err = run_program(
            "--record", "Google", api_url=self.start_replay())
        self.assertEqual((status, err), (0, ""))
        self.assertNotIn("LICENSES", out)
        names = pasted(out)
        self.assertEqual(
            names["org_payload"], {**org_payload, "public_repos": 9})
        self.assertEqual(names["repos_payload"], repos_payload)
        self.assertEqual(list(names["org_payload"]), list(org_payload))
        self.assertEqual(
            [list(repo) for repo in names["repos_payload"]],
            [list(repo) for repo in repos_payload])

    def test_another_organization(self) -> None:
        """What differs elsewhere is recorded; texts and e-mail are not."""
        text = json.dumps([org_payload, repos_payload[:2]])
        org, repos = json.loads(text.replace("google", "Acme-2"))
        org.update(
            node_id="O_kgDOA", name='Ren\xe9\'s "\U0001f600"', company="A B",
            description="by jane@example.org", blog=None, location=None,
            email="jane@example.org", twitter_username=None,
            is_verified=False, has_organization_projects=False,
            has_repository_projects=False, public_gists=3, followers=0,
            following=1, archived_at="2020-01-01T00:00:00Z", new="key")
        mit = {"key": "mit", "name": "MIT License", "spdx_id": "MIT",
               "url": API_URL + "/licenses/mit", "node_id": "MDc6TGljZW5zZTEz"}
        repos[0].update(
            node_id="R_kgDOA", description="by jane@example.org",
            archived=True, default_branch="main", has_projects=False,
            has_downloads=False, disabled=True, mirror_url="git://x",
            license=mit, pushed_at=None, topics=["t"])
        repos[1].update(
            node_id="A", archived=True, name="b" * 60, license={},
            full_name="Acme-2/" + "b" * 60, homepage="a 'b' \"c\"" * 4)
        for repo in repos:
            repo["owner"]["node_id"] = "O_kgDOA"
        repos[1] = json.loads(json.dumps(repos[1]).replace(
            "Acme-2/cpp-netlib", "Acme-2/" + "b" * 60))
        with patch("replay.org_payload", org):
            url = self.start_replay(repos=repos)
            status, out, err = run_program("--record", "acme-2", api_url=url)
        self.assertEqual((status, err), (0, ""))
        self.assertNotIn("jane", out)
        self.assertTrue(out.isascii())
        self.assertLessEqual(max(map(len, out.splitlines())), 79)
        self.assertIn('"R_kgDOA", False, False, True, "git://x"),\n', out)
        self.assertIn('"2018-12-05T17:42:29Z", "master", True, "A"),\n', out)
        self.assertIn('    "mit": ("MIT License", "MIT", "MDc6TGlj', out)
        names = pasted(out)
        del org["new"], repos[0]["topics"]
        org.update(description=None, email=None, public_repos=2)
        repos[0]["description"] = repos[1]["license"] = None
        self.assertEqual(names["org_payload"], org)
        self.assertEqual(names["repos_payload"], repos)

    def test_names(self) -> None:
        """Only the repositories that are named are recorded, each once."""
        repos = [{**repo, "name": repo["name"].title()}
                 for repo in repos_payload]
        status, out, err = run_program(
            "--record", "google", "KRATU", "dagger", "kratu",
            api_url=self.start_replay(repos=repos))
        self.assertEqual((status, err), (0, ""))
        self.assertEqual([repo["name"] for repo in pasted(out)[
            "repos_payload"]], ["Dagger", "Kratu"])

    @parameterized.expand([
        ("no_such_repository", ["google", "kratu", "Nope"], {}, "replay.py: "
         "google has no public repository Nope\n"),
        ("no_such_organization", ["nobody"], {}, "replay.py: "
         "URL/orgs/nobody answered 404: Not Found\n"),
        ("no_answer", ["google"], {"org": repeat(Fault(cut=0))}, "replay.py: "
         "URL did not answer (ConnectionError)\n"),
        ("wrong_answer", ["google"], {"org": [Fault(body=b"{}")]},
         "replay.py: URL/orgs/google is not an organization\n"),
    ])
    def test_error(
            self, _: str, argv: List[str],
            script: Mapping[str, Iterable[Fault]], expected: str) -> None:
        """What can't be recorded is one line, with status 1."""
        url = self.start_replay(script)
        with patch("live.BACKOFF", (0,)):
            status, out, err = run_program("--record", *argv, api_url=url)
        self.assertEqual((status, out, err.replace(url, "URL")),
                         (1, "", expected))

    @parameterized.expand([
        ("short", "", [1, "a b", None], '    (1, "a b", None),'),
        ("wrapped", "", [1000, "a " * 33, 2],
         '    (1000,\n     "' + "a " * 33 + '", 2),'),
        ("with_key", '"key": ', ["a" * 60, "b"],
         '    "key": ("' + "a" * 60 + '",\n            "b"),'),
        ("too_long", "", ["-" * 80], '    ("' + "-" * 80 + '"),'),
    ])
    def test_row(
            self, _: str, key: str, values: List[Any], expected: str) -> None:
        """A row is wrapped between its values, as pycodestyle likes it."""
        self.assertEqual(row(key, values), expected)

    @parameterized.expand([
        ("plain", "a b", '"a b"'),
        ("single_quote", "it's", '"it\'s"'),
        ("double_quote", 'say "a"', "'say \"a\"'"),
        ("backslash", "\\\n", '"\\\\\\n"'),
        ("not_ascii", "\xe9\U0001f600\ud800", '"\\xe9\\U0001f600\\ud800"'),
        ("empty", "", '""'),
        ("number", 7, "7"),
        ("null", None, "None"),
    ])
    def test_literal(self, _: str, value: Any, expected: str) -> None:
        """A value is written as Python reads it back."""
        self.assertEqual(literal(value), expected)
        self.assertEqual(eval(expected), value)


class TestProgram(ReplayTestCase):
    """Tests of the command line."""

    @patch("logging.basicConfig", autospec=True)
    @patch("time.sleep", autospec=True, side_effect=[None, KeyboardInterrupt])
    def test_serve(self, _: Mock, basic_config: Mock) -> None:
        """The program prints its URL and serves until Ctrl-C."""
        status, out, err = run_program("--port", "0")
        self.assertEqual((status, err), (0, ""))
        self.assertRegex(out, "^http://127.0.0.1:[0-9]+\n$")
        basic_config.assert_called_once_with(
            level=logging.INFO, format="%(message)s")

    def test_ctrl_c(self) -> None:
        """A program of its own ends by Ctrl-C, and has logged requests."""
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, handler)
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "replay.py", "--port", "0"],
            cwd=str(HERE), env={**os.environ, "PYTHONUNBUFFERED": ""},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True)
        self.addCleanup(process.__exit__, None, None, None)
        self.addCleanup(process.kill)
        assert process.stdout
        url = process.stdout.readline().strip()
        self.assertEqual(requests.get(url + "/orgs/google").status_code, 200)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
        self.assertEqual((process.returncode, out, err),
                         (0, "", '"GET /orgs/google HTTP/1.1" 200 -\n'))

    def test_port_in_use(self) -> None:
        """A port in use is reported in one line, with status 1."""
        port = self.start_replay().rpartition(":")[2]
        status, out, err = run_program("--port", port)
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(
            err, f"^replay.py: port {port}: Address already in use\n$")

    @parameterized.expand([
        ("text", ["--port", "x"], "must be a number from 0 to 65535"),
        ("too_large", ["--port", "65536"], "must be a number from 0 to 65535"),
        ("letter", ["--port", "8x"], "must be a number from 0 to 65535"),
        ("digits", ["--port", "\u0663"], "must be a number from 0 to 65535"),
        ("nothing", ["--record"], "expected at least one argument"),
        ("both", ["--port", "0", "--record", "x"], "not allowed with"),
    ])
    def test_wrong_usage(
            self, _: str, argv: List[str], expected: str) -> None:
        """Wrong usage is status 2, and the last line says what is wrong."""
        status, out, err = run_program(*argv)
        self.assertEqual((status, out), (2, ""))
        self.assertIn(expected, err.splitlines()[-1])

    def test_help(self) -> None:
        """The help shows the two uses of the program."""
        status, out, err = run_program("--help")
        self.assertEqual((status, err), (0, ""))
        self.assertIn("--record ORG [NAME ...]", out)
        for words in "(8000); 0 for a free one", "only those named":
            self.assertIn(words, " ".join(out.split()))

    @parameterized.expand([("ctrl_c", KeyboardInterrupt), ("bug", TypeError)])
    def test_other_error(self, _: str, error: Type[BaseException]) -> None:
        """What is no fault of GitHub's or the network's is not hidden."""
        with patch("live.LiveOrgClient.from_environment", autospec=True,
                   side_effect=error):
            with self.assertRaises(error):
                run_program("--record", "google")

    @parameterized.expand([("0", 0), ("8000", 8000), ("65535", 65535)])
    def test_port_number(self, text: str, expected: int) -> None:
        """Every port that TCP has can be asked for."""
        self.assertEqual(port_number(text), expected)


def schema(**keys: str) -> Dict[str, List[str]]:
    """Return for each key its JSON types, of which null is one."""
    return {key: kinds.split("_or_")
            for kinds, text in keys.items() for key in text.split()}


# GitHub's published schemas "organization-full" and "minimal-repository", in
# https://github.com/github/rest-api-description: what must be there, and what
# may. A key with a dot is one of an object within, where there is that object.
ORG_MUST = schema(
    string="login node_id url repos_url events_url hooks_url issues_url "
    "members_url public_members_url avatar_url html_url type created_at "
    "updated_at",
    string_or_null="description archived_at",
    integer="id public_repos public_gists followers following",
    boolean="has_organization_projects has_repository_projects")
ORG_MAY = schema(  # The schema does not say that GitHub sends null for these.
    string_or_null="name company blog location email twitter_username",
    boolean="is_verified")
REPO_MUST = schema(
    integer="id owner.id",
    string="node_id name full_name html_url url archive_url assignees_url "
    "blobs_url branches_url collaborators_url comments_url commits_url "
    "compare_url contents_url contributors_url deployments_url downloads_url "
    "events_url forks_url git_commits_url git_refs_url git_tags_url hooks_url "
    "issue_comment_url issue_events_url issues_url keys_url labels_url "
    "languages_url merges_url milestones_url notifications_url pulls_url "
    "releases_url stargazers_url statuses_url subscribers_url "
    "subscription_url tags_url teams_url trees_url "
    "owner.login owner.node_id owner.avatar_url owner.url owner.html_url "
    "owner.followers_url owner.following_url owner.gists_url "
    "owner.starred_url owner.subscriptions_url owner.organizations_url "
    "owner.repos_url owner.events_url owner.received_events_url owner.type",
    string_or_null="description owner.gravatar_id",
    boolean="private fork owner.site_admin",
    object="owner")
# What else this project reads must be there too.
REPO_MUST.update(schema(
    integer="stargazers_count", boolean="archived", object_or_null="license",
    string="license.key license.spdx_id", string_or_null="language pushed_at"))
REPO_MAY = schema(
    integer="forks_count watchers_count size open_issues_count forks "
    "open_issues watchers",
    string="git_url ssh_url clone_url svn_url default_branch license.name "
    "license.node_id",
    string_or_null="mirror_url homepage created_at updated_at license.url",
    boolean="has_issues has_projects has_wiki has_pages has_downloads "
    "disabled permissions.admin permissions.push permissions.pull",
    object="permissions")
KINDS = {type(None): "null", bool: "boolean", int: "integer", str: "string",
         float: "number", list: "array", dict: "object"}


def expanded(document: Dict[str, Any]) -> Dict[str, Any]:
    """Return a document with the keys of objects within it, as OBJECT.KEY."""
    return {**document, **{
        f"{outer}.{key}": value for outer, inner in document.items()
        if isinstance(inner, dict) for key, value in inner.items()}}


def broken(
        document: Dict[str, Any], must: Mapping[str, List[str]]) -> List[str]:
    """Return which keys are missing or of another type than they must be."""
    values = expanded(document)
    lines = []
    for key, kinds in must.items():
        outer = key.rpartition(".")[0]
        if outer and not isinstance(values.get(outer), dict):
            continue
        kind = KINDS[type(values[key])] if key in values else "missing"
        if kind not in kinds:
            lines.append(f"{key} is {kind}, not {' or '.join(kinds)}")
    return lines


def notes(
        documents: List[Dict[str, Any]], must: Mapping[str, List[str]],
        may: Mapping[str, List[str]]) -> List[str]:
    """Return what else has changed: new keys, keys gone or of another type."""
    everything = [expanded(document) for document in documents]
    sent = {key for values in everything for key in values}
    retyped = {
        f"{key} is {KINDS[type(values[key])]}, not {' or '.join(kinds)}"
        for values in everything for key, kinds in may.items()
        if key in values and KINDS[type(values[key])] not in kinds}
    return sorted([
        *(f"{key} is new" for key in sent - set(must) - set(may)),
        *(f"{key} is no longer sent" for key in set(may) - sent), *retyped])


LIVE_ORG = os.environ.get("LIVE_ORG")


@parameterized_class(("source", "org"), [
    ("replay", "google"), *([("live", LIVE_ORG)] if LIVE_ORG else [])])
class TestContract(unittest.TestCase):
    """Tests of what GitHub answers, and so of what the replay answers."""

    source: str
    org: str
    stack: ExitStack
    session: requests.Session
    api_url: str

    @classmethod
    def setUpClass(cls) -> None:
        """Start a replay, or take the API and token of the environment."""
        cls.stack = ExitStack()
        token, cls.api_url = environment()
        if cls.source == "replay":
            token, cls.api_url = None, cls.stack.enter_context(replay())
        cls.session = cls.stack.enter_context(
            github_session(token, cls.api_url))

    @classmethod
    def tearDownClass(cls) -> None:
        """Close the session, and end the replay if there is one."""
        cls.stack.close()

    def get(
            self, path: str, status: int = 200, org: str = ""
            ) -> requests.Response:
        """Return the answer for a path below that of the organization."""
        response = self.session.get(
            f"{self.api_url}/orgs/{org or self.org}{path}")
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(response.headers["Content-Type"],
                         "application/json; charset=utf-8")
        return response

    def check_keys(
            self, documents: List[Dict[str, Any]], recorded: Dict[str, Any],
            must: Mapping[str, List[str]], may: Mapping[str, List[str]]
            ) -> None:
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
        self.assertEqual(org["login"].lower(), self.org.lower())
        self.assertEqual(org["repos_url"],
                         f"{self.api_url}/orgs/{org['login']}/repos")

    def test_repositories(self) -> None:
        """Every repository has the keys and types of the schema."""
        repos = self.get("/repos?per_page=100").json()
        self.check_keys(repos, repos_payload[0], REPO_MUST, REPO_MAY)
        for repo in repos:
            self.assertEqual(repo["full_name"],
                             f"{repo['owner']['login']}/{repo['name']}")

    def test_pages(self) -> None:
        """The Link header of a page leads to its neighbours, as GitHub's."""
        first = self.get("/repos?per_page=1")
        last = self.page_numbers(first).get("last", 1)
        self.assertGreaterEqual(last, 3, "three repositories are needed")
        second = self.get("/repos?per_page=1&page=2")
        at_end = self.get(f"/repos?per_page=1&page={last}")
        self.assertEqual(self.page_numbers(first), {"next": 2, "last": last})
        self.assertEqual(self.page_numbers(second), {
            "prev": 1, "next": 3, "last": last, "first": 1})
        self.assertEqual(
            self.page_numbers(at_end), {"prev": last - 1, "first": 1})
        ids = [repo["id"] for response in (first, second, at_end)
               for repo in response.json()]
        self.assertEqual(len(set(ids)), 3)

    def page_numbers(self, response: requests.Response) -> Dict[str, int]:
        """Return for each relation of the Link header its page's number."""
        pattern = re.compile(
            re.escape(self.api_url) + "/organizations/[0-9]+/repos"
            "[?]per_page=1&page=([0-9]+)")
        numbers = {}
        for relation, link in response.links.items():
            match = pattern.fullmatch(link["url"])
            assert match, response.headers["Link"]
            numbers[relation] = int(match[1])
        return numbers

    @parameterized.expand([
        ("public", "private", False), ("forks", "fork", True),
        ("sources", "fork", False),
    ])
    def test_type(self, name: str, key: str, expected: bool) -> None:
        """The parameter type leaves out what is not of that type."""
        repos = self.get(f"/repos?type={name}&per_page=100").json()
        self.assertLessEqual({repo[key] for repo in repos}, {expected})

    @parameterized.expand([("asc", False), ("desc", True)])
    def test_order(self, direction: str, is_reversed: bool) -> None:
        """The listing can be sorted by creation, in both directions."""
        dates = [repo["created_at"] for repo in self.get(
            f"/repos?sort=created&direction={direction}&per_page=100").json()]
        self.assertEqual(dates, sorted(dates, reverse=is_reversed))

    @parameterized.expand([("organization", "-", ""), ("path", "", "/-")])
    def test_not_found(self, _: str, org: str, path: str) -> None:
        """What is not there is a 404 with a message in JSON."""
        problem = self.get(path, 404, org).json()
        self.assertEqual(
            (problem["message"], problem["status"]), ("Not Found", "404"))
        self.assertIsInstance(problem["documentation_url"], str)


class TestChanges(ReplayTestCase):
    """Tests of the contract itself: it notices what GitHub might change."""

    @parameterized.expand([
        ("nothing", "", "", [], []),
        ("renamed", '"stargazers_count"', '"stars"', [
            "stargazers_count is missing, not integer"], ["stars is new"]),
        ("retyped", '"id": 7697149', '"id": "7697149"', [
            "id is string, not integer"], []),
        ("null", '"fork": false', '"fork": null', [
            "fork is null, not boolean"], []),
        ("may_be_null", '"language": "Dart"', '"language": null', [], []),
        ("boolean", '"stargazers_count": 12', '"stargazers_count": true', [
            "stargazers_count is boolean, not integer"], []),
        ("inner", '"spdx_id"', '"spdx"', [
            "license.spdx_id is missing, not string"],
         ["license.spdx is new"]),
        ("outer", '"license": {', '"license": null, "licence": {', [], [
            "licence is new", "licence.key is new", "licence.name is new",
            "licence.node_id is new", "licence.spdx_id is new",
            "licence.url is new", "license.name is no longer sent",
            "license.node_id is no longer sent",
            "license.url is no longer sent"]),
        ("not_read_retyped", '"size": 191', '"size": 1.5', [], [
            "size is number, not integer"]),
        ("not_read", '"size": 191', '"kb": 191', [], [
            "kb is new", "size is no longer sent"]),
    ])
    def test_broken_and_notes(
            self, _: str, old: str, new: str, expected_broken: List[str],
            expected_notes: List[str]) -> None:
        """A key that is required or read is broken, any other is a note."""
        text = json.dumps(repos_payload[0])
        repo = json.loads(text.replace(old, new) if old else text)
        self.assertEqual(broken(repo, REPO_MUST), expected_broken)
        self.assertEqual(notes([repo], REPO_MUST, REPO_MAY), expected_notes)

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
        repos = [{"renamed" if name == key else name: value
                  for name, value in repo.items()} for repo in repos_payload]
        environ = {
            **os.environ, "LIVE_ORG": "google", "GH_TOKEN": "",
            "GITHUB_API_URL": self.start_replay(repos=repos)}
        done = subprocess.run(
            [sys.executable, "-m", "unittest",
             "test_replay.TestContract_1_live.test_repositories"],
            cwd=str(HERE), env=environ, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, universal_newlines=True)
        self.assertRegex(done.stdout, expected)
        self.assertEqual(done.returncode, status)


if __name__ == "__main__":
    unittest.main()
