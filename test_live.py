#!/usr/bin/env python3
"""Tests of live: limits, bodies, credentials, tries, and the client.

Tables of the pure functions come first. Then doubles stand for the network:
one of HTTPAdapter.send below the session, one of fetch_json below the client.
The last class talks to a replay. No clock here really waits.
"""
import copy
import gzip
import inspect
import io
import os
import pickle
import re
import tempfile
import threading
import time
import tracemalloc
import unittest
import zlib
from contextlib import ExitStack
from typing import Any, Callable, Dict, Iterable, List, Mapping, Optional
from unittest.mock import ANY, create_autospec, patch

import requests
import urllib3
from parameterized import parameterized
from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from requests.exceptions import (
    ChunkedEncodingError, ConnectTimeout, ContentDecodingError, InvalidHeader,
    InvalidSchema, InvalidURL, ProxyError, SSLError)

import live
from fixtures import org_payload, repos_payload
from live import (
    LimitError, LiveOrgClient, environment, github_session, is_repository,
    is_transient, read_body, seconds_to_wait)
from pages import AnswerError
from replay import Asked, Fault, numbered_repos, replay

API = "https://api.github.com"
REFUSED = requests.ConnectionError("refused")
NO_CERTIFICATE = SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] self signed")
SECONDARY = b'{"message": "You have exceeded a secondary rate limit."}'
SECONDARY_PAGE = (b'{"message": "Slow down", "documentation_url": '
                  b'"https://docs.github.com/x#about-secondary-rate-limits"}')
ABUSE = b'{"message": "You have triggered an abuse detection mechanism."}'
TOO_LONG = "host:8 sent over 1,000 bytes"
MANY = numbered_repos(250)  # three pages of up to 100
NAMES = [repo["name"] for repo in MANY]
COUNTED = {**org_payload, "public_repos": 3}
MISSING = "google: GitHub counts 3 public repositories and lists "


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
        ("full_name", "o/"), ("full_name", "/a"),
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
    """Unit tests of seconds_to_wait: now it is 1000, the backoff 0.5 s."""

    @parameterized.expand([
        ("success", 200, {"X-RateLimit-Remaining": "0"}, b"", None),
        ("not_found", 404, {"Retry-After": "7"}, SECONDARY, None),
        ("not_implemented", 501, {}, b"", None),
        ("server_error", 500, {}, b"", 0.5),
        ("bad_gateway", 502, {}, b"", 0.5),
        ("unavailable", 503, {"Retry-After": "soon"}, b"", 0.5),
        ("gateway_timeout", 504, {"Retry-After": "-5"}, b"", 0.5),
        ("unavailable_for_ever", 503, {"Retry-After": "9" * 10}, b"", 0.5),
        ("unavailable_for_0_s", 503, {"Retry-After": "0"}, b"", 0),
        ("unavailable_for_60_s", 503, {"Retry-After": "60"}, b"", 60),
        ("unavailable_for_61_s", 503, {"Retry-After": "61"}, b"", None),
        ("forbidden", 403, {"X-RateLimit-Remaining": "10"}, b"{}", None),
        ("single_sign_on", 403, {"X-GitHub-SSO": "required; url=https://a",
                                 **hourly(1001)}, b"", None),
        ("no_text", 403, {}, b"\xff", None),
        ("limit_for_0_s", 429, {"Retry-After": "0"}, b"", 0),
        ("limit_for_60_s", 403, {"Retry-After": "60"}, b"", 60),
        ("limit_for_a_while", 403, {"Retry-After": "?"}, b"", 60),
        ("secondary_403", 403, {}, SECONDARY, 60),
        ("secondary_by_its_page", 403, {}, SECONDARY_PAGE, 60),
        ("secondary_as_it_was_called", 403, {}, ABUSE, 60),
        ("silent_429", 429, {}, b"", 60),
        ("hourly", 403, hourly(1060), b"", 60),
        ("hourly_past", 429, hourly(990), b"", 1),
        ("hourly_but", 403, {**hourly(9999), "Retry-After": "7"}, b"", 7),
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
        ("known", 0, "it resets at 1970-01-01 00:00:00 UTC"),
        ("unknown", None, "wait at least a minute")])
    def test_message(
            self, _: str, resets_at: Optional[float], until: str) -> None:
        """The error's message says in UTC when the limit ends."""
        self.addCleanup(time.tzset)
        with patch.dict(os.environ, TZ="JST-9"):
            time.tzset()
            error = LimitError(resets_at)
            self.assertEqual(
                str(error), f"GitHub's rate limit is reached; {until}")
        self.assertIsNone(error.response)

    @parameterized.expand([(403, {}), (503, {"Retry-After": "7"})])
    def test_last_try(self, status: int, headers: Dict[str, str]) -> None:
        """After the last try any other answer is returned."""
        self.assertIsNone(seconds_to_wait(status, headers, b"", None, 1000))


