#!/usr/bin/env python3
"""Tests of utils: each function alone, everything around it replaced.

One class at the end is another kind of test: there the real requests
talks to a real server, on loopback.
"""
import io
import json
import os
import threading
import unittest
from collections import ChainMap, OrderedDict, UserDict, defaultdict
from types import MappingProxyType
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, cast
from unittest.mock import MagicMock, Mock, PropertyMock, call, patch

import requests
from parameterized import param, parameterized
from requests.structures import CaseInsensitiveDict

from fixtures import Asked, numbered_repos, replay
from utils import (
    MAX_PAGES, AnswerError, access_nested_map, get_json, memoize, origin)


class TestAccessNestedMap(unittest.TestCase):
    """Tests of access_nested_map: what stands at the end of a path of keys."""

    @parameterized.expand([
        ("one_key", {"a": 1}, ("a",), 1),
        ("a_map", {"a": {"b": 2}}, ("a",), {"b": 2}),
        ("two_keys", {"a": {"b": 2}}, ("a", "b"), 2),
        ("none", {"a": {"b": None}}, ("a", "b"), None),
        ("no_key", {"a": 1}, (), {"a": 1}),
        ("a_list_as_path", {"a": {"b": 2}}, ["a", "b"], 2),
        ("keys_of_any_type", {1: {None: "x"}}, (1, None), "x"),
    ])
    def test_access_nested_map(
            self, _: str, nested_map: Mapping[Any, Any],
            path: Sequence[Any], expected: Any) -> None:
        """The value at the end of the path comes back."""
        self.assertEqual(access_nested_map(nested_map, path), expected)

    @parameterized.expand([
        (UserDict,), (OrderedDict,), (ChainMap,), (MappingProxyType,),
    ])
    def test_any_mapping(self, kind: Any) -> None:
        """Every kind of mapping is walked, not dict alone."""
        nested_map = kind({"a": kind({"b": 2})})
        self.assertEqual(access_nested_map(nested_map, ("a", "b")), 2)

    def test_empty_path_returns_the_map_itself(self) -> None:
        """Without a key to follow, the very map comes back, not a copy."""
        nested_map = {"a": 1}
        self.assertIs(access_nested_map(nested_map, ()), nested_map)

    @parameterized.expand([
        ("empty", {}, ("a",), "a"),
        ("missing_below", {"a": {}}, ("a", "b"), "b"),
        ("number", {"a": 1}, ("a", "b"), "b"),
        ("none", {"a": None}, ("a", "b"), "b"),
        ("text", {"a": "text"}, ("a", 0), 0),
        ("list", {"a": ["x"]}, ("a", 0), 0),
        ("first_of_two", {}, ("a", "b"), "a"),
    ])
    def test_access_nested_map_exception(
            self, _: str, nested_map: Mapping[Any, Any],
            path: Sequence[Any], failed: Any) -> None:
        """KeyError holds the key that failed, and nothing else.

        Its str() would be no good to compare: str(KeyError("a")) is "'a'".
        """
        with self.assertRaises(KeyError) as caught:
            access_nested_map(nested_map, path)
        self.assertEqual(caught.exception.args, (failed,))

    def test_a_mapping_with_words_of_its_own(self) -> None:
        """KeyError holds our key where the mapping would name another."""
        with self.assertRaises(KeyError) as caught:
            access_nested_map(CaseInsensitiveDict(), ("Link",))
        self.assertEqual(caught.exception.args, ("Link",))

    def test_default_of_a_defaultdict(self) -> None:
        """A mapping that makes up what is missing may do so."""
        self.assertEqual(access_nested_map(defaultdict(int), ("a",)), 0)


class JsonOnly:
    """The smallest double of a response: a `json` method, nothing else."""

    def __init__(self, document: Any) -> None:
        """Keep the document to give back."""
        self._document = document

    def json(self) -> Any:
        """Return the document, as a response would."""
        return self._document


def hand_made(status: Any) -> requests.Response:
    """Return a Response that nobody sent, but for its `json` a bare one."""
    made: Any = requests.Response()
    made.status_code = status
    made.url = "http://example.com"
    made.json = Mock(return_value=[{"a": 1}])
    return cast(requests.Response, made)


