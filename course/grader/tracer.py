#!/usr/bin/env python3
"""Watch what the assignment's code does in a run, line by line.

What comes out of it is what other code gets to see: the value or exception
of each call from outside, and each call that it makes to a double, to a
function of the suite or of another module. It is kept as text, made when it
happens and without running code of the suite, so that two runs can be
compared.
"""
import builtins
import datetime
import decimal
import dis
import hashlib
import io
import os
import sys
import threading
from contextlib import suppress
from os.path import basename
from pathlib import Path
from types import (
    BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType)
from typing import Any, Dict, List, Optional, Set, Tuple

from .names import path_in
from .protocol import Trace

MOCK_FILE = os.path.join("unittest", "mock.py")
# How a frame ends that does not end by an exception.
ENDS = {"RETURN_VALUE", "RETURN_CONST", "YIELD_VALUE"}
PLAIN = (
    type(None), bool, int, float, complex, str, bytes, bytearray, range,
    type(...), type(NotImplemented), datetime.date, datetime.datetime,
    datetime.time, datetime.timedelta, datetime.timezone, decimal.Decimal,
    type(Path()))
MOST_PARTS = 20_000  # of a value that is compared
MOST_BYTES = 2 ** 22  # of a file that is compared
DEEPEST = 50

VALUE = "a value can't be compared"
WRITES = "the code writes or sends something"
PROCESS = "tests start a process"
AGAIN = "a test reads an attribute that the code has read before"
THREADS = "several threads run the code"
THREAD = "tests start a bare thread"
TRACER = "tests replace the tracer"

# Functions written in C, by what a call of them means for a test.
STARTS_PROCESS = {
    "fork", "forkpty", "posix_spawn", "posix_spawnp", "system", "startfile",
    "fork_exec", "CreateProcess"}
REPLACES_TRACER = {"settrace", "setprofile"}
STARTS_THREAD = {"start_new_thread", "start_joinable_thread"}
WRITES_SOMETHING = {
    "write", "writelines", "truncate", "send", "sendall", "sendto",
    "sendmsg", "mkdir", "remove", "unlink", "rename", "replace", "rmdir",
    "link", "symlink", "sleep", "kill", "open", "writerow", "writerows",
    "execute", "executemany", "executescript", "commit"}
NOTEWORTHY = (
    STARTS_PROCESS | REPLACES_TRACER | STARTS_THREAD | WRITES_SOMETHING)


class Incomparable(Exception):
    """Of a value no text can be made without running its own code."""


