#!/usr/bin/env python3
"""Tests of pages: links, answers, whole lists, and pages side by side.

Tables of the pure functions come first. Then a double of a session answers
for a server. The last class talks to a real server on loopback.
"""
import io
import signal
import subprocess
import sys
import threading
import unittest
from contextlib import suppress
from pathlib import Path
from typing import Any, Dict, List, Tuple
from unittest.mock import Mock, PropertyMock, call, create_autospec, patch

import requests
from parameterized import parameterized
from requests.exceptions import (
    ConnectionError, HTTPError, InvalidURL, TooManyRedirects)
from urllib3.exceptions import DecodeError

from audit.pages import (
    AnswerError, Page, check_status, fetch_json, fetch_pages, links_of, origin,
    page_of, pages_after)
from audit.replay import Fault, numbered_repos, replay

START = "https://host/start"
FIRST = "https://host/items"
SECRET = "https://user:secret@host:8443/items"
SHOWN = "https://host:8443/items"
BROKEN = f"{SHOWN} can't be fetched: the answer is broken"
SEEN = "links to a page already seen"


def page_url(number: int) -> str:
    """Return the URL of a page, as links name it."""
    return f"{FIRST}?page={number}"


def link_to(url: str, rel: str = "next") -> str:
    """Return a Link header with one link."""
    return f'<{url}>; rel="{rel}"'


def response_of(
        body: bytes, link: str = "", *, url: str = FIRST, status: int = 200
        ) -> requests.Response:
    """Return a response that has arrived whole."""
    response = requests.Response()
    response.status_code, response.reason = status, "Because"
    response.request = requests.Request("GET", url).prepare()
    response.url, response.headers["Link"] = url, link
    response.raw = io.BytesIO(body)
    return response


def numbered_pages(count: int, name_last: bool = True) -> Dict[str, Any]:
    """Return pages [1], [2] and so on by URL, each with its links."""
    urls = [FIRST, *map(page_url, range(2, count + 1))]
    last = ", " + link_to(urls[-1], "last") if name_last else ""
    links = [*(link_to(url) + last for url in urls[1:]),
             link_to(page_url(1), "first")]
    return {url: response_of(b"[%d]" % number, link, url=url)
            for number, (url, link) in enumerate(zip(urls, links), start=1)}


class TestLinks(unittest.TestCase):
    """Unit tests of origin, links_of and pages_after, on texts alone."""

    @parameterized.expand([
        ("https://host/path?query#fragment", ("https", "host", 443)),
        ("http://host", ("http", "host", 80)),
        ("HTTPS://HOST:8443", ("https", "host", 8443)),
        ("https://one\\@two/", ("https", "one", 443)),
        ("ftp://host", ("ftp", "host", None)),
        ("", (None, None, None)), ("http://[", (None, None, None)),
    ])
    def test_origin(self, url: str, expected: Any) -> None:
        """It is what urllib3 would connect to, the port included."""
        self.assertEqual(origin(url), expected)

    def test_links_of(self) -> None:
        """The URLs come by relation, absolute and normalized."""
        header = ('<?page=2>; rel="next", </c>; rel="last", '
                  '<HTTPS://B/?a=1,2;3>; rel="prev", <//d/>; rel="first"')
        self.assertEqual(links_of(Page([], FIRST, header)), {
            "next": page_url(2), "last": "https://host/c",
            "prev": "https://b/?a=1,2;3", "first": "https://d/"})

    @parameterized.expand([
        'nonsense, <a>; rel="next"', '<a>; rel="next", nonsense',
        '<a>; REL="NEXT"', '<a>; rel="next", <b>; rel="up"',
        '<a>; title="b, <c>; rel="next""', '<a b>; rel="next"',
        '<a>; rel="next", <b>; rel="next"', '<a>; rel="next last"',
        '<http://[>; rel="next"', '<//host:x/>; rel="next"',
    ])
    def test_broken_link(self, header: str) -> None:
        """A header of any other form is an error, not half read."""
        expected = f"^{FIRST} has a broken link$"
        with self.assertRaisesRegex(AnswerError, expected) as caught:
            links_of(Page([], FIRST, header))
        self.assertIsInstance(caught.exception.__cause__, ValueError)

    def test_damaged_link(self) -> None:
        """No letter missing or doubled in a header loses a next page."""
        header = f'<{page_url(2)}>; rel="next", <{page_url(9)}>; rel="last"'
        found = []
        for place in range(len(header)):
            for letters in "", header[place] * 2:
                damaged = header[:place] + letters + header[place + 1:]
                with suppress(AnswerError):
                    found.append(" ".join(links_of(Page([], FIRST, damaged))))
        self.assertEqual(set(found), {"next last"})

    @parameterized.expand([
        "https://elsewhere/items", "http://host/items",
        "https://host:444/items", "mailto:///octocat"])
    def test_other_origin(self, url: str) -> None:
        """A next page of another origin is an error that names it."""
        expected = f"^{FIRST} links to another origin: {url}$"
        with self.assertRaisesRegex(AnswerError, expected):
            links_of(Page([], FIRST, link_to(url)))

    @parameterized.expand([
        ("?page=9", "?page=11", ["?page=10", "?page=11"]),
        ("?per_page=9&page=2", "?per_page=9&page=3", ["?per_page=9&page=3"]),
        ("?page=2&per_page=9", "?page=3&per_page=9", ["?page=3&per_page=9"]),
        ("?page=2", "/a?page=5", []), ("?page=2", "?page=5&a=1", []),
        ("?page=2", "?homepage=5", []), ("?page=2", "?page=1", []),
        ("?page=2", f"?page={10**18}", []), ("?page=2x", "?page=5", []),
        ("?page=2", "?page=5x", []), ("?apage=2", "?apage=5", []),
        ("?after=a", "?page=5", []),
    ])
    def test_pages_after(
            self, following: str, last: str, others: List[str]) -> None:
        """More pages are known if the URLs differ in their numbers alone."""
        self.assertEqual(pages_after({"next": following, "last": last}),
                         [following, *others])

    def test_too_many_pages(self) -> None:
        """Of too many pages that are known, one too many is returned."""
        links = {"next": page_url(2), "last": page_url(10**18 - 1)}
        self.assertEqual(len(pages_after(links)), 5001)


