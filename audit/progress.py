#!/usr/bin/env python3
"""What is shown while the command works: a line on a terminal, or a log."""
import logging
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import Iterator, List, Optional, TextIO

from .session import LOG, log_wait


class Progress:
    """A line of a terminal that counts pages and shows waits.

    later: how many pages the listings will have that have not begun yet.
    """

    def __init__(self, terminal: TextIO) -> None:
        """Begin with nothing shown."""
        self.later = 0
        self._terminal = terminal
        self._lock = threading.Lock()  # Waits are shown by several threads.
        self._arrived = 0
        self._waiting_until = time.monotonic()
        self._is_open = True

    def count_page(self, arrived: int, total: Optional[int]) -> None:
        """Count a page of a listing, which has so many pages in all."""
        self._arrived += 1
        text = f"pages: {self._arrived}"
        if total is not None:
            earlier = self._arrived - arrived  # pages of other listings
            text += f" of {earlier + total + self.later}"
        self._show(text)

    def count_text(self, arrived: int, total: int) -> None:
        """Show how many texts of licenses have been read."""
        self._show(f"texts: {arrived} of {total}")

    def show_wait(self, seconds: float) -> None:
        """Show that a request waits; until it is over, show no page."""
        log_wait(seconds)
        until = time.monotonic() + seconds
        with self._lock:
            self._waiting_until = max(self._waiting_until, until)
        self._draw(f"waiting {seconds:g} s before the next try")

    def _show(self, text: str) -> None:
        """Show what has arrived, unless a wait is shown."""
        if time.monotonic() >= self._waiting_until:
            self._draw(text)

    def _draw(self, text: str) -> None:
        """Replace what the line shows, if anybody can read it."""
        with self._lock, suppress(OSError):
            if self._is_open:
                self._terminal.write(f"\r{text:40}\r")

    def close(self) -> None:
        """Clear the line, and show nothing any more."""
        self._draw("")
        with self._lock:
            self._is_open = False


class Warnings(logging.Handler):
    """Keeps what is logged, so that it can be said in the end."""

    def __init__(self) -> None:
        """Begin with no message."""
        super().__init__()
        self.messages: List[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message of a record."""
        self.messages.append(record.getMessage())


@contextmanager
def listen(verbose: bool) -> Iterator[Warnings]:
    """Listen to the log; provide its warnings.

    If it is verbose, they are shown on stderr at once instead, and so are all
    requests and waits.
    """
    warnings = Warnings()
    shown = logging.StreamHandler()
    with ExitStack() as stack:
        if verbose:
            stack.enter_context(heard("urllib3", logging.DEBUG, shown))
            stack.enter_context(heard(LOG.name, logging.INFO, shown))
        else:
            stack.enter_context(heard(LOG.name, logging.WARNING, warnings))
        yield warnings


@contextmanager
def heard(name: str, level: int, handler: logging.Handler) -> Iterator[None]:
    """Let a handler hear a logger, which is afterwards as it was."""
    logger = logging.getLogger(name)
    earlier = logger.level
    logger.setLevel(level)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(earlier)
