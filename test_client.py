#!/usr/bin/env python3
"""Tests of client: three kinds, from the smallest to the whole.

Unit tests take one method and replace all that it calls. Integration
tests on a patched `requests.get` let client and utils work together on
recorded payloads. Integration tests on loopback let the real requests, or
the command as a process, talk to `fixtures.replay`; what they replace is
the environment and the time that urllib3 would sleep.
"""
import io
import json
import logging
import os
import re
import runpy
import signal
import socket
import subprocess
import sys
import threading
import unittest
from contextlib import redirect_stderr, redirect_stdout
from itertools import repeat
from queue import Queue
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple
from unittest.mock import Mock, PropertyMock, call, patch

import requests
from parameterized import parameterized, parameterized_class
from requests.exceptions import ChunkedEncodingError
from urllib3.exceptions import ProtocolError, ReadTimeoutError

import client
from client import GithubOrgClient, tuned_session
from fixtures import (
    TEST_PAYLOAD, Asked, Fault, apache2_repos, expected_repos,
    numbered_repos, org_payload, replay, repos_payload)
from utils import AnswerError

HERE = os.path.dirname(os.path.abspath(__file__))


class TestGithubOrgClient(unittest.TestCase):
    """Unit tests of GithubOrgClient, used without a session."""

    @parameterized.expand([
        ("google", "https://api.github.com/orgs/google"),
        ("abc", "https://api.github.com/orgs/abc"),
        ("../users/x", "https://api.github.com/orgs/..%2Fusers%2Fx"),
        ("a/b?c=d#e", "https://api.github.com/orgs/a%2Fb%3Fc%3Dd%23e"),
        ("%2e%2e", "https://api.github.com/orgs/%252e%252e"),
        ("...", "https://api.github.com/orgs/..."),
        ("{org}", "https://api.github.com/orgs/%7Borg%7D"),
        ("\u00e9", "https://api.github.com/orgs/%C3%A9"),
        ("\udcff", "https://api.github.com/orgs/%FF"),
    ])
    def test_org(self, org_name: str, url: str) -> None:
        """The organization is got once, by a URL that its name can't leave.

        get_json is patched in client, where it is looked up; in utils, where
        it is defined, nobody would notice.
        """
        with patch("client.get_json", autospec=True) as get_json:
            org_client = GithubOrgClient(org_name)
            self.assertIs(org_client.org, get_json.return_value)
            self.assertIs(org_client.org, get_json.return_value)
        get_json.assert_called_once_with(url)

    def test_subclass_with_an_init_of_its_own(self) -> None:
        """A name is all that an instance needs, and it may be any object."""

        class OtherClient(GithubOrgClient):
            """A client that is made in another way."""

            def __init__(self) -> None:
                """Keep a name that is no text."""
                self._org_name: Any = 1

        with patch("client.get_json", autospec=True) as get_json:
            get_json.side_effect = [{"repos_url": "url"}, [{"name": "a"}]]
            self.assertEqual(OtherClient().public_repos(), ["a"])
        self.assertEqual(get_json.mock_calls, [
            call("https://api.github.com/orgs/1"), call("url")])

    @parameterized.expand([(".",), ("..",)])
    def test_org_that_would_be_another_path(self, org_name: str) -> None:
        """A name that no encoding keeps in its place is never asked for."""
        with patch("client.get_json", autospec=True) as get_json:
            with self.assertRaises(requests.exceptions.InvalidURL) as caught:
                GithubOrgClient(org_name).org
        self.assertEqual(
            str(caught.exception), f"{org_name} can't name an organization")
        get_json.assert_not_called()

    def test_public_repos_url(self) -> None:
        """It is the repos_url of the organization, whatever that says.

        org is read like an attribute, so its double is a PropertyMock: a
        plain Mock in its place would itself be what is read.
        """
        with patch.object(
                GithubOrgClient, "org", new_callable=PropertyMock,
                return_value={"repos_url": "https://host/repos"}) as org:
            self.assertEqual(
                GithubOrgClient("x")._public_repos_url, "https://host/repos")
        org.assert_called_once_with()

    def test_repos_payload(self) -> None:
        """The repositories are got once, from _public_repos_url."""
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
        ("case", {"license": {"key": "MIT"}}, "mit", False),
        ("null", {"license": None}, "my_license", False),
        ("none", {}, "my_license", False),
        ("no_key", {"license": {}}, "my_license", False),
        ("no_object", {"license": "my_license"}, "my_license", False),
    ])
    def test_has_license(
            self, _: str, repo: Dict[str, Any], key: str,
            expected: bool) -> None:
        """True where the license's key is the one, and only there."""
        self.assertIs(GithubOrgClient.has_license(repo, key), expected)

    def test_has_license_needs_a_key(self) -> None:
        """None is no license key: to ask for it is a mistake."""
        key: Any = None
        with self.assertRaises(AssertionError) as caught:
            GithubOrgClient.has_license({"license": None}, key)
        self.assertEqual(
            str(caught.exception), "license_key cannot be None")


