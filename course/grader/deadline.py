#!/usr/bin/env python3
"""End an endless loop from inside, by sys.monitoring (Python 3.12).

Once time is up, each jump and each call in the watched code raises TimeUp.
So it gets out of a loop that catches everything, too. A loop that is written
in C is not noticed.
"""
import os
import sys
from contextlib import contextmanager
from time import monotonic
from typing import Any, Iterator

TOOL = 3  # one of the two numbers that are free to use


class TimeUp(KeyboardInterrupt):
    """A test took too long; unittest lets nothing but this type through."""


class Deadline:
    """A time after which code below a folder is ended."""

    def __init__(self, folder: str) -> None:
        """Begin without a time."""
        self.is_over = False
        self._folder = os.path.join(folder, "")
        self._until = float("inf")

    def set(self, seconds: float) -> None:
        """Give the code so many seconds from now on."""
        self._until = monotonic() + seconds

    def check(self, code: Any, *_: Any) -> Any:
        """Raise TimeUp in code that is watched, once its time is up."""
        if not code.co_filename.startswith(self._folder):
            return monitoring().DISABLE  # Do not ask again at this place.
        if monotonic() > self._until:
            self.is_over = True
            raise TimeUp
        return None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch all code as long as the block lasts."""
        tools = monitoring()
        events = tools.events
        tools.use_tool_id(TOOL, "grader")
        try:
            for event in (events.JUMP, events.PY_START, events.PY_RESUME):
                tools.register_callback(TOOL, event, self.check)
            tools.set_events(
                TOOL, events.JUMP | events.PY_START | events.PY_RESUME)
            yield
        finally:
            tools.set_events(TOOL, events.NO_EVENTS)
            for event in (events.JUMP, events.PY_START, events.PY_RESUME):
                tools.register_callback(TOOL, event, None)
            tools.free_tool_id(TOOL)


def monitoring() -> Any:
    """Return sys.monitoring, which older Pythons lack."""
    return getattr(sys, "monitoring")
