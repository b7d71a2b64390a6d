#!/usr/bin/env python3
"""An assignment to do alone: suites for the desk of a library.

The hints end with the edit: there is no test to look up.
"""
from grader import Edit, Mistake, Rewrite
from grader.headings import (
    CASES, CLEANUP, EXCEPTION, FORMS, PATCHING, RETURNING)

MODULES = ("loans.py", "desk.py")
INTEGRATION = ("loans.read_loans", "loans.write_loans")
NEEDS = ("parameterized",)
SUITE = ("../grader/tests/loans_suite/test_loans.py",
         "../grader/tests/loans_suite/test_desk.py")

MISTAKES = [
    Mistake(
        1, "due_date", "a day that the next month lacks is an error",
        Edit("loans.py", "min(lent.day, last)", "lent.day"),
        CASES, explained="A book that is lent on the last day of a long "
        "month is due on a day that does not exist. The caller gets a "
        "ValueError."),
    Mistake(
        2, "due_date", "January comes in the same year",
        Edit("loans.py", "lent.year + lent.month // 12,", "lent.year,"),
        CASES, explained="A book that is lent in December is due in a "
        "January that was over eleven months before."),
    Mistake(
        3, "read_loans", "the lines are counted from 0",
        Edit("loans.py", "start=1", "start=0"),
        EXCEPTION, explained="The error is raised, but its message names "
        "the line before the one that is wrong."),
    Mistake(
        4, "write_loans", "a comma in a title is not quoted",
        Edit("loans.py",
             '        csv.writer(file, lineterminator="\\n")'
             '.writerows(loans)\n',
             "        for title, reader, due in loans:\n"
             '            file.write(f"{title},{reader},{due}\\n")\n'),
        CASES, explained="Where a title has a comma in it, the line has "
        "four fields instead of three. The next reading of the file fails."),
    Mistake(
        5, "lend", "the loans before it are lost",
        Edit("desk.py", "[*loans, Loan(title, reader, due)]",
             "[Loan(title, reader, due)]"),
        CLEANUP, explained="The file is overwritten, so that it has the "
        "new loan and no other."),
    Mistake(
        6, "lend", "counts from the day on which the module was imported",
        Edit("desk.py", '''\
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
''', '''\
def lend(path: str, title: str, reader: str,
         today: date = date.today()) -> None:
    """Lend a book from today on, and print when it is due.

    The loan is added to those in the file. Raises Refused if the book is
    lent already.
    """
    loans = read_loans(path)
    for loan in loans:
        if loan.title == title:
            raise Refused(f"{title} is lent until {loan.due}")
    due = due_date(today)
'''),
        PATCHING, explained="Python computes a default once, when it "
        "defines the function. A program that runs for a week lends all its "
        "books from the day of its start."),
    Mistake(
        7, "lend", "the line goes to stderr",
        Edit("desk.py", 'print(f"{title} is due on {due}")',
             'print(f"{title} is due on {due}", file=sys.stderr)'),
        explained="The line is printed, but not to the standard output, "
        "where the caller looks for it."),
    Mistake(
        8, "lend", "a book that is lent already is not an error",
        Edit("desk.py",
             '            raise Refused(f"{title} is lent until {loan.due}")'
             '\n',
             '            print(f"{title} is lent until {loan.due}")\n'
             '            return\n'),
        EXCEPTION, explained="A line is printed, and nothing is raised. The "
        "caller believes that the book was lent."),
    Mistake(
        9, "take_back", "all books of its reader are taken back",
        Edit("desk.py",
             "    left = [loan for loan in loans if loan.title != title]\n",
             "    readers = [loan.reader for loan in loans if loan.title == "
             "title]\n"
             "    left = [loan for loan in loans if loan.reader not in "
             "readers]\n"),
        CASES, explained="Where a reader has two books and brings one of "
        "them, the other one is not in the file any more either."),
    Mistake(
        10, "remind", "a book that is due today is overdue",
        Edit("desk.py", "loan.due < date.today()",
             "loan.due <= date.today()"),
        CASES, explained="A reader gets a letter a day too early, while "
        "there is time to bring the book."),
    Mistake(
        11, "remind", "a letter that is refused is the last one",
        Edit("desk.py",
             '                print(f"{loan.reader}: {error}", '
             'file=sys.stderr)\n',
             '                print(f"{loan.reader}: {error}", '
             'file=sys.stderr)\n'
             '                break\n'),
        RETURNING, explained="Where the mail server refuses a letter, the "
        "readers who come after in the file get none."),
    Mistake(
        12, "send_letter", "the letter goes to the desk",
        Edit("desk.py", 'letter["To"] = loan.reader',
             'letter["To"] = SENDER'),
        FORMS, explained="The letter is sent, but to the library's own "
        "address. The reader never sees it."),
]