class TestGetJson(unittest.TestCase):
    """Unit tests of get_json: one document, with requests.get replaced."""

    @parameterized.expand([
        ("http://example.com", {"payload": True}),
        ("http://holberton.io", {"payload": False}),
        ("http://example.com/list", [1, 2]),
        ("http://example.com/null", None),
    ])
    def test_get_json(self, url: str, document: Any) -> None:
        """One call of requests.get, with the URL alone; its JSON comes back.

        requests.get is patched in the module requests: that is where
        get_json looks it up, each time it is called.
        """
        response = Mock(**{"json.return_value": document})
        with patch("requests.get", autospec=True,
                   return_value=response) as get:
            self.assertIs(get_json(url), document)
        get.assert_called_once_with(url)
        response.json.assert_called_once_with()

    @parameterized.expand([
        param("bare_class", double=JsonOnly([{"a": 1}])),
        param("mock", double=Mock(**{"json.return_value": [{"a": 1}]})),
        param("magic", double=MagicMock(**{"json.return_value": [{"a": 1}]})),
        param("spec", double=Mock(
            spec=requests.Response, **{"json.return_value": [{"a": 1}]})),
        param("response_made_by_hand", double=hand_made(None)),
        param("response_with_a_status", double=hand_made(200)),
        param("magic_spec", double=MagicMock(
            spec=requests.Response, **{"json.return_value": [{"a": 1}]})),
    ])
    def test_doubles_of_a_response(self, _: str, double: Any) -> None:
        """Every double of a response will do, and is no reason for more calls.

        A bare class has nothing but `json`; a Mock's links, status and headers
        are all true, and mean nothing.
        """
        with patch("requests.get", autospec=True,
                   return_value=double) as get:
            self.assertEqual(get_json("http://example.com"), [{"a": 1}])
        self.assertEqual(get.mock_calls[:1], [call("http://example.com")])
        self.assertEqual(get.call_count, 1)

    def test_the_whole_module_replaced(self) -> None:
        """A Mock in place of the module requests does as well."""
        with patch("utils.requests", spec=["get"]) as module:
            module.get.return_value = JsonOnly({"a": 1})
            self.assertEqual(get_json("http://example.com"), {"a": 1})
        module.get.assert_called_once_with("http://example.com")

    def test_session_and_options(self) -> None:
        """With a session, its get is called, and with the options."""
        session = Mock(spec=requests.Session)
        session.get.return_value = JsonOnly({"a": 1})
        with patch("requests.get", autospec=True) as get:
            document = get_json("http://example.com", session, timeout=3)
        self.assertEqual(document, {"a": 1})
        session.get.assert_called_once_with("http://example.com", timeout=3)
        get.assert_not_called()

    @parameterized.expand([
        ("network", requests.ConnectionError("no route")),
        ("double_with_an_error_of_its_own", KeyError("double")),
    ])
    def test_errors_of_requests_pass(self, _: str, error: Exception) -> None:
        """What requests.get raises arrives as it is."""
        with patch("requests.get", autospec=True, side_effect=error):
            with self.assertRaises(type(error)) as caught:
                get_json("http://example.com")
        self.assertIs(caught.exception, error)

    def test_value_error_becomes_a_request_exception(self) -> None:
        """What requests lets through of other libraries is an AnswerError.

        That is a RequestException, and the ValueError that it was.
        """
        error = ValueError("Invalid IPv6")
        with patch("requests.get", autospec=True, side_effect=error):
            with self.assertRaises(AnswerError) as caught:
                get_json("http://example.com/a")
        self.assertEqual(
            str(caught.exception),
            "http://example.com/a can't be fetched: Invalid IPv6")
        self.assertIsInstance(caught.exception, requests.RequestException)
        self.assertIsInstance(caught.exception, ValueError)


