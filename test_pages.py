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
from concurrent.futures import wait
from types import SimpleNamespace
from typing import Any, Callable, Dict, List, Optional, Tuple
from unittest.mock import DEFAULT, Mock, call, create_autospec, patch

import requests
from parameterized import parameterized
from urllib3.exceptions import DecodeError

from pages import (
    MAX_PAGES, AnswerError, Page, fetch_json, links_of, origin, pages_after,
    side_by_side)
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
    """Return a response that has arrived; its body may be any document."""
    response = requests.Response()
    response.status_code = status
    response.reason = "Because"
    response.url = url
    response.request = requests.Request("GET", url).prepare()
    response.headers["Link"] = link
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
        links = {"prev": number - 1, "next": number + 1,
                 "last": count, "first": 1}
        if number == 1:
            del links["prev"], links["first"]
        if number == count:
            del links["next"]
        if number == count or not last:
            del links["last"]
        url = page_url(number) if number > 1 else FIRST
        pages[url] = response_of([number], ", ".join(
            link_to(page_url(to), rel) for rel, to in links.items()), url=url)
    return pages


class TestOrigin(unittest.TestCase):
    """Unit tests of origin: what the URLs of one server share."""

    @parameterized.expand([
        ("https", "https://host/path?query#fragment", ("https", "host", 443)),
        ("http", "http://host", ("http", "host", 80)),
        ("upper_case", "HTTPS://HOST:443", ("https", "host", 443)),
        ("port", "https://host:8443", ("https", "host", 8443)),
        ("user", "https://user:password@host", ("https", "host", 443)),
        ("backslash", "https://one\\@two/", ("https", "one", 443)),
        ("no_port", "ftp://host", ("ftp", "host", None)),
        ("empty", "", (None, None, None)),
        ("broken", "http://[", (None, None, None)),
    ])
    def test_origin(
            self, _: str, url: str,
            expected: Tuple[Optional[str], Optional[str], Optional[int]]
            ) -> None:
        """It is what urllib3 would connect to, and always has a port."""
        self.assertEqual(origin(url), expected)


class TestLinksOf(unittest.TestCase):
    """Unit tests of links_of: a Link header of GitHub's, or an error."""

    @parameterized.expand([
        ("none", "", {}),
        ("one", '<https://host/a>; rel="next"', {"next": "https://host/a"}),
        ("four", '<https://host/a>; rel="prev", <https://host/b>; rel="next",'
         ' <https://host/c>; rel="last", <https://host/d>; rel="first"',
         {"prev": "https://host/a", "next": "https://host/b",
          "last": "https://host/c", "first": "https://host/d"}),
        ("comma", '<https://host/?a=1,2;3>; rel="next"',
         {"next": "https://host/?a=1,2;3"}),
        ("query", '<?page=2>; rel="next"', {"next": page_url(2)}),
        ("path", '</items?page=2>; rel="next"', {"next": page_url(2)}),
        ("no_scheme", '<//host/a>; rel="next"', {"next": "https://host/a"}),
        ("upper_case", '<HTTPS://HOST/A>; rel="next"',
         {"next": "https://host/A"}),
        ("same_port", '<https://host:443/a>; rel="next"',
         {"next": "https://host:443/a"}),
        ("last_elsewhere", '<https://b/>; rel="last"',
         {"last": "https://b/"}),
    ])
    def test_links(
            self, _: str, header: str, expected: Dict[str, str]) -> None:
        """The URLs come by relation, absolute and normalized."""
        self.assertEqual(links_of(Page([], FIRST, header)), expected)

    @parameterized.expand([
        ("nonsense", "nonsense"),
        ("nonsense_before", 'nonsense, <a>; rel="next"'),
        ("nonsense_after", '<a>; rel="next", nonsense'),
        ("nonsense_between", '<a>; rel="next"x, <b>; rel="last"'),
        ("comma_at_the_end", '<a>; rel="next", '),
        ("no_comma", '<a>; rel="next" <b>; rel="last"'),
        ("no_space", '<a>;rel="next"'),
        ("no_quotes", "<a>; rel=next"),
        ("upper_case", '<a>; REL="NEXT"'),
        ("other_relation", '<a>; rel="next", <b>; rel="up"'),
        ("two_relations", '<a>; rel="next last"'),
        ("other_parameter", '<a>; title="b"; rel="next"'),
        ("link_in_a_title", '<a>; title="b, <c>; rel="next""'),
        ("empty_target", '<>; rel="next"'),
        ("blank_in_a_target", '<a b>; rel="next"'),
        ("open_target", '<a; rel="next", <b>; rel="last"'),
        ("two_next_pages", '<a>; rel="next", <b>; rel="next"'),
        ("same_next_page_twice", '<a>; rel="next", <a>; rel="next"'),
        ("no_url", '<http://[>; rel="next"'),
        ("no_port", '<https://host:x/>; rel="next"'),
    ])
    def test_broken(self, _: str, header: str) -> None:
        """A header of any other form is an error, not half read."""
        response = response_of([])
        with self.assertRaises(AnswerError) as caught:
            links_of(Page([], FIRST, header, response))
        self.assertEqual(str(caught.exception), f"{FIRST} has a broken link")
        self.assertIs(caught.exception.response, response)

    @parameterized.expand([
        ("host", "https://elsewhere/items?page=2"),
        ("scheme", "http://host/items?page=2"),
        ("port", "https://host:444/items?page=2"),
        ("no_host", "mailto:///octocat"),
    ])
    def test_other_origin(self, _: str, url: str) -> None:
        """A next page of another origin is an error that names it."""
        with self.assertRaises(AnswerError) as caught:
            links_of(Page([], FIRST, link_to(url)))
        self.assertEqual(str(caught.exception),
                         f"{FIRST} links to another origin: {url}")