class TestResponse(unittest.TestCase):
    """Unit tests of check_status and page_of: a response that has arrived."""

    @parameterized.expand([
        (101, AnswerError), (206, AnswerError), (300, AnswerError),
        (400, HTTPError), (599, HTTPError),
    ])
    def test_bad_status(self, status: int, kind: Any) -> None:
        """A status that comes with no whole document is an error."""
        response = response_of(b"[]", url=SECRET, status=status)
        with self.assertRaises(kind) as caught:
            check_status(response)
        self.assertEqual(str(caught.exception),
                         f"{SHOWN} answered {status}: Because")
        self.assertIs(caught.exception.response, response)
        self.assertIs(caught.exception.request, response.request)

    @parameterized.expand([
        b"", b"<html></html>", b'{"a": "\xe9"}', b"[" * 100000, b"[NaN]",
        "{}".encode("utf-16-le"),
    ])
    def test_no_json(self, body: bytes) -> None:
        """A body that is not JSON in UTF-8 is an AnswerError."""
        response = response_of(body, url=SECRET)
        with self.assertRaisesRegex(
                AnswerError, "^host:8443 did not answer in JSON$") as caught:
            page_of(response)
        self.assertIs(caught.exception.response, response)
        self.assertIsNotNone(caught.exception.__cause__)

    def test_no_password(self) -> None:
        """An AnswerError shows nothing that precedes the host in a URL."""
        kept = "//host/@a //host?@a //host#@a //host\\@a a@host"
        error = AnswerError(f"https://a@b.c:d@host, //a:b@host //@host {kept}")
        self.assertEqual(str(error), f"https://host, //host //host {kept}")
        self.assertIsInstance(error, ValueError)


