#!/usr/bin/env python3
"""Tests of live: the pure functions, the session, the client, and all of it.

Tables of the pure functions come first. Below the session a double of a
transport stands for the network, below the client a double of fetch_pages.
A replay is below both. No clock here really waits.
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
from unittest.mock import (
    ANY, MagicMock, Mock, call, create_autospec, patch)

import requests
import urllib3
from parameterized import param, parameterized
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.exceptions import (
    ChunkedEncodingError, ContentDecodingError, InvalidHeader, InvalidSchema,
    InvalidURL, SSLError)

from fixtures import org_payload, repos_payload
from audit.live import (
    MAX_BODY, LimitError, LiveOrgClient, Pause, github_session, has_no_text,
    is_repository, is_transient, license_text_on, read_body, seconds_to_wait)
from audit.pages import AnswerError, Page
from audit.replay import Asked, Fault, numbered_repos, replay

API = "https://api.github.com"
ORG = f"{API}/orgs/google"
REPOS = f"{ORG}/repos"
PROXY = {"http": "http://proxy", "https": "http://proxy"}
REFUSED = requests.ConnectionError("refused")
AFTER_7 = {"Retry-After": "7"}
CUT = {"Content-Length": "3"}  # of an answer whose body is b"{}"
SECONDARY = b'{"message": "You have exceeded a secondary rate limit."}'
SMALLEST = {"id": 1, "name": "a", "full_name": "o/a"}
MANY = numbered_repos(250)  # three pages of up to 100
NAMES = [repo["name"] for repo in MANY]
TEXT = f"{API}/repos/google/a/license"
FILE = {"content": "TUlU\n", "encoding": "base64", "path": "LICENSE",
        "html_url": "https://github.com/google/a/blob/main/LICENSE"}
COUNTED = {**org_payload, "public_repos": 3}
ARRIVED = requests.Response()


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
        ("smallest", {}),
        ("recorded", repos_payload[0]),
        ("every_letter_of_a_name", {"full_name": "o-1/.a_b-2."}),
        ("names_that_begin_with_points", {"full_name": "..o/..."}),
        ("null_wherever_it_may_be", dict.fromkeys([
            "private", "fork", "archived", "language", "license",
            "stargazers_count", "pushed_at", "html_url"])),
        ("license_of_null", {"license": {"key": None, "spdx_id": None}}),
        ("license_of_nothing", {"license": {}}),
    ])
    def test_repository(self, _: str, fields: Dict[str, Any]) -> None:
        """What GitHub may send is a repository."""
        self.assertIs(is_repository({**SMALLEST, **fields}), True)

    @parameterized.expand([
        ("id_null", {"id": None}),
        ("name_null", {"name": None}),
        ("name_of_two_lines", {"name": "a\nb"}),
        ("full_name_null", {"full_name": None}),
        ("full_name_without_owner", {"full_name": "a"}),
        ("full_name_with_blank", {"full_name": "o/a b"}),
        ("full_name_of_three_parts", {"full_name": "o/a/b"}),
        ("full_name_without_name", {"full_name": "o/"}),
        ("full_name_with_empty_owner", {"full_name": "/a"}),
        ("full_name_with_line_break", {"full_name": "o/a\n"}),
        ("owner_is_a_step", {"full_name": "../a"}),
        ("owner_is_this_step", {"full_name": "./a"}),
        ("name_is_a_step", {"full_name": "o/.."}),
        ("name_is_this_step", {"full_name": "o/."}),
        ("private_is_a_number", {"private": 1}),
        ("fork_is_text", {"fork": "yes"}),
        ("archived_is_a_number", {"archived": 0}),
        ("language_of_two_lines", {"language": "a\nb"}),
        ("stars_are_text", {"stargazers_count": "5"}),
        ("pushed_at_is_a_number", {"pushed_at": 5}),
        ("html_url_moves_the_cursor", {"html_url": "\x1b[31m"}),
        ("license_is_text", {"license": "mit"}),
        ("license_key_is_a_number", {"license": {"key": 5}}),
        ("spdx_id_of_two_lines", {"license": {"spdx_id": "a\nb"}}),
    ])
    def test_wrong_field(self, _: str, field: Dict[str, Any]) -> None:
        """A field of another type, or that can't be printed, is refused."""
        self.assertIs(is_repository({**SMALLEST, **field}), False)


