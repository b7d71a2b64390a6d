#!/usr/bin/env python3
"""Tests of progress: what a terminal shows, and what is logged."""
import io
import logging
import unittest
from contextlib import redirect_stderr
from typing import Any, List
from unittest.mock import Mock, patch

from parameterized import parameterized

from audit.progress import Progress, Warnings, heard, listen
from audit.session import LOG


def drawn(*texts: str) -> str:
    """Return what draws these texts, each in the place of the last."""
    return "".join(f"\r{text:40}\r" for text in texts)


class TestProgress(unittest.TestCase):
    """Unit tests of the line that shows how far a listing is."""

    @parameterized.expand([
        ("unknown_number", 0, [(1, None), (2, None)],
         ["pages: 1", "pages: 2"]),
        ("known_number", 0, [(1, 2), (2, 2)],
         ["pages: 1 of 2", "pages: 2 of 2"]),
        ("two_organizations", 0, [(1, 1), (1, 2), (2, 2)],
         ["pages: 1 of 1", "pages: 2 of 3", "pages: 3 of 3"]),
        ("another_to_come", 4, [(1, None), (2, 3)],
         ["pages: 1", "pages: 2 of 7"]),
        ("listed_once_more", 0, [(1, 2), (2, 2), (1, 2)],
         ["pages: 1 of 2", "pages: 2 of 2", "pages: 3 of 4"]),
    ])
    def test_pages(self, _: str, later: int, pages: Any, shown: List[str]
                   ) -> None:
        """The number of pages never goes back."""
        terminal = io.StringIO()
        progress = Progress(terminal)
        progress.later = later
        for arrived, total in pages:
            progress.count_page(arrived, total)
        self.assertEqual(terminal.getvalue(), drawn(*shown))

    @patch("time.monotonic", autospec=True)
    def test_waits(self, monotonic: Mock) -> None:
        """While anything waits, pages are counted, but not shown."""
        monotonic.return_value = 1000
        terminal = io.StringIO()
        progress = Progress(terminal)
        progress.show_wait(60)
        progress.show_wait(0.5)
        for monotonic.return_value in (1059, 1060):
            progress.count_page(2, 3)
        self.assertEqual(terminal.getvalue(), drawn(
            "waiting 60 s before the next try",
            "waiting 0.5 s before the next try", "pages: 2 of 3"))

    def test_texts(self) -> None:
        """Texts of licenses are counted, too."""
        terminal = io.StringIO()
        Progress(terminal).count_text(2, 5)
        self.assertEqual(terminal.getvalue(), drawn("texts: 2 of 5"))

    def test_close(self) -> None:
        """In the end the line is empty, whatever other threads do."""
        terminal = io.StringIO()
        progress = Progress(terminal)
        progress.close()
        progress.show_wait(0)
        self.assertEqual(terminal.getvalue(), drawn(""))

    def test_nobody_can_read(self) -> None:
        """If the terminal has gone, there is no error."""
        terminal = Mock(spec=io.StringIO())
        terminal.write.side_effect = BrokenPipeError
        Progress(terminal).count_text(2, 5)
        terminal.write.assert_called_once()


class TestListen(unittest.TestCase):
    """Unit tests of what is heard of the log."""

    @parameterized.expand([
        ("quiet", False, ["a warning"], ""),
        ("verbose", True, [], "a wait\na warning\na request\n"),
    ])
    def test_listen(self, _: str, verbose: bool, kept: List[str],
                    shown: str) -> None:
        """Warnings are kept; if it is verbose, all is shown instead."""
        with redirect_stderr(io.StringIO()) as err:
            with listen(verbose) as warnings:
                LOG.info("a wait")
                LOG.warning("a %s", "warning")
                logging.getLogger("urllib3.pool").debug("a request")
        self.assertEqual((warnings.messages, err.getvalue()), (kept, shown))

    def test_heard(self) -> None:
        """Only the logger of this name is heard."""
        warnings = Warnings()
        for name in ("one", "another"):
            with heard("one", logging.INFO, warnings):
                logging.getLogger(name).info("said by %s", name)
        self.assertEqual(warnings.messages, ["said by one"])

    @parameterized.expand([("quiet", False), ("verbose", True)])
    def test_loggers(self, _: str, verbose: bool) -> None:
        """In the end, after an error too, every logger is as it was."""
        def loggers() -> List[Any]:
            """Return the levels and the handlers of all that is used."""
            return [(logger.level, list(logger.handlers)) for logger in (
                logging.getLogger(), logging.getLogger("urllib3"), LOG)]

        before = loggers()
        with self.assertRaises(KeyError):
            with listen(verbose):
                self.assertNotEqual(loggers(), before)
                raise KeyError
        self.assertEqual(loggers(), before)