class TestFetchJson(unittest.TestCase):
    """Unit tests of fetch_json, over a double of a session."""

    def setUp(self) -> None:
        """Make a session that answers from the pages that a test sets."""
        self.pages: Dict[str, requests.Response] = {}
        self.held = ""
        self.holding, self.free = threading.Event(), threading.Event()
        self.known_threads = set(threading.enumerate())
        self.addCleanup(self.end_threads)
        self.session = create_autospec(requests.Session, instance=True)
        self.session.get.side_effect = self.get

    def get(self, url: str, **_: Any) -> requests.Response:
        """Answer a request; hold one URL back until the test sets it free."""
        if url == self.held:
            self.holding.set()
            self.assertTrue(self.free.wait(timeout=10))
        return self.pages[url]

    def end_threads(self) -> None:
        """Set the held URL free, and wait for the end of all threads."""
        self.free.set()
        for thread in set(threading.enumerate()) - self.known_threads:
            thread.join(timeout=10)

    def error_of(self, kind: Any, url: str = FIRST, **options: Any) -> Any:
        """Return the error of just this class that a URL leads to."""
        with self.assertRaises(kind) as caught:
            fetch_json(self.session, url, **options)
        self.assertIs(type(caught.exception), kind)
        return caught.exception

    def asked(self) -> List[str]:
        """Return the URLs that have been asked for, in order."""
        return [args[0] for args, _ in self.session.get.call_args_list]

    def test_document(self) -> None:
        """What is no list comes as it is, in UTF-8, whatever its links are."""
        response = response_of(b'{"\xc3\xa9": 1}', "nonsense", status=299)
        response.encoding = "iso-8859-1"
        self.pages = {FIRST: response}
        self.assertEqual(fetch_json(self.session, FIRST), {"\u00e9": 1})

    @parameterized.expand([
        (ConnectionError(OSError("no route")), ConnectionError, "no route"),
        (DecodeError("bad gzip"), AnswerError, BROKEN),
        (ValueError("Invalid IPv6"), AnswerError, BROKEN),
        (AnswerError("too long"), AnswerError, "too long"),
        (InvalidURL("//user:sec/ret@h", request=requests.Request()),
         InvalidURL, f"{SHOWN} can't be requested: its address, that of a "
         "redirect or a proxy, or a header is invalid"),
    ])
    def test_error(self, inner: Exception, kind: Any, message: str) -> None:
        """An error has its request, what has arrived, and no password."""
        response: Any = Mock(spec=["content"])
        type(response).content = PropertyMock(side_effect=inner)
        self.session.get.side_effect = [inner, response]
        for arrived in (None, response):
            error = self.error_of(kind, SECRET)
            self.assertEqual((str(error), error.response), (message, arrived))
            self.assertEqual((error.request.method, error.request.url),
                             ("GET", SECRET))
            self.assertIs(error.__cause__ or error, inner)

    @parameterized.expand([
        "json.loads", "audit.pages.parse_url", "audit.pages.urljoin"])
    def test_mistake(self, name: str) -> None:
        """A mistake in the program is not taken for a wrong answer."""
        self.pages = numbered_pages(2)
        with patch(name, autospec=True, side_effect=TypeError):
            self.error_of(TypeError)
        self.session.get.side_effect = TypeError
        self.error_of(TypeError)

    def test_error_that_knows_more(self) -> None:
        """What an error says of its request and response is kept."""
        known = response_of(b"[]", url=page_url(2), status=302)
        self.session.get.side_effect = TooManyRedirects(response=known)
        error = self.error_of(TooManyRedirects)
        self.assertEqual(
            (error.response, error.request), (known, known.request))

    def test_workers_below_one(self) -> None:
        """Fewer than one worker is an error, and nothing is requested."""
        error = self.error_of(ValueError, workers=0)
        self.assertEqual(str(error), "workers must be at least 1")
        self.session.get.assert_not_called()

    @parameterized.expand([(1, True), (2, True), (12, True), (12, False)])
    def test_whole_list(self, count: int, last: bool) -> None:
        """Each page is asked for once, and only the first with params."""
        self.pages = numbered_pages(count, last)
        items = fetch_json(self.session, FIRST, timeout=3, params={"a": 1})
        self.assertEqual(items, list(range(1, count + 1)))
        self.assertCountEqual(self.session.get.call_args_list, [
            call(FIRST, timeout=3, params={"a": 1}),
            *(call(page_url(number), timeout=3) for number in items[1:])])

    @parameterized.expand([
        ("one_page", 1, True, [(1, 1)]),
        ("last_is_next", 2, True, [(1, 2), (2, 2)]),
        ("last_is_known", 4, True, [(1, 4), (2, 4), (3, 4), (4, 4)]),
        ("last_is_not_known", 3, False, [(1, None), (2, None), (3, None)]),
    ])
    def test_on_page(
            self, _: str, count: int, name_last: bool,
            expected: List[Tuple[int, Any]]) -> None:
        """Each page is counted as it arrives, of how many if it is known."""
        self.pages, on_page = numbered_pages(count, name_last), Mock()
        list(fetch_pages(self.session, FIRST, workers=3, on_page=on_page))
        self.assertEqual(
            [args for args, _ in on_page.call_args_list], expected)

    @parameterized.expand([
        (b"{}", page_url(4), "is not a list"),
        (b"[]", page_url(2), SEEN),  # as a next page
        (b"[]", START, SEEN),  # as the URL that was asked for
        (b"[]", FIRST, SEEN),  # as the URL that this was redirected to
        (b"[]", page_url(1), SEEN),  # as what is called first
    ])
    def test_unusable_page(
            self, body: bytes, target: str, problem: str) -> None:
        """After a list come only lists, and no page that has been seen."""
        links = link_to(page_url(1), "first") + ", " + link_to(target)
        bad = response_of(body, links, url=page_url(3))
        self.pages = {**numbered_pages(3), page_url(3): bad}
        self.pages[START] = self.pages[FIRST]
        error = self.error_of(AnswerError, START)
        self.assertEqual(str(error), f"{page_url(3)} {problem}")
        self.assertIs(error.response, bad)
        self.assertEqual(len(self.asked()), 3)

    @parameterized.expand([(True, FIRST), (False, page_url(4))])
    @patch("audit.pages.MAX_PAGES", 4)
    def test_most_pages(self, name_last: bool, before: str) -> None:
        """Up to MAX_PAGES pages are fetched; one more is an error."""
        self.pages = numbered_pages(4, name_last)
        self.assertEqual(fetch_json(self.session, FIRST), [1, 2, 3, 4])
        self.pages = numbered_pages(5, name_last)
        error = self.error_of(AnswerError)
        self.assertEqual(str(error), f"{before} is one of more than 4 pages")
        self.assertNotIn(page_url(5), self.asked())

    @parameterized.expand([({"workers": 3}, 3), ({}, 10)])
    def test_nothing_is_asked_after_a_bad_page(
            self, options: Dict[str, Any], workers: int) -> None:
        """A worker that meets an error stops them all at once."""
        bad = response_of(b"{}", url=page_url(2), status=404)
        self.pages = {**numbered_pages(20), page_url(2): bad}
        with patch("audit.pages.Thread", autospec=True) as thread:
            thread.return_value.start.side_effect = (
                lambda: thread.call_args[1]["target"]())
            error = self.error_of(HTTPError, **options)
        self.assertIs(error.response, bad)
        self.assertEqual(self.asked(), [FIRST, page_url(2)])
        self.assertEqual(thread.call_count, workers)

    @parameterized.expand([
        (b"[]", 404, HTTPError), (b"{}", 200, AnswerError),
        (b"<html>", 200, AnswerError)])
    def test_later_error(self, body: bytes, status: int, kind: Any) -> None:
        """An error is raised at once, though the page before it hangs."""
        bad = response_of(body, url=page_url(4), status=status)
        self.pages = {**numbered_pages(4), page_url(4): bad}
        self.held = page_url(2)
        self.assertIs(self.error_of(kind, workers=2).response, bad)

    def test_close(self) -> None:
        """A page comes before the next is there; after close none is begun."""
        self.pages, self.held = numbered_pages(9), page_url(3)
        pages = fetch_pages(self.session, FIRST, workers=1)
        self.assertEqual([next(pages).document for _ in "ab"], [[1], [2]])
        self.assertTrue(self.holding.wait(timeout=10))
        pages.close()
        self.end_threads()
        self.assertEqual(self.asked(), [FIRST, page_url(2), page_url(3)])


