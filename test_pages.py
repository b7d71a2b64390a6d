#!/usr/bin/env python3
"""Tests of pages: links, answers, whole lists, and pages side by side.

Tables of the pure functions come first. Then a double of a session answers
for a server. The last class talks to a real server on loopback.
"""
import io
import json
import os
import signal
import subprocess
import sys
import threading
import unittest
from contextlib import suppress
from typing import Any, Callable, Dict, List
from unittest.mock import Mock, PropertyMock, call, create_autospec, patch

import requests
from parameterized import parameterized
from urllib3.exceptions import DecodeError

from pages import (
    MAX_PAGES, AnswerError, Page, fetch_json, links_of, origin, page_of,
    pages_after)
from replay import Fault, numbered_repos, replay

FIRST = "https://host/items"
SECRET = "https://user:secret@host:8443/items"


def page_url(number: int) -> str:
    """Return the URL of a page, as links name it."""
    return f"{FIRST}?page={number}"


def link_to(url: str, rel: str = "next") -> str:
    """Return a Link header with one link."""
    return f'<{url}>; rel="{rel}"'


def response_of(
        body: Any, link: str = "", *, url: str = FIRST, status: int = 200
        ) -> requests.Response:
    """Return a response that has arrived, with a document or bytes."""
    response = requests.Response()
    response.status_code, response.reason = status, "Because"
    response.request = requests.Request("GET", url).prepare()
    response.url, response.headers["Link"] = url, link
    response.raw = io.BytesIO(
        body if isinstance(body, bytes) else json.dumps(body).encode())
    return response


def numbered_pages(
        count: int, last: bool = True) -> Dict[str, requests.Response]:
    """Return the pages [1], [2] and so on by URL, linked as GitHub does.

    Without `last` no page says which one is the last.
    """
    pages = {}
    for number in range(1, count + 1):
        links = {"prev": number - 1} if number > 1 else {}
        if number < count:
            links.update({"next": number + 1, "last": count})
        if number > 1:
            links["first"] = 1
        link = ", ".join(link_to(page_url(to), rel)
                         for rel, to in links.items() if last or rel != "last")
        url = page_url(number) if number > 1 else FIRST
        pages[url] = response_of([number], link, url=url)
    return pages


def join_threads(known: List[threading.Thread]) -> None:
    """Wait for the end of all threads but those known."""
    for thread in set(threading.enumerate()).difference(known):
        thread.join(timeout=10)


class TestOrigin(unittest.TestCase):
    """Unit tests of origin: what the URLs of one server share."""

    @parameterized.expand([
        ("https://host/path?query#fragment", ("https", "host", 443)),
        ("http://host", ("http", "host", 80)),
        ("HTTPS://HOST:443", ("https", "host", 443)),
        ("https://host:8443", ("https", "host", 8443)),
        ("https://user:password@host", ("https", "host", 443)),
        ("https://one\\@two/", ("https", "one", 443)),
        ("ftp://host", ("ftp", "host", None)),
        ("", (None, None, None)), ("http://[", (None, None, None)),
    ])
    def test_origin(self, url: str, expected: Any) -> None:
        """It is what urllib3 would connect to, the port included."""
        self.assertEqual(origin(url), expected)


