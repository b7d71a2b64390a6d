#!/usr/bin/env python3
"""Run a suite in this process, and write down what each test does.

All of this happens in the process that a run has for itself: its limits,
the guard of its sockets, its tests. Each event is a line, written at once,
so that it is known what was under way if the process ends. A test may
replace whatever it likes and never stop, so all that is needed after the
first import has a name of its own here.
"""
import ctypes
import importlib
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import unittest
from builtins import ascii
from contextlib import suppress
from functools import partial, wraps
from glob import glob
from io import open as open_file
from ipaddress import ip_address
from os import _exit, getpid, write
from os.path import basename, join, split, splitext
from time import monotonic
from traceback import walk_stack, walk_tb
from types import FrameType, ModuleType
from typing import (
    Any, Callable, Dict, Iterator, List, Optional, Set, Tuple)
from unittest.mock import NonCallableMock

from .protocol import Job, Trial

MEMORY = 2 ** 30  # bytes that a process may use
FILE_SIZE = 2 ** 27  # bytes of the longest file that it may write
MESSAGE = 400  # characters that are kept of an exception's message
PR_SET_PDEATHSIG = 1  # linux/prctl.h
HIGH = 500  # file descriptors from here on are not closed by accident

# Builtin functions by which a run can meet another that goes on beside it.
SHARING = {open_file, *(
    function for name in (
        "open", "mkdir", "remove", "unlink", "rename", "replace", "rmdir",
        "link", "symlink", "mkfifo", "fork", "forkpty", "posix_spawn",
        "system")
    for function in [getattr(os, name, None)] if function)}
SHARING_NAMES = {"bind", "fork_exec", "start_new_thread"}
CLOCK = {"time", "monotonic", "perf_counter", "process_time", "sleep"}
READERS = {"tokenize.py", "linecache.py"}  # read sources, for a traceback

Class = Tuple[str, str]  # the names of its module and its own
Replaced = Tuple[Any, str, Any]  # whose name, the name, what it is now