class TestLicenseTextOn(unittest.TestCase):
    """Unit tests of license_text_on: a license's file, as GitHub sends it."""

    @parameterized.expand([
        ("one_line", "TUlU"),
        ("two_lines", "TUl\nU\n"),
        ("lines_of_windows", "TUlU\r\nTUk=\r\n"),
        ("padding", "TQ=="),
        ("empty", ""),
    ])
    def test_text(self, _: str, content: str) -> None:
        """A file with a text in base64 comes as it is."""
        file = {**FILE, "content": content}
        self.assertIs(license_text_on(Page(file, TEXT, "")), file)

    def test_any_path(self) -> None:
        """The path may have any characters: a file can have any name."""
        file = {**FILE, "path": "LICENSE\u200b\n"}
        self.assertIs(license_text_on(Page(file, TEXT, "")), file)

    def test_large_file(self) -> None:
        """A file that comes without its text has none."""
        file = {**FILE, "encoding": "none", "content": ""}
        self.assertIsNone(license_text_on(Page(file, TEXT, "")))

    @parameterized.expand([
        ("list", [FILE]),
        ("no_encoding", {**FILE, "encoding": None}),
        ("no_address", {**FILE, "html_url": None}),
        ("address_of_two_lines", {**FILE, "html_url": "a\nb"}),
        ("no_path", {**FILE, "path": None}),
    ])
    def test_no_file(self, _: str, document: Any) -> None:
        """What has another shape than a file is an error."""
        with self.assertRaises(AnswerError) as caught:
            license_text_on(Page(document, TEXT, "", ARRIVED))
        self.assertEqual(
            str(caught.exception), f"{TEXT} is not the file of a license")
        self.assertIs(caught.exception.response, ARRIVED)

    @parameterized.expand([
        ("null", None),
        ("a_digit_is_missing", "TUl"),
        ("too_much_padding", "T==="),
        ("padding_in_the_middle", "TQ==TUlU"),
        ("no_digit", "TUl!"),
        ("blank", "TUlU TUlU"),
        ("digit_of_another_script", "TUl\u0661"),
    ])
    def test_broken_text(self, _: str, content: Any) -> None:
        """A text that can't be decoded is an error."""
        with self.assertRaises(AnswerError) as caught:
            license_text_on(
                Page({**FILE, "content": content}, TEXT, "", ARRIVED))
        self.assertEqual(
            str(caught.exception), f"{TEXT} has a text that is not base64")
        self.assertIs(caught.exception.response, ARRIVED)


class TestHasNoText(unittest.TestCase):
    """Unit tests of has_no_text: which errors mean that there is none."""

    @parameterized.expand([
        ("not_found", 404, b""),
        ("taken_down", 451, b""),
        ("blocked", 403, b'{"message": "Blocked", "block": {}}'),
    ])
    def test_no_text(self, _: str, status: int, body: bytes) -> None:
        """GitHub has no text of a file that it can't show to anybody."""
        self.assertIs(has_no_text(answer_of(status, {}, body)), True)

    @parameterized.expand([
        ("forbidden", 403, b'{"message": "Forbidden"}'),
        ("forbidden_without_json", 403, b"<html>"),
        ("forbidden_with_a_list", 403, b'["block"]'),
        ("unauthorized", 401, b'{"block": {}}'),
        ("gone", 410, b""),
        ("server_error", 500, b""),
    ])
    def test_other_error(self, _: str, status: int, body: bytes) -> None:
        """Of any other error nothing is known."""
        self.assertIs(has_no_text(answer_of(status, {}, body)), False)


class TestSecondsToWait(unittest.TestCase):
    """Unit tests of seconds_to_wait: now it is 1000, the backoff 0.5 s."""

    @parameterized.expand([
        ("success", 200, AFTER_7),
        ("not_found", 404, AFTER_7),
        ("not_implemented", 501, {}),
        ("server_error_that_lasts", 503, {"Retry-After": "61"}),
        ("forbidden", 403, {"X-RateLimit-Remaining": "10"}),
        ("single_sign_on", 403, {**hourly(1001), "X-GitHub-SSO": "a"}),
    ])
    def test_no_other_try(
            self, _: str, status: int, headers: Dict[str, str]) -> None:
        """An answer that another try would not mend is returned."""
        self.assertIsNone(
            seconds_to_wait(status, headers, b"\xff", 0.5, 1000))

    @parameterized.expand([
        ("server_error", 500, {}, 0.5),
        ("server_error_until_some_time", 502, {"Retry-After": "soon"}, 0.5),
        ("server_error_until_the_past", 504, {"Retry-After": "-5"}, 0.5),
        ("server_error_of_ten_digits", 503, {"Retry-After": "9" * 10}, 0.5),
        ("server_error_that_is_over", 503, {"Retry-After": "0"}, 0),
        ("server_error_of_a_minute", 503, {"Retry-After": "60"}, 60),
        ("limit_that_is_over", 429, {"Retry-After": "0"}, 0),
        ("limit_of_a_minute", 403, {"Retry-After": "60"}, 60),
        ("limit_until_some_time", 403, {"Retry-After": "?"}, 60),
        ("too_many_requests", 429, {}, 60),
        ("hourly_limit", 403, hourly(1060), 60),
        ("hourly_limit_that_is_over", 403, hourly(990), 1),
        ("hourly_limit_with_retry_after", 403,
         {**hourly(9999), **AFTER_7}, 7),
        param("secondary_limit", 403, {}, 60, body=SECONDARY),
        param("secondary_limit_by_its_page", 403, {}, 60,
              body=b"/about-secondary-rate-limits"),
        param("secondary_limit_by_its_old_name", 403, {}, 60,
              body=b"an Abuse Detection mechanism"),
    ])
    def test_wait(self, _: str, status: int, headers: Dict[str, str],
                  seconds: float, body: bytes = b"") -> None:
        """What passes soon is waited for."""
        self.assertEqual(
            seconds_to_wait(status, headers, body, 0.5, 1000), seconds)

    @parameterized.expand([
        ("resets_too_late", hourly(1061), 1061),
        ("resets_at_some_time", hourly("soon"), None),
        ("resets_at_eleven_digits", hourly("1" * 11), None),
        ("retry_after_is_too_long", {"Retry-After": "61"}, 1061),
        param("last_try", {}, None, backoff=None),
        param("last_try_with_retry_after", AFTER_7, 1007, backoff=None),
    ])
    def test_limit_error(
            self, _: str, headers: Dict[str, str], resets_at: Optional[float],
            backoff: Optional[float] = 0.5) -> None:
        """A limit that can't be waited for is an error that says its end."""
        with self.assertRaises(LimitError) as caught:
            seconds_to_wait(429, headers, b"", backoff, 1000)
        self.assertEqual(caught.exception.resets_at, resets_at)


