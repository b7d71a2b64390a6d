#!/usr/bin/env python3
"""Tests of session: the pure functions, the pause, and what is sent.

Tables of the pure functions come first. Then a double of a transport stands
for the network. The last class talks to a real server on loopback. No clock
here really waits.
"""
import copy
import gzip
import io
import os
import pickle
import time
import tracemalloc
import unittest
import zlib
from typing import Any, Callable, Dict, List, Mapping, Optional
from unittest.mock import ANY, MagicMock, Mock, create_autospec, patch

import requests
import urllib3
from parameterized import param, parameterized
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.exceptions import (
    ChunkedEncodingError, ContentDecodingError, InvalidHeader, InvalidSchema,
    InvalidURL, SSLError)

from audit.pages import AnswerError, fetch_json
from audit.replay import Fault, numbered_repos, replay
from audit.session import (
    MAX_BODY, LimitError, Pause, environment, github_session, is_loopback,
    is_transient, read_body, seconds_to_wait)

API = "https://api.github.com"
PROXY = {"http": "http://proxy", "https": "http://proxy"}
REFUSED = requests.ConnectionError("refused")
AFTER_7 = {"Retry-After": "7"}
CUT = {"Content-Length": "3"}  # of an answer whose body is b"{}"
SECONDARY = b'{"message": "You have exceeded a secondary rate limit."}'


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


class TestEnvironment(unittest.TestCase):
    """Unit tests of environment: the token and the API that are set."""

    @parameterized.expand([
        ("nothing", {}, None, API),
        ("empty_token", {"GITHUB_TOKEN": ""}, None, API),
        ("second_token", {"GITHUB_TOKEN": "two"}, "two", API),
        ("first_token_is_empty", {"GH_TOKEN": "", "GITHUB_TOKEN": "two"},
         "two", API),
        ("both_tokens", {"GH_TOKEN": "one", "GITHUB_TOKEN": "two"},
         "one", API),
        ("server", {"GITHUB_API_URL": "https://ghe"}, None, "https://ghe"),
        ("empty_server", {"GITHUB_API_URL": ""}, None, API),
    ])
    def test_environment(self, _: str, environ: Dict[str, str],
                         token: Optional[str], api_url: str) -> None:
        """An empty variable counts as not set."""
        with patch.dict(os.environ, environ, clear=True):
            self.assertEqual(environment(), (token, api_url))


class TestIsLoopback(unittest.TestCase):
    """Unit tests of is_loopback: which URLs lead to this machine."""

    @parameterized.expand([
        ("name", "http://localhost:8000/a"),
        ("name_in_upper_case", "https://LOCALHOST"),
        ("address", "http://127.0.0.1"),
        ("any_address_of_the_network", "http://127.1.20.255"),
        ("address_6", "http://[::1]:8000"),
    ])
    def test_loopback(self, _: str, url: str) -> None:
        """They are the name localhost, and the loopback addresses."""
        self.assertIs(is_loopback(url), True)

    @parameterized.expand([
        ("name_that_begins_so", "https://localhost.example"),
        ("name_that_ends_so", "https://ghe.localhost"),
        ("name_of_digits", "http://127.foo.bar.com"),
        ("other_address", "http://128.0.0.1"),
        ("other_address_6", "http://[::2]"),
        ("user", "https://localhost@api.github.com"),
        ("no_host", "mailto:octocat"),
        ("invalid", "http://["),
    ])
    def test_not_loopback(self, _: str, url: str) -> None:
        """No other name is, whatever it looks like."""
        self.assertIs(is_loopback(url), False)


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
        set_zone = getattr(time, "tzset", lambda: None)  # not on Windows
        self.addCleanup(set_zone)
        set_zone()
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


@patch("audit.session.MAX_BODY", 1000)
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
        patcher = patch("audit.session.time", self.clock)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.pause = Pause()

    @parameterized.expand([
        ("none", [], []),
        ("of_nothing", [0], []),
        ("of_a_part_of_a_second", [0.5], [0.5]),
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
        with patch("audit.session.Lock", MagicMock()) as make_lock:
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
        ("copy", copy.copy),
        ("deepcopy", copy.deepcopy),
        ("pickle", pickle.dumps),
    ])
    def test_no_copy(self, _: str, copy_of: Callable[[Any], Any]) -> None:
        """What may hold a token can't be copied, and says so."""
        adapter = github_session("sekret").get_adapter(API)
        with self.assertRaises(TypeError) as caught:
            copy_of(adapter)
        self.assertEqual(
            str(caught.exception),
            "what may hold a token can't be copied or pickled")

    @parameterized.expand([
        ("deepcopy", copy.deepcopy), ("pickle", pickle.dumps)])
    def test_no_copy_of_a_session(
            self, _: str, copy_of: Callable[[Any], Any]) -> None:
        """A session can't be copied with its adapter."""
        with self.assertRaises(TypeError):
            copy_of(github_session("sekret"))

    def test_transport(self) -> None:
        """It sends by the HTTPAdapter of requests, and closes it."""
        with patch("audit.session.HTTPAdapter", autospec=True) as make:
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
        patch("audit.session.time", self.clock).start()
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
        with self.assertLogs("audit") as logs:
            self.session.get(API)
        self.assertEqual(
            logs.output, ["INFO:audit:waiting 7 s before the next try"])


class TestOverReplay(unittest.TestCase):
    """Integration tests: a session, the threads that use it, and a server."""

    @patch("audit.session.time", Clock())
    def test_whole_list(self) -> None:
        """What breaks on the way to a whole list is requested again."""
        script = {
            "&page=2$": [Fault(raw=b"SSH-2.0-OpenSSH\r\n"), Fault(cut=1000),
                         Fault(cut=0)],
            "&page=3$": [Fault(503), Fault(403, body=SECONDARY)]}
        with replay(script, repos=numbered_repos(250)) as url:
            with github_session("sekret", url) as session:
                items = fetch_json(session, f"{url}/orgs/google/repos",
                                   params={"per_page": "100"})
        self.assertEqual(len(items), 250)

    @parameterized.expand([
        ("limit", Fault(403, {"Retry-After": "42"}), [0, 42, 42]),
        ("too_many_requests", Fault(429, AFTER_7), [0, 7, 7]),
        ("server_error", Fault(503, {"Retry-After": "42"}), [0, 0, 42]),
    ])
    def test_other_request(
            self, _: str, fault: Fault, times: List[float]) -> None:
        """While one waits for a limit, but not else, no other is sent."""
        clock, sent_at = Clock(), []
        with patch("audit.session.time", clock), replay(
                {"/orgs": [fault]}, on_request=lambda asked: sent_at.append(
                    clock.now - 1000)) as url:
            with github_session(None, url) as session:
                clock.meanwhile = lambda: session.get(url + "/other")
                session.get(url + "/orgs/google")
        self.assertEqual(sent_at, times)
