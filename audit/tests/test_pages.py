#!/usr/bin/env python3
"""Tests of pages: links, answers, whole lists, and pages side by side.

Tables of the pure functions come first. Then a double of a session answers
for a server. The last class talks to a real server on loopback.
"""
import io
import os
import signal
import subprocess
import sys
import threading
import unittest
from contextlib import suppress
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple, Type
from unittest.mock import Mock, PropertyMock, call, create_autospec, patch

import requests
from parameterized import param, parameterized
from requests.exceptions import (
    ConnectionError, HTTPError, InvalidURL, TooManyRedirects)
from urllib3.exceptions import DecodeError

from audit.pages import (
    AnswerError, OtherOriginError, Page, Plan, check_status, fetch_json,
    fetch_pages, links_of, origin, page_of, pages_after, plan_after,
    side_by_side)
from audit.replay import Fault, numbered_repos, replay

ARRIVED = requests.Response()
START = "https://host/start"
FIRST = "https://host/items"
SECRET = "https://user:secret@host:8443/items"
SHOWN = "https://host:8443/items"
BROKEN = f"{SHOWN} can't be fetched: the answer is broken"


def errors() -> List[Tuple[str, Exception, Type[Exception], str]]:
    """Return rows for each way in which a request fails.

    After a name for the row, what is raised within, what comes out, and its
    message. What is an error of requests stays the same object.
    """
    invalid = InvalidURL("//user:sec/ret@h", request=requests.Request())
    return [
        ("network", ConnectionError(OSError("no route")), ConnectionError,
         "no route"),
        ("broken_gzip", DecodeError("bad gzip"), AnswerError, BROKEN),
        ("redirect_to_nonsense", ValueError("Invalid IPv6"), AnswerError,
         BROKEN),
        ("answer", AnswerError("too long"), AnswerError, "too long"),
        ("address", invalid, InvalidURL, f"{SHOWN} can't be requested: its "
         "address, that of a redirect or a proxy, or a header is invalid"),
    ]


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
    response.url, response.raw = url, io.BytesIO(body)
    if link:
        response.headers["Link"] = link
    return response


def numbered_pages(count: int, name_last: bool = True) -> Dict[str, Any]:
    """Return pages [1], [2] and so on by URL, each with its links."""
    urls = [FIRST, *map(page_url, range(2, count + 1))]
    last = ", " + link_to(urls[-1], "last") if name_last else ""
    links = [*(link_to(url) + last for url in urls[1:]),
             link_to(page_url(1), "first") if count > 1 else ""]
    return {url: response_of(b"[%d]" % number, link, url=url)
            for number, (url, link) in enumerate(zip(urls, links), start=1)}


class TestOrigin(unittest.TestCase):
    """Unit tests of origin: scheme, host and port of a URL."""

    @parameterized.expand([
        ("https", "https://host/path?query#fragment", ("https", "host", 443)),
        ("http", "http://host", ("http", "host", 80)),
        ("upper_case_and_port", "HTTPS://HOST:8443", ("https", "host", 8443)),
        ("backslash", "https://one\\@two/", ("https", "one", 443)),
        ("other_scheme", "ftp://host", ("ftp", "host", None)),
        ("empty", "", (None, None, None)),
        ("invalid", "http://[", (None, None, None)),
    ])
    def test_origin(
            self, _: str, url: str,
            expected: Tuple[Optional[str], Optional[str], Optional[int]]
            ) -> None:
        """It is what urllib3 would connect to, the port included."""
        self.assertEqual(origin(url), expected)


