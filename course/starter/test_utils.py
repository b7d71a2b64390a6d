#!/usr/bin/env python3
"""A suite of utils to start from: it is green, and notices little."""
import unittest

from utils import access_nested_map


class TestAccessNestedMap(unittest.TestCase):
    """Tests of access_nested_map: what stands at the end of a path."""

    def test_two_keys(self) -> None:
        """The value at the end of two keys comes back."""
        self.assertEqual(access_nested_map({"a": {"b": 2}}, ("a", "b")), 2)


if __name__ == "__main__":
    unittest.main()