class TestGithubOrgClientSession(unittest.TestCase):
    """Unit tests of GithubOrgClient with a session: policy, and checks."""

    def setUp(self) -> None:
        """Replace get_json; make a client with a session."""
        patcher = patch("client.get_json", autospec=True)
        self.get_json = patcher.start()
        self.addCleanup(patcher.stop)
        self.session = Mock(spec=requests.Session)
        self.org_client = GithubOrgClient(
            "google", self.session, "https://ghe.example/api/v3/", workers=4)

    def test_requests(self) -> None:
        """The session makes both requests: at this API, 100 a page."""
        org = {"repos_url": "https://ghe.example/api/v3/orgs/google/repos"}
        self.get_json.side_effect = [org, [{"name": "one"}]]
        self.assertEqual(self.org_client.public_repos(), ["one"])
        self.assertEqual(self.get_json.mock_calls, [
            call("https://ghe.example/api/v3/orgs/google", self.session),
            call("https://ghe.example/api/v3/orgs/google/repos",
                 self.session, workers=4, params={"per_page": 100})])

    def test_default_workers(self) -> None:
        """Unless told otherwise, get_json is told ten workers."""
        self.get_json.side_effect = [{"repos_url": "http://host/"}, []]
        GithubOrgClient("google", self.session).repos_payload
        self.assertEqual(self.get_json.call_args, call(
            "http://host/", self.session, workers=10,
            params={"per_page": 100}))

    @parameterized.expand([
        ("list", []),
        ("null", None),
        ("no_repos_url", {}),
        ("repos_url_no_text", {"repos_url": 5}),
        ("repos_url_no_url", {"repos_url": "file:///etc/passwd"}),
    ])
    def test_answer_that_is_no_organization(
            self, _: str, answer: Any) -> None:
        """An answer of another shape is an AnswerError, not kept."""
        self.get_json.return_value = answer
        with self.assertRaises(AnswerError) as caught:
            self.org_client.org
        self.assertEqual(
            str(caught.exception), "https://ghe.example/api/v3/orgs/google "
            "is no organization with repositories")
        self.assertNotIn("org", vars(self.org_client))

    @parameterized.expand([
        ("object", {"message": "?"}),
        ("null", None),
        ("repo_no_object", [5]),
        ("no_name", [{}]),
        ("name_no_text", [{"name": 5}]),
        ("name_empty", [{"name": ""}]),
        ("name_of_two_lines", [{"name": "a\nb"}]),
        ("license_no_object", [{"name": "a", "license": "mit"}]),
        ("key_no_text", [{"name": "a", "license": {"key": 5}}]),
        ("key_of_two_lines", [{"name": "a", "license": {"key": "a\nb"}}]),
        ("spdx_id_no_text", [{"name": "a", "license": {"spdx_id": 5}}]),
        ("second", [{"name": "a"}, {}]),
    ])
    def test_answer_that_is_no_listing(self, _: str, answer: Any) -> None:
        """A list of anything but repositories is an AnswerError, not kept."""
        self.get_json.side_effect = [{"repos_url": "http://host/"}, answer]
        with self.assertRaises(AnswerError) as caught:
            self.org_client.repos_payload
        self.assertEqual(
            str(caught.exception), "http://host/ is no list of repositories")
        self.assertNotIn("repos_payload", vars(self.org_client))

    @parameterized.expand([
        ("empty", []),
        ("no_license", [{"name": "a"}]),
        ("license_null", [{"name": "a", "license": None}]),
        ("license_empty", [{"name": "a", "license": {}}]),
        ("key_null", [{"name": "a", "license": {"key": None}}]),
        ("recorded", repos_payload),
    ])
    def test_answer_that_is_a_listing(self, _: str, answer: Any) -> None:
        """What GitHub's schema allows is taken as it is."""
        self.get_json.side_effect = [{"repos_url": "http://host/"}, answer]
        self.assertIs(self.org_client.repos_payload, answer)


class TestFromEnvironment(unittest.TestCase):
    """Unit tests of from_environment: what it makes of the environment."""

    @parameterized.expand([
        ("nothing", {}, None, "https://api.github.com"),
        ("empty", {"GH_TOKEN": "", "GITHUB_TOKEN": "", "GITHUB_API_URL": ""},
         None, "https://api.github.com"),
        ("github_token", {"GITHUB_TOKEN": "two"},
         "two", "https://api.github.com"),
        ("both_tokens", {"GH_TOKEN": "one", "GITHUB_TOKEN": "two"},
         "one", "https://api.github.com"),
        ("enterprise", {"GITHUB_API_URL": "https://ghe.example/api/v3"},
         None, "https://ghe.example/api/v3"),
    ])
    def test_from_environment(
            self, _: str, environ: Dict[str, str], token: Optional[str],
            api_url: str) -> None:
        """The token, the API and the workers reach session and client."""
        with patch.dict(os.environ, environ, clear=True), \
                patch("client.tuned_session", autospec=True) as session, \
                patch("client.get_json", autospec=True) as get_json:
            org_client = GithubOrgClient.from_environment("google", 3)
            get_json.return_value = {"repos_url": "http://host/"}
            org_client.org
            get_json.return_value = []
            org_client.repos_payload
        session.assert_called_once_with(token, api_url, 3)
        self.assertEqual(get_json.mock_calls, [
            call(f"{api_url}/orgs/google", session.return_value),
            call("http://host/", session.return_value, workers=3,
                 params={"per_page": 100})])

    def test_default_workers(self) -> None:
        """Unless told otherwise, the session is made for ten workers."""
        with patch.dict(os.environ, clear=True), \
                patch("client.tuned_session", autospec=True) as session:
            GithubOrgClient.from_environment("google")
        session.assert_called_once_with(None, "https://api.github.com", 10)


