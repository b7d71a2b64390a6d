#!/usr/bin/env python3
"""Tests of policy: tables of values, because all of it is pure functions."""
import unittest
from typing import Any, Dict, Mapping, Optional

from parameterized import param, parameterized

from audit.policy import (
    Row, UsageError, decode, has_text, is_same_license, license_id,
    license_name, notes_on, parse_policy, row_of, without_text)

ONE, TWO = "other:3f2a9c41d0e7", "other:8b5e607a1d9c"  # two texts
POLICY = f"""\
MIT\r
apache-2.0   # a key will do\r
 \t\r
# approved 2026-03-02\r\
ac-me.x/Old-1.x\tBSD-3-Clause
ac-me.x/old-1.x other # as long as it is taught # and read
acme/engine {ONE}#its text was read
acme/engine {TWO}
Acme/Docs-* CC-BY-4.0  # pages
labs/* GPL-3.0  # teaching material
labs/* other:no-text
labs/y 0BSD  # \x1b[31mred\u202eleft\u200b
"""
ORDERED = f"""\
labs/* ISC  # any lab, ISC
labs/x* {ONE}  # labs with an x, text one
labs/* {ONE}  # any lab, text one
labs/* {TWO}  # any lab, text two
labs/* other  # any lab, any text
labs/x {ONE}  # lab x, text one
labs/x other  # lab x, any text
labs/x ISC  # lab x, first line
labs/X isc  # lab x, last line
MIT  # anybody, first line
labs/x MIT  # lab x, MIT
mit  # anybody, last line
other:333333333333  # anybody, text three
labs/x other:333333333333  # lab x, text three
"""


class TestDecode(unittest.TestCase):
    """Unit tests of decoding a file: a policy or a table."""

    @parameterized.expand([
        ("empty", b"", ""),
        ("utf_8", "MIT # für\r\n".encode(), "MIT # für\r\n"),
        ("utf_8_with_a_mark", b"\xef\xbb\xbfMIT\n", "MIT\n"),
        ("utf_16_of_powershell", b"\xff\xfeM\0I\0T\0\r\0\n\0", "MIT\r\n"),
        ("utf_16_big_endian", b"\xfe\xff\0M\0I\0T\0\n", "MIT\n"),
        ("utf_16_without_a_last_line_end", b"\xff\xfeI\0S\0C\0", "ISC"),
    ])
    def test_decode(self, _: str, data: bytes, text: str) -> None:
        """A file is UTF-8, or UTF-16 with its mark; marks are left out."""
        self.assertEqual(decode(data, "p.txt"), text)

    @parameterized.expand([
        ("latin_1", b"# f\xfcr alle\n", "1: this is not UTF-8"),
        ("latin_1_further_down", b"MIT\r\nISC\r\n# f\xfcr alle\n",
         "3: this is not UTF-8, but the lines before it are"),
        ("utf_16_without_its_mark", b"M\0I\0T\0\n\0", "1: this is not UTF-8"),
        ("utf_16_behind_utf_8", b"ISC\nM\0I\0T\0\n\0",
         "2: this is not UTF-8, but the lines before it are"),
        ("mark_behind_utf_8", b"ISC\n\xff\xfeM\0I\0T\0\n\0",
         "2: this is not UTF-8, but the lines before it are"),
        ("odd_utf_8_behind_utf_16", b"\xff\xfeI\0\n\0MIT",
         "2: this is not UTF-16, but the lines before it are"),
        ("even_utf_8_in_a_comment", b"\xff\xfeI\0\n\0#\0MIT\n",
         "2: this is not UTF-16, but the lines before it are"),
        ("utf_32", b"\xff\xfe\0\0M\0\0\0", "1: this is not UTF-16"),
    ])
    def test_two_encodings(self, _: str, data: bytes, problem: str) -> None:
        """A part in another encoding is wrong usage that says its line."""
        with self.assertRaises(UsageError) as caught:
            decode(data, "p.txt")
        self.assertEqual(str(caught.exception), "p.txt:" + problem)