class TestPagesAfter(unittest.TestCase):
    """Unit tests of pages_after: what is known to follow from links."""

    @parameterized.expand([
        ("alone", "?page={}"),
        ("after_others", "?per_page=100&page={}"),
        ("before_others", "?page={}&per_page=100"),
        ("before_nothing", "?page={}&"),
        ("before_a_fragment", "?page={}#top"),
    ])
    def test_numbered(self, _: str, query: str) -> None:
        """All pages are known if the URLs differ in their numbers alone."""
        urls = [FIRST + query.format(number) for number in (9, 10, 11)]
        self.assertEqual(
            pages_after({"next": urls[0], "last": urls[2]}), urls)

    @parameterized.expand([
        ("no_last", {}),
        ("other_path", {"last": "https://host/a?page=5"}),
        ("other_query", {"last": page_url(5) + "&a=1"}),
        ("other_name", {"last": FIRST + "?homepage=5"}),
        ("not_numbered", {"last": FIRST + "?page=five"}),
        ("text_after_the_number", {"last": FIRST + "?page=5x"}),
        ("very_long_number", {"last": page_url(10**18)}),
        ("same", {"last": page_url(2)}),
        ("before_it", {"last": page_url(1)}),
        ("other_host", {"last": "https://elsewhere/items?page=5"}),
    ])
    def test_next_alone(self, _: str, last: Dict[str, str]) -> None:
        """Only the next page is known if the last does not fit to it."""
        links = {"next": page_url(2), **last}
        self.assertEqual(pages_after(links), [page_url(2)])

    def test_next_not_numbered(self) -> None:
        """A next page without a number says nothing about others."""
        links = {"next": FIRST + "?after=a", "last": page_url(5)}
        self.assertEqual(pages_after(links), [FIRST + "?after=a"])

    def test_no_next(self) -> None:
        """Without a next page none follows, whatever else is linked."""
        links = {"prev": page_url(1), "last": page_url(5)}
        self.assertEqual(pages_after(links), [])

    def test_too_many(self) -> None:
        """Of very many pages, one more comes than is allowed."""
        links = {"next": page_url(2), "last": page_url(10**18 - 1)}
        self.assertEqual(len(pages_after(links)), MAX_PAGES + 1)
        self.assertEqual(MAX_PAGES, 5000)


