#!/usr/bin/env python3
"""Tests of client: three kinds, from the smallest to the whole.

Unit tests take one method and replace all that it calls. Integration
tests on a patched `requests.get` let client and utils work together on
recorded payloads. Integration tests on loopback replace nothing: the real
requests, or the command as a process, talks to `fixtures.replay`.
"""
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import unittest
from contextlib import redirect_stderr, redirect_stdout
from itertools import repeat
from queue import Queue
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple
from unittest.mock import Mock, PropertyMock, call, patch

import requests
from parameterized import parameterized, parameterized_class

import client
from client import GithubOrgClient, tuned_session
from fixtures import (
    TEST_PAYLOAD, Asked, Fault, expected_repos, numbered_repos, org_payload,
    replay, repos_payload)
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
        self.client = GithubOrgClient(
            "google", self.session, "https://ghe.example/api/v3/", workers=4)

    def test_requests(self) -> None:
        """The session makes both requests: at this API, 100 a page."""
        org = {"repos_url": "https://ghe.example/api/v3/orgs/google/repos"}
        self.get_json.side_effect = [org, [{"name": "one"}]]
        self.assertEqual(self.client.public_repos(), ["one"])
        self.assertEqual(self.get_json.mock_calls, [
            call("https://ghe.example/api/v3/orgs/google", self.session),
            call("https://ghe.example/api/v3/orgs/google/repos",
                 self.session, workers=4, params={"per_page": 100})])

    def test_default_workers(self) -> None:
        """Unless told otherwise, ten pages are fetched at once."""
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
            self.client.org
        self.assertEqual(
            str(caught.exception), "https://ghe.example/api/v3/orgs/google "
            "is no organization with repositories")
        self.assertNotIn("org", vars(self.client))

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
            self.client.repos_payload
        self.assertEqual(
            str(caught.exception), "http://host/ is no list of repositories")
        self.assertNotIn("repos_payload", vars(self.client))

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
        self.assertIs(self.client.repos_payload, answer)
