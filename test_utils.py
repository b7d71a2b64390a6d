#!/usr/bin/env python3
"""A model suite for utils, the first of two: test_client.py is the second.

Read it from top to bottom: each pattern of testing is explained where it
first occurs.

In an integration test, `client` calls the real `utils.get_json`; all other
tests are unit tests. So all tests here are unit tests. Each tests one
function. The functions in the first two classes need nothing else. get_json
needs `requests.get`, which asks the network. The last two classes put a test
double in its place.

Run the whole suite, one class, or one test:

    python -m unittest test_utils.py
    python -m unittest test_utils.TestMemoize
    python -m unittest test_utils.TestMemoize.test_memoize
"""
import unittest
from typing import Any, Mapping, Sequence
from unittest.mock import Mock, call, patch

import requests
from parameterized import parameterized
from requests.structures import CaseInsensitiveDict

from utils import access_nested_map, get_json, memoize


# A class of tests is a subclass of unittest.TestCase. Each of its methods
# whose name begins with "test" is a test. unittest makes a new instance of
# the class for each test, so what one test stores in `self`, no other sees.
class TestAccessNestedMap(unittest.TestCase):
    """Unit tests of access_nested_map: the value at the end of a path."""

    # `-> None` is a type hint: this method returns nothing. Python itself
    # does not check type hints. You may leave them out of your own tests.
    def test_two_keys(self) -> None:
        """Two keys lead to the value in the inner map.

        Most tests have these three steps: arrange (make what is needed),
        act (call what is tested), assert (compare the result with what was
        expected).
        """
        nested_map = {"a": {"b": 2}}
        value = access_nested_map(nested_map, ("a", "b"))
        self.assertEqual(value, 2)

    # A table of cases. A line that begins with @ is a decorator: it takes
    # the function below it and puts something else in its place. `expand`
    # makes one test of each row, and passes the values of the row to it as
    # arguments. If the first value is text, it becomes part of the name of
    # the test, after the number of the row. So these are the tests
    # test_access_nested_map_0_one_key, test_access_nested_map_1_inner_map
    # and so on. The test itself does not need that value, so the parameter
    # is called _ (not used).
    @parameterized.expand([
        ("one_key", {"a": 1}, ("a",), 1),
        ("inner_map", {"a": {"b": 2}}, ("a",), {"b": 2}),
        ("three_keys", {"a": {"b": {"c": 3}}}, ("a", "b", "c"), 3),
        ("keys_of_any_type", {1: {None: "x"}}, (1, None), "x"),
        ("value_none", {"a": {"b": None}}, ("a", "b"), None),
        # requests keeps the headers of a response in such a mapping.
        ("not_a_dict", CaseInsensitiveDict({"Link": 1}), ("Link",), 1),
    ])
    def test_access_nested_map(
            self, _: str, nested_map: Mapping[Any, Any],
            path: Sequence[Any], expected: Any) -> None:
        """The value at the end of the path comes back."""
        self.assertEqual(access_nested_map(nested_map, path), expected)

    def test_empty_path(self) -> None:
        """An empty path returns the map itself, not a copy."""
        nested_map = {"a": 1}
        # assertIs wants the very same object. A copy would be enough for
        # assertEqual, because a copy is equal.
        self.assertIs(access_nested_map(nested_map, ()), nested_map)

    @parameterized.expand([
        ("empty_map", {}, ("a",), "a"),
        ("first_of_two", {}, ("a", "b"), "a"),
        ("second_of_two", {"a": {}}, ("a", "b"), "b"),
        ("step_into_a_number", {"a": 1}, ("a", "b"), "b"),
        ("step_into_none", {"a": None}, ("a", "b"), "b"),
        ("step_into_a_list", {"a": ["x"]}, ("a", 0), 0),
        ("not_a_dict", CaseInsensitiveDict(), ("Link",), "Link"),
    ])
    def test_access_nested_map_exception(
            self, _: str, nested_map: Mapping[Any, Any],
            path: Sequence[Any], failed: Any) -> None:
        """A KeyError is raised, and holds the key that failed."""
        # The test fails if nothing in this block raises a KeyError. The
        # name after `as` holds the exception that was caught.
        with self.assertRaises(KeyError) as caught:
            access_nested_map(nested_map, path)
        # Compare after the block. The exception ends the block, so a line
        # that follows inside it never runs.
        self.assertEqual(caught.exception.args, (failed,))


class TestMemoize(unittest.TestCase):
    """Unit tests of memoize: an attribute that is computed once.

    What `circle.area` is depends on how the class Circle defines area:

    - as a plain method: `circle.area` is the method, and only
      `circle.area()` calls it;
    - as a method under @property: reading `circle.area` calls the method,
      every time, and gives what it returns;
    - as a method under @memoize: the first reading calls the method, and
      what it returns is kept for every later reading.

    So a memoized attribute is read without parentheses.
    """

    def test_memoize(self) -> None:
        """An attribute that is read twice is computed once."""
        # How often is the method called? Each time, it adds an item to this
        # list. Something that records calls is called a spy.
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
        # Read it again: the area of large must not have taken its place.
        self.assertEqual(small.area, 4)

    def test_none_is_kept(self) -> None:
        """None is kept like any other value."""
        computed = []

        class Report:
            """A report whose author is memoized."""

            @memoize
            def author(self) -> None:
                """Record the call; there is no author."""
                computed.append("author")

        report = Report()
        self.assertIsNone(report.author)
        self.assertIsNone(report.author)
        self.assertEqual(computed, ["author"])

    def test_exception_is_not_kept(self) -> None:
        """After an exception, the next reading calls the method again."""
        computed = []

        class Report:
            """A report whose text is memoized."""

            @memoize
            def text(self) -> str:
                """Fail at the first call, and not at the second."""
                computed.append("text")
                if len(computed) == 1:
                    raise ValueError("not ready")
                return "ready"

        report = Report()
        with self.assertRaises(ValueError):
            report.text  # Reading it calls the method, and that raises.
        self.assertEqual(report.text, "ready")

    def test_name_and_docstring(self) -> None:
        """The attribute has the name and the docstring of the method."""

        class Circle:
            """A circle whose area is memoized."""

            @memoize
            def area(self) -> float:
                """Return the circle's area."""
                return 3.14

        # Read on the class, not on an instance: nothing is computed.
        self.assertEqual(Circle.area.__name__, "area")
        self.assertEqual(Circle.area.__doc__, "Return the circle's area.")