class TestAnswerError(unittest.TestCase):
    """Unit tests of AnswerError: what it is, and what it does not show."""

    @parameterized.expand([(requests.RequestException,), (ValueError,)])
    def test_kinds(self, kind: Any) -> None:
        """It is both a RequestException and a ValueError."""
        self.assertTrue(issubclass(AnswerError, kind))

    @parameterized.expand([
        ("user", "https://user@host", "https://host"),
        ("nothing_before_the_host", "https://@host", "https://host"),
        ("at_sign", "https://user@example.com:secret@host", "https://host"),
        ("two", "//a:b@host/c and //a:b@host", "//host/c and //host"),
        ("in_a_path", "https://host/@user", "https://host/@user"),
        ("in_a_query", "https://host?a=@user", "https://host?a=@user"),
        ("in_a_fragment", "https://host#@user", "https://host#@user"),
        ("backslash", "https://host\\@user", "https://host\\@user"),
        ("mail", "user@host", "user@host"),
    ])
    def test_no_password(self, _: str, text: str, expected: str) -> None:
        """What precedes the host in a URL is not part of the message."""
        self.assertEqual(str(AnswerError(text)), expected)


class PagesTestCase(unittest.TestCase):
    """A base class: a double of a session answers for a server."""

    def setUp(self) -> None:
        """Make the session; note the threads that are there already."""
        self.known_threads = threading.enumerate()
        self.session = create_autospec(requests.Session, instance=True)
        self.addCleanup(self.join_threads)

    def join_threads(self) -> None:
        """Wait for the end of all threads that the test has started."""
        for thread in set(threading.enumerate()) - set(self.known_threads):
            thread.join(timeout=10)

    def serve(self, respond: Callable[[str], Any]) -> None:
        """Have a function answer by URL, whatever the options are."""
        self.session.get.side_effect = lambda url, **options: respond(url)

    def error_of(self, kind: Any, url: str = FIRST, **options: Any) -> Any:
        """Return the error that fetching a URL raises."""
        with self.assertRaises(kind) as caught:
            fetch_json(self.session, url, **options)
        return caught.exception

    def asked(self) -> List[str]:
        """Return the URLs that have been asked for, in order."""
        return [args[0] for args, _ in self.session.get.call_args_list]