def settle(folder: str, home: str) -> None:
    """Give this process its surroundings, and limits where there are any."""
    os.chdir(folder)
    sys.path[0] = folder
    sys.argv[1:] = []
    package = __name__.split(".")[0]
    for name in list(sys.modules):  # A suite may have a file of this name.
        if name.split(".")[0] == package:
            del sys.modules[name]
    os.environ.update(HOME=home, TMPDIR=home)
    tempfile.tempdir = None  # It would remember another.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stay_on_loopback()
    os.setsid()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    import resource  # Windows has none, and its readers no use for it.
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
    """Return whether a host, by name or address, is this machine itself."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost", "0.0.0.0", "::"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def show(tests: Optional[List[str]]) -> None:
    """Have plain unittest run all files, or some tests in their order."""
    with suppress(SystemExit):
        unittest.main(module=None, argv=[
            "python -m unittest", *(tests or sorted(glob("test*.py")))])
    sys.stdout.flush()
    sys.stderr.flush()


def record(recorder: "Recorder", job: Job, done: Set[str]) -> None:
    """Run the tests of a job in this folder, but for those that are done."""
    random.seed(int(job.seed))
    files = sorted(glob("test*.py"))
    if job.tests is not None:
        modules = {test_id.split(".")[0] for test_id in job.tests}
        files = [name for name in files if splitext(name)[0] in modules]
    for module in recorder.modules:
        # What a file replaces at its import can only be seen afterwards if
        # it is known what was there. What fails here fails there again.
        with suppress(Exception):
            importlib.import_module(module)
    if job.profile is not None:
        threading.setprofile(recorder.profile)
        sys.setprofile(recorder.profile)
    tests: Dict[str, unittest.TestCase] = {}
    for name in files:
        if name not in job.passed_over and name not in done:
            tests.update((test.id(), test) for test in recorder.load(name))
    order = list(tests) if job.tests is None else [
        test_id for test_id in job.tests if test_id in tests]
    if job.backwards:
        order.reverse()
    order = [test_id for test_id in order
             if test_id not in done and test_id not in job.passed_over]
    recorder.begin(order)
    unittest.TestSuite(
        with_boundaries([tests[test_id] for test_id in order], recorder)
    ).run(recorder)
    sys.setprofile(None)


class Recorder(unittest.TestResult):
    """Writes down what each test does, a line for each event."""

    def __init__(self, channel: int, folder: str, job: Job) -> None:
        """Write to a file; name the places in the files of a folder."""
        super().__init__()
        self._channel = channel
        self._folder = folder
        self._planted = set(job.sources)
        self.modules = [splitext(name)[0] for name in job.modules]
        self._targets: Dict[str, List[Tuple[str, int, int]]] = {}
        for file, name, first, last in job.profile or []:
            self._targets.setdefault(name, []).append((file, first, last))
        self._pid = getpid()
        self._ids: List[str] = []
        self._test: Any = None
        self._trial: Optional[Trial] = None
        self._begun = 0.0
        self._shares = False
        # Whether one module has called another's function for real, in
        # this test, in the fixtures of its class, of its module.
        self._reached = self._reached_by_class = False
        # What the names were at the beginning, before this test or class.
        self._first = Names([])
        self._before_class = Names([])
        self._before_test = Names([])
        # What files left replaced at their import, by their modules.
        self._doubles: Dict[str, List[Replaced]] = {}

    def write(self, event: str, name: str, *facts: Any) -> None:
        """Write a line, unless this is a process that a test forked."""
        if getpid() == self._pid:
            line = ascii((event, name, *facts)) + "\n"
            write(self._channel, line.encode())

    def load(self, name: str) -> List[unittest.TestCase]:
        """Import a file and return its tests; none if that fails."""
        self.write("import", name)
        before = Names(self.modules)
        try:
            module = importlib.import_module(splitext(name)[0])
            loader = unittest.defaultTestLoader
            tests = list(flat(loader.loadTestsFromModule(module)))
        except unittest.SkipTest:
            tests = []
        except BaseException as error:
            self.write(
                "unloaded", name, "exception", self.message(error, name))
            return []
        finally:
            self._doubles[splitext(name)[0]] = before.restore()
        self.write("imported", name)
        return tests

    def begin(self, ids: List[str]) -> None:
        """Write down which tests will run, in order."""
        self._ids = ids
        self._first = self._before_class = Names(self.modules)
        self.write("tests", "", ids)

    def begin_module(self, name: str) -> None:
        """Put in place what its file replaced: its tests rely on that."""
        for owner, label, value in self._doubles.get(name, []):
            setattr(owner, label.rpartition(".")[2], value)

    def begin_class(self) -> None:
        """Look at what the class finds, before its setUpClass."""
        self._before_class = Names(self.modules)
        self._reached = self._reached_by_class = False

    def end_class(self, name: str) -> None:
        """Write down what a class left replaced, and put it back."""
        self.leak(name, self._before_class.restore())
        self._reached = self._reached_by_class = False

    def end_module(self, name: str) -> None:
        """Write down what a module, or its file, left replaced."""
        self.leak(name, self._first.restore())

    def leak(self, name: str, replaced: "List[Replaced]") -> None:
        """Write down which names were left replaced by whom."""
        if replaced:
            self.write("leak", name, [label for _, label, _ in replaced])

    def startTest(self, test: unittest.TestCase) -> None:
        """Write down which test is under way."""
        self._reached_by_class = self._reached_by_class or self._reached
        self._reached = False
        self._test, self._trial = test, None
        self.write("start", test.id())
        self._before_test = Names(self.modules)
        self._begun = monotonic()

    def stopTest(self, test: unittest.TestCase) -> None:
        """Write down what the test did."""
        seconds = monotonic() - self._begun
        kind = "unit"
        if self._reached or self._reached_by_class:
            kind = "integration"
        self._reached = False
        trial = self._trial or Trial("exception", "was interrupted")
        self.leak(test.id(), self._before_test.restore())
        self.write("end", test.id(), trial.ending, trial.message, kind,
                   seconds)
        self._test = None

    def addSuccess(self, test: unittest.TestCase) -> None:
        """Note a test that passes."""
        self.note(test, "passed")

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        """Note a test that fails by an assertion."""
        self.note(test, "assertion", self.message(err[1], place_of(test)))

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        """Note a test that fails by another exception."""
        self.note(test, "exception", self.message(err[1], place_of(test)))

    def addSubTest(
            self, test: unittest.TestCase, subtest: unittest.TestCase,
            err: Any) -> None:
        """Note a part of a test that fails: then the test fails."""
        if err and issubclass(err[0], test.failureException):
            self.addFailure(test, err)
        elif err:
            self.addError(test, err)

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        """Note a test that is skipped; one part of it is none."""
        is_part = self._test is not None and test is not self._test
        self.note(test, "passed" if is_part else "skipped", reason)

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:
        """Note a test that fails as expected: then it passes."""
        self.note(test, "passed")

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        """Note a test that was expected to fail, and did not."""
        self.note(test, "assertion", f"{place_of(test)}: unexpected success")

    def note(self, test: unittest.TestCase, ending: str,
             message: str = "") -> None:
        """Keep how a test ends, first of all its first failure."""
        if self._test is not None:
            if not (self._trial and self._trial.failed):
                self._trial = Trial(ending, message)
            return
        # What fails, or is skipped, is "setUpClass (test_it.TestIt)", or of
        # a module; or it is a class or a test under @skip.
        if " (" not in test.id():
            self.write("end", test.id(), ending, message)
            return
        fixture, scope = test.id()[:-1].split(" (")
        ids = [f"{scope}.{fixture}"]
        if fixture.startswith("setUp"):
            ids = [one for one in self._ids if one.startswith(f"{scope}.")]
        for test_id in ids:
            self.write("end", test_id, ending, message)

    def message(self, error: BaseException, place: str) -> str:
        """Return where an exception left the suite, and its message."""
        for frame, line in walk_tb(error.__traceback__):
            folder, name = split(frame.f_code.co_filename)
            if folder == self._folder and name not in self._planted:
                place = f"{name}, line {line}"
        if isinstance(error, SyntaxError) and error.filename:
            place = f"{basename(error.filename)}, line {error.lineno}"
        try:
            message = " ".join(str(error)[:10 * MESSAGE].replace(
                join(self._folder, ""), "").split())
        except Exception:
            message = "(its message can't be read)"
        text = f"{place}: {type(error).__name__}: {message}".rstrip(": ")
        return "".join(
            letter if letter.isprintable() else "?"
            for letter in text)[:MESSAGE]

    def profile(self, frame: FrameType, event: str, function: Any) -> None:
        """Notice, as a profile function, what a run reaches.

        That is: a function that one module calls for real in another, and
        whatever another run could meet.
        """
        code = frame.f_code
        if event == "call" and code.co_name in self._targets:
            folder, name = split(code.co_filename)
            if folder == self._folder and any(
                    name == file and first <= code.co_firstlineno <= last
                    for file, first, last in self._targets[code.co_name]):
                self._reached = self._reached or self.is_called(frame, name)
        elif event == "c_call" and not self._shares:
            if self.is_sharing(function, code.co_filename):
                self._shares = True
                self.write("shares", "")

    def is_called(self, frame: FrameType, own: str) -> bool:
        """Return whether code of another module is among the callers."""
        for caller, _ in walk_stack(frame):
            folder, name = split(caller.f_code.co_filename)
            if folder == self._folder and name != own \
                    and splitext(name)[0] in self.modules:
                return True
        return False

    def is_sharing(self, function: Any, caller: str) -> bool:
        """Return whether another run could meet a builtin function's call."""
        try:
            if function in SHARING:
                return split(caller)[1] not in READERS
        except TypeError:  # a method of what can't be hashed
            return False
        name = getattr(function, "__name__", "")
        if name in CLOCK:
            return (function.__module__ == "time"
                    and caller.startswith(self._folder))
        return name in SHARING_NAMES