class TestLimitError(unittest.TestCase):
    """Unit tests of LimitError: its message, and how it travels."""

    @patch.dict(os.environ, TZ="JST-9")
    def test_end_is_known(self) -> None:
        """The message says in UTC when the limit ends."""
        self.addCleanup(time.tzset)
        time.tzset()
        self.assertEqual(
            str(LimitError(0)), "GitHub's rate limit is reached; it resets "
            "at 1970-01-01 00:00:00 UTC")

    def test_end_is_not_known(self) -> None:
        """Without an end the message says how long to wait at least."""
        self.assertEqual(
            str(LimitError()),
            "GitHub's rate limit is reached; wait at least a minute")

    def test_pickle(self) -> None:
        """It can be passed to another process."""
        error = pickle.loads(pickle.dumps(LimitError()))
        self.assertIsInstance(error, LimitError)
        self.assertIsNone(error.response)


class TestIsTransient(unittest.TestCase):
    """Unit tests of is_transient: which errors are worth another try."""

    @parameterized.expand([
        ("connection", REFUSED),
        ("timeout", requests.ReadTimeout()),
        ("encryption", SSLError()),
        ("broken_off", ChunkedEncodingError()),
        ("host_called_certificate",
         requests.ConnectionError("certificate.example: refused")),
    ])
    def test_transient(
            self, _: str, error: requests.RequestException) -> None:
        """The network may recover."""
        self.assertIs(is_transient(error), True)

    @parameterized.expand([
        ("url", InvalidURL()),
        ("certificate", SSLError("CERTIFICATE_VERIFY_FAILED")),
        ("limit", LimitError()),
        ("broken_gzip", ContentDecodingError()),
        ("answer", AnswerError("not JSON")),
    ])
    def test_not_transient(
            self, _: str, error: requests.RequestException) -> None:
        """Answers and certificates do not recover."""
        self.assertIs(is_transient(error), False)


@patch("audit.live.MAX_BODY", 1000)
class TestReadBody(unittest.TestCase):
    """Unit tests of read_body: 1000 bytes at most, unpacked here."""

    @parameterized.expand([
        ("plain", bytes(1000), "", bytes(1000)),
        ("identity", bytes(1000), "identity", bytes(1000)),
        ("gzip", gzip.compress(bytes(1000)), "GZIP", bytes(1000)),
        ("empty", b"", "gzip", b""),
    ])
    def test_whole(
            self, _: str, sent: bytes, encoding: str, body: bytes) -> None:
        """The body comes whole, and stays in the response."""
        answer = answer_of(200, {"Content-Encoding": encoding}, sent)
        self.assertEqual(read_body(answer), body)
        self.assertEqual(answer.content, body)

    @parameterized.expand([
        ("too_long", bytes(1001), "", AnswerError,
         "host:8 sent over 1,000 bytes"),
        ("too_long_unpacked", gzip.compress(bytes(1001)), "gzip", AnswerError,
         "host:8 sent over 1,000 bytes"),
        ("unknown_encoding", b"", "br", AnswerError,
         "host:8 sent an encoding nobody asked for"),
        ("not_gzip", zlib.compress(b"{}"), "gzip", ContentDecodingError,
         "Error -3 while decompressing data: incorrect header check"),
        ("two_of_gzip", gzip.compress(b"{}") * 2, "gzip",
         ContentDecodingError, "it goes on after its end"),
        ("half_of_gzip", gzip.compress(b"{}")[:-1], "gzip",
         ChunkedEncodingError, "the end of the body is missing"),
    ])
    def test_refused(self, _: str, sent: bytes, encoding: str, kind: Any,
                     why: str) -> None:
        """A body that is too long, broken or unknown is an error."""
        answer = answer_of(200, {"Content-Encoding": encoding}, sent)
        with self.assertRaises(kind) as caught:
            read_body(answer)
        self.assertEqual(str(caught.exception), why)
        self.assertTrue(answer.raw.closed)

    def test_bound(self) -> None:
        """Outside of these tests, the bound is 64 MiB."""
        self.assertEqual(MAX_BODY, 67108864)

    def test_bomb(self) -> None:
        """What is packed is not unpacked further than the bound."""
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


