#!/usr/bin/env python3
"""Tests of utils, in two parts: first the patterns, then the corners.

The first part tests the three functions one at a time, with everything
around them replaced; each testing pattern is explained where it first
occurs. The second part, for real use, goes on to responses that really
arrive: bad ones, Link headers, pages, threads. Its last class replaces only
the environment: there the real requests library talks to a real server, on
loopback.
"""
import io
import json
import os
import random
import signal
import subprocess
import sys
import threading
import unittest
from collections import ChainMap, OrderedDict, UserDict, defaultdict
from functools import partial
from types import MappingProxyType, SimpleNamespace
from typing import (
    Any, Callable, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple)
from unittest.mock import MagicMock, Mock, PropertyMock, call, patch

import requests
from parameterized import parameterized
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import DecodeError

from fixtures import Asked, Fault, numbered_repos, replay
from utils import (
    MAX_PAGES, AnswerError, access_nested_map, get_json, memoize, origin,
    parse_links)


class TestAccessNestedMap(unittest.TestCase):
    """Unit tests of access_nested_map: a value at the end of a path."""

    def test_empty_path(self) -> None:
        """With an empty path the map itself comes back, not a copy."""
        # Arrange, act, assert: most tests have these three steps.
        nested_map = {"a": 1}
        value = access_nested_map(nested_map, ())
        # assertIs wants the same object, assertEqual an equal one.
        self.assertIs(value, nested_map)

    # A table of cases: each row becomes a test of its own. If the first
    # value of a row is text, it becomes part of that test's name. Here it
    # serves only for that, so the parameter is called _ (not used).
    @parameterized.expand([
        ("one_key", {"a": 1}, ("a",), 1),
        ("a_map", {"a": {"b": 2}}, ("a",), {"b": 2}),
        ("two_keys", {"a": {"b": 2}}, ("a", "b"), 2),
        ("none", {"a": {"b": None}}, ("a", "b"), None),
        ("a_list_as_path", {"a": {"b": 2}}, ["a", "b"], 2),
        ("keys_of_any_type", {1: {None: "x"}}, (1, None), "x"),
        ("a_default", defaultdict(int), ("a",), 0),
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
        """Every kind of mapping is followed, not only dict."""
        nested_map = kind({"a": kind({"b": 2})})
        self.assertEqual(access_nested_map(nested_map, ("a", "b")), 2)

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
        """The KeyError holds the key that failed, and nothing else.

        Do not compare its str(): str(KeyError("a")) is "'a'", with quotes.
        """
        with self.assertRaises(KeyError) as caught:
            access_nested_map(nested_map, path)
        # After the block, because in it nothing runs after the raising line.
        self.assertEqual(caught.exception.args, (failed,))

    def test_mapping_with_words_of_its_own(self) -> None:
        """The KeyError holds our key, not the words of the mapping.

        `raise ... from None` hides the mapping's own error in a traceback.
        """
        with self.assertRaises(KeyError) as caught:
            access_nested_map(CaseInsensitiveDict(), ("Link",))
        self.assertEqual(caught.exception.args, ("Link",))
        self.assertTrue(caught.exception.__suppress_context__)

    def test_key_that_no_mapping_can_have(self) -> None:
        """A key that can't be hashed is a TypeError, as in any dict."""
        with self.assertRaises(TypeError):
            access_nested_map({"a": 1}, (["a"],))

    def test_error_of_the_path_itself(self) -> None:
        """A KeyError that the path itself raises is passed on unchanged."""
        error = KeyError("words", "of its own")

        def broken_path() -> Iterator[str]:
            """Yield one key, then fail."""
            yield "a"
            raise error

        with self.assertRaises(KeyError) as caught:
            access_nested_map({"a": {}}, broken_path())
        self.assertIs(caught.exception, error)


class TestGetJson(unittest.TestCase):
    """Unit test of get_json: one document, with requests.get replaced."""

    @parameterized.expand([
        ("http://example.com", {"payload": True}),
        ("http://holberton.io", {"payload": False}),
        ("http://example.com/list", [1, 2]),
        ("http://example.com/null", None),
    ])
    def test_get_json(self, url: str, document: Any) -> None:
        """It calls requests.get once, with only the URL; JSON comes back.

        requests.get is patched in the module requests: that is where
        get_json looks it up, each time it is called.
        """
        # A Mock creates every attribute that it is asked for, and records
        # calls. Here its method json is told what to return.
        response = Mock()
        response.json.return_value = document
        # With autospec the double of get takes only the arguments that the
        # real one takes.
        with patch("requests.get", autospec=True,
                   return_value=response) as get:
            result = get_json(url)
        self.assertIs(result, document)
        get.assert_called_once_with(url)
        response.json.assert_called_once_with()


class TestGetJsonCorners(unittest.TestCase):
    """Unit tests of get_json: other doubles, a session, an error."""

    def setUp(self) -> None:
        """Replace requests.get for each test."""
        # Without `with`, a patch is started and stopped by hand.
        patcher = patch("requests.get", autospec=True)
        self.get = patcher.start()
        # addCleanup puts the real one back however the test ends, even if a
        # later line of setUp fails.
        self.addCleanup(patcher.stop)

    # A SimpleNamespace has only what it is given. With a spec a Mock has the
    # attributes of the class that it stands for, no others, and isinstance
    # takes it for one of that class. A MagicMock also has special methods,
    # such as __len__.
    @parameterized.expand([
        ("nothing_but_json", SimpleNamespace()),
        ("mock", Mock()),
        ("magic_mock", MagicMock()),
        ("mock_with_spec", Mock(spec=requests.Response)),
        ("magic_mock_with_spec", MagicMock(spec=requests.Response)),
        ("empty_response", requests.Response()),
    ])
    def test_double_of_a_response(self, _: str, response: Any) -> None:
        """Nothing of a double is used but its json().

        The status and links of a Mock are Mocks, too: they must not be
        compared with numbers or followed.
        """
        response.json = Mock(return_value=[{"a": 1}])
        self.get.return_value = response
        self.assertEqual(get_json("http://example.com"), [{"a": 1}])
        self.get.assert_called_once_with("http://example.com")
        response.json.assert_called_once_with()

    def test_each_call_is_a_request(self) -> None:
        """Nothing is remembered from one call to the next."""
        # With a list as side_effect, each call returns its next item. A
        # lambda is enough for a method whose calls do not matter.
        self.get.side_effect = [
            SimpleNamespace(json=lambda: "old"),
            SimpleNamespace(json=lambda: "new")]
        self.assertEqual(get_json("http://example.com/a"), "old")
        self.assertEqual(get_json("http://example.com/a"), "new")
        # A call object stands for a call, to compare with the recorded ones.
        # Unlike `self.get.mock_calls == [...]`, this assertion knows the
        # signature of get: what is passed by keyword does not matter.
        self.get.assert_has_calls([call("http://example.com/a")] * 2)

    # A spec can also be a list of names. An object of length 0 counts as
    # false, but it is still a session.
    @parameterized.expand([
        ("session", Mock(spec=requests.Session)),
        ("session_of_length_0", MagicMock(spec=["get", "__len__"])),
    ])
    def test_session(self, _: str, session: Any) -> None:
        """With a session, its get is called, with the options."""
        # A function as side_effect is called in place of the double, so
        # that the answer can depend on the arguments.
        session.get.side_effect = lambda url, timeout: SimpleNamespace(
            json=lambda: [url, timeout])
        document = get_json("http://example.com", session, timeout=3)
        self.assertEqual(document, ["http://example.com", 3])
        self.get.assert_not_called()

    @parameterized.expand([
        ("network", requests.ConnectionError("no route")),
        ("bad_url", requests.exceptions.InvalidURL("no host")),
        ("any_other", KeyError("double")),
    ])
    def test_error_passes(self, _: str, error: Exception) -> None:
        """What requests.get raises is passed on unchanged."""
        # An exception as side_effect is raised.
        self.get.side_effect = error
        with self.assertRaises(type(error)) as caught:
            get_json("http://example.com")
        self.assertIs(caught.exception, error)

    def test_the_whole_module_replaced(self) -> None:
        """A double of the whole module is used; the URL is positional.

        Suites written elsewhere check the call like this, without autospec.
        """
        with patch("utils.requests", spec=["get"]) as module:
            module.get.return_value = SimpleNamespace(json=lambda: {"a": 1})
            self.assertEqual(get_json("http://example.com"), {"a": 1})
        module.get.assert_called_once_with("http://example.com")


class TestMemoize(unittest.TestCase):
    """Unit test of memoize: a method becomes an attribute."""

    def test_memoize(self) -> None:
        """Reading the attribute twice calls the method behind it once.

        It is an attribute: it is read without parentheses.
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

        # patch.object replaces an attribute of a class. With autospec, the
        # double of a method gets the instance, like self.
        with patch.object(
                TestClass, "a_method", autospec=True,
                return_value=7) as a_method:
            instance = TestClass()
            self.assertEqual(instance.a_property, 7)
            self.assertEqual(instance.a_property, 7)
        a_method.assert_called_once_with(instance)


class Counting:
    """A class whose memoized attributes record each computation."""

    def __init__(self) -> None:
        """Start with nothing computed."""
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
        """Fail the first time, succeed the second."""
        self.computed.append("failure")
        if len(self.computed) == 1:
            raise RuntimeError("not yet")
        return 5


class TestMemoizeCorners(unittest.TestCase):
    """Unit tests of memoize: what it stores, and where."""

    def test_each_instance_has_its_own(self) -> None:
        """Each instance computes and keeps a value of its own."""
        one, other = Counting(), Counting()
        self.assertEqual((one.value, other.value), (1, 1))
        self.assertEqual((one.computed, other.computed), (["value"],) * 2)

    def test_none_is_stored(self) -> None:
        """None is stored like any other value: it is computed once."""
        counting = Counting()
        self.assertIsNone(counting.nothing)
        self.assertIsNone(counting.nothing)
        self.assertEqual(counting.computed, ["nothing"])

    def test_exception_is_not_stored(self) -> None:
        """After a failure the next access tries again."""
        counting = Counting()
        with self.assertRaises(RuntimeError):
            counting.failure
        self.assertEqual(counting.failure, 5)

    def test_del_resets(self) -> None:
        """After `del`, the next access computes the value again."""
        counting = Counting()
        self.assertEqual(counting.value, 1)
        del counting.value
        self.assertEqual(counting.value, 2)

    def test_stored_as_a_plain_attribute(self) -> None:
        """The value is kept in `__dict__`, like any plain attribute."""
        counting = Counting()
        counting.value
        self.assertEqual(vars(counting)["value"], 1)

    def test_wraps(self) -> None:
        """The class has the decorator, with the method's name and docs."""
        decorated: Any = Counting.value
        self.assertIsInstance(decorated, memoize)
        self.assertEqual(decorated.__get__(Counting()), 1)
        self.assertEqual(decorated.__name__, "value")
        self.assertEqual(
            decorated.__doc__, "Compute the number of computations so far.")

    def test_property_mock(self) -> None:
        """A PropertyMock can replace it, even after a value is stored.

        Once the PropertyMock is gone, the stored value is back.
        """
        counting = Counting()
        self.assertEqual(counting.value, 1)
        # What is read without parentheses needs a PropertyMock, on the
        # class: reading the attribute calls the double.
        with patch.object(
                Counting, "value", new_callable=PropertyMock,
                return_value=9) as value:
            self.assertEqual(counting.value, 9)
        value.assert_called_once_with()
        self.assertEqual(counting.value, 1)

    @parameterized.expand([
        ("builtin", dir),
        ("lambda", lambda self: object()),
        ("partial_without_a_name", partial(lambda text, self: [text], "a")),
    ])
    def test_any_callable(self, _: str, method: Any) -> None:
        """Any callable will do: the key is the name of the attribute."""

        class Owner:
            """A class that names the attribute itself."""

            attribute = memoize(method)

        owner = Owner()
        value = owner.attribute
        self.assertEqual(vars(owner), {"attribute": value})

    def test_added_to_a_finished_class(self) -> None:
        """Added later, an attribute has no name, but stores its value."""

        class Finished:
            """A class that gets its attributes later."""

        setattr(Finished, "one", memoize(lambda self: ["one"]))
        setattr(Finished, "two", memoize(lambda self: ["two"]))
        finished: Any = Finished()
        self.assertIs(finished.one, finished.one)
        self.assertEqual((finished.one, finished.two), (["one"], ["two"]))
        self.assertIn("one", dir(finished))

    def test_class_without_dict(self) -> None:
        """Without a `__dict__` to store the value in, TypeError says so."""

        class Slotted:
            """A class whose instances have no `__dict__`."""

            __slots__ = ()

            @memoize
            def value(self) -> int:
                """Compute a number, in vain."""
                return 1

        # assertRaisesRegex also searches the message for the pattern.
        with self.assertRaisesRegex(TypeError, "__dict__"):
            Slotted().value


# For real use: responses that really arrive, in pages, in threads.

def page_url(number: int) -> str:
    """Return the URL of a page as GitHub numbers them."""
    return f"https://host/items?page={number}"


FIRST = page_url(1)
SECRET = "https://user:secret@host:8443/items"


def link_to(url: str, rel: str = "next") -> str:
    """Return a Link header of one link."""
    return f'<{url}>; rel="{rel}"'


def real_response(
        body: Any, link: str = "", *, url: str = FIRST,
        status: int = 200) -> requests.Response:
    """Return a Response as if it had arrived; bytes are not encoded."""
    response = requests.Response()
    response.status_code = status
    response.reason = "Because"
    response.url = url
    response.headers["Link"] = link
    response.raw = io.BytesIO(
        body if isinstance(body, bytes) else json.dumps(body).encode())
    return response


def numbered_pages(
        count: int, last: bool = True) -> Dict[str, requests.Response]:
    """Return the pages [1], [2] and so on, linked as GitHub links them.

    Their URLs are the keys. Each but the last page links to the next one,
    and to the last one if told so.
    """
    urls = [page_url(number) for number in range(1, count + 1)]
    pages = {url: real_response([number], url=url)
             for number, url in enumerate(urls, start=1)}
    for url, next_url in zip(urls, urls[1:]):
        header = link_to(next_url)
        if last:
            header += ", " + link_to(urls[-1], "last")
        pages[url].headers["Link"] = header
    return pages


class GetJsonTestCase(unittest.TestCase):
    """A base class: in its tests a function answers for requests.get.

    It has no tests itself; other classes inherit its setUp and its helpers.
    """

    def setUp(self) -> None:
        """Take note of the threads that are there already."""
        self.known_threads = threading.enumerate()

    def join_threads(self) -> None:
        """Wait for the end of all threads that the test has started."""
        for thread in set(threading.enumerate()) - set(self.known_threads):
            thread.join(timeout=10)

    def serve(self, respond: Callable[[str], requests.Response]) -> Any:
        """Replace requests.get until the test ends; return its double.

        The function may also be the `__getitem__` of a dict of pages.
        """
        patcher = patch("requests.get", autospec=True)
        get = patcher.start()
        # It answers by URL: pages are requested in no fixed order.
        get.side_effect = lambda url, **options: respond(url)
        # The last cleanup runs first: when the real get comes back, no
        # thread is left that could call it.
        self.addCleanup(patcher.stop)
        self.addCleanup(self.join_threads)
        return get


class TestGetJsonAnswers(GetJsonTestCase):
    """Unit tests of get_json: one real Response, good or bad."""

    @parameterized.expand([(None,), ("iso-8859-1",), ("utf-16",)])
    def test_encoding(self, encoding: Optional[str]) -> None:
        """JSON is in UTF-8, whatever the headers say (RFC 8259, 8.1)."""
        response = real_response(b'{"a": "\xc3\xa9"}')
        response.encoding = encoding
        self.serve(lambda url: response)
        self.assertEqual(get_json(FIRST), {"a": "\u00e9"})

    @parameterized.expand([(200,), (204,), (399,)])
    def test_status_is_good(self, status: int) -> None:
        """With a status below 400 the document is returned."""
        self.serve(lambda url: real_response({"a": 1}, status=status))
        self.assertEqual(get_json(FIRST), {"a": 1})

    @parameterized.expand([(400,), (404,), (500,), (599,)])
    def test_status_is_bad(self, status: int) -> None:
        """A status of 4xx or 5xx is an HTTPError that holds the response."""
        response = real_response({"message": "no"}, status=status)
        self.serve(lambda url: response)
        with self.assertRaises(requests.HTTPError) as caught:
            get_json(FIRST)
        self.assertIs(caught.exception.response, response)
        self.assertEqual(
            str(caught.exception), f"{FIRST} answered {status}: Because")

    @parameterized.expand([
        ("nothing", b""),
        ("html", b"<html></html>"),
        ("half", b'{"a": '),
        ("latin_1", b'{"a": "\xe9"}'),
        ("utf_16", "{}".encode("utf-16-le")),
        ("too_deep", b"[" * 100000),
    ])
    def test_no_json(self, _: str, body: bytes) -> None:
        """A body that is no JSON in UTF-8 is an AnswerError."""
        self.serve(lambda url: real_response(body))
        with self.assertRaises(AnswerError) as caught:
            get_json(FIRST)
        self.assertEqual(
            str(caught.exception), "host did not answer in JSON")
        self.assertIsNotNone(caught.exception.__cause__)

    @parameterized.expand([
        ("network", requests.ConnectionError()),
        ("interrupt", KeyboardInterrupt()),
    ])
    def test_body_that_breaks_off(
            self, _: str, error: BaseException) -> None:
        """An error while a streamed body is read is passed on unchanged."""
        response: Any = real_response(b"")
        response.raw = Mock(spec=["read"])
        response.raw.read.side_effect = error
        self.serve(lambda url: response)
        with self.assertRaises(type(error)) as caught:
            get_json(FIRST, stream=True)
        self.assertIs(caught.exception, error)

    def test_headers_that_fail(self) -> None:
        """An error that is not about a link is passed on unchanged."""
        response: Any = real_response([])
        response.headers = Mock()
        response.headers.get.side_effect = RuntimeError
        self.serve(lambda url: response)
        with self.assertRaises(RuntimeError):
            get_json(FIRST)

    def test_json_replaced(self) -> None:
        """A Response whose json() is a double needs no body."""
        response: Any = real_response(b"")
        response.raw = None
        response.json = Mock(return_value=[{"a": 1}])
        self.serve(lambda url: response)
        self.assertEqual(get_json(FIRST), [{"a": 1}])

    @parameterized.expand([
        ("value_error", ValueError("Invalid IPv6")),
        ("urllib3", DecodeError("bad gzip")),
    ])
    def test_error_of_another_library(
            self, _: str, error: Exception) -> None:
        """An error that requests does not wrap becomes an AnswerError."""
        self.serve(Mock(side_effect=error))
        with self.assertRaises(AnswerError) as caught:
            get_json(FIRST)
        self.assertEqual(
            str(caught.exception), f"{FIRST} can't be fetched: {error}")
        self.assertIs(caught.exception.__cause__, error)

    @parameterized.expand([(requests.RequestException,), (ValueError,)])
    def test_answer_error(self, kind: Any) -> None:
        """AnswerError is a RequestException, and a ValueError as well."""
        self.assertTrue(issubclass(AnswerError, kind))

    @parameterized.expand([
        ("status", real_response({}, url=SECRET, status=404),
         "https://host:8443/items answered 404: Because"),
        ("status_of_a_url_in_a_url", real_response(
            {}, url="https://host/?next=//user:secret@b/", status=404),
         "https://host/?next=//b/ answered 404: Because"),
        ("status_of_a_bad_url", real_response(
            {}, url="https://host:99999/", status=404),
         "https://host:99999/ answered 404: Because"),
        ("no_json", real_response(b"?", url=SECRET),
         "host:8443 did not answer in JSON"),
        ("broken_link", real_response([], "nonsense", url=SECRET),
         "https://host:8443/items has a broken link"),
        ("circle", real_response([], link_to(SECRET), url=SECRET),
         "https://host:8443/items links to a page already seen"),
        ("other_origin", real_response(
            [], link_to("https://user:secret@elsewhere/b"), url=SECRET),
         "https://host:8443/items links to another origin: "
         "https://elsewhere/b"),
        ("inner_error", ValueError("https://user:secret@elsewhere/b is bad"),
         "https://host:8443/items can't be fetched: "
         "https://elsewhere/b is bad"),
    ])
    def test_no_password_in_errors(
            self, _: str, outcome: Any, expected: str) -> None:
        """No error message contains a user or a password."""
        # An item of a side_effect that is an exception is raised.
        self.serve(Mock(side_effect=[outcome]))
        with self.assertRaises(requests.RequestException) as caught:
            get_json(SECRET)
        self.assertEqual(str(caught.exception), expected)

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
    def test_no_password_in_text(
            self, _: str, text: str, expected: str) -> None:
        """An AnswerError removes what precedes the host in a URL."""
        self.assertEqual(str(AnswerError(text)), expected)


NEXT = {"next": "u"}
BOTH = {"next": "u", "last": "v"}


class TestParseLinks(unittest.TestCase):
    """Unit tests of parse_links: the grammar of RFC 8288, section 3."""

    @parameterized.expand([
        ("no_link", "", {}),
        ("github", '<u>; rel="next", <v>; rel="last"', BOTH),
        ("upper_case", '<U>; REL="NEXT"', {"next": "U"}),
        ("not_quoted", "<u>; rel=next", NEXT),
        ("single_quotes", "<u>; rel='next'", NEXT),
        ("other_parameters", '<u>; title="a"; rel="next"; type=text/html',
         NEXT),
        ("other_characters", "<u>; title*=UTF-8'en'a%20b==; rel=next", NEXT),
        ("without_a_value", "<u>; crossorigin; rel=next; a=; b= ;c", NEXT),
        ("several_relations", '<u>; rel=" next\tlast "',
         {"next": "u", "last": "u"}),
        ("much_space", ' <u> ;\trel = "next" , <v>\t; rel= last\t', BOTH),
        ("no_space", "<u>;rel=next,<v>;rel=last", BOTH),
        ("empty_elements", ", ,<u>; rel=next,\t,<v>; rel=last, ,", BOTH),
        ("empty_parameters", "<u>;; ;rel=next;;", NEXT),
        ("empty_quotes", '<u>; a=""; rel="next"', NEXT),
        ("quoted_separators", '<u>; a="b, <c>; rel=last"; rel="next"', NEXT),
        ("quoted_quotes", r'<u>; a="\"; rel=\"last"; rel="next"', NEXT),
        ("quoted_backslash", r'<u>; a="\\"; rel="next"', NEXT),
        ("escaped_letters", r'<u>; rel="\n\e\x\t"', NEXT),
        ("backslash_not_quoted", r"<u>; rel=ne\xt", {r"ne\xt": "u"}),
        ("escaped_backslash", r'<u>; rel="a\\b"', {r"a\b": "u"}),
        ("separators_in_a_target", "<u?a=1,2;b=3>; rel=next",
         {"next": "u?a=1,2;b=3"}),
        ("empty_target", "<>; rel=next", {"next": ""}),
        ("no_relation", "<u>, <v>; rel, <w>; rel=", {}),
        ("other_names", "<u>; xrel=next; rel-x=next; rel=nextX",
         {"nextx": "u"}),
        ("first_relation_counts", "<u>; rel=prev; rel=next", {"prev": "u"}),
        ("first_target_counts", "<u>; rel=last, <v>; rel=last",
         {"last": "u"}),
        ("same_next_twice", "<u>; rel=next, <u>; rel=next", NEXT),
        ("other_with_an_anchor", "<u>; rel=up; anchor=a, <v>; rel=next",
         {"up": "u", "next": "v"}),
    ])
    def test_links(
            self, _: str, header: str, expected: Dict[str, str]) -> None:
        """The targets come back by relation, in lower case."""
        self.assertEqual(parse_links(header), expected)

    @parameterized.expand([
        ("nonsense", "nonsense"),
        ("nonsense_after_a_link", "<u>; rel=next, nonsense"),
        ("no_brackets", "u; rel=next"),
        ("open_target", "<u; rel=next"),
        ("target_open_up_to_another", "<u; rel=next, <v>; rel=last"),
        ("no_comma", "<u>; rel=next <v>; rel=last"),
        ("no_semicolon", "<u> rel=next"),
        ("no_name", "<u>; =next"),
        ("space_in_a_name", "<u>; re l=next"),
        ("space_in_a_value", "<u>; rel=next last"),
        ("open_bracket_in_a_name", "<u>; <v; rel=next"),
        ("bracket_in_a_name", "<u>; v>; rel=next"),
        ("quote_in_a_name", '<u>; "rel"=next'),
        ("quote_in_a_value", '<u>; rel=ne"xt"'),
        ("open_quote", '<u>; rel="next'),
        ("escaped_end_of_a_quote", r'<u>; rel="next\"'),
        ("text_after_a_quote", '<u>; rel="next"x'),
        ("two_next_pages", "<u>; rel=next, <v>; rel=next"),
        ("next_to_something_else", "<u>; rel=next; anchor=a"),
        ("anchor_in_upper_case", "<u>; ANCHOR=a; rel=next"),
        # A pattern that matches this in two ways would take for ever.
        ("made_to_take_long", "<u>" + ";a = " * 10000 + '"'),
    ])
    def test_broken(self, _: str, header: str) -> None:
        """A broken header, or one whose next page is unclear, is an error."""
        with self.assertRaises(ValueError):
            parse_links(header)

    @parameterized.expand([
        ("no_link", "nonsense", "this is not a link"),
        ("two_next_pages", "<u>; rel=next, <v>; rel=next",
         "it is unclear which page is next"),
    ])
    def test_what_is_wrong(self, _: str, header: str, expected: str) -> None:
        """The error says whether the grammar or the next page is wrong."""
        with self.assertRaises(ValueError) as caught:
            parse_links(header)
        self.assertEqual(str(caught.exception), expected)


def headers_of_pieces() -> Iterator[str]:
    """Yield random headers, valid or not, that name page 2 as the next."""
    # With a fixed seed every run tests the same headers.
    chance = random.Random(8288)
    relations = [
        ";rel=next", "; REL=NEXT", "; rel='next'", ' ;\trel = "next" ',
        '; rel="start  Next"', r'; rel="n\ext"', "; rel=next; rel=up"]
    others = [
        "", ";", ";; ", "; a", ";a= ", "; a=b", '; a="b, <c>; rel=d"',
        r'; a="\"; rel=up"', "; anchor=a", '; a="b', " a"]
    links = [
        "", "<>", "nonsense", link_to(page_url(2)), link_to(page_url(3)),
        link_to(page_url(3), "last"), link_to(FIRST, "first"),
        link_to("https://elsewhere/"), link_to("https://elsewhere/", "last")]
    for _ in range(1500):
        link = (f"<{page_url(2)}>" + chance.choice(others)
                + chance.choice(relations) + chance.choice(others))
        elements = [link, *chance.choices(links, k=2)]
        chance.shuffle(elements)
        yield chance.choice([",", ", ", " ,,\t"]).join(elements)


def damaged_headers() -> Iterator[str]:
    """Yield GitHub's header, in either order, with some characters changed.

    One to three are inserted, replaced or left out, anywhere.
    """
    chance = random.Random(9110)
    characters = ["", *"<>;,=\"'\\ \t/:@?#%[]x\x00\u00e9"]
    links = [link_to(page_url(2)), link_to(page_url(3), "last")]
    for _ in range(1500):
        chance.shuffle(links)
        header = ", ".join(links)
        for _ in range(chance.randint(1, 3)):
            place = chance.randrange(len(header))
            rest = header[place + chance.randrange(2):]
            header = header[:place] + chance.choice(characters) + rest
        yield header


class TestAnyLinkHeader(unittest.TestCase):
    """Unit tests of get_json: thousands of random Link headers."""

    def listing(self, header: str) -> str:
        """Tell how much of three pages comes if the first has this header.

        No other server may be asked, and no error may be raised but an
        AnswerError, or the HTTPError of a page that does not exist.
        """
        pages = numbered_pages(3)
        pages[FIRST].headers["Link"] = header

        def get(url: str) -> requests.Response:
            """Answer for any URL, but of this host alone."""
            self.assertEqual(origin(url), ("https", "host", 443), header)
            return pages.get(url) or real_response({}, status=404)

        # Not a Mock: recording so many calls would take too long.
        session: Any = SimpleNamespace(get=get)
        try:
            items = get_json(FIRST, session, workers=1)
        except (AnswerError, requests.HTTPError):
            return "error"
        return "whole" if items == [1, 2, 3] else "part"

    def test_pieces_of_the_grammar(self) -> None:
        """A header that names the next page gives all pages or an error."""
        # A header for each result, to be shown if the assertion fails.
        results = {self.listing(header): header
                   for header in headers_of_pieces()}
        self.assertEqual(set(results), {"whole", "error"}, results)

    def test_damaged(self) -> None:
        """No page is lost without an error if the next one is named."""
        results = {(self.listing(header), '>; rel="next"' in header): header
                   for header in damaged_headers()}
        self.assertIn(("whole", True), results)
        self.assertNotIn(("part", True), results, results)


class TestGetJsonPages(GetJsonTestCase):
    """Unit tests of get_json: a list in pages, and the links between them."""

    @parameterized.expand([
        (1, True), (2, True), (3, True), (12, True), (2, False), (12, False),
    ])
    def test_whole_list(self, count: int, last: bool) -> None:
        """All pages come as one list, in order, each fetched once.

        That holds whether the first page names the last or just the next.
        """
        get = self.serve(numbered_pages(count, last).__getitem__)
        self.assertEqual(get_json(FIRST), list(range(1, count + 1)))
        # The threads ask for pages in any order.
        get.assert_has_calls(
            [call(page_url(number)) for number in range(1, count + 1)],
            any_order=True)
        self.assertEqual(get.call_count, count)

    def test_list_that_grew(self) -> None:
        """If the last page turns out to have a next one, that comes too."""
        pages = numbered_pages(4, last=False)
        pages[FIRST].headers["Link"] += ", " + link_to(page_url(3), "last")
        self.serve(pages.__getitem__)
        self.assertEqual(get_json(FIRST), [1, 2, 3, 4])

    @parameterized.expand([
        ("path_before_its", "https://host/a?page=5"),
        ("path_after_its", "https://host/things?page=5"),
        ("another_query", "https://host/items?page=5&x=1"),
        ("another_name", "https://host/items?homepage=5"),
        ("not_numbered", "https://host/items?cursor=abc"),
        ("number_too_long", page_url(10**18)),
        ("before_the_next", page_url(1)),
        ("on_another_host", "https://elsewhere/items?page=5"),
    ])
    def test_last_unlike_next(self, _: str, last: str) -> None:
        """If the last URL does not fit, pages are followed one by one."""
        pages = numbered_pages(3, last=False)
        pages[FIRST].headers["Link"] += ", " + link_to(last, "last")
        get = self.serve(pages.__getitem__)
        self.assertEqual(get_json(FIRST), [1, 2, 3])
        self.assertEqual(get.call_count, 3)

    @parameterized.expand([
        ("next_alone", page_url(5)), ("last_too", page_url(5) + "x"),
    ])
    def test_next_not_numbered(self, _: str, last: str) -> None:
        """If the next URL has no number, pages are followed one by one."""
        second = page_url(2) + "x"
        pages = {
            FIRST: real_response(
                [1], link_to(second) + ", " + link_to(last, "last")),
            second: real_response([2], url=second)}
        self.serve(pages.__getitem__)
        self.assertEqual(get_json(FIRST), [1, 2])

    @parameterized.expand([
        ("alone", "?page={}"),
        ("after_others", "?per_page=100&page={}"),
        ("before_others", "?page={}&per_page=100"),
        ("before_nothing", "?page={}&"),
        ("before_a_fragment", "?page={}#top"),
    ])
    def test_number_anywhere_in_the_query(self, _: str, query: str) -> None:
        """Pages can be counted wherever in the query the number is."""
        urls = ["https://host/items" + query.format(n) for n in range(8, 12)]
        pages = {url: real_response([url], url=url) for url in urls}
        pages[FIRST] = real_response(
            [], link_to(urls[0]) + ", " + link_to(urls[-1], "last"))
        self.serve(pages.__getitem__)
        self.assertEqual(get_json(FIRST), urls)

    @parameterized.expand([
        ("query", "?page=2"),
        ("path", "items?page=2"),
        ("path_from_the_root", "/items?page=2"),
        ("dots", "../items?page=2"),
        ("host", "//host/items?page=2"),
        ("upper_case", "HTTPS://HOST/items?page=2"),
        ("default_port", "https://host:443/items?page=2"),
    ])
    def test_other_forms_of_a_link(self, _: str, link: str) -> None:
        """A link is relative to its page (RFC 8288, 3.2), and normalized."""
        pages = numbered_pages(2)
        pages[FIRST].headers["Link"] = link_to(link)
        self.serve(lambda url: pages[url.replace(":443", "")])
        self.assertEqual(get_json(FIRST), [1, 2])

    def test_subclass_of_response(self) -> None:
        """A subclass of Response, such as a cache's, has pages, too."""

        class CachedResponse(requests.Response):
            """A Response as a session of its own kind returns it."""

        pages: Any = numbered_pages(2)
        # Python lets an object change its class after it was made.
        pages[FIRST].__class__ = CachedResponse
        self.serve(pages.__getitem__)
        self.assertEqual(get_json(FIRST), [1, 2])

    def test_options(self) -> None:
        """Every page gets the options, but only the first gets params.

        The URLs that it links to contain them already.
        """
        get = self.serve(numbered_pages(2).__getitem__)
        get_json(FIRST, timeout=3, params={"per_page": 2})
        get.assert_has_calls([
            call(FIRST, timeout=3, params={"per_page": 2}),
            call(page_url(2), timeout=3)])

    def test_document_without_pages(self) -> None:
        """A document that is no list is returned; its links are ignored."""
        get = self.serve(
            lambda url: real_response({"a": 1}, link_to(page_url(2))))
        self.assertEqual(get_json(FIRST), {"a": 1})
        get.assert_called_once_with(FIRST)

    @parameterized.expand([
        ("other_host", link_to("https://elsewhere/items?page=2"),
         "links to another origin: https://elsewhere/items?page=2"),
        ("other_scheme", link_to("http://host/items?page=2"),
         "links to another origin: http://host/items?page=2"),
        ("other_port", link_to("https://host:444/items?page=2"),
         "links to another origin: https://host:444/items?page=2"),
        ("no_host", link_to("mailto:octocat"),
         "links to another origin: mailto:///octocat"),
        ("itself", link_to(FIRST), "links to a page already seen"),
        ("too_many", link_to(page_url(2)) + ", "
         + link_to(page_url(10**9), "last"), "is one of more than 5000 pages"),
    ])
    def test_link_not_followed(
            self, _: str, header: str, problem: str) -> None:
        """A bad link is an AnswerError, and nothing more is asked for."""
        get = self.serve(lambda url: real_response([1], header))
        with self.assertRaises(AnswerError) as caught:
            get_json(FIRST)
        self.assertEqual(str(caught.exception), f"{FIRST} {problem}")
        get.assert_called_once_with(FIRST)

    @parameterized.expand([
        ("no_url", link_to("http://[")),
        ("no_port", link_to("https://host:x/")),
        ("no_link", "nonsense"),
    ])
    def test_broken_link(self, _: str, header: str) -> None:
        """A header that can't be read is an AnswerError as well."""
        self.serve(lambda url: real_response([1], header))
        with self.assertRaises(AnswerError) as caught:
            get_json(FIRST)
        self.assertEqual(str(caught.exception), f"{FIRST} has a broken link")
        self.assertIsInstance(caught.exception.__cause__, ValueError)

    @parameterized.expand([
        ("to_the_page_before", link_to(page_url(2))),
        ("to_the_url_asked_for", link_to("https://host/start")),
        ("to_the_url_redirected_to", link_to(FIRST)),
        ("to_what_the_first_calls_first", link_to("https://host/a")),
        ("to_what_itself_calls_first",
         link_to("https://host/b", "first") + ", " + link_to("https://host/b")
         ),
    ])
    def test_circle(self, _: str, header: str) -> None:
        """A page that has been seen is not requested again."""
        pages = numbered_pages(3)
        pages["https://host/start"] = pages[FIRST]
        pages[FIRST].headers["Link"] += ", " + link_to(
            "https://host/a", "first")
        pages[page_url(3)].headers["Link"] = header
        get = self.serve(pages.__getitem__)
        with self.assertRaises(AnswerError) as caught:
            get_json("https://host/start")
        self.assertEqual(
            str(caught.exception),
            f"{page_url(3)} links to a page already seen")
        self.assertEqual(get.call_count, 3)

    @parameterized.expand([("numbered", True), ("one_by_one", False)])
    def test_most_pages(self, _: str, last: bool) -> None:
        """Up to MAX_PAGES pages are fetched; one more is an error."""
        # A constant is patched like a function, here to save time.
        self.assertEqual(MAX_PAGES, 5000)
        self.serve(numbered_pages(4, last).__getitem__)
        with patch("utils.MAX_PAGES", 4):
            self.assertEqual(get_json(FIRST), [1, 2, 3, 4])
        with patch("utils.MAX_PAGES", 3):
            with self.assertRaisesRegex(AnswerError, "more than 3 pages"):
                get_json(FIRST)

    @parameterized.expand([("in_the_middle", 2), ("at_the_end", 3)])
    def test_page_that_is_no_list(self, _: str, number: int) -> None:
        """A later page that is not a list is an AnswerError."""
        url = page_url(number)
        pages = numbered_pages(3)
        pages[url] = real_response({"message": "?"}, url=url)
        self.serve(pages.__getitem__)
        with self.assertRaises(AnswerError) as caught:
            get_json(FIRST)
        self.assertEqual(str(caught.exception), f"{url} is not a list")


class TestGetJsonWorkers(GetJsonTestCase):
    """Unit tests of get_json: pages in flight, and what becomes of them."""

    @parameterized.expand([
        ("one", {"workers": 1}, 1),
        ("three", {"workers": 3}, 3),
        ("ten_by_default", {}, 10),
    ])
    def test_pages_in_flight(
            self, _: str, options: Dict[str, Any], expected: int) -> None:
        """As many pages are in flight as there are workers, and no more.

        A barrier lets nobody pass until `expected` pages wait at it: with
        fewer in flight it breaks after 10 seconds, and the test fails. More
        would show in the counts.
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
        self.assertEqual(len(get_json(FIRST, **options)), len(pages))
        self.assertEqual(max(counts), expected)

    def test_workers_by_keyword(self) -> None:
        """A bare third argument is refused: workers must be named."""
        self.serve(numbered_pages(1).__getitem__)
        untyped: Any = get_json
        with self.assertRaises(TypeError):
            untyped(FIRST, None, 3)

    @parameterized.expand([(0,), (-1,)])
    def test_workers_below_one(self, workers: int) -> None:
        """Fewer than one worker is a ValueError, before the second page."""
        get = self.serve(numbered_pages(2).__getitem__)
        with self.assertRaises(ValueError) as caught:
            get_json(FIRST, workers=workers)
        self.assertEqual(
            str(caught.exception), "workers must be at least 1")
        get.assert_called_once_with(FIRST)

    @parameterized.expand([
        ("page_2_fails", 2, 3, requests.ConnectionError(),
         requests.ConnectionError),
        ("page_3_fails", 3, 2, requests.ConnectionError(),
         requests.ConnectionError),
        ("bad_status", 3, 2, real_response([], status=404),
         requests.HTTPError),
        ("interrupt", 3, 2, KeyboardInterrupt(), KeyboardInterrupt),
    ])
    def test_error_comes_at_once(
            self, _: str, failing: int, hanging: int, outcome: Any, kind: Any
            ) -> None:
        """An error is raised though another page hangs; no page follows.

        Each of the two pages waits until the other is in flight, too.
        """
        pages = numbered_pages(9)
        both = threading.Barrier(2, timeout=10)
        # An event holds a thread back until another one sets it.
        released = threading.Event()
        answered: List[str] = []
        # An outcome that is an exception is raised, any other returned.
        fail = Mock(side_effect=[outcome])

        def respond(url: str) -> Any:
            """Let one page fail, and another hang."""
            if url in (page_url(failing), page_url(hanging)):
                both.wait()
            if url == page_url(failing):
                return fail()
            if url == page_url(hanging):
                released.wait(timeout=10)
            answered.append(url)
            return pages[url]

        get = self.serve(respond)
        self.addCleanup(released.set)
        with self.assertRaises(kind):
            get_json(FIRST, workers=2)
        self.assertEqual(answered, [FIRST])
        released.set()
        self.join_threads()
        self.assertEqual(get.call_count, 3)

    @parameterized.expand([
        ("no_list", real_response({})),
        ("bad_status", real_response([], status=404)),
        ("broken_off", real_response(b"[")),
    ])
    def test_nothing_asked_after_a_bad_page(
            self, _: str, bad: requests.Response) -> None:
        """After a bad page, no page is requested but those in flight."""
        pages = {**numbered_pages(9), page_url(2): bad}
        released = threading.Event()
        asked: List[str] = []

        def respond(url: str) -> requests.Response:
            """Let page 3 hang, should it be asked for."""
            asked.append(url)
            if url == page_url(3):
                released.wait(timeout=10)
            return pages[url]

        self.serve(respond)
        with self.assertRaises(requests.RequestException):
            try:
                get_json(FIRST, workers=1)
            finally:
                # While the error propagates, its traceback keeps the iterator
                # alive: threads that stop only with the iterator go on here.
                released.set()
                self.join_threads()
        self.assertIn(page_url(2), asked)
        self.assertNotIn(page_url(4), asked)

    def test_no_thread_to_be_had(self) -> None:
        """If no thread can be started, no further page is requested."""
        get = self.serve(numbered_pages(3).__getitem__)
        # No system has room for a stack of this size.
        self.addCleanup(threading.stack_size, threading.stack_size(2**60))
        with self.assertRaises(RuntimeError):
            get_json(FIRST)
        get.assert_called_once_with(FIRST)

    def test_no_thread_is_left(self) -> None:
        """Once the list is complete, the threads that fetched it end."""
        self.serve(numbered_pages(12).__getitem__)
        self.assertEqual(len(get_json(FIRST)), 12)
        self.join_threads()
        # assertCountEqual wants the same items, in any order.
        self.assertCountEqual(threading.enumerate(), self.known_threads)


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


PROGRAM = """
import signal, sys, utils
signal.signal(signal.SIGINT, signal.default_int_handler)
utils.get_json(sys.argv[1])
"""


class TestGetJsonOverLoopback(unittest.TestCase):
    """Integration tests of get_json: real HTTP to a real server."""

    @parameterized.expand([(1,), (30,), (31,), (95,)])
    def test_whole_list(self, count: int) -> None:
        """A bare call gets the whole list, 30 repositories a page."""
        repos = numbered_repos(count)
        asked: List[Asked] = []
        # patch.dict empties the environment, so that no proxy is in the way,
        # and puts it back afterwards.
        with patch.dict(os.environ, clear=True):
            with replay(repos=repos, on_request=asked.append) as url:
                names = [repo["name"] for repo
                         in get_json(f"{url}/orgs/google/repos")]
        self.assertEqual(names, [repo["name"] for repo in repos])
        self.assertEqual(len(asked), -(-count // 30))

    @parameterized.expand([
        ("error", Fault(404), 0, "HTTPError"),  # Signal 0 does nothing.
        ("ctrl_c", Fault(wait=60), signal.SIGINT, "KeyboardInterrupt"),
    ])
    def test_program_ends(
            self, _: str, second: Fault, number: int, last_words: str
            ) -> None:
        """A program that fails at page 2 ends at once, though page 3 hangs.

        Page 2 is not answered before page 3 is asked for.
        """
        page_3_hangs = threading.Event()

        def on_request(asked: Asked) -> None:
            """Have one page wait for the other."""
            if "page=3" in asked.target:
                page_3_hangs.set()
            elif "page=2" in asked.target:
                page_3_hangs.wait(timeout=10)

        script = {"page=2": [second], "page=3": [Fault(wait=60)]}
        with replay(script, repos=numbered_repos(90),
                    on_request=on_request) as url:
            program = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, f"{url}/orgs/google/repos"],
                cwd=os.path.dirname(os.path.abspath(__file__)),
                env={"PYTHONDONTWRITEBYTECODE": "1"},
                stderr=subprocess.PIPE, universal_newlines=True)
            # As at the end of a `with`: close its pipes, wait for its end.
            self.addCleanup(program.__exit__, None, None, None)
            self.addCleanup(program.kill)
            page_3_hangs.wait(timeout=10)
            program.send_signal(number)
            errors = program.communicate(timeout=10)[1]
        self.assertIn(last_words, errors.splitlines()[-1])


if __name__ == "__main__":
    unittest.main()
