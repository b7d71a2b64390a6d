#!/usr/bin/env python3
"""A model suite for utils, and the first of two: test_client.py is next.

Read it from top to bottom. Each pattern of testing is explained where it
first occurs, and nothing is used before it is explained. TestAccessNestedMap
needs no test double, and TestMemoize needs none. TestGetJson and
TestGetJsonWithSetUp replace `requests.get`: no test asks the network.

Run all of it, or one class, or one test:

    python -m unittest test_utils.py
    python -m unittest test_utils.TestMemoize
    python -m unittest test_utils.TestMemoize.test_memoize
"""
import unittest
from types import MappingProxyType
from typing import Any, List, Mapping, Sequence
from unittest.mock import Mock, call, patch

import requests
from parameterized import parameterized

from utils import access_nested_map, get_json, memoize


# A class of tests is a subclass of unittest.TestCase. unittest runs each of
# its methods whose name begins with "test". Each test gets an instance of
# the class of its own, so that no test can disturb another.
class TestAccessNestedMap(unittest.TestCase):
    """Unit tests of access_nested_map: a value at the end of a path."""

    # `-> None` is a type hint: this method returns nothing. Python does not
    # check type hints. They may be left out, here and everywhere below.
    def test_two_keys(self) -> None:
        """Two keys lead to the value in the inner map.

        Most tests have these three steps: arrange (make what is needed),
        act (call what is tested), assert (compare what has come back).
        """
        nested_map = {"a": {"b": 2}}
        value = access_nested_map(nested_map, ("a", "b"))
        self.assertEqual(value, 2)

    # A table of cases. A line that begins with @ is a decorator: it takes
    # the function below it, and puts something else in its place. `expand`
    # puts one test for each row there, and passes it the values of the row
    # as arguments. The first value, if it is text, goes into the name of the
    # test, after the number of the row: test_access_nested_map_0_one_key,
    # test_access_nested_map_1_inner_map and so on. The test itself has no
    # use for it, so its parameter is called _.
    @parameterized.expand([
        ("one_key", {"a": 1}, ("a",), 1),
        ("inner_map", {"a": {"b": 2}}, ("a",), {"b": 2}),
        ("three_keys", {"a": {"b": {"c": 3}}}, ("a", "b", "c"), 3),
        ("keys_of_any_type", {1: {None: "x"}}, (1, None), "x"),
        ("value_none", {"a": {"b": None}}, ("a", "b"), None),
        ("not_a_dict", MappingProxyType({"a": 1}), ("a",), 1),
    ])
    def test_access_nested_map(
            self, _: str, nested_map: Mapping[Any, Any],
            path: Sequence[Any], expected: Any) -> None:
        """The value at the end of the path comes back."""
        self.assertEqual(access_nested_map(nested_map, path), expected)

    def test_empty_path(self) -> None:
        """An empty path returns the map itself, not a copy."""
        nested_map = {"a": 1}
        # assertIs wants the same object. assertEqual wants an equal one, and
        # a copy would be equal.
        self.assertIs(access_nested_map(nested_map, ()), nested_map)

    @parameterized.expand([
        ("empty_map", {}, ("a",), "a"),
        ("first_of_two", {}, ("a", "b"), "a"),
        ("second_of_two", {"a": {}}, ("a", "b"), "b"),
        ("step_into_a_number", {"a": 1}, ("a", "b"), "b"),
        ("step_into_none", {"a": None}, ("a", "b"), "b"),
        ("step_into_a_list", {"a": ["x"]}, ("a", 0), 0),
    ])
    def test_access_nested_map_exception(
            self, _: str, nested_map: Mapping[Any, Any],
            path: Sequence[Any], failed: Any) -> None:
        """A KeyError is raised, and holds the key that failed."""
        # An exception: the test fails if the block ends without this one.
        with self.assertRaises(KeyError) as caught:
            access_nested_map(nested_map, path)
        # The call that raises ends the block. A line after it, but still in
        # the block, would never run. So the comparison stands outside.
        self.assertEqual(caught.exception.args, (failed,))


class TestMemoize(unittest.TestCase):
    """Unit tests of memoize: a method becomes an attribute, kept once read.

    What `circle.area` means depends on what stands in the class Circle:

    - a plain method: it is the method, and `circle.area()` calls it;
    - a method under @property: reading `circle.area` calls it, each time;
    - a method under @memoize: the first reading calls it, and what comes
      back is kept for the later ones.

    So there are no parentheses after a memoized attribute.
    """

    def test_memoize(self) -> None:
        """An attribute that is read twice is computed once."""
        # Counting: the method writes down each of its calls in a list. What
        # records calls is called a spy.
        computed = []

        class Circle:
            """A circle whose area is memoized."""

            @memoize
            def area(self) -> float:
                """Record that the area is computed, and return it."""
                computed.append("area")
                return 3.14

        circle = Circle()
        self.assertEqual(circle.area, 3.14)
        self.assertEqual(circle.area, 3.14)
        self.assertEqual(computed, ["area"])

    def test_each_instance_has_its_own_value(self) -> None:
        """The value of one instance is not the value of another."""

        class Square:
            """A square whose area is memoized."""

            def __init__(self, side: int) -> None:
                """Keep the length of a side."""
                self.side = side

            @memoize
            def area(self) -> int:
                """Compute the area from the side."""
                return self.side * self.side

        small, large = Square(2), Square(3)
        self.assertEqual(small.area, 4)
        self.assertEqual(large.area, 9)
        # Read again: computing the second has not changed the first.
        self.assertEqual(small.area, 4)

    def test_none_is_kept_and_an_exception_is_not(self) -> None:
        """None is a value like any other; after an exception there is none.

        The method fails once and returns None once. A third call would find
        the list empty, and `pop` would raise an IndexError.
        """
        results: List[Any] = [ValueError("not yet"), None]

        class Report:
            """A report that is not ready at first."""

            @memoize
            def text(self) -> None:
                """Raise the first result; return the second."""
                result = results.pop(0)
                if result is not None:
                    raise result

        report = Report()
        with self.assertRaises(ValueError):
            report.text
        self.assertIsNone(report.text)
        self.assertIsNone(report.text)

    def test_docstring(self) -> None:
        """The attribute has the docstring of the method, for help()."""

        class Circle:
            """A circle whose area is memoized."""

            @memoize
            def area(self) -> float:
                """Return the area."""
                return 3.14

        # Read on the class, not on an instance: nothing is computed.
        self.assertEqual(Circle.area.__doc__, "Return the area.")


