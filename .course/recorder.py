#!/usr/bin/env python3
"""Run a suite in this process, and write down what each test does.

All of this happens in the process that a run has for itself: its limits,
the guard of its sockets, its tests. Each event is a line of JSON, written
at once, so that it is known what was under way if the process ends.
"""
import ctypes
import importlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
import unittest
from contextlib import suppress
from functools import wraps
from glob import glob
from ipaddress import ip_address
from time import monotonic
from types import FrameType
from typing import (
    Any, Callable, Collection, Dict, Iterator, List, NamedTuple, Optional,
    Set)

MODULES = ("utils.py", "client.py", "fixtures.py")
MEMORY = 2 ** 30  # bytes that a process may use
FILE_SIZE = 2 ** 27  # bytes of the longest file that it may write
WORDS = 400  # characters that are kept of an exception's message
PR_SET_PDEATHSIG = 1  # linux/prctl.h


class Result(NamedTuple):
    """What a test did, or the import of a file that failed.

    outcome: "passes", "skipped", "assertion", "exception" or "time". Where
        the process ended in the middle of the test, it is "exception".
    words: for one that failed, where and with which message.
    kind: "unit" or "integration".
    """

    outcome: str
    words: str = ""
    kind: str = "unit"
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether unittest would call it a failure or an error."""
        return self.outcome not in ("passes", "skipped")


def settle(folder: str, home: str) -> None:
    """Give this process its surroundings, and limits where there are any."""
    os.chdir(folder)
    sys.path[0] = folder
    sys.argv[1:] = []
    sys.modules.pop(__name__, None)  # A suite may have a file of this name.
    os.environ.update(HOME=home, TMPDIR=home)
    tempfile.tempdir = None  # It would remember another.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stay_on_loopback()
    if hasattr(os, "setsid"):
        os.setsid()
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        import resource  # Windows has none.
        for limit, most in ((resource.RLIMIT_AS, MEMORY),
                            (resource.RLIMIT_FSIZE, FILE_SIZE),
                            (resource.RLIMIT_CORE, 0)):
            with suppress(OSError, ValueError):  # where less is allowed
                resource.setrlimit(limit, (most, most))


def prctl(option: int, value: int) -> None:
    """Set what only Linux has; elsewhere a little less is cleaned up."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def stay_on_loopback() -> None:
    """Have sockets refuse every address but this machine's own."""

    def guarded(function: Any, host_of: Callable[..., Any]) -> Any:
        """Return a function that looks at the host before it is called."""

        @wraps(function)
        def checked(*args: Any, **options: Any) -> Any:
            """Refuse another machine; else do as always."""
            host = host_of(*args, **options)
            if not is_loopback(host):
                raise socket.gaierror(
                    socket.EAI_FAIL, f"a graded test has no network: {host}")
            return function(*args, **options)

        return checked

    def host_of_address(self: socket.socket, *args: Any) -> Any:
        """Return the host in the last argument, for an internet socket."""
        inet = self.family in (socket.AF_INET, socket.AF_INET6)
        return args[-1][0] if inet else None

    for name in ("connect", "connect_ex", "sendto"):
        method = getattr(socket.socket, name)
        setattr(socket.socket, name, guarded(method, host_of_address))
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        setattr(socket, name, guarded(
            getattr(socket, name), lambda host, *args, **options: host))