class TestPause(unittest.TestCase):
    """Unit tests of Pause: it lasts as long as the longest that was set."""

    def setUp(self) -> None:
        """Put a double in place of the clock, and make a pause."""
        self.clock = Clock()
        patcher = patch("audit.live.time", self.clock)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.pause = Pause()

    @parameterized.expand([
        ("none", [], []),
        ("of_nothing", [0], []),
        ("one", [7], [7]),
        ("longer_one_later", [7, 60], [60]),
        ("shorter_one_later", [60, 7], [60]),
    ])
    def test_wait(self, _: str, pauses: List[float],
                  slept: List[float]) -> None:
        """Of several pauses the longest is waited for."""
        for seconds in pauses:
            self.pause.extend(seconds)
        self.pause.wait()
        self.assertEqual(self.clock.slept, slept)

    def test_it_is_over(self) -> None:
        """Once it has been waited for, it is not waited for again."""
        self.pause.extend(7)
        self.pause.wait()
        self.pause.wait()
        self.assertEqual(self.clock.slept, [7])

    def test_longer_while_somebody_waits(self) -> None:
        """Who waits for it goes on waiting if it becomes longer."""
        self.clock.meanwhile = lambda: self.pause.extend(60)
        self.pause.extend(42)
        self.pause.wait()
        self.assertEqual(self.clock.slept, [42, 18])

    def test_two_threads(self) -> None:
        """A longer pause that another thread sets just before is kept."""
        with patch("audit.live.Lock", MagicMock()) as make_lock:
            pause = Pause()
        lock = make_lock.return_value

        def wait_for_turn() -> None:
            """Let another thread have its turn first."""
            lock.__enter__.side_effect = None
            pause.extend(60)

        lock.__enter__.side_effect = wait_for_turn
        pause.extend(7)
        pause.wait()
        self.assertEqual(self.clock.slept, [60])


class TestGithubSession(unittest.TestCase):
    """Unit tests of github_session: what it refuses, and what it takes."""

    @parameterized.expand([
        ("no_scheme", "api.github.com"),
        ("empty", ""),
        ("other_scheme", "ftp://host"),
        ("no_host", "https://"),
        ("query", "https://h?sekret"),
        ("fragment", "https://h#sekret"),
        ("password", "https://user:sekret@host"),
    ])
    def test_refused_url(self, _: str, api_url: str) -> None:
        """An API's URL of another form is an error, and is not shown."""
        with self.assertRaises(InvalidURL) as caught:
            github_session(None, api_url)
        self.assertEqual(
            str(caught.exception), "the API's URL (GITHUB_API_URL) must be "
            "like https://HOST/api/v3")

    @parameterized.expand([
        ("blank", "sekret words"),
        ("line_break", "sekret\n"),
        ("control_character", "sekret\x7f"),
    ])
    def test_refused_token(self, _: str, token: str) -> None:
        """A token that fits no header is an error, and is not shown."""
        with self.assertRaises(InvalidHeader) as caught:
            github_session(token)
        self.assertEqual(
            str(caught.exception), "the token (GH_TOKEN or GITHUB_TOKEN) "
            "contains an invalid character")

    @parameterized.expand([
        ("name", "ghe.example"),
        ("name_like_loopback", "localhost.example"),
        ("name_of_digits", "127.foo.bar.com"),
        ("address", "128.0.0.1"),
        ("address_6", "[::2]"),
    ])
    def test_unencrypted(self, _: str, host: str) -> None:
        """A token for a host that it would reach unencrypted is an error."""
        with self.assertRaises(InvalidSchema) as caught:
            github_session("sekret", f"http://{host}/api/v3")
        self.assertEqual(
            str(caught.exception),
            f"a token must not go to {host} unencrypted: use https")

    @parameterized.expand([
        ("deepcopy", copy.deepcopy), ("pickle", pickle.dumps)])
    def test_no_copy(self, _: str, copy_of: Callable[[Any], Any]) -> None:
        """What may hold a token can't be copied, and says so."""
        client = LiveOrgClient("google", github_session("sekret"))
        with self.assertRaises(TypeError) as caught:
            copy_of(client)
        self.assertEqual(
            str(caught.exception),
            "what may hold a token can't be copied or pickled")

    def test_transport(self) -> None:
        """It sends by the HTTPAdapter of requests, and closes it."""
        with patch("audit.live.HTTPAdapter", autospec=True) as make:
            make.return_value.send.return_value = answer_of()
            with github_session() as session:
                session.get(API)
        make.return_value.send.assert_called_once()
        make.return_value.close.assert_called_with()


