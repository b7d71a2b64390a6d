#!/usr/bin/env python3
"""Tests of client: unit tests, integration tests, tests for real use.

The first part shows each pattern once and can be read alone. Its unit tests
take one method and replace all that it calls; its integration tests let
client and utils work together on recorded payloads, and replace only
`requests.get`. The second part is for real use: the session, the library
and the command over loopback, the command as a process, and the replay
that these tests talk to.
"""
import copy
import gc
import gzip
import io
import json
import logging
import os
import random
import re
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
import unittest
import warnings
import zlib
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from http.client import HTTPConnection
from itertools import chain, repeat
from queue import Queue
from typing import (
    Any, Dict, Iterable, Iterator, List, Mapping, Optional, Tuple)
from unittest.mock import ANY, MagicMock, Mock, PropertyMock, call, patch

import requests
from parameterized import parameterized, parameterized_class

import client
from client import GithubOrgClient, LimitError, tuned_session
from fixtures import (
    TEST_PAYLOAD, Asked, Fault, apache2_repos, expected_repos,
    numbered_repos, org_payload, replay, repos_payload)
from utils import AnswerError

HERE = os.path.dirname(os.path.abspath(__file__))


class TestGithubOrgClient(unittest.TestCase):
    """Unit tests of GithubOrgClient, used without a session."""

    # expand puts the first value of a row into the name of its test, such
    # as test_org_0_google.
    @parameterized.expand([
        ("google", "google", "https://api.github.com/orgs/google"),
        ("abc", "abc", "https://api.github.com/orgs/abc"),
        ("path", "../users/x", "https://api.github.com/orgs/..%2Fusers%2Fx"),
        ("query", "a/b?c=d", "https://api.github.com/orgs/a%2Fb%3Fc%3Dd"),
        ("encoded", "%2e%2e", "https://api.github.com/orgs/%252e%252e"),
        ("dots", "...", "https://api.github.com/orgs/..."),
        ("braces", "{org}", "https://api.github.com/orgs/%7Borg%7D"),
        ("accent", "\u00e9", "https://api.github.com/orgs/%C3%A9"),
        ("surrogate", "\udcff", "https://api.github.com/orgs/%FF"),
    ])
    def test_org(self, _: str, org_name: str, url: str) -> None:
        """The organization is requested once, from a URL made of its name.

        get_json is patched in client, where it is looked up; in utils, where
        it is defined, the patch would change nothing. With autospec the
        double takes the arguments that the real one takes, and no others.
        Its return_value, which nobody has set, is a Mock: any object will
        do, if only the same one comes back.
        """
        with patch("client.get_json", autospec=True) as get_json:
            org_client = GithubOrgClient(org_name)
            self.assertIs(org_client.org, get_json.return_value)
            self.assertIs(org_client.org, get_json.return_value)
        get_json.assert_called_once_with(url)

    def test_public_repos_url(self) -> None:
        """_public_repos_url is the organization's repos_url, unchanged.

        org is read like an attribute, so its double is a PropertyMock, on
        the class: reading a plain Mock there would give the Mock itself.
        """
        with patch.object(
                GithubOrgClient, "org", new_callable=PropertyMock,
                return_value={"repos_url": "https://host/repos"}) as org:
            self.assertEqual(
                GithubOrgClient("x")._public_repos_url, "https://host/repos")
        org.assert_called_once_with()

    def test_repos_payload(self) -> None:
        """The repositories are requested once, from _public_repos_url."""
        with patch("client.get_json", autospec=True) as get_json, \
                patch.object(
                    GithubOrgClient, "_public_repos_url",
                    new_callable=PropertyMock,
                    return_value="https://host/repos") as url:
            org_client = GithubOrgClient("x")
            self.assertIs(org_client.repos_payload, get_json.return_value)
            self.assertIs(org_client.repos_payload, get_json.return_value)
        get_json.assert_called_once_with("https://host/repos")
        url.assert_called_once_with()

    @parameterized.expand([
        ("all", None, ["one", "two", "three", "four"]),
        ("mit", "mit", ["one", "four"]),
        ("bsd", "bsd-3-clause", ["two"]),
        ("unknown", "apache-2.0", []),
        ("empty", "", []),
    ])
    def test_public_repos(
            self, _: str, license: Optional[str], names: List[str]) -> None:
        """The names come in GitHub's order, filtered by license key."""
        payload = [
            {"name": "one", "license": {"key": "mit"}},
            {"name": "two", "license": {"key": "bsd-3-clause"}},
            {"name": "three", "license": None},
            {"name": "four", "license": {"key": "mit"}},
        ]
        with patch.object(
                GithubOrgClient, "repos_payload", new_callable=PropertyMock,
                return_value=payload):
            self.assertEqual(
                GithubOrgClient("x").public_repos(license), names)

    @parameterized.expand([
        ("same", {"license": {"key": "my_license"}}, "my_license", True),
        ("other", {"license": {"key": "other"}}, "my_license", False),
        ("part", {"license": {"key": "my_license"}}, "my", False),
        ("case", {"license": {"key": "MIT"}}, "mit", False),
        ("null", {"license": None}, "my_license", False),
        ("none", {}, "my_license", False),
        ("no_key", {"license": {}}, "my_license", False),
        ("no_object", {"license": "my_license"}, "my_license", False),
    ])
    def test_has_license(
            self, _: str, repo: Dict[str, Any], key: str,
            expected: bool) -> None:
        """The result is True only if the license has exactly this key."""
        self.assertIs(GithubOrgClient.has_license(repo, key), expected)

    def test_has_license_needs_a_key(self) -> None:
        """None is not a license key: asking for it is an AssertionError."""
        key: Any = None
        with self.assertRaises(AssertionError) as caught:
            GithubOrgClient.has_license({"license": None}, key)
        # After the block, because in it nothing runs after the raising line.
        self.assertEqual(
            str(caught.exception), "license_key cannot be None")

    def test_has_license_hides_no_error(self) -> None:
        """Only what is missing counts as no license, not what fails."""
        # A MagicMock also has methods such as __getitem__, behind repo[key].
        repo = MagicMock(spec=dict)
        repo.__getitem__.side_effect = RuntimeError
        with self.assertRaises(RuntimeError):
            GithubOrgClient.has_license(repo, "mit")


@parameterized_class(
    ("org_payload", "repos_payload", "expected_repos", "apache2_repos"),
    TEST_PAYLOAD)
class TestIntegrationGithubOrgClient(unittest.TestCase):
    """Integration tests: client and utils, with only requests.get replaced.

    For each tuple in TEST_PAYLOAD a class is made, whose name ends in _0,
    _1 and so on; the tuple's values become its attributes.
    """

    # Only declared here: parameterized_class and setUpClass set them.
    org_payload: Dict[str, Any]
    repos_payload: List[Dict[str, Any]]
    expected_repos: List[str]
    apache2_repos: List[str]
    get: Mock
    get_patcher: Any

    @classmethod
    def setUpClass(cls) -> None:
        """Replace requests.get for all tests of the class."""
        payloads = {
            "https://api.github.com/orgs/google": cls.org_payload,
            "https://api.github.com/orgs/google/repos": cls.repos_payload,
        }

        def answer(url: str) -> Mock:
            """Return the double of a response to a request of this URL."""
            response = Mock(spec=["json"])  # It has nothing but json.
            response.json.return_value = payloads[url]
            return response

        cls.get_patcher = patch("requests.get", autospec=True)
        cls.get = cls.get_patcher.start()
        # A side_effect that is a function answers in place of the double:
        # by URL, so that it does not matter which one is asked for first.
        cls.get.side_effect = answer

    @classmethod
    def tearDownClass(cls) -> None:
        """Put the real requests.get back.

        addClassCleanup would be better, but Python 3.7 does not have it.
        """
        cls.get_patcher.stop()

    def setUp(self) -> None:
        """Forget the calls of the previous test; the side_effect stays."""
        self.get.reset_mock()

    def test_public_repos(self) -> None:
        """All names come, after two requests with only a URL each."""
        self.assertEqual(
            GithubOrgClient("google").public_repos(), self.expected_repos)
        # A call object stands for a call with these arguments.
        self.get.assert_has_calls([
            call("https://api.github.com/orgs/google"),
            call("https://api.github.com/orgs/google/repos")])
        self.assertEqual(self.get.call_count, 2)

    def test_public_repos_with_license(self) -> None:
        """Only names under the license come; nothing is requested twice."""
        org_client = GithubOrgClient("google")
        self.assertEqual(
            org_client.public_repos("apache-2.0"), self.apache2_repos)
        self.assertEqual(org_client.public_repos("no-such-license"), [])
        self.assertEqual(self.get.call_count, 2)


# For real use: the session, the library and the command over loopback.

class TestGithubOrgClientSession(unittest.TestCase):
    """Unit tests of GithubOrgClient with a session: requests and checks."""

    def setUp(self) -> None:
        """Replace get_json; make a client with a session."""
        patcher = patch("client.get_json", autospec=True)
        self.get_json = patcher.start()
        # What setUp begins, a cleanup ends, even if the rest of setUp fails.
        # Cleanups run after the test, the last one added first.
        self.addCleanup(patcher.stop)
        # A double with a spec has what the class has, and nothing else.
        self.session = Mock(spec=requests.Session)
        self.org_client = GithubOrgClient(
            "google", self.session, "https://ghe.example/api/v3/")

    def test_requests(self) -> None:
        """The session makes both requests, to this API, 100 repos a page."""
        org = {"repos_url": "https://ghe.example/api/v3/orgs/google/repos"}
        # A side_effect that is a list answers one call after the other.
        self.get_json.side_effect = [org, [{"name": "one"}]]
        self.assertEqual(self.org_client.public_repos(), ["one"])
        self.get_json.assert_has_calls([
            call("https://ghe.example/api/v3/orgs/google", self.session),
            call("https://ghe.example/api/v3/orgs/google/repos",
                 self.session, workers=10, params={"per_page": 100})])
        self.assertEqual(self.get_json.call_count, 2)

    def test_session_that_is_false(self) -> None:
        """A session is used even if it counts as false."""
        session: Any = []  # As good as any other: get_json is replaced.
        self.get_json.return_value = {"repos_url": "http://host/"}
        GithubOrgClient("google", session).org
        self.get_json.assert_called_once_with(
            "https://api.github.com/orgs/google", session)

    def test_workers(self) -> None:
        """The client's `workers` says how many pages to fetch at once."""
        self.get_json.side_effect = [{"repos_url": "http://host/"}, []]
        self.org_client.workers = 4
        self.org_client.repos_payload
        # assert_called_with looks at the last call alone.
        self.get_json.assert_called_with(
            "http://host/", self.session, workers=4, params={"per_page": 100})

    def test_subclass_with_an_init_of_its_own(self) -> None:
        """An instance needs only a name, which may be any object."""

        class OtherClient(GithubOrgClient):
            """A client that is made in another way."""

            def __init__(self) -> None:
                """Keep a name that is no text."""
                self._org_name: Any = 1

        self.get_json.side_effect = [{"repos_url": "url"}, [{"name": "a"}]]
        self.assertEqual(OtherClient().public_repos(), ["a"])
        self.get_json.assert_has_calls([
            call("https://api.github.com/orgs/1"), call("url")])

    @parameterized.expand([(".",), ("..",)])
    def test_org_that_would_be_another_path(self, org_name: str) -> None:
        """An organization can't be called . or .., a step in a path."""
        with self.assertRaises(requests.exceptions.InvalidURL) as caught:
            GithubOrgClient(org_name).org
        self.assertEqual(
            str(caught.exception), f"{org_name} can't name an organization")
        self.get_json.assert_not_called()

    @parameterized.expand([
        ("list", []),
        ("null", None),
        ("no_repos_url", {}),
        ("repos_url_no_text", {"repos_url": 5}),
        ("repos_url_of_a_file", {"repos_url": "file:///etc/passwd"}),
        ("repos_url_within", {"repos_url": "file:///?http://host/"}),
        ("repos_url_of_one_slash", {"repos_url": "http:/host/"}),
        ("repos_url_misspelt", {"repos_url": "httpss://host/"}),
    ])
    def test_answer_that_is_no_organization(
            self, _: str, answer: Any) -> None:
        """An answer of another shape is an AnswerError, and not stored."""
        self.get_json.return_value = answer
        with self.assertRaises(AnswerError) as caught:
            self.org_client.org
        self.assertEqual(
            str(caught.exception), "https://ghe.example/api/v3/orgs/google "
            "is not an organization")
        self.get_json.return_value = {"repos_url": "http://host/"}
        self.assertEqual(self.org_client.org, {"repos_url": "http://host/"})

    @parameterized.expand([
        ("object", {"message": "?"}),
        ("null", None),
        ("repo_no_object", [5]),
        ("no_name", [{}]),
        ("name_null", [{"name": None}]),
        ("name_no_text", [{"name": 5}]),
        ("name_empty", [{"name": ""}]),
        ("name_of_two_lines", [{"name": "a\nb"}]),
        ("license_no_object", [{"name": "a", "license": "mit"}]),
        ("key_no_text", [{"name": "a", "license": {"key": 5}}]),
        ("key_of_two_lines", [{"name": "a", "license": {"key": "a\nb"}}]),
        ("spdx_id_no_text", [{"name": "a", "license": {"spdx_id": 5}}]),
        ("id_no_number", [{"name": "a", "id": []}]),
        ("fork_no_boolean", [{"name": "a", "fork": "yes"}]),
        ("archived_no_boolean", [{"name": "a", "archived": 0}]),
        ("language_of_two_lines", [{"name": "a", "language": "a\nb"}]),
        ("stars_no_number", [{"name": "a", "stargazers_count": "5"}]),
        ("pushed_at_no_text", [{"name": "a", "pushed_at": 5}]),
        ("url_with_an_escape", [{"name": "a", "html_url": "\x1b[31m"}]),
        ("second", [{"name": "a"}, {}]),
    ])
    def test_answer_that_is_no_listing(self, _: str, answer: Any) -> None:
        """What is not a list of repositories is an AnswerError."""
        self.get_json.side_effect = [
            {"repos_url": "http://user:sekret@host/"}, answer, []]
        with self.assertRaises(AnswerError) as caught:
            self.org_client.repos_payload
        self.assertEqual(
            str(caught.exception),
            "http://host/ is not a list of repositories")
        self.assertEqual(self.org_client.repos_payload, [])

    @parameterized.expand([
        ("empty", []),
        ("no_license", [{"name": "a"}]),
        ("license_null", [{"name": "a", "license": None}]),
        ("license_empty", [{"name": "a", "license": {}}]),
        ("key_null", [{"name": "a", "license": {"key": None}}]),
        ("no_id", [{"name": "a"}, {"name": "a"}, {"name": "b", "id": None}]),
        ("recorded", repos_payload),
    ])
    def test_answer_that_is_a_listing(self, _: str, answer: Any) -> None:
        """What GitHub's schema allows is taken as it is."""
        self.get_json.side_effect = [{"repos_url": "http://host/"}, answer]
        self.assertEqual(self.org_client.repos_payload, answer)


