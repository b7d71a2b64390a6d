#!/usr/bin/env python3
"""Tests of desk: books are lent and taken back, readers are reminded."""
import io
import smtplib
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from datetime import date
from pathlib import Path
from unittest.mock import Mock, call, patch

from desk import Refused, lend, remind, send_letter, take_back
from loans import Loan, read_loans, write_loans

TODAY = date(2024, 3, 1)
EMMA = Loan("Emma", "ann@example.com", date(2024, 2, 29))
DUNE = Loan("Dune", "bob@example.com", TODAY)
KIM = Loan("Kim", "ann@example.com", date(2024, 2, 1))


class DeskTestCase(unittest.TestCase):
    """Tests with a file of loans, and a day that is today."""

    def setUp(self) -> None:
        """Write the file, and choose the day."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = str(Path(folder.name, "loans.csv"))
        write_loans(self.path, [EMMA, DUNE, KIM])
        patcher = patch("desk.date", wraps=date)
        patcher.start().today.return_value = TODAY
        self.addCleanup(patcher.stop)


class TestLend(DeskTestCase):
    """Tests of lend: the loan, the line, the refusal."""

    def test_lend(self) -> None:
        """The loan comes after the others, and a line says when it is due."""
        with redirect_stdout(io.StringIO()) as out:
            lend(self.path, "Ulysses", "eve@example.com")
        due = date(2024, 4, 1)
        self.assertEqual(
            read_loans(self.path),
            [EMMA, DUNE, KIM, Loan("Ulysses", "eve@example.com", due)])
        self.assertEqual(out.getvalue(), "Ulysses is due on 2024-04-01\n")

    def test_refused(self) -> None:
        """A book that is lent already is not lent again."""
        with self.assertRaises(Refused) as caught:
            lend(self.path, "Dune", "eve@example.com")
        self.assertEqual(str(caught.exception),
                         "Dune is lent until 2024-03-01")
        self.assertEqual(read_loans(self.path), [EMMA, DUNE, KIM])


class TestTakeBack(DeskTestCase):
    """Tests of take_back: one loan is removed, or the book is refused."""

    def test_take_back(self) -> None:
        """The other loans stay, those of the same reader too."""
        take_back(self.path, "Emma")
        self.assertEqual(read_loans(self.path), [DUNE, KIM])

    def test_refused(self) -> None:
        """A book that is not lent can't be taken back."""
        with self.assertRaises(Refused) as caught:
            take_back(self.path, "Ulysses")
        self.assertEqual(str(caught.exception), "Ulysses is not lent")
        self.assertEqual(read_loans(self.path), [EMMA, DUNE, KIM])


class TestRemind(DeskTestCase):
    """Tests of remind, with send_letter replaced."""

    @patch("desk.send_letter", autospec=True)
    def test_overdue(self, send_letter: Mock) -> None:
        """What was due before today is overdue, and nothing else is."""
        remind(self.path)
        self.assertEqual(send_letter.call_count, 2)
        send_letter.assert_has_calls([call(EMMA), call(KIM)])

    @patch("desk.send_letter", autospec=True)
    def test_refused_letter(self, send_letter: Mock) -> None:
        """A letter that is refused is told, and the next one is sent."""
        send_letter.side_effect = [smtplib.SMTPException("no such user"), None]
        with redirect_stderr(io.StringIO()) as err:
            remind(self.path)
        self.assertEqual(err.getvalue(), "ann@example.com: no such user\n")
        self.assertEqual(send_letter.call_count, 2)
        send_letter.assert_has_calls([call(EMMA), call(KIM)])


class TestSendLetter(unittest.TestCase):
    """Tests of send_letter, with the mail server replaced."""

    @patch("smtplib.SMTP", autospec=True)
    def test_send_letter(self, smtp: Mock) -> None:
        """The letter says what to return, and goes to the reader."""
        send_letter(EMMA)
        smtp.assert_called_once_with("mail.library.example")
        server = smtp.return_value.__enter__.return_value
        server.send_message.assert_called_once()
        letter, = server.send_message.call_args[0]
        self.assertEqual(letter["From"], "desk@library.example")
        self.assertEqual(letter["To"], "ann@example.com")
        self.assertEqual(letter["Subject"], "Please return Emma")
        self.assertEqual(letter.get_content(), "It was due on 2024-02-29.\n")

    @patch("smtplib.SMTP", autospec=True)
    def test_error(self, smtp: Mock) -> None:
        """An error of the mail server is passed on."""
        server = smtp.return_value.__enter__.return_value
        error = smtplib.SMTPException("no such user")
        server.send_message.side_effect = error
        with self.assertRaises(smtplib.SMTPException) as caught:
            send_letter(EMMA)
        self.assertIs(caught.exception, error)


if __name__ == "__main__":
    unittest.main()