class TestIsTransient(unittest.TestCase):
    """Unit tests of is_transient: which errors are worth another try."""

    @parameterized.expand([
        ("connection", REFUSED, True),
        ("timeout", ConnectTimeout(), True), ("proxy", ProxyError(), True),
        ("slow", requests.ReadTimeout(), True), ("url", InvalidURL(), False),
        ("body", ChunkedEncodingError(), True), ("tls", SSLError(), True),
        ("certificate", NO_CERTIFICATE, False), ("limit", LimitError(), False),
        ("another_host", SSLError("CertificateError('no match')"), False),
        ("gzip", ContentDecodingError(), False),
        ("answer", AnswerError("not JSON"), False),
    ])
    def test_is_transient(self, _: str, error: Any, expected: bool) -> None:
        """The network may recover; answers and certificates do not."""
        self.assertIs(is_transient(error), expected)


def answer_of(
        body: bytes = b"{}", encoding: str = "", status: int = 200,
        **headers: str) -> requests.Response:
    """Return an answer whose body is still to be read.

    In the names of headers, an underscore stands for a hyphen.
    """
    fields = {"Content-Encoding": encoding, **{
        name.replace("_", "-"): value for name, value in headers.items()}}
    raw = urllib3.HTTPResponse(
        io.BytesIO(body), fields, status, preload_content=False)
    request = requests.Request("GET", "https://user:sekret@host:8/").prepare()
    adapter: Any = HTTPAdapter()
    return adapter.build_response(request, raw)


def half_a_body() -> requests.Response:
    """Return an answer that breaks off while it is read."""
    return answer_of(b"{", Content_Length="2")


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
        ("not_packed", bytes(1000), "identity", 1000),
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
        why = {
            InvalidURL: "the API's URL .* must be like https://HOST/api/v3",
            InvalidHeader: "the token .* contains an invalid character",
            InvalidSchema: "a token must not go to [^ ]+ unencrypted: use "
            "https"}[kind]
        with self.assertRaisesRegex(kind, f"^{why}$") as caught:
            github_session(token, api_url)
        self.assertNotIn("sekret", str(caught.exception))

    @parameterized.expand([
        ("http://localhost:8000", "sekret", {}),
        ("http://127.0.0.1:8000", "sekret", {}),
        ("http://127.1.20.255", "sekret", {}),
        ("http://[::1]:8000", "sekret", {}),
        ("https://ghe.localhost", "sekret", {"all": "http://proxy"}),
        ("http://ghe.example", None, {"all": "http://proxy"}),
    ])
    def test_allowed(
            self, url: str, token: Optional[str], proxies: Dict[str, str]
            ) -> None:
        """A token may go encrypted, or within this machine, by no proxy."""
        with patch.dict(os.environ, ALL_PROXY="http://proxy", clear=True):
            with github_session(token, url) as session:
                options = sent(session, url)
        self.assertEqual(options["request"].headers.get("Authorization"),
                         token and "Bearer sekret")
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
        """Only a request to the API's own origin has the token.

        No other request has a password, neither .netrc's nor the caller's.
        """
        with tempfile.NamedTemporaryFile("w", delete=False) as netrc:
            netrc.write("default login user password sekret\n")
        self.addCleanup(os.remove, netrc.name)
        with patch.dict(os.environ, {"NETRC": netrc.name}, clear=True):
            with github_session("sekret") as session:
                for auth in None, ("user", "sekret"):
                    headers = sent(session, url, auth=auth)["request"].headers
                    self.assertEqual(headers.get("Authorization"), expected)

    def test_request(self) -> None:
        """Each request has a timeout, and the headers GitHub recommends."""
        with patch.dict(os.environ, clear=True), github_session() as session:
            options = sent(session)
        self.assertEqual(options["timeout"], (5, 30))
        headers = options["request"].headers
        self.assertRegex(headers.pop("User-Agent"),
                         "^github-org-client python-requests/[0-9]")
        self.assertEqual(dict(headers), {
            "Accept": "application/vnd.github+json",
            "Accept-Encoding": "gzip", "Connection": "keep-alive",
            "X-GitHub-Api-Version": "2022-11-28"})

    def test_options(self) -> None:
        """The options of a caller are passed on."""
        expected: Any = {"stream": True, "timeout": 3, "verify": "a.pem",
                         "cert": "b.pem", "proxies": {"all": "http://h"}}
        with patch.dict(os.environ, clear=True), github_session() as session:
            options = sent(session, **expected)
        for name, value in expected.items():
            self.assertEqual(options[name], value)

    def test_token_is_hidden(self) -> None:
        """An answer does not show the token, even when it is stored."""
        with patch.object(HTTPAdapter, "send", autospec=True,
                          return_value=answer_of()):
            with github_session("t0ken") as session:
                answer = session.get(API)
        self.assertEqual(
            answer.request.headers["Authorization"], "Bearer [hidden]")
        self.assertNotIn(b"t0ken", pickle.dumps(answer))

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


