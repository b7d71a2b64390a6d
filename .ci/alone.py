#!/usr/bin/env python3
"""Run each test alone, in a shuffled order, and look for what it leaves.

A test must pass by itself and leave no thread, no patch and no change of
the environment behind. With a number as its argument the order is that
one again.
"""
import importlib
import logging
import os
import random
import signal
import sys
import threading
import time
import unittest
from typing import Any, List

import requests

from conventions import modules
from ids import discovered


def traces() -> List[Any]:
    """Return what a test could leave behind, to compare.

    But `__slotnames__`, which copying sets in a class, is no trace.
    """
    loaded = [importlib.import_module(name) for name in modules()]
    return [
        set(threading.enumerate()), dict(os.environ), sys.stdout, sys.stderr,
        requests.get, requests.Session.get, requests.Session.send,
        requests.adapters.HTTPAdapter.send, time.sleep, time.time,
        time.monotonic, signal.getsignal(signal.SIGINT), os.listdir("."),
        logging.getLogger().level, list(logging.getLogger().handlers),
        *(dict(vars(module)) for module in loaded),
        *(dict(value.__dict__, __slotnames__=None) for module in loaded
          for value in vars(module).values() if isinstance(value, type))]


def main() -> int:
    """Run all tests; return 1 if any fails or leaves a trace."""
    sys.path.insert(0, os.getcwd())
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(10**6)
    tests = discovered(".", ".")
    random.Random(seed).shuffle(tests)
    before = traces()
    bad = 0
    for test in tests:
        result = unittest.TestResult()
        unittest.TestSuite([test]).run(result)
        if not result.wasSuccessful():
            bad += 1
            print(test.id(), *result.errors, *result.failures)
        after = traces()
        if after != before:
            bad += 1
            print(test.id(), "leaves something behind")
        before = after
    print(f"{len(tests)} tests one by one, order {seed}: {bad} bad")
    return 1 if bad or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
