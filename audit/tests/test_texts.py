#!/usr/bin/env python3
"""Tests of texts: tables of texts and the digits that stand for them."""
import base64
import hashlib
import unittest

from parameterized import parameterized

from audit.texts import text_digits

LICENSE = "My License\n\nCopyright (c) 2019 Acme\n\nYou may use it.\n"
RENEWED = "My License\n\nCopyright (c) 2019-2024, 2026 ACME\n\nYou may use it."
RANGE = "My License\n\nCopyright (c) 2019\u20132024 Acme\n\nYou may use it.\n"


def in_base64(data: bytes) -> str:
    """Return bytes as GitHub sends them: in base64, with line breaks."""
    return base64.encodebytes(data).decode()


def digits_of(words: str) -> str:
    """Return the digits that stand for these words."""
    return hashlib.sha256(words.encode()).hexdigest()[:12]


class TestTextDigits(unittest.TestCase):
    """Unit tests of the digits that stand for the text of a license."""

    @parameterized.expand([
        ("license", LICENSE, "f67f637fc188"),
        ("bom", "\ufeff" + LICENSE, "f67f637fc188"),
        ("crlf", LICENSE.replace("\n", "\r\n"), "f67f637fc188"),
        ("line_breaks_of_a_macintosh", LICENSE.replace("\n", "\r"),
         "f67f637fc188"),
        ("other_blanks", LICENSE.replace(" ", "\t\u00a0 \u2003\u3000"),
         "f67f637fc188"),
        ("more_years_and_upper_case", RENEWED, "f67f637fc188"),
        ("en_dash", RANGE, "f67f637fc188"),
        ("another_holder", LICENSE.replace("Acme", "Evil"), "aea4a14ec67d"),
        ("term_behind_the_holder",
         LICENSE.replace("Acme", "Acme Not for commercial use."),
         "bb02bb854c8c"),
        ("word_copyright_in_a_term", "My License\n\nYou may use it; the\n"
         "copyright holder shall not be named.\n", "cbce2131f9f3"),
        ("that_term_without_not", "My License\n\nYou may use it; the\n"
         "copyright holder shall be named.\n", "8f763c76dc8f"),
        ("term_on_the_line_of_a_year", "Copyright 2020 Acme. You may use it.",
         "0bdaef75859a"),
        ("another_term_on_that_line",
         "Copyright 2020 Acme. You may not use it.", "ae8284c785d2"),
        ("year_in_a_term", "Change Date: 2027-01-01\n", "7a78bfcda9af"),
        ("another_year_in_a_term", "Change Date: 2028-01-01\n",
         "7deee4ace17a"),
        ("chinese", "版权 可以使用", "88e8c729a2aa"),
        ("another_text_in_chinese", "版权 不可使用", "911ec777071c"),
        ("empty", "", "no-text"),
        ("without_a_word", "----\n \n", "no-text"),
    ])
    def test_vectors(self, _: str, text: str, digits: str) -> None:
        """Each text has the digits that were once given to it."""
        self.assertEqual(text_digits(in_base64(text.encode())), digits)

    def test_cp1252(self) -> None:
        """A text that is not UTF-8 is read too; its dash does not count."""
        data = RANGE.encode("cp1252")
        self.assertEqual(text_digits(in_base64(data)), "f67f637fc188")

    @parameterized.expand([
        ("after_copyright", "Copyright 2019 A", "copyright a"),
        ("after_upper_case", "COPYRIGHT 2019 A", "copyright a"),
        ("after_c_in_parentheses", "(C)2019 A", "c a"),
        ("after_the_sign", "\u00a92019 A", "a"),
        ("mark_without_its_beginning", "opyright c) 2019",
         "opyright c 2019"),
        ("mark_without_its_end", "copyrigh (c 2019", "copyrigh c 2019"),
        ("copyrighted", "copyrighted 2019", "copyrighted"),
        ("range", "\u00a9 1999-2019, 2021/2022 A", "a"),
        ("digits_of_two_numbers", "(c) 20191", "c 20191"),
        ("letters_for_digits", "(c) 20th", "c 20th"),
        ("first_year", "(c) 1900", "c"),
        ("last_year", "(c) 2099", "c"),
        ("before_the_first", "(c) 1899", "c 1899"),
        ("after_the_last", "(c) 2100", "c 2100"),
        ("letter_before", "(c) v2019", "c v2019"),
        ("letter_behind", "(c) 2019a", "c 2019a"),
        ("digit_before", "(c) 02019", "c 02019"),
        ("point_before", "(c) v1.2019", "c v1 2019"),
        ("point_behind", "(c) 2019.", "c"),
        ("in_chinese", "\u00a9 2019\u5e74", "\u5e74"),
        ("before_the_mark", "2019 (c)", "2019 c"),
        ("next_line", "(c) A\n2019", "c a 2019"),
        ("next_line_of_a_macintosh", "(c) A\r2019", "c a 2019"),
        ("same_line_for_unicode", "(c) A\u20282019", "c a"),
        ("end_of_eighty_characters", f"(c){'-' * 76}2019", "c"),
        ("one_character_further", f"(c){'-' * 77}2019", "c 2019"),
        ("far_from_the_first_mark", f"(c){'-' * 70}(c){'-' * 76}2019", "c c"),
        ("mark_with_a_dotless_i", "copyr\u0131ght 2019",
         "copyr\u0131ght 2019"),
        ("two_lines", "(c) 2019 A\n(c) 2020 B", "c a c b"),
    ])
    def test_years_of_copyright(self, _: str, text: str, words: str) -> None:
        """A year behind a mark of copyright is no word, any other is one."""
        content = in_base64(text.encode())
        self.assertEqual(text_digits(content), digits_of(words))

    @parameterized.expand([
        ("ascii", "\0/0:@A[`a{", "0 a a"),
        ("controls", "a\x7fb\x85c", "a b c"),
        ("latin_1", "a\u00bfb\u00c0c", "a b\u00c0c"),
        ("punctuation", "a\u1fffb\u2000c\u206fd\u2070e",
         "a\u1fffb c d\u2070e"),
        ("cjk_punctuation", "a\u2fffb\u3000c\u303fd\u3040e",
         "a\u2fffb c d\u3040e"),
        ("bom_inside", "a\ufefeb\ufeffc\uff00d", "a\ufefeb c\uff00d"),
        ("beyond_the_first_plane", "\U0001f600 b", "\U0001f600 b"),
        ("underscore", "a_b", "a b"),
        ("upper_case_outside_of_ascii", "\u00c9A\u0130\u212a",
         "\u00c9a\u0130\u212a"),
    ])
    def test_words(self, _: str, text: str, words: str) -> None:
        """Words are what stands between fixed ranges, in lower case."""
        content = in_base64(text.encode())
        self.assertEqual(text_digits(content), digits_of(words))