def nothing_is_sent() -> Any:
    """Return a patch that makes requests fail instead of being sent."""
    return patch(
        "requests.adapters.HTTPAdapter.send", autospec=True,
        side_effect=requests.RequestException("not sent"))


class TestFromEnvironment(unittest.TestCase):
    """Tests of from_environment: which variables it uses."""

    @parameterized.expand([
        ("nothing", {}, "https://api.github.com", None),
        ("empty", {"GH_TOKEN": "", "GITHUB_TOKEN": "", "GITHUB_API_URL": ""},
         "https://api.github.com", None),
        ("github_token", {"GITHUB_TOKEN": "two"},
         "https://api.github.com", "Bearer two"),
        ("both_tokens", {"GH_TOKEN": "one", "GITHUB_TOKEN": "two"},
         "https://api.github.com", "Bearer one"),
        ("enterprise",
         {"GH_TOKEN": "one", "GITHUB_API_URL": "https://ghe.example/api/v3"},
         "https://ghe.example/api/v3", "Bearer one"),
    ])
    def test_from_environment(
            self, _: str, environ: Dict[str, str], api_url: str,
            authorization: Optional[str]) -> None:
        """The first request goes to the API, with the token, if any."""
        # patch.dict puts the environment back as it was.
        with patch.dict(os.environ, environ, clear=True), nothing_is_sent():
            with self.assertRaises(requests.RequestException) as caught:
                GithubOrgClient.from_environment("google").org
        request: Any = caught.exception.request
        self.assertEqual(request.url, f"{api_url}/orgs/google")
        self.assertEqual(request.headers.get("Authorization"), authorization)


class TestTunedSession(unittest.TestCase):
    """Unit tests of tuned_session: what it refuses, and its headers."""

    @parameterized.expand([
        ("http://localhost:8000",), ("http://127.0.0.1:8000",),
        ("http://127.1.20.255",), ("http://[::1]:8000",),
        ("https://ghe.example/api/v3",),
    ])
    def test_token_may_go(self, api_url: str) -> None:
        """Encrypted, or within this machine, the token is sent."""
        with tuned_session("sekret", api_url) as session, nothing_is_sent():
            with self.assertRaises(requests.RequestException) as caught:
                session.get(api_url)
        request: Any = caught.exception.request
        self.assertEqual(request.headers["Authorization"], "Bearer sekret")

    @parameterized.expand([
        ("http://ghe.example/api/v3", "ghe.example"),
        ("http://localhost.example", "localhost.example"),
        ("http://128.0.0.1", "128.0.0.1"),
        ("http://127.foo.bar.com", "127.foo.bar.com"),
        ("http://[::2]", "[::2]"),
    ])
    def test_token_is_not_sent_unencrypted(
            self, api_url: str, host: str) -> None:
        """A token for plain http to another machine is refused at once."""
        with self.assertRaises(requests.exceptions.InvalidSchema) as caught:
            tuned_session("sekret", api_url)
        self.assertEqual(
            str(caught.exception),
            f"a token must not go to {host} unencrypted: use https")

    def test_no_token(self) -> None:
        """Without a token, plain http to another machine is allowed."""
        with tuned_session(None, "http://h.example") as session, \
                nothing_is_sent():
            with self.assertRaises(requests.RequestException) as caught:
                session.get("http://h.example/")
        self.assertEqual(str(caught.exception), "not sent")

    @parameterized.expand([
        ("two words",), ("line\n",), ("\u00fcber",), ("\x7f",),
    ])
    def test_invalid_token(self, token: str) -> None:
        """A token with an impossible character is refused, not quoted."""
        with self.assertRaises(requests.exceptions.InvalidHeader) as caught:
            tuned_session(token)
        self.assertEqual(
            str(caught.exception),
            "the token contains an invalid character")

    @parameterized.expand([
        ("",), ("api.github.com",), ("ftp://host",), ("https://",),
        ("http://[",), ("https://user:password@host",), ("https://h?q",),
        ("https://h#f",),
    ])
    def test_invalid_api_url(self, api_url: str) -> None:
        """An API URL that is not valid is refused, and not quoted."""
        with self.assertRaises(requests.exceptions.InvalidURL) as caught:
            tuned_session(None, api_url)
        self.assertEqual(
            str(caught.exception),
            "the API's URL must be like https://HOST/api/v3")

    def test_api_url_that_is_no_text(self) -> None:
        """A number for a URL is a TypeError: an error in the program."""
        number: Any = 5
        with self.assertRaises(TypeError):
            tuned_session(None, number)

    def test_headers(self) -> None:
        """Each request has the headers that GitHub recommends."""
        with tuned_session() as session:
            headers = session.headers
        self.assertEqual(headers["Accept"], "application/vnd.github+json")
        self.assertEqual(headers["Accept-Encoding"], "gzip")
        self.assertEqual(headers["X-GitHub-Api-Version"], "2022-11-28")
        self.assertRegex(
            str(headers["User-Agent"]),
            "^github-org-client python-requests/[0-9]")

    def test_bound(self) -> None:
        """The limit is 64 MiB; TestBounds tests it with a smaller one."""
        self.assertEqual(client.MAX_BODY, 64 * 1024 * 1024)

    @parameterized.expand([
        ("of_the_session", {}, (5, 30)), ("of_the_caller", {"timeout": 3}, 3),
    ])
    def test_timeout(
            self, _: str, options: Dict[str, Any], expected: Any) -> None:
        """Each request has a timeout: the caller's, or else the session's."""
        with nothing_is_sent() as send, tuned_session() as session:
            with self.assertRaises(requests.RequestException):
                session.get("https://host/", **options)
        # ANY equals everything: only the timeout matters here.
        send.assert_called_once_with(
            ANY, ANY, stream=ANY, timeout=expected, verify=ANY, cert=ANY,
            proxies=ANY)


class TestSecondsToWait(unittest.TestCase):
    """Unit tests of seconds_to_wait: return the answer, wait or give up."""

    @parameterized.expand([
        ("success", 200, {}, None),
        ("success_with_nothing_left", 200, {"X-RateLimit-Remaining": "0"},
         None),
        ("success_that_says_retry", 200, {"Retry-After": "7"}, None),
        ("not_found", 404, {}, None),
        ("not_found_that_says_retry", 404, {"Retry-After": "7"}, None),
        ("teapot", 418, {"X-RateLimit-Remaining": "0"}, None),
        ("not_implemented", 501, {}, None),
        ("server_error", 500, {}, 0.5),
        ("bad_gateway", 502, {}, 0.5),
        ("unavailable", 503, {}, 0.5),
        ("gateway_timeout", 504, {}, 0.5),
        ("unavailable_for_7_s", 503, {"Retry-After": "7"}, 7),
        ("unavailable_for_60_s", 503, {"Retry-After": "60"}, 60),
        ("unavailable_for_61_s", 503, {"Retry-After": "61"}, None),
        ("unavailable_for_words", 503, {"Retry-After": "a while"}, 0.5),
        ("forbidden", 403, {}, None),
        ("forbidden_with_requests_left", 403, {"X-RateLimit-Remaining": "1"},
         None),
        ("limit_for_7_s", 403, {"Retry-After": "7"}, 7),
        ("limit_for_60_s", 429, {"Retry-After": " 60 "}, 60),
        ("limit_for_0_s", 429, {"Retry-After": "0"}, 0),
        ("imf_date", 403, {"Retry-After": "Thu, 01 Jan 1970 00:01:40 GMT"},
         40),
        ("rfc_850_date",
         403, {"Retry-After": "Thursday, 01-Jan-70 00:01:40 GMT"}, 40),
        ("asctime_date", 403, {"Retry-After": "Thu Jan  1 00:01:40 1970"},
         40),
        ("past_date", 403, {"Retry-After": "Thu, 01 Jan 1970 00:00:40 GMT"},
         0),
    ])
    def test_return_or_wait(
            self, _: str, status: int, headers: Dict[str, str],
            expected: Optional[float]) -> None:
        """None means to return the answer, a number to wait that long."""
        with patch("time.time", autospec=True, return_value=60):
            self.assertEqual(
                client.seconds_to_wait(status, headers, b"", 0.5), expected)

    @parameterized.expand([
        ("no_error", 200, {}), ("unavailable", 503, {}),
        ("unavailable_for_7_s", 503, {"Retry-After": "7"}),
    ])
    def test_no_try_left(
            self, _: str, status: int, headers: Dict[str, str]) -> None:
        """After the last try it is None: the answer is returned."""
        self.assertIsNone(
            client.seconds_to_wait(status, headers, b"", None))

    def test_no_single_sign_on(self) -> None:
        """A 403 for lack of single sign-on is not a rate limit."""
        body = b'{"message": "Resource protected by organization SAML ..."}'
        self.assertIsNone(client.seconds_to_wait(
            403, {"X-RateLimit-Remaining": "0"}, body, 0.5))

    @parameterized.expand([
        ("hourly", 403, {"X-RateLimit-Reset": "1800000000",
                         "X-RateLimit-Remaining": "0"}, 0.5,
         "it resets at 2027-01-15 08:00:00 UTC"),
        ("hourly_with_retry_after", 429, {
            "X-RateLimit-Reset": "1800000000", "X-RateLimit-Remaining": "0",
            "Retry-After": "7"}, 0.5, "it resets at 2027-01-15 08:00:00 UTC"),
        ("hourly_until_nonsense", 403, {
            "X-RateLimit-Reset": "9" * 30, "X-RateLimit-Remaining": "0"}, 0.5,
         "wait at least a minute"),
        ("hourly_until_a_far_year", 403, {
            "X-RateLimit-Reset": "9" * 17, "X-RateLimit-Remaining": "0"}, 0.5,
         "wait at least a minute"),
        ("hourly_until_words", 403, {
            "X-RateLimit-Reset": "later", "X-RateLimit-Remaining": "0"}, 0.5,
         "wait at least a minute"),
        ("hourly_without_reset", 403, {"X-RateLimit-Remaining": "0"}, 0.5,
         "wait at least a minute"),
        ("long", 403, {"Retry-After": "61"}, 0.5,
         "it resets at 1970-01-01 00:02:01 UTC"),
        ("no_try_left", 429, {"Retry-After": "7"}, None,
         "it resets at 1970-01-01 00:01:07 UTC"),
        ("until_the_end_of_time", 403, {"Retry-After": "9" * 30}, 0.5,
         "wait at least a minute"),
        ("words", 403, {"Retry-After": "in a while"}, 0.5,
         "wait at least a minute"),
        ("number_and_letter", 403, {"Retry-After": "7x"}, 0.5,
         "wait at least a minute"),
        ("negative", 429, {"Retry-After": "-5"}, 0.5,
         "wait at least a minute"),
        ("year_too_far",
         429, {"Retry-After": "Thu, 01 Jan 99999 00:00:40 GMT"}, 0.5,
         "wait at least a minute"),
        ("year_of_too_many_digits",
         429, {"Retry-After": "Thu, 01 Jan 9999999999999 00:00:40 GMT"}, 0.5,
         "wait at least a minute"),
        ("date_in_pieces", 429, {"Retry-After": "13 Jan , 00:01:40"}, 0.5,
         "wait at least a minute"),
        ("silent", 429, {}, 0.5, "wait at least a minute"),
    ])
    def test_give_up(
            self, _: str, status: int, headers: Dict[str, str],
            backoff: Optional[float], until: str) -> None:
        """A rate limit that lasts is an error that says until when."""
        with patch("time.time", autospec=True, return_value=60):
            with self.assertRaises(LimitError) as caught:
                client.seconds_to_wait(status, headers, b"", backoff)
        self.assertEqual(
            str(caught.exception), f"GitHub's rate limit is reached; {until}")

    @parameterized.expand([
        ("copied", copy.copy(LimitError("0")),
         "it resets at 1970-01-01 00:00:00 UTC"),
        ("without_an_argument", LimitError(), "wait at least a minute"),
    ])
    def test_any_limit_error(
            self, _: str, error: LimitError, until: str) -> None:
        """A copy has the message, too, and so has one made by hand."""
        self.assertEqual(
            str(error), f"GitHub's rate limit is reached; {until}")

    def test_any_time_zone(self) -> None:
        """The time is in UTC, wherever the program runs."""
        self.addCleanup(time.tzset)
        with patch.dict(os.environ, TZ="JST-9"):
            time.tzset()
            self.assertEqual(
                str(LimitError("0")), "GitHub's rate limit is reached; it "
                "resets at 1970-01-01 00:00:00 UTC")