class TestLinksOf(unittest.TestCase):
    """Unit tests of links_of: a Link header of GitHub's, or an error."""

    @parameterized.expand([
        ("none", "", {}),
        ("query", '<?page=2>; rel="next"', {"next": page_url(2)}),
        ("path", '</items?page=2>; rel="next"', {"next": page_url(2)}),
        ("comma", '<HTTPS://HOST/?a=1,2;3>; rel="next"',
         {"next": "https://host/?a=1,2;3"}),
        ("last_elsewhere", '<https://b/>; rel="last"',
         {"last": "https://b/"}),
        ("four", '</a>; rel="prev", </b>; rel="next", </c>; rel="last", '
         '</d>; rel="first"', {"prev": "https://host/a",
                               "next": "https://host/b",
                               "last": "https://host/c",
                               "first": "https://host/d"}),
    ])
    def test_links(self, _: str, header: str, expected: Any) -> None:
        """The URLs come by relation, absolute and normalized."""
        self.assertEqual(links_of(Page([], FIRST, header)), expected)

    @parameterized.expand([
        ("nonsense",), ('nonsense, <a>; rel="next"',),
        ('<a>; rel="next", nonsense',), ('<a>; rel="next"x, <b>; rel="last"',),
        ('<a>; rel="next", ',), ('<a>; rel="next" <b>; rel="last"',),
        ('<a>;rel="next"',), ("<a>; rel=next",), ('<a>; REL="NEXT"',),
        ('<a>; rel="next", <b>; rel="up"',), ('<a>; rel="next last"',),
        ('<a>; title="b"; rel="next"',), ('<>; rel="next"',),
        ('<a>; title="b, <c>; rel="next""',), ('<a b>; rel="next"',),
        ('<a; rel="next", <b>; rel="last"',), ('<http://[>; rel="next"',),
        ('<a>; rel="next", <b>; rel="next"',), ('<//host:x/>; rel="next"',),
    ])
    def test_broken(self, header: str) -> None:
        """A header of any other form is an error, not half read."""
        with self.assertRaises(AnswerError) as caught:
            links_of(Page([], FIRST, header))
        self.assertEqual(str(caught.exception), f"{FIRST} has a broken link")

    def test_damage(self) -> None:
        """A header with any letter missing or doubled never loses a page.

        Either it is an error, or the next page is still asked for.
        """
        header = f'<{page_url(2)}>; rel="next", <{page_url(9)}>; rel="last"'
        found = []
        for place in range(len(header)):
            for letters in "", header[place] * 2:
                damaged = header[:place] + letters + header[place + 1:]
                with suppress(AnswerError):
                    found.append(set(links_of(Page([], FIRST, damaged))))
        self.assertEqual(found, [{"next", "last"}] * len(found))

    @parameterized.expand([
        ("https://elsewhere/items?page=2",), ("http://host/items?page=2",),
        ("https://host:444/items?page=2",), ("mailto:///octocat",),
    ])
    def test_other_origin(self, url: str) -> None:
        """A next page of another origin is an error that names it."""
        with self.assertRaises(AnswerError) as caught:
            links_of(Page([], FIRST, link_to(url)))
        self.assertEqual(str(caught.exception),
                         f"{FIRST} links to another origin: {url}")


class TestPagesAfter(unittest.TestCase):
    """Unit tests of pages_after: what is known to follow from links."""

    @parameterized.expand([
        ("?page={}",), ("?per_page=100&page={}",), ("?page={}&per_page=100",),
    ])
    def test_numbered(self, query: str) -> None:
        """All pages are known if the URLs differ in their numbers alone."""
        urls = [FIRST + query.format(number) for number in (9, 10, 11)]
        self.assertEqual(
            pages_after({"next": urls[0], "last": urls[2]}), urls)

    @parameterized.expand([
        ("no_last", page_url(2), ""),
        ("other_path", page_url(2), "https://host/a?page=5"),
        ("other_query", page_url(2), page_url(5) + "&a=1"),
        ("other_name", page_url(2), FIRST + "?homepage=5"),
        ("not_numbered", page_url(2), FIRST + "?page=five"),
        ("more_than_a_number", page_url(2), page_url(5) + "x"),
        ("very_long_number", page_url(2), page_url(10**18)),
        ("same", page_url(2), page_url(2)),
        ("before_it", page_url(2), page_url(1)),
        ("next_not_numbered", FIRST + "?after=a", page_url(5)),
        ("next_more_than_a_number", page_url(2) + "x", page_url(5)),
    ])
    def test_next_alone(self, _: str, following: str, last: str) -> None:
        """Only the next page is known if the last does not fit to it."""
        self.assertEqual(
            pages_after({"next": following, "last": last}), [following])

    def test_bounds(self) -> None:
        """Without a next page none follows; of too many, one too many."""
        last = page_url(10**18 - 1)
        self.assertEqual(pages_after({"prev": page_url(1), "last": last}), [])
        self.assertEqual(
            len(pages_after({"next": page_url(2), "last": last})), 5001)
        self.assertEqual(MAX_PAGES, 5000)


