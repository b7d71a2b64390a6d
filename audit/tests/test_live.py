#!/usr/bin/env python3
"""Tests of live: the pure functions, the session, the client, and all of it.

Doubles stand for the network: below the session one of HTTPAdapter.send,
below the client one of fetch_pages. A replay is below both. No clock here
really waits.
"""
import copy
import gzip
import io
import os
import pickle
import threading
import time
import tracemalloc
import unittest
import zlib
from typing import Any, Callable, Dict, Iterator, List, Mapping, Optional
from unittest.mock import ANY, MagicMock, Mock, call, create_autospec, patch

import requests
import urllib3
from parameterized import parameterized
from requests.adapters import HTTPAdapter
from requests.exceptions import (
    ChunkedEncodingError, ContentDecodingError, InvalidHeader, InvalidSchema,
    InvalidURL, SSLError)

from fixtures import org_payload, repos_payload
from audit.live import (
    MAX_BODY, LimitError, LiveOrgClient, github_session, is_repository,
    is_transient, read_body, seconds_to_wait)
from audit.pages import AnswerError, Page
from audit.replay import Asked, Fault, numbered_repos, replay

API = "https://api.github.com"
ORG = f"{API}/orgs/google"
REPOS = f"{ORG}/repos"
PROXY = {"http": "http://proxy", "https": "http://proxy"}
TOKEN = ("Bearer sekret", "Bearer [hidden]")  # as sent, as shown
NO_TOKEN = (None, None)
REFUSED = requests.ConnectionError("refused")
AFTER_7 = {"Retry-After": "7"}
CUT = {"Content-Length": "3"}  # of an answer whose body is b"{}"
SECONDARY = b'{"message": "You have exceeded a secondary rate limit."}'
TOO_LONG = "host:8 sent over 1,000 bytes"
SMALLEST = {"id": 1, "name": "a", "full_name": "o/a"}
MANY = numbered_repos(250)  # three pages of up to 100
NAMES = [repo["name"] for repo in MANY]
COUNTED = {**org_payload, "public_repos": 3}
ARRIVED = requests.Response()
MISSING = "google: GitHub counts 3 public repositories and lists "


