#!/usr/bin/env python3
"""A model suite for client, and the second of two: read test_utils.py first.

It has tests of three kinds, from the smallest to the largest:

- unit tests (TestGithubOrgClient) take one method. They replace what crosses
  the border of the module or asks the network, and what else would be in the
  way. Not everything: public_repos runs the real has_license, and that runs
  the real access_nested_map;
- integration tests (TestIntegrationGithubOrgClient) let client and utils
  work together on what GitHub really sends, recorded in fixtures.py. They
  replace `requests.get` alone;
- one test over loopback (TestGithubOrgClientOverLoopback) replaces not even
  that. The real requests asks a small server in the same process.
"""
import json
import os
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any, Dict, List
from unittest.mock import Mock, PropertyMock, patch

from parameterized import parameterized, parameterized_class

from client import GithubOrgClient
from fixtures import TEST_PAYLOAD

REPOS = [
    {"name": "one", "license": {"key": "mit"}},
    {"name": "two", "license": {"key": "apache-2.0"}},
    {"name": "three", "license": {"key": "mit"}},
]


class TestGithubOrgClient(unittest.TestCase):
    """Unit tests of GithubOrgClient, one method at a time."""

    # A function without a network needs no double, only a table.
    @parameterized.expand([
        ("same", {"license": {"key": "mit"}}, "mit", True),
        ("another", {"license": {"key": "mit"}}, "apache-2.0", False),
        ("part_of_the_key", {"license": {"key": "lgpl-3.0"}}, "gpl", False),
        ("upper_case", {"license": {"key": "mit"}}, "MIT", False),
        ("license_null", {"license": None}, "mit", False),
        ("license_missing", {}, "mit", False),
    ])
    def test_has_license(
            self, _: str, repo: Dict[str, Any], license_key: str,
            expected: bool) -> None:
        """Only a license with exactly this key will do."""
        # A static method needs no instance: it is called on the class.
        self.assertIs(
            GithubOrgClient.has_license(repo, license_key), expected)

    def test_has_license_needs_a_key(self) -> None:
        """None is no license key: asking for it is an AssertionError."""
        # Any turns off the type checker here: None is wrong on purpose.
        key: Any = None
        with self.assertRaises(AssertionError) as caught:
            GithubOrgClient.has_license({"license": None}, key)
        self.assertEqual(
            caught.exception.args, ("license_key cannot be None",))

    # The target is client.get_json, not utils.get_json. get_json is defined
    # in utils, but `from utils import get_json` gave client a name of its
    # own for it, and that name is what org calls. Replaced in utils, it
    # would be replaced for nobody. Patch a name where it is looked up.
    @parameterized.expand([
        ("google", "https://api.github.com/orgs/google"),
        ("abc", "https://api.github.com/orgs/abc"),
    ])
    @patch("client.get_json", autospec=True)
    def test_org(self, org_name: str, url: str, get_json: Mock) -> None:
        """The organization is requested once, when it is first read."""
        get_json.return_value = {"login": org_name}
        org_client = GithubOrgClient(org_name)
        # There is a client now, but no request yet.
        get_json.assert_not_called()
        self.assertEqual(org_client.org, {"login": org_name})
        self.assertEqual(org_client.org, {"login": org_name})
        get_json.assert_called_once_with(url)

    def test_public_repos_url(self) -> None:
        """The URL of the repositories is the organization's repos_url."""
        # patch.object takes the object itself, and the name of what to
        # replace in it. `org` is an attribute that is computed when it is
        # read. Its double must be so, too: a PropertyMock returns its
        # return_value when it is read; a Mock there would be the value. It
        # stands in the class, since Python looks up a property there, and
        # not in the instance.
        with patch.object(
                GithubOrgClient, "org", new_callable=PropertyMock) as org:
            org.return_value = {
                "url": "https://example.com/x",
                "repos_url": "https://example.com/x/repos"}
            self.assertEqual(
                GithubOrgClient("x")._public_repos_url,
                "https://example.com/x/repos")

    # Two patches: the lower one works first, so its Mock comes first.
    @patch("client.get_json", autospec=True)
    @patch.object(
        GithubOrgClient, "_public_repos_url", new_callable=PropertyMock)
    def test_repos_payload(self, url: Mock, get_json: Mock) -> None:
        """The repositories are requested once, from _public_repos_url."""
        url.return_value = "https://example.com/x/repos"
        get_json.return_value = REPOS
        org_client = GithubOrgClient("x")
        self.assertEqual(org_client.repos_payload, REPOS)
        self.assertEqual(org_client.repos_payload, REPOS)
        get_json.assert_called_once_with("https://example.com/x/repos")
        # To read a PropertyMock is to call it, without arguments.
        url.assert_called_once_with()

    # A double need not be a Mock. `new` puts this list itself in place of
    # the attribute, and then patch passes no argument to the test.
    @patch.object(GithubOrgClient, "repos_payload", new=REPOS)
    def test_public_repos(self) -> None:
        """All names come back, in the order of the repositories."""
        self.assertEqual(
            GithubOrgClient("x").public_repos(), ["one", "two", "three"])

    @parameterized.expand([
        ("two_of_them", "mit", ["one", "three"]),
        ("one_of_them", "apache-2.0", ["two"]),
        ("none_of_them", "bsd-3-clause", []),
        ("empty_key", "", []),
    ])
    @patch.object(GithubOrgClient, "repos_payload", new=REPOS)
    def test_public_repos_with_license(
            self, _: str, license_key: str, names: List[str]) -> None:
        """Only the names of the repositories under the license come back.

        The real has_license runs, and may: it is of the same class, and
        asks no network. So a fault in it makes this test red, too.
        """
        self.assertEqual(
            GithubOrgClient("x").public_repos(license_key), names)


