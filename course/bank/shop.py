#!/usr/bin/env python3
"""Let a customer pay for what is in the basket."""
from typing import List

from bank import post


def pay(account: str, prices: List[int]) -> str:
    """Book the sum of some prices, and return a line for the customer."""
    total = sum(prices)
    return f"paid {total}: {post(account, total)}"
