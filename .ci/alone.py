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
from typing import Any, Dict, Set

import requests

from conventions import modules
from ids import discovered


def threads() -> Set[threading.Thread]:
    """Return the threads that go on; one that is about to end is waited for.

    For example, a request that was under way when another one failed ends
    by itself.
    """
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(timeout=1)
    return set(threading.enumerate())


def traces() -> Dict[str, Any]:
    """Return what a test could leave behind, by name, to compare.

    But `__slotnames__`, which copying sets in a class, is no trace.
    """
    found = {
        "a thread": threads(),
        "the environment": dict(os.environ),
        "stdout": sys.stdout, "stderr": sys.stderr,
        "requests": [
            requests.get, requests.Session.get, requests.Session.send,
            requests.adapters.HTTPAdapter.send],
        "time": [time.sleep, time.time, time.monotonic],
        "the handler of Ctrl-C": signal.getsignal(signal.SIGINT),
        "a file": os.listdir("."),
        "the root logger": [logging.getLogger().level,
                            list(logging.getLogger().handlers)]}
    for name in modules():
        names = vars(importlib.import_module(name))
        found[name] = [dict(names), *(
            dict(value.__dict__, __slotnames__=None)
            for value in names.values() if isinstance(value, type))]
    return found


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
        for name in before:
            if after[name] != before[name]:
                bad += 1
                print(test.id(), "leaves something behind:", name)
        before = after
    print(f"{len(tests)} tests one by one, order {seed}: {bad} bad")
    return 1 if bad or not tests else 0


if __name__ == "__main__":
    sys.exit(main())