# A table for a whole class. For each tuple of TEST_PAYLOAD there is one
# class with all the tests below: TestIntegrationGithubOrgClient_0, and _1,
# _2 if there were more. The values of the tuple become attributes of the
# class, under the names in the first argument.
@parameterized_class(
    ("org_payload", "repos_payload", "expected_repos", "apache2_repos"),
    TEST_PAYLOAD)
class TestIntegrationGithubOrgClient(unittest.TestCase):
    """Integration tests on recorded payloads, with requests.get replaced.

    A unit test with a simple double can't notice what is wrong only on what
    GitHub sends. REPOS has no full_name, no fork and no license that is
    null; the recorded repositories have.
    """

    # Type hints alone, no values: parameterized_class and setUpClass give
    # the class these attributes.
    org_payload: Dict[str, Any]
    repos_payload: List[Dict[str, Any]]
    expected_repos: List[str]
    apache2_repos: List[str]
    get_patcher: Any

    # unittest calls setUpClass once, before all the tests of the class, and
    # tearDownClass once, after all of them. There is no instance yet when
    # setUpClass is called, so both are class methods: @classmethod passes
    # the class itself, as `cls`, where a method gets `self`.
    @classmethod
    def setUpClass(cls) -> None:
        """Replace requests.get by a double that knows two URLs."""
        org_url = "https://api.github.com/orgs/google"
        payloads = {
            org_url: cls.org_payload,
            cls.org_payload["repos_url"]: cls.repos_payload,
        }

        def answer(url: str) -> Mock:
            """Return a response with the payload for a URL."""
            # With a spec the Mock has these attributes, and no others. If
            # the code asked for another, that would be an AttributeError.
            response = Mock(spec=["json"])
            response.json.return_value = payloads[url]
            return response

        # A function as side_effect is called with the arguments, and what
        # it returns is returned. So each URL has its answer, in any order,
        # and a URL that is not in `payloads` is a KeyError.
        cls.get_patcher = patch(
            "requests.get", autospec=True, side_effect=answer)
        cls.get_patcher.start()

    @classmethod
    def tearDownClass(cls) -> None:
        """Put the real requests.get back."""
        cls.get_patcher.stop()

    def test_public_repos(self) -> None:
        """The names of all recorded repositories come back."""
        self.assertEqual(
            GithubOrgClient("google").public_repos(), self.expected_repos)

    def test_public_repos_with_license(self) -> None:
        """The names of those under the license apache-2.0 come back."""
        self.assertEqual(
            GithubOrgClient("google").public_repos("apache-2.0"),
            self.apache2_repos)


class TestGithubOrgClientOverLoopback(unittest.TestCase):
    """A test in which a real request gets a real answer.

    The address 127.0.0.1, called loopback, is this machine itself. Nothing
    leaves it.
    """

    # patch.dict adds to a dictionary, and takes it out again. This variable
    # of the environment says: no proxy for this address.
    @patch.dict(os.environ, {"no_proxy": "127.0.0.1"})
    def test_public_repos(self) -> None:
        """A client lists repositories that come over HTTP."""
        payloads: Dict[str, Any] = {}

        class Handler(BaseHTTPRequestHandler):
            """Answers each GET with the payload for its path, in JSON."""

            def do_GET(self) -> None:
                """Send a status, the headers and a body."""
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(payloads[self.path]).encode())

            def log_message(self, *args: Any) -> None:
                """Write nothing, where the class would write a line."""

        # Port 0 lets the system choose a port that is free.
        server = HTTPServer(("127.0.0.1", 0), Handler)
        self.addCleanup(server.server_close)
        # The server waits for requests in a thread of its own, so that the
        # test can go on.
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        # Cleanups run in reverse. The server is told to stop, its thread
        # comes to an end, and only then is the port closed.
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)

        url = f"http://127.0.0.1:{server.server_port}"
        payloads["/orgs/x"] = {"repos_url": f"{url}/orgs/x/repos"}
        payloads["/orgs/x/repos"] = REPOS
        with patch.object(GithubOrgClient, "ORG_URL", url + "/orgs/{org}"):
            names = GithubOrgClient("x").public_repos()
        self.assertEqual(names, ["one", "two", "three"])


if __name__ == "__main__":
    unittest.main()