class TestPageOf(unittest.TestCase):
    """Unit tests of page_of: a response that has arrived, good or bad."""

    @parameterized.expand([
        ("object", 200, b'{"a": "\xc3\xa9"}', {"a": "\u00e9"}),
        ("null", 203, b"null", None), ("text", 299, b'"a"', "a"),
    ])
    def test_document(
            self, _: str, status: int, body: bytes, expected: Any) -> None:
        """A document is read as UTF-8 (RFC 8259, 8.1)."""
        response = response_of(body, "a link", status=status)
        response.encoding = "iso-8859-1"
        self.assertEqual(
            page_of(response), (expected, FIRST, "a link", response))

    @parameterized.expand([
        ("part", 206, AnswerError), ("choice", 300, AnswerError),
        ("no_location", 301, AnswerError), ("upgrade", 101, AnswerError),
        ("bad", 400, requests.HTTPError), ("none", 404, requests.HTTPError),
        ("error", 500, requests.HTTPError), ("odd", 599, requests.HTTPError),
    ])
    def test_bad_status(self, _: str, status: int, kind: Any) -> None:
        """Any other status is an error with its request and response."""
        response = response_of([1], status=status)
        with self.assertRaises(kind) as caught:
            page_of(response)
        self.assertEqual(str(caught.exception),
                         f"{FIRST} answered {status}: Because")
        self.assertIs(caught.exception.response, response)
        self.assertIs(caught.exception.request, response.request)

    @parameterized.expand([
        ("nothing", b""), ("html", b"<html></html>"), ("half", b'{"a": '),
        ("latin_1", b'{"a": "\xe9"}'), ("utf_16", "{}".encode("utf-16-le")),
        ("too_deep", b"[" * 100000), ("nan", b"[NaN]"),
    ])
    def test_no_json(self, _: str, body: bytes) -> None:
        """A body that is not JSON in UTF-8 is an AnswerError."""
        response = response_of(body)
        with self.assertRaisesRegex(
                AnswerError, "^host did not answer in JSON$") as caught:
            page_of(response)
        self.assertIs(caught.exception.response, response)


class TestAnswerError(unittest.TestCase):
    """Unit tests of AnswerError: what it is, and what it does not show."""

    @parameterized.expand([
        ("https://user@host", "https://host"),
        ("https://user@example.com:secret@host", "https://host"),
        ("//a:b@host/c and //a:b@host", "//host/c and //host"),
        ("https://host/@user", "https://host/@user"),
        ("https://host?a=@user", "https://host?a=@user"),
        ("https://host\\@user", "https://host\\@user"),
        ("user@host", "user@host"),
    ])
    def test_no_password(self, text: str, expected: str) -> None:
        """What precedes the host in a URL is not part of the message."""
        error = AnswerError(text)
        self.assertEqual(str(error), expected)
        self.assertIsInstance(error, requests.RequestException)
        self.assertIsInstance(error, ValueError)


class PagesTestCase(unittest.TestCase):
    """A base class: a double of a session answers for a server."""

    def setUp(self) -> None:
        """Make the session; wait for threads at the end."""
        self.session = create_autospec(requests.Session, instance=True)
        self.addCleanup(join_threads, threading.enumerate())

    def serve(self, respond: Callable[[str], Any]) -> None:
        """Have a function answer by URL, whatever the options are."""
        self.session.get.side_effect = lambda url, **options: respond(url)

    def error_of(self, kind: Any, url: str = FIRST, **options: Any) -> Any:
        """Return the error of just this class that a URL leads to."""
        with self.assertRaises(kind) as caught:
            fetch_json(self.session, url, **options)
        self.assertIs(type(caught.exception), kind)
        return caught.exception

    def asked(self) -> List[str]:
        """Return the URLs that have been asked for, in order."""
        return [args[0] for args, _ in self.session.get.call_args_list]