class TestLinksOf(unittest.TestCase):
    """Unit tests of links_of: what a Link header says, or an error."""

    def test_all_relations(self) -> None:
        """The URLs come by relation, absolute and normalized."""
        header = ('<?page=2>; rel="next", </c>; rel="last", '
                  '<HTTPS://B/?a=1,2;3>; rel="prev", <//d/>; rel="first"')
        self.assertEqual(links_of(Page([], FIRST, header)), {
            "next": "https://host/items?page=2", "last": "https://host/c",
            "prev": "https://b/?a=1,2;3", "first": "https://d/"})

    def test_no_link(self) -> None:
        """Without a header there is no link."""
        self.assertEqual(links_of(Page([], FIRST, "")), {})

    @parameterized.expand([
        ("nonsense_before", 'nonsense, <a>; rel="next"'),
        ("nonsense_behind", '<a>; rel="next", nonsense'),
        ("upper_case", '<a>; REL="NEXT"'),
        ("other_relation", '<a>; rel="next", <b>; rel="up"'),
        ("link_in_a_title", '<a>; title="b, <c>; rel="next""'),
        ("blank_in_a_url", '<a b>; rel="next"'),
        ("empty_url", '<>; rel="next"'),
        ("next_twice", '<a>; rel="next", <b>; rel="next"'),
        ("two_relations", '<a>; rel="next last"'),
        ("invalid_url", '<http://[>; rel="next"'),
        ("invalid_port", '<//host:x/>; rel="next"'),
    ])
    def test_broken_link(self, _: str, header: str) -> None:
        """A header of any other form is an error, not half read."""
        with self.assertRaises(AnswerError) as caught:
            links_of(Page([], FIRST, header, ARRIVED))
        self.assertEqual(
            str(caught.exception), "https://host/items has a broken link")
        self.assertIs(caught.exception.response, ARRIVED)
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
        ("host", "https://elsewhere/items"),
        ("scheme", "http://host/items"),
        ("port", "https://host:444/items"),
        ("no_host", "mailto:///octocat"),
    ])
    def test_other_origin(self, _: str, url: str) -> None:
        """A next page of another origin is an error that names it."""
        with self.assertRaises(OtherOriginError) as caught:
            links_of(Page([], FIRST, link_to(url), ARRIVED))
        self.assertEqual(
            str(caught.exception),
            f"https://host/items links to another origin: {url}")
        self.assertIs(caught.exception.response, ARRIVED)


class TestPagesAfter(unittest.TestCase):
    """Unit tests of pages_after: which pages follow, by the links."""

    def test_no_next_page(self) -> None:
        """Without a next page none follows, whatever the last one is."""
        self.assertEqual(pages_after({"last": page_url(9)}), [])

    @parameterized.expand([
        ("number_alone", "?page=9", "?page=11", ["?page=10", "?page=11"]),
        ("number_at_the_end", "?per_page=9&page=2", "?per_page=9&page=3",
         ["?per_page=9&page=3"]),
        ("number_in_front", "?page=2&per_page=9", "?page=3&per_page=9",
         ["?page=3&per_page=9"]),
        ("last_is_next", "?page=2", "?page=2", []),
        ("last_is_before_next", "?page=2", "?page=1", []),
        ("last_has_another_path", "?page=2", "/a?page=5", []),
        ("last_has_more_options", "?page=2", "?page=5&a=1", []),
        ("last_has_another_option", "?page=2", "?homepage=5", []),
        ("last_has_19_digits", "?page=2", f"?page={10**18}", []),
        ("last_is_not_a_number", "?page=2", "?page=5x", []),
        ("next_is_not_a_number", "?page=2x", "?page=5", []),
        ("both_are_not_numbers", "?page=2x", "?page=5x", []),
        ("both_have_another_option", "?apage=2", "?apage=5", []),
        ("next_is_a_cursor", "?after=a", "?page=5", []),
    ])
    def test_pages_after(
            self, _: str, following: str, last: str, others: List[str]
            ) -> None:
        """More pages are known if the URLs differ in their numbers alone."""
        self.assertEqual(pages_after({"next": following, "last": last}),
                         [following, *others])

    def test_too_many_pages(self) -> None:
        """Of too many pages that are known, one too many is returned."""
        links = {"next": page_url(2), "last": page_url(10**18 - 1)}
        self.assertEqual(len(pages_after(links)), 5001)