class TestTunedSession(unittest.TestCase):
    """Unit tests of tuned_session: nothing is sent."""

    @parameterized.expand([
        ("own", "https://api.github.com/orgs/x", True),
        ("default_port", "https://api.github.com:443/", True),
        ("other_host", "https://example.com/", False),
        ("longer_host", "https://api.github.com.example.com/", False),
        ("subdomain", "https://x.api.github.com/", False),
        ("other_port", "https://api.github.com:8443/", False),
        ("unencrypted", "http://api.github.com/", False),
        ("backslash", "https://example.com\\@api.github.com/", False),
        ("user", "https://api.github.com@example.com/", False),
    ])
    def test_token_goes_to_its_origin_alone(
            self, _: str, url: str, goes: bool) -> None:
        """A request has the token if it goes to the API, and only then."""
        with tuned_session("sekret") as session:
            request = session.prepare_request(requests.Request("GET", url))
        self.assertEqual(
            request.headers.get("Authorization"),
            "Bearer sekret" if goes else None)

    @parameterized.expand([
        ("http://localhost:8000",), ("http://127.0.0.1:8000",),
        ("http://127.1.2.3",), ("http://[::1]:8000",),
        ("https://ghe.example/api/v3",),
    ])
    def test_token_may_go(self, api_url: str) -> None:
        """Encrypted, or within this machine, a token is safe."""
        with tuned_session("sekret", api_url) as session:
            request = session.prepare_request(
                requests.Request("GET", api_url + "/orgs/x"))
        self.assertEqual(request.headers["Authorization"], "Bearer sekret")

    @parameterized.expand([
        ("http://ghe.example/api/v3", "ghe.example"),
        ("http://localhost.example", "localhost.example"),
        ("http://128.0.0.1", "128.0.0.1"),
        ("http://[::2]", "[::2]"),
    ])
    def test_token_is_not_sent_unencrypted(
            self, api_url: str, host: str) -> None:
        """Over plain http to another machine it is refused beforehand."""
        with self.assertRaises(requests.exceptions.InvalidSchema) as caught:
            tuned_session("sekret", api_url)
        self.assertEqual(
            str(caught.exception),
            f"a token must not go to {host} unencrypted: use https")

    def test_no_token_may_go_unencrypted(self) -> None:
        """Without a token there is nothing to keep from plain http."""
        with tuned_session(None, "http://ghe.example") as session:
            self.assertIsNone(session.auth)

    @parameterized.expand([
        ("two words",), ("line\n",), ("\u00fcber",), ("\x7f",),
    ])
    def test_token_that_is_none(self, token: str) -> None:
        """A token that can't be one is refused, and not quoted."""
        with self.assertRaises(requests.exceptions.InvalidHeader) as caught:
            tuned_session(token)
        self.assertEqual(
            str(caught.exception),
            "the token has a character that no token has")

    @parameterized.expand([
        ("",), ("api.github.com",), ("ftp://host",), ("https://",),
        ("http://[",), ("https://user:password@host",), ("https://h?q",),
        ("https://h#f",),
    ])
    def test_api_url_that_is_none(self, api_url: str) -> None:
        """An API URL that is none is refused, and no password quoted."""
        with self.assertRaises(requests.exceptions.InvalidURL) as caught:
            tuned_session(None, api_url)
        self.assertEqual(
            str(caught.exception),
            "the API's URL must be like https://HOST/api/v3")

    def test_headers(self) -> None:
        """Each request has the headers that GitHub recommends."""
        with tuned_session() as session:
            headers = session.headers
        self.assertEqual(headers["Accept"], "application/vnd.github+json")
        self.assertEqual(headers["X-GitHub-Api-Version"], "2022-11-28")
        self.assertRegex(
            str(headers["User-Agent"]),
            "^github-org-client python-requests/[0-9]")

    @parameterized.expand([("http://",), ("https://",)])
    def test_retries_and_pool(self, prefix: str) -> None:
        """Three retries with backoff, GET only; ten connections."""
        with tuned_session() as session:
            adapter: Any = session.get_adapter(prefix + "host")
        retries = adapter.max_retries
        self.assertEqual(
            (retries.total, retries.backoff_factor), (3, 0.5))
        self.assertEqual(set(retries.allowed_methods), {"GET"})
        self.assertEqual(
            set(retries.status_forcelist), {500, 502, 503, 504})
        self.assertEqual(
            adapter.poolmanager.connection_pool_kw["maxsize"], 10)

    def test_connection_a_worker(self) -> None:
        """The pool is as wide as there are workers."""
        with tuned_session(workers=7) as session:
            adapter: Any = session.get_adapter("https://host")
        self.assertEqual(
            adapter.poolmanager.connection_pool_kw["maxsize"], 7)

    @parameterized.expand([
        ("its_own", None, (5, 30)), ("the_callers", 3, 3),
    ])
    def test_timeout(self, _: str, timeout: Any, expected: Any) -> None:
        """Each request has a timeout, the session's unless it has one."""
        request = requests.Request("GET", "https://host/").prepare()
        with patch("client.HTTPAdapter.send", autospec=True) as send:
            client.GithubAdapter().send(request, True, timeout)
        self.assertEqual(send.call_args[0][2:5], (True, expected, True))

    @parameterized.expand([
        ("http://127.0.0.1:1/", False), ("http://localhost/", False),
        ("http://[::1]/", False), ("https://api.github.com/", True),
    ])
    def test_loopback_needs_no_proxy(self, url: str, proxied: bool) -> None:
        """A request within this machine never goes out to a proxy."""
        proxies = {"http": "http://proxy", "https": "http://proxy"}
        request = requests.Request("GET", url).prepare()
        with patch("client.HTTPAdapter.send", autospec=True) as send:
            client.GithubAdapter().send(request, True, proxies=proxies)
        self.assertEqual(
            send.call_args[0][-1], proxies if proxied else None)

    def test_only_get_is_tried_again(self) -> None:
        """After a POST broke off, who knows what has been done already."""
        request = requests.Request("POST", "https://host/").prepare()
        answer = requests.Response()
        answer.raw = Mock(**{
            "stream.side_effect": ProtocolError("cut")})
        with patch("client.HTTPAdapter.send", autospec=True,
                   return_value=answer) as send, tuned_session() as session:
            with self.assertRaises(ChunkedEncodingError) as caught:
                session.get_adapter("https://host/").send(request)
        self.assertEqual(send.call_count, 1)
        self.assertIs(caught.exception.request, request)


class TestHeaders(unittest.TestCase):
    """Unit tests of what headers say: when to try again, and whether."""

    @parameterized.expand([
        ("seconds", "7", 7),
        ("spaces", " 7 ", 7),
        ("date_to_come", "Thu, 01 Jan 1970 00:01:40 GMT", 40),
        ("date_past", "Thu, 01 Jan 1970 00:00:40 GMT", 0),
        ("empty", "", None),
        ("words", "in a while", None),
        ("negative", "-5", None),
        ("date_too_far", "Thu, 01 Jan 99999 00:00:40 GMT", None),
    ])
    def test_retry_after(
            self, _: str, text: str, expected: Optional[float]) -> None:
        """Seconds are given as a number or a date; all else is None."""
        with patch("client.time.time", autospec=True, return_value=60):
            self.assertEqual(
                client.retry_after({"Retry-After": text}), expected)

    @parameterized.expand([
        ({"X-RateLimit-Remaining": "0"}, True),
        ({"X-RateLimit-Remaining": "1"}, False),
        ({"X-RateLimit-Remaining": ""}, False),
        ({}, False),
    ])
    def test_is_exhausted(
            self, headers: Dict[str, str], expected: bool) -> None:
        """The hourly limit is used up where the header says so."""
        self.assertIs(client.is_exhausted(headers), expected)

    def test_no_header(self) -> None:
        """Where the header is missing there is nothing to wait for."""
        self.assertIsNone(client.retry_after({}))


@parameterized_class(
    ("org_payload", "repos_payload", "expected_repos", "apache2_repos"),
    TEST_PAYLOAD)
class TestIntegrationGithubOrgClient(unittest.TestCase):
    """Integration tests: client and utils, with only requests.get replaced.

    The class is made once for each tuple in TEST_PAYLOAD, whose parts are
    attributes of it.
    """

    org_payload: Dict[str, Any]
    repos_payload: List[Dict[str, Any]]
    expected_repos: List[str]
    apache2_repos: List[str]
    get: Mock
    get_patcher: Any

    @classmethod
    def setUpClass(cls) -> None:
        """Replace requests.get for all tests of the class.

        Its double answers by URL, so it does not matter which is asked for
        first; any other URL is an error.
        """
        payloads = {
            "https://api.github.com/orgs/google": cls.org_payload,
            "https://api.github.com/orgs/google/repos": cls.repos_payload,
        }
        cls.get_patcher = patch(
            "requests.get", autospec=True, side_effect=lambda url: Mock(
                spec=["json"], **{"json.return_value": payloads[url]}))
        cls.get = cls.get_patcher.start()

    @classmethod
    def tearDownClass(cls) -> None:
        """Put requests.get back."""
        cls.get_patcher.stop()

    def setUp(self) -> None:
        """Forget the calls of the test before."""
        self.get.reset_mock()

    def test_public_repos(self) -> None:
        """All names come, after two requests, each of them bare."""
        self.assertEqual(
            GithubOrgClient("google").public_repos(), self.expected_repos)
        self.assertEqual(self.get.mock_calls, [
            call("https://api.github.com/orgs/google"),
            call("https://api.github.com/orgs/google/repos")])

    def test_public_repos_with_license(self) -> None:
        """Only the names under the license come, from the same requests."""
        org_client = GithubOrgClient("google")
        self.assertEqual(
            org_client.public_repos("apache-2.0"), self.apache2_repos)
        self.assertEqual(org_client.public_repos("no-such-license"), [])
        self.assertEqual(self.get.call_count, 2)