class TestGithubAdapter(unittest.TestCase):
    """Unit tests of the session's adapter: what it sends, and how often.

    The machine has a proxy, and a .netrc with a password for every host.
    """

    def setUp(self) -> None:
        """Put doubles in place of the clock and of what sends."""
        self.addCleanup(patch.stopall)
        patch.dict(os.environ, {
            "http_proxy": "http://proxy", "https_proxy": "http://proxy"},
            clear=True).start()
        patch("requests.sessions.get_netrc_auth",
              lambda _: ("user", "sekret")).start()
        self.clock = Clock()
        patch("audit.live.time", self.clock).start()
        self.transport = create_autospec(BaseAdapter, instance=True)
        self.transport.send.return_value = answer_of()
        self.session = self.session_for(API)

    def session_for(
            self, api_url: str, token: Optional[str] = "sekret"
            ) -> requests.Session:
        """Return a session that sends by the double."""
        return github_session(token, api_url, transport=self.transport)

    def sent(self) -> Any:
        """Return the request that was sent last."""
        return self.transport.send.call_args[0][0]

    def redirect(self, api_url: str, url: str) -> requests.Response:
        """Request an API's URL that redirects to a URL; return the answer."""
        self.transport.send.side_effect = [
            answer_of(301, {"Location": url}), answer_of()]
        return self.session_for(api_url).get(api_url)

    @parameterized.expand([
        ("localhost", "http://localhost:8000", "http://localhost:8000"),
        ("loopback", "http://127.1.20.255", "http://127.1.20.255"),
        ("loopback_6", "http://[::1]:8000", "http://[::1]:8000"),
        ("case_and_port", "https://ghe.localhost",
         "https://GHE.localhost:443"),
    ])
    def test_token(self, _: str, api_url: str, url: str) -> None:
        """A redirect within the API's origin carries the token."""
        answer = self.redirect(api_url, url)
        self.assertEqual(self.sent().headers["Authorization"],
                         "Bearer sekret")
        self.assertEqual(answer.request.headers["Authorization"],
                         "Bearer [hidden]")

    @parameterized.expand([
        ("host", "https://localhost.example"),
        ("scheme", "http://api.github.com"),
        ("port", "https://api.github.com:8443"),
        ("user", "https://api.github.com@example.com"),
    ])
    def test_no_token(self, _: str, url: str) -> None:
        """A redirect to another origin carries no Authorization at all."""
        answer = self.redirect(API, url)
        self.assertNotIn("Authorization", self.sent().headers)
        self.assertNotIn("Authorization", answer.request.headers)

    @parameterized.expand([
        ("localhost", "http://localhost:8000", {}),
        ("loopback", "http://127.1.20.255", {}),
        ("loopback_6", "http://[::1]:8000", {}),
        ("name_like_loopback", "https://localhost.example", PROXY),
        ("name_below_localhost", "https://ghe.localhost", PROXY),
    ])
    def test_proxies(
            self, _: str, url: str, proxies: Dict[str, str]) -> None:
        """A proxy is used, but not within this machine."""
        self.redirect(API, url)
        self.assertEqual(self.transport.send.call_args[0][5], proxies)

    def test_headers(self) -> None:
        """Each request has the headers that GitHub recommends."""
        url = "http://ghe.example/api/v3"
        self.session_for(url, None).get(url)
        headers = self.sent().headers
        self.assertRegex(headers.pop("User-Agent"),
                         "^github-org-client python-requests/[0-9]")
        self.assertEqual(dict(headers), {
            "Accept": "application/vnd.github+json",
            "Accept-Encoding": "gzip", "Connection": "keep-alive",
            "X-GitHub-Api-Version": "2022-11-28"})

    @parameterized.expand([
        ("none", {}, [False, (5, 30), True, None, None]),
        ("all", {"stream": True, "timeout": 3, "verify": "a.pem",
                 "cert": "b.pem", "proxies": PROXY},
         [True, 3, "a.pem", "b.pem", PROXY]),
    ])
    def test_options(
            self, _: str, options: Dict[str, Any], passed_on: List[Any]
            ) -> None:
        """The options are HTTPAdapter's, and are passed on."""
        request = requests.Request("GET", API).prepare()
        self.session.get_adapter(API).send(request, **options)
        self.transport.send.assert_called_once_with(ANY, *passed_on)

    @parameterized.expand([("whole", False), ("streamed", True)])
    def test_body(self, _: str, stream: bool) -> None:
        """The body is read at once, unless it is to be streamed."""
        answer = self.session.get(API, stream=stream)
        self.assertIs(answer.raw.closed, not stream)

    def test_body_of_a_streamed_error(self) -> None:
        """Of an error the body is read though it is to be streamed."""
        self.transport.send.side_effect = [
            answer_of(403, {}, SECONDARY), answer_of()]
        self.session.get(API, stream=True)
        self.assertEqual(self.clock.slept, [60])

    @parameterized.expand([
        ("hourly_limit", [answer_of(403, hourly(1042)), answer_of()],
         200, [42]),
        ("whatever_may_recover",
         [REFUSED, answer_of(503), requests.ReadTimeout(), answer_of(404)],
         404, [0, 1, 2]),
        ("server_error_at_last", [*[REFUSED] * 3, answer_of(503, AFTER_7)],
         503, [0, 1, 2]),
        ("forbidden_at_last", [*[REFUSED] * 3, answer_of(403)],
         403, [0, 1, 2]),
    ])
    def test_answer(self, _: str, outcomes: List[Any], status: int,
                    waits: List[float]) -> None:
        """A GET is tried up to four times, until there is an answer."""
        self.transport.send.side_effect = outcomes
        self.assertEqual(self.session.get(API).status_code, status)
        self.assertEqual(self.clock.slept, waits)

    @parameterized.expand([
        ("refused_four_times", [REFUSED] * 4, requests.ConnectionError,
         [0, 1, 2]),
        ("limit_at_last", [REFUSED, answer_of(200, CUT), answer_of(500),
                           answer_of(403, AFTER_7)], LimitError, [0, 1, 2]),
        ("what_does_not_recover", [answer_of(404, {"Content-Encoding": "br"})],
         AnswerError, []),
        param("delete", [REFUSED], requests.ConnectionError, [],
              method="DELETE"),
        param("post", [REFUSED], requests.ConnectionError, [], method="POST"),
    ])
    def test_error(self, _: str, outcomes: List[Any], kind: Any,
                   waits: List[float], method: str = "GET") -> None:
        """A GET is tried up to four times, anything else once."""
        self.transport.send.side_effect = outcomes
        with self.assertRaises(kind):
            self.session.request(method, API)
        self.assertEqual(self.clock.slept, waits)

    def test_error_without_answer(self) -> None:
        """An error has its request; what arrived earlier is not its answer."""
        self.transport.send.side_effect = [answer_of(500), *[REFUSED] * 3]
        with self.assertRaises(requests.ConnectionError) as caught:
            self.session.get(API)
        request: Any = caught.exception.request
        self.assertEqual(request.headers["Authorization"], "Bearer [hidden]")
        self.assertIsNone(caught.exception.response)

    def test_error_with_answer(self) -> None:
        """An error that an answer led to has this answer."""
        limit = answer_of(403, hourly(9999))
        self.transport.send.side_effect = [answer_of(500), limit]
        with self.assertRaises(LimitError) as caught:
            self.session.get(API)
        self.assertIs(caught.exception.response, limit)
        request: Any = caught.exception.request
        self.assertEqual(request.headers["Authorization"], "Bearer [hidden]")

    def test_wait_is_announced(self) -> None:
        """Before each wait the callback gets the number of its seconds."""
        on_wait = Mock(side_effect=lambda seconds: self.assertEqual(
            self.clock.slept, []))
        self.transport.send.side_effect = [
            answer_of(403, {}, SECONDARY), answer_of()]
        github_session(
            None, API, on_wait, transport=self.transport).get(API)
        on_wait.assert_called_once_with(60)

    def test_wait_is_logged(self) -> None:
        """Without a callback, the log says how long a wait is."""
        self.transport.send.side_effect = [
            answer_of(503, AFTER_7), answer_of()]
        with self.assertLogs("live") as logs:
            self.session.get(API)
        self.assertEqual(
            logs.output, ["INFO:live:waiting 7 s before the next try"])