class TestPlanAfter(unittest.TestCase):
    """Unit tests of plan_after: what is known after a page has arrived."""

    START = Plan([], frozenset([START]), 1, None)

    @parameterized.expand([
        ("one_page", "", [], 1, 1),
        ("next_alone", '<?page=2>; rel="next"',
         ["https://host/items?page=2"], 2, None),
        ("next_is_last", '<?page=2>; rel="next", <?page=2>; rel="last"',
         ["https://host/items?page=2"], 2, 2),
        ("next_to_last", '<?page=2>; rel="next", <?page=3>; rel="last"',
         ["https://host/items?page=2", "https://host/items?page=3"], 3, 3),
        ("last_of_another_form", '<?after=a>; rel="next", </b>; rel="last"',
         ["https://host/items?after=a"], 2, None),
    ])
    def test_first_page(self, _: str, link: str, urls: List[str], known: int,
                        total: Optional[int]) -> None:
        """The links say which pages follow, and whether these are all."""
        plan = plan_after(Page([], FIRST, link), self.START)
        self.assertEqual(plan, Plan(
            urls, frozenset([START, FIRST, *urls]), known, total))

    def test_list_that_has_grown(self) -> None:
        """If a page follows the last one, there are more pages."""
        earlier = Plan([page_url(2)], frozenset([START, page_url(2)]), 2, 2)
        plan = plan_after(
            Page([], page_url(2), '<?page=3>; rel="next"'), earlier)
        self.assertEqual(plan, Plan(
            ["https://host/items?page=3"],
            frozenset([START, page_url(2), page_url(3)]), 3, None))

    @parameterized.expand([
        ("as_a_page_that_was_known", "/start"),
        ("as_this_page", "/items"),
        ("as_what_is_called_first", "/items?page=1"),
    ])
    def test_page_already_seen(self, _: str, target: str) -> None:
        """A next page that is known by another URL is an error."""
        links = f'<{target}>; rel="next", </items?page=1>; rel="first"'
        with self.assertRaises(AnswerError) as caught:
            plan_after(Page([], FIRST, links), self.START)
        self.assertEqual(
            str(caught.exception),
            "https://host/items links to a page already seen")


class TestResponse(unittest.TestCase):
    """Unit tests of check_status and page_of: a response that has arrived."""

    @parameterized.expand([
        ("switching_protocols", 101, AnswerError),
        ("partial_content", 206, AnswerError),
        ("multiple_choices", 300, AnswerError),
        ("bad_request", 400, HTTPError),
        ("last_of_all", 599, HTTPError),
    ])
    def test_bad_status(self, _: str, status: int, kind: Any) -> None:
        """A status that does not come with a whole document is an error."""
        response = response_of(b"[]", url=SECRET, status=status)
        with self.assertRaises(kind) as caught:
            check_status(response)
        self.assertEqual(
            str(caught.exception),
            f"https://host:8443/items answered {status}: Because")
        self.assertIs(caught.exception.response, response)
        self.assertIs(caught.exception.request, response.request)

    @parameterized.expand([
        ("empty", b""),
        ("html", b"<html></html>"),
        ("latin_1", b'{"a": "\xe9"}'),
        ("utf_16", "{}".encode("utf-16-le")),
        ("nested_too_deep", b"[" * 100000),
        ("not_a_number", b"[NaN]"),
        ("infinity", b"[-Infinity]"),
    ])
    def test_no_json(self, _: str, body: bytes) -> None:
        """A body that is not JSON in UTF-8 is an AnswerError."""
        response = response_of(body, url=SECRET)
        with self.assertRaises(AnswerError) as caught:
            page_of(response)
        self.assertEqual(
            str(caught.exception), "host:8443 did not answer in JSON")
        self.assertIs(caught.exception.response, response)
        self.assertIsNotNone(caught.exception.__cause__)


class TestAnswerError(unittest.TestCase):
    """Unit tests of AnswerError: what its message shows, and what it is."""

    def test_no_password(self) -> None:
        """It shows nothing that precedes the host in a URL."""
        error = AnswerError("https://a@b.c:d@host, //a:b@host //@host")
        self.assertEqual(str(error), "https://host, //host //host")

    def test_no_user(self) -> None:
        """What follows the host in a URL, or is not a URL, is shown."""
        text = "//host/@a //host?@a //host#@a //host\\@a a@host"
        self.assertEqual(str(AnswerError(text)), text)

    def test_kind(self) -> None:
        """It is an error of requests, and a ValueError as well."""
        error = AnswerError("too long")
        self.assertIsInstance(error, requests.RequestException)
        self.assertIsInstance(error, ValueError)