class TestNames(unittest.TestCase):
    """Unit tests of the names of licenses."""

    @parameterized.expand([
        ("spdx_id", {"key": "mit", "spdx_id": "MIT"}, "MIT"),
        ("key_alone", {"key": "own", "spdx_id": None}, "own"),
        ("not_recognized", {"key": "x", "spdx_id": "NOASSERTION"}, "other"),
        ("no_license", None, "none"),
    ])
    def test_license_name(
            self, _: str, license: Optional[Dict[str, Any]], name: str
            ) -> None:
        """A license has the name that GitHub gives it, other or none."""
        self.assertEqual(license_name({"license": license}), name)

    @parameterized.expand([
        ("lower_case", "Apache-2.0", "apache-2.0"),
        ("not_recognized", "NoAssertion", "other"),
        ("only", "GPL-3.0-only", "gpl-3.0"),
        ("or_later", "AGPL-3.0-or-later", "agpl-3.0"),
        ("plus", "lgpl-2.1+", "lgpl-2.1"),
        ("documentation", "GFDL-1.3-only", "gfdl-1.3"),
        ("no_invariants", "GFDL-1.3-no-invariants-or-later", "gfdl-1.3"),
        ("invariants", "GFDL-1.2-invariants-only", "gfdl-1.2"),
        ("letter_before_gpl", "xgpl-3+", "xgpl-3+"),
        ("word_behind_only", "GPL-3.0-only-x", "gpl-3.0-only-x"),
        ("without_a_version", "GPL-X-only", "gpl-x-only"),
        ("another_license", "BSD-3-Clause-only", "bsd-3-clause-only"),
    ])
    def test_license_id(self, _: str, name: str, expected: str) -> None:
        """Names that GitHub does not tell apart have one id."""
        self.assertEqual(license_id(name), expected)

    @parameterized.expand([
        ("text", ONE, True, "other"),
        ("no_text", "other:no-text", True, "other"),
        ("upper_case", "Other:no-text", True, "other"),
        ("not_read", "other", False, "other"),
        ("recognized", "MIT", False, "MIT"),
    ])
    def test_text(
            self, _: str, name: str, is_text: bool, without: str) -> None:
        """The name of a text begins with other, as GitHub calls it."""
        self.assertIs(has_text(name), is_text)
        self.assertEqual(without_text(name), without)

    @parameterized.expand([
        ("equal", "MIT", "MIT", True),
        ("case", "MIT", "mit", True),
        ("two_ids_of_one", "GPL-3.0", "GPL-3.0-only", True),
        ("two_licenses", "MIT", "ISC", False),
        ("same_text", ONE, ONE, True),
        ("two_texts", ONE, TWO, False),
        ("text_that_was_not_read", "other", ONE, True),
        ("earlier_text_that_was_not_read", ONE, "other", True),
        ("no_text_twice", "other:no-text", "other:no-text", True),
        ("no_text_any_more", "other:no-text", ONE, False),
        ("recognized_now", "MIT", "other", False),
        ("recognized_as_zlib", "Zlib", "other", False),
        ("text_not_recognized_now", ONE, "MIT", False),
    ])
    def test_is_same_license(
            self, _: str, one: str, another: str, expected: bool) -> None:
        """A text that was not read may be any; no other license may be."""
        self.assertIs(is_same_license(one, another), expected)