class TestTries(unittest.TestCase):
    """Unit tests of the adapter: another try, a pause, an error.

    Each test tells what HTTPAdapter.send returns or raises.
    """

    def setUp(self) -> None:
        """Put doubles in place of the clock and of what sends."""
        self.clock = Clock()
        stack = ExitStack()
        self.addCleanup(stack.close)
        stack.enter_context(patch("live.time", self.clock))
        stack.enter_context(patch("live.MAX_BODY", 1000))
        self.send = stack.enter_context(
            patch.object(HTTPAdapter, "send", autospec=True))
        self.session = stack.enter_context(github_session())
        self.adapter: Any = self.session.get_adapter(API)

    @parameterized.expand([
        ("status", [answer_of(status=502), answer_of()], 200, [0]),
        ("half_a_body", [half_a_body(), answer_of()], 200, [0]),
        ("errors", [REFUSED, answer_of(status=503), requests.ReadTimeout(),
                    answer_of(status=404)], 404, [0, 1, 2]),
        ("limit", [answer_of(status=403, Retry_After="7"), answer_of()],
         200, [7]),
        ("secondary_limit", [answer_of(SECONDARY, status=403), answer_of()],
         200, [60]),
        ("hourly_limit", [answer_of(
            status=403, X_RateLimit_Remaining="0", X_RateLimit_Reset="1042"),
            answer_of()], 200, [42]),
        ("connections", [REFUSED] * 4, requests.ConnectionError, [0, 1, 2]),
        ("bodies", [half_a_body() for _ in range(4)], ChunkedEncodingError,
         [0, 1, 2]),
        ("one_of_each", [REFUSED, half_a_body(), answer_of(status=500),
                         answer_of(status=403, Retry_After="1")],
         LimitError, [0, 1, 2]),
        ("long_limit", [answer_of(status=429, Retry_After="61")],
         LimitError, []),
        ("long_error", [answer_of(bytes(1001), status=404)], AnswerError, []),
        ("certificate", [NO_CERTIFICATE], SSLError, []),
    ])
    def test_tries(
            self, _: str, outcomes: List[Any], result: Any,
            waits: List[float]) -> None:
        """If another try may help it is made, up to the fourth.

        An error has its request and, if one arrived, the response.
        """
        self.send.side_effect = outcomes
        with self.assertLogs("live") as logs:
            live.LOG.info("Without any line, assertLogs would fail.")
            try:
                found: Any = self.session.get(API).status_code
            except requests.RequestException as error:
                found = type(error)
                self.assertIsInstance(error.request, PreparedRequest)
                last = outcomes[-1]
                arrived = isinstance(last, requests.Response)
                self.assertIs(error.response, last if arrived else None)
        self.assertEqual(found, result)
        self.assertEqual(self.clock.slept, waits)
        self.assertEqual(logs.output[1:], [
            f"INFO:live:waiting {seconds} s before the next try"
            for seconds in waits])

    def test_post(self) -> None:
        """What is not a GET may have been done: it is not tried again."""
        self.send.side_effect = REFUSED
        with self.assertRaises(requests.ConnectionError):
            self.session.post(API)
        self.send.assert_called_once()

    def test_stream(self) -> None:
        """With stream=True the body is left to the caller, but not errors."""
        self.send.side_effect = [
            answer_of(SECONDARY, status=403), answer_of(bytes(1001))]
        answer = self.session.get(API, stream=True)
        self.assertEqual(answer.raw.read(), bytes(1001))
        self.assertEqual(self.clock.slept, [60])

    @parameterized.expand([
        ("limit", answer_of(status=403, Retry_After="42"), [42, 42]),
        ("other_limit", answer_of(status=429, Retry_After="7"), [7, 7]),
        ("error", answer_of(status=503, Retry_After="42"), [0, 42]),
    ])
    def test_other_request(
            self, _: str, outcome: requests.Response, times: List[float]
            ) -> None:
        """While one waits for a limit, but not else, no other is sent.

        The other begins when the first one starts to sleep.
        """
        sent_at = []

        def send(*_: Any) -> requests.Response:
            """Note when a request is sent; answer it."""
            sent_at.append(self.clock.now - 1000)
            return outcome if len(sent_at) == 1 else answer_of()

        self.send.side_effect = send
        self.clock.meanwhile = lambda: self.session.get(API + "/other")
        self.session.get(API)
        self.assertEqual(sent_at, [0, *times])

    def test_longest_pause_counts(self) -> None:
        """A shorter limit does not end a longer pause, which may yet grow."""
        def send(*_: Any) -> requests.Response:
            """Answer with a limit, while other requests meet longer ones."""
            self.adapter.paused_until = 1042
            self.clock.meanwhile = lambda: setattr(
                self.adapter, "paused_until", 1060)
            self.send.side_effect = [answer_of()]
            return answer_of(status=403, Retry_After="7")

        self.send.side_effect = send
        self.session.get(API)
        self.assertEqual(self.clock.slept, [42, 18])

    def test_send(self) -> None:
        """The adapter's send takes what HTTPAdapter's does; it reads all."""
        self.send.return_value = answer_of(b"[]")
        request = requests.Request("GET", API).prepare()
        answer = self.adapter.send(request, False, 5)
        self.assertTrue(answer.raw.closed)
        self.send.assert_called_once_with(
            self.adapter, ANY, False, 5, True, None, None)