REWRITES = [
    Rewrite("files by pathlib, lines by sys.stdout, other statements", [
        Edit("loans.py", "", '''

def due_date(lent):
    """Step into the next month, then to the day."""
    step = lent.replace(day=1) + timedelta(days=31)
    _, last = monthrange(step.year, step.month)
    return step.replace(day=lent.day if lent.day < last else last)


def read_loans(path):
    """Read the whole file, then look at its lines."""
    if not Path(path).exists():
        return []
    text = Path(path).read_bytes().decode("utf-8")
    loans = []
    for row in csv.reader(io.StringIO(text, newline="")):
        try:
            title, reader, due = row
            when = date.fromisoformat(due)
        except ValueError:
            number = len(loans) + 1
            raise ValueError(f"line {number} is not a loan") from None
        loans.append(Loan(title, reader, when))
    return loans


def write_loans(path, loans):
    """Make the whole text, then write it."""
    text = io.StringIO(newline="")
    for loan in loans:
        csv.writer(text, lineterminator="\\n").writerow(loan)
    Path(path).write_bytes(text.getvalue().encode("utf-8"))
'''),
        Edit("loans.py", "import csv\n", "import csv\nimport io\n"),
        Edit("loans.py", "from datetime import date\n",
             "from datetime import date, timedelta\n"
             "from pathlib import Path\n"),
        Edit("desk.py", 'print(f"{title} is due on {due}")',
             'sys.stdout.write(f"{title} is due on {due}\\n")'),
        Edit("desk.py", 'print(f"{loan.reader}: {error}", file=sys.stderr)',
             'sys.stderr.write(f"{loan.reader}: {error}\\n")')]),
    Rewrite("arguments passed by keyword", [
        Edit("desk.py", "due_date(date.today())",
             "due_date(lent=date.today())"),
        Edit("desk.py",
             "write_loans(path, [*loans, Loan(title, reader, due)])",
             "loan = Loan(title=title, reader=reader, due=due)\n"
             "    write_loans(path=path, loans=[*loans, loan])"),
        Edit("desk.py", "write_loans(path, left)",
             "write_loans(path=path, loans=left)"),
        Edit("desk.py", "in read_loans(path)", "in read_loans(path=path)"),
        Edit("desk.py", "send_letter(loan)", "send_letter(loan=loan)"),
        Edit("desk.py", "smtplib.SMTP(MAIL_SERVER)",
             "smtplib.SMTP(host=MAIL_SERVER)")]),
]

CHECKLISTS = {
    "due_date": """\
Inputs: a day in the middle of a month.
Inputs: the last day of a month, before a shorter one and a longer one.
Inputs: the end of January, in a leap year and in another year.
Inputs: a day of the last month of the year.
Outcomes: the whole date: year, month and day.""",
    "read_loans": """\
Inputs: a file with several loans, an empty file, a file that is not there.
Inputs: a line that is wrong after lines that are right.
Outcomes: loans, in the order of the file; each due date is a date.
Outcomes: a ValueError; its message says which line it was.
File: a real one, in a temporary folder that the test removes.""",
    "write_loans": """\
Inputs: no loan, one loan, several loans.
Inputs: titles as books have them: with a comma, with quotes, with accents.
Outcomes: what read_loans reads from the file is what was written.
Outcomes: what was in the file before is gone.
File: a real one, in a temporary folder that the test removes.""",
    "lend": """\
Inputs: a file that is not there yet, and one that has loans in it.
Inputs: a book that is lent already.
Today: a day that the test has chosen, not the day on which it runs.
Outcomes: all loans that are in the file afterwards; the error, if refused.
Look at: the whole line on the standard output, and nothing else there.""",
    "take_back": """\
Inputs: a file with several loans; two of them are of one reader.
Inputs: the first book, the last book, a book that is not lent.
Outcomes: all loans that are in the file afterwards, in their order.
Outcomes: the error, its message, and the file as it was.
File: a real one, in a temporary folder that the test removes.""",
    "remind": """\
Today: a day that the test has chosen, not the day on which it runs.
Inputs: books that were due yesterday, are due today, are due tomorrow.
Inputs: several overdue books; the letter for the first one is refused.
Count: a letter for each overdue book, and no other.
Look at: which loan each letter is about, and the line on stderr.""",
    "send_letter": """\
Double: smtplib.SMTP, so that nothing is sent; it is used in a `with`.
Look at: the server that is asked; the one letter that it is given.
Look at: From, To and Subject of this letter, and its text.
Inputs: more than one reader and more than one book.
Outcomes: an error of the mail server is passed on.""",
}