class ThreadsTestCase(unittest.TestCase):
    """What tests of threads share: no thread is left when one is over."""

    def setUp(self) -> None:
        """Remember the threads that there are."""
        self.known_threads = set(threading.enumerate())
        self.free = threading.Event()
        self.addCleanup(self.end_threads)

    def end_threads(self) -> None:
        """Set free what a test holds, and wait for the end of all threads."""
        self.free.set()
        for thread in set(threading.enumerate()) - self.known_threads:
            thread.join(timeout=10)


class TestSideBySide(ThreadsTestCase):
    """Unit tests of side_by_side: keys are numbers, answers their squares."""

    def setUp(self) -> None:
        """Begin with nothing asked for, and nothing held back."""
        super().setUp()
        self.asked: List[int] = []
        self.held = 0
        self.bad = 0

    def square(self, number: int) -> int:
        """Return a square; hold one number back, and fail at another."""
        self.asked.append(number)
        if number == self.held:
            self.assertTrue(self.free.wait(timeout=10))
        if number == self.bad:
            raise KeyError(number)
        return number * number

    def test_order(self) -> None:
        """What is read from the answers comes in the order of the keys."""
        values = side_by_side(self.square, [3, 1, 2], 2, str)
        self.assertEqual(list(values), ["9", "1", "4"])

    def test_nothing(self) -> None:
        """Of no keys nothing comes."""
        self.assertEqual(list(side_by_side(self.square, [], 2, str)), [])

    def test_once_each(self) -> None:
        """Each key is asked for once, however many threads there are."""
        list(side_by_side(self.square, range(1, 40), 7, str))
        self.assertCountEqual(self.asked, range(1, 40))

    def test_workers(self) -> None:
        """Just as many answers as workers are under way at a time."""
        barrier, threads = threading.Barrier(3, timeout=10), set()

        def fetch_one(number: int) -> int:
            """Wait until there are three of these under way."""
            threads.add(threading.current_thread())
            barrier.wait()
            return number

        values = list(side_by_side(fetch_one, range(6), 3, str))
        self.assertEqual(values, ["0", "1", "2", "3", "4", "5"])
        self.assertEqual(len(threads), 3)

    def test_read_as_it_arrives(self) -> None:
        """An answer is read though the one before it hangs."""
        self.held = 1

        def read(answer: int) -> int:
            """Set the first answer free once the second is here."""
            self.free.set()
            return answer

        values = side_by_side(self.square, [1, 2], 2, read)
        self.assertEqual(list(values), [1, 4])

    def test_thread_that_reads(self) -> None:
        """Answers are read in the thread that asks for them."""
        values = side_by_side(
            self.square, [1, 2, 3], 2, lambda _: threading.current_thread())
        self.assertEqual(set(values), {threading.current_thread()})

    def test_error(self) -> None:
        """An error is raised at once, though an answer before it hangs."""
        self.held, self.bad = 1, 2
        with self.assertRaises(KeyError) as caught:
            list(side_by_side(self.square, [1, 2], 2, str))
        self.assertEqual(caught.exception.args, (2,))

    def test_nothing_is_begun_after_an_error(self) -> None:
        """A worker that meets an error stops, before anybody hears of it."""
        self.held = self.bad = 2
        values = side_by_side(self.square, [1, 2, 3, 4], 1, str)
        self.assertEqual(next(values), "1")
        self.end_threads()
        self.assertEqual(self.asked, [1, 2])

    def test_nothing_is_begun_after_close(self) -> None:
        """After it is closed, what is under way is the last."""
        self.held = 2
        values = side_by_side(self.square, [1, 2, 3, 4], 1, str)
        self.assertEqual(next(values), "1")
        values.close()
        self.end_threads()
        self.assertLessEqual(set(self.asked), {1, 2})


