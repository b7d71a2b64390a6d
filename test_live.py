#!/usr/bin/env python3
"""Tests of live: limits, bodies, credentials, and the client over a replay.

Tables of the pure functions come first. Then a request is looked at instead
of being sent. The last classes talk to a replay, by a clock that never
really waits.
"""
import copy
import gzip
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
    GithubAdapter, LimitError, LiveOrgClient, environment, github_session,
    is_repository, is_transient, read_body, retry_after, seconds_to_wait)
from pages import AnswerError
from replay import Asked, Fault, numbered_repos, replay

API = "https://api.github.com"
NO_CERTIFICATE = SSLError("[SSL: CERTIFICATE_VERIFY_FAILED] self signed")
SECONDARY = b'{"message": "You have exceeded a secondary rate limit."}'
SECONDARY_PAGE = (b'{"message": "Slow down", "documentation_url": '
                  b'"https://docs.github.com/x#about-secondary-rate-limits"}')
ABUSE = b'{"message": "You have triggered an abuse detection mechanism."}'
SINGLE_SIGN_ON = {"X-GitHub-SSO": "required; url=https://github.com/orgs/a"}


def repo_of(**fields: Any) -> Dict[str, Any]:
    """Return a repository with as few fields as it may have, and these."""
    return {"id": 1, "name": "a", "full_name": "o/a", **fields}


class TestIsRepository(unittest.TestCase):
    """Unit tests of is_repository: the shape that GitHub's schema states."""

    @parameterized.expand([
        ("smallest", repo_of()),
        ("all_null", repo_of(
            private=None, fork=None, archived=None, language=None,
            stargazers_count=None, pushed_at=None, html_url=None,
            license=None)),
        ("license_without_fields", repo_of(license={})),
        ("license_of_nulls", repo_of(license={"key": None, "spdx_id": None})),
        ("recorded", repos_payload[0]),
    ])
    def test_repository(self, _: str, answer: Any) -> None:
        """What GitHub may send is a repository."""
        self.assertIs(is_repository(answer), True)

    @parameterized.expand([
        ("null", None),
        ("list", []),
        ("no_id", {"name": "a", "full_name": "o/a"}),
        ("id_null", repo_of(id=None)),
        ("name_null", repo_of(name=None)),
        ("name_of_two_lines", repo_of(name="a\nb")),
        ("full_name_null", repo_of(full_name=None)),
        ("no_owner", repo_of(full_name="a")),
        ("blank", repo_of(full_name="o/a b")),
        ("three_parts", repo_of(full_name="o/a/b")),
        ("line_end", repo_of(full_name="o/a\n")),
        ("private", repo_of(private=1)),
        ("fork", repo_of(fork="yes")),
        ("archived", repo_of(archived=0)),
        ("language", repo_of(language="a\nb")),
        ("stars", repo_of(stargazers_count="5")),
        ("pushed_at", repo_of(pushed_at=5)),
        ("html_url", repo_of(html_url="\x1b[31m")),
        ("license", repo_of(license="mit")),
        ("license_key", repo_of(license={"key": 5})),
        ("license_spdx_id", repo_of(license={"spdx_id": "a\nb"})),
    ])
    def test_other(self, _: str, answer: Any) -> None:
        """Anything else is not, and neither is what can't be printed."""
        self.assertIs(is_repository(answer), False)


