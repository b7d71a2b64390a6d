#!/usr/bin/env python3
"""Tests of live: the shapes of answers, the client, and all of it.

Tables of the pure functions come first. Then a double of fetch_pages stands
for the network. The last class talks to a real server on loopback.
"""
import os
import threading
import unittest
from typing import Any, Dict, Iterator, List
from unittest.mock import MagicMock, Mock, call, create_autospec, patch

import requests
from parameterized import parameterized
from requests.exceptions import InvalidURL

from fixtures import org_payload, repos_payload
from audit.live import (
    LiveOrgClient, has_no_text, is_repository, license_text_on)
from audit.pages import AnswerError, Page
from audit.replay import Asked, Fault, numbered_repos, replay
from audit.session import github_session

API = "https://api.github.com"
ORG = f"{API}/orgs/google"
REPOS = f"{ORG}/repos"
SMALLEST = {"id": 1, "name": "a", "full_name": "o/a"}
MANY = numbered_repos(250)  # three pages of up to 100
NAMES = [repo["name"] for repo in MANY]
TEXT = f"{API}/repos/google/a/license"
FILE = {"content": "TUlU\n", "encoding": "base64", "path": "LICENSE",
        "html_url": "https://github.com/google/a/blob/main/LICENSE"}
COUNTED = {**org_payload, "public_repos": 3}
ARRIVED = requests.Response()


def answered(status: int, body: bytes = b"") -> requests.Response:
    """Return a response that has arrived whole."""
    response = requests.Response()
    response.status_code, response.url = status, TEXT
    response._content = body
    return response


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
        ("id_true", {"id": True}),
        ("id_below_none", {"id": -1}),
        ("id_of_nineteen_digits", {"id": 1000000000000000000}),
        ("name_null", {"name": None}),
        ("name_of_two_lines", {"name": "a\nb"}),
        ("full_name_null", {"full_name": None}),
        ("full_name_without_owner", {"full_name": "a"}),
        ("full_name_with_blank", {"full_name": "o/a b"}),
        ("full_name_of_three_parts", {"full_name": "o/a/b"}),
        ("full_name_outside_of_ascii", {"full_name": "o/\u00fc"}),
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

    @parameterized.expand([("lines", "TUl\nU\n"), ("empty", "")])
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
        ("null", None), ("plain_text", "MIT License")])
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
        self.assertIs(has_no_text(answered(status, body)), True)

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
        self.assertIs(has_no_text(answered(status, body)), False)


class TestFromEnvironment(unittest.TestCase):
    """Unit tests of a client's session: by the environment, and its end."""

    def setUp(self) -> None:
        """Put a double in place of what makes a session."""
        patcher = patch("audit.live.github_session", autospec=True)
        self.make_session = patcher.start()
        self.addCleanup(patcher.stop)

    def test_variables(self) -> None:
        """The variables name the token and the API."""
        environ = {"GH_TOKEN": "sekret", "GITHUB_API_URL": "https://ghe"}
        with patch.dict(os.environ, environ, clear=True):
            client = LiveOrgClient.from_environment("google")
        self.make_session.assert_called_once_with("sekret", "https://ghe")
        self.assertEqual(client.api_url, "https://ghe")

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
        ("list_of_fragments", [{"id": 1}, {"id": 2}], ": look at item 1"),
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

    def test_owner_in_another_case(self) -> None:
        """The case of an owner's name does not matter."""
        repo = {**SMALLEST, "full_name": "GOOGLE/a"}
        org = {**COUNTED, "login": "Google", "public_repos": 1}
        self.fetch_pages.side_effect = map(arrived, [org, [repo]])
        self.assertEqual(self.client.repos_payload, [repo])

    @parameterized.expand([
        ("private", {"private": True}),
        ("of_another_owner", {"full_name": "googles/repo-00003"}),
    ])
    def test_some_are_missing(self, _: str, field: Dict[str, Any]) -> None:
        """If some are still missing, a warning says both numbers."""
        repos = [*MANY[:2], {**MANY[2], **field}]
        self.fetch_pages.side_effect = map(arrived, [COUNTED, repos, repos])
        with self.assertLogs("audit") as logs:
            names = self.client.public_repos()
        self.assertEqual(names, ["repo-00001", "repo-00002"])
        self.assertEqual(
            logs.output, ["WARNING:audit:google: GitHub counts 3 public "
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
            response=answered(404))
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
        ("status", requests.HTTPError(response=answered(500))),
        ("forbidden", requests.HTTPError(response=answered(403))),
        ("network", requests.ConnectionError("refused")),
    ])
    def test_error(self, _: str, error: requests.RequestException) -> None:
        """Any other error is passed on."""
        self.fetch_pages.side_effect = error
        with self.assertRaises(requests.RequestException) as caught:
            self.client.license_text({"full_name": "google/a"})
        self.assertIs(caught.exception, error)


class TestOverReplay(unittest.TestCase):
    """Integration tests: a client, its session and threads, and a server."""

    def test_whole_listing(self) -> None:
        """Each page of a listing is requested once, with the token."""
        asked: List[Asked] = []
        with replay(repos=MANY, on_request=asked.append) as url:
            with github_session("sekret", url) as session:
                client = LiveOrgClient("google", session, url)
                self.assertEqual(client.public_repos(), NAMES)
        query = "repos?type=public&sort=created&direction=asc&per_page=100"
        self.assertCountEqual([one.target for one in asked], [
            "/orgs/google", f"/orgs/google/{query}",
            f"/organizations/1342004/{query}&page=2",
            f"/organizations/1342004/{query}&page=3"])
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
