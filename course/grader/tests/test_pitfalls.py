#!/usr/bin/env python3
"""Tests of the pitfalls: each is found where it is, and nowhere else."""
import unittest
from pathlib import Path
from textwrap import indent
from typing import Any, List, Tuple

from parameterized import parameterized

from grader.edits import Edit, Mistake
from grader.pitfalls import findings, unseen_tests
from grader.trees import code_of

CODE = code_of({"utils.py": '''
def access_nested_map(nested_map, path):
    """Follow the path."""


class memoize:
    """Make an attribute."""

    def __get__(self, instance, owner=None):
        """Compute it."""
''', "client.py": '''
class Client:
    """Has a memoized attribute, a property, and methods."""

    URL = "u"

    def __init__(self, name):
        """Keep the name."""
        self._name = name

    @memoize
    def org(self):
        """Ask for it."""

    @property
    def url(self):
        """Read it."""

    def repos(self):
        """Return them."""

    @staticmethod
    def has_license(repo, key):
        """Return whether it has."""
'''}, [Mistake(4, "access_nested_map", "another key", Edit(
    "utils.py", "raise KeyError(key) from None",
    "raise KeyError(path) from None")), Mistake(
        1, "access_nested_map", "no KeyError", Edit(
            "utils.py", "raise TypeError(key)", "raise ValueError(key)"))])

TOUR = (Path(__file__).parents[2] / "tour.md").read_text(encoding="utf-8")


def found_in(source: str) -> List[Tuple[int, str]]:
    """Return the lines and the words of what is found."""
    return [(line, what) for line, what, *_ in findings(source, CODE)]


def test_of(*lines: str) -> str:
    """Return a class with a test of these lines, from line 3 on."""
    body = indent("\n".join(lines), " " * 8)
    return f"class TestIt(TestCase):\n    def test_it(self):\n{body}\n"