class TestSecondsToWait(unittest.TestCase):
    """Unit tests of seconds_to_wait and retry_after: now it is 1000."""

    @parameterized.expand([
        ("success", 200, {"X-RateLimit-Remaining": "0"}, b"", None),
        ("success_retry_after", 200, {"Retry-After": "7"}, b"", None),
        ("not_found", 404, {"Retry-After": "7"}, SECONDARY, None),
        ("not_implemented", 501, {}, b"", None),
        ("server_error", 500, {}, b"", 0.5),
        ("bad_gateway", 502, {}, b"", 0.5),
        ("unavailable", 503, {}, b"", 0.5),
        ("gateway_timeout", 504, {}, b"", 0.5),
        ("unavailable_for_0_s", 503, {"Retry-After": "0"}, b"", 0),
        ("unavailable_for_60_s", 503, {"Retry-After": "60"}, b"", 60),
        ("unavailable_for_61_s", 503, {"Retry-After": "61"}, b"", None),
        ("unavailable_for_a_while", 503, {"Retry-After": "?"}, b"", 0.5),
        ("forbidden", 403, {}, b"", None),
        ("not_the_last", 403, {"X-RateLimit-Remaining": "10"}, b"", None),
        ("no_single_sign_on", 403, {
            **SINGLE_SIGN_ON, "X-RateLimit-Remaining": "0"}, b"", None),
        ("limit_for_0_s", 429, {"Retry-After": "0"}, b"", 0),
        ("limit_for_60_s", 403, {"Retry-After": "60"}, b"", 60),
        ("limit_for_a_while", 403, {"Retry-After": "?"}, b"", 60),
        ("secondary_403", 403, {}, SECONDARY, 60),
        ("secondary_429", 429, {}, SECONDARY, 60),
        ("secondary_by_its_page", 403, {}, SECONDARY_PAGE, 60),
        ("secondary_as_it_was_called", 403, {}, ABUSE, 60),
        ("secondary_with_a_time", 403, {"Retry-After": "7"}, SECONDARY, 7),
        ("silent_429", 429, {}, b"", 60),
        ("hourly", 403, {"X-RateLimit-Remaining": "0",
                         "X-RateLimit-Reset": "1060"}, b"", 60),
        ("hourly_past", 429, {"X-RateLimit-Remaining": "0",
                              "X-RateLimit-Reset": "990"}, b"", 1),
        ("hourly_with_a_time", 403, {
            "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9999",
            "Retry-After": "7"}, b"", 7),
    ])
    def test_return_or_wait(
            self, _: str, status: int, headers: Dict[str, str], body: bytes,
            expected: Optional[float]) -> None:
        """None means to return the answer, a number to wait that long."""
        self.assertEqual(
            seconds_to_wait(status, headers, body, 0.5, 1000), expected)

    @parameterized.expand([
        ("hourly", {"X-RateLimit-Remaining": "0",
                    "X-RateLimit-Reset": "1061"}, b"", 0.5, 1061),
        ("hourly_in_words", {"X-RateLimit-Remaining": "0",
                             "X-RateLimit-Reset": "soon"}, b"", 0.5, None),
        ("hourly_too_long", {"X-RateLimit-Remaining": "0",
                             "X-RateLimit-Reset": "1" * 11}, b"", 0.5, None),
        ("hourly_silent", {"X-RateLimit-Remaining": "0"}, b"", 0.5, None),
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
        ("number", "7", 7),
        ("spaces", " 7 ", 7),
        ("imf_date", "Thu, 01 Jan 1970 00:17:20 GMT", 40),
        ("rfc_850_date", "Thursday, 01-Jan-70 00:17:20 GMT", 40),
        ("asctime_date", "Thu Jan  1 00:17:20 1970", 40),
        ("past_date", "Thu, 01 Jan 1970 00:00:40 GMT", 0),
        ("nothing", "", None),
        ("words", "in a while", None),
        ("number_and_letter", "7x", None),
        ("negative", "-5", None),
        ("long_number", "9" * 10, None),
        ("far_year", "Thu, 01 Jan 99999 00:00:40 GMT", None),
        ("farther_year", "Thu, 01 Jan 9999999999999 00:00:40 GMT", None),
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


class TestIsTransient(unittest.TestCase):
    """Unit tests of is_transient: is an error worth another try?"""

    @parameterized.expand([
        ("connection", requests.ConnectionError("refused"), True),
        ("timeout", ConnectTimeout(), True),
        ("read_timeout", requests.ReadTimeout(), True),
        ("body", ChunkedEncodingError(), True),
        ("proxy", ProxyError(), True),
        ("tls", SSLError("EOF occurred"), True),
        ("certificate", NO_CERTIFICATE, False),
        ("url", InvalidURL(), False),
        ("gzip", ContentDecodingError(), False),
        ("answer", AnswerError("no JSON"), False),
        ("limit", LimitError(), False),
    ])
    def test_is_transient(
            self, _: str, error: requests.RequestException, expected: bool
            ) -> None:
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
        ("empty", b"", "", b""),
        ("longest", bytes(1000), "", bytes(1000)),
        ("said_to_be_plain", b"{}", "identity", b"{}"),
        ("packed", gzip.compress(bytes(1000)), "GZIP", bytes(1000)),
        ("packed_and_empty", gzip.compress(b""), "gzip", b""),
        ("no_body", b"", "gzip", b""),
    ])
    def test_whole(
            self, _: str, body: bytes, encoding: str, expected: bytes
            ) -> None:
        """The body comes whole, and stays in the response."""
        answer = answer_of(body, encoding)
        self.assertEqual(read_body(answer), expected)
        self.assertEqual(answer.content, expected)
        self.assertIs(type(answer.content), bytes)

    @parameterized.expand([
        ("too_long", bytes(1001), "", AnswerError,
         "host:8 sent over 1,000 bytes"),
        ("packed", gzip.compress(bytes(1001)), "gzip", AnswerError,
         "host:8 sent over 1,000 bytes"),
        ("brotli", b"", "br", AnswerError,
         "host:8 sent an encoding nobody asked for"),
        ("packed_twice", gzip.compress(gzip.compress(b"{}")), "gzip, gzip",
         AnswerError, "host:8 sent an encoding nobody asked for"),
        ("no_gzip", b"{}", "gzip", ContentDecodingError,
         "Error -3 while decompressing data: incorrect header check"),
        ("zlib", zlib.compress(b"{}"), "gzip", ContentDecodingError,
         "Error -3 while decompressing data: incorrect header check"),
        ("two_gzips", gzip.compress(b"{}") * 2, "gzip", ContentDecodingError,
         "it goes on after its end"),
        ("half_a_gzip", gzip.compress(b"{}")[:-1], "gzip",
         ChunkedEncodingError, "the end of the body is missing"),
        ("head_of_a_gzip", gzip.compress(b"{}")[:9], "gzip",
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
    """Return what a session would pass on to be sent, by name."""
    with patch.object(HTTPAdapter, "send", autospec=True,
                      return_value=answer_of()) as send:
        session.request(method, url, **options)
    names = ("adapter", "request", "stream", "timeout", "verify", "cert",
             "proxies")
    return dict(zip(names, send.call_args[0]))


class TestGithubSession(unittest.TestCase):
    """Unit tests of github_session: what it refuses, and what it sends."""

    @parameterized.expand([
        ("empty", ""), ("no_scheme", "api.github.com"),
        ("other_scheme", "ftp://host"), ("no_host", "https://"),
        ("broken", "http://["), ("user", "https://user:sekret@host"),
        ("query", "https://h?q"), ("fragment", "https://h#f"),
    ])
    def test_invalid_api_url(self, _: str, api_url: str) -> None:
        """An API's URL that is not valid is refused, and not quoted."""
        with self.assertRaises(InvalidURL) as caught:
            github_session(None, api_url)
        self.assertEqual(str(caught.exception),
                         "the API's URL must be like https://HOST/api/v3")

    @parameterized.expand([
        ("two words",), ("line\n",), ("\u00fcber",), ("\x7f",),
    ])
    def test_invalid_token(self, token: str) -> None:
        """A token with an impossible character is refused, not quoted."""
        with self.assertRaises(InvalidHeader) as caught:
            github_session(token)
        self.assertEqual(str(caught.exception),
                         "the token contains an invalid character")

    @parameterized.expand([
        ("http://ghe.example/api/v3", "ghe.example"),
        ("http://localhost.example", "localhost.example"),
        ("http://128.0.0.1", "128.0.0.1"),
        ("http://127.foo.bar.com", "127.foo.bar.com"),
        ("http://[::2]", "[::2]"),
    ])
    def test_unencrypted(self, api_url: str, host: str) -> None:
        """A token must not leave this machine unencrypted."""
        with self.assertRaises(InvalidSchema) as caught:
            github_session("sekret", api_url)
        self.assertEqual(
            str(caught.exception),
            f"a token must not go to {host} unencrypted: use https")
        with github_session(None, api_url) as session:
            self.assertNotIn("Authorization", sent(session)["request"].headers)

    @parameterized.expand([
        ("http://localhost:8000", {}), ("http://127.0.0.1:8000", {}),
        ("http://127.1.20.255", {}), ("http://[::1]:8000", {}),
        ("https://ghe.example/api/v3", {"https": "http://proxy"}),
    ])
    def test_token_may_go(self, url: str, proxies: Dict[str, str]) -> None:
        """Encrypted or within this machine it may, and there by no proxy."""
        variables = {"HTTPS_PROXY": "http://proxy", "HTTP_PROXY": "http://b"}
        with patch.dict(os.environ, variables, clear=True):
            with github_session("sekret", url) as session:
                call = sent(session, url)
        self.assertEqual(
            call["request"].headers["Authorization"], "Bearer sekret")
        self.assertEqual(dict(call["proxies"]).get("https"),
                         proxies.get("https"))
        self.assertIs(bool(call["proxies"]), bool(proxies))

    @parameterized.expand([
        ("same", "https://api.github.com/x", "Bearer sekret"),
        ("same_port", "https://api.github.com:443/x", "Bearer sekret"),
        ("same_host", "https://API.GitHub.com/x", "Bearer sekret"),
        ("other_host", "https://example.com/", None),
        ("longer_host", "https://api.github.com.example.com/", None),
        ("subdomain", "https://x.api.github.com/", None),
        ("other_port", "https://api.github.com:8443/", None),
        ("unencrypted", "http://api.github.com/", None),
        ("backslash", "https://example.com\\@api.github.com/", None),
        ("user", "https://api.github.com@example.com/", None),
        ("password", "https://user:password@example.com/", None),
    ])
    def test_origins(
            self, _: str, url: str, expected: Optional[str]) -> None:
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
        self.assertEqual(headers["Accept"], "application/vnd.github+json")
        self.assertEqual(headers["Accept-Encoding"], "gzip")
        self.assertEqual(headers["X-GitHub-Api-Version"], "2022-11-28")
        self.assertRegex(headers["User-Agent"],
                         "^github-org-client python-requests/[0-9]")

    @parameterized.expand([
        ("of_the_session", {}, (5, 30)), ("of_the_caller", {"timeout": 3}, 3),
    ])
    def test_timeout(
            self, _: str, options: Dict[str, Any], expected: Any) -> None:
        """Each request has a timeout: the caller's, or else the session's."""
        with github_session() as session:
            self.assertEqual(sent(session, **options)["timeout"], expected)

    def test_options_reach_the_network(self) -> None:
        """The certificates that a caller names are used."""
        with github_session() as session:
            call = sent(session, verify="a.pem", cert="b.pem", stream=True)
            self.assertIs(call["adapter"], session.get_adapter("http://h"))
        self.assertEqual((call["verify"], call["cert"], call["stream"]),
                         ("a.pem", "b.pem", True))

    @parameterized.expand([("deepcopy", copy.deepcopy), ("copy", copy.copy),
                           ("pickle", pickle.dumps)])
    def test_no_copy(self, name: str, copy_of: Callable[[Any], Any]) -> None:
        """Whatever may hold a token can't be copied, and says so."""
        adapter = GithubAdapter("sekret", API)
        with github_session("sekret") as session:
            client = LiveOrgClient("google", session)
            for original in [adapter, client][:1 if name == "copy" else 2]:
                with self.assertRaisesRegex(TypeError, "copied or pickled"):
                    copy_of(original)

    @parameterized.expand([("POST",), ("PUT",), ("HEAD",)])
    def test_tried_once(self, method: str) -> None:
        """Whatever is not a GET may have had its effect: it is tried once."""
        with github_session() as session, patch.object(
                HTTPAdapter, "send", autospec=True,
                side_effect=requests.ConnectionError) as send:
            with self.assertRaises(requests.ConnectionError) as caught:
                session.request(method, API)
        send.assert_called_once()
        error: Any = caught.exception
        self.assertEqual((error.request.method, error.response),
                         (method, None))


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
        self.meanwhile: Callable[[], Any] = int

    def time(self) -> float:
        """Return the time by this clock."""
        return self.now

    monotonic = time

    def sleep(self, seconds: float) -> None:
        """Move on to the end of the sleep, if it is still to come."""
        self.slept.append(seconds)
        end = self.now + seconds
        meanwhile, self.meanwhile = self.meanwhile, int
        meanwhile()
        self.now = max(self.now, end)


# Keys of a replay's script: patterns of the path and query of a request.
ORG = "/orgs/google$"
FIRST_PAGE = "per_page=100$"
LISTING = "/orgs/google/repos"
QUERY = "?type=public&sort=created&direction=asc&per_page=100"
MANY = numbered_repos(250)  # three pages of up to 100
NAMES = [repo["name"] for repo in MANY]


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

    def targets(self) -> List[str]:
        """Return the paths that were asked for, with their queries."""
        return [asked.target for asked in self.asked]


class TestLiveOrgClient(ReplayTestCase):
    """Integration tests of the client: all public repositories, or an error.

    What the replay does not do by itself comes as the body of an answer.
    """

    def test_public_repos(self) -> None:
        """Two requests give all nine names, and those under a license."""
        client = self.client(self.serve())
        self.assertEqual(client.public_repos(), expected_repos)
        self.assertEqual(client.public_repos("bsl-1.0"), ["cpp-netlib"])
        self.assertEqual(self.targets(), ["/orgs/google", LISTING + QUERY])

    def test_whole_listing(self) -> None:
        """A large organization takes one request per 100 repositories."""
        client = self.client(self.serve(repos=MANY), "sekret")
        self.assertEqual(client.public_repos(), NAMES)
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
        ("braces", "{org}", "%7Borg%7D"),
        ("percent", "%2e%2e", "%252e%252e"),
        ("surrogate", "a\ud800\udcff", "a%ED%A0%80%ED%B3%BF"),
        ("umlaut", "\u00fc", "%C3%BC"),
    ])
    def test_name(self, _: str, name: str, encoded: str) -> None:
        """No name leads to another path: it is percent-encoded."""
        url = self.serve()
        with github_session(None, url) as session:
            with self.assertRaises(requests.HTTPError) as caught:
                LiveOrgClient(name, session, url + "/").org
        self.assertEqual(self.targets(), ["/orgs/" + encoded])
        self.assertEqual(caught.exception.response.status_code, 404)

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
        ("list", []),
        ("null", None),
        ("no_id", {**org_payload, "id": None}),
        ("no_login", {**org_payload, "login": None}),
        ("no_repos_url", {**org_payload, "repos_url": 5}),
        ("no_count", {**org_payload, "public_repos": None}),
    ])
    def test_no_organization(self, _: str, answer: Any) -> None:
        """An answer of another shape is an AnswerError, and not stored."""
        body = json.dumps(answer).encode()
        url = self.serve({ORG: [Fault(body=body)]})
        client = self.client(url)
        with self.assertRaises(AnswerError) as caught:
            client.org
        self.assertEqual(str(caught.exception),
                         f"{url}/orgs/google is not an organization")
        error: Any = caught.exception
        self.assertEqual(
            error.request.url, f"{url}/orgs/google")
        self.assertEqual(client.org["login"], "google")

    @parameterized.expand([
        ("host", "https://elsewhere/repos"), ("broken", "http://["),
        ("port", "http://127.0.0.1:1/repos"),
    ])
    def test_other_origin(self, _: str, repos_url: str) -> None:
        """A listing at another origin is an error that says what to set."""
        body = json.dumps({**org_payload, "repos_url": repos_url}).encode()
        url = self.serve({ORG: [Fault(body=body)]})
        with self.assertRaises(AnswerError) as caught:
            self.client(url, "sekret").repos_payload
        self.assertEqual(
            str(caught.exception), f"the API at {url} refers to {repos_url}; "
            "set GITHUB_API_URL to the API's own address")
        error: Any = caught.exception
        self.assertEqual(
            error.request.url, f"{url}/orgs/google")
        self.assertEqual(self.targets(), ["/orgs/google"])

    @parameterized.expand([
        ("object", {}, " is not a list"),
        ("null", [None], ": item 1 is not a repository"),
        ("second", [repo_of(), {}], ": item 2 is not a repository"),
    ])
    def test_no_listing(self, _: str, answer: Any, why: str) -> None:
        """What is not a list of repositories is an error that says where."""
        url = self.serve({LISTING: [Fault(body=json.dumps(answer).encode())]})
        client = self.client(url)
        with self.assertRaises(AnswerError) as caught:
            client.repos_payload
        self.assertEqual(
            str(caught.exception), f"{url}/orgs/google/repos{why}")
        error: Any = caught.exception
        self.assertEqual(
            error.request.url, f"{url}/orgs/google/repos")
        self.assertEqual(client.public_repos(), expected_repos)

    def test_public_means_public(self) -> None:
        """What says private is left out, whatever the server sends."""
        answer = [repo_of(), repo_of(id=2, private=True),
                  repo_of(id=3, private=False), repo_of(id=4, private=None)]
        body = json.dumps(answer).encode()
        url = self.serve({LISTING: [Fault(body=body)]}, MANY[:3])
        self.assertEqual(
            [repo["id"] for repo in self.client(url).repos_payload],
            [1, 3, 4])

    def test_asked_once_more(self) -> None:
        """If fewer come than GitHub counts, the rest may come the next time.

        Each repository is listed once, as it came last.
        """
        old = {**MANY[1], "name": "old"}
        body = json.dumps([old, old, MANY[2]]).encode()
        url = self.serve({LISTING: [Fault(body=body)]}, MANY[:3])
        with patch.object(live.LOG, "warning", autospec=True) as warning:
            names = self.client(url).public_repos()
        self.assertEqual(names, [NAMES[1], NAMES[2], NAMES[0]])
        self.assertEqual(len(self.asked), 3)
        warning.assert_not_called()

    def test_some_missing(self) -> None:
        """If some are still missing, a warning has both numbers."""
        short = Fault(body=json.dumps(MANY[:2]).encode())
        url = self.serve({LISTING: [short, short]}, MANY[:3])
        with self.assertLogs("live") as logs:
            self.assertEqual(self.client(url).public_repos(), NAMES[:2])
        self.assertEqual(logs.output, [
            "WARNING:live:google: GitHub counts 3 public repositories and "
            "lists 2"])
        self.assertEqual(len(self.asked), 3)

    def test_all_missing(self) -> None:
        """If GitHub counts some and lists none, that is an error."""
        url = self.serve({LISTING: [Fault(body=b"[]")] * 2})
        with self.assertRaises(AnswerError) as caught:
            self.client(url).public_repos()
        self.assertEqual(
            str(caught.exception),
            "google: GitHub counts 9 public repositories and lists 0")
        request: Any = caught.exception.request
        self.assertEqual(request.url, url + LISTING)

    def test_nothing_published(self) -> None:
        """An organization without a repository is asked only once."""
        url = self.serve(repos=[])
        self.assertEqual(self.client(url).public_repos(), [])
        self.assertEqual(len(self.asked), 2)

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
        ("500_once", {page(2): [Fault(500)]}, [0]),
        ("502_html_once", {page(2): [Fault(502, body=b"<html>")]}, [0]),
        ("503_thrice", {page(3): [Fault(503)] * 3}, [0, 1, 2]),
        ("503_that_says_when",
         {page(2): [Fault(503, {"Retry-After": "9"})]}, [9]),
        ("dropped_once", {page(2): [Fault(cut=0)]}, [0]),
        ("cut_thrice", {page(2): [Fault(cut=1000)] * 3}, [0, 1, 2]),
        ("no_http_once", {ORG: [Fault(raw=b"SSH-2.0-OpenSSH\r\n")]}, [0]),
        ("gzip_without_its_end", {ORG: [Fault(
            headers={"Content-Encoding": "gzip"},
            body=gzip.compress(b"{}" * 99)[:-9])]}, [0]),
        ("one_after_the_other", {page(2): [
            Fault(cut=1000), Fault(503), Fault(cut=0)]}, [0, 1, 2]),
        ("limit_403", {ORG: [Fault(403, {"Retry-After": "7"})]}, [7]),
        ("secondary_403", {ORG: [Fault(403, body=SECONDARY)]}, [60]),
        ("secondary_429", {ORG: [Fault(429, body=SECONDARY_PAGE)]}, [60]),
        ("hourly", {ORG: [Fault(403, {
            "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1042"})]},
         [42]),
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
        ("answers", [Fault(500), Fault(502), Fault(503), Fault(504)],
         requests.HTTPError, 504),
        ("connections", [Fault(cut=0)] * 4, requests.ConnectionError, None),
        ("bodies", [Fault(cut=99)] * 4, ChunkedEncodingError, 200),
        ("limits", [Fault(403, {"Retry-After": "1"})] * 4, LimitError, 403),
        ("one_of_each", [Fault(cut=0), Fault(cut=99), Fault(500),
                         Fault(403, {"Retry-After": "1"})], LimitError, 403),
    ])
    def test_four_tries_in_all(
            self, _: str, faults: List[Fault], kind: Any,
            status: Optional[int]) -> None:
        """The fourth try is the last; its error has what there is of it."""
        url = self.serve({ORG: faults})
        with self.assertRaises(kind) as caught:
            self.client(url).org
        self.assertIs(type(caught.exception), kind)
        self.assertEqual(caught.exception.request.url, f"{url}/orgs/google")
        self.assertEqual(
            getattr(caught.exception.response, "status_code", None), status)
        self.assertEqual((len(self.asked), len(self.clock.slept)), (4, 3))

    @parameterized.expand([
        ("endless", Fault(body=repeat(bytes(100))), AnswerError, 200),
        ("endless_error", Fault(404, body=repeat(bytes(100))),
         AnswerError, 404),
        ("not_found", Fault(404), requests.HTTPError, 404),
        ("single_sign_on", Fault(403, {
            **SINGLE_SIGN_ON, "X-RateLimit-Remaining": "0"}),
         requests.HTTPError, 403),
        ("hourly", Fault(403, {
            "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1061"}),
         LimitError, 403),
    ])
    def test_tried_once(
            self, _: str, fault: Fault, kind: Any, status: int) -> None:
        """What another try does not mend is an error at once."""
        url = self.serve({ORG: [fault]})
        with patch("live.MAX_BODY", 1000):
            with self.assertRaises(requests.RequestException) as caught:
                self.client(url).org
        error: Any = caught.exception
        self.assertIs(type(error), kind)
        self.assertEqual(error.response.status_code, status)
        self.assertEqual(error.request.url, f"{url}/orgs/google")
        self.assertEqual((len(self.asked), self.clock.slept), (1, []))
        if kind is LimitError:
            self.assertEqual(error.resets_at, 1061)

    def test_certificate(self) -> None:
        """A certificate that can't be verified is not tried again."""
        with github_session() as session, patch.object(
                HTTPAdapter, "send", autospec=True,
                side_effect=NO_CERTIFICATE) as send:
            with self.assertRaises(SSLError):
                session.get(API)
        send.assert_called_once()

    def test_no_request_during_a_limit(self) -> None:
        """While one request waits for a limit, the session sends no other.

        The other begins when the first one starts to sleep.
        """
        url = self.serve({ORG: [Fault(403, {"Retry-After": "42"})]})
        client = self.client(url)
        self.clock.meanwhile = lambda: client.session.get(url + "/other")
        client.org
        self.assertEqual(
            self.targets(), ["/orgs/google", "/other", "/orgs/google"])
        self.assertEqual(self.times, [1000, 1042, 1042])

    def test_other_request_after_an_error(self) -> None:
        """While one request waits after a 503, others may be sent."""
        url = self.serve({ORG: [Fault(503, {"Retry-After": "42"})]})
        client = self.client(url)
        self.clock.meanwhile = lambda: client.session.get(url + "/other")
        client.org
        self.assertEqual(self.times, [1000, 1000, 1042])

    def test_longest_pause_counts(self) -> None:
        """A shorter limit does not end the pause of a longer one.

        The longer one is met by another request while this one is answered.
        """
        adapters: List[Any] = []

        def on_request(asked: Asked) -> None:
            """Have the session pause for 42 seconds in all."""
            adapters[0].paused_until = 1042
            self.note(asked)

        script = {ORG: [Fault(403, {"Retry-After": "7"})]}
        with replay(script, on_request=on_request) as url:
            client = self.client(url)
            adapters.append(client.session.get_adapter(url))
            client.org
        self.assertEqual(self.times, [1000, 1042])

    def test_pause_that_just_ends(self) -> None:
        """If the pause ends while its rest is computed, none is slept."""
        with github_session() as session:
            adapter: Any = session.get_adapter(API)
            adapter.paused_until = self.clock.now + 1
            times = iter([0.9, 1.1, 1.2])
            with patch.object(self.clock, "monotonic", autospec=True,
                              side_effect=lambda: 1000 + next(times)):
                sent(session)
        self.assertEqual(self.clock.slept, [0])

    @parameterized.expand([
        ("body", Fault(cut=10), 200, []), ("status", Fault(503), 200, [0]),
        ("limit", Fault(403, body=SECONDARY), 200, [60]),
    ])
    def test_stream(
            self, _: str, fault: Fault, status: int, slept: List[float]
            ) -> None:
        """With stream=True the body is left to the caller, but not errors."""
        url = self.serve({ORG: [fault]})
        with github_session(None, url) as session:
            answer = session.get(url + "/orgs/google", stream=True)
            self.assertEqual(answer.raw.read(10), b'{"login": ')
            answer.close()
        self.assertEqual(self.clock.slept, slept)

    def test_send(self) -> None:
        """The adapter's send takes what requests' own takes, by position."""
        url = self.serve()
        request = requests.Request("GET", url + "/orgs/google").prepare()
        with github_session(None, url) as session:
            answer = session.get_adapter(url).send(request, False, 5)
        self.assertEqual(answer.json()["login"], "google")

    def test_answer_that_stalls(self) -> None:
        """A body that stops arriving is tried again."""
        release = threading.Event()

        def stall() -> Iterator[bytes]:
            """Begin a body, and go on when the test is done."""
            yield b"{"
            release.wait(timeout=10)

        url = self.serve({ORG: [Fault(body=stall())]})
        self.stack.callback(release.set)
        with patch("live.CONNECT_AND_READ", (5, 0.05)):
            self.assertEqual(self.client(url).org["login"], "google")
        self.assertEqual(self.clock.slept, [0])


if __name__ == "__main__":
    unittest.main()