class TestFromEnvironment(unittest.TestCase):
    """Unit tests of a client's session: by the environment, and its end."""

    def setUp(self) -> None:
        """Put a double in place of what makes a session."""
        patcher = patch("audit.live.github_session", autospec=True)
        self.make_session = patcher.start()
        self.addCleanup(patcher.stop)

    @parameterized.expand([
        ("nothing", {}, None, API),
        ("empty_token", {"GITHUB_TOKEN": ""}, None, API),
        ("second_token", {"GH_TOKEN": "", "GITHUB_TOKEN": "two",
                          "GITHUB_API_URL": ""}, "two", API),
        ("all", {"GH_TOKEN": "one", "GITHUB_TOKEN": "two",
                 "GITHUB_API_URL": "https://ghe"}, "one", "https://ghe"),
    ])
    def test_variables(self, _: str, environ: Dict[str, str],
                       token: Optional[str], api_url: str) -> None:
        """The variables name the token and the API."""
        with patch.dict(os.environ, environ, clear=True):
            client = LiveOrgClient.from_environment("google")
        self.make_session.assert_called_once_with(token, api_url)
        self.assertEqual(client.api_url, api_url)

    def test_session_of_its_own(self) -> None:
        """A session that the client has made is closed with it."""
        session = self.make_session.return_value
        with LiveOrgClient.from_environment("google"):
            session.close.assert_not_called()
        session.close.assert_called_once_with()

    def test_session_of_others(self) -> None:
        """A session that the client was given stays open."""
        session = self.make_session.return_value
        with LiveOrgClient("google", session):
            pass
        session.close.assert_not_called()


