#!/usr/bin/env python3
"""Run a suite in this process, and write down what each test does.

Each event is handed to a function at once, so that it is known what was
under way if the process ends. A test may replace whatever it likes, so all
that is needed after the first import has a name of its own here.
"""
import importlib
import random
import sys
import threading
import unittest
from contextlib import suppress
from functools import partial
from glob import glob
from itertools import chain
from operator import is_
from os.path import basename, join
from sys import setprofile as set_profile
from time import monotonic, process_time
from traceback import walk_stack, walk_tb
from types import FrameType, ModuleType
from typing import (
    Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Set,
    Tuple)

from .names import file_of_name, module_of, path_in, test_files
from .protocol import FIXTURES, Job, Result
from .readers import Readers
from .tracer import Tracer, is_hook

MAIN = join("unittest", "main.py")
MESSAGE = 400  # characters that are kept of where and why a test fails
DOUBLES = ("unittest.mock", "mock")  # the modules that make doubles

# Hands over an event: what happens, a name, and perhaps more.
Write = Callable[..., None]
Replaced = Tuple[Any, str, Any]  # whose name, the name, what it is now


class Found(NamedTuple):
    """A test, and where it was found.

    module, class_name: of its class, whose fixtures it needs.
    """

    name: str
    test: unittest.TestCase
    file: str
    module: str
    class_name: str


def record(recorder: "Recorder", job: Job, done: Set[str]) -> None:
    """Run the tests of a job in this folder, but for those that are done."""
    random.seed(int(job.seed) + 1000 * job.again)
    known = {*job.passed_over, *done}
    if recorder.tracer:
        recorder.tracer.start()
    for module in recorder.modules:
        # What a file replaces at its import can only be seen afterwards if
        # it is known what was there. What fails here fails there again.
        with suppress(Exception):
            importlib.import_module(module)
    recorder.write_trace("")
    if job.integration is not None:
        recorder.watch()
    files = files_to_run() if job.imported is None else job.imported
    tests: Dict[str, Found] = {}
    for file in files:
        if file not in known:
            for found in recorder.load(file):
                tests.setdefault(found.name, found)
    order = [name for name in tests if job.tests is None]
    order += [name for name in job.tests or () if name in tests]
    if job.backwards:
        order.reverse()
    recorder.run_tests([tests[name] for name in order if name not in known])


def files_to_run() -> List[str]:
    """Return the files of the suite in this folder that are run."""
    return test_files([
        *glob("test*.py"), *glob(join("tests", "**", "test*.py"),
                                 recursive=True)])