class TestOneAnswer(PagesTestCase):
    """Unit tests of fetch_json: one answer, good or bad."""

    @parameterized.expand([
        ("object", {"a": 1}), ("null", None), ("empty_list", []),
        ("text", "a"), ("zero", 0),
    ])
    def test_document(self, _: str, document: Any) -> None:
        """Any JSON document is returned; only a list has pages."""
        link = "nonsense" if document != [] else ""
        self.session.get.return_value = response_of(document, link)
        self.assertEqual(fetch_json(self.session, FIRST), document)
        self.session.get.assert_called_once_with(FIRST)

    @parameterized.expand([(None,), ("iso-8859-1",), ("utf-16",)])
    def test_encoding(self, encoding: Optional[str]) -> None:
        """JSON is in UTF-8, whatever the headers say (RFC 8259, 8.1)."""
        response = response_of(b'{"a": "\xc3\xa9"}')
        response.encoding = encoding
        self.session.get.return_value = response
        self.assertEqual(fetch_json(self.session, FIRST), {"a": "\u00e9"})

    @parameterized.expand([
        (200, None), (203, None), (299, None), (101, AnswerError),
        (206, AnswerError), (300, AnswerError), (301, AnswerError),
        (304, AnswerError), (399, AnswerError), (400, requests.HTTPError),
        (404, requests.HTTPError), (599, requests.HTTPError),
    ])
    def test_status(self, status: int, kind: Any) -> None:
        """Only a status of 2xx is an answer, and 206 is only a part."""
        response = response_of(["a"], status=status)
        self.session.get.return_value = response
        if kind is None:
            self.assertEqual(fetch_json(self.session, FIRST), ["a"])
            return
        error = self.error_of(kind)
        self.assertIs(type(error), kind)
        self.assertEqual(str(error), f"{FIRST} answered {status}: Because")
        self.assertIs(error.response, response)
        self.assertIs(error.request, response.request)

    @parameterized.expand([
        ("nothing", b""),
        ("html", b"<html></html>"),
        ("half", b'{"a": '),
        ("latin_1", b'{"a": "\xe9"}'),
        ("utf_16", "{}".encode("utf-16-le")),
        ("too_deep", b"[" * 100000),
    ])
    def test_no_json(self, _: str, body: bytes) -> None:
        """A body that is not JSON in UTF-8 is an AnswerError."""
        response = self.session.get.return_value = response_of(body)
        error = self.error_of(AnswerError)
        self.assertEqual(str(error), "host did not answer in JSON")
        self.assertIs(error.response, response)
        self.assertIs(error.request, response.request)
        self.assertIsNotNone(error.__cause__)

    def test_error_passes(self) -> None:
        """What the session raises is passed on, with its request."""
        error: Any = requests.ConnectionError("no route")
        self.session.get.side_effect = error
        self.assertIs(self.error_of(requests.ConnectionError), error)
        self.assertEqual(error.args, ("no route",))
        self.assertEqual((error.request.url, error.response), (FIRST, None))

    def test_error_with_a_request_of_its_own(self) -> None:
        """What an error says of its request and response is kept."""
        response = response_of([], url=page_url(2), status=302)
        self.session.get.side_effect = requests.TooManyRedirects(
            response=response)
        error = self.error_of(requests.TooManyRedirects)
        self.assertIs(error.response, response)
        self.assertIs(error.request, response.request)

    def test_body_that_breaks_off(self) -> None:
        """An error in a streamed body has the response that arrived."""
        response: Any = response_of(b"")
        response.raw = Mock(spec=["read"])
        error: Any = requests.ConnectionError()
        response.raw.read.side_effect = error
        self.session.get.return_value = response
        self.assertIs(self.error_of(requests.ConnectionError, stream=True),
                      error)
        self.assertIs(error.response, response)

    @parameterized.expand([
        ("value_error", ValueError("Invalid IPv6")),
        ("urllib3", DecodeError("bad gzip")),
    ])
    def test_error_of_another_library(
            self, _: str, inner: Exception) -> None:
        """An error that requests does not wrap becomes an AnswerError."""
        self.session.get.side_effect = inner
        error = self.error_of(AnswerError)
        self.assertEqual(str(error), f"{FIRST} can't be fetched: {inner}")
        self.assertEqual((error.request.url, error.response), (FIRST, None))
        self.assertIs(error.__cause__, inner)

    @parameterized.expand([
        ("status", response_of({}, url=SECRET, status=404),
         "https://host:8443/items answered 404: Because"),
        ("url_in_a_url", response_of(
            {}, url="https://host/?next=//user:secret@b/", status=404),
         "https://host/?next=//b/ answered 404: Because"),
        ("no_json", response_of(b"?", url=SECRET),
         "host:8443 did not answer in JSON"),
        ("broken_link", response_of([], "nonsense", url=SECRET),
         "https://host:8443/items has a broken link"),
        ("circle", response_of([], link_to(SECRET), url=SECRET),
         "https://host:8443/items links to a page already seen"),
        ("other_origin", response_of(
            [], link_to("https://user:secret@elsewhere/b"), url=SECRET),
         "https://host:8443/items links to another origin: "
         "https://elsewhere/b"),
        ("inner_error", ValueError("https://user:secret@elsewhere/b is bad"),
         "https://host:8443/items can't be fetched: "
         "https://elsewhere/b is bad"),
        ("error_of_requests", requests.exceptions.InvalidURL(
            "Failed to parse: https://user:secret@host:port"),
         "Failed to parse: https://host:port"),
    ])
    def test_no_password(self, _: str, outcome: Any, expected: str) -> None:
        """No error message contains a user or a password."""
        # An item of a side_effect that is an exception is raised.
        self.session.get.side_effect = [outcome]
        error = self.error_of(requests.RequestException, SECRET)
        self.assertEqual(str(error), expected)

    @parameterized.expand([(0,), (-1,)])
    def test_workers_below_one(self, workers: int) -> None:
        """Fewer than one worker is an error, and nothing is requested."""
        self.assertEqual(str(self.error_of(ValueError, workers=workers)),
                         "workers must be at least 1")
        self.session.get.assert_not_called()