class TestLiveOrgClient(unittest.TestCase):
    """Unit tests of the client: all public repositories, or an error."""

    def setUp(self) -> None:
        """Put a double in place of fetch_pages, and make a client."""
        patcher = patch("audit.live.fetch_pages", autospec=True)
        self.fetch_pages = patcher.start()
        self.addCleanup(patcher.stop)
        self.session = create_autospec(requests.Session, instance=True)
        self.on_page = Mock()
        self.client = LiveOrgClient(
            "google", self.session, API + "/", on_page=self.on_page)

    def test_org(self) -> None:
        """The organization is what its name leads to."""
        self.fetch_pages.return_value = arrived(org_payload)
        self.assertIs(self.client.org, org_payload)
        self.fetch_pages.assert_called_once_with(
            self.session, f"{API}/orgs/google", workers=1)

    def test_name(self) -> None:
        """No name leads to another path: it is percent-encoded."""
        self.fetch_pages.return_value = arrived(org_payload)
        LiveOrgClient("../a?b#c%2e", self.session).org
        self.fetch_pages.assert_called_once_with(
            self.session, f"{API}/orgs/..%2Fa%3Fb%23c%252e", workers=1)

    @parameterized.expand([("this_step", "."), ("step_up", "..")])
    def test_name_that_is_a_step(self, _: str, name: str) -> None:
        """An organization can't be called . or .., a step in a path."""
        with self.assertRaises(InvalidURL) as caught:
            LiveOrgClient(name, self.session).org
        self.assertEqual(
            str(caught.exception), f"{name} can't name an organization")

    @parameterized.expand([
        ("id_is_a_list", {**COUNTED, "id": []}),
        ("login_is_a_list", {**COUNTED, "login": []}),
        ("repos_url_is_a_list", {**COUNTED, "repos_url": []}),
        ("public_repos_is_a_list", {**COUNTED, "public_repos": []}),
        ("list", []),
    ])
    def test_no_organization(self, _: str, document: Any) -> None:
        """What has another shape than an organization is an error."""
        self.fetch_pages.return_value = arrived(document, ORG)
        with self.assertRaises(AnswerError) as caught:
            self.client.org
        self.assertEqual(
            str(caught.exception), f"{ORG} is not an organization")
        self.assertIs(caught.exception.response, ARRIVED)

    @parameterized.expand([
        ("host", "https://elsewhere/repos"),
        ("invalid", "http://["),
        ("scheme", "http://api.github.com/"),
    ])
    def test_repositories_elsewhere(self, _: str, url: str) -> None:
        """A list of repositories at another origin is an error."""
        self.fetch_pages.return_value = arrived(
            {**COUNTED, "repos_url": url}, ORG)
        with self.assertRaises(AnswerError) as caught:
            self.client.org
        self.assertEqual(
            str(caught.exception), f"the API at {API} refers to {url}; set "
            "GITHUB_API_URL to the API's own address")
        self.assertIs(caught.exception.response, ARRIVED)

    @parameterized.expand([
        ("document", {}, ""),
        ("list_with_null", [SMALLEST, None], ": look at item 2"),
        ("list_of_fragments", [{"id": 1}], ": look at item 1"),
    ])
    def test_no_repositories(self, _: str, page: Any, where: str) -> None:
        """A page of anything but repositories is an error."""
        self.fetch_pages.side_effect = map(arrived, [COUNTED, page])
        with self.assertRaises(AnswerError) as caught:
            self.client.repos_payload
        self.assertEqual(str(caught.exception),
                         f"{REPOS} is not a list of repositories{where}")
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
        self.assertEqual(
            str(caught.exception),
            "google: GitHub counts 3 public repositories and lists 0")
        request: Any = caught.exception.request
        self.assertEqual((request.method, request.url), ("GET", REPOS))

    def test_listing(self) -> None:
        """The public ones are requested by creation, 100 to a page."""
        self.fetch_pages.side_effect = map(arrived, [COUNTED, MANY[:3]])
        self.client.repos_payload
        self.fetch_pages.assert_called_with(
            self.session, REPOS, workers=10, on_page=self.on_page, params={
                "type": "public", "sort": "created", "direction": "asc",
                "per_page": "100"})

    @parameterized.expand([
        ("at_once", [MANY[:3]], ["repo-00001", "repo-00002", "repo-00003"]),
        ("later", [MANY[1:3], MANY[:3]],
         ["repo-00002", "repo-00003", "repo-00001"]),
        ("twice", [[{**MANY[0], "name": "old"}, MANY[0], MANY[1]], MANY[2:3]],
         ["repo-00001", "repo-00002", "repo-00003"]),
    ])
    def test_all_of_them(
            self, _: str, answers: List[Any], names: List[str]) -> None:
        """If fewer come than GitHub counts, they are asked for once more."""
        self.fetch_pages.side_effect = map(arrived, [COUNTED, *answers])
        self.assertEqual(self.client.public_repos(), names)
        self.assertEqual(self.fetch_pages.call_count, 1 + len(answers))

    def test_some_are_missing(self) -> None:
        """If some are still missing, a warning says both numbers."""
        repos = [*MANY[:2], {**MANY[2], "private": True}]
        self.fetch_pages.side_effect = map(arrived, [COUNTED, repos, repos])
        with self.assertLogs("live") as logs:
            names = self.client.public_repos()
        self.assertEqual(names, ["repo-00001", "repo-00002"])
        self.assertEqual(
            logs.output, ["WARNING:live:google: GitHub counts 3 public "
                          "repositories and lists 2"])