# Each with its name, its line, what is said of it, and the lines.
PITFALLS: List[Any] = [
    ("called_attribute", 3, "org is an attribute, and is called: what "
     "runs is the value that it has", "assert Client('x').org() == 1"),
    ("called_property", 4, "url is an attribute, and is called: what "
     "runs is the value that it has", "client = Client('x')",
     "assert client.url() == 1"),
    ("called_own_attribute", 7, "one is an attribute, and is called: "
     "what runs is the value that it has", "class Own:", "    @memoize",
     "    def one(self): return 1", "own = Own()",
     "assert own.one() == 1"),
    ("idle", 2, "test_it asserts nothing", "mock()"),
    ("idle_with_code", 2, "test_it asserts nothing", "Client('x').org"),
    ("uncalled", 4, "assert_called_once has no parentheses, so it is "
     "never called", "assert x", "mock.assert_called_once"),
    ("uncalled_stop", 4, "stop has no parentheses, so it is never called",
     "assert x", "self.patcher.stop"),
    ("no_assertion", 3, "called_once_with is no assertion",
     "assert mock.called_once_with(1)"),
    ("no_assertion_at_all", 4, "called_with_once is no assertion",
     "assert x", "mock.called_with_once(1)"),
    ("misspelt", 4, "asset_called_once is no assertion: it is misspelt",
     "assert x", "mock.asset_called_once()"),
    ("unreached", 5, "this assertion is not reached: the line above "
     "raises", "with self.assertRaises(KeyError) as caught:",
     "    it()", "    self.assertEqual(str(caught.exception), 'a')"),
    ("around", 4, "this assertion compares nothing: the exception is "
     "raised before", "with self.assertRaises(TypeError):",
     "    self.assertEqual(access_nested_map({}, ('a',)), 1)"),
    ("around_statement", 4, "this assertion compares nothing: the "
     "exception is raised before", "with pytest.raises(TypeError):",
     "    assert access_nested_map({}, ('a',)) == 1"),
    ("around_after_another", 5, "this assertion compares nothing: the "
     "exception is raised before", "with self.assertRaises(TypeError):",
     "    x = it()",
     "    self.assertEqual(access_nested_map(x, ['a']), 1)"),
    ("unchecked_key", 3, "no test in this file looks at what the KeyError "
     "of access_nested_map holds", "with self.assertRaises(KeyError):",
     "    access_nested_map({}, ['a'])"),
    ("unchecked_key_with_a_name", 3, "no test in this file looks at what "
     "the KeyError of access_nested_map holds",
     "with self.assertRaises(KeyError) as caught:",
     "    access_nested_map({}, ['a'])"),
    ("unchecked_key_by_function", 3, "no test in this file looks at what "
     "the KeyError of access_nested_map holds",
     "self.assertRaises(KeyError, access_nested_map, {}, ['a'])"),
    ("unreached_statement", 5, "this assertion is not reached: the line "
     "above raises", "with self.assertRaises(KeyError) as caught:",
     "    it()", "    assert str(caught.exception) == 'a'"),
    ("fixture", 4, "setUpClass is no @classmethod", "assert x",
     "def setUpClass(cls): pass"),
    ("itself", 2, "test_it replaces has_license and uses nothing else of "
     "the code", "with patch.object(Client, 'has_license', "
     "return_value=True):", "    assert Client.has_license({}, 'a')"),
    ("itself_by_name", 2, "test_it replaces repos and uses nothing else "
     "of the code", "with patch('client.Client.repos') as repos:",
     "    assert Client('x').repos() is repos.return_value"),
    ("itself_of_module", 2, "test_it replaces access_nested_map and uses "
     "nothing else of the code",
     "import utils",
     "with patch('utils.access_nested_map', return_value=1):",
     "    self.assertEqual(utils.access_nested_map({}, ()), 1)"),
    ("nested", 4, "test_more stands inside of test_it, so it never runs",
     "assert x", "def test_more(): assert x"),
    ("nested_in_a_class", 5, "test_more stands inside of test_it, so it "
     "never runs", "assert x", "class Own:",
     "    def test_more(self): assert x"),
    ("returned", 3, "ValueError is returned here, not raised",
     "get.side_effect = lambda url: ValueError", "assert x"),
    ("returned_by_function", 3, "HTTPError is returned here, not raised",
     "def effect(url): return requests.HTTPError",
     "get = Mock(side_effect=effect)", "assert x"),
    ("true", 3, "this assertTrue is given a constant",
     "self.assertTrue(True)"),
    ("none", 3, "this assertIsNone is given a constant",
     "self.assertIsNone(None)"),
    ("same_name", 3, "this assertEqual compares x with itself",
     "self.assertEqual(x, x)"),
    ("same_constant", 3, "this assertEqual compares constants",
     "self.assertEqual([1], [1])"),
    ("constant", 3, "this asserts a constant", "assert 'x'"),
    ("tuple", 3, "this asserts a tuple, which is always true",
     "assert (x, 1)"),
    ("watches_nothing", 3, "this assertRaises has neither `with` nor a "
     "function, so it watches nothing", "self.assertRaises(KeyError)"),
    ("called_before", 3, "access_nested_map is called before assertRaises "
     "can watch it",
     "self.assertRaises(KeyError, access_nested_map({}, ['a']))"),
    ("any_error", 3, "this assertRaises accepts any error, that of a "
     "misspelt name too", "with self.assertRaises(Exception): it()"),
    ("unstopped", 3, "this patch is started and never stopped",
     "patch('client.org').start()", "assert x"),
    ("unstopped_name", 4, "this patch is started and never stopped",
     "self.patcher = patch('client.org')", "self.patcher.start()",
     "assert x"),
    ("stopped_double", 6, "self.get.stop stops no patch: it is called on "
     "the double, not on the patcher",
     "self.patcher = patch('client.get_json')",
     "self.get = self.patcher.start()", "self.get.return_value = 1",
     "self.get.stop()", "assert x"),
    ("stopped_double_later", 4, "get.stop stops no patch: it is called on "
     "the double, not on the patcher",
     "get = patch('client.get_json', return_value=1).start()",
     "self.addCleanup(get.stop)", "assert x"),
    ("read_once", 9, "one is read once, so no count can tell whether its "
     "value is kept", "class Own:", "    def two(self): return 2",
     "    @memoize", "    def one(self): return self.two()",
     "with patch.object(Own, 'two', return_value=3) as two:",
     "    self.assertEqual(Own().one, 3)", "two.assert_called_once()"),
    ("read_once_by_number", 9, "one is read once, so no count can tell "
     "whether its value is kept", "class Own:",
     "    def two(self): return 2", "    @memoize",
     "    def one(self): return self.two()",
     "with patch.object(Own, 'two', return_value=3) as two:",
     "    self.assertEqual(Own().one, 3)",
     "self.assertEqual(two.call_count, 1)"),
    ("read_once_by_assignment", 9, "one is read once, so no count can tell "
     "whether its value is kept", "class Own:",
     "    def two(self): return 2", "    @memoize",
     "    def one(self): return self.two()", "own = Own()",
     "own.two = Mock(return_value=3); self.assertEqual(own.one, 3)",
     "own.two.assert_called_once()"),
    ("swallowed", 5, "this except catches the failure of an assertion",
     "try:", "    assert x", "except Exception:", "    pass"),
    ("message", 3, "assertTrue compares nothing: its second argument is "
     "the message", "self.assertTrue(x, 3)"),
    ("expected_message", 3, "assertTrue compares nothing: its second "
     "argument is the message", "self.assertTrue(x, expected)"),
]