def is_loopback(host: Any) -> bool:
    """Tell whether a host, by name or address, is this machine itself."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost", "0.0.0.0", "::"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def show() -> None:
    """Have unittest run all files, and say what it says."""
    with suppress(SystemExit):
        unittest.main(module=None, argv=[
            "python -m unittest", *sorted(glob("test*.py"))])
    sys.stdout.flush()
    sys.stderr.flush()


def record(
        recorder: "Recorder", only: Optional[List[str]],
        known: Collection[str], seed: int, backwards: bool,
        profile: bool) -> None:
    """Run the tests in this folder, all of them or some, in a given order.

    What is known already, a test by its id or a file that can't be imported
    by its name, is passed over.
    """
    random.seed(seed)
    tests: Dict[str, unittest.TestCase] = {}
    for name in sorted(glob("test*.py")):
        if name not in known:
            tests.update((test.id(), test) for test in recorder.load(name))
    chosen = [test_id for test_id in tests if test_id not in known
              and (only is None or test_id in only)]
    if backwards:
        chosen.reverse()
    recorder.begin(chosen)
    if profile:
        threading.setprofile(recorder.profile)
        sys.setprofile(recorder.profile)
    unittest.TestSuite(tests[test_id] for test_id in chosen).run(recorder)
    sys.setprofile(None)


class Recorder(unittest.TestResult):
    """Writes down what each test does, a line of JSON for each event."""

    def __init__(self, channel: int, folder: str) -> None:
        """Write to a file; name the places in the files of a folder."""
        super().__init__()
        self._channel = channel
        self._folder = folder
        self._pid = os.getpid()
        self._ids: List[str] = []
        self._outcome: Optional[Result] = None
        self._begun = 0.0
        # Whether client has called get_json, or was started as a program,
        # and in the fixtures of which classes.
        self._reached = False
        self._integrated: Set[str] = set()

    def write(self, what: str, name: str, *facts: Any) -> None:
        """Write a line, unless this is a process that a test forked."""
        if os.getpid() == self._pid:
            line = json.dumps([what, name, *facts]) + "\n"
            os.write(self._channel, line.encode())

    def load(self, name: str) -> List[unittest.TestCase]:
        """Import a file and return its tests; none if that fails."""
        self.write("import", name)
        try:
            module = importlib.import_module(os.path.splitext(name)[0])
            loader = unittest.defaultTestLoader
            return list(flat(loader.loadTestsFromModule(module)))
        except unittest.SkipTest:
            return []
        except BaseException as error:
            self.write(
                "broken", name, "exception", self.words(error, name))
            return []

    def begin(self, ids: List[str]) -> None:
        """Write down which tests will run, in order."""
        self._ids = ids
        self.write("tests", "", ids)

    def startTest(self, test: unittest.TestCase) -> None:
        """Write down which test is under way."""
        if self._reached:  # since the last test: in setUpClass
            self._integrated.add(class_of(test.id()))
            self._reached = False
        self._outcome = None
        self._begun = monotonic()
        self.write("start", test.id())

    def stopTest(self, test: unittest.TestCase) -> None:
        """Write down what the test did."""
        integrated = self._reached or class_of(test.id()) in self._integrated
        self._reached = False
        outcome = self._outcome or Result("exception", "was interrupted")
        self.write("end", test.id(), *outcome._replace(
            kind="integration" if integrated else "unit",
            seconds=monotonic() - self._begun))

    def addSuccess(self, test: unittest.TestCase) -> None:
        """Note a test that passes."""
        self.note(test, "passes")

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        """Note a test that fails by an assertion."""
        self.note(test, "assertion", self.words(err[1], place_of(test)))

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        """Note a test that fails by another exception."""
        self.note(test, "exception", self.words(err[1], place_of(test)))

    def addSubTest(
            self, test: unittest.TestCase, subtest: unittest.TestCase,
            err: Any) -> None:
        """Note a part of a test that fails: then the test fails."""
        if err and issubclass(err[0], test.failureException):
            self.addFailure(test, err)
        elif err:
            self.addError(test, err)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        """Note a test that is skipped."""
        self.note(test, "skipped", reason)

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:
        """Note a test that fails as expected: then it passes."""
        self.note(test, "passes")

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        """Note a test that was expected to fail, and did not."""
        self.note(test, "assertion", f"{place_of(test)}: unexpected success")

    def note(
            self, test: unittest.TestCase, what: str, words: str = "") -> None:
        """Keep the first thing that a test does; of a class, for its tests."""
        if isinstance(test, unittest.TestCase):
            self._outcome = self._outcome or Result(what, words)
            return
        # What fails is "setUpClass (test_it.TestIt)", or of a module.
        fixture, scope = test.id()[:-1].split(" (")
        ids = [f"{scope}.{fixture}"]
        if fixture.startswith("setUp"):
            ids = [one for one in self._ids if one.startswith(f"{scope}.")]
        for test_id in ids:
            self.write("end", test_id, what, words)

    def words(self, error: BaseException, place: str) -> str:
        """Return where an exception left the suite, and its message."""
        for frame, line in traceback.walk_tb(error.__traceback__):
            folder, name = os.path.split(frame.f_code.co_filename)
            if folder == self._folder and name not in MODULES:
                place = f"{name}, line {line}"
        if isinstance(error, SyntaxError) and error.filename:
            place = f"{os.path.basename(error.filename)}, line {error.lineno}"
        try:
            message = " ".join(str(error)[:10 * WORDS].split())
        except Exception:
            message = "(its message can't be read)"
        text = f"{place}: {type(error).__name__}: {message}".rstrip(": ")
        return "".join(
            letter if letter.isprintable() else "?" for letter in text)[:WORDS]

    def profile(self, frame: FrameType, event: str, _: Any) -> None:
        """Notice, as a profile function, when client calls get_json.

        So it does, as far as can be told, in a process that runs client.py.
        """
        if event != "call":
            return
        if frame.f_code is subprocess.Popen.__init__.__code__:
            self._reached = self._reached or bool(re.search(
                r"\bclient\.py\b", str(frame.f_locals.get("args"))))
        elif frame.f_code.co_name != "get_json":
            return
        elif os.path.split(frame.f_code.co_filename) == (
                self._folder, "utils.py"):
            client = os.path.join(self._folder, "client.py")
            self._reached = self._reached or any(
                caller.f_code.co_filename == client
                for caller, _ in traceback.walk_stack(frame))


def flat(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    """Yield the tests in a suite, and in the suites in it."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test


def place_of(test: unittest.TestCase) -> str:
    """Return the file of a test, for want of a line."""
    return test.id().split(" (")[-1].split(".")[0] + ".py"


def class_of(test_id: str) -> str:
    """Return the name of a test's class, its module before it."""
    return test_id.rpartition(".")[0]