class Recorder(unittest.TestResult):
    """Writes down what each test does, event by event."""

    def __init__(self, write: Write, folder: str, job: Job) -> None:
        """Write by a function; name the places in the files of a folder."""
        super().__init__()
        self._write = write
        self._folder = folder
        self._sources = set(job.sources)
        self._files = job.modules
        self.modules = [module_of(name) for name in job.modules]
        self._targets: Dict[str, List[Tuple[str, int, int]]] = {}
        for file, name, first, last in job.integration or []:
            self._targets.setdefault(name, []).append((file, first, last))
        self.tracer = Tracer(folder, job.modules) if job.trace else None
        self._ids: List[str] = []
        self._names: Dict[int, str] = {}  # of tests, by their identity
        self._test: Any = None
        self._result: Optional[Result] = None
        self._begun = self._begun_busy = 0.0
        # Whether one module has called another's function for real, in
        # this test, in the fixtures of its class, of its module.
        self._reached = self._reached_by_class = False
        self._profile = self.profile  # one object, to be known again
        # Whether a test has put another in its place, for a while at least.
        self._is_unwatched = False
        # Who is at work, as far as it can read sources.
        self._at_work = ""
        self._readers: Optional[Readers] = None
        # What the names were at the beginning, before this test or class.
        self._first = Names([])
        self._before_class = Names([])
        self._before_test = Names([])
        # What files left replaced at their import, by the files.
        self._doubles: Dict[str, List[Replaced]] = {}

    def load(self, file: str) -> List[Found]:
        """Import a file and return its tests; none if that fails."""
        self._write("import", file)
        self._at_work = file
        before = Names(self.modules)
        try:
            module = importlib.import_module(module_of(file))
            loader = unittest.defaultTestLoader
            tests = list(numbered(found_in(file, test) for test in flat(
                loader.loadTestsFromModule(module))))
        except unittest.SkipTest:
            tests = []
        except BaseException as error:
            self._write(
                "unloaded", file, "exception", self.message(error, file))
            return []
        finally:
            self._doubles[file] = before.restore()
        self.write_trace(file)
        self._write("imported", file, [found.name for found in tests])
        return tests

    def watch(self) -> None:
        """Begin to look at what makes an integration test, and at readers."""
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)
        self._readers = Readers(
            self._folder, self._files,
            lambda file: self._write("reads", self._at_work, [file]))
        self._readers.start()

    def run_tests(self, tests: List[Found]) -> None:
        """Run tests in order, each class and module with its fixtures."""
        self._ids = [found.name for found in tests]
        self._names = {id(found.test): found.name for found in tests}
        self._first = self._before_class = self._before_test = Names(
            self.modules)
        self._write("tests", "", self._ids)
        try:
            unittest.TestSuite(with_boundaries(tests, self)).run(self)
        except BaseException as error:
            self._write("raised", self.message(error, "").lstrip(": "))
            raise
        finally:
            sys.setprofile(None)
            if self._readers:
                self._readers.stop()
            if self.tracer:
                self.tracer.stop()

    def begin_module(self, file: str, name: str) -> None:
        """Put in place what its file replaced: its tests rely on that."""
        for owner, label, value in self._doubles.get(file, []):
            setattr(owner, label.rpartition(".")[2], value)
        self._write("module", name)

    def begin_class(self, name: str) -> None:
        """Look at what the class finds, before its setUpClass."""
        self._before_class = Names(self.modules)
        self._reached = self._reached_by_class = False
        self._at_work = name
        self._write("class", name)

    def leave_test(self, class_name: str) -> None:
        """Write down that a test, with what comes after it, is over."""
        self._at_work = class_name
        self._write("left", class_name)

    def end_class(self, name: str, module: str) -> None:
        """Write down what a class left replaced, and put it back."""
        self.write_trace(name)
        self.leak(name, self._before_class.restore())
        self._reached = self._reached_by_class = False
        self._write("class over", module)

    def end_module(self, name: str) -> None:
        """Write down what a module, or its file, left replaced."""
        self.write_trace(name)
        self.leak(name, self._first.restore())
        self._write("module over", name)

    def leak(self, name: str, replaced: List[Replaced]) -> None:
        """Write down which names were left replaced by whom."""
        if replaced:
            self._write("leak", name, [
                printable(label) for _, label, _ in replaced])

    def startTest(self, test: unittest.TestCase) -> None:
        """Write down which test is under way."""
        self._reached_by_class = self._reached_by_class or self._reached
        self._reached = False
        self._test, self._result = test, None
        self._at_work = self.name_of(test)
        if self._readers:
            self._readers.forget()
        self.write_trace(found_in("", test).class_name)
        self._write("start", self.name_of(test))
        self._before_test = self._before_test.now(self.modules)
        self._begun, self._begun_busy = monotonic(), process_time()

    def stopTest(self, test: unittest.TestCase) -> None:
        """Write down what the test did."""
        if self._test is None:  # Python 3.12.1 did not start what it skips.
            return
        seconds = monotonic() - self._begun
        busy = process_time() - self._begun_busy
        kind = "unit"
        if self._readers and not is_hook(
                self._profile, sys.getprofile(), "profile"):
            threading.setprofile(self._profile)
            sys.setprofile(self._profile)
            self._is_unwatched = True
        if self._is_unwatched:
            kind, self._is_unwatched = "not known", False
        if self._reached or self._reached_by_class:
            kind = "integration"
        self._reached = False
        result = self._result or Result("exception", "was interrupted")
        name = self.name_of(test)
        self.write_trace(name)
        self.leak(name, self._before_test.restore())
        self._write("end", name, *result._replace(
            kind=kind, seconds=seconds, busy=busy))
        self._test = None

    def write_trace(self, name: str) -> None:
        """Write down what the modules' code did since the last time."""
        if self.tracer:
            self._write("traced", name, *self.tracer.take())

    def stop(self) -> None:
        """Write down who stops the run, and go on."""
        self._write("stop", self._at_work)

    def name_of(self, test: Any) -> str:
        """Return the id of a test, or what unittest has in its place."""
        return self._names.get(id(test)) or printable(test.id())

    def addSuccess(self, test: unittest.TestCase) -> None:
        """Note a test that passes."""
        self.note(test, "passed")

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        """Note a test that fails by an assertion."""
        self.note(test, "assertion", self.message(err[1], self.place_of(test)))

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        """Note a test that fails by another exception."""
        self.note(test, "exception", self.message(err[1], self.place_of(test)))

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
        self.note(test, "assertion",
                  f"{self.place_of(test)}: unexpected success")

    def note(self, test: unittest.TestCase, outcome: str,
             message: str = "") -> None:
        """Keep how a test ends, first of all its first failure."""
        if self._test is not None:
            if not (self._result and self._result.failed):
                self._result = Result(outcome, message)
            return
        # What fails, or is skipped, is "setUpClass (test_it.TestIt)", or of
        # a module; or it is a class or a test under @skip.
        name = self.name_of(test)
        fixture, _, scope = name.rstrip(")").partition(" (")
        names = [name]
        if fixture in FIXTURES:
            names = [f"{scope}.{fixture}"]
        if fixture.startswith("setUp"):
            names = [one for one in self._ids if one.startswith(f"{scope}.")]
        for one in names:
            self._write("fixture", one, outcome, message)

    def message(self, error: BaseException, place: str) -> str:
        """Return where an exception left the suite, and its message."""
        described: object = error
        for frame, line in walk_tb(error.__traceback__):
            name = path_in(self._folder, frame.f_code.co_filename)
            if name and name not in self._sources:
                place = f"{name}, line {line}"
        if isinstance(error, SyntaxError) and error.filename:
            name = path_in(self._folder, error.filename) or basename(
                error.filename)
            place = f"{name}, line {error.lineno}"
            described = error.msg  # str(error) has the place once more.
        try:
            text = str(described)
            message = " ".join(text[:10 * MESSAGE].replace(
                join(self._folder, ""), "").split())
            message += " ..." if text[10 * MESSAGE:] else ""
        except Exception:
            message = "(its message can't be read)"
        if isinstance(error, SystemExit) and any(
                frame.f_code.co_filename.endswith(MAIN)
                for frame, _ in walk_tb(error.__traceback__)):
            message = ("unittest.main() is called when the file is imported; "
                       'it belongs below if __name__ == "__main__"')
        text = f"{place}: {type(error).__name__}: {message}".rstrip(": ")
        return cut(printable(text))

    def place_of(self, test: Any) -> str:
        """Return the file of a test, for want of a line."""
        name = self.name_of(test).split(" (")[-1]
        return file_of_name(name, self._doubles) or (
            name.split(".")[0] + ".py")

    def profile(self, frame: FrameType, event: str, function: Any) -> None:
        """Notice, as a profile function, that a test is an integration test.

        That is: one module calls a function for real in another.
        """
        if event == "c_call" and function is set_profile:
            file = basename(frame.f_code.co_filename)
            if file not in ("threading.py", basename(__file__)):
                self._is_unwatched = True
        if event != "call":
            return
        code = frame.f_code
        if code.co_name in self._targets:
            name = path_in(self._folder, code.co_filename)
            if any(
                    name == file and first <= code.co_firstlineno <= last
                    for file, first, last in self._targets[code.co_name]):
                self._reached = self._reached or self.is_called(frame, name)

    def is_called(self, frame: FrameType, own: str) -> bool:
        """Return whether code of another module is among the callers."""
        for caller, _ in walk_stack(frame):
            name = path_in(self._folder, caller.f_code.co_filename)
            if name in self._files and name != own:
                return True
        return False


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

        # What changes with the names: the test of this has to be quick.
        self._current = [
            vars(owner).values() for owner, _, _ in self._owners.values()]
        self._lengths = list(map(len, self._current))
        self._values = list(chain.from_iterable(self._current))

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

    def now(self, modules: List[str]) -> "Names":
        """Return what the names are now: this object, if nothing changed."""
        return self if self._are_same() else Names(modules)

    def _are_same(self) -> bool:
        """Return whether nothing has changed since, not even the order."""
        return (list(map(len, self._current)) == self._lengths
                and all(map(is_, self._values,
                            chain.from_iterable(self._current))))

    def restore(self) -> List[Replaced]:
        """Put back what has been replaced since; return what that was."""
        replaced: List[Replaced] = []
        if self._are_same():
            return replaced
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
    if hasattr(kind, "mock") or any(
            one.__module__ in DOUBLES for one in kind.__mro__):
        return True
    if not (callable(before) or hasattr(type(before), "__get__")
            or isinstance(before, ModuleType)):
        return False
    names = [(getattr(one, "__module__", ""), getattr(
        one, "__qualname__", one)) for one in (before, now)]
    return names[0] != names[1] or "mock" in getattr(now, "__dict__", ())