# Keys of a replay's script: patterns of the path and query of a request.
ORG = "/orgs/google$"
FIRST_PAGE = "per_page=100$"
PAGED_REPOS = numbered_repos(250)  # three pages of up to 100
PAGED_NAMES = [repo["name"] for repo in PAGED_REPOS]
Script = Mapping[str, Iterable[Fault]]


def page(number: int) -> str:
    """Return a pattern that only the requests of this page match."""
    return f"per_page=100&page={number}$"


def page_path(number: int) -> str:
    """Return the path by which one page links to another."""
    return f"/organizations/1342004/repos?per_page=100&page={number}"


def links(**targets: str) -> Fault:
    """Return a fault that sets the Link header; the page stays the same."""
    return Fault(headers={"Link": ", ".join(
        f'<{target}>; rel="{rel}"' for rel, target in targets.items())})


class ReplayTestCase(unittest.TestCase):
    """A base class: tests over a replay, without environment or sleep."""

    def setUp(self) -> None:
        """Clear the environment; replace the sleep between two tries."""
        self.asked: List[Asked] = []
        # An ExitStack closes what it has entered, the last one first.
        self.stack = ExitStack()
        self.addCleanup(self.stack.close)
        self.stack.enter_context(patch.dict(os.environ, clear=True))
        self.sleep = self.stack.enter_context(
            patch("time.sleep", autospec=True))
        self.stack.callback(self.join_threads)

    @staticmethod
    def join_threads() -> None:
        """Wait for pages that were in flight when a test was done."""
        for thread in threading.enumerate():
            if thread is not threading.current_thread():
                thread.join(timeout=10)

    def start_replay(
            self, script: Script = {},
            repos: List[Dict[str, Any]] = repos_payload) -> str:
        """Start a replay, to stop when the test is done; return its URL.

        GITHUB_API_URL is set to it, and `asked` gets all requests.
        """
        url = self.stack.enter_context(
            replay(script, repos=repos, on_request=self.asked.append))
        os.environ["GITHUB_API_URL"] = url
        return url

    def targets(self) -> List[str]:
        """Return the paths that were asked for, with their queries."""
        return [asked.target for asked in self.asked]

    def run_command(self, *argv: str) -> Tuple[int, str, str]:
        """Run the command; return status, stdout and stderr."""
        with redirect_stdout(io.StringIO()) as out, \
                redirect_stderr(io.StringIO()) as err:
            status = client.main(argv)
        return status, out.getvalue(), err.getvalue()

    def assert_complaint(self, url: str, line: str, *options: str) -> None:
        """Check that the command prints only this line (HOST: the URL's)."""
        host = url[len("http://"):]
        self.assertEqual(
            self.run_command("google", *options),
            (1, "", f"client.py: {line.replace('HOST', host)}\n"))


class TestLibraryOverLoopback(ReplayTestCase):
    """Integration tests of the library: real HTTP to a replay."""

    def test_organization(self) -> None:
        """The organization comes as recorded, its URLs at the replay."""
        url = self.start_replay()
        expected = json.loads(json.dumps(org_payload).replace(
            "https://api.github.com", url))
        self.assertEqual(
            GithubOrgClient.from_environment("google").org, expected)

    def test_public_repos(self) -> None:
        """Two requests give all nine names, and those under a license."""
        self.start_replay()
        org_client = GithubOrgClient.from_environment("google")
        self.assertEqual(org_client.public_repos(), expected_repos)
        self.assertEqual(org_client.public_repos("bsl-1.0"), ["cpp-netlib"])
        self.assertEqual(self.targets(), [
            "/orgs/google", "/orgs/google/repos?per_page=100"])

    def test_whole_listing(self) -> None:
        """A large organization takes one request per 100 repositories."""
        self.start_replay(repos=PAGED_REPOS)
        org_client = GithubOrgClient.from_environment("google")
        self.assertEqual(org_client.public_repos(), PAGED_NAMES)
        self.assertCountEqual(self.targets(), [
            "/orgs/google", "/orgs/google/repos?per_page=100",
            page_path(2), page_path(3)])

    def test_connection_is_kept(self) -> None:
        """One connection serves both requests."""
        # The replay calls on_request in the thread of the connection.
        connections = set()
        with replay(on_request=lambda asked: connections.add(
                threading.current_thread())) as url:
            os.environ["GITHUB_API_URL"] = url
            GithubOrgClient.from_environment("google").public_repos()
        self.assertEqual(len(connections), 1)

    def test_connections_are_kept(self) -> None:
        """After a listing a connection is kept for each of the workers."""
        connections = set()
        barrier = threading.Barrier(12, timeout=10)

        def on_request(asked: Asked) -> None:
            """Have all twelve pages after the first in flight at once."""
            connections.add(threading.current_thread())
            if "&page=" in asked.target:
                barrier.wait()

        repos = [{"name": f"repo-{number}"} for number in range(1300)]
        with replay(repos=repos, on_request=on_request) as url:
            os.environ["GITHUB_API_URL"] = url
            org_client = GithubOrgClient.from_environment("google")
            org_client.workers = 12
            org_client.repos_payload
            del org_client.repos_payload  # to have it requested once more
            org_client.repos_payload
        self.assertEqual(len(connections), 12)

    def test_without_a_session(self) -> None:
        """A bare client gets the whole list too, 30 a page."""
        url = self.start_replay(repos=PAGED_REPOS)
        with patch.object(GithubOrgClient, "ORG_URL", url + "/orgs/{org}"):
            self.assertEqual(
                GithubOrgClient("google").public_repos(), PAGED_NAMES)
        self.assertEqual(len(self.asked), 1 + 9)

    def test_pages_that_shift(self) -> None:
        """A repository that two pages hold is listed once."""
        self.start_replay(repos=PAGED_REPOS[:100] + PAGED_REPOS[99:])
        self.assertEqual(
            GithubOrgClient.from_environment("google").public_repos(),
            PAGED_NAMES)

    def test_error_is_a_request_exception(self) -> None:
        """A rate limit is a RequestException, and has its response."""
        limit = Fault(403, {"X-RateLimit-Remaining": "0"})
        self.start_replay({ORG: [limit]})
        with self.assertRaises(requests.RequestException) as caught:
            GithubOrgClient.from_environment("google").org
        self.assertIsInstance(caught.exception, LimitError)
        answer: Any = caught.exception.response
        self.assertEqual(answer.status_code, 403)

    def test_wait_is_logged(self) -> None:
        """A program can read about waits in the log named client."""
        self.start_replay({ORG: [Fault(403, {"Retry-After": "7"})]})
        # assertLogs collects what is logged within its block.
        with self.assertLogs("client") as logs:
            GithubOrgClient.from_environment("google").org
        self.assertEqual(
            logs.output, ["INFO:client:waiting 7 s before the next try"])

    @parameterized.expand([("POST",), ("PUT",), ("HEAD",)])
    def test_only_get_is_tried_again(self, method: str) -> None:
        """Any other request is tried once: it may have had its effect."""
        with tuned_session() as session:
            with self.assertRaises(requests.ConnectionError) as caught:
                session.request(method, "http://127.0.0.1:1")
        self.sleep.assert_not_called()
        self.assertIsNone(caught.exception.response)

    def test_gzip(self) -> None:
        """What repeats itself at a great distance is unpacked, too."""
        noise = hex(random.Random(1).getrandbits(100000))  # 25,002 digits
        body = gzip.compress(json.dumps([noise, noise]).encode())
        self.assertLess(len(body), 20000)
        url = self.start_replay({ORG: [
            Fault(headers={"Content-Encoding": "gzip"}, body=body)]})
        with tuned_session(None, url) as session:
            answer = session.get(url + "/orgs/google")
        self.assertEqual(answer.json(), [noise, noise])

    def test_prepared_request(self) -> None:
        """A request that was prepared beforehand is sent all the same."""
        url = self.start_replay()
        request = requests.Request("GET", url + "/orgs/google").prepare()
        with tuned_session(None, url) as session:
            self.assertEqual(session.send(request).json()["login"], "google")
            adapter = session.get_adapter(url)
            answer = adapter.send(request, False)  # stream, by position
        self.assertEqual(answer.json()["login"], "google")

    def test_stream_is_left_to_the_caller(self) -> None:
        """With stream=True the body is not read in advance."""
        url = self.start_replay({ORG: [Fault(cut=10)]})
        with tuned_session(None, url) as session:
            answer = session.get(url + "/orgs/google", stream=True)
            self.assertEqual(answer.raw.read(10), b'{"login": ')
            answer.close()


