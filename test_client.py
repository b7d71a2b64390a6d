#!/usr/bin/env python3
"""A model suite for client, the second of two: read test_utils.py first.

In an integration test, `client` calls the real `utils.get_json`; all other
tests are unit tests. There are three classes of tests here:

- Unit tests, each of one method. If the method calls get_json, or reads a
  computed attribute, the test replaces it. It does not replace everything:
  public_repos calls the real has_license, which calls the real
  access_nested_map.
- Integration tests on the recorded payloads in fixtures.py. They replace
  `requests.get`, which asks the network, and nothing else.
- An integration test over loopback, which does not replace even that. There
  the real requests library talks to a real server, which the test starts.
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

# Repositories with two keys each, for unit tests. GitHub sends 74 keys each.
REPOS = [
    {"name": "one", "license": {"key": "mit"}},
    {"name": "two", "license": {"key": "apache-2.0"}},
    {"name": "three", "license": {"key": "mit"}},
]


class TestGithubOrgClient(unittest.TestCase):
    """Unit tests of GithubOrgClient, one method at a time."""

    # A table is all that has_license needs. It calls access_nested_map, which
    # needs no double: it asks no network, and its result depends on nothing
    # but its arguments.
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
        """The result is True only for a license with exactly this key."""
        # A static method can be called on the class, without an instance.
        self.assertIs(
            GithubOrgClient.has_license(repo, license_key), expected)

    def test_has_license_needs_a_key(self) -> None:
        """A key of None is an AssertionError."""
        # The hint Any keeps a type checker quiet: None is wrong on purpose.
        key: Any = None
        with self.assertRaises(AssertionError) as caught:
            GithubOrgClient.has_license({"license": None}, key)
        self.assertEqual(
            caught.exception.args, ("license_key cannot be None",))

    # The target is client.get_json, not utils.get_json. get_json is defined
    # in utils, but client has a name of its own for it, since the line
    # `from utils import get_json` there. org looks it up under that name, so
    # a patch of utils.get_json would change nothing here. The rule: patch
    # where the name is looked up.
    @parameterized.expand([
        ("google", "https://api.github.com/orgs/google"),
        ("abc", "https://api.github.com/orgs/abc"),
    ])
    @patch("client.get_json", autospec=True)
    def test_org(self, org_name: str, url: str, get_json: Mock) -> None:
        """The organization is requested once, when it is first read."""
        get_json.return_value = {"login": org_name}
        org_client = GithubOrgClient(org_name)
        # Making a client requests nothing.
        get_json.assert_not_called()
        self.assertEqual(org_client.org, {"login": org_name})
        self.assertEqual(org_client.org, {"login": org_name})
        get_json.assert_called_once_with(url)

    def test_public_repos_url(self) -> None:
        """The URL of the repositories is the organization's repos_url."""
        # patch.object takes an object and the name of one of its attributes.
        # `org` is computed when it is read. Such an attribute is defined in
        # the class, so here the object is the class, not an instance.
        # new_callable says what kind of double to make. Reading a
        # PropertyMock gives its return_value. Reading a plain Mock would
        # give the Mock itself.
        with patch.object(
                GithubOrgClient, "org", new_callable=PropertyMock) as org:
            org.return_value = {
                "url": "https://example.com/x",
                "repos_url": "https://example.com/x/repos"}
            self.assertEqual(
                GithubOrgClient("x")._public_repos_url,
                "https://example.com/x/repos")

    # Two patches: the lower one is applied first, so its Mock comes first.
    # With the parameters swapped, `url` would be the double of get_json.
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
        # Reading a PropertyMock is recorded as a call without arguments.
        url.assert_called_once_with()

    # A double can be a plain value. `new` is what to put in place of the
    # attribute. With it patch makes no Mock, and passes none to the test.
    @patch.object(GithubOrgClient, "repos_payload", new=REPOS)
    def test_public_repos(self) -> None:
        """All names come back, in order."""
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

        The real has_license runs, and may: it belongs to the same class and
        asks no network. So a mistake in it makes this test fail, too.
        """
        self.assertEqual(
            GithubOrgClient("x").public_repos(license_key), names)


# A table for a whole class. parameterized_class makes one class of each tuple
# in TEST_PAYLOAD, with all of the tests below. The values of the tuple become
# attributes of that class, under these four names. The number of the tuple
# becomes part of the name of the class. There is only one tuple, so there is
# only one class, TestIntegrationGithubOrgClient_0.
@parameterized_class(
    ("org_payload", "repos_payload", "expected_repos", "apache2_repos"),
    TEST_PAYLOAD)
class TestIntegrationGithubOrgClient(unittest.TestCase):
    """Integration tests on recorded payloads, with requests.get replaced.

    They notice mistakes that a simple double hides. No repository in REPOS
    is a fork, has a full_name, or has a license that is null. Among the
    recorded ones there are forks and one without a license, and all have a
    full_name.
    """

    # These are type hints without values. parameterized_class sets the first
    # four, and setUpClass the last.
    org_payload: Dict[str, Any]
    repos_payload: List[Dict[str, Any]]
    expected_repos: List[str]
    apache2_repos: List[str]
    get_patcher: Any

    # setUpClass is called once, before all tests of the class, and
    # tearDownClass once, after all of them. At these times there is no
    # instance that could be passed as `self`. With @classmethod the class
    # itself is passed, as `cls`.
    @classmethod
    def setUpClass(cls) -> None:
        """Replace requests.get with a double that knows two URLs."""
        org_url = "https://api.github.com/orgs/google"
        payloads = {
            org_url: cls.org_payload,
            cls.org_payload["repos_url"]: cls.repos_payload,
        }

        def answer(url: str) -> Mock:
            """Return a response with the payload of this URL."""
            # With a spec, a Mock has only the attributes in this list. Any
            # other is an AttributeError.
            response = Mock(spec=["json"])
            response.json.return_value = payloads[url]
            return response

        # A function as side_effect: each call of the double calls it with
        # the same arguments, and returns what it returns. So the answer can
        # depend on the URL. Any URL but these two is a KeyError.
        cls.get_patcher = patch(
            "requests.get", autospec=True, side_effect=answer)
        cls.get_patcher.start()

    @classmethod
    def tearDownClass(cls) -> None:
        """Put the real requests.get back.

        addCleanup is only for a single test. Python 3.8 and later have
        addClassCleanup, too.
        """
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
    """An integration test in which even the request is real.

    It goes to 127.0.0.1, the loopback address. A machine that asks there
    asks itself, and nothing leaves the machine.
    """

    # patch.dict changes entries of a dictionary while the test runs. This
    # one tells requests to use no proxy for 127.0.0.1.
    @patch.dict(os.environ, {"no_proxy": "127.0.0.1"})
    def test_public_repos(self) -> None:
        """All names come back when the payloads come over HTTP."""
        payloads: Dict[str, Any] = {}

        class Handler(BaseHTTPRequestHandler):
            """Answers a GET with the payload of its path, as JSON."""

            # http.server calls the method of this name for each GET.
            def do_GET(self) -> None:
                """Send the status, the headers and the body."""
                self.send_response(200)
                self.end_headers()
                self.wfile.write(json.dumps(payloads[self.path]).encode())

            def log_message(self, *args: Any) -> None:
                """Write no line about each request to stderr."""

        # With port 0 the system chooses a free port.
        server = HTTPServer(("127.0.0.1", 0), Handler)
        self.addCleanup(server.server_close)
        # serve_forever returns only after a shutdown, so it runs in a thread
        # beside the test. Every 0.01 seconds it checks for a shutdown.
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        # The cleanup that is added last is called first. So the order is:
        # shut the server down, wait for the thread to end, close the socket.
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)

        # Only now is the port known, and the payloads need it for their URLs.
        url = f"http://127.0.0.1:{server.server_port}"
        payloads["/orgs/x"] = {"repos_url": f"{url}/orgs/x/repos"}
        payloads["/orgs/x/repos"] = REPOS
        # The third argument of patch.object is `new`, as above.
        with patch.object(GithubOrgClient, "ORG_URL", url + "/orgs/{org}"):
            names = GithubOrgClient("x").public_repos()
        self.assertEqual(names, ["one", "two", "three"])


if __name__ == "__main__":
    unittest.main()