class TestParsePolicy(unittest.TestCase):
    """Unit tests of reading a policy, and of its verdicts."""

    @parameterized.expand([
        ("license", "acme/one", "mit", "allowed"),
        ("with_a_comment", "acme/one", "Apache-2.0", "allowed"),
        ("exception", "AC-ME.X/OLD-1.X", "bsd-3-clause", "exception"),
        ("second_exception", "ac-me.x/old-1.x", "other", "exception"),
        ("any_text", "ac-me.x/old-1.x", ONE, "exception"),
        ("any_text_that_is_gone", "ac-me.x/old-1.x", "other:no-text",
         "exception"),
        ("another_license", "ac-me.x/old-1.x", "none", "not allowed"),
        ("another_repository", "acme/one", "BSD-3-Clause", "not allowed"),
        ("allowed_anyway", "ac-me.x/old-1.x", "MIT", "allowed"),
        ("text", "acme/engine", ONE, "exception"),
        ("second_text", "acme/engine", TWO, "exception"),
        ("another_text", "acme/engine", "other:333333333333", "not allowed"),
        ("text_that_is_gone", "acme/engine", "other:no-text", "not allowed"),
        ("text_that_was_not_read", "acme/engine", "other", "not allowed"),
        ("group", "labs/x", "GPL-3.0-or-later", "exception"),
        ("name_of_a_group_alone", "acme/docs-", "CC-BY-4.0", "exception"),
        ("case_of_a_group", "ACME/docs-API", "cc-by-4.0", "exception"),
        ("outside_of_a_group", "acme/my-docs-x", "CC-BY-4.0", "not allowed"),
        ("group_under_another_license", "labs/x", "GPL-2.0", "not allowed"),
        ("group_of_another_owner", "olabs/x", "GPL-3.0", "not allowed"),
        ("group_without_a_text", "labs/x", "other:no-text", "exception"),
        ("group_with_a_text", "labs/x", ONE, "not allowed"),
    ])
    def test_verdict(
            self, _: str, repository: str, license: str, verdict: str) -> None:
        """A license is allowed for all, for some repositories, or not at all.

        Lines may end as on Windows, and words may be in any case.
        """
        policy = parse_policy(POLICY, "policy.txt")
        self.assertEqual(policy.verdict(repository, license), verdict)

    @parameterized.expand([
        ("comment", "acme/one", "Apache-2.0", "a key will do"),
        ("no_blank_before", "acme/engine", ONE, "its text was read"),
        ("two_marks", "ac-me.x/old-1.x", "other",
         "as long as it is taught # and read"),
        ("what_can_t_be_printed", "labs/y", "0BSD", "[31mred left"),
        ("none_on_this_line", "acme/one", "MIT", ""),
        ("not_allowed", "acme/one", "ISC", ""),
    ])
    def test_reason(
            self, _: str, repository: str, license: str, reason: str) -> None:
        """The comment on the line that allows a license is its reason."""
        policy = parse_policy(POLICY, "policy.txt")
        self.assertEqual(policy.reason(repository, license), reason)

    @parameterized.expand([
        ("license_before_repository", "labs/x", "MIT", "anybody, last line"),
        ("text_before_repository", "labs/x", "other:333333333333",
         "anybody, text three"),
        ("repository_before_group", "labs/x", "ISC", "lab x, last line"),
        ("group", "labs/y", "ISC", "any lab, ISC"),
        ("text_of_repository", "labs/x", ONE, "lab x, text one"),
        ("any_text_of_repository", "labs/x", TWO, "lab x, any text"),
        ("text_of_group", "labs/y", TWO, "any lab, text two"),
        ("any_text_of_group", "labs/y", "other:no-text", "any lab, any text"),
        ("last_group", "labs/xx", ONE, "any lab, text one"),
    ])
    def test_order(
            self, _: str, repository: str, license: str, reason: str) -> None:
        """Of several lines the first kind that allows it has the reason."""
        policy = parse_policy(ORDERED, "policy.txt")
        self.assertEqual(policy.reason(repository, license), reason)

    @parameterized.expand([
        ("expression", "MIT OR Apache-2.0"),
        ("two_licenses", "MIT ISC"),
        ("any_license", "acme/old *"),
        ("any_owner", "*/old MIT"),
        ("part_of_an_owner", "acme*/old MIT"),
        ("repository_alone", "acme/old"),
        ("group_alone", "acme/*"),
        ("two_slashes", "a/b/c MIT"),
        ("words_behind", "acme/old MIT since 2020"),
        ("no_owner", "/b MIT"),
        ("no_name", "acme/ MIT"),
        ("question_mark", "acme/a? MIT"),
        ("last_in_ascii", "MIT\x7f"),
        ("digits_too_few", "acme/old other:11111111111"),
        ("digits_too_many", "acme/old other:1111111111111"),
        ("digits_in_upper_case", "acme/old other:AAAAAAAAAAAA"),
        ("no_digits", "acme/old other:abcdefghijkl"),
        ("text_of_a_license", "acme/old MIT:111111111111"),
    ])
    def test_line_of_another_form(self, _: str, line: str) -> None:
        """A line of another form is an error that says where it is."""
        with self.assertRaises(UsageError) as caught:
            parse_policy(f"ISC\n\n {line} # why\r\nMIT\n", "p.txt")
        self.assertEqual(str(caught.exception), (
            "p.txt:3: neither a license nor a repository and a license: "
            + line))

    @parameterized.expand([
        ("name", "acme/für MIT"),
        ("first_outside", "MIT\x80"),
        ("license", "МIT"),
        ("utf_8_behind_utf_16", "MIT䥍ⵔਰ"),
        ("blank", "acme/one\u00a0MIT"),
        ("blank_at_the_end", "MIT\u3000", "MIT"),
    ])
    def test_outside_of_ascii(
            self, _: str, line: str, shown: Optional[str] = None) -> None:
        """Only a comment may have characters outside of ASCII."""
        with self.assertRaises(UsageError) as caught:
            parse_policy(f"ISC # für alle\n{line} # ja\n", "p.txt")
        self.assertEqual(str(caught.exception), (
            "p.txt:2: only a comment may have characters outside of ASCII: "
            + (shown or line)))