class TestCredentials(ReplayTestCase):
    """Integration tests of what requests carry as Authorization."""

    def authorizations(self) -> List[Optional[str]]:
        """Return what the requests so far had as Authorization."""
        return [asked.headers.get("Authorization") for asked in self.asked]

    def write_netrc(self) -> None:
        """Have .netrc hold a password for every host."""
        with tempfile.NamedTemporaryFile("w", delete=False) as netrc:
            netrc.write("default login user password sekret\n")
        self.addCleanup(os.remove, netrc.name)
        os.environ["NETRC"] = netrc.name

    def test_token_reaches_the_api(self) -> None:
        """Every request to the API has the token, on later pages as well."""
        os.environ["GH_TOKEN"] = "sekret"
        self.start_replay(repos=PAGED_REPOS)
        GithubOrgClient.from_environment("google").public_repos()
        self.assertEqual(self.authorizations(), ["Bearer sekret"] * 4)

    @parameterized.expand([
        ("repos_url", lambda other: Fault(body=json.dumps(
            {"repos_url": f"{other}/orgs/google/repos"}).encode())),
        ("redirect", lambda other: Fault(
            301, {"Location": f"{other}/orgs/google"}, b"")),
    ])
    def test_token_stays_with_the_api(self, _: str, fault: Any) -> None:
        """Neither a repos_url nor a redirect takes the token elsewhere."""
        os.environ["GH_TOKEN"] = "sekret"
        other = self.start_replay()
        self.start_replay({ORG: [fault(other)]})
        names = GithubOrgClient.from_environment("google").public_repos()
        self.assertEqual(names, expected_repos)
        authorizations = self.authorizations()
        self.assertEqual(authorizations[0], "Bearer sekret")
        self.assertEqual(set(authorizations[1:]), {None})

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
    ])
    def test_origins(
            self, _: str, url: str, expected: Optional[str]) -> None:
        """Only a request to the API's own origin has the token."""
        with nothing_is_sent(), tuned_session("sekret") as session:
            with self.assertRaises(requests.RequestException) as caught:
                session.get(url)
        request: Any = caught.exception.request
        self.assertEqual(request.headers.get("Authorization"), expected)

    @parameterized.expand([
        ("token", "sekret", "Bearer sekret"), ("no_token", "", None),
    ])
    def test_netrc_is_not_read(
            self, _: str, token: str, expected: Optional[str]) -> None:
        """.netrc gives no password, neither at once nor after a redirect."""
        self.write_netrc()
        os.environ["GH_TOKEN"] = token
        moved = Fault(301, {"Location": "/organizations/1342004"}, b"")
        self.start_replay({ORG: [moved]})
        GithubOrgClient.from_environment("google").public_repos()
        self.assertEqual(self.authorizations(), [expected] * 3)

    def test_password_in_a_url_is_not_sent(self) -> None:
        """A password in a repos_url is not sent anywhere."""
        url = self.start_replay()
        repos_url = url.replace("//", "//user:sekret@") + "/orgs/google/repos"
        body = json.dumps({"repos_url": repos_url}).encode()
        self.start_replay({ORG: [Fault(body=body)]})
        GithubOrgClient.from_environment("google").public_repos()
        self.assertEqual(self.authorizations(), [None] * 2)


class TestBounds(ReplayTestCase):
    """Integration tests of how much of an answer is read."""

    def setUp(self) -> None:
        """Make the bound a small one."""
        super().setUp()
        self.stack.enter_context(patch("client.MAX_BODY", 1000))

    @parameterized.expand([
        ("too_long", Fault(body=b" " * 1001)),
        ("packed", Fault(
            headers={"Content-Encoding": "gzip"},
            body=gzip.compress(b" " * 5000))),
        ("without_end", Fault(body=repeat(b" " * 100))),
        ("of_an_error", Fault(404, body=repeat(b" " * 100))),
    ])
    def test_too_long(self, _: str, fault: Fault) -> None:
        """A body beyond the limit is an error while it arrives."""
        url = self.start_replay({ORG: [fault]})
        self.assert_complaint(url, "HOST sent over 1,000 bytes")
        self.assertEqual(len(self.asked), 1)

    @parameterized.expand([
        ("plain", {}, b'{"a": 1}'.ljust(1000)),
        ("said_to_be_plain", {"Content-Encoding": "identity"},
         b'{"a": 1}'.ljust(1000)),
        ("packed", {"Content-Encoding": "GZIP"},
         gzip.compress(b'{"a": 1}'.ljust(1000))),
        ("in_chunks", {}, [b'{"a":', b" 1}".ljust(995)]),
    ])
    def test_long_enough(
            self, _: str, headers: Dict[str, str], body: Any) -> None:
        """A body of exactly the greatest length is read."""
        url = self.start_replay({ORG: [Fault(headers=headers, body=body)]})
        with tuned_session(None, url) as session:
            answer = session.get(url + "/orgs/google")
        self.assertEqual(answer.json(), {"a": 1})
        self.assertIs(type(answer.content), bytes)

    @parameterized.expand([
        ("no_gzip", b"{}",
         "Error -3 while decompressing data: incorrect header check"),
        ("zlib", zlib.compress(b"{}"),
         "Error -3 while decompressing data: incorrect header check"),
        ("two_gzips", gzip.compress(b"{}") * 2, "it goes on after its end"),
        ("half_a_gzip", gzip.compress(b"{}")[:-1],
         "the end of the body is missing"),
    ])
    def test_bad_packing(self, _: str, body: bytes, problem: str) -> None:
        """A program that catches the error can read what is wrong."""
        url = self.start_replay({ORG: repeat(
            Fault(headers={"Content-Encoding": "gzip"}, body=body))})
        with tuned_session(None, url) as session:
            with self.assertRaises(requests.RequestException) as caught:
                session.get(url + "/orgs/google")
        self.assertEqual(str(caught.exception), problem)

    def test_unpacked_no_further(self) -> None:
        """A gzip bomb is not unpacked before it is measured."""
        bomb = gzip.compress(bytes(20 * 2**20))
        url = self.start_replay({ORG: [
            Fault(headers={"Content-Encoding": "gzip"}, body=bomb)]})
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        self.assert_complaint(url, "HOST sent over 1,000 bytes")
        now, peak = tracemalloc.get_traced_memory()  # since start()
        self.assertLess(peak, 10 * 2**20)

    @parameterized.expand([("br",), ("gzip, gzip",)])
    def test_unknown_packing(self, encoding: str) -> None:
        """A body in an encoding that nobody asked for is not decoded.

        The limit would come too late: a few bytes may become gigabytes.
        """
        url = self.start_replay({ORG: [
            Fault(headers={"Content-Encoding": encoding})]})
        self.assert_complaint(url, "HOST sent an encoding nobody asked for")