class TestFindings(unittest.TestCase):
    """Tests of each pitfall, in lines as strangers write them."""

    @parameterized.expand(PITFALLS)
    def test_pitfall(self, _: str, line: int, what: str, *lines: str) -> None:
        """Each kind is found, with its line, and nothing else."""
        self.assertEqual(found_in(test_of(*lines)), [(line, what)])

    @parameterized.expand([(name, *lines) for name, _, _, *lines in PITFALLS])
    def test_lesson(self, _: str, *lines: str) -> None:
        """What helps is a heading of the tour."""
        lesson = findings(test_of(*lines), CODE)[0][2]
        self.assertIn(f"\n## {lesson}\n", TOUR)

    @parameterized.expand([
        ("class_without_test", 1, "TestA has no test",
         "class TestA(TestCase):\n    def setUp(self): pass\n"),
        ("method_twice", 2, "test_a stands twice in this class: the first "
         "never runs", "class TestA(TestCase):\n"
         "    def test_a(self): assert x\n    def test_a(self): assert y\n"),
        ("class_twice", 1, "the class TestA stands twice here: the tests of "
         "the first never run", "class TestA(TestCase):\n"
         "    def test_a(self): assert x\nclass TestA(TestCase):\n"
         "    def test_b(self): assert x\n"),
        ("bare_row", 2, '("google") is a string, not a tuple: a row of one '
         'value is ("google",)', "class TestA(TestCase):\n"
         '    @parameterized.expand([("google"), ("abc")])\n'
         "    def test_a(self, name): assert name\n"),
        ("read_once_of_a_class", 9, "one is read once, so no count can tell "
         "whether its value is kept", "class TestA(TestCase):\n"
         "    class Own:\n        def two(self): return 2\n"
         "        @memoize\n        def one(self): return self.two()\n"
         "    def test_a(self):\n        own = self.Own()\n"
         "        with patch.object(own, 'two') as two: own.one\n"
         "        two.assert_called_once()\n"),
        ("nested_class", 3, "TestB stands inside of TestA, so its tests never "
         "run", "class TestA(TestCase):\n    def test_a(self): assert x\n"
         "    class TestB(TestCase):\n        def test_b(self): assert x\n"),
        ("unchecked_key_of_rows", 5, "no test in this file looks at what the "
         "KeyError of access_nested_map holds", "class TestA(TestCase):\n"
         "    @parameterized.expand([({}, KeyError), ({1: 2}, KeyError)])\n"
         "    @patch('client.org')\n    def test_a(self, map, error, org):\n"
         "        with self.assertRaises(error):\n"
         "            access_nested_map(map, ['a'])\n"),
        ("unused_value", 2, "test_a never uses expected of its rows",
         "class TestA(TestCase):\n"
         "    @parameterized.expand([({}, 'a'), ({}, 'b')])\n"
         "    def test_a(self, map, expected): assert map == {}\n"),
        ("coroutine", 2, "test_a is a coroutine that nobody awaits",
         "class TestA(TestCase):\n    async def test_a(self): assert x\n"),
    ])
    def test_pitfall_of_class(
            self, _: str, line: int, what: str, source: str) -> None:
        """What a class shows is found, too, and nothing else."""
        self.assertEqual(found_in(source), [(line, what)])

    def test_around_another_test(self) -> None:
        """An assertion in a test that never runs is no assertion."""
        source = test_of("class Own:", "    def test_more(self): assert x")
        self.assertEqual(found_in(source), [
            (2, "test_it asserts nothing"),
            (4, "test_more stands inside of test_it, so it never runs")])

    @parameterized.expand([
        ("assertion", "self.assertTrue(x)"),
        ("statement", "assert x"),
        ("mock", "mock.assert_called_once_with()"),
        ("raises", "with self.assertRaises(KeyError): {}['a']"),
        ("raises_function", "self.assertRaises(KeyError, it, 1)"),
        ("raises_made", "self.assertRaises(KeyError, partial(it, 1))"),
        ("raises_any_and_looks",
         "with self.assertRaises(Exception) as caught: it()",
         "self.assertEqual(caught.exception, 1)"),
        ("pytest", "with pytest.raises(KeyError): {}['a']"),
        ("fails", "if it(): raise AssertionError"),
        ("inherited_helper", "self.check_all()"),
        ("renamed", "equal = self.assertEqual", "equal(x, 1)"),
        ("renamed_helper", "check = self.check_it", "check(x)"),
        ("given_the_test", "it.check(self)"),
        ("attribute", "assert Client('x').org == 1"),
        ("inner_class", "class Inner:", "    def test_x(self): pass",
         "assert x"),
        ("method", "assert Client('x').repos() == 1"),
        ("double", "org = Mock()", "assert org.org() == 1"),
        ("item", "its[0] = Client('x')", "assert its[1].org() == 1"),
        ("either", "client = Client('x')", "client = Mock()",
         "assert client.org()"),
        ("awaited", "mock.assert_awaited_once_with(1)"),
        ("refused_by_a_mock", "server.assert_called_times(1)"),
        ("own_name", "self.called_with = 1",
         "self.assertEqual(self.called_with, 1)"),
        ("skips", "self.skipTest('later')"),
        ("gives_fail_away", "exec(text, {'fail': self.fail})"),
        ("asserts_above", "super().test_it()"),
        ("other_call", "with self.assertRaises(TypeError):", "    x = it()",
         "    self.assertEqual(other(x), 1)"),
        ("compares_first", "with self.assertRaises(TypeError):",
         "    self.assertEqual(access_nested_map({}, ()), {})", "    it()"),
        ("expects_a_failure", "with self.assertRaises(AssertionError):",
         "    self.assertEqual(access_nested_map({}, ()), 1)"),
        ("expects_any_failure", "with self.assertRaises(error):",
         "    self.assertEqual(access_nested_map({}, ()), 1)"),
        ("expects_own_failure",
         "with self.assertRaises(self.failureException):",
         "    it()", "    self.assertEqual(x, 1)"),
        ("called_later", "with self.assertRaises(TypeError):",
         "    self.assertTrue(access_nested_map(x, ()) for x in [1])"),
        ("compares_in_a_way_that_raises",
         "with self.assertRaises(TypeError):",
         "    self.assertIn(1, access_nested_map({'a': 2}, 'a'))"),
        ("compares_by_an_operator_that_raises",
         "with self.assertRaises(TypeError):",
         "    assert access_nested_map({'a': 2}, 'a') < 'b'"),
        ("expects_within", "with self.assertRaises(TypeError):",
         "    self.assertRaises(ValueError, it, access_nested_map({}, ()))"),
        ("key", "with self.assertRaises(KeyError) as caught:",
         "    access_nested_map({}, ['a'])",
         "self.assertEqual(caught.exception.args, ('a',))"),
        ("key_by_regex", "with self.assertRaisesRegex(KeyError, 'a'):",
         "    access_nested_map({}, ['a'])",
         "self.assertRaises(KeyError, access_nested_map, {}, ['a'])"),
        ("key_by_except", "try:", "    access_nested_map({}, ['a'])",
         "except KeyError as error:", "    assert error.args == ('a',)",
         "self.assertRaises(KeyError, access_nested_map, {}, ['a'])"),
        ("key_by_match", "with pytest.raises(KeyError, match='a'):",
         "    access_nested_map({}, ['a'])"),
        ("other_error", "with self.assertRaises(TypeError):",
         "    access_nested_map({}, 1)"),
        ("other_function", "with self.assertRaises(KeyError): other()"),
        ("other_replaced", "with patch('client.Client.org', 1):",
         "    assert Client('x').url"),
        ("looks_at_what_is_kept",
         "with patch('client.Client.repos') as repos:",
         "    client = Client('x')", "    client.repos()",
         "    assert client._name == 'x'"),
        ("looks_at_what_the_class_keeps",
         "with patch('client.Client.repos') as repos:",
         "    Client('x').repos()", "    assert Client.URL == 'u'"),
        ("real_before", "real = Client('x').repos()",
         "with patch('client.Client.repos') as repos:",
         "    assert Client('x').repos() != real"),
        ("imported_name", "import utils",
         "with patch('utils.access_nested_map', return_value=1):",
         "    self.assertEqual(access_nested_map({}, ()), 1)"),
        ("unknown_helper", "import utils",
         "with patch('utils.access_nested_map') as it:",
         "    run_it()", "    assert utils.access_nested_map.called"),
        ("wraps", "with patch.object(Client, 'repos', wraps=it):",
         "    assert Client('x').repos()"),
        ("key_in_an_attribute",
         "with self.assertRaises(KeyError) as self.caught:",
         "    access_nested_map({}, ['a'])", "self.check()"),
        ("inside_a_test_case", "class Inner(TestCase):",
         "    def test_more(self): assert x", "run(Inner)"),
        ("inside_and_called", "def test_more(): assert x", "test_more()"),
        ("raised_by_list", "get.side_effect = [1, ValueError]", "assert x"),
        ("returned_value", "def effect(url): return url",
         "get = Mock(side_effect=effect)", "assert x"),
        ("raised", "def effect(url): raise ValueError",
         "get = Mock(side_effect=effect)", "assert x"),
        ("read_twice", "self.assertEqual(it.a, it.a)"),
        ("called_twice", "self.assertEqual(it(), it())"),
        ("text", "self.assertTrue(x, 'a message')"),
        ("stopped", "self.patcher = patch('client.org')",
         "self.patcher.start()", "self.addCleanup(self.patcher.stop)",
         "assert x"),
        ("started", "thread.start()", "assert x"),
        ("stopped_object", "server = patch('a.b', Server()).start()",
         "server.stop()", "assert x"),
        ("stopped_made_object",
         "server = patch('a.b', new_callable=Server).start()",
         "server.stop()", "assert x"),
        ("stopped_either", "it = patch('client.org').start()", "it = Server()",
         "it.stop()", "assert x"),
        ("stopped_one_of_many", "its[0] = patch('client.org').start()",
         "its[0].stop()", "assert x"),
        ("stopped_thread", "self.it = thread.start()", "self.it.stop()",
         "assert x"),
        ("compares_equality", "self.assertEqual(x, x)",
         "self.assertNotEqual(x, y)"),
        ("expects_failure_in_try", "try:", "    self.assertEqual(x, y)",
         "except AssertionError:", "    pass", "else:",
         "    self.fail('equal')"),
        ("raised_again", "try:", "    assert x", "except Exception:",
         "    raise"),
        ("except_other_error", "try:", "    assert x", "except KeyError:",
         "    pass"),
    ])
    def test_no_pitfall(self, _: str, *lines: str) -> None:
        """What could fail, or is no double's attribute, is none."""
        self.assertEqual(found_in(test_of(*lines)), [])

    @parameterized.expand([
        ("twice", "with patch.object(Own, 'two') as two:",
         "    self.assertEqual(own.one, own.one)",
         "two.assert_called_once()"),
        ("in_a_loop", "with patch.object(Own, 'two') as two:",
         "    for _ in range(2): self.assertEqual(own.one, 3)",
         "two.assert_called_once()"),
        ("by_a_helper", "with patch.object(Own, 'two') as two:",
         "    self.assertEqual(own.one, 3)", "    read(own)",
         "two.assert_called_once()"),
        ("in_a_function", "def read(): return own.one",
         "with patch.object(Own, 'two') as two:", "    read()", "    read()",
         "two.assert_called_once()"),
        ("other_method_replaced", "with patch.object(Own, 'it') as it:",
         "    self.assertEqual(own.one, 3)", "it.assert_called_once()"),
        ("not_counted", "with patch.object(Own, 'two') as two:",
         "    self.assertEqual(own.one, 3)", "two.assert_called_with()"),
    ])
    def test_read_often(self, _: str, *lines: str) -> None:
        """A count is good where the attribute may be read again."""
        own = ["class Own:", "    def two(self): return 2", "    @memoize",
               "    def one(self): return self.two()", "own = Own()",
               *lines]
        self.assertEqual(found_in(test_of(*own)), [])

    @parameterized.expand([
        ("helper", "def check_it(it): assert it\nclass TestA(TestCase):\n"
         "    def test_a(self): check_it(1)\n"),
        ("helper_of_helper", "class TestA(TestCase):\n"
         "    def test_a(self): self.check_all()\n"
         "    def check_all(self): self.check_it()\n"
         "    def check_it(self): self.assertTrue(x)\n"),
        ("helper_named_test", "def test_it(it): assert it\n"
         "class TestA(TestCase):\n    def test_a(self): test_it(1)\n"),
        ("imported_helper", "from helpers import check\n"
         "class TestA(TestCase):\n    def test_a(self): check(1)\n"),
        ("imported_module", "import helpers\n"
         "class TestA(TestCase):\n    def test_a(self): helpers.check(1)\n"),
        ("decorator", "class TestA(TestCase):\n"
         "    @raises(KeyError)\n    def test_a(self): it()\n"),
        ("static_fixture", "class TestA(TestCase):\n"
         "    def setUpClass(): pass\n    def test_a(self): assert x\n"),
        ("asserted_at_the_end", "class TestA(TestCase):\n"
         "    def test_a(self): it()\n    def tearDown(self): assert x\n"),
        ("stopped_elsewhere", "from base import Base\nclass TestA(Base):\n"
         "    def test_a(self):\n        patch('a.b').start()\n"
         "        assert x\n"),
        ("base", "class Base(TestCase):\n    def setUp(self): pass\n"
         "class TestA(Base):\n    def test_a(self): assert x\n"),
        ("run_test", "class TestA(TestCase):\n"
         "    def runTest(self): assert x\n"),
        ("expand_twice", "class TestA(TestCase):\n"
         "    @parameterized.expand([('a', 1)])\n"
         "    def test_a(self, a, b): assert b\n"
         "    def test_a(self): assert x\n"),
        ("class_twice", "@parameterized_class(rows)\n"
         "class TestA(TestCase):\n    def test_a(self): assert x\n"
         "class TestA(TestCase):\n    def test_b(self): assert x\n"),
        ("class_used_between", "class TestA(TestCase):\n"
         "    def test_a(self): assert x\nTestB = more(TestA)\n"
         "class TestA(TestCase):\n    def test_b(self): assert x\n"),
        ("class_of_class", "class TestA(TestCase):\n"
         "    def test_a(self): assert x\n"
         "class TestA(TestA):\n    def test_b(self): assert x\n"),
        ("nested_base", "class Hidden:\n    class Base(TestCase):\n"
         "        def test_a(self): assert x\n"
         "class TestA(Hidden.Base): pass\n"),
        ("nested_parameterized", "class TestA(TestCase):\n"
         "    def test_a(self): assert x\n    @parameterized_class(rows)\n"
         "    class TestB(TestCase):\n        def test_b(self): assert x\n"),
        ("nested_and_loaded", "def load_tests(*_): return tests\n"
         "class TestA(TestCase):\n    def test_a(self): assert x\n"
         "    class TestB(TestCase):\n        def test_b(self): assert x\n"),
        ("filled_class", "class TestA(TestCase):\n"
         "    locals().update(test_a=it)\n"),
        ("own_test_case", "class TestCase(unittest.TestCase):\n"
         "    def test_a(self): assert x\nclass TestB(TestCase): pass\n"),
        ("other_test_case", "from asynctest import TestCase\n"
         "class TestA(TestCase):\n    async def test_a(self): assert x\n"),
        ("plain_strings", "class TestA(TestCase):\n"
         "    @parameterized.expand(['google', 'abc'])\n"
         "    def test_a(self, name): assert name\n"),
        ("long_string", "class TestA(TestCase):\n"
         "    @parameterized.expand([('google'\n                           "
         "'abc')])\n    def test_a(self, name): assert name\n"),
        ("name_of_case", "class TestA(TestCase):\n"
         "    @parameterized.expand([('a', 1), ('b', 2)])\n"
         "    def test_a(self, name, value): assert value\n"),
        ("read_before", "class TestA(TestCase):\n    class Own:\n"
         "        def two(self): return 2\n"
         "        @memoize\n        def one(self): return self.two()\n"
         "    def setUp(self): self.own.one\n    def test_a(self):\n"
         "        with patch.object(self.own, 'two') as two: self.own.one\n"
         "        two.assert_called_once()\n"),
        ("errors_of_rows", "class TestA(TestCase):\n"
         "    @parameterized.expand([({}, KeyError), ({}, AssertionError)])\n"
         "    def test_a(self, map, error):\n"
         "        with self.assertRaises(error):\n"
         "            self.assertEqual(access_nested_map(map, ['a']), 1)\n"),
        ("error_that_changes", "class TestA(TestCase):\n"
         "    @parameterized.expand([({}, KeyError)])\n"
         "    def test_a(self, map, error):\n"
         "        error = AssertionError\n"
         "        with self.assertRaises(error):\n"
         "            self.assertEqual(access_nested_map(map, ['a']), 1)\n"),
        ("other_replaced_by_decorator", "class TestA(TestCase):\n"
         "    @patch('client.Client.org', 1)\n"
         "    def test_a(self): assert Client('x').url == 1\n"),
        ("underscore", "class TestA(TestCase):\n"
         "    @parameterized.expand([(1, 2), (3, 4)])\n"
         "    def test_a(self, _, value): assert value\n"),
        ("mock_after_row", "class TestA(TestCase):\n"
         "    @parameterized.expand([(1,), (2,)])\n    @patch('client.org')\n"
         "    def test_a(self, value, org): assert value\n"),
        ("awaited", "class TestA(IsolatedAsyncioTestCase):\n"
         "    async def test_a(self): assert x\n"),
        ("expected_failure", "class TestA(TestCase):\n"
         "    @expectedFailure\n    def test_a(self): it()\n"),
    ])
    def test_no_pitfall_of_class(self, _: str, source: str) -> None:
        """What is used, inherited or renamed elsewhere is none."""
        self.assertEqual(found_in(source), [])

    @parameterized.expand([
        ("function", "def test_a(): assert 1\n", 1),
        ("class", "class TestA:\n    def test_a(self): assert 1\n", 1),
        ("test_case", "class TestA(TestCase):\n"
         "    def test_a(self): assert 1\n", 0),
        ("mixin", "class TestA:\n    def test_a(self): assert 1\n"
         "class TestB(TestA, TestCase): pass\n", 0),
    ])
    def test_unseen(self, _: str, source: str, number: int) -> None:
        """What only pytest runs is found."""
        self.assertEqual(len(list(unseen_tests(source))), number)