class TestWholeList(PagesTestCase):
    """Unit tests of fetch_json: all pages of a list, each once."""

    @parameterized.expand([
        (1, True), (2, True), (3, True), (12, True), (2, False), (12, False),
    ])
    def test_whole_list(self, count: int, last: bool) -> None:
        """All items come, in order, whether or not the last page is named."""
        pages = numbered_pages(count, last)
        self.serve(pages.__getitem__)
        self.assertEqual(fetch_json(self.session, FIRST),
                         list(range(1, count + 1)))
        # The threads ask for the pages in any order.
        self.assertCountEqual(self.asked(), pages)

    def test_list_that_grew(self) -> None:
        """If the page that was the last has a next one, that comes too."""
        pages = numbered_pages(5)
        pages[FIRST].headers["Link"] = (
            link_to(page_url(2)) + ", " + link_to(page_url(3), "last"))
        self.serve(pages.__getitem__)
        self.assertEqual(fetch_json(self.session, FIRST), [1, 2, 3, 4, 5])

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
        ("to_what_itself_calls_first", link_to(
            "https://host/b", "first") + ", " + link_to("https://host/b")),
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

    def test_other_origin(self) -> None:
        """Nothing is requested from another origin."""
        self.session.get.return_value = response_of(
            [], link_to("https://elsewhere/items?page=2"))
        error = self.error_of(AnswerError)
        self.assertIs(error.request, error.response.request)
        self.session.get.assert_called_once_with(FIRST)

    @parameterized.expand([("numbered", True), ("one_by_one", False)])
    def test_most_pages(self, _: str, last: bool) -> None:
        """Up to MAX_PAGES pages are fetched; one more is an error."""
        pages = numbered_pages(4, last)
        self.serve(pages.__getitem__)
        with patch("pages.MAX_PAGES", 4):
            self.assertEqual(fetch_json(self.session, FIRST), [1, 2, 3, 4])
        with patch("pages.MAX_PAGES", 3):
            error = self.error_of(AnswerError)
        before = FIRST if last else page_url(3)
        self.assertEqual(
            str(error), f"{before} is one of more than 3 pages")
        self.assertEqual(self.asked().count(page_url(4)), 1)

    @parameterized.expand([("in_the_middle", 2), ("at_the_end", 3)])
    def test_page_that_is_no_list(self, _: str, number: int) -> None:
        """A later page that is not a list is an AnswerError."""
        url = page_url(number)
        pages = {**numbered_pages(3), url: response_of({}, url=url)}
        self.serve(pages.__getitem__)
        error = self.error_of(AnswerError)
        self.assertEqual(str(error), f"{url} is not a list")
        self.assertIs(error.response, pages[url])

    def test_damaged_header(self) -> None:
        """A damaged header gives the whole list or an error, never a part.

        Each character of a header is replaced, and others put before it.
        """
        pages = numbered_pages(3)
        header = pages[FIRST].headers["Link"]

        def get(url: str) -> requests.Response:
            """Answer without a double, which would take too long."""
            self.assertEqual(origin(url), ("https", "host", 443))
            return pages.get(url) or response_of({}, status=404)

        session: Any = SimpleNamespace(get=get)
        results = {"error": 0, "[1, 2, 3]": 0}
        for place in range(len(header)):
            for damage in ("", *"<>;,=\"' x/?&"):
                for rest in (header[place:], header[place + 1:]):
                    damaged = header[:place] + damage + rest
                    pages[FIRST].headers["Link"] = damaged
                    try:
                        result = str(fetch_json(session, FIRST, workers=1))
                    except (AnswerError, requests.HTTPError):
                        result = "error"
                    self.assertIn(result, results, damaged)
                    results[result] += 1
        self.assertGreater(min(results.values()), 100)