class TestCommand(ReplayTestCase):
    """Integration tests of the command, in this process: what it prints."""

    @parameterized.expand([
        ("all", [], expected_repos),
        ("key", ["--license", "bsl-1.0"], ["cpp-netlib"]),
        ("any_case", ["--license", "BSL-1.0"], ["cpp-netlib"]),
        ("spdx_id", ["--license", "noassertion"],
         ["ios-webkit-debug-proxy", "build-debian-cloud"]),
        ("no_license", ["--license", "None"], ["google.github.io"]),
        ("unknown", ["--license", "no-such-license"], []),
        ("one_or_the_other", ["--license", "bsl-1.0", "--license", "none"],
         ["cpp-netlib", "google.github.io"]),
        ("all_but", ["--not-license", "APACHE-2.0"],
         ["episodes.dart", "cpp-netlib", "ios-webkit-debug-proxy",
          "google.github.io", "build-debian-cloud"]),
        ("neither_nor", ["--not-license", "Apache-2.0", "--not-license",
                         "bsd-3-clause", "--not-license", "other"],
         ["cpp-netlib", "google.github.io"]),
        ("contradiction", ["--license", "other", "--not-license", "other"],
         []),
        ("source", ["--source", "--license", "apache-2.0"],
         ["kratu", "traceur-compiler", "firmata.py"]),
        ("nothing_archived", ["--no-archived"], expected_repos),
        ("one_job", ["--jobs", "1"], expected_repos),
        ("most_jobs", ["--jobs", "100"], expected_repos),
    ])
    def test_names(self, _: str, options: List[str], names: List[str]) -> None:
        """The selected names are printed, one a line, in GitHub's order."""
        self.start_replay()
        self.assertEqual(
            self.run_command("google", *options),
            (0, "".join(name + "\n" for name in names), ""))

    @parameterized.expand([
        ("all", [], "plain fork old odd\n"),
        ("source", ["--source"], "plain old odd\n"),
        ("no_archived", ["--no-archived"], "plain fork odd\n"),
        ("both", ["--source", "--no-archived"], "plain odd\n"),
        ("no_license", ["--license", "none"], "plain fork old\n"),
    ])
    def test_fields_left_out(
            self, _: str, options: List[str], names: str) -> None:
        """Without the field a repository is not a fork, not archived.

        A license whose SPDX id is unknown is a license all the same.
        """
        self.start_replay(repos=[
            {"name": "plain", "license": {"key": None}},
            {"name": "fork", "fork": True, "archived": False},
            {"name": "old", "fork": False, "archived": True},
            {"name": "odd", "license": {"key": "own", "spdx_id": None}}])
        self.assertEqual(
            self.run_command("google", *options),
            (0, names.replace(" ", "\n"), ""))

    @parameterized.expand([
        ("names", [], 3), ("csv", ["--csv"], 3), ("json", ["--json"], 3),
        ("licenses", ["--licenses"], 3),
        ("nothing", ["--license", "no-such-license"], 0),
        ("nothing_in_csv", ["--csv", "--license", "no-such-license"], 0),
    ])
    def test_exit_code(
            self, _: str, options: List[str], expected: int) -> None:
        """With --exit-code the status is 3 if anything is listed."""
        self.start_replay()
        status, out, err = self.run_command("google", "--exit-code", *options)
        self.assertEqual((status, err), (expected, ""))

    def test_exit_code_of_an_error(self) -> None:
        """An error is never taken for a pass: its status stays 1."""
        self.start_replay()
        status, out, err = self.run_command("nobody", "--exit-code")
        self.assertEqual((status, out), (1, ""))

    def test_json(self) -> None:
        """GitHub's own objects come as one array, indented."""
        url = self.start_replay()
        status, out, err = self.run_command(
            "google", "--json", "--license", "other")
        self.assertEqual((status, err), (0, ""))
        expected = json.dumps([repos_payload[3], repos_payload[6]])
        self.assertEqual(json.loads(out), json.loads(
            expected.replace("https://api.github.com", url)))
        self.assertTrue(out.startswith("[\n  {\n    \"id\""))
        self.assertTrue(out.endswith("\n]\n"))

    def test_csv(self) -> None:
        """A header and a row for each repository come as CSV.

        The license is its SPDX id, or else its key; what is null is empty.
        """
        mit = {"key": "mit", "spdx_id": "MIT"}
        self.start_replay(repos=[
            {"name": "a", "license": mit, "fork": True, "archived": True,
             "language": 'C, "old"', "stargazers_count": 7,
             "pushed_at": "2020-01-01T00:00:00Z", "html_url": "https://h/a"},
            {"name": "b", "license": {"key": "own"}, "language": None},
            {"name": "c", "fork": False, "archived": False}])
        self.assertEqual(self.run_command("google", "--csv"), (0, (
            "name,license,fork,archived,language,stars,pushed_at,url\n"
            'a,MIT,true,true,"C, ""old""",7,2020-01-01T00:00:00Z,https://h/a\n'
            "b,own,false,false,,,,\n"
            "c,none,false,false,,,,\n"), ""))

    def test_csv_of_the_recording(self) -> None:
        """A recorded repository fills every column."""
        self.start_replay()
        status, out, err = self.run_command(
            "google", "--csv", "--license", "bsl-1.0")
        self.assertEqual((status, err), (0, ""))
        self.assertEqual(
            out.splitlines()[1],
            "cpp-netlib,BSL-1.0,true,false,C++,292,2018-12-05T17:42:29Z,"
            "https://github.com/google/cpp-netlib")

    def test_licenses(self) -> None:
        """Licenses are counted, most first, with a bar each."""
        self.start_replay()
        self.assertEqual(self.run_command("google", "--licenses"), (0, (
            "apache-2.0   4 " + "#" * 40 + "\n"
            "other        2 " + "#" * 20 + "\n"
            "bsd-3-clause 1 " + "#" * 10 + "\n"
            "bsl-1.0      1 " + "#" * 10 + "\n"
            "none         1 " + "#" * 10 + "\n"), ""))

    def test_licenses_of_many(self) -> None:
        """Counts are aligned, no bar is empty, ties are in order of name."""
        mit = {"name": "a", "license": {"key": "mit", "spdx_id": "MIT"}}
        bsd = {"name": "c", "license": {"key": "0bsd"}}
        self.start_replay(repos=[{"name": "b"}] + [mit] * 98 + [bsd])
        self.assertEqual(self.run_command("google", "--licenses"), (
            0, "mit  98 " + "#" * 40 + "\n0bsd  1 #\nnone  1 #\n", ""))

    @parameterized.expand([
        ("names", [], ""), ("json", ["--json"], "[]\n"),
        ("licenses", ["--licenses"], ""),
        ("csv", ["--csv"],
         "name,license,fork,archived,language,stars,pushed_at,url\n"),
    ])
    def test_no_repository(
            self, _: str, options: List[str], expected: str) -> None:
        """An organization without repositories has nothing to print."""
        self.start_replay(repos=[])
        self.assertEqual(
            self.run_command("google", *options), (0, expected, ""))

    @parameterized.expand([
        ("one", ["--jobs", "1"], 1), ("three", ["--jobs", "3"], 3),
        ("default", [], 10),
    ])
    def test_jobs(self, _: str, options: List[str], workers: int) -> None:
        """--jobs says how many pages the client fetches at once."""
        with patch("client.get_json", autospec=True) as get_json:
            get_json.side_effect = [{"repos_url": "http://host/"}, []]
            self.run_command("google", *options)
        get_json.assert_called_with(
            "http://host/", ANY, workers=workers, params=ANY)

    def test_session_is_closed(self) -> None:
        """The command closes its session, after an error as well."""
        self.start_replay()
        with patch.object(requests.Session, "close", autospec=True) as close:
            self.run_command("google")
            self.run_command("nobody")
        self.assertEqual(close.call_count, 2)

    def test_recorded(self) -> None:
        """--recorded neither asks the environment's API nor sends a token.

        This token could not be sent: it would be an error to try.
        """
        self.start_replay()
        os.environ["GH_TOKEN"] = "no token"
        self.assertEqual(
            self.run_command("google", "--recorded", "--license", "bsl-1.0"),
            (0, "cpp-netlib\n", ""))
        self.assertEqual(self.asked, [])

    @parameterized.expand([
        ("no_org", [], ".* required: ORG"),
        ("empty_org", [""], "ORG must not be empty"),
        ("blank_org", [" "], "ORG must not be empty"),
        ("two_orgs", ["google", "microsoft"], ".* arguments: microsoft"),
        ("empty_license", ["google", "--license", ""],
         "no license has the key ''; give one at a time"),
        ("blank_not_license", ["google", "--not-license", " "],
         "no license has the key ' '; give one at a time"),
        ("two_bad_keys", ["google", "--not-license", "?", "--license", "!"],
         "no license has the key '!'; give one at a time"),
        ("licenses_in_one", ["google", "--license", "mit,isc"],
         "no license has the key 'mit,isc'; give one at a time"),
        ("not_license_of_nothing", ["google", "--not-license"],
         "argument --not-license: .*"),
        ("no_jobs", ["google", "--jobs", "0"],
         "argument --jobs: must be from 1 to 100"),
        ("too_many_jobs", ["google", "--jobs", "101"],
         "argument --jobs: must be from 1 to 100"),
        ("jobs_no_number", ["google", "--jobs", "many"],
         "argument --jobs: .*'many'"),
        ("json_and_licenses", ["google", "--json", "--licenses"],
         "argument --licenses: not allowed with argument --json"),
        ("json_and_csv", ["google", "--json", "--csv"],
         "argument --csv: not allowed with argument --json"),
        ("abbreviated", ["google", "--rec"], ".* arguments: --rec"),
        ("unknown_option", ["google", "--token", "sekret"],
         ".* arguments: --token sekret"),
    ])
    def test_wrong_usage(
            self, _: str, argv: List[str], problem: str) -> None:
        """Wrong usage gives a message and status 2, and no request."""
        self.start_replay()
        with redirect_stdout(io.StringIO()) as out, \
                redirect_stderr(io.StringIO()) as err:
            with self.assertRaises(SystemExit) as caught:
                client.main(argv)
        self.assertEqual((caught.exception.code, out.getvalue()), (2, ""))
        self.assertRegex(err.getvalue(), (
            f"^usage: client.py .*\n(.*\n)*client.py: error: {problem}\n$"))
        self.assertEqual(self.asked, [])

    @parameterized.expand([
        ("List an organization's public repositories on GitHub.",),
        ("ORG the organization's name",),
        ("--license KEY only repositories under this license",),
        ("--not-license KEY leave out those under this license",),
        ("--source leave out forks",),
        ("--no-archived leave out archived repositories",),
        ("--exit-code exit with status 3 if anything is listed",),
        ("--licenses count the repositories under each license",),
        ("--csv print a row for each repository",),
        ("--json print GitHub's own objects",),
        ("--recorded answer from a recording of google",),
        ("--jobs N pages to fetch at once, 1 to 100 (10)",),
        ("-v, --verbose log every request to stderr",),
        ("KEY is a license's key or SPDX id",),
    ])
    def test_help(self, said: str) -> None:
        """--help prints to stdout what each option does."""
        os.environ["COLUMNS"] = "1000"  # so that no line is broken
        with redirect_stdout(io.StringIO()) as out:
            with self.assertRaises(SystemExit) as caught:
                client.main(["--help"])
        self.assertEqual(caught.exception.code, 0)
        lines = [" ".join(line.split()) for line in out.getvalue().split("\n")]
        self.assertIn(said, [line[:len(said)] for line in lines])

    @parameterized.expand([
        ("reader_gone", BrokenPipeError(), 0, ""),
        ("disk_full", OSError(28, "No space left on device"), 1,
         "client.py: [Errno 28] No space left on device\n"),
        ("not_encodable", UnicodeEncodeError("ascii", "\u00e9", 0, 1, "no"), 1,
         "client.py: 'ascii' codec can't encode character '\\xe9' "
         "in position 0: no\n"),
    ])
    def test_printing_fails(
            self, _: str, error: BaseException, status: int,
            said: str) -> None:
        """If printing fails, there is one line; none if nobody reads."""
        self.start_replay()
        out = Mock(spec=["write", "flush"])
        out.flush.side_effect = error
        with redirect_stdout(out), redirect_stderr(io.StringIO()) as err:
            self.assertEqual(client.main(["google"]), status)
        self.assertEqual(err.getvalue(), said)

    @parameterized.expand([
        ("interrupt", KeyboardInterrupt), ("bug", AttributeError),
    ])
    def test_not_reported(self, _: str, error: Any) -> None:
        """Ctrl-C and bugs are not reported as errors: they are raised."""
        self.start_replay()
        with redirect_stdout(Mock(spec=["write"])) as out:
            out.write.side_effect = error
            with self.assertRaises(error):
                client.main(["google"])

    def test_thread_that_can_not_be_started(self) -> None:
        """If no thread can be started, one line says so."""
        url = self.start_replay(repos=PAGED_REPOS)
        start = threading.Thread.start

        def start_others(thread: threading.Thread) -> None:
            """Start the server's threads, which are no daemons."""
            if thread.daemon:
                raise RuntimeError("can't start new thread")
            start(thread)

        with patch("threading.Thread.start", new=start_others):
            self.assert_complaint(url, "can't start new thread")


class TestRecovery(ReplayTestCase):
    """Integration tests of faults that a retry can repair."""

    @parameterized.expand([
        ("500_once", {page(2): [Fault(500)]}, [0]),
        ("502_html_once", {page(2): [Fault(502, body=b"<html>")]}, [0]),
        ("504_once", {ORG: [Fault(504)]}, [0]),
        ("503_twice", {page(3): [Fault(503)] * 2}, [0, 1]),
        ("503_thrice", {page(3): [Fault(503)] * 3}, [0, 1, 2]),
        ("503_that_says_nonsense",
         {page(2): [Fault(503, {"Retry-After": "in a while"})]}, [0]),
        ("503_that_says_when",
         {page(2): [Fault(503, {"Retry-After": "9"})]}, [9]),
        ("dropped_once", {page(2): [Fault(cut=0)]}, [0]),
        ("cut_once", {page(2): [Fault(cut=1000)]}, [0]),
        ("cut_thrice", {page(2): [Fault(cut=1000)] * 3}, [0, 1, 2]),
        ("no_http_once", {ORG: [Fault(raw=b"SSH-2.0-OpenSSH\r\n")]}, [0]),
        ("gzip_without_its_end", {ORG: [Fault(
            headers={"Content-Encoding": "gzip"},
            body=gzip.compress(b"{}" * 99)[:-9])]}, [0]),
        ("one_after_the_other", {page(2): [
            Fault(cut=1000), Fault(503), Fault(cut=0)]}, [0, 1, 2]),
        ("limit_403", {page(2): [Fault(403, {"Retry-After": "7"})]}, [7]),
        ("limit_429", {ORG: [Fault(429, {"Retry-After": "60"})]}, [60]),
        ("renamed", {ORG: [
            Fault(301, {"Location": "/organizations/1342004"}, b"")]}, []),
    ])
    def test_listing_comes_whole(
            self, _: str, script: Dict[str, List[Fault]],
            waits: List[float]) -> None:
        """If a retry helps, it is made, after a wait if necessary."""
        self.start_replay(script, repos=PAGED_REPOS)
        status, out, err = self.run_command("google")
        self.assertEqual((status, out.split(), err), (0, PAGED_NAMES, ""))
        self.sleep.assert_has_calls([call(seconds) for seconds in waits])
        self.assertEqual(self.sleep.call_count, len(waits))
        faults = sum(map(len, script.values()))
        self.assertEqual(len(self.asked), 4 + faults)

    @parameterized.expand([
        ("server_errors", [Fault(500), Fault(502), Fault(503), Fault(504)]),
        ("connections", [Fault(cut=0)] * 4),
        ("bodies", [Fault(cut=1000)] * 4),
        ("one_of_each", [Fault(cut=0), Fault(cut=1000), Fault(500),
                         Fault(403, {"Retry-After": "1"})]),
    ])
    def test_four_tries_in_all(self, _: str, faults: List[Fault]) -> None:
        """The fourth try is the last, however the tries fail."""
        self.start_replay({ORG: faults})
        status, out, err = self.run_command("google")
        self.assertEqual((status, out, len(self.asked)), (1, "", 4))
        self.assertEqual(self.sleep.call_count, 3)

    @parameterized.expand([
        ("no_last", {FIRST_PAGE: [links(next=page_path(2))]}, PAGED_NAMES),
        ("cursor", {
            FIRST_PAGE: [links(next="/orgs/google/repos?after=abc")],
            "after=abc": [links(next=page_path(3))]},
         PAGED_NAMES[:100] + PAGED_NAMES[:30] + PAGED_NAMES[200:]),
        ("capitals", {FIRST_PAGE: [Fault(headers={
            "Link": f'<{page_path(2)}>; title="a, b; c"; REL=NEXT'})]},
         PAGED_NAMES),
    ])
    def test_other_links(
            self, _: str, script: Script, names: List[str]) -> None:
        """Without a last page to count up to, each next link is followed."""
        repos = [{"name": name} for name in PAGED_NAMES]
        self.start_replay(script, repos=repos)
        status, out, err = self.run_command("google")
        self.assertEqual((status, out.split(), err), (0, names, ""))