class Names:
    """What the names in some modules were at one time.

    That is: in the modules, in those that they import, in their classes.
    """

    def __init__(self, modules: List[str]) -> None:
        """Look at the modules that have been imported."""
        self._owners: Dict[int, Tuple[Any, str, Dict[str, Any]]] = {}
        for name in modules:
            module = sys.modules.get(name)
            if isinstance(module, ModuleType):
                self._add(module, name)
                for label, value in list(vars(module).items()):
                    if isinstance(value, ModuleType):
                        self._add(value, value.__name__)

    def _add(self, module: ModuleType, label: str) -> None:
        """Keep what the names of a module, and of its classes, are."""
        self._owners[id(module)] = module, label, dict(vars(module))
        top = label.split(".")[0]
        for name, value in list(vars(module).items()):
            # A double may lie about its class.
            if issubclass(type(value), type) and str(
                    getattr(value, "__module__", "")).split(".")[0] == top:
                self._owners[id(value)] = (
                    value, f"{label}.{name}", dict(vars(value)))

    def restore(self) -> "List[Replaced]":
        """Put back what has been replaced since; return what that was."""
        replaced = []
        for owner, label, names in self._owners.values():
            now = vars(owner)
            for name, value in names.items():
                if now.get(name, self) is not value and is_replaced(
                        value, now.get(name)):
                    replaced.append((owner, f"{label}.{name}", now.get(name)))
                    with suppress(AttributeError, TypeError):
                        setattr(owner, name, value)
        return replaced


