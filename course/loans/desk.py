#!/usr/bin/env python3
"""The desk of a library: lend books, take them back, remind the readers."""
import smtplib
import sys
from datetime import date
from email.message import EmailMessage

from loans import Loan, due_date, read_loans, write_loans

MAIL_SERVER = "mail.library.example"
SENDER = "desk@library.example"


class Refused(Exception):
    """The desk can't do what it was asked to; the message says why."""


def lend(path: str, title: str, reader: str) -> None:
    """Lend a book from today on, and print when it is due.

    The loan is added to those in the file. Raises Refused if the book is
    lent already.
    """
    loans = read_loans(path)
    for loan in loans:
        if loan.title == title:
            raise Refused(f"{title} is lent until {loan.due}")
    due = due_date(date.today())
    write_loans(path, [*loans, Loan(title, reader, due)])
    print(f"{title} is due on {due}")


def take_back(path: str, title: str) -> None:
    """Take a book back: remove its loan from the file, and no other.

    Raises Refused if the book is not lent.
    """
    loans = read_loans(path)
    left = [loan for loan in loans if loan.title != title]
    if left == loans:
        raise Refused(f"{title} is not lent")
    write_loans(path, left)


def remind(path: str) -> None:
    """Send a letter to the reader of each book that is overdue.

    A book is overdue from the day after it was due. If the mail server
    refuses a letter, a line on stderr says so, and the others are sent.
    """
    for loan in read_loans(path):
        if loan.due < date.today():
            try:
                send_letter(loan)
            except smtplib.SMTPException as error:
                print(f"{loan.reader}: {error}", file=sys.stderr)


def send_letter(loan: Loan) -> None:
    """Send the reader of a book a letter that asks for its return."""
    letter = EmailMessage()
    letter["From"] = SENDER
    letter["To"] = loan.reader
    letter["Subject"] = f"Please return {loan.title}"
    letter.set_content(f"It was due on {loan.due}.\n")
    with smtplib.SMTP(MAIL_SERVER) as server:
        server.send_message(letter)