class TestComplaint(ReplayTestCase):
    """Integration tests of faults that no retry repairs: one line."""

    @parameterized.expand([
        ("401", {ORG: [Fault(401)]}, "HOST answered 401: Bad credentials; "
         "check the token in GH_TOKEN or GITHUB_TOKEN"),
        ("403", {ORG: [Fault(403)]}, "HOST answered 403: Forbidden"),
        ("403_without_single_sign_on", {ORG: [Fault(
            403, {"X-RateLimit-Remaining": "0"},
            b'{"message": "Resource protected by SAML"}')]},
         "HOST answered 403: Resource protected by SAML"),
        ("404", {ORG: [Fault(404)]}, "no such organization: google; "
         "GITHUB_API_URL may be wrong too"),
        ("404_page", {page(2): [Fault(404)]}, "HOST answered 404: Not Found"),
        ("407_without_a_proxy", {ORG: [Fault(407)]},
         "HOST answered 407: Proxy Authentication Required"),
        ("451", {ORG: [Fault(451)]},
         "HOST answered 451: Repository access blocked"),
        ("499", {ORG: [Fault(499, body=b"")]}, "HOST answered 499: "),
        ("500_for_ever", {ORG: repeat(Fault(500))},
         "HOST answered 500: Internal Server Error; try again later"),
        ("502_html_for_ever", {page(2): repeat(Fault(502, body=b"<html>"))},
         "HOST answered 502: Bad Gateway; try again later"),
        ("503_for_an_hour", {ORG: [Fault(503, {"Retry-After": "3600"})]},
         "HOST answered 503: Service Unavailable; try again later"),
        ("no_message", {ORG: [Fault(400, body=b"{}")]},
         "HOST answered 400: Bad Request"),
        ("deep_message", {ORG: [Fault(400, body=b"[" * 100000)]},
         "HOST answered 400: Bad Request"),
        ("control_characters", {ORG: [Fault(
            400, body=b'{"message": "\\u001b[31mred\\n"}')]},
         "HOST answered 400:  [31mred "),
        ("dropped_for_ever", {page(2): repeat(Fault(cut=0))},
         "cannot reach HOST: Remote end closed connection without response; "
         "check the network, and GITHUB_API_URL if it is set"),
        ("cut_for_ever", {page(2): repeat(Fault(cut=1000))},
         "HOST sent a broken answer; try again later"),
        ("no_http", {ORG: repeat(Fault(raw=b"SSH-2.0-OpenSSH\r\n"))},
         "HOST did not answer in HTTP"),
        ("long_header", {ORG: repeat(Fault(headers={"X": "x" * 100000}))},
         "HOST did not answer in HTTP"),
        ("many_headers", {ORG: repeat(Fault(
            headers={f"X{n}": "x" for n in range(200)}))},
         "HOST did not answer in HTTP"),
        ("redirect_loop",
         {ORG: repeat(Fault(302, {"Location": "/orgs/google"}, b""))},
         "HOST: Exceeded 30 redirects."),
        ("redirect_to_nonsense",
         {ORG: [Fault(302, {"Location": "http://["}, b"")]},
         "http://HOST/orgs/google can't be fetched: Invalid IPv6 URL"),
        ("html", {page(2): [Fault(body=b"<html>")]},
         "HOST did not answer in JSON"),
        ("half_a_document", {page(2): [Fault(body=b'[{"name": "a"')]},
         "HOST did not answer in JSON"),
        ("no_gzip", {page(2): [Fault(headers={"Content-Encoding": "gzip"})]},
         "HOST sent a broken answer; try again later"),
        ("two_gzips", {page(2): [Fault(
            headers={"Content-Encoding": "gzip"},
            body=gzip.compress(b"[]") * 2)]},
         "HOST sent a broken answer; try again later"),
        ("gzip_and_no_end", {page(2): [Fault(
            headers={"Content-Encoding": "gzip"},
            body=chain([gzip.compress(b"[]")], repeat(b" " * 100000)))]},
         "HOST sent a broken answer; try again later"),
        ("no_utf_8", {page(2): [Fault(body=b'[{"name": "\xe9"}]')]},
         "HOST did not answer in JSON"),
        ("org_null", {ORG: [Fault(body=b"null")]},
         "http://HOST/orgs/google is not an organization"),
        ("repo_null", {page(2): [Fault(body=b"[null]")]},
         "http://HOST/orgs/google/repos is not a list of repositories"),
        ("page_null", {page(2): [Fault(body=b"null")]},
         f"http://HOST{page_path(2)} is not a list"),
        ("broken_link", {FIRST_PAGE: [Fault(headers={"Link": "nonsense"})]},
         "http://HOST/orgs/google/repos?per_page=100 has a broken link"),
        ("link_to_itself",
         {FIRST_PAGE: [links(next="/orgs/google/repos?per_page=100")]},
         "http://HOST/orgs/google/repos?per_page=100 links to a page already "
         "seen"),
        ("circle", {page(3): [links(next=page_path(2))]},
         f"http://HOST{page_path(3)} links to a page already seen"),
        ("link_elsewhere", {FIRST_PAGE: [links(next="http://127.0.0.2:9/")]},
         "http://HOST/orgs/google/repos?per_page=100 links to another origin: "
         "http://127.0.0.2:9/"),
        ("pages_without_end", {FIRST_PAGE: [links(
            next=page_path(2), last=page_path(1000000000))]},
         "http://HOST/orgs/google/repos?per_page=100 is one of more than "
         "5000 pages"),
    ])
    def test_one_line_and_no_listing(
            self, _: str, script: Script, line: str) -> None:
        """If no retry helps, one line says so, and stdout stays empty."""
        url = self.start_replay(script, repos=PAGED_REPOS)
        self.assert_complaint(url, line)

    def test_limit_that_no_request_met(self) -> None:
        """A double may raise a LimitError that belongs to no request."""
        with patch("client.get_json", autospec=True,
                   side_effect=LimitError(None)):
            self.assertEqual(self.run_command("google"), (
                1, "", "client.py: GitHub's rate limit is reached; wait at "
                "least a minute\n"))

    def test_organization_that_github_does_not_have(self) -> None:
        """Without GITHUB_API_URL the name alone is to blame."""
        response = requests.Response()
        response.status_code = 404
        response.url = "https://api.github.com/orgs/nobody"
        response.request = requests.Request("GET", response.url).prepare()
        with patch("client.get_json", autospec=True,
                   side_effect=requests.HTTPError(response=response)):
            self.assertEqual(
                self.run_command("nobody"),
                (1, "", "client.py: no such organization: nobody\n"))

    def test_recording_without_this_organization(self) -> None:
        """With --recorded GITHUB_API_URL is not to blame."""
        os.environ["GITHUB_API_URL"] = "http://127.0.0.1:1"
        self.assertEqual(
            self.run_command("nobody", "--recorded"),
            (1, "", "client.py: no such organization: nobody\n"))

    def test_number_beyond_json(self) -> None:
        """A number beyond JSON's is an error: jq would not read it."""
        body = b'[{"name": "a", "size": 1e999}]'
        self.start_replay({FIRST_PAGE: [Fault(body=body)]})
        status, out, err = self.run_command("google", "--json")
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(err, "^client.py: Out of range float values .*\n$")

    def test_organization_not_there(self) -> None:
        """A name that looks like a path is escaped in the URL."""
        self.start_replay()
        status, out, err = self.run_command("../users/google")
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(
            err, "^client.py: no such organization: ../users/google; .*\n$")
        self.assertEqual(self.targets(), ["/orgs/..%2Fusers%2Fgoogle"])

    def test_no_secret_in_sight(self) -> None:
        """A token that the API rejects appears in no output."""
        os.environ["GH_TOKEN"] = "sekret"
        self.start_replay({ORG: [Fault(401)]})
        status, out, err = self.run_command("google")
        self.assertEqual(status, 1)
        self.assertNotIn("sekret", out + err)