def with_boundaries(
        tests: List[Found], recorder: Recorder) -> Iterator[Any]:
    """Yield tests, and between them what tells the recorder where it is.

    unittest takes a boundary for a test of another class, so it runs the
    fixtures of the class before that is over.
    """
    nothing = Found("", unittest.TestCase("run"), "", "", "")
    for before, found, after in zip(
            [nothing, *tests], tests, [*tests[1:], nothing]):
        module, name = found.module, found.class_name
        if found[2:4] != before[2:4]:
            yield boundary("", partial(
                recorder.begin_module, found.file, module))
        if found[2:] != before[2:]:
            yield boundary(module, partial(recorder.begin_class, name))
        yield found.test
        yield Boundary(type(found.test), partial(recorder.leave_test, name))
        if found[2:] != after[2:]:
            yield boundary(module, partial(recorder.end_class, name, module))
        if found[2:4] != after[2:4]:
            yield boundary("", partial(
                recorder.end_module, module_of(found.file)))


class Boundary:
    """What a TestSuite calls as if it were a test of a class."""

    def __init__(self, class_: type, action: Callable[[], None]) -> None:
        """Keep the class that it says it has, and what to do."""
        self._class = class_
        self._action = action

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """The class by which a TestSuite decides which fixtures to run."""
        return self._class

    def __call__(self, result: unittest.TestResult) -> None:
        """Do what there is to be done here."""
        self._action()