def is_replaced(before: Any, now: Any) -> bool:
    """Return whether a name got a double, not just another value.

    A module that was loaded again has new functions of the same names.
    """
    kind = type(now)
    if issubclass(kind, NonCallableMock) or hasattr(kind, "mock"):
        return True
    if not (callable(before) or hasattr(type(before), "__get__")
            or isinstance(before, ModuleType)):
        return False
    names = [(getattr(one, "__module__", ""), getattr(
        one, "__qualname__", one)) for one in (before, now)]
    return names[0] != names[1] or "mock" in getattr(now, "__dict__", ())


def with_boundaries(
        tests: List[unittest.TestCase], recorder: Recorder) -> Iterator[Any]:
    """Yield tests, and before and after each class what looks at names.

    unittest takes a boundary for a test of another class, so it runs the
    fixtures of the class before that is over.
    """
    for place, test in enumerate(tests):
        module, name = class_of(test)
        before = class_of(tests[place - 1]) if place else ("", "")
        after = class_of(
            tests[place + 1]) if tests[place + 1:] else ("", "")
        if module != before[0]:
            yield boundary("", partial(recorder.begin_module, module))
        if (module, name) != before:
            yield boundary(module, recorder.begin_class)
        yield test
        if (module, name) != after:
            yield boundary(
                module, partial(recorder.end_class, f"{module}.{name}"))
        if module != after[0]:
            yield boundary("", partial(recorder.end_module, module))


def class_of(test: unittest.TestCase) -> Class:
    """Return the names of the module and of the class of a test."""
    return type(test).__module__, type(test).__qualname__


def boundary(module: str, action: Callable[[], None]) -> Any:
    """Return what a TestSuite calls as if it were a test of a module."""
    return type("Boundary", (), {
        "__module__": module,
        "__call__": lambda self, result: action()})()


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


def work(job: Job, done: Set[str], root: str) -> None:
    """Make a run, in the process that it has for itself; never return."""
    status, pid = 1, getpid()
    try:
        import fcntl
        folder = join(root, "suite")
        channel = os.open(
            join(root, "channel"), os.O_WRONLY | os.O_APPEND)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(channel if job.show and stream else nothing, stream)
        channel = fcntl.fcntl(channel, fcntl.F_DUPFD_CLOEXEC, HIGH)
        at_end = fcntl.fcntl(
            os.open(join(root, "end"), os.O_WRONLY),
            fcntl.F_DUPFD_CLOEXEC, HIGH)
        settle(folder, root)
        if job.show:
            show(job.tests)
        else:
            record(Recorder(channel, folder, job), job, done)
        if getpid() == pid:  # A test may have forked, and come here twice.
            write(at_end, b".")
        status = 0
    finally:
        _exit(status)