class TestLimits(ReplayTestCase):
    """Integration tests of rate limits that last: until when, what to do."""

    def test_without_a_token(self) -> None:
        """Users without a token are told that one would help."""
        url = self.start_replay({ORG: [Fault(403, {
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": "1800000000"})]})
        self.assert_complaint(
            url, "GitHub's rate limit is reached; it resets at 2027-01-15 "
            "08:00:00 UTC; a token in GH_TOKEN raises 60 requests an hour to "
            "5,000")
        self.assertEqual(len(self.asked), 1)
        self.sleep.assert_not_called()

    def test_with_a_token(self) -> None:
        """Users with a token are not told to get one."""
        os.environ["GH_TOKEN"] = "sekret"
        url = self.start_replay({ORG: [Fault(429)]})
        self.assert_complaint(
            url, "GitHub's rate limit is reached; wait at least a minute")

    def test_without_end(self) -> None:
        """A rate limit is waited out three times, then it is an error."""
        limit = Fault(403, {"Retry-After": "7"})
        self.start_replay({ORG: repeat(limit)})
        status, out, err = self.run_command("google")
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(err, "^client.py: GitHub's rate limit is reached; ")
        self.sleep.assert_has_calls([call(7)] * 3)
        self.assertEqual(self.sleep.call_count, 3)
        self.assertEqual(len(self.asked), 4)


class TestNetwork(ReplayTestCase):
    """Integration tests of faults of the network, and of proxies."""

    def test_connection_refused(self) -> None:
        """Where nobody listens, one line names the host and the reason."""
        url = os.environ["GITHUB_API_URL"] = "http://127.0.0.1:1"
        self.assert_complaint(
            url, "cannot reach HOST: Connection refused; check the network, "
            "and GITHUB_API_URL if it is set")
        self.assertEqual(self.sleep.call_count, 3)

    def test_unknown_host(self) -> None:
        """A host without an address is named; no name server is asked."""
        url = os.environ["GITHUB_API_URL"] = "http://host.invalid"
        error = socket.gaierror(-2, "Name or service not known")
        with patch("socket.getaddrinfo", autospec=True, side_effect=error):
            self.assert_complaint(
                url, "cannot reach HOST: Name or service not known; check "
                "the network, and GITHUB_API_URL if it is set")

    @parameterized.expand([
        ("system", OSError(113, "No route to host"), "No route to host"),
        ("openssl", OSError("[SSL: X] verify failed: [a] bad (_ssl.c:99)"),
         "verify failed: bad"),
        ("text_alone", OSError("gone"), "gone"),
    ])
    def test_error_behind_an_error(
            self, _: str, behind: Exception, said: str) -> None:
        """The line quotes the system's error, however deep it is."""
        error = requests.ConnectionError("Max retries exceeded with url: ...")
        error.__context__ = behind
        behind.__context__ = TypeError("of urllib3's own")
        url = os.environ["GITHUB_API_URL"] = "http://host.invalid"
        with patch("requests.adapters.HTTPAdapter.send", autospec=True,
                   side_effect=error):
            self.assert_complaint(
                url, f"cannot reach HOST: {said}; check the network, and "
                "GITHUB_API_URL if it is set")

    def test_proxy_of_the_system(self) -> None:
        """A proxy that no variable names is called the system's."""
        error = requests.exceptions.ProxyError("Max retries exceeded: ...")
        error.__context__ = OSError("refused")
        url = os.environ["GITHUB_API_URL"] = "http://host.invalid"
        with patch("requests.adapters.HTTPAdapter.send", autospec=True,
                   side_effect=error):
            self.assert_complaint(
                url, "cannot reach the system's proxy: refused")

    def test_invalid_url_without_a_proxy(self) -> None:
        """Without a proxy, a wrong address is not blamed on one."""
        error = requests.exceptions.InvalidURL("no such port")
        url = os.environ["GITHUB_API_URL"] = "http://host.invalid"
        with patch("requests.adapters.HTTPAdapter.send", autospec=True,
                   side_effect=error):
            self.assert_complaint(url, "HOST: no such port")

    def test_no_tls(self) -> None:
        """A server without TLS is reported in OpenSSL's words."""
        url = self.start_replay().replace("http:", "https:")
        os.environ["GITHUB_API_URL"] = url
        status, out, err = self.run_command("google")
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(
            err, "^client.py: cannot reach 127.0.0.1:[0-9]+: "
            "[a-zA-Z ]+; check .*\n$")

    def test_slow_answer(self) -> None:
        """An answer that does not come in time is reported as such."""
        url = self.start_replay({ORG: repeat(Fault(wait=60))})
        with patch("client.CONNECT_AND_READ", 0.01):
            self.assert_complaint(
                url, "cannot reach HOST: timed out; check the network, and "
                "GITHUB_API_URL if it is set")
        self.assertEqual(self.sleep.call_count, 3)

    def test_answer_that_stalls(self) -> None:
        """A body that stops arriving is tried again, then reported."""
        release = threading.Event()

        def stall() -> Iterator[bytes]:
            """Begin a body and go on when the test is done."""
            yield b"{"
            release.wait(timeout=10)

        url = self.start_replay(
            {ORG: [Fault(body=stall()) for _ in range(4)]})
        self.stack.callback(release.set)
        with patch("client.CONNECT_AND_READ", 0.05):
            self.assert_complaint(
                url, "cannot reach HOST: timed out; check the network, and "
                "GITHUB_API_URL if it is set")
        self.assertEqual(self.sleep.call_count, 3)

    def test_proxy_refused(self) -> None:
        """A proxy that can't be reached is named by its variable."""
        os.environ["HTTPS_PROXY"] = "http://user:sekret@127.0.0.1:1"
        self.assert_complaint(
            "https://api.github.com",
            "cannot reach the proxy in HTTPS_PROXY: Connection refused")

    @parameterized.expand([
        ("no_address", "http://"),
        ("no_port", "http://user:sekret@host:port"),
        ("unknown_kind", "ipx://user:sekret@host"),
        ("known_kind", "socks5://user:sekret@host"),
    ])
    def test_invalid_proxy(self, _: str, proxy: str) -> None:
        """An invalid proxy is named by its variable, without password."""
        os.environ["HTTPS_PROXY"] = proxy
        # Where the package PySocks is installed requests can use SOCKS.
        with patch("requests.adapters.SOCKSProxyManager", autospec=True,
                   side_effect=requests.exceptions.InvalidSchema):
            self.assert_complaint(
                "https://api.github.com", "the address of the proxy in "
                "HTTPS_PROXY is wrong, or of a kind not supported")

    @parameterized.expand([
        ("tunnel", "https", "https_proxy", "Tunnel connection failed: "),
        ("plain", "http", "ALL_PROXY", ""),
        ("small_letters", "http", "all_proxy", ""),
    ])
    def test_proxy_that_denies(
            self, _: str, scheme: str, variable: str, said: str) -> None:
        """A proxy that requires a password is named by its variable."""
        denial = Fault(raw=b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                       b"Content-Length: 0\r\n\r\n")
        url = self.start_replay({"localhost.invalid": repeat(denial)})
        os.environ[variable] = url
        os.environ["GITHUB_API_URL"] = f"{scheme}://localhost.invalid"
        with warnings.catch_warnings():
            # Python 3.7 leaves a tunnel's socket to garbage collection.
            warnings.simplefilter("ignore", ResourceWarning)
            self.assert_complaint(
                url, f"the proxy in {variable} denied: {said}"
                "407 Proxy Authentication Required")
            gc.collect()

    @parameterized.expand([
        (403, "Forbidden"), (451, "Repository access blocked"),
    ])
    def test_error_beyond_a_proxy(self, status: int, message: str) -> None:
        """An error from beyond a working proxy is not blamed on it."""
        os.environ["HTTP_PROXY"] = self.start_replay({ORG: [Fault(status)]})
        url = os.environ["GITHUB_API_URL"] = "http://host.invalid"
        self.assert_complaint(url, f"HOST answered {status}: {message}")

    def test_proxy_that_has_exceptions(self) -> None:
        """A host in NO_PROXY is reached without the proxy."""
        os.environ.update(
            HTTPS_PROXY="http://127.0.0.1:1", NO_PROXY="host.invalid",
            GITHUB_API_URL="https://host.invalid")
        error = socket.gaierror(-2, "Name or service not known")
        with patch("socket.getaddrinfo", autospec=True, side_effect=error):
            status, out, err = self.run_command("google")
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(err, "^client.py: cannot reach host.invalid: Name ")

    def test_loopback_needs_no_proxy(self) -> None:
        """A request within this machine never goes out to a proxy."""
        self.start_replay()
        os.environ["HTTP_PROXY"] = "http://127.0.0.1:1"
        status, out, err = self.run_command("google")
        self.assertEqual((status, out.split(), err), (0, expected_repos, ""))


class Terminal(io.StringIO):
    """The smallest double of a terminal: it says that it is one."""

    def isatty(self) -> bool:
        """Say that this is a terminal."""
        return True

    def lines(self) -> List[str]:
        """Return what its line has shown, one text after the other."""
        shown = [""]
        for text in self.getvalue().split("\r"):
            # Text after a \r covers as many characters as it has.
            line = (text + shown[-1][len(text):]).rstrip(" ")
            if line != shown[-1]:
                shown.append(line)
        return shown


class TestTerminal(ReplayTestCase):
    """Integration tests of the progress line on a terminal."""

    def run_on_terminal(
            self, *argv: str, terminal: Optional[Terminal] = None
            ) -> Tuple[int, Terminal]:
        """Run the command on a terminal; return the status, and stderr."""
        with redirect_stdout(io.StringIO()), \
                redirect_stderr(terminal or Terminal()) as err:
            status = client.main(argv)
        return status, err

    def test_pages_are_counted(self) -> None:
        """Pages are counted, with their total; then the line is cleared."""
        self.start_replay({page(2): [Fault(500)]}, repos=PAGED_REPOS)
        status, err = self.run_on_terminal("google")
        self.assertEqual(status, 0)
        self.assertEqual([
            text for text in err.lines() if not text.startswith("waiting")],
            ["", "pages: 1 of 3", "pages: 2 of 3", "pages: 3 of 3", ""])

    def test_total_of_two_digits(self) -> None:
        """The total is the whole number of the last page."""
        repos = [{"name": f"repo-{number}"} for number in range(1001)]
        self.start_replay(repos=repos)
        status, err = self.run_on_terminal("google")
        self.assertEqual(err.lines()[-2], "pages: 11 of 11")

    @parameterized.expand([
        ("no_last_page", {}),
        ("last_page_without_a_number", {"last": "/items?per_page=100&page=x"}),
    ])
    def test_total_unknown(self, _: str, last: Dict[str, str]) -> None:
        """Without a last page to count up to, the pages alone are counted."""
        self.start_replay({FIRST_PAGE: [links(next=page_path(3), **last)]},
                          repos=PAGED_REPOS)
        status, err = self.run_on_terminal("google")
        self.assertEqual(err.lines(), ["", "pages: 1", "pages: 2", ""])

    def test_wait_is_told(self) -> None:
        """While GitHub makes it wait, the line says for how long.

        The wait is not slept here, so that all pages come during it.
        """
        limit = Fault(403, {"Retry-After": "45"})
        self.start_replay({FIRST_PAGE: [limit]}, repos=PAGED_REPOS)
        status, err = self.run_on_terminal("google")
        self.assertEqual(status, 0)
        self.assertEqual(
            err.lines(), ["", "waiting 45 s before the next try", ""])

    def test_pages_after_a_wait(self) -> None:
        """After a wait, here of no time at all, pages are counted again."""
        limit = Fault(403, {"Retry-After": "0"})
        self.start_replay({FIRST_PAGE: [limit]})
        # The clock stands still: the page comes just when the wait ends.
        with patch("time.monotonic", autospec=True, return_value=5.0):
            status, err = self.run_on_terminal("google")
        self.assertEqual(err.lines(), [
            "", "waiting 0 s before the next try", "pages: 1", ""])

    def test_error_stays_last(self) -> None:
        """A page that arrives after an error does not cover it."""
        release = threading.Event()

        def late() -> Iterator[bytes]:
            """Send a page once the command has ended."""
            release.wait(timeout=10)
            yield b'[{"name": "late"}]'

        self.start_replay(
            {page(2): [Fault(404)], page(3): [Fault(body=late())]},
            repos=PAGED_REPOS)
        status, err = self.run_on_terminal("google")
        release.set()
        for thread in threading.enumerate():
            if thread.daemon:
                thread.join(timeout=10)
        self.assertEqual(status, 1)
        self.assertRegex(
            err.lines()[-1], "^client.py: .* answered 404: Not Found$")

    def test_error_while_a_page_is_shown(self) -> None:
        """A page that is just being shown does not cover an error either."""
        writing, ended = threading.Event(), threading.Event()

        class SlowTerminal(Terminal):
            """A terminal that takes long to show the second page."""

            def write(self, text: str) -> int:
                """Write page 2 after the error, if it is written soon."""
                if "pages: 2" in text:
                    writing.set()
                    ended.wait(timeout=0.1)
                elif "client.py" in text:
                    ended.set()
                return super().write(text)

        def late() -> Iterator[bytes]:
            """Send the body of an error while the page is being shown."""
            writing.wait(timeout=10)
            yield b"{}"

        self.start_replay({page(2): [Fault(404, body=late())]},
                          repos=PAGED_REPOS)
        status, err = self.run_on_terminal("google", terminal=SlowTerminal())
        self.assertEqual(status, 1)
        self.assertRegex(
            err.lines()[-1], "^client.py: .* answered 404: Not Found$")

    def test_nothing_is_shown_once_it_is_cleared(self) -> None:
        """A thread that logs after the line is cleared shows nothing."""
        log = logging.getLogger("client")
        handlers: List[logging.Handler] = []

        def body() -> Iterator[bytes]:
            """Send a page, and take note of who shows messages meanwhile."""
            handlers.extend(log.handlers)
            yield b"[]"

        self.start_replay({FIRST_PAGE: [Fault(body=body())]})
        _, err = self.run_on_terminal("google")
        before = err.getvalue()
        for handler in handlers:
            handler.handle(logging.makeLogRecord({"msg": "late"}))
        self.assertEqual(len(handlers), 1)
        self.assertEqual(err.getvalue(), before)

    def test_redirect_is_no_page(self) -> None:
        """Only a page that has come is counted."""
        moved = Fault(301, {"Location": page_path(1)}, b"")
        self.start_replay({FIRST_PAGE: [moved]})
        status, err = self.run_on_terminal("google")
        self.assertEqual(err.lines(), ["", "pages: 1", ""])

    def test_verbose_has_no_line(self) -> None:
        """With -v requests are logged, and there is no progress line."""
        self.start_replay()
        for name in ("urllib3", "client"):
            logger = logging.getLogger(name)
            self.addCleanup(logger.setLevel, logger.level)
        # -v adds a handler to this list; afterwards the old one is back.
        with patch.object(logging.getLogger(), "handlers", []):
            status, err = self.run_on_terminal("google", "-v")
        self.assertEqual(status, 0)
        self.assertIn('"GET /orgs/google HTTP/', err.getvalue())
        self.assertNotIn("\r", err.getvalue())

    def test_log_is_left_as_it_was(self) -> None:
        """The log's level and handlers are restored at the end."""
        log = logging.getLogger("client")
        self.addCleanup(log.setLevel, log.level)
        log.setLevel(logging.ERROR)
        self.start_replay()
        self.run_on_terminal("google")
        self.assertEqual((log.level, log.handlers), (logging.ERROR, []))


class TestProgram(unittest.TestCase):
    """Integration tests of the command as a process: all of it, for real."""

    def start(self, *argv: str, **environ: str) -> "subprocess.Popen[str]":
        """Start ./client.py, warnings being errors, in this environment."""
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "client.py", *argv], cwd=HERE,
            env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True)
        # Cleanups run in reverse: kill it first, then close its pipes.
        self.addCleanup(process.__exit__, None, None, None)
        self.addCleanup(process.kill)
        return process

    def run_program(
            self, *argv: str, **environ: str) -> Tuple[int, str, str]:
        """Run ./client.py to its end; return status, stdout and stderr."""
        process = self.start(*argv, **environ)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    def heed_interrupts(self) -> None:
        """Make processes react to Ctrl-C, even if this run ignores it."""
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, handler)

    def test_recorded(self) -> None:
        """The nine names come from the recording, in spite of any proxy."""
        self.assertEqual(
            self.run_program(
                "google", "--recorded", HTTP_PROXY="http://127.0.0.1:9"),
            (0, "".join(name + "\n" for name in expected_repos), ""))

    @parameterized.expand([
        ("no_such_organization", ["nobody", "--recorded"], {}, 1,
         "^client.py: no such organization: nobody\n$"),
        ("bad_api_url", ["google"],
         {"GITHUB_API_URL": "https://user:sekret@host"}, 1,
         "^client.py: the API's URL must be like https://HOST/api/v3\n$"),
        ("unencrypted_token", ["google"],
         {"GITHUB_API_URL": "http://host.invalid", "GH_TOKEN": "sekret"}, 1,
         "^client.py: a token must not go to host.invalid unencrypted: "
         "use https\n$"),
        ("bad_token", ["google"], {"GITHUB_TOKEN": "sek ret"}, 1,
         "^client.py: the token contains an invalid character\n$"),
        ("wrong_usage", [], {}, 2, "^usage: .*\nclient.py: error: .*\n$"),
    ])
    def test_one_line_of_complaint(
            self, _: str, argv: List[str], environ: Dict[str, str],
            expected: int, complaint: str) -> None:
        """Errors give a message on stderr and a status, no traceback."""
        status, out, err = self.run_program(*argv, **environ)
        self.assertEqual((status, out), (expected, ""))
        self.assertRegex(err, re.compile(complaint, re.DOTALL))

    def test_exit_code(self) -> None:
        """The status tells a CI job whether a license needs a look."""
        status, out, err = self.run_program(
            "google", "--recorded", "--source", "--no-archived",
            "--not-license", "apache-2.0", "--not-license", "bsd-3-clause",
            "--exit-code")
        self.assertEqual(
            (status, out, err),
            (3, "ios-webkit-debug-proxy\ngoogle.github.io\n", ""))

    def test_verbose(self) -> None:
        """-v logs every request and every wait, but not the token."""
        script = {page(2): [Fault(503, {"Retry-After": "0"})]}
        with replay(script, repos=PAGED_REPOS) as url:
            status, out, err = self.run_program(
                "google", "-v", GITHUB_API_URL=url, GH_TOKEN="sekret")
        self.assertEqual((status, out.split()), (0, PAGED_NAMES))
        for target in ("/orgs/google", "/orgs/google/repos?per_page=100",
                       page_path(2), page_path(3)):
            self.assertIn(f'\n{url} "GET {target} HTTP/', err)
        self.assertIn("\nwaiting 0 s before the next try\n", err)
        self.assertNotIn("sekret", err)

    def test_verbose_recording(self) -> None:
        """With --recorded the replay does not log what the client logs."""
        status, out, err = self.run_program("google", "--recorded", "-v")
        self.assertEqual(status, 0)
        self.assertEqual(err.count("GET /orgs/google HTTP/"), 1)
        self.assertEqual(err.count("GET /orgs/google/repos?"), 1)

    def test_interrupted(self) -> None:
        """Ctrl-C ends it at once, and quietly, while pages are in flight.

        It dies of the signal, so that a shell's loop around it ends too.
        """
        self.heed_interrupts()
        asked: "Queue[Asked]" = Queue()
        hang = {"&page=": repeat(Fault(wait=60))}
        with replay(hang, repos=PAGED_REPOS, on_request=asked.put) as url:
            process = self.start("google", GITHUB_API_URL=url)
            for _ in range(4):
                asked.get(timeout=30)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=5)
        self.assertEqual(
            (process.returncode, out, err), (-signal.SIGINT, "", ""))

    def test_interrupted_while_it_imports(self) -> None:
        """Ctrl-C is quiet even while modules are being imported."""
        self.heed_interrupts()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        with open(os.path.join(folder.name, "requests.py"), "w") as module:
            module.write("print('importing', flush=True)\ninput()\n")
        process = self.start("google", PYTHONPATH=folder.name)
        assert process.stdout
        self.assertEqual(process.stdout.readline(), "importing\n")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=5)
        self.assertEqual(
            (process.returncode, out, err), (-signal.SIGINT, "", ""))

    def test_interrupts_ignored(self) -> None:
        """Where Ctrl-C is ignored, as in a background job, it stays so."""
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.addCleanup(signal.signal, signal.SIGINT, handler)
        asked: "Queue[Asked]" = Queue()
        late = {ORG: [Fault(wait=0.2)]}
        with replay(late, on_request=asked.put) as url:
            process = self.start("google", GITHUB_API_URL=url)
            asked.get(timeout=30)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        self.assertEqual(
            (process.returncode, out.split(), err), (0, expected_repos, ""))

    def test_error_while_a_page_hangs(self) -> None:
        """An error ends it at once, though another page is in flight."""
        script = {page(2): [Fault(404)], page(3): [Fault(wait=60)]}
        with replay(script, repos=PAGED_REPOS) as url:
            process = self.start("google", GITHUB_API_URL=url)
            out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, out), (1, ""))
        self.assertRegex(err, "^client.py: .* answered 404: Not Found\n$")

    def test_reader_gone(self) -> None:
        """If nobody reads its output any longer, it ends quietly."""
        process = self.start("google", "--recorded", "--json")
        assert process.stdout and process.stderr
        process.stdout.close()
        self.assertEqual(process.stderr.read(), "")
        self.assertEqual(process.wait(timeout=30), 0)

    @parameterized.expand([
        ("stderr_closed", "2>&-", 0, "cpp-netlib\n", ""),
        ("stderr_closed_error", "--jobs 0 2>&-", 2, "", ""),
        ("stdout_closed", ">&-", 1, "", "client.py: not writable\n"),
    ])
    def test_closed(
            self, _: str, ending: str, status: int, out: str, err: str
            ) -> None:
        """If one stream is closed, the other one still works."""
        done = subprocess.run(
            ["sh", "-c", f'exec "$0" client.py google --recorded --license '
             f'bsl-1.0 {ending}', sys.executable], cwd=HERE,
            env={"PATH": os.defpath},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True)
        self.assertEqual(
            (done.returncode, done.stdout, done.stderr), (status, out, err))

    def run_as_main(self, out: Any) -> Any:
        """Run the module as a program in this process; return its status."""
        path = os.path.join(HERE, "client.py")
        argv = [path, "google", "--recorded", "--license", "bsl-1.0"]
        handler = signal.getsignal(signal.SIGINT)
        self.addCleanup(signal.signal, signal.SIGINT, handler)
        self.addCleanup(gc.unfreeze)
        with patch.object(sys, "argv", argv), redirect_stdout(out):
            with self.assertRaises(SystemExit) as caught:
                # As `python client.py` runs it, but in this process.
                runpy.run_path(path, run_name="__main__")
        return caught.exception.code

    @parameterized.expand([("client",), ("Client",)])
    def test_imported(self, name: str) -> None:
        """Imported, by whatever name, it neither runs nor handles Ctrl-C."""
        self.heed_interrupts()
        runpy.run_path(os.path.join(HERE, "client.py"), run_name=name)
        self.assertIs(
            signal.getsignal(signal.SIGINT), signal.default_int_handler)

    def test_as_main(self) -> None:
        """Run as a program, the module exits with what main returns."""
        out = io.StringIO()
        self.assertEqual(self.run_as_main(out), 0)
        self.assertEqual(out.getvalue(), "cpp-netlib\n")

    def test_as_main_in_another_thread(self) -> None:
        """It can run in a thread that can't set signal handlers, too."""
        out = io.StringIO()
        statuses: List[Any] = []
        thread = threading.Thread(
            target=lambda: statuses.append(self.run_as_main(out)))
        thread.start()
        thread.join(timeout=30)
        self.assertEqual((statuses, out.getvalue()), ([0], "cpp-netlib\n"))

    def test_output_that_can_not_be_flushed(self) -> None:
        """Output that could not be flushed is not flushed again at exit."""
        read_end, write_end = os.pipe()
        os.close(read_end)
        with open(write_end, "w") as out:
            self.assertEqual(self.run_as_main(out), 0)
            out.flush()
            self.assertTrue(os.path.samestat(
                os.fstat(out.fileno()), os.stat(os.devnull)))