class TestContent(unittest.TestCase):
    """Unit tests of reading base64, which Pythons do not all read alike."""

    @parameterized.expand([
        ("three_bytes", "QUJD", "abc"),
        ("two_bytes", "QUI=", "ab"),
        ("one_byte", "QQ==", "a"),
        ("plus_and_slash", "w7/DvmI+", "\u00ff\u00feb"),
        ("line_breaks", "\nQ\r\nUJ\rD\n\n", "abc"),
        ("utf_8", "w4Q=", "\u00c4"),
        ("latin_1", "xEE=", "\u00c4a"),
    ])
    def test_content(self, _: str, content: str, words: str) -> None:
        """Base64 is decoded, its line breaks apart, as UTF-8 or Latin-1."""
        self.assertEqual(text_digits(content), digits_of(words))

    @parameterized.expand([
        ("character_too_few", "QUJ"),
        ("character_too_many", "QUJDQ"),
        ("padding_too_long", "QUI=="),
        ("three_of_padding", "Q==="),
        ("padding_alone", "===="),
        ("padding_inside", "QQ==QUJD"),
        ("blank", "QUJD QUJ"),
        ("other_alphabet", "QUJ_"),
        ("outside_of_ascii", "QUJ\u00e4"),
        ("plain_text", "MIT License"),
    ])
    def test_broken_content(self, _: str, content: str) -> None:
        """What is not base64 is an error, on every Python."""
        with self.assertRaises(ValueError) as caught:
            text_digits(content)
        self.assertEqual(str(caught.exception), "this is not base64")