class ReplayTestCase(unittest.TestCase):
    """Tests over a replay, whatever the environment; waits are not slept."""

    def setUp(self) -> None:
        """Clear the environment; have urllib3 wait on a double of time."""
        self.asked: List[Asked] = []
        environ = patch.dict(os.environ, clear=True)
        environ.start()
        self.addCleanup(environ.stop)
        patcher = patch("urllib3.util.retry.time", autospec=True)
        self.time = patcher.start()
        self.addCleanup(patcher.stop)
        self.addCleanup(self.join_threads)

    @staticmethod
    def join_threads() -> None:
        """Wait for pages that were in flight when a test was done."""
        for thread in threading.enumerate():
            if thread is not threading.current_thread():
                thread.join(timeout=10)

    def start_replay(
            self, script: Mapping[str, Iterable[Fault]] = {},
            repos: List[Dict[str, Any]] = repos_payload) -> str:
        """Start a replay, to stop when the test is done; return its URL.

        GITHUB_API_URL is set to it, and `asked` gets all requests.
        """
        replaying = replay(script, repos=repos, on_request=self.asked.append)
        url = replaying.__enter__()
        self.addCleanup(replaying.__exit__, None, None, None)
        os.environ["GITHUB_API_URL"] = url
        return url

    def run_command(self, *argv: str) -> Tuple[int, str, str]:
        """Run the command; return status, stdout and stderr."""
        with redirect_stdout(io.StringIO()) as out, \
                redirect_stderr(io.StringIO()) as err:
            status = client.main(argv)
        return status, out.getvalue(), err.getvalue()


PAGED_REPOS = numbered_repos(250)  # three pages of up to 100
PAGED_NAMES = [repo["name"] for repo in PAGED_REPOS]
# The path of a page but for its number. In a script the first page is
# "page=100$", as it has no number, the second "&page=2".
NUMBERED = "/organizations/1342004/repos?per_page=100&page="


def link(*rels: Tuple[str, str]) -> Fault:
    """Return a fault that sets the Link header; the page stays the same."""
    return Fault(headers={
        "Link": ", ".join(f'<{url}>; rel="{rel}"' for rel, url in rels)})


class TestLibraryOverLoopback(ReplayTestCase):
    """Integration tests of from_environment: real HTTP, nothing replaced."""

    def test_organization(self) -> None:
        """The organization comes as recorded, its URLs at the replay."""
        url = self.start_replay()
        expected = json.loads(json.dumps(org_payload).replace(
            "https://api.github.com", url))
        self.assertEqual(
            GithubOrgClient.from_environment("google").org, expected)

    def test_public_repos(self) -> None:
        """The nine names come, and those under a license, by two requests."""
        self.start_replay()
        org_client = GithubOrgClient.from_environment("google")
        self.assertEqual(org_client.public_repos(), expected_repos)
        self.assertEqual(org_client.public_repos("bsl-1.0"), ["cpp-netlib"])
        self.assertEqual(
            [asked.target for asked in self.asked],
            ["/orgs/google", "/orgs/google/repos?per_page=100"])

    def test_whole_listing(self) -> None:
        """A large organization takes a request a hundred repositories."""
        self.start_replay(repos=PAGED_REPOS)
        org_client = GithubOrgClient.from_environment("google")
        self.assertEqual(org_client.public_repos(), PAGED_NAMES)
        self.assertCountEqual(
            [asked.target for asked in self.asked], [
                "/orgs/google", "/orgs/google/repos?per_page=100",
                NUMBERED + "2", NUMBERED + "3"])

    def test_without_a_session(self) -> None:
        """A bare client gets the whole list too, 30 a page."""
        url = self.start_replay(repos=PAGED_REPOS)
        with patch.object(GithubOrgClient, "ORG_URL", url + "/orgs/{org}"):
            self.assertEqual(
                GithubOrgClient("google").public_repos(), PAGED_NAMES)
        self.assertEqual(len(self.asked), 1 + 9)

    def test_token_reaches_the_api(self) -> None:
        """Every request to the API has the token, on later pages as well."""
        os.environ["GH_TOKEN"] = "sekret"
        self.start_replay(repos=PAGED_REPOS)
        GithubOrgClient.from_environment("google").public_repos()
        self.assertEqual(
            [asked.headers.get("Authorization") for asked in self.asked],
            ["Bearer sekret"] * 4)

    def test_token_stays_with_the_api(self) -> None:
        """Neither a repos_url nor a redirect takes the token elsewhere."""
        os.environ["GH_TOKEN"] = "sekret"
        elsewhere: List[Asked] = []
        other = replay(on_request=elsewhere.append)
        other_url = other.__enter__()
        self.addCleanup(other.__exit__, None, None, None)
        body = json.dumps({"repos_url": f"{other_url}/orgs/google/repos"})
        for fault in (
                Fault(body=body.encode()),
                Fault(301, {"Location": f"{other_url}/orgs/google"}, b"")):
            self.start_replay({"google$": [fault]})
            names = GithubOrgClient.from_environment("google").public_repos()
            self.assertEqual(names, expected_repos)
        self.assertEqual(
            [asked.headers.get("Authorization")
             for asked in self.asked + elsewhere],
            ["Bearer sekret"] * 2 + [None] * 3)

    def test_stream_is_left_to_the_caller(self) -> None:
        """A body that is to be streamed is not read beforehand."""
        url = self.start_replay({"google": [Fault(cut=10)]})
        with tuned_session(None, url) as session:
            answer = session.get(url + "/orgs/google", stream=True)
            self.assertEqual(answer.raw.read(10), b'{"login": ')
            answer.close()

    def test_error_is_a_request_exception(self) -> None:
        """Whatever goes wrong, one except clause catches it."""
        limit = Fault(403, {"X-RateLimit-Remaining": "0"})
        self.start_replay({"google$": [limit]})
        with self.assertRaises(client.LimitError) as caught:
            GithubOrgClient.from_environment("google").org
        self.assertIsInstance(caught.exception, requests.RequestException)
        answer: Any = caught.exception.response
        self.assertEqual(answer.status_code, 403)