class TestFetchJson(ThreadsTestCase):
    """Unit tests of fetch_json and fetch_pages, over a double of a session."""

    def setUp(self) -> None:
        """Make a session that answers from the pages that a test sets."""
        super().setUp()
        self.pages: Dict[str, requests.Response] = {}
        self.held = ""
        self.session = create_autospec(requests.Session, instance=True)
        self.session.get.side_effect = self.get

    def get(self, url: str, **_: Any) -> requests.Response:
        """Answer a request; hold one URL back until the test sets it free."""
        if url == self.held:
            self.assertTrue(self.free.wait(timeout=10))
        return self.pages[url]

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
        """What is not a list comes as it is, in UTF-8, whatever its links."""
        response = response_of(b'{"\xc3\xa9": 1}', "nonsense", status=299)
        response.encoding = "iso-8859-1"
        self.pages = {FIRST: response}
        self.assertEqual(fetch_json(self.session, FIRST), {"\u00e9": 1})

    @parameterized.expand(errors())
    def test_nothing_arrives(
            self, _: str, inner: Exception, kind: Any, message: str) -> None:
        """The error has its request, and shows no password."""
        self.session.get.side_effect = inner
        error = self.error_of(kind, SECRET)
        self.assertEqual(str(error), message)
        self.assertEqual(
            (error.request.method, error.request.url), ("GET", SECRET))
        self.assertIsNone(error.response)

    @parameterized.expand(errors())
    def test_part_arrives(
            self, _: str, inner: Exception, kind: Any, message: str) -> None:
        """The error has its request and the response whose body fails."""
        response: Any = Mock(spec=["content"])
        type(response).content = PropertyMock(side_effect=inner)
        self.session.get.side_effect = [response]
        error = self.error_of(kind, SECRET)
        self.assertEqual(str(error), message)
        self.assertEqual(
            (error.request.method, error.request.url), ("GET", SECRET))
        self.assertIs(error.response, response)

    @parameterized.expand([
        ("broken_gzip", DecodeError("bad gzip")),
        ("redirect_to_nonsense", ValueError("Invalid IPv6")),
    ])
    def test_cause(self, _: str, inner: Exception) -> None:
        """An error that is not one of requests is the cause of one."""
        self.session.get.side_effect = inner
        self.assertIs(self.error_of(AnswerError).__cause__, inner)

    @parameterized.expand([
        ("json", "json.loads"),
        ("host", "audit.pages.parse_url"),
        ("links", "audit.pages.urljoin"),
    ])
    def test_mistake(self, _: str, name: str) -> None:
        """A mistake in the program is not taken for a wrong answer."""
        self.pages = numbered_pages(2)
        with patch(name, autospec=True, side_effect=TypeError):
            self.error_of(TypeError)

    def test_mistake_in_a_request(self) -> None:
        """A mistake in what requests is not taken for one of the network."""
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

    def test_ten_workers(self) -> None:
        """By default ten pages are under way at a time."""
        barrier, threads = threading.Barrier(10, timeout=10), set()
        self.pages = numbered_pages(21)

        def get(url: str) -> requests.Response:
            """Have ten pages after the first under way at once."""
            if url != FIRST:
                threads.add(threading.current_thread())
                barrier.wait()
            return self.pages[url]

        self.session.get.side_effect = get
        self.assertEqual(len(fetch_json(self.session, FIRST)), 21)
        self.assertEqual(len(threads), 10)

    @parameterized.expand([
        ("one_page", 1, [1]),
        ("two_pages", 2, [1, 2]),
        ("more_pages_than_workers", 12, [*range(1, 13)]),
        param("last_page_not_known", 12, [*range(1, 13)], name_last=False),
    ])
    def test_whole_list(self, _: str, count: int, items: List[int],
                        name_last: bool = True) -> None:
        """The items of all pages come in order."""
        self.pages = numbered_pages(count, name_last)
        self.assertEqual(fetch_json(self.session, FIRST), items)

    @parameterized.expand([
        ("last_page_known", True), ("last_page_not_known", False)])
    def test_requests(self, _: str, name_last: bool) -> None:
        """Each page is asked for once, and only the first with params."""
        self.pages = numbered_pages(3, name_last)
        fetch_json(self.session, FIRST, timeout=3, params={"a": 1})
        self.assertCountEqual(self.session.get.call_args_list, [
            call(FIRST, timeout=3, params={"a": 1}),
            call("https://host/items?page=2", timeout=3),
            call("https://host/items?page=3", timeout=3)])

    @parameterized.expand([
        ("one_page", 1, [(1, 1)]),
        ("next_is_last", 2, [(1, 2), (2, 2)]),
        ("last_page_known", 4, [(1, 4), (2, 4), (3, 4), (4, 4)]),
        param("last_page_not_known", 3, [(1, None), (2, None), (3, None)],
              name_last=False),
    ])
    def test_on_page(
            self, _: str, count: int, expected: List[Tuple[int, Any]],
            name_last: bool = True) -> None:
        """Each page is counted as it arrives, of how many if it is known."""
        self.pages, on_page = numbered_pages(count, name_last), Mock()
        list(fetch_pages(self.session, FIRST, workers=3, on_page=on_page))
        self.assertEqual(
            [args for args, _ in on_page.call_args_list], expected)

    def test_page_that_is_counted_early(self) -> None:
        """A page is counted though the one before it hangs."""
        self.pages, self.held = numbered_pages(3), page_url(2)

        def on_page(arrived: int, total: Optional[int]) -> None:
            """Set page 2 free when page 3 is the second to arrive."""
            if arrived == 2:
                self.free.set()

        pages = fetch_pages(self.session, FIRST, workers=2, on_page=on_page)
        self.assertEqual([page.document for page in pages], [[1], [2], [3]])

    @parameterized.expand([
        ("not_a_list", b"{}", page_url(4), "is not a list"),
        ("next_was_a_next_page", b"[]", page_url(2),
         "links to a page already seen"),
        ("next_was_asked_for", b"[]", START, "links to a page already seen"),
        ("next_was_redirected_to", b"[]", FIRST,
         "links to a page already seen"),
        ("next_is_called_first", b"[]", page_url(1),
         "links to a page already seen"),
    ])
    def test_unusable_page(
            self, _: str, body: bytes, target: str, problem: str) -> None:
        """After a list come only lists, and no page that has been seen."""
        links = link_to(page_url(1), "first") + ", " + link_to(target)
        bad = response_of(body, links, url=page_url(3))
        self.pages = {**numbered_pages(3), page_url(3): bad}
        self.pages[START] = self.pages[FIRST]
        error = self.error_of(AnswerError, START)
        self.assertEqual(str(error), f"https://host/items?page=3 {problem}")
        self.assertIs(error.response, bad)
        self.assertEqual(len(self.asked()), 3)

    @parameterized.expand([
        ("last_page_known", True), ("last_page_not_known", False)])
    @patch("audit.pages.MAX_PAGES", 4)
    def test_most_pages(self, _: str, name_last: bool) -> None:
        """Up to MAX_PAGES pages are fetched."""
        self.pages = numbered_pages(4, name_last)
        self.assertEqual(fetch_json(self.session, FIRST), [1, 2, 3, 4])

    @parameterized.expand([
        ("last_page_known", True, FIRST),
        ("last_page_not_known", False, "https://host/items?page=4"),
    ])
    @patch("audit.pages.MAX_PAGES", 4)
    def test_one_page_too_many(
            self, _: str, name_last: bool, before: str) -> None:
        """A page more than MAX_PAGES is an error, and is not fetched."""
        self.pages = numbered_pages(5, name_last)
        error = self.error_of(AnswerError)
        self.assertEqual(str(error), f"{before} is one of more than 4 pages")
        self.assertNotIn(page_url(5), self.asked())

    @parameterized.expand([
        ("not_found", b"[]", 404, HTTPError),
        ("not_a_list", b"{}", 200, AnswerError),
        ("not_json", b"<html>", 200, AnswerError),
    ])
    def test_later_error(
            self, _: str, body: bytes, status: int, kind: Any) -> None:
        """An error is raised at once, though the page before it hangs."""
        bad = response_of(body, url=page_url(4), status=status)
        self.pages = {**numbered_pages(4), page_url(4): bad}
        self.held = page_url(2)
        self.assertIs(self.error_of(kind, workers=2).response, bad)

    def test_close(self) -> None:
        """A page comes before the next is there; after close none is begun."""
        self.pages, self.held = numbered_pages(9), page_url(3)
        pages = fetch_pages(self.session, FIRST, workers=1)
        self.assertEqual(next(pages).document, [1])
        self.assertEqual(next(pages).document, [2])
        pages.close()
        self.end_threads()
        self.assertNotIn(page_url(4), self.asked())


PROGRAM = """
import signal, sys, requests
from audit import pages
signal.signal(signal.SIGINT, signal.default_int_handler)
pages.fetch_json(requests.Session(), sys.argv[1])
"""


class TestProgram(unittest.TestCase):
    """Integration test of fetch_json: a real program, a real server."""

    @unittest.skipUnless(os.name == "posix", "there is no such signal")
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
