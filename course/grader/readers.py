#!/usr/bin/env python3
"""Notice that a suite reads the source or the code of the modules.

A test that compares it fails on any change of them, and proves nothing about
what they do. Python 3.8 and later say by themselves what is opened; before,
`open` is replaced by what says so.
"""
import builtins
import io
import linecache
import os
import sys
import tokenize
from os.path import abspath, basename
from pathlib import PurePath
from types import FrameType
from typing import Any, Callable, Dict, Iterator, List, Optional

from .names import module_of, path_in

# Who reads a source for another purpose than to look at it.
HARMLESS = ("traceback.py", "warnings.py", "doctest.py", "runpy.py",
            "<frozen runpy>")
EVENTS = {"open", "object.__getattr__"}
IMPORTING = ("_find_and_load", "exec_module")


class Readers:
    """Tells who reads the files of the modules in a folder."""

    def __init__(self, folder: str, files: List[str],
                 told: Callable[[str], None]) -> None:
        """Call a function with the name of each file that is read."""
        self._folder = folder
        self._files = set(files)
        self._modules: Dict[Any, str] = {
            module_of(name): name for name in files}
        self._told = told
        self._busy = True

    def start(self) -> None:
        """Begin to look; what has been imported has been read already."""
        if hasattr(sys, "addaudithook"):
            sys.addaudithook(self.hear)
        else:
            opening = Opening(self.hear)
            builtins.open = io.open = opening
            tokenize._builtin_open = opening  # type: ignore
        self._busy = False

    def stop(self) -> None:
        """Look no longer at what is opened or read."""
        self._busy = True

    def forget(self) -> None:
        """Forget the lines that are kept, so that they are read again."""
        linecache.clearcache()

    def hear(self, event: str, args: Any) -> None:
        """Find out, as an audit hook, whether an event is a reading."""
        if event not in EVENTS or self._busy or (
                event != "open" and args[1] != "__code__"):
            return
        self._busy = True
        try:
            frame = sys._getframe(1)
            if event == "open":
                name = self._file(args[0])
                if name and self._is_by_suite(frame):
                    self._told(name)
            else:
                module = getattr(args[0], "__module__", None)
                if module in self._modules and self._is_direct(frame):
                    self._told(self._modules[module])
        finally:
            self._busy = False

    def _file(self, path: Any) -> str:
        """Return which of the files is at a path, or "" for any other."""
        if isinstance(path, (bytes, PurePath)):
            path = os.fsdecode(path)
        if not isinstance(path, str):
            return ""
        name = path_in(self._folder, abspath(path))
        return name if name in self._files else ""

    def _is_by_suite(self, frame: Optional[FrameType]) -> bool:
        """Return whether code of the suite has a source read."""
        for one in callers(frame):
            code = one.f_code
            if self._is_of_suite(one):
                return True
            if basename(code.co_filename) in HARMLESS or (
                    "importlib" in code.co_filename
                    and code.co_name in IMPORTING):
                return False
        return False

    def _is_direct(self, frame: Optional[FrameType]) -> bool:
        """Return whether the suite looks at code itself, or by dis."""
        while frame and basename(frame.f_code.co_filename) == "dis.py":
            frame = frame.f_back
        return frame is not None and self._is_of_suite(frame)

    def _is_of_suite(self, frame: FrameType) -> bool:
        """Return whether a frame is one of the suite's code."""
        name = path_in(self._folder, frame.f_code.co_filename)
        return bool(name) and name not in self._files


class Opening:
    """The builtin function open, heard before it is called."""

    def __init__(self, hear: Callable[[str, Any], None]) -> None:
        """Keep the function that is told, and the one that opens."""
        self._hear = hear
        self._open = builtins.open

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Open a file as the builtin function does."""
        self._hear("open", args or (options.get("file"),))
        return self._open(*args, **options)


def callers(frame: Optional[FrameType]) -> Iterator[FrameType]:
    """Yield a frame, and those that have called it."""
    while frame:
        yield frame
        frame = frame.f_back