class Tracer:
    """Collects what happens until it is taken."""

    def __init__(self, folder: str, modules: List[str]) -> None:
        """Watch the code of some files in a folder."""
        self._folder = folder
        self._modules = set(modules)
        # By the names in code, for the code of two files may be equal.
        self._files: Dict[str, str] = {}
        self._codes: Dict[CodeType, bytes] = {}
        # One object each, by which it is known again.
        self._trace, self._profile = self.trace, self.profile
        self._print, self._open = builtins.print, builtins.open
        # Calls from outside that go on; files that were opened in them.
        self._depth = 0
        self._opened: List[Any] = []
        self._clear()

    def _clear(self) -> None:
        """Begin with nothing that has happened."""
        self._lines: Set[Tuple[str, int]] = set()
        self._calls: Set[Tuple[str, int]] = set()
        self._came_out: List[str] = []
        self._unsure: Set[str] = set()
        self._seen: Dict[int, Tuple[int, Any]] = {}
        self._read: Dict[Tuple[Any, ...], Any] = {}
        self._read_inside: Dict[Tuple[int, int], Tuple[Any, Any, Any]] = {}
        self._threads: Set[int] = set()

    def start(self) -> None:
        """Watch this thread, and those that are still to come."""
        builtins.print = self._printing
        builtins.open = io.open = Opening(self)
        self._watch()

    def _watch(self) -> None:
        """Have Python call this tracer, and no other."""
        threading.settrace(self._trace)
        sys.settrace(self._trace)
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)

    def stop(self) -> None:
        """Watch this thread no longer, nor threads to come."""
        sys.settrace(None)
        sys.setprofile(None)
        threading.settrace(None)
        threading.setprofile(None)

    def take(self) -> Trace:
        """Return what has happened since the last time."""
        if not (is_hook(self._trace, sys.gettrace(), "trace")
                and is_hook(self._profile, sys.getprofile(), "profile")):
            self._unsure.add(TRACER)
            self._watch()
        if len(self._threads) > 1:
            self._unsure.add(THREADS)
        trace = Trace(by_file(self._lines), by_file(self._calls),
                      self._came_out, sorted(self._unsure))
        self._clear()
        return trace

    # What Python calls.

    def trace(self, frame: FrameType, event: str, _: Any) -> Any:
        """Look at each call; return what looks into the assignment's."""
        code = frame.f_code
        file = self._file_of(code)
        if file in self._modules:
            self._calls.add((file, code.co_firstlineno))
            is_outside = (code.co_name != "<module>"
                          and not self._is_inside(frame.f_back))
            self._depth += is_outside
            self._threads.add(threading.get_ident())
            return Local(self, file, is_outside).trace
        if file == MOCK_FILE:
            if code.co_name == "__call__" and self._is_inside(
                    behind_double(frame)):
                self._call_of_double(frame)
        elif self._is_inside(frame.f_back) and (
                file or is_plain_function(frame)):
            self._call_of_function(frame, bool(file))
        return None

    def profile(self, frame: FrameType, event: str, function: Any) -> None:
        """Look at the calls of functions that are written in C."""
        if event != "c_call":
            return
        name = getattr(function, "__name__", "")
        if name not in NOTEWORTHY:
            return
        owner = getattr(function, "__self__", None)
        if name in STARTS_PROCESS and isinstance(owner, ModuleType):
            self._unsure.add(PROCESS)
        elif name in REPLACES_TRACER and owner is sys:
            # doctest puts back the one that it found.
            if basename(frame.f_code.co_filename) not in (
                    "doctest.py", "threading.py", basename(__file__)):
                self._unsure.add(TRACER)
        elif name in STARTS_THREAD:
            if basename(frame.f_code.co_filename) != "threading.py":
                self._unsure.add(THREAD)
        elif name in WRITES_SOMETHING and self._depth and is_writing(owner):
            if not any(owner is file or is_csv(owner) and not file.closed
                       for file in self._opened):
                self._unsure.add(WRITES)

    def add_line(self, file: str, line: int) -> None:
        """Keep that a line has run."""
        self._lines.add((file, line))

    def returned(self, frame: FrameType, value: Any, raised: Any) -> None:
        """Keep what a call from outside returned, raised and wrote."""
        self._depth -= 1
        what = "returned" if value is not None or self._is_return(
            frame) else "raised"
        self._add(what, value if what == "returned" else raised)
        # Who reads an attribute again does not see if it is computed again.
        read = read_by(frame)
        if read and self._is_read_inside(read, value):
            # Nor does who reads it after the code, and a descriptor may have
            # kept it: then a read is not even a call.
            self._came_out.pop()
            self._unsure.add(AGAIN)
        elif read:
            key = (*map(id, read), self._came_out[-1])
            if key in self._read:
                self._came_out.pop()
            # As long as these are kept, nothing else has their identity.
            self._read[key] = read
        if self._depth == 0:
            self._add_files()

    def returned_inside(self, frame: FrameType, value: Any) -> None:
        """Keep what the assignment's code gets if it reads an attribute."""
        if frame.f_code.co_name == "__get__":
            read = read_by(frame)
            if read:
                self._read_inside[id(read[0]), id(read[1])] = (*read, value)

    def _is_read_inside(self, read: Tuple[Any, Any], value: Any) -> bool:
        """Return whether the code has got this value of an attribute."""
        found = self._read_inside.get((id(read[0]), id(read[1])))
        return found is not None and found[2] is value

    def open(self, *args: Any, **options: Any) -> Any:
        """Open a file; keep it if the assignment's code may write to it."""
        file = self._open(*args, **options)
        mode = args[1] if args[1:] else options.get("mode", "r")
        if self._depth and set(mode) & set("wax+"):
            self._opened.append(file)
        return file

    def _add_files(self) -> None:
        """Keep what is in the files that were opened to be written to."""
        opened, self._opened = self._opened, []
        for file in opened:
            text = None
            if file.closed:
                with suppress(OSError), self._open(file.name, "rb") as again:
                    text = again.read(MOST_BYTES)
            if text is None:
                self._unsure.add(WRITES)
            else:
                self._add("wrote", text)

    # What has come out.

    def _add(self, what: str, *values: Any) -> None:
        """Keep the text of what has come out, or that there is none."""
        try:
            text = Text(self._seen, self._folder)
            parts = [text.of(value, 0) for value in values]
        except Incomparable:
            self._unsure.add(VALUE)
            self._came_out.append(f"?{what}")
        else:
            whole = f"{what} {' '.join(parts)}".encode("utf-8", "replace")
            self._came_out.append(hashlib.sha1(whole).hexdigest())

    def _call_of_double(self, frame: FrameType) -> None:
        """Keep that the assignment's code called a double, and how."""
        names = frame.f_locals
        double = names[frame.f_code.co_varnames[0]]
        self._add("called", double, names.get("args"), names.get("kwargs"))

    def _call_of_function(self, frame: FrameType, of_suite: bool) -> None:
        """Keep that it called a function elsewhere, and with what."""
        code, names = frame.f_code, frame.f_locals
        number = code.co_argcount + code.co_kwonlyargcount
        number += bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
        values = [names[name] for name in code.co_varnames[:number]
                  if name in names]
        what = f"called {code.co_name}"
        if of_suite and values:
            # It may be a method: then its object is told from others only.
            what += self._number_of(values.pop(0))
        self._add(what, *values)

    def _number_of(self, value: Any) -> str:
        """Return text for an object, by when it came first."""
        try:
            return Text(self._seen, self._folder).of(value, 0)
        except Incomparable:
            number, _ = self._seen.setdefault(
                id(value), (len(self._seen), value))
            return f"object {number}"

    def _printing(self, *args: Any, **options: Any) -> None:
        """Print, and keep what the assignment's code prints."""
        if self._is_inside(sys._getframe(1)):
            file = options.get("file")
            self._add("printed", args, options.get("sep"), options.get("end"),
                      "stderr" if file is sys.stderr else "stdout")
            if file not in (None, sys.stdout, sys.stderr):
                self._unsure.add(WRITES)
        self._print(*args, **options)

    # Where code stands.

    def _file_of(self, code: CodeType) -> str:
        """Return the file of code in the folder, or of doubles, or ""."""
        name = code.co_filename
        if name not in self._files:
            self._files[name] = path_in(self._folder, name) or (
                MOCK_FILE if name.endswith(MOCK_FILE) else "")
        return self._files[name]

    def _is_inside(self, frame: Optional[FrameType]) -> bool:
        """Return whether a frame is one of the assignment's code."""
        return (frame is not None
                and self._file_of(frame.f_code) in self._modules)

    def _is_return(self, frame: FrameType) -> bool:
        """Return whether a frame ends by returning, not by an exception."""
        code = frame.f_code
        if code not in self._codes:
            self._codes[code] = code.co_code
        return dis.opname[self._codes[code][frame.f_lasti]] in ENDS