def hourly(resets_at: Any) -> Dict[str, str]:
    """Return what GitHub says of its hourly limit when it is reached."""
    return {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{resets_at}"}


def answer_of(status: int = 200, headers: Mapping[str, str] = {},
              body: bytes = b"{}") -> Any:
    """Return an answer whose body is still to be read."""
    raw = urllib3.HTTPResponse(
        io.BytesIO(body), headers, status, preload_content=False)
    request = requests.Request("GET", "https://user:sekret@host:8/").prepare()
    adapter: Any = HTTPAdapter()
    return adapter.build_response(request, raw)


def arrived(document: Any, url: str = REPOS) -> Iterator[Page]:
    """Yield a document on one page, as fetch_pages does."""
    yield Page(document, url, "", ARRIVED)


class TestIsRepository(unittest.TestCase):
    """Unit tests of is_repository: the shape that GitHub's schema states."""

    @parameterized.expand([
        ({},), (repos_payload[0],), ({"full_name": "o-1/.a_b-2."},),
        (dict.fromkeys(["private", "fork", "archived", "language", "license",
                        "stargazers_count", "pushed_at", "html_url"]),),
        ({"license": {"key": None, "spdx_id": None}},), ({"license": {}},),
    ])
    def test_repository(self, fields: Dict[str, Any]) -> None:
        """What GitHub may send is a repository."""
        self.assertIs(is_repository({**SMALLEST, **fields}), True)

    @parameterized.expand([
        ("id", None), ("name", None), ("name", "a\nb"), ("full_name", None),
        ("full_name", "a"), ("full_name", "o/a b"), ("full_name", "o/a/b"),
        ("full_name", "o/"), ("full_name", "/a"), ("full_name", "o/a\n"),
        ("private", 1), ("fork", "yes"), ("archived", 0),
        ("language", "a\nb"), ("stargazers_count", "5"), ("pushed_at", 5),
        ("html_url", "\x1b[31m"), ("license", "mit"),
        ("license", {"key": 5}), ("license", {"spdx_id": "a\nb"}),
    ])
    def test_wrong_field(self, field: str, value: Any) -> None:
        """A field of another type, or that can't be printed, is refused."""
        self.assertIs(is_repository({**SMALLEST, field: value}), False)


class TestSecondsToWait(unittest.TestCase):
    """Unit tests of seconds_to_wait: now it is 1000, the backoff 0.5 s."""

    @parameterized.expand([
        *[(status, {"Retry-After": after}, b"", wait)
          for status, after, wait in [
            (200, "7", None), (404, "7", None), (501, "", None), (429, "0", 0),
            (500, "", 0.5), (502, "soon", 0.5), (504, "-5", 0.5),
            (503, "9" * 10, 0.5), (503, "0", 0), (503, "60", 60),
            (503, "61", None), (403, "60", 60), (403, "?", 60)]],
        (403, {"X-RateLimit-Remaining": "10"}, b"\xff", None),
        (403, {**hourly(1001), "X-GitHub-SSO": "a"}, b"", None),
        (403, hourly(1060), b"", 60), (403, hourly(990), b"", 1),
        (403, {**hourly(9999), **AFTER_7}, b"", 7), (403, {}, SECONDARY, 60),
        (403, {}, b"/about-secondary-rate-limits", 60),
        (403, {}, b"an Abuse Detection mechanism", 60),
    ])
    def test_wait(self, status: int, headers: Dict[str, str], body: bytes,
                  expected: Optional[float]) -> None:
        """A limit is waited for; None means to return the answer."""
        self.assertEqual(
            seconds_to_wait(status, headers, body, 0.5, 1000), expected)

    @parameterized.expand([
        (hourly(1061), 0.5, 1061), (hourly("soon"), 0.5, None),
        (hourly("1" * 11), 0.5, None), ({"Retry-After": "61"}, 0.5, 1061),
        (AFTER_7, None, 1007), ({}, None, None),
    ])
    def test_limit_error(
            self, headers: Dict[str, str], backoff: Optional[float],
            resets_at: Optional[float]) -> None:
        """A limit that can't be waited for is an error that says its end."""
        with self.assertRaises(LimitError) as caught:
            seconds_to_wait(429, headers, b"", backoff, 1000)
        self.assertEqual(caught.exception.resets_at, resets_at)

    @patch.dict(os.environ, TZ="JST-9")
    def test_message(self) -> None:
        """The error's message says in UTC when the limit ends."""
        self.addCleanup(time.tzset)
        time.tzset()
        self.assertEqual(str(LimitError(0)), "GitHub's rate limit is reached; "
                         "it resets at 1970-01-01 00:00:00 UTC")
        error = pickle.loads(pickle.dumps(LimitError()))
        self.assertEqual(str(error), "GitHub's rate limit is reached; wait at "
                         "least a minute")
        self.assertIsNone(error.response)


class TestIsTransient(unittest.TestCase):
    """Unit tests of is_transient: which errors are worth another try."""

    @parameterized.expand([
        (REFUSED, True), (requests.ReadTimeout(), True), (SSLError(), True),
        (ChunkedEncodingError(), True), (InvalidURL(), False),
        (SSLError("CERTIFICATE_VERIFY_FAILED"), False), (LimitError(), False),
        (requests.ConnectionError("certificate.example: refused"), True),
        (ContentDecodingError(), False), (AnswerError("not JSON"), False),
    ])
    def test_is_transient(self, error: Any, expected: bool) -> None:
        """The network may recover; answers and certificates do not."""
        self.assertIs(is_transient(error), expected)


@patch("audit.live.MAX_BODY", 1000)
class TestReadBody(unittest.TestCase):
    """Unit tests of read_body: 1000 bytes at most, unpacked here."""

    @parameterized.expand([
        (bytes(1000), "", 1000), (bytes(1000), "identity", 1000),
        (gzip.compress(bytes(1000)), "GZIP", 1000), (b"", "gzip", 0),
    ])
    def test_whole(self, body: bytes, encoding: str, length: int) -> None:
        """The body comes whole, and stays in the response."""
        answer = answer_of(200, {"Content-Encoding": encoding}, body)
        self.assertIs(read_body(answer), answer.content)
        self.assertEqual(answer.content, bytes(length))
        self.assertIs(type(answer.content), bytes)

    @parameterized.expand([
        (bytes(1001), "", AnswerError, TOO_LONG),
        (gzip.compress(bytes(1001)), "gzip", AnswerError, TOO_LONG),
        (b"", "br", AnswerError, "host:8 sent an encoding nobody asked for"),
        (zlib.compress(b"{}"), "gzip", ContentDecodingError,
         "Error -3 while decompressing data: incorrect header check"),
        (gzip.compress(b"{}") * 2, "gzip", ContentDecodingError,
         "it goes on after its end"),
        (gzip.compress(b"{}")[:-1], "gzip", ChunkedEncodingError,
         "the end of the body is missing"),
    ])
    def test_refused(
            self, body: bytes, encoding: str, kind: Any, why: str) -> None:
        """A body that is too long, broken or unknown is an error."""
        answer = answer_of(200, {"Content-Encoding": encoding}, body)
        with self.assertRaises(kind) as caught:
            read_body(answer)
        self.assertEqual(str(caught.exception), why)
        self.assertTrue(answer.raw.closed)

    def test_bomb(self) -> None:
        """What is packed is not unpacked further than the bound."""
        self.assertEqual(MAX_BODY, 64 * 1024 * 1024)
        bomb = gzip.compress(bytes(20 * 2**20))
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        with self.assertRaises(AnswerError):
            read_body(answer_of(200, {"Content-Encoding": "gzip"}, bomb))
        self.assertLess(tracemalloc.get_traced_memory()[1], 5 * 2**20)


class Clock:
    """Stands for the module time: who sleeps only moves its hands.

    slept: for how long, each time. meanwhile: what the first sleep calls.
    """

    def __init__(self) -> None:
        """Start at any time."""
        self.now = 1000.0
        self.slept: List[float] = []
        self.meanwhile: Callable[[], Any] = lambda: None

    def time(self) -> float:
        """Return the time by this clock."""
        return self.now

    monotonic = time

    def sleep(self, seconds: float) -> None:
        """Move on to the end of the sleep, if it is still to come."""
        self.slept.append(seconds)
        end = self.now + seconds
        if len(self.slept) == 1:
            self.meanwhile()
        self.now = max(self.now, end)


@patch.dict(os.environ, {"http_proxy": PROXY["http"],
                         "https_proxy": PROXY["https"]}, clear=True)
@patch("requests.sessions.get_netrc_auth", lambda _: ("user", "sekret"))
class TestGithubSession(unittest.TestCase):
    """Unit tests of the session: what it refuses, what it sends, how often.

    The machine has a proxy, and a .netrc with a password for every host.
    """

    def setUp(self) -> None:
        """Put doubles in place of the clock and of what sends."""
        self.clock = Clock()
        self.addCleanup(patch.stopall)
        patch("audit.live.time", self.clock).start()
        self.send = patch.object(HTTPAdapter, "send", autospec=True).start()
        self.send.return_value = answer_of()
        self.session = github_session("sekret")
        self.adapter: Any = self.session.get_adapter(API)

    @parameterized.expand([
        *[(InvalidURL, url, None, "the API's URL (GITHUB_API_URL) must be "
           "like https://HOST/api/v3") for url in (
            "api.github.com", "", "ftp://host", "https://", "https://h?sekret",
            "https://h#sekret", "https://user:sekret@host")],
        *[(InvalidHeader, API, token, "the token (GH_TOKEN or GITHUB_TOKEN) "
           "contains an invalid character") for token in (
            "sekret words", "sekret\n", "sekret\x7f")],
        *[(InvalidSchema, f"http://{host}/api/v3", "sekret",
           f"a token must not go to {host} unencrypted: use https")
          for host in ("ghe.example", "localhost.example", "128.0.0.1",
                       "127.foo.bar.com", "[::2]")],
    ])
    def test_refused(self, kind: Any, api_url: str, token: Optional[str],
                     why: str) -> None:
        """A bad URL or token is an error that says why, without a secret."""
        with self.assertRaises(kind) as caught:
            github_session(token, api_url)
        self.assertEqual(str(caught.exception), why)

    @parameterized.expand([
        *[(url, url, TOKEN, {}) for url in (
            "http://localhost:8000", "http://127.1.20.255",
            "http://[::1]:8000")],
        ("https://ghe.localhost", "https://GHE.localhost:443", TOKEN, PROXY),
        *[(API, url, NO_TOKEN, PROXY) for url in (
            "https://localhost.example", "http://api.github.com",
            "https://api.github.com:8443", f"{API}@example.com")],
    ])
    def test_redirect(self, api_url: str, url: str, token: Any,
                      proxies: Dict[str, str]) -> None:
        """The token goes to the API's origin alone, and is never shown.

        Within this machine it may go unencrypted, and goes by no proxy.
        """
        self.send.side_effect = [
            answer_of(301, {"Location": url}), answer_of()]
        answer = github_session("sekret", api_url).get(api_url)
        _, request, *_, used = self.send.call_args[0]
        self.assertEqual(tuple(each.headers.get("Authorization")
                               for each in (request, answer.request)), token)
        self.assertEqual(used, proxies)

    def test_headers(self) -> None:
        """Each request has the headers that GitHub recommends."""
        url = "http://ghe.example/api/v3"
        github_session(None, url).get(url)
        headers = self.send.call_args[0][1].headers
        self.assertRegex(headers.pop("User-Agent"),
                         "^github-org-client python-requests/[0-9]")
        self.assertEqual(dict(headers), {
            "Accept": "application/vnd.github+json",
            "Accept-Encoding": "gzip", "Connection": "keep-alive",
            "X-GitHub-Api-Version": "2022-11-28"})

    @parameterized.expand([
        ({}, [False, (5, 30), True, None, None]),
        ({"stream": True, "timeout": 3, "verify": "a.pem", "cert": "b.pem",
          "proxies": PROXY}, [True, 3, "a.pem", "b.pem", PROXY]),
    ])
    def test_options(
            self, options: Dict[str, Any], passed_on: List[Any]) -> None:
        """The options are HTTPAdapter's; without stream all is read."""
        request = requests.Request("GET", API).prepare()
        answer = self.adapter.send(request, **options)
        self.send.assert_called_once_with(self.adapter, ANY, *passed_on)
        self.assertIs(answer.raw.closed, not passed_on[0])

    @parameterized.expand([(copy.deepcopy,), (pickle.dumps,)])
    def test_no_copy(self, copy_of: Callable[[Any], Any]) -> None:
        """What may hold a token can't be copied, and says so."""
        with self.assertRaisesRegex(
                TypeError, "^what may hold a token can't be copied or pickl"):
            copy_of(LiveOrgClient("google", self.session))

    @parameterized.expand([
        ([answer_of(403, hourly(1042)), answer_of()], 200, [42]),
        ([REFUSED, answer_of(503), requests.ReadTimeout(), answer_of(404)],
         404, [0, 1, 2]),
        ([REFUSED] * 4, requests.ConnectionError, [0, 1, 2]),
        ([*[REFUSED] * 3, answer_of(503, AFTER_7)], 503, [0, 1, 2]),
        ([*[REFUSED] * 3, answer_of(403)], 403, [0, 1, 2]),
        ([REFUSED, answer_of(200, CUT), answer_of(500),
          answer_of(403, AFTER_7)], LimitError, [0, 1, 2]),
        ([answer_of(404, {"Content-Encoding": "br"})], AnswerError, []),
        ([REFUSED], requests.ConnectionError, [], "DELETE"),
        ([REFUSED], requests.ConnectionError, [], "POST"),
    ])
    def test_tries(self, outcomes: List[Any], result: Any, waits: List[float],
                   method: str = "GET") -> None:
        """A GET is tried up to four times; an error has what arrived last."""
        self.send.side_effect = outcomes
        try:
            found: Any = self.session.request(method, API).status_code
        except requests.RequestException as error:
            found, last = type(error), outcomes[-1]
            self.assertIsInstance(error.request, requests.PreparedRequest)
            self.assertIs(error.response, None if last is REFUSED else last)
        self.assertEqual(found, result)
        self.assertEqual(self.clock.slept, waits)

    def test_stream(self) -> None:
        """With stream=True the body is left to the caller, but not errors."""
        self.send.side_effect = [answer_of(403, {}, SECONDARY), answer_of()]
        with self.assertLogs("live") as logs:
            answer = self.session.get(API, stream=True)
        self.assertEqual(answer.raw.read(), b"{}")
        self.assertEqual(
            logs.output, ["INFO:live:waiting 60 s before the next try"])

    def test_longest_pause_counts(self) -> None:
        """A shorter limit does not end a longer pause, which may yet grow."""
        def answers() -> Iterator[Any]:
            """Answer with a limit, while other requests meet longer ones."""
            self.adapter.paused_until = 1042
            self.clock.meanwhile = lambda: setattr(
                self.adapter, "paused_until", 1060)
            yield answer_of(403, AFTER_7)
            yield answer_of()

        self.send.side_effect = answers()
        self.session.get(API)
        self.assertEqual(self.clock.slept, [42, 18])


class TestLiveOrgClient(unittest.TestCase):
    """Unit tests of the client: all public repositories, or an error."""

    def setUp(self) -> None:
        """Put a double in place of fetch_pages, and make a client."""
        self.addCleanup(patch.stopall)
        self.fetch_pages = patch(
            "audit.live.fetch_pages", autospec=True).start()
        self.session = create_autospec(requests.Session, instance=True)
        self.on_page = Mock()
        self.client = LiveOrgClient(
            "google", self.session, API + "/", on_page=self.on_page)

    @parameterized.expand([
        ({}, None, API), ({"GITHUB_TOKEN": ""}, None, API),
        ({"GH_TOKEN": "", "GITHUB_TOKEN": "two", "GITHUB_API_URL": ""},
         "two", API),
        ({"GH_TOKEN": "one", "GITHUB_TOKEN": "two",
          "GITHUB_API_URL": "https://ghe"}, "one", "https://ghe"),
    ])
    def test_from_environment(self, environ: Dict[str, str],
                              token: Optional[str], api_url: str) -> None:
        """It has a session by the variables, and alone closes it."""
        with patch.dict(os.environ, environ, clear=True), patch(
                "audit.live.github_session", autospec=True) as make:
            with LiveOrgClient.from_environment("google") as client:
                with LiveOrgClient("other", client.session):
                    pass
                make.return_value.close.assert_not_called()
        make.assert_called_once_with(token, api_url)
        make.return_value.close.assert_called_once_with()
        self.assertEqual(client.api_url, api_url)

    def test_name(self) -> None:
        """No name leads to another path: it is percent-encoded."""
        self.fetch_pages.return_value = arrived(org_payload)
        client = LiveOrgClient("../a?b#c%2e", self.session)
        self.assertIs(client.org, org_payload)
        self.fetch_pages.assert_called_once_with(
            self.session, f"{API}/orgs/..%2Fa%3Fb%23c%252e", workers=1)

    @parameterized.expand([(".",), ("..",)])
    def test_name_that_is_a_step(self, name: str) -> None:
        """An organization can't be called . or .., a step in a path."""
        with self.assertRaises(InvalidURL) as caught:
            LiveOrgClient(name, self.session).org
        self.assertEqual(
            str(caught.exception), f"{name} can't name an organization")

    @parameterized.expand([
        *[([{**COUNTED, field: []}], f"{ORG} is not an organization")
          for field in ("id", "login", "repos_url", "public_repos")],
        ([[]], f"{ORG} is not an organization"),
        *[([{**COUNTED, "repos_url": url}],
           f"the API at {API} refers to {url}; set GITHUB_API_URL to the "
           "API's own address") for url in (
            "https://elsewhere/repos", "http://[", "http://api.github.com/")],
        ([COUNTED, {}], f"{REPOS} is not a list of repositories"),
        *[([COUNTED, repos], f"{REPOS} is not a list of repositories: look at "
           f"item {place}") for repos, place in [
               ([SMALLEST, None], 2), ([{"id": 1}], 1)]],
    ])
    def test_error(self, answers: List[Any], why: str) -> None:
        """A wrong answer is an error that has its response."""
        self.fetch_pages.side_effect = map(
            arrived, answers, [ORG, REPOS])
        with self.assertRaises(AnswerError) as caught:
            self.client.repos_payload
        self.assertEqual(str(caught.exception), why)
        self.assertIs(caught.exception.response, ARRIVED)

    def test_pages_are_closed(self) -> None:
        """After a wrong page no further one is requested."""
        pages = MagicMock()
        pages.__iter__.return_value = arrived({})
        self.fetch_pages.side_effect = [arrived(COUNTED), pages]
        with self.assertRaises(AnswerError):
            self.client.repos_payload
        pages.close.assert_called_once_with()

    def test_none_at_all(self) -> None:
        """If GitHub counts some and lists none, that is an error."""
        self.fetch_pages.side_effect = map(arrived, [COUNTED, [], []])
        with self.assertRaises(AnswerError) as caught:
            self.client.repos_payload
        self.assertEqual(str(caught.exception), MISSING + "0")
        request: Any = caught.exception.request
        self.assertEqual((request.method, request.url), ("GET", REPOS))

    @parameterized.expand([
        ("at_once", [MANY[:3]], NAMES[:3], []),
        ("later", [MANY[1:3], MANY[:3]], [NAMES[1], NAMES[2], NAMES[0]], []),
        ("twice", [[{**MANY[0], "name": "old"}, MANY[0], MANY[1]], MANY[2:3]],
         NAMES[:3], []),
        ("private", [[*MANY[:2], {**MANY[2], "private": True}]] * 2,
         NAMES[:2], [MISSING + "2"]),
    ])
    def test_all_of_them(self, _: str, answers: List[Any], names: List[str],
                         warnings: List[str]) -> None:
        """If fewer come than GitHub counts, they are asked for once more."""
        self.fetch_pages.side_effect = map(arrived, [COUNTED, *answers])
        with patch("audit.live.LOG.warning", autospec=True) as warning:
            self.assertEqual(self.client.public_repos(), names)
        self.assertEqual([args[0] for args, _ in warning.call_args_list],
                         warnings)
        self.assertEqual(self.fetch_pages.call_count, 1 + len(answers))
        self.fetch_pages.assert_called_with(
            self.session, REPOS, workers=10, on_page=self.on_page, params={
                "type": "public", "sort": "created", "direction": "asc",
                "per_page": "100"})


class TestOverReplay(unittest.TestCase):
    """Integration tests: a client, its session and threads, and a server."""

    @patch("audit.live.time", Clock())
    def test_whole_listing(self) -> None:
        """What breaks on the way to a whole listing is requested again."""
        asked: List[Asked] = []
        script = {
            "&page=2$": [Fault(raw=b"SSH-2.0-OpenSSH\r\n"), Fault(cut=1000),
                         Fault(cut=0)],
            "&page=3$": [Fault(503), Fault(403, body=SECONDARY)]}
        with replay(script, repos=MANY, on_request=asked.append) as url:
            with github_session("sekret", url) as session:
                client = LiveOrgClient("google", session, url)
                self.assertEqual(client.public_repos(), NAMES)
        query = "repos?type=public&sort=created&direction=asc&per_page=100"
        others = f"/organizations/1342004/{query}&page="
        self.assertCountEqual([one.target for one in asked], [
            "/orgs/google", f"/orgs/google/{query}",
            *[others + "2"] * 4, *[others + "3"] * 3])
        self.assertEqual({one.headers["Authorization"] for one in asked},
                         {"Bearer sekret"})

    @patch("audit.live.time", Clock())
    def test_callbacks(self) -> None:
        """Pages are counted as they arrive, and each wait is announced."""
        on_page, on_wait = Mock(), Mock()
        with replay({"&page=2$": [Fault(503, AFTER_7)]}, repos=MANY) as url:
            with github_session(None, url, on_wait) as session:
                LiveOrgClient(
                    "google", session, url, on_page=on_page).repos_payload
        self.assertEqual(
            on_page.call_args_list, [call(1, 3), call(2, 3), call(3, 3)])
        on_wait.assert_called_once_with(7)

    @parameterized.expand([
        (Fault(403, {"Retry-After": "42"}), [0, 42, 42]),
        (Fault(429, AFTER_7), [0, 7, 7]),
        (Fault(503, {"Retry-After": "42"}), [0, 0, 42]),
    ])
    def test_other_request(self, fault: Fault, times: List[float]) -> None:
        """While one waits for a limit, but not else, no other is sent."""
        clock, sent_at = Clock(), []
        with patch("audit.live.time", clock), replay(
                {"/orgs": [fault]}, on_request=lambda asked: sent_at.append(
                    clock.now - 1000)) as url:
            with github_session(None, url) as session:
                clock.meanwhile = lambda: session.get(url + "/other")
                session.get(url + "/orgs/google")
        self.assertEqual(sent_at, times)

    def test_workers(self) -> None:
        """As many pages as workers come at once, by connections that stay."""
        barrier = threading.Barrier(12, timeout=10)
        connections = set()

        def on_request(asked: Asked) -> None:
            """Have all twelve pages after the first in flight at once."""
            connections.add(threading.current_thread())
            if "&page=" in asked.target:
                barrier.wait()

        with replay(repos=numbered_repos(1300), on_request=on_request) as url:
            with github_session(None, url) as session:
                for _ in range(2):
                    client = LiveOrgClient("google", session, url, 12)
                    self.assertEqual(len(client.public_repos()), 1300)
        self.assertEqual(len(connections), 12)