class TestReplay(ReplayTestCase):
    """Tests of fixtures: the replay answers as GitHub does."""

    @parameterized.expand([
        ("/orgs/google",), ("/orgs/Google",), ("/users/google",),
        ("/organizations/1342004",), ("/orgs/google?x=1",),
    ])
    def test_organization(self, target: str) -> None:
        """The organization has a few URLs; its own point to the replay."""
        url = self.start_replay()
        answer = requests.get(url + target)
        self.assertEqual(
            answer.json()["repos_url"], url + "/orgs/google/repos")
        self.assertNotIn("api.github.com", answer.text)
        self.assertEqual(answer.headers["X-RateLimit-Limit"], "60")

    @parameterized.expand([
        ("first", "per_page=100", 100, "next=2 last=3"),
        ("second", "per_page=100&page=2", 100, "prev=1 next=3 last=3 first=1"),
        ("last", "per_page=100&page=3", 50, "prev=2 first=1"),
        ("beyond", "per_page=100&page=9", 0, "prev=3 last=3 first=1"),
        ("default", "", 30, "next=2 last=9"),
        ("too_many", "per_page=500", 100, "next=2 last=3"),
        ("nonsense", "per_page=x&page=-1", 30, "next=2 last=9"),
    ])
    def test_pages(
            self, _: str, query: str, count: int, rels: str) -> None:
        """Pages hold as many as asked for, and link to others."""
        url = self.start_replay(repos=PAGED_REPOS)
        answer = requests.get(f"{url}/orgs/google/repos?{query}")
        self.assertEqual(len(answer.json()), count)
        self.assertEqual(rels, " ".join(
            rel + link["url"][link["url"].rindex("="):]
            for rel, link in answer.links.items()))
        for one in answer.links.values():
            self.assertTrue(one["url"].startswith(
                f"{url}/organizations/1342004/repos?"))

    @parameterized.expand([
        ("GET", "/", 404, "Not Found"),
        ("GET", "/orgs/googles", 404, "Not Found"),
        ("GET", "/orgs/google/members", 404, "Not Found"),
        ("POST", "/orgs/google", 501, "Not Implemented"),
    ])
    def test_errors_in_json(
            self, method: str, target: str, status: int,
            message: str) -> None:
        """Unknown paths and methods are answered by errors in JSON."""
        answer = requests.request(method, self.start_replay() + target)
        self.assertEqual(answer.status_code, status)
        self.assertEqual(answer.json(), {
            "message": message, "status": str(status),
            "documentation_url": "https://docs.github.com/rest"})

    def test_keep_alive(self) -> None:
        """One connection serves request after request, HEAD too."""
        address = self.start_replay()[len("http://"):]
        connection = HTTPConnection(address, timeout=10)
        self.addCleanup(connection.close)
        connection.connect()
        first = connection.sock
        for method in ("GET", "HEAD", "GET"):
            connection.request(method, "/orgs/google")
            connection.getresponse().read()
            self.assertIs(connection.sock, first)

    def test_payloads(self) -> None:
        """The lists of names agree with the repositories, of 74 keys each."""
        self.assertEqual(
            [repo["name"] for repo in repos_payload], expected_repos)
        self.assertEqual(apache2_repos, [
            repo["name"] for repo in repos_payload
            if repo["license"] and repo["license"]["key"] == "apache-2.0"])
        self.assertEqual({len(repo) for repo in repos_payload}, {74})

    @parameterized.expand([
        ("dropped", Fault(cut=0), b""),
        ("no_http", Fault(raw=b"nonsense\r\n"), b"nonsense\r\n"),
    ])
    def test_faults_before_any_answer(
            self, _: str, fault: Fault, expected: bytes) -> None:
        """A fault can drop the connection, or send what is not HTTP."""
        url = self.start_replay({ORG: [fault]})
        address = ("127.0.0.1", int(url.rpartition(":")[2]))
        with socket.create_connection(address, timeout=10) as connection:
            connection.sendall(b"GET /orgs/google HTTP/1.1\r\n\r\n")
            self.assertEqual(connection.makefile("rb").read(), expected)

    def test_body_in_parts(self) -> None:
        """A body in parts comes in chunks, and the connection stays."""
        url = self.start_replay({ORG: [Fault(body=[b"[1", b", 2]"])]})
        with requests.Session() as session:
            answer = session.get(url + "/orgs/google")
            self.assertEqual(answer.json(), [1, 2])
            self.assertEqual(answer.headers["Transfer-Encoding"], "chunked")
            again = session.get(url + "/orgs/google")
        self.assertEqual(again.json()["login"], "google")

    def test_as_a_program(self) -> None:
        """./fixtures.py prints its URL and serves until Ctrl-C."""
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, handler)
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "fixtures.py", "--port", "0"],
            cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True)
        self.addCleanup(process.__exit__, None, None, None)
        self.addCleanup(process.kill)
        assert process.stdout
        url = process.stdout.readline().strip()
        self.assertEqual(requests.get(url + "/orgs/google").status_code, 200)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=5)
        self.assertEqual(
            (process.returncode, out, err),
            (0, "", '"GET /orgs/google HTTP/1.1" 200 -\n'))

    def test_port_in_use(self) -> None:
        """A port in use is reported in one line, with status 1."""
        port = self.start_replay().rsplit(":", 1)[1]
        done = subprocess.run(
            [sys.executable, "fixtures.py", "--port", port], cwd=HERE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertRegex(
            done.stderr, b"^fixtures.py: port [0-9]+: Address already in use")


if __name__ == "__main__":
    unittest.main()