class TestRow(unittest.TestCase):
    """Unit tests of rows, made from GitHub's objects."""

    @parameterized.expand([
        ("full", {"license": {"spdx_id": "ISC"}, "fork": True,
                  "archived": True, "html_url": "https://h/a"},
         Row("a/b", "ISC", "allowed", True, True, "https://h/a", 7)),
        ("null", {"license": None, "fork": None, "archived": None,
                  "html_url": None},
         Row("a/b", "none", "not allowed", False, False, "", 7)),
        ("missing", {},
         Row("a/b", "none", "not allowed", False, False, "", 7)),
    ])
    def test_row_of(
            self, _: str, fields: Mapping[str, Any], row: Row) -> None:
        """What is null or left out in GitHub's object is false or empty."""
        repo = {"full_name": "a/b", "id": 7, **fields}
        self.assertEqual(row_of(repo, parse_policy("ISC", "p")), row)

    def test_no_policy(self) -> None:
        """Without a policy there is no verdict."""
        row = row_of({"full_name": "a/b", "id": 7}, None)
        self.assertEqual(row.verdict, "")

    @parameterized.expand([
        param("read", "NOASSERTION", ONE, "exception",
              digits="3f2a9c41d0e7"),
        param("read_anew", "NOASSERTION", ONE, "exception",
              digits="3f2a9c41d0e7", earlier=TWO),
        param("no_text", "NOASSERTION", "other:no-text", "not allowed",
              digits="no-text", earlier=ONE),
        param("not_read", "NOASSERTION", "other", "not allowed"),
        param("not_read_this_time", "NOASSERTION", ONE, "exception",
              earlier=ONE),
        param("never_read", "NOASSERTION", "other", "not allowed",
              earlier="other"),
        param("recognized_earlier", "NOASSERTION", "other", "not allowed",
              earlier="MIT"),
        param("recognized_now", "MIT", "MIT", "not allowed", earlier=ONE),
    ])
    def test_digits(
            self, _: str, spdx_id: str, license: str, verdict: str,
            digits: Optional[str] = None, earlier: str = "") -> None:
        """A text has the digits that are known of it, and is judged by them.

        Those of the earlier row are kept where the text was not read.
        """
        repo = {"full_name": "a/b", "id": 7, "license": {"spdx_id": spdx_id}}
        policy = parse_policy(f"a/b {ONE}", "p")
        before = Row("a/b", earlier, "", False, False, "", 7)
        row = row_of(repo, policy, digits, before if earlier else None)
        self.assertEqual((row.license, row.verdict), (license, verdict))