def response(
        body: Any, link: Optional[str] = None, status: int = 200,
        url: str = "https://host/items") -> requests.Response:
    """Return a real Response, as if it had arrived; bytes stay as they are."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    made = requests.Response()
    made.status_code = status
    made.url = url
    made.raw = io.BytesIO(raw)
    made.encoding = "utf-8"
    if link is not None:
        made.headers["Link"] = link
    return made


class TestGetJsonAnswers(unittest.TestCase):
    """Unit tests of get_json: good and bad Responses, none of them sent."""

    def test_document(self) -> None:
        """A document in JSON comes back decoded."""
        answer = response({"a": "\u00e9"})
        with patch("requests.get", autospec=True, return_value=answer):
            self.assertEqual(get_json("https://host/items"), {"a": "\u00e9"})

    def test_document_is_utf_8(self) -> None:
        """JSON is in UTF-8, whatever the headers say (RFC 8259, 8.1)."""
        answer = response({"a": "\u00e9"})
        answer.raw = io.BytesIO(b'{"a": "\xc3\xa9"}')
        answer.encoding = "iso-8859-1"
        with patch("requests.get", autospec=True, return_value=answer):
            self.assertEqual(get_json("https://host/items"), {"a": "\u00e9"})

    @parameterized.expand([(400,), (404,), (500,), (599,)])
    def test_status_raises(self, status: int) -> None:
        """A status of 4xx or 5xx is an HTTPError that holds the response."""
        answer = response({}, status=status)
        with patch("requests.get", autospec=True, return_value=answer):
            with self.assertRaises(requests.HTTPError) as caught:
                get_json("https://host/items")
        self.assertIs(caught.exception.response, answer)

    @parameterized.expand([
        ("nothing", b""),
        ("html", b"<html></html>"),
        ("half", b'{"a": '),
        ("latin_1", b'{"a": "\xe9"}'),
        ("too_deep", b"[" * 100000),
    ])
    def test_no_json(self, _: str, body: bytes) -> None:
        """A body that is no JSON in UTF-8 is an AnswerError.

        It names the host, and no password.
        """
        answer = response(body, url="https://user:secret@host:8443/items")
        with patch("requests.get", autospec=True, return_value=answer):
            with self.assertRaises(AnswerError) as caught:
                get_json("https://host:8443/items")
        self.assertEqual(
            str(caught.exception), "host:8443 did not answer in JSON")


Site = Dict[str, requests.Response]


def numbered(pages: int, last: bool = True) -> Site:
    """Return pages of two items each, numbered as GitHub does it.

    The first one links to the second, and to the last if told so, and so
    on; the addresses of the pages are the keys.
    """
    site = {}
    for number in range(1, pages + 1):
        links = []
        if number < pages:
            links.append(f'<https://host/items?page={number + 1}>; rel="next"')
            if last:
                links.append(f'<https://host/items?page={pages}>; rel="last"')
        url = f"https://host/items?page={number}"
        body = [2 * number - 1, 2 * number]
        site[url] = response(body, ", ".join(links), url=url)
    return site


FIRST = "https://host/items?page=1"


class TestGetJsonPages(unittest.TestCase):
    """Unit tests of get_json: a list in pages, with requests.get replaced."""

    def serve(self, site: Site) -> Mock:
        """Have requests.get answer with the pages of a site."""
        patcher = patch("requests.get", autospec=True)
        self.addCleanup(patcher.stop)
        self.addCleanup(join_threads)
        get = patcher.start()
        get.side_effect = lambda url, **options: site[url]
        return get

    @parameterized.expand([
        (1, True), (2, True), (3, True), (12, True), (2, False), (12, False),
    ])
    def test_whole_list(self, pages: int, last: bool) -> None:
        """All pages come as one list, in order, each fetched once.

        That holds whether the first page names the last or just the next.
        """
        get = self.serve(numbered(pages, last))
        self.assertEqual(get_json(FIRST), list(range(1, 2 * pages + 1)))
        self.assertCountEqual(get.mock_calls, map(call, numbered(pages)))

    def test_list_that_grew(self) -> None:
        """The page that was the last is asked for its own next page."""
        site = numbered(4, last=False)
        site[FIRST].headers["Link"] = numbered(3)[FIRST].headers["Link"]
        self.serve(site)
        self.assertEqual(get_json(FIRST), list(range(1, 9)))

    @parameterized.expand([
        ("path_before_its", "https://host/a?page=5"),
        ("path_after_its", "https://host/things?page=5"),
        ("another_query", "https://host/items?page=5&x=1"),
        ("not_numbered", "https://host/items?cursor=abc"),
        ("before_the_next", "https://host/items?page=1"),
        ("on_another_host", "https://elsewhere/items?page=5"),
    ])
    def test_last_unlike_next(self, _: str, last: str) -> None:
        """A last page whose URL tells nothing is not counted up to."""
        site = numbered(3, last=False)
        site[FIRST].headers["Link"] += f', <{last}>; rel="last"'
        get = self.serve(site)
        self.assertEqual(get_json(FIRST), list(range(1, 7)))
        self.assertEqual(get.call_count, 3)

    @parameterized.expand([
        ("alone", "?page={}"),
        ("after_others", "?per_page=100&page={}"),
        ("before_others", "?page={}&per_page=100"),
        ("before_a_fragment", "?page={}#top"),
    ])
    def test_page_number_anywhere_in_the_query(
            self, _: str, query: str) -> None:
        """The pages between are counted wherever the number stands."""
        urls = ["https://host/items" + query.format(n) for n in range(5)]
        site = {url: response([url], url=url) for url in urls[2:]}
        site[FIRST] = response(
            [], f'<{urls[2]}>; rel="next", <{urls[4]}>; rel="last"')
        get = self.serve(site)
        self.assertEqual(get_json(FIRST), urls[2:])
        self.assertEqual(get.call_count, 4)

    def test_relations_in_any_case_and_together(self) -> None:
        """A link can have several relations, in any case (RFC 8288, 3.3)."""
        second = "https://host/items?page=2"
        self.serve({
            FIRST: response([1], f'<{second}>; rel="Next last"'),
            second: response([2], url=second)})
        self.assertEqual(get_json(FIRST), [1, 2])

    def test_relative_link(self) -> None:
        """A link is relative to the page it is on (RFC 8288, 3.2)."""
        second = "https://host/api/items?page=2"
        self.serve({
            "https://host/api/items": response(
                [1], '<items?page=2>; rel="next"',
                url="https://host/api/items"),
            second: response([2], url=second)})
        self.assertEqual(get_json("https://host/api/items"), [1, 2])

    def test_options(self) -> None:
        """Every page gets the options; but params the first page alone.

        They are in the URLs that it links to.
        """
        get = self.serve(numbered(2))
        get_json(FIRST, timeout=3, params={"per_page": 2})
        self.assertEqual(get.mock_calls, [
            call(FIRST, timeout=3, params={"per_page": 2}),
            call("https://host/items?page=2", timeout=3)])

    def test_no_list_has_no_pages(self) -> None:
        """A document that is no list is returned; its links are ignored."""
        link = '<https://host/items?page=2>; rel="next"'
        get = self.serve({FIRST: response({"a": 1}, link)})
        self.assertEqual(get_json(FIRST), {"a": 1})
        self.assertEqual(get.call_count, 1)

    @parameterized.expand([
        ("other_host", "https://elsewhere/items?page=2",
         "links to another origin: https://elsewhere/items?page=2"),
        ("other_scheme", "http://host/items?page=2",
         "links to another origin: http://host/items?page=2"),
        ("other_port", "https://host:444/items?page=2",
         "links to another origin: https://host:444/items?page=2"),
        ("no_host", "mailto:octocat", "links to another origin: "
         "mailto:///octocat"),
        ("itself", FIRST, "links to a page already seen"),
        ("broken", "http://[", "has a broken link"),
    ])
    def test_links_not_followed(
            self, _: str, link: str, problem: str) -> None:
        """A bad link is an AnswerError, and nothing is asked there."""
        site = {FIRST: response([1], f'<{link}>; rel="next"', url=FIRST)}
        get = self.serve(site)
        with self.assertRaises(AnswerError) as caught:
            get_json(FIRST)
        self.assertEqual(str(caught.exception), f"{FIRST} {problem}")
        self.assertEqual(get.mock_calls, [call(FIRST)])

    @parameterized.expand([
        ("by_the_same_url", "https://host/items?page=2", ""),
        ("by_another_url_of_the_first", "https://host/items?n=1",
         ', <https://host/items?n=1>; rel="first"'),
    ])
    def test_circle(self, _: str, link: str, more: str) -> None:
        """A page that was seen already ends the listing with an error."""
        site = numbered(3)
        third = site["https://host/items?page=3"]
        third.headers["Link"] = f'<{link}>; rel="next"{more}'
        get = self.serve(site)
        with self.assertRaisesRegex(AnswerError, "page=3 .*already seen"):
            get_json(FIRST)
        self.assertEqual(get.call_count, 3)

    def test_default_port_is_the_same_origin(self) -> None:
        """The default port, written out, is of the same origin."""
        second = "https://host:443/items?page=2"
        self.serve({
            FIRST: response([1], f'<{second}>; rel="next"'),
            second: response([2], url=second)})
        self.assertEqual(get_json(FIRST), [1, 2])

    def test_no_request_for_a_page_too_many(self) -> None:
        """A page that claims a thousand million others is an error."""
        link = ('<https://host/items?page=2>; rel="next", '
                '<https://host/items?page=1000000000>; rel="last"')
        get = self.serve({FIRST: response([1], link, url=FIRST)})
        with self.assertRaises(AnswerError) as caught:
            get_json(FIRST)
        self.assertEqual(
            str(caught.exception), f"{FIRST} is one of more than 5000 pages")
        self.assertEqual(get.call_count, 1)

    @parameterized.expand([(4, 4, True), (4, 5, False)])
    def test_most_pages(self, most: int, pages: int, whole: bool) -> None:
        """As many pages as allowed are fetched, one after the other too."""
        self.assertEqual(MAX_PAGES, 5000)
        self.serve(numbered(pages, last=False))
        with patch("utils.MAX_PAGES", most):
            if whole:
                self.assertEqual(len(get_json(FIRST)), 2 * pages)
            else:
                with self.assertRaisesRegex(AnswerError, "more than 4 pages"):
                    get_json(FIRST)

    def test_page_that_is_no_list(self) -> None:
        """A later page that is no list is an AnswerError."""
        site = numbered(2)
        second = "https://host/items?page=2"
        site[second] = response({"message": "?"}, url=second)
        self.serve(site)
        with self.assertRaises(AnswerError) as caught:
            get_json(FIRST)
        self.assertEqual(
            str(caught.exception), f"{second} is no list, as page 1 was")


class TestGetJsonWorkers(unittest.TestCase):
    """Unit tests of get_json: pages in flight, and what becomes of them."""

    def serve(self, get: Any) -> None:
        """Replace requests.get; wait in the end for all pages in flight."""
        patcher = patch("requests.get", autospec=True, side_effect=get)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.addCleanup(join_threads)

    @parameterized.expand([(1, 1), (3, 3), (None, 10)])
    def test_pages_at_a_time(
            self, workers: Optional[int], expected: int) -> None:
        """As many pages are in flight as there are workers, and no more.

        The barrier lets pages through only once that many wait at it; one
        more in flight would make the peak higher.
        """
        site = numbered(1 + 2 * expected)
        barrier = threading.Barrier(expected)
        lock = threading.Lock()
        in_flight: List[str] = []
        peaks: List[int] = []

        def get(url: str) -> requests.Response:
            """Answer a page once enough of them are in flight."""
            if url != FIRST:
                with lock:
                    in_flight.append(url)
                    peaks.append(len(in_flight))
                barrier.wait(timeout=10)
                with lock:
                    in_flight.remove(url)
            return site[url]

        self.serve(get)
        options: Dict[str, Any] = (
            {} if workers is None else {"workers": workers})
        self.assertEqual(
            get_json(FIRST, **options), list(range(1, 4 * expected + 3)))
        self.assertEqual(max(peaks), expected)

    def test_workers_by_keyword(self) -> None:
        """A third argument could mean anything: workers must be named."""
        get: Any = get_json
        with self.assertRaises(TypeError):
            get(FIRST, None, 3)

    def test_workers_below_one(self) -> None:
        """Nobody can fetch pages with no worker at all."""
        self.serve(numbered(2).__getitem__)
        with self.assertRaises(ValueError):
            get_json(FIRST, workers=0)

    @parameterized.expand([
        (requests.ConnectionError,), (KeyboardInterrupt,),
    ])
    def test_error_waits_for_nothing(self, error: Any) -> None:
        """An error comes at once, though a page hangs, and ends the rest."""
        site = numbered(9)
        asked: List[str] = []
        released = threading.Event()
        self.addCleanup(released.set)

        def get(url: str) -> requests.Response:
            """Answer page 1, fail on page 2, hang on page 3."""
            asked.append(url)
            if url.endswith("=2"):
                raise error
            if url.endswith("=3"):
                released.wait(timeout=10)
            return site[url]

        self.serve(get)
        with self.assertRaises(error):
            get_json(FIRST, workers=1)
        self.assertFalse(released.is_set())
        released.set()
        join_threads()
        self.assertNotIn("https://host/items?page=5", asked)

    def test_leaves_no_thread(self) -> None:
        """When the list is there, the threads that fetched it are gone."""
        before = threading.active_count()
        self.serve(numbered(12).__getitem__)
        self.assertEqual(len(get_json(FIRST)), 24)
        self.assertEqual(threading.active_count(), before)


def join_threads() -> None:
    """Wait until this thread is the only one."""
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(timeout=10)


class TestOrigin(unittest.TestCase):
    """Unit tests of origin: what two URLs of one server share."""

    @parameterized.expand([
        ("https://host/path?query#fragment", ("https", "host", 443)),
        ("http://host", ("http", "host", 80)),
        ("HTTPS://HOST:443", ("https", "host", 443)),
        ("https://host:8443", ("https", "host", 8443)),
        ("https://user:password@host", ("https", "host", 443)),
        ("https://evil\\@host/", ("https", "evil", 443)),
        ("ftp://host", ("ftp", "host", None)),
        ("", (None, None, None)),
    ])
    def test_origin(
            self, url: str,
            expected: Tuple[Optional[str], Optional[str], Optional[int]]
            ) -> None:
        """Scheme and host are in lower case, the port is never left out.

        The host is the one that urllib3 would connect to.
        """
        self.assertEqual(origin(url), expected)


class TestMemoize(unittest.TestCase):
    """Unit tests of memoize: a method becomes an attribute."""

    def test_memoize(self) -> None:
        """Read twice, the attribute has called its method once.

        Neither reading has parentheses: it is an attribute.
        """

        class TestClass:
            """A class with a method, and an attribute that calls it."""

            def a_method(self) -> int:
                """Return a number; replaced below."""
                return 42

            @memoize
            def a_property(self) -> int:
                """Return what the method returns."""
                return self.a_method()

        with patch.object(
                TestClass, "a_method", autospec=True,
                return_value=7) as a_method:
            instance = TestClass()
            self.assertEqual(instance.a_property, 7)
            self.assertEqual(instance.a_property, 7)
        a_method.assert_called_once_with(instance)


class Counting:
    """A class whose memoized attributes count how often they are computed."""

    def __init__(self) -> None:
        """Start with none."""
        self.computed: List[str] = []

    @memoize
    def value(self) -> int:
        """Compute the number of computations so far."""
        self.computed.append("value")
        return len(self.computed)

    @memoize
    def nothing(self) -> None:
        """Compute no value at all."""
        self.computed.append("nothing")

    @memoize
    def failure(self) -> int:
        """Fail the first time."""
        self.computed.append("failure")
        if len(self.computed) == 1:
            raise RuntimeError("not yet")
        return 5


class TestMemoizeCorners(unittest.TestCase):
    """Unit tests of memoize: what it stores, and where."""

    def test_each_instance_has_its_own(self) -> None:
        """One instance's value says nothing of another's."""
        one, other = Counting(), Counting()
        self.assertEqual((one.value, other.value), (1, 1))
        self.assertEqual((one.computed, other.computed), (["value"],) * 2)

    def test_none_is_stored(self) -> None:
        """None is a value like any other: it is computed once too."""
        counting = Counting()
        self.assertIsNone(counting.nothing)
        self.assertIsNone(counting.nothing)
        self.assertEqual(counting.computed, ["nothing"])

    def test_exception_is_not_stored(self) -> None:
        """After a failure the next reading tries again."""
        counting = Counting()
        with self.assertRaises(RuntimeError):
            counting.failure
        self.assertEqual(counting.failure, 5)

    def test_del_resets(self) -> None:
        """`del` takes the value away: the next reading computes it anew."""
        counting = Counting()
        self.assertEqual(counting.value, 1)
        del counting.value
        self.assertEqual(counting.value, 2)

    def test_stored_as_a_plain_attribute(self) -> None:
        """The value stands in `__dict__`: from then on it costs nothing."""
        counting = Counting()
        counting.value
        self.assertEqual(vars(counting)["value"], 1)

    def test_wraps(self) -> None:
        """On the class stands the decorator, with the method's name."""
        decorated: Any = Counting.value
        self.assertIsInstance(decorated, memoize)
        self.assertEqual(decorated.__name__, "value")
        self.assertEqual(
            decorated.__doc__, "Compute the number of computations so far.")

    def test_property_mock(self) -> None:
        """PropertyMock can take its place, even where a value is stored.

        When it goes, the stored value is back.
        """
        counting = Counting()
        self.assertEqual(counting.value, 1)
        with patch.object(
                Counting, "value", new_callable=PropertyMock,
                return_value=9) as value:
            self.assertEqual(counting.value, 9)
        value.assert_called_once_with()
        self.assertEqual(counting.value, 1)

    def test_another_name(self) -> None:
        """An attribute that has not the method's name is stored as well."""

        class Renaming:
            """A class that gives a method of Counting another name."""

            computed: List[str] = []
            size = memoize(len)
            length = memoize(lambda self: self.computed.append("length"))

            def __len__(self) -> int:
                """Count the calls."""
                self.computed.append("size")
                return 3

        renaming = Renaming()
        for _ in range(2):
            self.assertEqual((renaming.size, renaming.length), (3, None))
        self.assertEqual(renaming.computed, ["size", "length"])
        self.assertEqual(vars(renaming), {"size": 3, "length": None})

    def test_added_to_a_finished_class(self) -> None:
        """A class does not tell the name then: the method's own serves."""

        class Finished:
            """A class that gets its attribute later."""

        def answer(self: Finished) -> object:
            """Compute something new each time."""
            return object()

        setattr(Finished, "late", memoize(answer))
        finished: Any = Finished()
        self.assertIs(finished.late, finished.late)

    def test_class_without_dict(self) -> None:
        """Where there is no `__dict__` to store in, TypeError says so."""

        class Slotted:
            """A class whose instances have no `__dict__`."""

            __slots__ = ()

            @memoize
            def value(self) -> int:
                """Compute a number."""
                return 1

        with self.assertRaises(TypeError) as caught:
            Slotted().value
        self.assertEqual(
            str(caught.exception),
            "can't memoize 'value': Slotted has no __dict__ to store it in")


class TestGetJsonOverLoopback(unittest.TestCase):
    """Integration tests of get_json: a real server, nothing replaced."""

    @parameterized.expand([(1,), (30,), (31,), (95,)])
    def test_whole_list(self, count: int) -> None:
        """A bare call gets the whole list, 30 repositories a page."""
        repos = numbered_repos(count)
        asked: List[Asked] = []
        with patch.dict(os.environ, clear=True):
            with replay(repos=repos, on_request=asked.append) as url:
                names = [repo["name"] for repo
                         in get_json(f"{url}/orgs/google/repos")]
        self.assertEqual(names, [repo["name"] for repo in repos])
        self.assertEqual(len(asked), -(-count // 30))


if __name__ == "__main__":
    unittest.main()