class TestLicenseText(unittest.TestCase):
    """Unit tests of a client's license_text: a text, None, or an error."""

    def setUp(self) -> None:
        """Put a double in place of fetch_pages, and make a client."""
        patcher = patch("audit.live.fetch_pages", autospec=True)
        self.fetch_pages = patcher.start()
        self.addCleanup(patcher.stop)
        self.session = create_autospec(requests.Session, instance=True)
        self.client = LiveOrgClient("google", self.session, API)

    def test_text(self) -> None:
        """The file of a repository's license is requested by its name."""
        self.fetch_pages.return_value = arrived(FILE, TEXT)
        text = self.client.license_text({"full_name": "google/a"})
        self.assertIs(text, FILE)
        self.fetch_pages.assert_called_once_with(
            self.session, "https://api.github.com/repos/google/a/license",
            workers=1)

    def test_name(self) -> None:
        """A name leads to no other path: it is percent-encoded."""
        self.fetch_pages.return_value = arrived(FILE, TEXT)
        self.client.license_text({"full_name": "o\u00e9/a?b"})
        self.fetch_pages.assert_called_once_with(
            self.session,
            "https://api.github.com/repos/o%C3%A9/a%3Fb/license", workers=1)

    def test_no_text(self) -> None:
        """If GitHub has none to give, there is none."""
        self.fetch_pages.side_effect = requests.HTTPError(
            response=answer_of(404))
        self.assertIsNone(self.client.license_text({"full_name": "google/a"}))

    def test_texts_are_closed(self) -> None:
        """When texts are closed early, no further one is requested."""
        with patch("audit.live.side_by_side", autospec=True) as side_by_side:
            files = MagicMock()
            files.__iter__.return_value = iter([FILE, None])
            side_by_side.return_value = files
            texts = self.client.license_texts(MANY[:2])
            self.assertEqual(next(texts), (MANY[0], FILE))
            texts.close()
        files.close.assert_called_once_with()

    @parameterized.expand([
        ("status", requests.HTTPError(response=answer_of(500))),
        ("limit", requests.HTTPError(response=answer_of(403))),
        ("network", REFUSED),
    ])
    def test_error(self, _: str, error: requests.RequestException) -> None:
        """Any other error is passed on."""
        self.fetch_pages.side_effect = error
        with self.assertRaises(requests.RequestException) as caught:
            self.client.license_text({"full_name": "google/a"})
        self.assertIs(caught.exception, error)


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

    def test_pages_are_counted(self) -> None:
        """Pages are counted as they arrive, of how many is known."""
        on_page = Mock()
        with replay(repos=MANY) as url, github_session(None, url) as session:
            LiveOrgClient(
                "google", session, url, on_page=on_page).repos_payload
        self.assertEqual(
            on_page.call_args_list, [call(1, 3), call(2, 3), call(3, 3)])

    @parameterized.expand([
        ("limit", Fault(403, {"Retry-After": "42"}), [0, 42, 42]),
        ("too_many_requests", Fault(429, AFTER_7), [0, 7, 7]),
        ("server_error", Fault(503, {"Retry-After": "42"}), [0, 0, 42]),
    ])
    def test_other_request(
            self, _: str, fault: Fault, times: List[float]) -> None:
        """While one waits for a limit, but not else, no other is sent."""
        clock, sent_at = Clock(), []
        with patch("audit.live.time", clock), replay(
                {"/orgs": [fault]}, on_request=lambda asked: sent_at.append(
                    clock.now - 1000)) as url:
            with github_session(None, url) as session:
                clock.meanwhile = lambda: session.get(url + "/other")
                session.get(url + "/orgs/google")
        self.assertEqual(sent_at, times)

    def test_license_texts(self) -> None:
        """Each repository comes with its text, in order, if it has one."""
        script = {"repo-00002/license": [Fault(451)]}
        with replay(script, repos=MANY) as url:
            with github_session(None, url) as session:
                client = LiveOrgClient("google", session, url, workers=3)
                pairs = list(client.license_texts(MANY[:3]))
        self.assertEqual(
            [(repo["name"], file and file["html_url"])
             for repo, file in pairs],
            [("repo-00001",
              "https://github.com/google/repo-00001/blob/master/LICENSE"),
             ("repo-00002", None),
             ("repo-00003",
              "https://github.com/google/repo-00003/blob/master/LICENSE")])

    def test_license_text_that_is_broken(self) -> None:
        """The error has the request, and the response that has arrived."""
        script = {"repo-00002/license": [Fault(body=b'{"path": "LICENSE"}')]}
        with replay(script, repos=MANY) as url:
            with github_session(None, url) as session:
                client = LiveOrgClient("google", session, url)
                with self.assertRaises(AnswerError) as caught:
                    list(client.license_texts(MANY[1:2]))
        error: Any = caught.exception
        self.assertEqual(error.response.status_code, 200)
        self.assertRegex(error.request.url, "/repo-00002/license$")

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