class TestNotes(unittest.TestCase):
    """Unit tests of the notes on a policy."""

    @parameterized.expand([
        # Each is about acme/one; what else there is stands in the test.
        ("exception", "Acme/ONE isc", "ISC", ""),
        ("allowed_anyway", "acme/one ISC", "MIT",
         "its license, MIT, is allowed anyway"),
        ("under_another_license", "acme/one ISC", "other",
         "it is under another license, other"),
        ("text_instead_of_a_license", "acme/one ISC", ONE,
         f"it is under another license, {ONE}"),
        ("license_instead_of_a_text", f"acme/one {ONE}", "ISC",
         "it is under another license, ISC"),
        ("not_there", "Acme/Two ISC", "MIT",
         "no public repository has this name"),
        ("of_another_organization", "labs/one ISC", "MIT", ""),
        ("text", f"acme/one {ONE}", ONE, ""),
        ("any_text", "acme/one other", ONE, ""),
        ("another_text", f"acme/one {ONE}", TWO, f"its text is {TWO} now"),
        ("no_text_any_more", f"acme/one {ONE}", "other:no-text",
         "its text is other:no-text now"),
        ("text_again", "acme/one other:no-text", ONE,
         f"its text is {ONE} now"),
        ("text_that_was_not_read", f"acme/one {ONE}", "other", ""),
        ("group", "ACME/o* ISC", "ISC", ""),
        ("group_with_one_of_two", "acme/* Zlib", "ISC", ""),
        ("group_without_a_name", "acme/x* ISC", "ISC",
         "no public repository has such a name"),
        ("group_with_another_end", "acme/*on ISC", "ISC",
         "no public repository has such a name"),
        ("group_under_another_license", "acme/o* gpl-3.0", "ISC",
         "no such repository is under gpl-3.0"),
        ("group_under_another_text", f"acme/o* {ONE}", TWO,
         f"no such repository is under {ONE}"),
        ("group_with_any_text", "acme/o* other", TWO, ""),
        ("group_that_was_not_read", f"acme/o* {ONE}", "other", ""),
        ("group_of_another_organization", "labs/* ISC", "ISC", ""),
    ])
    def test_exceptions(
            self, _: str, line: str, license: str, why: str) -> None:
        """An exception that is of no use is noted, and why."""
        policy = parse_policy(f"MIT\n{line}\n", "p.txt")
        rows = [Row("ACME/one", license, "", False, False, "", 1),
                Row("acme/zip", "Zlib", "", False, False, "", 2)]
        notes = [f"p.txt:2: {line.split()[0]}: {why}"] if why else []
        self.assertEqual(notes_on(policy, rows, ["acme"]), notes)

    @parameterized.expand([
        ("letters_left_out", "MPL2.0", "MPL-2.0",
         "not found, and MPL-2.0 is not allowed"),
        ("letters_changed", "SIC", "ISC",
         "not found, and ISC is not allowed"),
        ("no_version", "GPL", "GPL-3.0",
         "not found, and GPL-3.0 is not allowed"),
        ("no_number", "Apache", "Apache-2.0",
         "not found, and Apache-2.0 is not allowed"),
        ("part_of_a_version", "Apache-2", "Apache-2.0",
         "not found, and Apache-2.0 is not allowed"),
        ("beginning", "BSD-3", "BSD-3-Clause",
         "not found, and BSD-3-Clause is not allowed"),
        ("beginning_before_a_point", "X-11", "X-11.distribute-modifications",
         "not found, and X-11.distribute-modifications is not allowed"),
        ("longer_than_what_is_found", "PSF-2.0-with-many-more-words",
         "PSF-2.0", "not found, and PSF-2.0 is not allowed"),
        ("version_of_what_is_found", "BSD-3-Clause", "BSD",
         "not found, and BSD is not allowed"),
        ("beginning_of_a_word", "CC", "CCommons-of-everybody", ""),
        ("closest", "Zlb", "Zlib-x", "not found, and Zlib is not allowed"),
        ("text_for_other", "othr", ONE, "not found, and other is not allowed"),
        ("another_version", "GPL-2.0", "GPL-3.0", ""),
        ("another_beginning", "BSD-2", "BSD-3-Clause", ""),
        ("far_from_any", "BSD", "Apache-2.0", ""),
        ("close_to_what_is_allowed", "MITT", "MIT", ""),
        ("found_elsewhere", "ISC", "ISC-2", ""),
        ("text_that_nobody_has", ONE, TWO, ""),
    ])
    def test_licenses(
            self, _: str, line: str, license: str, why: str) -> None:
        """A license that nobody has is noted if another may be meant."""
        policy = parse_policy(f"MIT\n{line}\n", "p.txt")
        verdict = policy.verdict("acme/one", license)
        rows = [Row("acme/one", license, verdict, False, False, "", 1),
                Row("acme/2", "ISC", "not allowed", False, False, "", 2),
                Row("acme/3", "Zlib", "not allowed", False, False, "", 3)]
        notes = [f"p.txt:2: {line}: {why}"] if why else []
        self.assertEqual(notes_on(policy, rows, ["acme"]), notes)

    def test_several_lines(self) -> None:
        """Of several exceptions those that do not hold are noted, in order."""
        policy = parse_policy(
            f"acme/b ISC\nacme/a {TWO}\nacme/a {ONE}\nacme/a MIT\n"
            "acme/a MIT\nacme/b ISC\n", "p.txt")
        rows = [Row("acme/a", ONE, "exception", False, False, "", 1)]
        self.assertEqual(notes_on(policy, rows, ["acme"]), [
            f"p.txt:2: acme/a: its text is {ONE} now",
            f"p.txt:5: acme/a: it is under another license, {ONE}",
            "p.txt:6: acme/b: no public repository has this name"])