class TestGetJson(unittest.TestCase):
    """Unit tests of get_json, with a test double of requests.get.

    The real one needs the network, which is slow, may be down, and answers
    differently tomorrow. A test double takes its place for one test, as a
    stunt double takes the place of an actor for one scene.
    """

    # Mock is unittest's class of test doubles. While the test runs, patch
    # puts a Mock in place of what it names. After the test it puts the real
    # thing back. The Mock is passed to the test as an argument. (It is a
    # MagicMock, which can do a little more: it has a length, for example.)
    # The target is `requests.get`, because get_json looks up `get` in the
    # module requests each time it is called.
    @patch("requests.get")
    def test_json_of_the_response(self, get: Mock) -> None:
        """The result is what json() of the response returns."""
        document = {"payload": True}
        # A Mock has any attribute that you ask for; each is a Mock, too. It
        # can be called, and a call returns its return_value. So this line
        # says what `requests.get(...).json()` returns.
        get.return_value.json.return_value = document
        self.assertIs(get_json("http://example.com"), document)

    # Two decorators on one test are applied from the bottom up: first patch,
    # then expand. The arguments come in this order: first the values of the
    # row, in their order, and last the Mock. With `get` in front of `url`,
    # `get` would be the text "http://example.com", and `get.return_value`
    # an AttributeError. With patch above expand, the tests would get no Mock.
    @parameterized.expand([
        ("object", "http://example.com", {"payload": True}),
        ("list", "http://example.com/list", [1, 2]),
        ("null", "http://example.com/null", None),
    ])
    @patch("requests.get")
    def test_get_json(
            self, _: str, url: str, document: Any, get: Mock) -> None:
        """The URL is requested once, unchanged, and its JSON comes back."""
        # A Mock can also be made by hand, here as the double of a response.
        response = Mock()
        response.json.return_value = document
        get.return_value = response
        self.assertEqual(get_json(url), document)
        # A Mock is a spy: it records its calls. This fails if get was not
        # called, was called twice, or was called with other arguments.
        # Without the parentheses it would check nothing.
        get.assert_called_once_with(url)
        response.json.assert_called_once_with()

    def test_error_is_passed_on(self) -> None:
        """What requests.get raises is passed on, not hidden."""
        # patch can also stand in a `with`. Then it lasts as long as the
        # block, and the double has the name after `as`.
        #
        # An exception as side_effect: calling the double raises it.
        #
        # A Mock can be called with any arguments, even where the real
        # function could not. With autospec=True the double has the same
        # parameters as the real one, and a call that does not fit them is a
        # TypeError.
        with patch("requests.get", autospec=True,
                   side_effect=requests.ConnectionError("no route")) as get:
            with self.assertRaises(requests.ConnectionError):
                get_json("http://example.com")
        get.assert_called_once_with("http://example.com")


class TestGetJsonWithSetUp(unittest.TestCase):
    """Unit tests of get_json that get their double from setUp."""

    # unittest calls setUp before each test of the class.
    def setUp(self) -> None:
        """Replace requests.get until the test is over."""
        # The third form of patch, where all tests of a class need the same
        # double: make the patch, start it now, stop it later.
        patcher = patch("requests.get", autospec=True)
        self.get = patcher.start()
        # A cleanup is called after the test, whether it passes or fails.
        # There are no parentheses after `stop`: the method is handed over
        # here, and called later. If there are several cleanups, the one that
        # was added last is called first.
        self.addCleanup(patcher.stop)

    def test_each_call_is_a_request(self) -> None:
        """Nothing is kept from one call to the next."""
        first, second = Mock(), Mock()
        first.json.return_value = "old"
        second.json.return_value = "new"
        # A list as side_effect: each call returns the next item.
        self.get.side_effect = [first, second]
        self.assertEqual(get_json("http://example.com/a"), "old")
        self.assertEqual(get_json("http://example.com/a"), "new")
        # `call(...)` describes a call. These two must have been recorded,
        # one right after the other; before and after them may be others.
        self.get.assert_has_calls(
            [call("http://example.com/a"), call("http://example.com/a")])

    def test_answer_that_is_not_json(self) -> None:
        """The ValueError that json() raises is passed on."""
        self.get.return_value.json.side_effect = ValueError("not JSON")
        with self.assertRaises(ValueError):
            get_json("http://example.com")


# True when this file is run as a program: ./test_utils.py
if __name__ == "__main__":
    unittest.main()
