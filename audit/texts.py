#!/usr/bin/env python3
"""The digits that stand for the text of a license.

The rule never changes, and gives the same digits on every Python: all ranges
of characters are fixed, because Unicode's tables differ from one Python to
the next.
"""
import base64
import hashlib
import re

NO_TEXT = "no-text"  # instead of digits, where there is not a single word
BASE64 = re.compile("[A-Za-z0-9+/]*={0,2}")
LOWER_CASE = {ord(letter): letter.lower()
              for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
# What introduces a copyright notice, or a year that stands alone.
MARK_OR_YEAR = re.compile(
    r"(?P<mark>copyright|\(c\)|\u00a9)"
    "|(?<![a-z0-9.])(?:19|20)[0-9]{2}(?![a-z0-9])")
NOTICE = 80  # so many characters after a mark may hold years of copyright
WORD = re.compile("[^\0-\x2f\x3a-\x40\x5b-\x60\x7b-\xbf"
                  "\u2000-\u206f\u3000-\u303f\ufeff]+")


def text_digits(content: str) -> str:
    """Return twelve hex digits for a license's text, or "no-text".

    The content is the text in base64, as GitHub sends it: with line breaks.
    Years of copyright, case, blanks and punctuation don't count. Raises
    ValueError where the content can't be decoded.
    """
    text = decoded(content).translate(LOWER_CASE)
    lines = map(without_years, re.split("[\r\n]", text))
    words = WORD.findall("\n".join(lines))
    if not words:
        return NO_TEXT
    return hashlib.sha256(" ".join(words).encode()).hexdigest()[:12]


def is_base64(content: str) -> bool:
    """Return whether a text is base64; it may have line breaks.

    What Python itself lets pass differs from one version to the next.
    """
    digits = re.sub("[\r\n]", "", content)
    return len(digits) % 4 == 0 and bool(BASE64.fullmatch(digits))


def decoded(content: str) -> str:
    """Return the text of base64; raise ValueError for anything else."""
    if not is_base64(content):
        raise ValueError("this is not base64")
    data = base64.b64decode(content)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def without_years(line: str) -> str:
    """Return a line in lower case with blanks for years of copyright."""
    characters, end_of_notice = list(line), 0
    for found in MARK_OR_YEAR.finditer(line):
        if found.group("mark"):
            end_of_notice = found.end() + NOTICE
        elif found.end() <= end_of_notice:
            characters[found.start():found.end()] = "    "
    return "".join(characters)