class TestOneAnswer(PagesTestCase):
    """Unit tests of fetch_json: one document, or what went wrong."""

    def test_document(self) -> None:
        """What is no list comes as it is, whatever its links are."""
        self.session.get.return_value = response_of({"a": 1}, "nonsense")
        self.assertEqual(fetch_json(self.session, FIRST), {"a": 1})

    @parameterized.expand([
        ("of_requests", requests.ConnectionError(OSError("no route")),
         requests.ConnectionError, "no route"),
        ("of_urllib3", DecodeError("bad gzip"), AnswerError,
         f"{FIRST} can't be fetched: the answer is broken"),
        ("of_python", ValueError("Invalid IPv6"), AnswerError,
         f"{FIRST} can't be fetched: the answer is broken"),
        ("of_a_session", AnswerError("too long"), AnswerError, "too long"),
    ])
    def test_error(
            self, _: str, inner: Exception, kind: Any, message: str) -> None:
        """An error of any library has its request, and what has arrived."""
        response: Any = Mock(spec=["content"])
        type(response).content = PropertyMock(side_effect=inner)
        self.session.get.side_effect = [inner, response]
        for arrived in (None, response):
            error = self.error_of(kind)
            self.assertEqual((str(error), error.response), (message, arrived))
            self.assertEqual((error.request.method, error.request.url),
                             ("GET", FIRST))
            self.assertIs(error.__cause__ or error, inner)

    def test_error_that_knows_more(self) -> None:
        """What an error says of its request and response is kept."""
        response = response_of([], url=page_url(2), status=302)
        self.session.get.side_effect = requests.TooManyRedirects(
            response=response)
        error = self.error_of(requests.TooManyRedirects)
        self.assertIs(error.response, response)
        self.assertIs(error.request, response.request)

    @parameterized.expand([
        ("status", response_of({}, url=SECRET, status=404),
         "https://host:8443/items answered 404: Because"),
        ("no_json", response_of(b"?", url=SECRET),
         "host:8443 did not answer in JSON"),
        ("invalid_proxy", requests.exceptions.InvalidURL("//user:sec/ret@h"),
         "https://host:8443/items can't be requested: its address, that of a "
         "redirect or a proxy, or a header is invalid"),
    ])
    def test_no_password(self, _: str, outcome: Any, expected: str) -> None:
        """No message contains a password; nothing else is requested."""
        self.session.get.side_effect = [outcome]
        with self.assertRaises(requests.RequestException) as caught:
            fetch_json(self.session, SECRET)
        self.assertEqual(str(caught.exception), expected)
        self.session.get.assert_called_once_with(SECRET)

    def test_workers_below_one(self) -> None:
        """Fewer than one worker is an error, and nothing is requested."""
        self.assertEqual(str(self.error_of(ValueError, workers=0)),
                         "workers must be at least 1")
        self.session.get.assert_not_called()


class TestWholeList(PagesTestCase):
    """Unit tests of fetch_json: all pages of a list, each once."""

    @parameterized.expand([(1, True), (2, True), (12, True), (12, False)])
    def test_whole_list(self, count: int, last: bool) -> None:
        """All items come in order, whether or not the last page is named."""
        pages = numbered_pages(count, last)
        self.serve(pages.__getitem__)
        self.assertEqual(fetch_json(self.session, FIRST),
                         list(range(1, count + 1)))
        self.assertCountEqual(self.asked(), pages)

    def test_options(self) -> None:
        """Each page gets the options; only the first gets the params."""
        self.serve(numbered_pages(2).__getitem__)
        fetch_json(self.session, FIRST, timeout=3, params={"per_page": 2})
        self.session.get.assert_has_calls([
            call(FIRST, timeout=3, params={"per_page": 2}),
            call(page_url(2), timeout=3)])

    @parameterized.expand([
        ("to_the_page_before", link_to(page_url(2))),
        ("to_the_url_asked_for", link_to("https://host/start")),
        ("to_the_url_redirected_to", link_to(FIRST)),
        ("to_what_the_first_calls_first", link_to("https://host/a")),
    ])
    def test_circle(self, _: str, header: str) -> None:
        """A page that has been seen is an error, and not requested."""
        pages = numbered_pages(3)
        pages["https://host/start"] = pages[FIRST]
        pages[FIRST].headers["Link"] += ", " + link_to(
            "https://host/a", "first")
        pages[page_url(3)].headers["Link"] = header
        self.serve(pages.__getitem__)
        error = self.error_of(AnswerError, "https://host/start")
        self.assertEqual(
            str(error), f"{page_url(3)} links to a page already seen")
        self.assertIs(error.response, pages[page_url(3)])
        self.assertEqual(len(self.asked()), 3)

    @parameterized.expand([("numbered", True), ("one_by_one", False)])
    def test_most_pages(self, _: str, last: bool) -> None:
        """Up to MAX_PAGES pages are fetched; one more is an error."""
        self.serve(numbered_pages(4, last).__getitem__)
        with patch("pages.MAX_PAGES", 4):
            self.assertEqual(fetch_json(self.session, FIRST), [1, 2, 3, 4])
        with patch("pages.MAX_PAGES", 3):
            error = self.error_of(AnswerError)
        before = FIRST if last else page_url(3)
        self.assertEqual(str(error), f"{before} is one of more than 3 pages")
        self.assertEqual(self.asked().count(page_url(4)), 1)