class TestLiveOrgClient(unittest.TestCase):
    """Unit tests of the client: all public repositories, or an error.

    Each test tells what fetch_json returns.
    """

    def setUp(self) -> None:
        """Put a double in place of fetch_json, and make a client."""
        patcher = patch("live.fetch_json", autospec=True)
        self.fetch_json = patcher.start()
        self.addCleanup(patcher.stop)
        self.session = create_autospec(requests.Session, instance=True)
        self.client = LiveOrgClient("google", self.session, API + "/")

    def error(self, kind: Any) -> Any:
        """Return the error of just this class that a listing leads to."""
        with self.assertRaises(kind) as caught:
            self.client.repos_payload
        self.assertIs(type(caught.exception), kind)
        self.assertEqual(caught.exception.request.method, "GET")
        return caught.exception

    @parameterized.expand([
        ("other_path", "../users/x", "..%2Fusers%2Fx"),
        ("query", "a/b?c#d", "a%2Fb%3Fc%23d"),
        ("percent", "%2e%2e", "%252e%252e"),
    ])
    def test_name(self, _: str, name: str, encoded: str) -> None:
        """No name leads to another path: it is percent-encoded."""
        self.fetch_json.return_value = org_payload
        self.assertIs(LiveOrgClient(name, self.session).org, org_payload)
        self.fetch_json.assert_called_once_with(
            self.session, f"{API}/orgs/{encoded}")

    @parameterized.expand([(".",), ("..",)])
    def test_name_that_is_a_step(self, name: str) -> None:
        """An organization can't be called . or .., a step in a path."""
        with self.assertRaisesRegex(
                InvalidURL, f"^{re.escape(name)} can't name an organization$"):
            LiveOrgClient(name, self.session).org
        self.fetch_json.assert_not_called()

    @parameterized.expand([
        ("list", [[]], " is not an organization"),
        ("no_id", [org_of(id=None)], " is not an organization"),
        ("no_login", [org_of(login=5)], " is not an organization"),
        ("no_url", [org_of(repos_url=5)], " is not an organization"),
        ("no_count", [org_of(public_repos=None)], " is not an organization"),
        ("object", [COUNTED, {}], " is not a list"),
        ("second", [COUNTED, [repo_of(), {}]],
         ": item 2 is not a repository"),
    ])
    def test_other_shape(self, _: str, answers: List[Any], why: str) -> None:
        """An answer of another shape is an AnswerError, and not stored."""
        url = API + "/orgs/google" + "/repos" * (len(answers) - 1)
        self.fetch_json.side_effect = answers
        error = self.error(AnswerError)
        self.assertEqual(str(error), url + why)
        self.assertEqual(error.request.url, url)
        self.fetch_json.side_effect = [COUNTED, MANY[:3]][len(answers) - 1:]
        self.assertEqual(self.client.public_repos(), NAMES[:3])

    @parameterized.expand([
        ("https://elsewhere/repos",), ("http://[",),
        ("http://api.github.com/repos",),
    ])
    def test_other_origin(self, repos_url: str) -> None:
        """A listing at another origin is not requested, but an error."""
        self.fetch_json.return_value = org_of(repos_url=repos_url)
        error = self.error(AnswerError)
        self.assertEqual(
            str(error), f"the API at {API} refers to {repos_url}; set "
            "GITHUB_API_URL to the API's own address")
        self.assertEqual(error.request.url, API + "/orgs/google")
        self.fetch_json.assert_called_once()

    @parameterized.expand([
        ("at_once", [MANY[:3]], NAMES[:3], []),
        ("later", [MANY[1:3], MANY[:3]], [NAMES[1], NAMES[2], NAMES[0]], []),
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
        self.fetch_json.side_effect = [COUNTED, *answers]
        with patch.object(live.LOG, "warning", autospec=True) as warning:
            self.assertEqual(self.client.public_repos(), names)
        self.assertEqual([args[0] for args, _ in warning.call_args_list],
                         warnings)
        self.assertEqual(self.fetch_json.call_count, 1 + len(answers))
        self.fetch_json.assert_called_with(
            self.session, API + "/orgs/google/repos", workers=10, params={
                "type": "public", "sort": "created", "direction": "asc",
                "per_page": "100"})

    def test_none_at_all(self) -> None:
        """If GitHub counts some and lists none, that is an error."""
        self.fetch_json.side_effect = [COUNTED, [], []]
        error = self.error(AnswerError)
        self.assertEqual(str(error), MISSING + "0")
        self.assertEqual(error.request.url, API + "/orgs/google/repos")

    def test_shared_session(self) -> None:
        """A session may serve several clients; none of them closes it."""
        with self.client as one, LiveOrgClient("x", self.session) as two:
            self.assertIs(one.session, two.session)
        self.session.close.assert_not_called()


class TestOverReplay(unittest.TestCase):
    """Integration tests: a client, its session and threads, and a server."""

    def setUp(self) -> None:
        """Clear the environment; replace the clock; keep what is asked."""
        self.asked: List[Asked] = []
        # An ExitStack leaves what it has entered, the last one first.
        self.stack = ExitStack()
        self.addCleanup(self.stack.close)
        self.stack.enter_context(patch.dict(os.environ, clear=True))
        self.stack.enter_context(patch("live.time", Clock()))

    def serve(self, script: Mapping[str, Iterable[Fault]] = {},
              **options: Any) -> str:
        """Start a replay that lasts as long as the test; return its URL."""
        return self.stack.enter_context(replay(
            script, **{"on_request": self.asked.append, **options}))

    def test_whole_listing(self) -> None:
        """It takes one request per 100 repositories, each with the token.

        What is broken on the way is requested again.
        """
        url = self.serve({
            "&page=2$": [Fault(raw=b"SSH-2.0-OpenSSH\r\n"), Fault(cut=1000),
                         Fault(cut=0)],
            "&page=3$": [Fault(503), Fault(403, {"Retry-After": "7"})],
        }, repos=[*MANY, {**MANY[0], "id": 1, "private": True}])
        session = self.stack.enter_context(github_session("sekret", url))
        client = LiveOrgClient("google", session, url)
        self.assertEqual(client.public_repos(), NAMES)
        self.assertEqual(client.public_repos("mit"), [
            repo["name"] for repo in MANY
            if repo["license"] and repo["license"]["key"] == "mit"])
        query = "repos?type=public&sort=created&direction=asc&per_page=100"
        others = f"/organizations/1342004/{query}&page="
        self.assertCountEqual([asked.target for asked in self.asked], [
            "/orgs/google", f"/orgs/google/{query}",
            *[others + "2"] * 4, *[others + "3"] * 3])
        self.assertEqual(
            {asked.headers["Authorization"] for asked in self.asked},
            {"Bearer sekret"})

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

        url = self.serve(repos=numbered_repos(1300), on_request=on_request)
        session = self.stack.enter_context(github_session(None, url))
        for _ in range(2):
            client = LiveOrgClient("google", session, url, 12)
            self.assertEqual(len(client.public_repos()), 1300)
        self.assertEqual(len(connections), 12)

    def test_redirect(self) -> None:
        """A redirect is followed; it takes no token to another origin."""
        other = self.serve()
        here = Fault(301, {"Location": "/organizations/1342004"}, b"")
        away = Fault(301, {"Location": f"{other}/orgs/google"}, b"")
        url = self.serve({"/orgs": [here], "/organizations": [away]})
        with github_session("sekret", url) as session:
            answer = session.get(url + "/orgs/google")
        self.assertEqual(answer.json()["login"], "google")
        self.assertEqual(
            [asked.headers.get("Authorization") for asked in self.asked],
            ["Bearer sekret", "Bearer sekret", None])


if __name__ == "__main__":
    unittest.main()
