#!/usr/bin/env python3
"""The assignment's own suite, which notices every mistake."""
import unittest
from unittest.mock import patch

from bank import post
from shop import pay


class TestPost(unittest.TestCase):
    """Tests of post, with the line to the bank replaced."""

    def test_post(self) -> None:
        """The account and the amount are sent, the receipt comes back."""
        with patch("bank.send", autospec=True, return_value="r1") as send:
            self.assertEqual(post("ann", 300), "r1")
        send.assert_called_once_with("book 300 from ann")

    def test_nothing_to_book(self) -> None:
        """An amount that is not greater than 0 is an error."""
        for cents in (0, -1):
            with self.subTest(cents), self.assertRaises(ValueError):
                post("ann", cents)


class TestPay(unittest.TestCase):
    """Tests of pay, first without post, then with it."""

    def test_pay(self) -> None:
        """The sum of all prices is posted, and stands in the line."""
        with patch("shop.post", autospec=True, return_value="r2") as booked:
            self.assertEqual(pay("ann", [100, 250]), "paid 350: r2")
        booked.assert_called_once_with("ann", 350)

    def test_pay_at_the_bank(self) -> None:
        """Shop and bank work together; only the line to it is replaced."""
        with patch("bank.send", autospec=True, return_value="r3") as send:
            self.assertEqual(pay("bob", [5]), "paid 5: r3")
        send.assert_called_once_with("book 5 from bob")


if __name__ == "__main__":
    unittest.main()