class Opening:
    """The builtin function open, seen by a tracer; never a method."""

    def __init__(self, tracer: Tracer) -> None:
        """Keep the tracer that looks."""
        self._tracer = tracer

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Open a file as always."""
        return self._tracer.open(*args, **options)


class Local:
    """Looks into one call of a function of the assignment's."""

    def __init__(self, tracer: Tracer, file: str, is_outside: bool) -> None:
        """Keep where the function is, and if it is called from outside."""
        self._tracer = tracer
        self._file = file
        self._is_outside = is_outside
        self._raised: Any = None

    def trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        """Look at a line, an exception or the end of the call."""
        if event == "line":
            self._tracer.add_line(self._file, frame.f_lineno)
        elif event == "exception":
            self._raised = arg[1]
        elif event == "return" and self._is_outside:
            self._tracer.returned(frame, arg, self._raised)
        elif event == "return":
            self._tracer.returned_inside(frame, arg)
        return self.trace


def is_hook(function: Any, current: Any, kind: str) -> bool:
    """Return whether a function watches this thread, and all new ones.

    What Python calls in new threads has a name in a private variable alone.
    """
    return (current is function
            and vars(threading).get(f"_{kind}_hook") is function)


def read_by(frame: FrameType) -> Optional[Tuple[Any, Any]]:
    """Return what computes an attribute, and the object that has it.

    None if the call is not made because an attribute is read.
    """
    code, caller, names = frame.f_code, frame.f_back, frame.f_locals
    values = [names.get(name) for name in code.co_varnames[:2]]
    if code.co_name == "__get__" and code.co_argcount > 1:
        return values[0], values[1]
    if caller is None or code.co_argcount != 1:
        return None
    instruction = dis.opname[caller.f_code.co_code[caller.f_lasti]]
    if instruction not in ("LOAD_ATTR", "LOAD_METHOD"):
        return None
    return code, values[0]


