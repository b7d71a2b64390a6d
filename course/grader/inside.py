#!/usr/bin/env python3
"""Prepare the process that a run has for itself, and run the suite in it.

A test may replace whatever it likes and never stop, so all that is needed
after the tests have begun has a name of its own here.
"""
import json
import os
import socket
import sys
import tempfile
import traceback
import unittest
from contextlib import suppress
from functools import wraps
from glob import glob
from importlib.util import find_spec
from ipaddress import ip_address
from os import _exit, getpid, write
from os.path import basename, isfile, join, splitext
from typing import Any, Callable, List, Optional, Set

from .names import file_of_name
from .protocol import Job
from .recorder import Recorder, files_to_run, record

MEMORY = 2 ** 30  # bytes that a process may use
FILE_SIZE = 2 ** 27  # bytes of the longest file that it may write
# File descriptors that a test does not close by accident.
CHANNEL, END = 200, 201

encode = json.JSONEncoder().encode


def work_on(root: str) -> None:
    """Make the run that a file in a folder describes."""
    with open(join(root, "job"), encoding="ascii") as file:
        job, done = json.load(file)
    work(Job(*job), set(done), root)


def work(job: Job, done: Set[str], root: str) -> None:
    """Make a run, in the process that it has for itself; never return."""
    status, pid = 1, getpid()
    try:
        os.dup2(os.open(join(root, "channel"), os.O_WRONLY | os.O_APPEND
                        | getattr(os, "O_BINARY", 0)), CHANNEL, False)
        os.dup2(os.open(join(root, "end"), os.O_WRONLY), END, False)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(CHANNEL if job.show and stream else nothing, stream)
        folder = join(root, "suite")
        set_up(folder, root)
        set_limits()

        def write_down(*event: Any) -> None:
            """Write a line, unless this is a process that a test forked."""
            if getpid() == pid:
                write(CHANNEL, (encode(event) + "\n").encode())

        if job.show:
            show(job.tests)
        else:
            record(Recorder(write_down, folder, job), job, done)
        if getpid() == pid:  # A test may have forked, and come here twice.
            write(END, b".")
        status = 0
    finally:
        _exit(status)


def show(tests: Optional[List[str]]) -> None:
    """Have plain unittest run all files, or some tests in their order."""
    files = files_to_run()
    if not all(file_of_name(name, files) and "#" not in name
               for name in tests or []):
        tests = None  # Such a test can't be named to unittest.
    try:
        unittest.main(module=None, argv=[
            "python -m unittest", *(tests or files)])
    except SystemExit:
        pass
    except Exception:  # as Python does where a file can't be imported
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()


def set_up(folder: str, home: str) -> None:
    """Give a run its surroundings: folder, environment, modules, network."""
    os.chdir(folder)
    sys.path[0] = folder
    sys.argv[1:] = []
    forget_modules(folder)
    be_unittest()
    os.environ.update(HOME=home, TMPDIR=home, TEMP=home, TMP=home)
    tempfile.tempdir = None  # It would remember another.
    stay_on_loopback()


def forget_modules(folder: str) -> None:
    """Forget what is imported and stands in a folder too: that comes first.

    The modules of the grader are forgotten also, for a suite may have a file
    of this name.
    """
    names = {splitext(basename(path))[0] for path in glob(
        join(folder, "*.py"))}
    names.update(name for name in os.listdir(folder)
                 if isfile(join(folder, name, "__init__.py")))
    names.add(__name__.split(".")[0])
    for name in list(sys.modules):
        top = name.split(".")[0]
        if top in names and top not in ("__main__", "unittest"):
            del sys.modules[name]


def be_unittest() -> None:
    """Be the program that unittest is when it is run by hand."""
    main, program = sys.modules["__main__"], find_spec("unittest.__main__")
    if program:
        main.__spec__, main.__file__ = program, program.origin


def set_limits() -> None:
    """Limit memory and files of this process, where the system can do it."""
    try:
        import resource
    except ImportError:  # on Windows
        return
    for limit, most in ((resource.RLIMIT_AS, MEMORY),
                        (resource.RLIMIT_FSIZE, FILE_SIZE),
                        (resource.RLIMIT_CORE, 0)):
        with suppress(OSError, ValueError):  # where less is allowed
            resource.setrlimit(limit, (most, most))


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