class TestSideBySide(PagesTestCase):
    """Unit tests of side_by_side: how many pages at once, and the end."""

    @parameterized.expand([("three", {"workers": 3}, 3), ("default", {}, 10)])
    def test_pages_in_flight(
            self, _: str, options: Dict[str, Any], expected: int) -> None:
        """As many pages are in flight as there are workers, and no more.

        A barrier lets nobody pass until `expected` pages wait at it. If
        fewer are in flight, it breaks after 10 seconds, and the test fails.
        """
        pages = numbered_pages(1 + 20 * expected)
        barrier = threading.Barrier(expected, timeout=10)
        in_flight: List[str] = []
        counts: List[int] = []

        def respond(url: str) -> requests.Response:
            """Hold a page back until enough of them are in flight."""
            if url != FIRST:
                in_flight.append(url)
                counts.append(len(in_flight))
                barrier.wait()
                in_flight.remove(url)
            return pages[url]

        self.serve(respond)
        items = fetch_json(self.session, FIRST, **options)
        self.assertEqual(len(items), len(pages))
        self.assertEqual(max(counts), expected)

    def test_nothing_is_asked_after_a_bad_page(self) -> None:
        """A thread that meets a bad page stops before anybody looks."""
        bad = response_of({})
        self.serve({**numbered_pages(9), page_url(2): bad}.__getitem__)
        with patch("pages.Thread", autospec=True) as thread:
            thread.return_value.start.side_effect = (
                lambda: thread.call_args[1]["target"]())
            error = self.error_of(AnswerError, workers=1)
        self.assertEqual(str(error), f"{FIRST} is not a list")
        self.assertIs(error.response, bad)
        self.assertEqual(self.asked(), [FIRST, page_url(2)])

    def test_interrupt(self) -> None:
        """After Ctrl-C a thread that begins late requests nothing."""
        self.serve(numbered_pages(9).__getitem__)
        with patch("pages.wait", side_effect=KeyboardInterrupt):
            with patch("pages.Thread", autospec=True) as thread:
                self.error_of(KeyboardInterrupt)
        thread.call_args[1]["target"]()
        self.assertEqual(self.asked(), [FIRST])


PROGRAM = """
import signal, sys, pages, requests
signal.signal(signal.SIGINT, signal.default_int_handler)
pages.fetch_json(requests.Session(), sys.argv[1])
"""


class TestProgram(unittest.TestCase):
    """Integration test of fetch_json: a real program, a real server."""

    @parameterized.expand([
        ("error", Fault(404), 0, "HTTPError"),  # Signal 0 does nothing.
        ("ctrl_c", Fault(wait=60), signal.SIGINT, "KeyboardInterrupt"),
    ])
    def test_program_ends(
            self, _: str, second: Fault, number: int, last_line: str) -> None:
        """A program that fails at page 2 ends at once, though page 3 hangs.

        Neither is answered before both are in flight.
        """
        in_flight = threading.Barrier(3, timeout=10)
        script = {"page=2": [second], "page=3": [Fault(wait=60)]}
        with replay(script, repos=numbered_repos(90), on_request=lambda asked:
                    "page=" in asked.target and in_flight.wait()) as url:
            program = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, f"{url}/orgs/google/repos"],
                cwd=os.path.dirname(os.path.abspath(__file__)),
                env={"PYTHONDONTWRITEBYTECODE": "1"},
                stderr=subprocess.PIPE, universal_newlines=True)
            # As at the end of a `with`: close its pipe, wait for its end.
            self.addCleanup(program.__exit__, None, None, None)
            self.addCleanup(program.kill)
            in_flight.wait()
            program.send_signal(number)
            errors = program.communicate(timeout=10)[1]
        self.assertIn(last_line, errors.splitlines()[-1])


if __name__ == "__main__":
    unittest.main()
