#!/usr/bin/env python3
"""Tests of conventions: each check finds what it is for, and only that."""
import ast
import tempfile
import unittest
from pathlib import Path
from textwrap import dedent
from typing import List, Set, Tuple

from parameterized import parameterized

import conventions

GOOD_TEST = '''
    """A module as it should be."""


    class TestIt(unittest.TestCase):
        """A class that tests it."""

        @classmethod
        def setUpClass(cls) -> None:
            """Make what all tests need."""

        def test_it(self) -> None:
            """It raises what it should."""
            with patch("it.it", autospec=True) as it, patch("it.most", 5):
                with self.assertRaises(KeyError) as caught:
                    it()
                self.assertEqual(caught.exception.args, ("a",))
            it.assert_called_once_with()
'''


class TestConventions(unittest.TestCase):
    """Unit tests of the checks, on good code and on bad."""

    def test_good(self) -> None:
        """Nothing is found where nothing is wrong."""
        self.assertEqual(conventions.check_source(dedent(GOOD_TEST)), [])

    @parameterized.expand([
        ("no_module_docstring", '"""A module as it should be."""', "",
         "the module has no docstring that begins with a sentence of four "
         "words"),
        ("no_sentence", '"""A class that tests it."""', '"""Tests."""',
         "TestIt has no docstring that begins with a sentence of four words"),
        ("no_docstring", '"""It raises what it should."""', "",
         "test_it has no docstring that begins with a sentence of four words"),
        ("three_words", '"""It raises what it should."""',
         '"""It raises it."""',
         "test_it has no docstring that begins with a sentence of four words"),
        ("a_pitfall", "once_with()", "once_with",
         "assert_called_once_with has no parentheses, so it is never called"),
    ])
    def test_bad(self, _: str, good: str, bad: str, finding: str) -> None:
        """One thing made wrong is found, and nothing else."""
        self.assertIn(good, GOOD_TEST)
        source = dedent(GOOD_TEST.replace(good, bad))
        self.assertEqual(
            [text for _, text in conventions.check_source(source)], [finding])

    @parameterized.expand([
        ("good", b'#!/usr/bin/env python3\n"""It is a module."""\n', 0o755,
         []),
        ("first_line", b'#!/usr/bin/python3\n"""It is a module."""\n', 0o755,
         ["the first line is not #!/usr/bin/env python3"]),
        ("mode", b'#!/usr/bin/env python3\n"""It is a module."""\n', 0o644,
         ["the file is not executable"]),
        ("no_newline", b'#!/usr/bin/env python3\n"""It is a module."""',
         0o755, ["the file does not end with one newline"]),
        ("two_newlines", b'#!/usr/bin/env python3\n"""It is a module."""\n\n',
         0o755, ["the file does not end with one newline"]),
    ])
    def test_file(
            self, _: str, data: bytes, mode: int, findings: List[str]
            ) -> None:
        """A file's first line, mode and last line are checked."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "module.py")
            path.write_bytes(data)
            path.chmod(mode)
            found = [text for _, text in conventions.check_file(path)]
        self.assertEqual(found, findings)

    @parameterized.expand([
        ("allowed", "import json\nfrom utils import memoize\n", []),
        ("not_allowed", "import json\nfrom .live import LOG\n",
         [(2, "the house has no import of audit.live here")]),
        ("a_module", "import client\n",
         [(1, "the house has no import of client here")]),
        ("of_a_package", "from . import command, pages\n",
         [(1, "the house has no import of audit.command here"),
          (1, "the house has no import of audit.pages here")]),
        ("by_its_whole_name", "from audit.replay import replay\n",
         [(1, "the house has no import of audit.replay here")]),
        ("in_a_function", "def main():\n    import audit\n", []),
    ])
    def test_imports(
            self, _: str, source: str, findings: List[Tuple[int, str]]
            ) -> None:
        """Only what stands below a module in the house may be imported."""
        self.assertEqual(list(conventions.wrong_imports(
            ast.parse(source), "audit", {"utils"})), findings)

    @parameterized.expand([
        ("pairs", {"__init__.py", "__main__.py", "live.py"},
         {"test___main__.py", "test_live.py"}, []),
        ("no_suite", {"live.py"}, set(),
         ["test_live.py: this suite is not there"]),
        ("no_module", set(), {"test_live.py"},
         ["test_live.py: the module of this suite is not there"]),
    ])
    def test_unpaired(
            self, _: str, modules: Set[str], suites: Set[str],
            findings: List[str]) -> None:
        """Each module has a suite of its name, and the other way round."""
        self.assertEqual(conventions.unpaired(modules, suites), findings)

    def test_strangers(self) -> None:
        """A file that does not belong in the root is found."""
        self.assertEqual(conventions.strangers(
            {"README.md", "utils.py", ".ci", "setup.py", ".env"}),
            [".env", "setup.py"])


if __name__ == "__main__":
    unittest.main()