PROGRAM = """
import signal, sys, requests
from audit import pages
signal.signal(signal.SIGINT, signal.default_int_handler)
pages.fetch_json(requests.Session(), sys.argv[1])
"""


class TestProgram(unittest.TestCase):
    """Integration test of fetch_json: a real program, a real server."""

    def test_ctrl_c(self) -> None:
        """Ctrl-C ends a program at once, though two pages hang."""
        in_flight = threading.Barrier(3, timeout=10)  # page 2, 3, this test
        script = {"page=2": [Fault(wait=60)], "page=3": [Fault(wait=60)]}
        with replay(script, repos=numbered_repos(90), on_request=lambda asked:
                    "page=" in asked.target and in_flight.wait()) as url:
            program = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, f"{url}/orgs/google/repos"],
                cwd=str(Path(__file__).resolve().parent.parent.parent),
                env={"PYTHONDONTWRITEBYTECODE": "1"},
                stderr=subprocess.PIPE, universal_newlines=True)
            # As at the end of a `with`: close its pipe, wait for its end.
            self.addCleanup(program.__exit__, None, None, None)
            self.addCleanup(program.kill)
            in_flight.wait()
            program.send_signal(signal.SIGINT)
            errors = program.communicate(timeout=10)[1]
        self.assertIn("KeyboardInterrupt", errors.splitlines()[-1])