class TestCommand(ReplayTestCase):
    """Integration tests of the command, in this process: what it prints."""

    @parameterized.expand([
        ("all", [], expected_repos),
        ("key", ["--license", "bsl-1.0"], ["cpp-netlib"]),
        ("any_case", ["--license", "BSL-1.0"], ["cpp-netlib"]),
        ("spdx_id", ["--license", "noassertion"],
         ["ios-webkit-debug-proxy", "build-debian-cloud"]),
        ("none", ["--license", "None"], ["google.github.io"]),
        ("unknown", ["--license", "no-such-license"], []),
        ("one_job", ["--jobs", "1"], expected_repos),
        ("most_jobs", ["--jobs", "100"], expected_repos),
    ])
    def test_names(self, _: str, options: List[str], names: List[str]) -> None:
        """A name a line, in GitHub's order, of the license asked for."""
        self.start_replay()
        self.assertEqual(
            self.run_command("google", *options),
            (0, "".join(name + "\n" for name in names), ""))

    def test_license_without_spdx_id(self) -> None:
        """A license whose SPDX id is unknown is a license all the same."""
        self.start_replay(repos=[
            {"name": "a", "license": {"key": "own", "spdx_id": None}},
            {"name": "b", "license": {"key": None}}])
        self.assertEqual(
            self.run_command("google", "--license", "none"), (0, "b\n", ""))

    def test_json(self) -> None:
        """GitHub's own objects come as one array."""
        url = self.start_replay()
        status, out, err = self.run_command(
            "google", "--json", "--license", "other")
        self.assertEqual((status, err), (0, ""))
        expected = json.dumps([repos_payload[3], repos_payload[6]])
        self.assertEqual(json.loads(out), json.loads(
            expected.replace("https://api.github.com", url)))
        self.assertTrue(out.startswith("[\n  {\n    \"id\""))
        self.assertTrue(out.endswith("\n]\n"))

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
        """Numbers are aligned, bars are never empty, ties go by name."""
        mit = {"name": "a", "license": {"key": "mit", "spdx_id": "MIT"}}
        bsd = {"name": "c", "license": {"key": "0bsd"}}
        self.start_replay(repos=[{"name": "b"}] + [mit] * 98 + [bsd])
        self.assertEqual(self.run_command("google", "--licenses"), (
            0, "mit  98 " + "#" * 40 + "\n0bsd  1 #\nnone  1 #\n", ""))

    @parameterized.expand([
        ([], ""), (["--json"], "[]\n"), (["--licenses"], ""),
    ])
    def test_no_repository(self, options: List[str], expected: str) -> None:
        """An organization without repositories has nothing to print."""
        self.start_replay(repos=[])
        self.assertEqual(
            self.run_command("google", *options), (0, expected, ""))

    def test_whole_listing(self) -> None:
        """A large organization comes whole, 100 repositories a page."""
        self.start_replay(repos=PAGED_REPOS)
        status, out, err = self.run_command("google")
        self.assertEqual((status, out.split(), err), (0, PAGED_NAMES, ""))
        self.assertEqual(len(self.asked), 4)

    @parameterized.expand([(["--jobs", "3"], 3), ([], 10)])
    def test_jobs(self, options: List[str], workers: int) -> None:
        """--jobs tells the client how many pages to fetch at once."""
        with patch("client.GithubOrgClient", autospec=True) as made, \
                patch("client.tuned_session", autospec=True) as session:
            made.return_value.repos_payload = []
            self.run_command("google", *options)
        session.assert_called_once_with(
            None, "https://api.github.com", workers)
        made.assert_called_once_with(
            "google", session.return_value, "https://api.github.com", workers)

    def test_recorded(self) -> None:
        """--recorded asks neither the environment's API nor sends a token.

        This token could not be sent: it would be an error to try.
        """
        self.start_replay()
        os.environ["GH_TOKEN"] = "no token"
        self.assertEqual(
            self.run_command("google", "--recorded", "--license", "bsl-1.0"),
            (0, "cpp-netlib\n", ""))
        self.assertEqual(self.asked, [])

    def test_verbose(self) -> None:
        """-v has urllib3 log its requests; pages are not counted then."""
        self.start_replay()
        logger = logging.getLogger("urllib3")
        self.addCleanup(logger.setLevel, logger.level)
        with patch("logging.basicConfig", autospec=True) as basic_config, \
                patch("client.counted_pages", autospec=True) as counted:
            status, out, _ = self.run_command("google", "-v")
        self.assertEqual((status, out.split()), (0, expected_repos))
        basic_config.assert_called_once_with(format="%(message)s")
        self.assertEqual(logger.level, logging.DEBUG)
        counted.assert_not_called()

    def test_pages_counted_on_a_terminal(self) -> None:
        """A line on a terminal counts the pages, and is gone in the end."""

        class Terminal(io.StringIO):
            """A terminal for stderr, that knows what it has shown so far."""

            shown: List[str] = []

            def isatty(self) -> bool:
                """Say that it is one."""
                return True

            def flush(self) -> None:
                """Show what was written."""
                self.shown.append(self.getvalue())

        self.start_replay({"&page=2": [Fault(500)]}, repos=PAGED_REPOS)
        with redirect_stdout(io.StringIO()), \
                redirect_stderr(Terminal()) as err:
            self.assertEqual(client.main(["google"]), 0)
        self.assertEqual(Terminal.shown, [
            "\rpages: 1", "\rpages: 1\rpages: 2",
            "\rpages: 1\rpages: 2\rpages: 3",
            "\rpages: 1\rpages: 2\rpages: 3\r            \r"])

    @parameterized.expand([
        ("no_org", []),
        ("empty_org", [""]),
        ("blank_org", [" "]),
        ("two_orgs", ["google", "microsoft"]),
        ("empty_license", ["google", "--license", ""]),
        ("no_jobs", ["google", "--jobs", "0"]),
        ("too_many_jobs", ["google", "--jobs", "101"]),
        ("jobs_no_number", ["google", "--jobs", "many"]),
        ("two_forms", ["google", "--json", "--licenses"]),
        ("abbreviated", ["google", "--rec"]),
        ("unknown_option", ["google", "--token", "sekret"]),
    ])
    def test_wrong_usage(self, _: str, argv: List[str]) -> None:
        """Wrong usage is said on stderr, with status 2; nothing is asked."""
        self.start_replay()
        with redirect_stdout(io.StringIO()) as out, \
                redirect_stderr(io.StringIO()) as err:
            with self.assertRaises(SystemExit) as caught:
                client.main(argv)
        self.assertEqual(caught.exception.code, 2)
        self.assertEqual(out.getvalue(), "")
        self.assertRegex(err.getvalue(), "^usage: client.py .*\n(.*\n)+")
        self.assertEqual(self.asked, [])

    @parameterized.expand([
        ("empty", [""], "must not be empty"),
        ("jobs", ["x", "--jobs", "0"], "must be from 1 to 100"),
    ])
    def test_what_is_wrong(
            self, _: str, argv: List[str], problem: str) -> None:
        """Wrong usage is said in plain words."""
        with redirect_stderr(io.StringIO()) as err:
            with self.assertRaises(SystemExit):
                client.main(argv)
        self.assertTrue(err.getvalue().endswith(f": {problem}\n"))

    def test_help(self) -> None:
        """--help tells what each option does, on stdout."""
        with redirect_stdout(io.StringIO()) as out:
            with self.assertRaises(SystemExit) as caught:
                client.main(["--help"])
        self.assertEqual(caught.exception.code, 0)
        self.assertRegex(out.getvalue(), "--licenses +count the repositories")
        self.assertIn("GITHUB_API_URL", out.getvalue())

    @parameterized.expand([
        ("interrupted", KeyboardInterrupt(), 130, ""),
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
        """What keeps the command from printing ends it quietly."""
        self.start_replay()
        out = Mock(**{"write.side_effect": error})
        with redirect_stdout(out), redirect_stderr(io.StringIO()) as err:
            self.assertEqual(client.main(["google"]), status)
        self.assertEqual(err.getvalue(), said)


class TestFaults(ReplayTestCase):
    """Integration tests of what may go wrong on the way, by the command."""

    @parameterized.expand([
        ("500_once", {"&page=2": [Fault(500)]}, []),
        ("502_html_once", {"&page=2": [Fault(502, body=b"<html>")]}, []),
        ("504_once", {"google$": [Fault(504)]}, []),
        ("503_twice", {"&page=3": [Fault(503)] * 2}, [1.0]),
        ("503_thrice", {"&page=3": [Fault(503)] * 3}, [1.0, 2.0]),
        ("503_that_says_nonsense",
         {"&page=2": [Fault(503, {"Retry-After": "in a while"})]}, []),
        ("dropped_once", {"&page=2": [Fault(cut=0)]}, []),
        ("cut_once", {"&page=2": [Fault(cut=1000)]}, []),
        ("cut_thrice", {"&page=2": [Fault(cut=1000)] * 3}, [1.0, 2.0]),
        ("secondary_limit_403",
         {"&page=2": [Fault(403, {"Retry-After": "7"})]}, [7.0]),
        ("secondary_limit_429",
         {"google$": [Fault(429, {"Retry-After": "60"})]}, [60.0]),
        ("renamed", {"orgs/google$": [
            Fault(301, {"Location": "/organizations/1342004"}, b"")]}, []),
    ])
    def test_listing_comes_whole(
            self, _: str, script: Mapping[str, Iterable[Fault]],
            waits: List[float]) -> None:
        """Where another try helps it is made, after a wait if need be."""
        self.start_replay(script, repos=PAGED_REPOS)
        status, out, err = self.run_command("google")
        self.assertEqual((status, out.split(), err), (0, PAGED_NAMES, ""))
        self.assertEqual(self.time.sleep.mock_calls, list(map(call, waits)))
        faults = sum(map(len, script.values()))  # type: ignore[arg-type]
        self.assertEqual(len(self.asked), 4 + faults)

    @parameterized.expand([
        ("no_last", {"page=100$": [link(("next", NUMBERED + "2"))]}, 250),
        ("cursor", {
            "page=100$": [link(("next", "/orgs/google/repos?after=abc"))],
            "after": [link(("next", NUMBERED + "3"))]}, 100 + 30 + 50),
        ("nonsense", {"page=100$": [Fault(headers={"Link": "nonsense"})]},
         100),
    ])
    def test_other_links(
            self, _: str, script: Mapping[str, Iterable[Fault]],
            count: int) -> None:
        """Without a last page to count up to, each next link is followed.

        A header that is no link at all ends the listing.
        """
        self.start_replay(script, repos=PAGED_REPOS)
        status, out, err = self.run_command("google")
        self.assertEqual(
            (status, len(out.split()), err), (0, count, ""))

    @parameterized.expand([
        ("401", {"google$": [Fault(401)]},
         "HOST answered 401: Bad credentials; "
         "check the token in GH_TOKEN or GITHUB_TOKEN"),
        ("403", {"google$": [Fault(403)]}, "HOST answered 403: Forbidden"),
        ("404", {"google$": [Fault(404)]}, "no such organization: google"),
        ("404_page", {"&page=2": [Fault(404)]},
         "HOST answered 404: Not Found"),
        ("451", {"google$": [Fault(451)]},
         "HOST answered 451: Repository access blocked"),
        ("499", {"google$": [Fault(499, body=b"")]},
         "HOST answered 499: "),
        ("500_for_ever", {"google$": repeat(Fault(500))},
         "HOST answered 500: Internal Server Error; try again later"),
        ("502_html_for_ever", {"&page=2": repeat(Fault(502, body=b"<html>"))},
         "HOST answered 502: Bad Gateway; try again later"),
        ("503_for_ever", {"&page=2": repeat(Fault(503))},
         "HOST answered 503: Service Unavailable; try again later"),
        ("503_for_an_hour",
         {"google$": repeat(Fault(503, {"Retry-After": "3600"}))},
         "HOST answered 503: Service Unavailable; try again later"),
        ("deep_message", {"google$": [Fault(400, body=b"[" * 100000)]},
         "HOST answered 400: Bad Request"),
        ("dropped_for_ever", {"&page=2": repeat(Fault(cut=0))},
         "cannot reach HOST: Remote end closed connection without response; "
         "check the network, and GITHUB_API_URL if it is set"),
        ("cut_for_ever", {"&page=2": repeat(Fault(cut=1000))},
         "HOST sent a broken answer; try again later"),
        ("redirect_loop",
         {"google$": repeat(Fault(302, {"Location": "/orgs/google"}, b""))},
         "HOST: Exceeded 30 redirects."),
        ("redirect_to_nonsense",
         {"google$": [Fault(302, {"Location": "http://["}, b"")]},
         "http://HOST/orgs/google can't be fetched: Invalid IPv6 URL"),
        ("html", {"&page=2": [Fault(body=b"<html>")]},
         "HOST did not answer in JSON"),
        ("half_a_document", {"&page=2": [Fault(body=b'[{"name": "a"')]},
         "HOST did not answer in JSON"),
        ("no_gzip", {"&page=2": [Fault(headers={"Content-Encoding": "gzip"})]},
         "HOST sent a broken answer; try again later"),
        ("no_utf_8", {"&page=2": [Fault(body=b'[{"name": "\xe9"}]')]},
         "HOST did not answer in JSON"),
        ("org_null", {"google$": [Fault(body=b"null")]},
         "http://HOST/orgs/google is no organization with repositories"),
        ("repo_null", {"&page=2": [Fault(body=b"[null]")]},
         "http://HOST/orgs/google/repos is no list of repositories"),
        ("page_null", {"&page=2": [Fault(body=b"null")]},
         f"http://HOST{NUMBERED}2 is no list, as page 1 was"),
        ("link_to_itself",
         {"page=100$": [link(("next", "/orgs/google/repos?per_page=100"))]},
         "http://HOST/orgs/google/repos?per_page=100 links to a page already "
         "seen"),
        ("circle", {"&page=3": [link(("next", NUMBERED + "2"))]},
         f"http://HOST{NUMBERED}3 links to a page already seen"),
        ("link_elsewhere",
         {"page=100$": [link(("next", "http://127.0.0.2:9/"))]},
         "http://HOST/orgs/google/repos?per_page=100 links to another origin: "
         "http://127.0.0.2:9/"),
        ("pages_without_end",
         {"page=100$": [link(("next", NUMBERED + "2"),
                             ("last", NUMBERED + "1000000000"))]},
         "http://HOST/orgs/google/repos?per_page=100 is one of more than "
         "5000 pages"),
    ])
    def test_one_line_and_no_listing(
            self, _: str, script: Mapping[str, Iterable[Fault]],
            line: str) -> None:
        """Where no try helps, one line says so, and stdout stays empty."""
        url = self.start_replay(script, repos=PAGED_REPOS)
        host = url[len("http://"):]
        self.assertEqual(
            self.run_command("google"),
            (1, "", f"client.py: {line.replace('HOST', host)}\n"))

    @parameterized.expand([
        ("primary", Fault(403, {
            "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1800000000"}),
         "; it resets at 2027-01-15 08:00:00 UTC"),
        ("primary_and_retry_after", Fault(429, {
            "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1800000000",
            "Retry-After": "7"}), "; it resets at 2027-01-15 08:00:00 UTC"),
        ("primary_nonsensical", Fault(403, {
            "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9" * 30}),
         "; wait at least a minute"),
        ("primary_without_reset", Fault(403, {
            "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": None}),
         "; wait at least a minute"),
        ("secondary_long", Fault(403, {"Retry-After": "61"}),
         "; it resets at 2027-01-15 08:01:01 UTC"),
        ("secondary_nonsensical", Fault(403, {"Retry-After": "in a while"}),
         "; wait at least a minute"),
        ("secondary_silent", Fault(429), "; wait at least a minute"),
    ])
    def test_rate_limit(self, _: str, fault: Fault, until: str) -> None:
        """A limit that lasts is an error at once: until when, what to do."""
        self.start_replay({"google$": [fault]})
        with patch("client.time.time", autospec=True,
                   return_value=1800000000):
            status, out, err = self.run_command("google")
        self.assertEqual((status, out, err), (
            1, "", f"client.py: GitHub's rate limit is reached{until}; a "
            "token in GH_TOKEN raises 60 requests an hour to 5,000\n"))
        self.assertEqual(len(self.asked), 1)
        self.time.sleep.assert_not_called()

    def test_rate_limit_with_a_token(self) -> None:
        """Whoever has a token is not told to get one."""
        os.environ["GH_TOKEN"] = "sekret"
        self.start_replay({"google$": [Fault(429)]})
        self.assertEqual(self.run_command("google"), (
            1, "", "client.py: GitHub's rate limit is reached; "
            "wait at least a minute\n"))

    def test_secondary_limit_without_end(self) -> None:
        """A limit is waited for three times, then it is an error."""
        limit = Fault(403, {"Retry-After": "7"})
        self.start_replay({"google$": repeat(limit)})
        status, out, err = self.run_command("google")
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(err, "^client.py: GitHub's rate limit is reached; ")
        self.assertEqual(self.time.sleep.mock_calls, [call(7.0)] * 3)
        self.assertEqual(len(self.asked), 4)

    def test_connection_refused(self) -> None:
        """Where nobody listens, one line names the host and the reason."""
        os.environ["GITHUB_API_URL"] = "http://127.0.0.1:1"
        self.assertEqual(self.run_command("google"), (
            1, "", "client.py: cannot reach 127.0.0.1:1: Connection refused; "
            "check the network, and GITHUB_API_URL if it is set\n"))

    def test_unknown_host(self) -> None:
        """A host without an address is named; no name server is asked."""
        os.environ["GITHUB_API_URL"] = "https://host.invalid"
        error = socket.gaierror(-2, "Name or service not known")
        with patch("socket.getaddrinfo", autospec=True, side_effect=error):
            status, out, err = self.run_command("google")
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(
            err, "^client.py: cannot reach host.invalid: "
            "Name or service not known; .*\n$")

    def test_slow_answer(self) -> None:
        """An answer that does not come in time is said to be late."""
        url = self.start_replay({"google$": repeat(Fault(wait=60))})
        with patch("client.TIMEOUT", 0.01):
            status, out, err = self.run_command("google")
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(
            err, f"^client.py: cannot reach {url[7:]}: timed out; .*\n$")

    def test_control_characters(self) -> None:
        """What a server says can't play with the terminal."""
        body = json.dumps({"message": "\x1b[31mred\n"}).encode()
        url = self.start_replay({"google$": [Fault(400, body=body)]})
        self.assertEqual(self.run_command("google"), (
            1, "", f"client.py: {url[7:]} answered 400:  [31mred \n"))

    def test_answer_that_stalls(self) -> None:
        """A body that stops arriving is retried, then said to be late."""

        def stall(*_: Any) -> Any:
            """Begin a body, then run into the timeout."""
            yield b"{"
            raise ReadTimeoutError(Mock(), "url", "timed out")

        url = self.start_replay()
        with patch("urllib3.response.HTTPResponse.stream", autospec=True,
                   side_effect=lambda *args, **kwargs: stall()):
            status, out, err = self.run_command("google")
        self.assertEqual((status, out, len(self.asked)), (1, "", 4))
        self.assertRegex(err, f"^client.py: cannot reach {url[7:]}: .*\n$")
        self.assertNotIn("None", err)

    def test_number_that_json_has_not(self) -> None:
        """A number beyond JSON's is an error: jq would not read it."""
        body = b'[{"name": "a", "size": 1e999}]'
        self.start_replay({"page=100$": [Fault(body=body)]})
        status, out, err = self.run_command("google", "--json")
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(err, "^client.py: Out of range float values .*\n$")

    def test_organization_not_there(self) -> None:
        """A name that would be another path asks for itself, escaped."""
        self.start_replay()
        self.assertEqual(
            self.run_command("../users/google"),
            (1, "", "client.py: no such organization: ../users/google\n"))
        self.assertEqual(
            [asked.target for asked in self.asked],
            ["/orgs/..%2Fusers%2Fgoogle"])

    def test_no_secret_in_sight(self) -> None:
        """A token that is refused is quoted nowhere."""
        os.environ["GH_TOKEN"] = "sekret"
        self.start_replay({"google$": [Fault(401)]})
        status, out, err = self.run_command("google")
        self.assertEqual(status, 1)
        self.assertNotIn("sekret", out + err)


class TestProgram(unittest.TestCase):
    """Integration tests of the command as a process: all of it, for real."""

    def start(self, *argv: str, **environ: str) -> "subprocess.Popen[str]":
        """Start ./client.py, warnings being errors, in this environment."""
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "client.py", *argv], cwd=HERE,
            env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True)
        self.addCleanup(process.__exit__, None, None, None)
        self.addCleanup(process.kill)
        return process

    def run_program(
            self, *argv: str, **environ: str) -> Tuple[int, str, str]:
        """Run ./client.py to its end; return status, stdout and stderr."""
        process = self.start(*argv, **environ)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    def test_recorded(self) -> None:
        """The nine names come from the recording, in spite of any proxy."""
        self.assertEqual(
            self.run_program(
                "google", "--recorded", HTTP_PROXY="http://127.0.0.1:9"),
            (0, "".join(name + "\n" for name in expected_repos), ""))

    def test_api_url(self) -> None:
        """GITHUB_API_URL is where the requests go."""
        with replay(repos=numbered_repos(120)) as url:
            status, out, err = self.run_program("google", GITHUB_API_URL=url)
        self.assertEqual((status, len(out.split()), err), (0, 120, ""))

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
         "^client.py: the token has a character that no token has\n$"),
        ("wrong_usage", [], {}, 2, "^usage: .*\nclient.py: error: .*\n$"),
    ])
    def test_one_line_of_complaint(
            self, _: str, argv: List[str], environ: Dict[str, str],
            expected: int, complaint: str) -> None:
        """Errors give a line on stderr and a status: no traceback."""
        status, out, err = self.run_program(*argv, **environ)
        self.assertEqual((status, out), (expected, ""))
        self.assertRegex(err, re.compile(complaint, re.DOTALL))

    def test_verbose(self) -> None:
        """-v tells of every request, but not of the token."""
        with replay() as url:
            status, out, err = self.run_program(
                "google", "-v", GITHUB_API_URL=url, GH_TOKEN="sekret")
        self.assertEqual(status, 0)
        self.assertEqual(out.split(), expected_repos)
        for target in ("/orgs/google", "/orgs/google/repos?per_page=100"):
            self.assertIn(f'{url} "GET {target} HTTP/', err)
        self.assertNotIn("sekret", err)

    def test_interrupted(self) -> None:
        """Ctrl-C ends it at once, pages in flight or not, and quietly."""
        # A test run in the background may have been told to ignore it.
        handler = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, handler)
        asked: "Queue[Asked]" = Queue()
        hang = {"&page=": repeat(Fault(wait=60))}
        with replay(hang, repos=PAGED_REPOS, on_request=asked.put) as url:
            process = self.start("google", GITHUB_API_URL=url)
            for _ in range(4):
                asked.get(timeout=30)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=5)
        self.assertEqual((process.returncode, out, err), (130, "", ""))

    def test_error_while_a_page_hangs(self) -> None:
        """An error ends it at once, though another page is in flight."""
        script = {"&page=2": [Fault(404)], "&page=3": [Fault(wait=60)]}
        with replay(script, repos=PAGED_REPOS) as url:
            process = self.start("google", GITHUB_API_URL=url)
            out, err = process.communicate(timeout=30)
        self.assertEqual((process.returncode, out), (1, ""))
        self.assertRegex(err, "^client.py: .* answered 404: Not Found\n$")

    def test_reader_gone(self) -> None:
        """When nobody reads any more it ends quietly."""
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
        """A stream that is closed is no reason for the other to suffer."""
        done = subprocess.run(
            ["sh", "-c", f'exec "$0" client.py google --recorded --license '
             f'bsl-1.0 {ending}', sys.executable], cwd=HERE,
            env={"PATH": os.defpath},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            universal_newlines=True)
        self.assertEqual(
            (done.returncode, done.stdout, done.stderr), (status, out, err))

    def test_as_main(self) -> None:
        """Run as a program, the module exits with what main returns.

        os._exit would end this process too, so a double takes its place.
        """
        path = os.path.join(HERE, "client.py")
        argv = [path, "google", "--recorded", "--license", "bsl-1.0"]
        with patch.object(sys, "argv", argv), \
                redirect_stdout(io.StringIO()) as out, \
                patch("os._exit", autospec=True) as leave:
            runpy.run_path(path, run_name="__main__")
        self.assertEqual(out.getvalue(), "cpp-netlib\n")
        leave.assert_called_once_with(0)


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
            self, _: str, query: str, count: int, links: str) -> None:
        """Pages hold as many as asked for, and link to others."""
        url = self.start_replay(repos=PAGED_REPOS)
        answer = requests.get(f"{url}/orgs/google/repos?{query}")
        self.assertEqual(len(answer.json()), count)
        self.assertEqual(links, " ".join(
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
        """What is not there is an error in JSON."""
        answer = requests.request(method, self.start_replay() + target)
        self.assertEqual(answer.status_code, status)
        self.assertEqual(answer.json(), {
            "message": message, "status": str(status),
            "documentation_url": "https://docs.github.com/rest"})

    def test_keep_alive(self) -> None:
        """One connection serves request after request, HEAD too."""
        url = self.start_replay()
        with requests.Session() as session:
            for method in ("GET", "HEAD", "GET"):
                answer = session.request(method, url + "/orgs/google")
                self.assertEqual(answer.raw.version, 11)
            pool: Any = session.get_adapter(url)
            (key,) = pool.poolmanager.pools.keys()
            connections = pool.poolmanager.pools[key].num_connections
        self.assertEqual(connections, 1)

    def test_payloads(self) -> None:
        """The lists of names agree with the repositories, of 74 keys each."""
        self.assertEqual(
            [repo["name"] for repo in repos_payload], expected_repos)
        self.assertEqual(apache2_repos, [
            repo["name"] for repo in repos_payload
            if repo["license"] and repo["license"]["key"] == "apache-2.0"])
        self.assertEqual({len(repo) for repo in repos_payload}, {74})

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
        """A port that is taken gives a line, and status 1."""
        port = self.start_replay().rsplit(":", 1)[1]
        done = subprocess.run(
            [sys.executable, "fixtures.py", "--port", port], cwd=HERE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual((done.returncode, done.stdout), (1, b""))
        self.assertRegex(
            done.stderr, b"^fixtures.py: port [0-9]+: Address already in use")


if __name__ == "__main__":
    unittest.main()
