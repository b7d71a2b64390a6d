#!/usr/bin/env python3
"""Tests of live: limits, bodies, credentials, and the client over a replay.

Tables of the pure functions come first. Then a request is looked at instead
of being sent. The last classes talk to a replay, by a clock that never
really waits.
"""
import copy
import gzip
import inspect
import io
import json
import os
import pickle
import tempfile
import threading
import time
import tracemalloc
import unittest
import zlib
from contextlib import ExitStack
from itertools import repeat
from typing import (
    Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional)
from unittest.mock import create_autospec, patch

import requests
import urllib3
from parameterized import parameterized
from requests.adapters import HTTPAdapter
from requests.exceptions import (
    ChunkedEncodingError, ConnectTimeout, ContentDecodingError, InvalidHeader,
    InvalidSchema, InvalidURL, ProxyError, SSLError)

import live
from fixtures import expected_repos, org_payload, repos_payload
from live import (
    LimitError, LiveOrgClient, environment, github_session, is_repository,
    is_transient, read_body, retry_after, seconds_to_wait)
from pages import AnswerError
from replay import Asked, Fault, numbered_repos, replay

API = "https://api.github.com"
NO_CERTIFICATE = SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] self signed")
SECONDARY = b'{"message": "You have exceeded a secondary rate limit."}'
SECONDARY_PAGE = (b'{"message": "Slow down", "documentation_url": '
                  b'"https://docs.github.com/x#about-secondary-rate-limits"}')
ABUSE = b'{"message": "You have triggered an abuse detection mechanism."}'
# Keys of a replay's script: patterns of the path and query of a request.
ORG = "/orgs/google$"
LISTING = "/orgs/google/repos"
QUERY = "?type=public&sort=created&direction=asc&per_page=100"
TOO_LONG = "host:8 sent over 1,000 bytes"
MANY = numbered_repos(250)  # three pages of up to 100
NAMES = [repo["name"] for repo in MANY]
MISSING = ("WARNING:live:google: GitHub counts 3 public repositories and "
           "lists ")
SINGLE_SIGN_ON = {"X-GitHub-SSO": "required; url=https://github.com/orgs/a"}


def repo_of(**fields: Any) -> Dict[str, Any]:
    """Return a repository with as few fields as it may have, and these."""
    return {"id": 1, "name": "a", "full_name": "o/a", **fields}


def org_of(**fields: Any) -> Dict[str, Any]:
    """Return the recorded organization with other fields."""
    return {**org_payload, **fields}