def boundary(module: str, action: Callable[[], None]) -> Boundary:
    """Return a boundary that seems to be of a class in a module."""
    return Boundary(type("Boundary", (), {"__module__": module}), action)


def found_in(file: str, test: Any) -> Found:
    """Return a test with the names that say where it belongs."""
    kind = type(test)
    return Found(printable(test.id()), test, file, kind.__module__,
                 printable(f"{kind.__module__}.{kind.__qualname__}"))


def numbered(tests: Iterable[Found]) -> Iterator[Found]:
    """Yield tests; what has the id of an earlier one gets a number.

    So it is with the tests that load_tests makes of one function in a loop.
    """
    numbers: Dict[str, int] = {}
    for found in tests:
        number = numbers[found.name] = numbers.get(found.name, 0) + 1
        yield found if number == 1 else found._replace(
            name=f"{found.name}#{number}")


def cut(text: str) -> str:
    """Return a text; of a long one the beginning, and a sign that it is so."""
    if len(text) <= MESSAGE:
        return text
    return text[:MESSAGE - len(" ...")] + " ..."


def printable(text: str) -> str:
    """Return a text without what could write another line of a report."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else "?" for letter in text)


def flat(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    """Yield the tests in a suite, and in the suites in it."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from flat(test)
        else:
            yield test