class TestGetJson(unittest.TestCase):
    """Unit tests of get_json, with a test double in place of requests.get.

    The real one asks the network: slow, and another answer tomorrow. A test
    double plays its part for one test, as a stunt double does for an actor.
    """

    # `patch` puts a Mock in place of what it names while the test runs, and
    # puts the real thing back afterwards. As a decorator it passes the Mock
    # to the test, as one more argument. get_json finds `get` in the module
    # requests each time that it is called, so that is where to replace it.
    @patch("requests.get")
    def test_json_of_the_response(self, get: Mock) -> None:
        """What comes back is the JSON of the response: that very object."""
        document = {"payload": True}
        # A Mock has every attribute that it is asked for, each of them a
        # Mock. It can be called, and returns its return_value. So this line
        # says what `requests.get(...).json()` is.
        get.return_value.json.return_value = document
        self.assertIs(get_json("http://example.com"), document)

    # Both decorators on one test. They work from the bottom up: first patch
    # takes the test, then expand takes what patch has made. A call goes the
    # other way: expand passes the values of the row, then patch adds its
    # Mock. So the row comes first and the Mock last. Had `get` been put
    # before `url`, it would hold the URL, and `get.return_value` would be an
    # AttributeError: text has no such attribute.
    @parameterized.expand([
        ("object", "http://example.com", {"payload": True}),
        ("list", "http://example.com/a/list", [1, 2]),
        ("null", "http://example.com/null", None),
    ])
    @patch("requests.get")
    def test_get_json(
            self, _: str, url: str, document: Any, get: Mock) -> None:
        """The URL is requested once, as it is, and its JSON comes back."""
        response = Mock()
        response.json.return_value = document
        get.return_value = response
        self.assertEqual(get_json(url), document)
        # A Mock records its calls, as the list in test_memoize did. This
        # fails if there was no call, a second one, or other arguments.
        get.assert_called_once_with(url)
        response.json.assert_called_once_with()

    def test_error_is_passed_on(self) -> None:
        """What requests.get raises is passed on, not hidden."""
        # In a `with`, patch replaces only while the block lasts, and the
        # Mock is what follows `as`. Keyword arguments set it up. An
        # exception as side_effect is raised when the Mock is called.
        #
        # A plain Mock takes any arguments, also those that the real function
        # would refuse. With autospec=True it takes what the real one takes,
        # and anything else is a TypeError, as in real life.
        with patch("requests.get", autospec=True,
                   side_effect=requests.ConnectionError("no route")) as get:
            with self.assertRaises(requests.ConnectionError):
                get_json("http://example.com")
        get.assert_called_once_with("http://example.com")


class TestGetJsonWithSetUp(unittest.TestCase):
    """Unit tests of get_json that share how requests.get is replaced."""

    # unittest calls setUp before each test, and each time anew. So all the
    # tests of the class have the double, and share nothing.
    def setUp(self) -> None:
        """Replace requests.get for one test."""
        # Here no block ends with the test, and no function either. So the
        # patch is started by hand, and must be stopped by hand.
        patcher = patch("requests.get", autospec=True)
        self.get = patcher.start()
        # addCleanup notes what to call when the test is over, whether it
        # passes or fails. `stop` stands here without parentheses: it is
        # handed over, not called. Of several cleanups, the last one added
        # is called first.
        self.addCleanup(patcher.stop)

    def test_each_call_is_a_request(self) -> None:
        """Nothing is kept from one call to the next."""
        first, second = Mock(), Mock()
        first.json.return_value = "old"
        second.json.return_value = "new"
        # A list as side_effect: each call returns its next item.
        self.get.side_effect = [first, second]
        self.assertEqual(get_json("http://example.com/a"), "old")
        self.assertEqual(get_json("http://example.com/a"), "new")
        # `call` writes down a call, to compare it with those recorded. This
        # wants these calls one right after the other.
        self.get.assert_has_calls(
            [call("http://example.com/a"), call("http://example.com/a")])

    def test_answer_that_is_not_json(self) -> None:
        """A ValueError of the response's json() is passed on."""
        self.get.return_value.json.side_effect = ValueError("not JSON")
        with self.assertRaises(ValueError):
            get_json("http://example.com")


# True if this file is run as a program (./test_utils.py), not imported.
if __name__ == "__main__":
    unittest.main()