def hourly(resets_at: Any) -> Dict[str, str]:
    """Return what GitHub says of its hourly limit when it is reached."""
    return {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": f"{resets_at}"}


class TestIsRepository(unittest.TestCase):
    """Unit tests of is_repository: the shape that GitHub's schema states."""

    @parameterized.expand([
        ("smallest", {}), ("recorded", repos_payload[0]),
        ("null", dict.fromkeys([
            "private", "fork", "archived", "language", "stargazers_count",
            "pushed_at", "html_url", "license"])),
        ("license_of_nulls", {"license": {"key": None, "spdx_id": None}}),
        ("license_without_fields", {"license": {}}),
        ("any_name", {"full_name": "o-1/.a_b-2."}),
    ])
    def test_repository(self, _: str, fields: Dict[str, Any]) -> None:
        """What GitHub may send is a repository."""
        self.assertIs(is_repository(repo_of(**fields)), True)

    @parameterized.expand([
        ("id", None), ("name", None), ("name", "a\nb"), ("full_name", None),
        ("full_name", "a"), ("full_name", "o/a b"), ("full_name", "o/a/b"),
        ("full_name", "o/a\n"), ("private", 1), ("fork", "yes"),
        ("archived", 0), ("language", "a\nb"), ("stargazers_count", "5"),
        ("pushed_at", 5), ("html_url", "\x1b[31m"), ("license", "mit"),
        ("license", {"key": 5}), ("license", {"spdx_id": "a\nb"}),
    ])
    def test_field(self, field: str, value: Any) -> None:
        """A field of another type, or that can't be printed, is refused."""
        self.assertIs(is_repository(repo_of(**{field: value})), False)

    @parameterized.expand([("null", None), ("list", []), ("empty", {})])
    def test_other(self, _: str, answer: Any) -> None:
        """Anything else is not a repository."""
        self.assertIs(is_repository(answer), False)


class TestSecondsToWait(unittest.TestCase):
    """Unit tests of seconds_to_wait and retry_after: now it is 1000."""

    @parameterized.expand([
        ("success", 200, {"X-RateLimit-Remaining": "0"}, b"", None),
        ("not_found", 404, {"Retry-After": "7"}, SECONDARY, None),
        ("not_implemented", 501, {}, b"", None),
        ("server_error", 500, {}, b"", 0.5),
        ("bad_gateway", 502, {}, b"", 0.5),
        ("unavailable", 503, {"Retry-After": "?"}, b"", 0.5),
        ("gateway_timeout", 504, {}, b"", 0.5),
        ("unavailable_for_0_s", 503, {"Retry-After": "0"}, b"", 0),
        ("unavailable_for_60_s", 503, {"Retry-After": "60"}, b"", 60),
        ("unavailable_for_61_s", 503, {"Retry-After": "61"}, b"", None),
        ("forbidden", 403, {"X-RateLimit-Remaining": "10"}, b"{}", None),
        ("single_sign_on", 403, {**SINGLE_SIGN_ON, **hourly(1001)}, b"",
         None),
        ("limit_for_0_s", 429, {"Retry-After": "0"}, b"", 0),
        ("limit_for_60_s", 403, {"Retry-After": "60"}, b"", 60),
        ("limit_for_a_while", 403, {"Retry-After": "?"}, b"", 60),
        ("secondary_403", 403, {}, SECONDARY, 60),
        ("no_text", 403, {}, b"\xff", None),
        ("secondary_by_its_page", 403, {}, SECONDARY_PAGE, 60),
        ("secondary_as_it_was_called", 403, {}, ABUSE, 60),
        ("silent_429", 429, {}, b"", 60),
        ("hourly", 403, hourly(1060), b"", 60),
        ("hourly_past", 429, hourly(990), b"", 1),
        ("hourly_with_a_time", 403, {**hourly(9999), "Retry-After": "7"},
         b"", 7),
    ])
    def test_return_or_wait(
            self, _: str, status: int, headers: Dict[str, str], body: bytes,
            expected: Optional[float]) -> None:
        """None means to return the answer, a number to wait that long."""
        self.assertEqual(
            seconds_to_wait(status, headers, body, 0.5, 1000), expected)

    @parameterized.expand([
        ("hourly", hourly(1061), b"", 0.5, 1061),
        ("hourly_in_words", hourly("soon"), b"", 0.5, None),
        ("hourly_too_long", hourly("1" * 11), b"", 0.5, None),
        ("long", {"Retry-After": "61"}, b"", 0.5, 1061),
        ("last_try", {"Retry-After": "7"}, b"", None, 1007),
        ("last_try_secondary", {}, SECONDARY, None, None),
    ])
    def test_limit_error(
            self, _: str, headers: Dict[str, str], body: bytes,
            backoff: Optional[float], resets_at: Optional[float]) -> None:
        """A limit that can't be waited for is an error that says its end."""
        with self.assertRaises(LimitError) as caught:
            seconds_to_wait(403, headers, body, backoff, 1000)
        self.assertEqual(caught.exception.resets_at, resets_at)

    @parameterized.expand([
        ("server_error", 503, {"Retry-After": "7"}),
        ("forbidden", 403, {}),
    ])
    def test_last_try(
            self, _: str, status: int, headers: Dict[str, str]) -> None:
        """After the last try any other answer is returned."""
        self.assertIsNone(seconds_to_wait(status, headers, b"", None, 1000))

    @parameterized.expand([
        ("number", " 7 ", 7),
        ("imf_date", "Thu, 01 Jan 1970 00:17:20 GMT", 40),
        ("asctime_date", "Thu Jan  1 00:17:20 1970", 40),
        ("past_date", "Thu, 01 Jan 1970 00:00:40 GMT", 0),
        ("nothing", "", None), ("words", "in a while", None),
        ("letter", "7x", None), ("negative", "-5", None),
        ("long_number", "9" * 10, None),
        ("far_year", "Thu, 01 Jan 99999 00:00:40 GMT", None),
        ("date_in_pieces", "13 Jan , 00:01:40", None),
    ])
    def test_retry_after(
            self, _: str, text: str, expected: Optional[float]) -> None:
        """It is a number or a date; None if it is neither."""
        self.assertEqual(retry_after(text, 1000), expected)


class TestLimitError(unittest.TestCase):
    """Unit tests of LimitError: when the limit ends, for people too."""

    @parameterized.expand([
        ("known", 0, "it resets at 1970-01-01 00:00:00 UTC"),
        ("unknown", None, "wait at least a minute"),
    ])
    def test_message(
            self, _: str, resets_at: Optional[float], until: str) -> None:
        """Message and time are there, in a copy too; the time is in UTC."""
        self.addCleanup(time.tzset)
        with patch.dict(os.environ, TZ="JST-9"):
            time.tzset()
            error = copy.copy(LimitError(resets_at))
            self.assertEqual(
                str(error), f"GitHub's rate limit is reached; {until}")
        self.assertEqual(error.resets_at, resets_at)
        self.assertIsNone(error.response)


class TestIsTransient(unittest.TestCase):
    """Unit tests of is_transient: which errors are worth another try."""

    @parameterized.expand([
        ("connection", requests.ConnectionError("refused"), True),
        ("timeout", ConnectTimeout(), True), ("proxy", ProxyError(), True),
        ("slow", requests.ReadTimeout(), True), ("url", InvalidURL(), False),
        ("body", ChunkedEncodingError(), True), ("tls", SSLError(), True),
        ("certificate", NO_CERTIFICATE, False), ("limit", LimitError(), False),
        ("gzip", ContentDecodingError(), False),
        ("answer", AnswerError("not JSON"), False),
    ])
    def test_is_transient(self, _: str, error: Any, expected: bool) -> None:
        """The network may recover; answers and certificates do not."""
        self.assertIs(is_transient(error), expected)


def answer_of(
        body: Any = b"{}", encoding: str = "", status: int = 200
        ) -> requests.Response:
    """Return an answer whose body is still to be read."""
    raw = urllib3.HTTPResponse(
        io.BytesIO(body), {"Content-Encoding": encoding}, status,
        preload_content=False)
    request = requests.Request("GET", "https://user:sekret@host:8/").prepare()
    adapter: Any = HTTPAdapter()
    return adapter.build_response(request, raw)


class TestReadBody(unittest.TestCase):
    """Unit tests of read_body: 1000 bytes at most, unpacked here."""

    def setUp(self) -> None:
        """Make the bound a small one."""
        self.assertEqual(live.MAX_BODY, 64 * 1024 * 1024)
        patcher = patch("live.MAX_BODY", 1000)
        patcher.start()
        self.addCleanup(patcher.stop)

    @parameterized.expand([
        ("longest", bytes(1000), "", 1000),
        ("packed", gzip.compress(bytes(1000)), "GZIP", 1000),
        ("packed_and_empty", gzip.compress(b""), "gzip", 0),
        ("empty", b"", "gzip", 0),
    ])
    def test_whole(
            self, _: str, body: bytes, encoding: str, length: int) -> None:
        """The body comes whole, and stays in the response."""
        answer = answer_of(body, encoding)
        self.assertEqual(read_body(answer), bytes(length))
        self.assertEqual(answer.content, bytes(length))
        self.assertIs(type(answer.content), bytes)

    @parameterized.expand([
        ("too_long", bytes(1001), "", AnswerError, TOO_LONG),
        ("packed", gzip.compress(bytes(1001)), "gzip", AnswerError, TOO_LONG),
        ("brotli", b"", "br", AnswerError,
         "host:8 sent an encoding nobody asked for"),
        ("no_gzip", zlib.compress(b"{}"), "gzip", ContentDecodingError,
         "Error -3 while decompressing data: incorrect header check"),
        ("two_gzips", gzip.compress(b"{}") * 2, "gzip", ContentDecodingError,
         "it goes on after its end"),
        ("half_a_gzip", gzip.compress(b"{}")[:-1], "gzip",
         ChunkedEncodingError, "the end of the body is missing"),
    ])
    def test_refused(
            self, _: str, body: bytes, encoding: str, kind: Any, why: str
            ) -> None:
        """A body that is too long, broken or unknown is an error."""
        answer = answer_of(body, encoding)
        with self.assertRaises(kind) as caught:
            read_body(answer)
        self.assertEqual(str(caught.exception), why)
        self.assertTrue(answer.raw.closed)

    def test_bomb(self) -> None:
        """What is packed is not unpacked further than the bound."""
        answer = answer_of(gzip.compress(bytes(20 * 2**20)), "gzip")
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        with self.assertRaises(AnswerError):
            read_body(answer)
        self.assertLess(tracemalloc.get_traced_memory()[1], 5 * 2**20)


class TestEnvironment(unittest.TestCase):
    """Unit tests of environment and from_environment."""

    @parameterized.expand([
        ("nothing", {}, (None, API)),
        ("empty", {"GH_TOKEN": "", "GITHUB_TOKEN": "", "GITHUB_API_URL": ""},
         (None, API)),
        ("github_token", {"GITHUB_TOKEN": "two"}, ("two", API)),
        ("both_tokens", {"GH_TOKEN": "one", "GITHUB_TOKEN": "two"},
         ("one", API)),
        ("enterprise", {"GITHUB_API_URL": "https://ghe.example/api/v3"},
         (None, "https://ghe.example/api/v3")),
    ])
    def test_environment(
            self, _: str, environ: Dict[str, str], expected: Any) -> None:
        """Token and URL are those of the variables; empty ones are unset."""
        with patch.dict(os.environ, environ, clear=True):
            self.assertEqual(environment(), expected)

    def test_from_environment(self) -> None:
        """The client has a session with both, and closes it at its end."""
        environ = {"GH_TOKEN": "sekret", "GITHUB_API_URL": "https://h/api/"}
        with patch.dict(os.environ, environ, clear=True), patch(
                "live.github_session", autospec=True) as make:
            with LiveOrgClient.from_environment("google") as client:
                make.return_value.close.assert_not_called()
        make.assert_called_once_with("sekret", "https://h/api/")
        make.return_value.close.assert_called_once_with()
        self.assertEqual(client.api_url, "https://h/api")
        self.assertEqual(client.workers, 10)


def sent(
        session: requests.Session, url: str = API, method: str = "GET",
        **options: Any) -> Any:
    """Return what a session would pass on to HTTPAdapter.send, by name."""
    with patch.object(HTTPAdapter, "send", autospec=True,
                      return_value=answer_of()) as send:
        session.request(method, url, **options)
    arguments = inspect.signature(HTTPAdapter.send).bind(*send.call_args[0])
    return arguments.arguments


class TestGithubSession(unittest.TestCase):
    """Unit tests of github_session: what it refuses, and what it sends."""

    @parameterized.expand([
        ("api.github.com", None, InvalidURL), ("", None, InvalidURL),
        ("ftp://host", None, InvalidURL), ("https://", None, InvalidURL),
        ("https://user:sekret@host", None, InvalidURL),
        ("https://h?sekret", None, InvalidURL),
        ("https://h#sekret", None, InvalidURL),
        (API, "sekret words", InvalidHeader), (API, "sekret\n", InvalidHeader),
        (API, "sekret\x7f", InvalidHeader),
        ("http://ghe.example/api/v3", "sekret", InvalidSchema),
        ("http://localhost.example", "sekret", InvalidSchema),
        ("http://127.foo.bar.com", "sekret", InvalidSchema),
        ("http://128.0.0.1", "sekret", InvalidSchema),
        ("http://[::2]", "sekret", InvalidSchema),
    ])
    def test_refused(
            self, api_url: str, token: Optional[str], kind: Any) -> None:
        """A bad URL or token is an error that says why, without a secret."""
        why = {InvalidURL: "the API's URL must be like https://HOST/api/v3",
               InvalidHeader: "the token contains an invalid character",
               InvalidSchema: "a token must not go to [^ ]+ unencrypted: use "
               "https"}[kind]
        with self.assertRaisesRegex(kind, f"^{why}$") as caught:
            github_session(token, api_url)
        self.assertNotIn("sekret", str(caught.exception))

    def test_unencrypted_without_a_token(self) -> None:
        """Without a token an API may be unencrypted."""
        with github_session(None, "http://ghe.example") as session:
            self.assertNotIn("Authorization", sent(session)["request"].headers)

    @parameterized.expand([
        ("http://localhost:8000", {}), ("http://127.0.0.1:8000", {}),
        ("http://127.1.20.255", {}), ("http://[::1]:8000", {}),
        ("https://ghe.example/api/v3", {"all": "http://proxy"}),
    ])
    def test_token_may_go(self, url: str, proxies: Dict[str, str]) -> None:
        """Encrypted or within this machine it may, and there by no proxy."""
        with patch.dict(os.environ, ALL_PROXY="http://proxy", clear=True):
            with github_session("sekret", url) as session:
                options = sent(session, url)
        self.assertEqual(
            options["request"].headers["Authorization"], "Bearer sekret")
        self.assertEqual(options["proxies"], proxies)

    @parameterized.expand([
        ("https://api.github.com:443/x", "Bearer sekret"),
        ("https://API.GitHub.com/x", "Bearer sekret"),
        ("https://example.com/", None), ("http://api.github.com/", None),
        ("https://api.github.com:8443/", None),
        ("https://example.com\\@api.github.com/", None),
        ("https://api.github.com@example.com/", None),
        ("https://user:password@example.com/", None),
    ])
    def test_origins(self, url: str, expected: Optional[str]) -> None:
        """Only a request to the API's own origin has the token."""
        with github_session("sekret") as session:
            request = sent(session, url)["request"]
        self.assertEqual(request.headers.get("Authorization"), expected)

    def test_netrc(self) -> None:
        """No password is taken from .netrc, and none from the caller."""
        with tempfile.NamedTemporaryFile("w", delete=False) as netrc:
            netrc.write("default login user password sekret\n")
        self.addCleanup(os.remove, netrc.name)
        with patch.dict(os.environ, {"NETRC": netrc.name}, clear=True):
            with github_session() as session:
                first = sent(session)["request"]
                second = sent(session, auth=("user", "sekret"))["request"]
        self.assertNotIn("Authorization", first.headers)
        self.assertNotIn("Authorization", second.headers)

    def test_headers(self) -> None:
        """Each request has the headers that GitHub recommends."""
        with github_session() as session:
            headers = sent(session)["request"].headers
        self.assertRegex(headers.pop("User-Agent"),
                         "^github-org-client python-requests/[0-9]")
        self.assertEqual(dict(headers), {
            "Accept": "application/vnd.github+json",
            "Accept-Encoding": "gzip", "Connection": "keep-alive",
            "X-GitHub-Api-Version": "2022-11-28"})

    def test_options(self) -> None:
        """Each request has a timeout; the options of a caller are used."""
        with patch.dict(os.environ, clear=True), github_session() as session:
            self.assertEqual(sent(session)["timeout"], (5, 30))
            options = sent(session, stream=True, timeout=3, verify="a.pem",
                           cert="b.pem", proxies={"all": "http://proxy"})
            self.assertIs(options.pop("self"), session.get_adapter("http://"))
        self.assertEqual(options.pop("request").url, API + "/")
        self.assertEqual(options, {
            "stream": True, "timeout": 3, "verify": "a.pem", "cert": "b.pem",
            "proxies": {"all": "http://proxy"}})

    @parameterized.expand([
        ("adapter", copy.copy), ("client", copy.deepcopy),
        ("client", pickle.dumps),
    ])
    def test_no_copy(self, what: str, copy_of: Callable[[Any], Any]) -> None:
        """Whatever may hold a token can't be copied, and says so."""
        with github_session("sekret") as session:
            original = {"adapter": session.get_adapter(API),
                        "client": LiveOrgClient("google", session)}[what]
            with self.assertRaisesRegex(
                    TypeError, "^what may hold a token can't be copied"):
                copy_of(original)

    @parameterized.expand([
        ("POST", requests.ConnectionError()), ("GET", NO_CERTIFICATE),
    ])
    def test_tried_once(
            self, method: str, error: requests.RequestException) -> None:
        """A certificate stays wrong; what is not a GET may have been done."""
        with github_session() as session, patch.object(
                HTTPAdapter, "send", autospec=True, side_effect=error) as send:
            with self.assertRaises(type(error)):
                session.request(method, API)
        send.assert_called_once()
        request: Any = error.request
        self.assertEqual((request.method, error.response), (method, None))


class Clock:
    """Stands for the module time: who sleeps only moves its hands.

    slept: for how long, each time. meanwhile: to be called at the next sleep.
    """

    gmtime = staticmethod(time.gmtime)
    strftime = staticmethod(time.strftime)

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
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        self.now = max(self.now, end)


def page(number: int) -> str:
    """Return the end of the URL of a page."""
    return f"&page={number}$"


class ReplayTestCase(unittest.TestCase):
    """A base class: a client over a replay, without environment or sleep."""

    def setUp(self) -> None:
        """Clear the environment, and replace the clock."""
        self.asked: List[Asked] = []
        self.times: List[float] = []
        self.clock = Clock()
        # An ExitStack leaves what it has entered, the last one first.
        self.stack = ExitStack()
        self.addCleanup(self.stack.close)
        self.stack.enter_context(patch.dict(os.environ, clear=True))
        self.stack.enter_context(patch("live.time", self.clock))
        self.stack.callback(self.join_threads)

    @staticmethod
    def join_threads() -> None:
        """Wait for pages that were in flight when a test was done."""
        for thread in threading.enumerate():
            if thread is not threading.current_thread():
                thread.join(timeout=10)

    def note(self, asked: Asked) -> None:
        """Note a request, and when it arrived."""
        self.asked.append(asked)
        self.times.append(self.clock.now)

    def serve(self, script: Mapping[str, Iterable[Fault]] = {},
              repos: Any = repos_payload) -> str:
        """Start a replay that lasts as long as the test; return its URL."""
        return self.stack.enter_context(
            replay(script, repos=repos, on_request=self.note))

    def client(self, url: str, token: Optional[str] = None) -> LiveOrgClient:
        """Return a client of the organization google at a server."""
        session = self.stack.enter_context(github_session(token, url))
        return LiveOrgClient("google", session, url)

    def error_of(self, kind: Any, client: LiveOrgClient) -> Any:
        """Return the error of just this class that a listing leads to."""
        with self.assertRaises(kind) as caught:
            client.repos_payload
        self.assertIs(type(caught.exception), kind)
        error: Any = caught.exception
        self.assertEqual(error.request.method, "GET")
        return error

    def targets(self) -> List[str]:
        """Return the paths that were asked for, with their queries."""
        return [asked.target for asked in self.asked]


class TestLiveOrgClient(ReplayTestCase):
    """Integration tests of the client: all public repositories, or an error.

    What the replay does not do by itself comes as the body of an answer.
    """

    def test_whole_listing(self) -> None:
        """It takes one request per 100 repositories, each with the token."""
        client = self.client(self.serve(repos=MANY), "sekret")
        self.assertEqual(client.public_repos(), NAMES)
        self.assertEqual(client.public_repos("mit"), [
            repo["name"] for repo in MANY
            if repo["license"] and repo["license"]["key"] == "mit"])
        others = "/organizations/1342004/repos" + QUERY + "&page="
        self.assertCountEqual(self.targets(), [
            "/orgs/google", LISTING + QUERY, others + "2", others + "3"])
        self.assertEqual(
            [asked.headers["Authorization"] for asked in self.asked],
            ["Bearer sekret"] * 4)

    def test_workers(self) -> None:
        """As many pages are fetched at once as the client has workers.

        Each has a connection, and the connections are kept.
        """
        barrier = threading.Barrier(12, timeout=10)
        connections = set()

        def on_request(asked: Asked) -> None:
            """Have all twelve pages after the first in flight at once."""
            connections.add(threading.current_thread())
            if "&page=" in asked.target:
                barrier.wait()

        with replay(repos=numbered_repos(1300), on_request=on_request) as url:
            with github_session(None, url) as session:
                client = LiveOrgClient("google", session, url, 12)
                self.assertEqual(len(client.repos_payload), 1300)
                del client.repos_payload  # to have it requested once more
                self.assertEqual(len(client.repos_payload), 1300)
        self.assertEqual(len(connections), 12)

    def test_shared_session(self) -> None:
        """A session may serve several clients; none of them closes it."""
        session = create_autospec(requests.Session, instance=True)
        with LiveOrgClient("one", session) as one:
            with LiveOrgClient("two", session) as two:
                self.assertIs(one.session, two.session)
        session.close.assert_not_called()

    @parameterized.expand([
        ("other_path", "../users/x", "..%2Fusers%2Fx"),
        ("query", "a/b?c#d", "a%2Fb%3Fc%23d"),
        ("percent", "%2e%2e", "%252e%252e"),
        ("surrogate", "a\ud800\udcff", "a%ED%A0%80%ED%B3%BF"),
    ])
    def test_name(self, _: str, name: str, encoded: str) -> None:
        """No name leads to another path: it is percent-encoded."""
        url = self.serve()
        with github_session(None, url) as session:
            with self.assertRaises(requests.HTTPError) as caught:
                LiveOrgClient(name, session, url + "/").org
        self.assertEqual(self.targets(), ["/orgs/" + encoded])
        self.assertIn("answered 404", str(caught.exception))

    @parameterized.expand([(".",), ("..",)])
    def test_name_that_is_a_step(self, name: str) -> None:
        """An organization can't be called . or .., a step in a path."""
        session = create_autospec(requests.Session, instance=True)
        with self.assertRaises(InvalidURL) as caught:
            LiveOrgClient(name, session).org
        self.assertEqual(
            str(caught.exception), f"{name} can't name an organization")
        session.get.assert_not_called()

    @parameterized.expand([
        ("list", ORG, [], " is not an organization"),
        ("no_id", ORG, org_of(id=None), " is not an organization"),
        ("no_login", ORG, org_of(login=5), " is not an organization"),
        ("no_url", ORG, org_of(repos_url=5), " is not an organization"),
        ("no_count", ORG, org_of(public_repos=None),
         " is not an organization"),
        ("object", LISTING, {}, " is not a list"),
        ("second", LISTING, [repo_of(), {}], ": item 2 is not a repository"),
    ])
    def test_other_shape(
            self, _: str, where: str, answer: Any, why: str) -> None:
        """An answer of another shape is an AnswerError, and not stored."""
        url = self.serve({where: [Fault(body=json.dumps(answer).encode())]})
        client = self.client(url)
        error = self.error_of(AnswerError, client)
        self.assertEqual(str(error), url + where.strip("$") + why)
        self.assertTrue(error.request.url.endswith(where.strip("$")))
        self.assertEqual(client.public_repos(), expected_repos)

    @parameterized.expand([
        ("https://elsewhere/repos",), ("http://[",), ("http://127.0.0.1:1/",),
    ])
    def test_other_origin(self, repos_url: str) -> None:
        """A listing at another origin is not requested, but an error."""
        body = json.dumps(org_of(repos_url=repos_url)).encode()
        url = self.serve({ORG: [Fault(body=body)]})
        error = self.error_of(AnswerError, self.client(url, "sekret"))
        self.assertEqual(
            str(error), f"the API at {url} refers to {repos_url}; "
            "set GITHUB_API_URL to the API's own address")
        self.assertEqual(error.request.url, url + "/orgs/google")
        self.assertEqual(self.targets(), ["/orgs/google"])

    @parameterized.expand([
        ("at_once", [MANY[:3]], NAMES[:3], []),
        ("later", [MANY[1:3]] + [MANY[:3]],
         [NAMES[1], NAMES[2], NAMES[0]], []),
        ("twice", [[{**MANY[0], "name": "old"}, MANY[0], MANY[1]], MANY[2:3]],
         NAMES[:3], []),
        ("some_missing", [MANY[:2]] * 2, NAMES[:2], [MISSING + "2"]),
        ("private", [[*MANY[:2], {**MANY[2], "private": True}]] * 2,
         NAMES[:2], [MISSING + "2"]),
    ])
    def test_all_of_them(
            self, _: str, answers: List[Any], names: List[str],
            warnings: List[str]) -> None:
        """If fewer come than GitHub counts, they are asked for once more.

        Each is listed once, and never if it says private. A warning has both
        numbers if some are still missing.
        """
        faults = [Fault(body=json.dumps(each).encode()) for each in answers]
        client = self.client(self.serve({LISTING: faults}, MANY[:3]))
        with self.assertLogs("live") as logs:
            live.LOG.info("Without any line, assertLogs would fail.")
            self.assertEqual(client.public_repos(), names)
        self.assertEqual(logs.output[1:], warnings)
        self.assertEqual(len(self.asked), 1 + len(answers))

    def test_none_at_all(self) -> None:
        """If GitHub counts some and lists none, that is an error."""
        url = self.serve({LISTING: [Fault(body=b"[]")] * 2})
        error = self.error_of(AnswerError, self.client(url))
        self.assertEqual(str(error), "google: GitHub counts 9 public "
                         "repositories and lists 0")
        self.assertEqual(error.request.url, url + LISTING)

    @parameterized.expand([("token", "sekret"), ("no_token", None)])
    def test_redirect(self, _: str, token: Optional[str]) -> None:
        """A redirect is followed; it takes no token to another origin."""
        other = self.serve()
        here = Fault(301, {"Location": "/organizations/1342004"}, b"")
        away = Fault(301, {"Location": f"{other}/orgs/google"}, b"")
        url = self.serve({ORG: [here], "/organizations": [away]})
        with github_session(token, url) as session:
            answer = session.get(url + "/orgs/google")
        self.assertEqual(answer.json()["login"], "google")
        bearer = token and f"Bearer {token}"
        self.assertEqual(
            [asked.headers.get("Authorization") for asked in self.asked],
            [bearer, bearer, None])


class TestTries(ReplayTestCase):
    """Integration tests of the adapter: another try, a pause, an error."""

    @parameterized.expand([
        ("502_html_once", {page(2): [Fault(502, body=b"<html>")]}, [0]),
        ("no_http_once", {ORG: [Fault(raw=b"SSH-2.0-OpenSSH\r\n")]}, [0]),
        ("gzip_without_its_end", {ORG: [Fault(
            headers={"Content-Encoding": "gzip"},
            body=gzip.compress(b"{}" * 99)[:-9])]}, [0]),
        ("one_after_the_other", {page(2): [
            Fault(cut=1000), Fault(503), Fault(cut=0)]}, [0, 1, 2]),
        ("limit", {page(3): [Fault(403, {"Retry-After": "7"})]}, [7]),
        ("secondary_403", {ORG: [Fault(403, body=SECONDARY)]}, [60]),
        ("hourly", {ORG: [Fault(403, hourly(1042))]}, [42]),
    ])
    def test_listing_comes_whole(
            self, _: str, script: Dict[str, List[Fault]],
            waits: List[float]) -> None:
        """If another try helps, it is made, after a wait if necessary."""
        url = self.serve(script, MANY)
        with self.assertLogs("live") as logs:
            self.assertEqual(self.client(url).public_repos(), NAMES)
        self.assertEqual(self.clock.slept, waits)
        self.assertEqual(logs.output, [
            f"INFO:live:waiting {seconds} s before the next try"
            for seconds in waits])
        self.assertEqual(len(self.asked), 4 + len(waits))

    @parameterized.expand([
        ("connections", [Fault(cut=0)] * 4, requests.ConnectionError, None),
        ("bodies", [Fault(cut=99)] * 4, ChunkedEncodingError, 200),
        ("one_of_each", [Fault(cut=0), Fault(cut=99), Fault(500),
                         Fault(403, {"Retry-After": "1"})], LimitError, 403),
        ("not_found", [Fault(404)], requests.HTTPError, 404),
        ("endless_error", [Fault(404, body=repeat(bytes(99)))],
         AnswerError, 404),
        ("hourly", [Fault(429, hourly(1061))], LimitError, 429),
    ])
    def test_last_try(
            self, _: str, faults: List[Fault], kind: Any, status: Any) -> None:
        """The fourth try is the last, or the first if none would help."""
        url = self.serve({ORG: faults})
        with patch("live.MAX_BODY", 1000):
            error = self.error_of(kind, self.client(url))
        self.assertEqual(error.request.url, f"{url}/orgs/google")
        self.assertEqual(
            getattr(error.response, "status_code", None), status)
        self.assertEqual(len(self.asked), len(faults))
        self.assertEqual(len(self.clock.slept), len(faults) - 1)

    @parameterized.expand([
        ("limit", Fault(403, {"Retry-After": "42"}), [1000, 1042, 1042]),
        ("error", Fault(503, {"Retry-After": "42"}), [1000, 1000, 1042]),
    ])
    def test_other_request(
            self, _: str, fault: Fault, times: List[float]) -> None:
        """While one waits for a limit, but not else, no other is sent.

        The other begins when the first one starts to sleep.
        """
        url = self.serve({ORG: [fault]})
        client = self.client(url)
        self.clock.meanwhile = lambda: client.session.get(url + "/other")
        client.org
        self.assertEqual(
            self.targets(), ["/orgs/google", "/other", "/orgs/google"])
        self.assertEqual(self.times, times)

    def test_longest_pause_counts(self) -> None:
        """A shorter limit does not end the pause of a longer one."""
        def body() -> Iterator[bytes]:
            """Have another request meet the longer one meanwhile."""
            adapter: Any = client.session.get_adapter(url)
            adapter.paused_until = 1042
            yield b"{}"

        url = self.serve({ORG: [Fault(403, {"Retry-After": "7"}, body())]})
        client = self.client(url)
        client.org
        self.assertEqual(self.times, [1000, 1042])

    def test_pause_that_grows(self) -> None:
        """If the pause gets longer during a sleep, the rest is slept too."""
        with github_session() as session:
            adapter: Any = session.get_adapter(API)
            adapter.paused_until = 1042
            self.clock.meanwhile = lambda: setattr(
                adapter, "paused_until", 1060)
            sent(session)
        self.assertEqual(self.clock.slept, [42, 18])

    @parameterized.expand([
        ("body", Fault(cut=10), []), ("status", Fault(503), [0]),
        ("limit", Fault(403, body=SECONDARY), [60]),
    ])
    def test_stream(
            self, _: str, fault: Fault, slept: List[float]) -> None:
        """With stream=True the body is left to the caller, but not errors."""
        url = self.serve({ORG: [fault]})
        with github_session(None, url) as session:
            answer = session.get(url + "/orgs/google", stream=True)
            self.assertEqual(answer.raw.read(10), b'{"login": ')
            answer.close()
        self.assertEqual(self.clock.slept, slept)

    def test_send(self) -> None:
        """The adapter's send takes what requests' own does; it reads all."""
        url = self.serve()
        request = requests.Request("GET", url + "/orgs/google").prepare()
        with github_session(None, url) as session:
            answer = session.get_adapter(url).send(request, False, 5)
            self.assertTrue(answer.raw.closed)
        self.assertEqual(answer.json()["login"], "google")


if __name__ == "__main__":
    unittest.main()