class TestSideBySide(PagesTestCase):
    """Unit tests of side_by_side: threads, and what becomes of them."""

    @parameterized.expand([
        ("one", {"workers": 1}, 1),
        ("three", {"workers": 3}, 3),
        ("ten_by_default", {}, 10),
    ])
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
        result = fetch_json(self.session, FIRST, **options)
        self.assertEqual(len(result), len(pages))
        self.assertEqual(max(counts), expected)

    def test_no_thread_is_left(self) -> None:
        """Once the list is complete, the threads that fetched it end."""
        self.serve(numbered_pages(12).__getitem__)
        self.assertEqual(len(fetch_json(self.session, FIRST)), 12)
        self.join_threads()
        self.assertCountEqual(threading.enumerate(), self.known_threads)

    @parameterized.expand([
        ("page_2_fails", 2, 3, requests.ConnectionError()),
        ("page_3_fails", 3, 2, requests.ConnectionError()),
        ("exit", 3, 2, SystemExit()),
    ])
    def test_error_comes_at_once(
            self, _: str, failing: int, hanging: int, error: BaseException
            ) -> None:
        """An error is raised though another page hangs; no page follows.

        Each of the two pages waits until the other is in flight, too.
        """
        pages = numbered_pages(9)
        both = threading.Barrier(2, timeout=10)
        released = threading.Event()
        self.addCleanup(released.set)

        def respond(url: str) -> requests.Response:
            """Let one page fail, and another hang."""
            if url != FIRST:
                both.wait()
            if url == page_url(failing):
                raise error
            if url == page_url(hanging):
                self.assertTrue(released.wait(timeout=10))
            return pages[url]

        self.serve(respond)
        self.assertIs(self.error_of(type(error), workers=2), error)
        self.assertFalse(released.is_set())
        released.set()
        self.join_threads()
        self.assertCountEqual(
            self.asked(), [FIRST, page_url(2), page_url(3)])

    @parameterized.expand([
        ("no_list", response_of({})),
        ("bad_status", response_of([], status=404)),
        ("broken_off", response_of(b"[")),
    ])
    def test_nothing_is_asked_after_a_bad_page(
            self, _: str, bad: requests.Response) -> None:
        """The thread that meets a bad page stops by itself.

        Here the thread runs to its end before anybody looks at its pages.
        """
        pages = {**numbered_pages(9), page_url(2): bad}
        self.serve(pages.__getitem__)

        def wait_for_the_end(*args: Any, **options: Any) -> Any:
            """Wait for the threads; then let the real function go on."""
            self.join_threads()
            return DEFAULT

        with patch("pages.wait", wraps=wait, side_effect=wait_for_the_end):
            self.error_of(requests.RequestException, workers=1)
        self.assertEqual(self.asked(), [FIRST, page_url(2)])

    def test_interrupt(self) -> None:
        """After Ctrl-C no page is requested but those in flight."""
        pages = numbered_pages(9)
        in_flight, released = threading.Event(), threading.Event()
        self.addCleanup(released.set)

        def respond(url: str) -> requests.Response:
            """Hold the second page back until the test goes on."""
            if url != FIRST:
                in_flight.set()
                self.assertTrue(released.wait(timeout=10))
            return pages[url]

        def interrupt(*args: Any, **options: Any) -> None:
            """Interrupt the waiting once the second page is in flight."""
            self.assertTrue(in_flight.wait(timeout=10))
            raise KeyboardInterrupt

        self.serve(respond)
        with patch("pages.wait", autospec=True, side_effect=interrupt):
            self.error_of(KeyboardInterrupt, workers=1)
        released.set()
        self.join_threads()
        self.assertEqual(self.asked(), [FIRST, page_url(2)])

    def test_no_thread_to_be_had(self) -> None:
        """If a second thread can't be started, the first one stops."""
        started: List[Any] = []

        def make(target: Any, daemon: bool) -> Any:
            """Return a thread that can be started only if it is the first."""
            thread = Mock(spec=threading.Thread)
            thread.start.side_effect = RuntimeError if started else None
            started.append(target)
            return thread

        with patch("pages.Thread", autospec=True, side_effect=make):
            with self.assertRaises(RuntimeError):
                side_by_side(self.session.get, [FIRST, page_url(2)], 2)
        started[0]()  # as late as a system may let it run
        self.session.get.assert_not_called()


PROGRAM = """
import signal, sys, pages, requests
signal.signal(signal.SIGINT, signal.default_int_handler)
pages.fetch_json(requests.Session(), sys.argv[1])
"""


class TestOverLoopback(unittest.TestCase):
    """Integration tests of fetch_json: real HTTP to a real server."""

    @parameterized.expand([(30, 1), (31, 2), (95, 4)])
    def test_whole_list(self, count: int, requested: int) -> None:
        """A list comes whole, 30 repositories a page."""
        repos = numbered_repos(count)
        asked: List[Any] = []
        with patch.dict(os.environ, clear=True), requests.Session() as session:
            with replay(repos=repos, on_request=asked.append) as url:
                answer = fetch_json(session, f"{url}/orgs/google/repos")
        self.assertEqual([repo["id"] for repo in answer],
                         [repo["id"] for repo in repos])
        self.assertEqual(len(asked), requested)

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

        def on_request(asked: Any) -> None:
            """Have both pages wait for each other, and for the test."""
            if "page=" in asked.target:
                in_flight.wait()

        script = {"page=2": [second], "page=3": [Fault(wait=60)]}
        with replay(script, repos=numbered_repos(90),
                    on_request=on_request) as url:
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
