#!/usr/bin/env python3
"""An assignment: suites for a small shop, and the bank that it pays at."""
from grader import Edit, Mistake, Rewrite

MODULES = ("bank.py", "shop.py")
MISTAKES = [
    Mistake(1, "post", "takes a negative amount",
            Edit("bank.py", "if cents <= 0:", "if cents == 0:")),
    Mistake(2, "pay", "the last price is lost",
            Edit("shop.py", "sum(prices)", "sum(prices[:-1])")),
    Mistake(3, "pay", "gives post its arguments in the wrong order",
            Edit("shop.py", "post(account, total)", "post(total, account)")),
]
REWRITES = [
    Rewrite("the arguments of post passed by keyword", [
        Edit("shop.py", "post(account, total)",
             "post(cents=total, account=account)")]),
]
INTEGRATION = ("bank.post",)
SUITE = ("suite/test_shop.py",)
CHECKLISTS = {
    "pay": """\
Inputs: no price, one price, several prices.
Outcomes: the line for the customer, with the sum and the receipt.
Look at: which account and which amount post is given.""",
}