def by_file(places: Set[Tuple[str, int]]) -> Dict[str, List[int]]:
    """Return sorted lines by their files."""
    lines: Dict[str, List[int]] = {}
    for file, line in sorted(places):
        lines.setdefault(file, []).append(line)
    return lines


def behind_double(frame: FrameType) -> Optional[FrameType]:
    """Return the frame that calls a double, behind the double's own."""
    caller = frame.f_back
    while caller and (caller.f_code.co_filename.endswith(MOCK_FILE)
                      or caller.f_code.co_filename == "<string>"):
        caller = caller.f_back
    return caller


def is_plain_function(frame: FrameType) -> bool:
    """Return whether a frame is of a function that a module has by name.

    So are the methods by which a logger is told something.
    """
    code = frame.f_code
    if frame.f_globals.get("__name__") == "logging":
        return not code.co_name.startswith("_")
    function = frame.f_globals.get(code.co_name)
    return type(function) is FunctionType and function.__code__ is code


def is_writing(owner: Any) -> bool:
    """Return whether what a function in C is of is outside of Python."""
    if isinstance(owner, ModuleType):
        return owner.__name__ in ("posix", "nt", "time")
    return type(owner).__module__ in (
        "_csv", "_io", "socket", "_socket", "sqlite3", "ssl")


def is_csv(owner: Any) -> bool:
    """Return whether something writes rows to a file that it does not show."""
    return type(owner).__module__ == "_csv"


# Values as text.

class Text:
    """Makes text of values, without running any code of their classes."""

    def __init__(self, seen: Dict[int, Tuple[int, Any]], folder: str) -> None:
        """Number doubles by when they were seen first."""
        self._seen = seen
        self._folder = folder
        self._parts = 0

    def of(self, value: Any, depth: int) -> str:
        """Return the text of a value; raise Incomparable if there is none."""
        self._parts += 1
        kind = type(value)
        if self._parts > MOST_PARTS or depth > DEEPEST:
            raise Incomparable
        if kind in PLAIN:
            return repr(value)
        if kind in (list, tuple):
            return self._sequence(kind.__name__, value, depth)
        if kind in (dict, set, frozenset):
            return self._unordered(kind.__name__, value, depth)
        mro = type.__dict__["__mro__"].__get__(kind)
        if BaseException in mro:
            args = vars(BaseException)["args"].__get__(value)
            return self._sequence(name_of(kind), args, depth)
        if type in mro:
            return f"class {name_of(value)}"
        if kind is FunctionType:
            return f"function {value.__module__}.{value.__qualname__}"
        if kind is BuiltinFunctionType:
            return f"function {value.__name__}"
        if any(fact_of(one, "__module__") == "unittest.mock" for one in mro):
            return self._double(value)
        if tuple in mro and "_fields" in fact_of(kind, "__dict__") \
                and "__iter__" not in fact_of(kind, "__dict__"):
            return self._sequence(name_of(kind), tuple.__iter__(value), depth)
        raise Incomparable

    def _sequence(self, name: str, values: Any, depth: int) -> str:
        """Return the text of values in their order."""
        parts = [self.of(one, depth + 1) for one in values]
        return f"{name}({', '.join(parts)})"

    def _unordered(self, name: str, values: Any, depth: int) -> str:
        """Return the text of a set or a dictionary, in a fixed order."""
        if name == "dict":
            parts = [f"{self.of(key, depth + 1)}: {self.of(one, depth + 1)}"
                     for key, one in values.items()]
        else:
            parts = [self.of(one, depth + 1) for one in values]
        return f"{name}({', '.join(sorted(parts))})"

    def _double(self, double: Any) -> str:
        """Return the names by which a double is reached, and its number."""
        names: List[str] = []
        number, _ = self._seen.setdefault(
            id(double), (len(self._seen), double))
        one = double
        while one is not None and len(names) < DEEPEST:
            facts = object.__getattribute__(one, "__dict__")
            names.append(str(facts.get("_mock_new_name")
                             or facts.get("_mock_name") or "mock"))
            one = facts.get("_mock_new_parent")
        return f"double {number} {'.'.join(reversed(names))}"


def name_of(kind: type) -> str:
    """Return the name of a class, whatever its metaclass does."""
    return f"{fact_of(kind, '__module__')}.{fact_of(kind, '__qualname__')}"


def fact_of(kind: type, name: str) -> Any:
    """Return an attribute of a class, whatever its metaclass does."""
    return type.__getattribute__(kind, name)
