#!/usr/bin/env python3
"""Book amounts at a bank, which answers each with a receipt."""


def send(message: str) -> str:
    """Send a message to the bank, and return what it answers."""
    raise ConnectionError("there is no line to the bank")


def post(account: str, cents: int) -> str:
    """Book an amount, and return the receipt.

    Raises ValueError if the amount is not greater than 0.
    """
    if cents <= 0:
        raise ValueError("there is nothing to book")
    return send(f"book {cents} from {account}")
