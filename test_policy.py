#!/usr/bin/env python3
"""Tests of policy: tables of values, because all of it is pure functions."""
import unittest
from typing import Any, Dict, List, Mapping, Optional

from parameterized import parameterized

from policy import (
    Policy, Row, change_of, gone, license_id, license_name, notes_on,
    owner_of, parse_policy, parse_table, row_of, table_of, to_csv)

POLICY = """\
MIT
apache-2.0   # a key will do
# approved 2026-03-02
acme/Old\tBSD-3-Clause
acme/old other
"""
STATE = Row("acme/one", "MIT", "allowed", False, False, "https://h/one", 1)
HEADER = "repository,license,verdict,fork,archived,url,id\n"


def state(**changes: Any) -> Row:
    """Return the state of a repository, in some fields another than STATE."""
    return STATE._replace(**changes)


class TestNames(unittest.TestCase):
    """Unit tests of the names of licenses and of owners."""

    @parameterized.expand([
        ("spdx_id", {"key": "mit", "spdx_id": "MIT"}, "MIT"),
        ("key_alone", {"key": "own"}, "own"),
        ("null_spdx_id", {"key": "own", "spdx_id": None}, "own"),
        ("not_recognized", {"key": "other", "spdx_id": "NOASSERTION"},
         "other"),
        ("other_in_another_case", {"key": "Other"}, "other"),
        ("null", None, "none"),
        ("empty", {}, "none"),
    ])
    def test_license_name(
            self, _: str, license: Optional[Dict[str, Any]],
            name: str) -> None:
        """A license has the name that GitHub gives it, other or none."""
        self.assertEqual(license_name({"license": license}), name)

    def test_name_of_a_license_left_out(self) -> None:
        """A repository without the field has no license."""
        self.assertEqual(license_name({}), "none")

    @parameterized.expand([
        ("MIT", "mit"), ("Apache-2.0", "apache-2.0"), ("NONE", "none"),
        ("NoAssertion", "other"), ("Other", "other"),
        ("GPL-3.0-only", "gpl-3.0"), ("GPL-3.0-or-later", "gpl-3.0"),
        ("gpl-3.0+", "gpl-3.0"), ("GPL-3.0", "gpl-3.0"),
        ("AGPL-3.0-only", "agpl-3.0"), ("LGPL-2.1+", "lgpl-2.1"),
        ("GFDL-1.3-or-later", "gfdl-1.3"),
        ("GPL-3.0-only-x", "gpl-3.0-only-x"), ("my-gpl-3.0+", "my-gpl-3.0+"),
        ("BSD-3-Clause-only", "bsd-3-clause-only"), ("xgpl-3+", "xgpl-3+"),
    ])
    def test_license_id(self, name: str, expected: str) -> None:
        """Names that GitHub does not tell apart have one id."""
        self.assertEqual(license_id(name), expected)

    def test_owner(self) -> None:
        """The owner is what stands before the slash, in lower case."""
        self.assertEqual(owner_of("Acme/Rocket"), "acme")


class TestParsePolicy(unittest.TestCase):
    """Unit tests of reading a policy, and of its verdicts."""

    @parameterized.expand([
        ("license", "acme/one", "MIT", "allowed"),
        ("any_case", "acme/one", "mit", "allowed"),
        ("line_with_a_comment", "acme/one", "Apache-2.0", "allowed"),
        ("exception", "acme/old", "BSD-3-Clause", "exception"),
        ("exception_in_any_case", "ACME/OLD", "bsd-3-clause", "exception"),
        ("second_exception", "acme/old", "other", "exception"),
        ("another_license", "acme/old", "none", "not allowed"),
        ("another_repository", "acme/one", "BSD-3-Clause", "not allowed"),
        ("license_allowed_anyway", "acme/old", "MIT", "allowed"),
    ])
    def test_verdict(
            self, _: str, repository: str, license: str, verdict: str) -> None:
        """A license is allowed for all, or for one repository, or not."""
        policy = parse_policy(POLICY, "policy.txt")
        self.assertEqual(policy.verdict(repository, license), verdict)

    @parameterized.expand([
        ("empty", ""), ("comments", "# nothing yet\n\n  \t\n#MIT"),
    ])
    def test_empty_policy(self, _: str, text: str) -> None:
        """A policy without a license allows nothing."""
        policy = parse_policy(text, "policy.txt")
        self.assertEqual(policy, Policy("policy.txt", {}))
        self.assertEqual(policy.verdict("acme/one", "none"), "not allowed")

    def test_lines_of_windows(self) -> None:
        """Lines may end with CR and LF, the last one with nothing."""
        self.assertEqual(
            parse_policy("MIT\r\n\r\nacme/a ISC\r\nnone", "p"),
            Policy("p", {("", "mit"): (1, "MIT"),
                         ("acme/a", "isc"): (3, "acme/a"),
                         ("", "none"): (4, "none")}))

    @parameterized.expand([
        ("expression", "MIT OR Apache-2.0"), ("two_licenses", "MIT ISC"),
        ("any_license", "acme/old *"), ("any_repository", "acme/* MIT"),
        ("no_license", "acme/old"), ("three_parts", "a/b/c MIT"),
        ("comma", "MIT, ISC"), ("sentence", "acme/old MIT since 2020"),
        ("swapped", "MIT acme/old"), ("license_with_a_slash", "a/b c/d"),
    ])
    def test_line_of_another_form(self, _: str, line: str) -> None:
        """A line of another form is an error that says where it is."""
        with self.assertRaises(ValueError) as caught:
            parse_policy(f"ISC\n\n {line} # why\r\nMIT\n", "p.txt")
        self.assertEqual(str(caught.exception), (
            "p.txt:3: neither a license nor a repository and a license: "
            + line))


class TestNotesOn(unittest.TestCase):
    """Unit tests of what the owner of a policy is told."""

    @parameterized.expand([
        ("of_use", "acme/one ISC", "ISC", []),
        ("of_use_in_any_case", "Acme/ONE isc", "ISC", []),
        ("allowed_anyway", "acme/one ISC", "MIT", [
            "acme/one: its license, MIT, is allowed anyway"]),
        ("same_license_allowed_anyway", "Acme/one MIT", "MIT", [
            "Acme/one: its license, MIT, is allowed anyway"]),
        ("another_license", "acme/one ISC", "other", [
            "acme/one: it is under another license, other"]),
        ("not_there", "Acme/Two ISC", "MIT", [
            "Acme/Two: it is not there"]),
        ("organization_not_asked", "other/one ISC", "MIT", []),
    ])
    def test_exceptions(
            self, _: str, line: str, license: str, words: List[str]) -> None:
        """An exception that is of no use is told, and why it is not."""
        policy = parse_policy(f"MIT\n{line}\n", "p.txt")
        rows = [state(license=license, verdict="allowed")]
        self.assertEqual(notes_on(policy, rows, ["acme"]),
                         ["p.txt:2: " + each for each in words])

    @parameterized.expand([
        ("misspelt", "Apache2.0", "Apache-2.0", "not allowed", [
            "p.txt:1: Apache2.0: not found; is it Apache-2.0?"]),
        ("misspelt_in_capitals", "MTI", "MIT", "not allowed", [
            "p.txt:1: MTI: not found; is it MIT?"]),
        ("far_from_any", "ISC", "Apache-2.0", "not allowed", []),
        ("all_are_allowed", "Apache2.0", "Apache-2.0", "allowed", []),
        ("found", "MIT", "MIT-0", "not allowed", []),
    ])
    def test_licenses(
            self, _: str, line: str, license: str, verdict: str,
            notes: List[str]) -> None:
        """A license that may be misspelt is told, with the likely one."""
        rows = [state(), state(id=2, license=license, verdict=verdict),
                state(id=3, license="Zlib", verdict="not allowed")]
        self.assertEqual(
            notes_on(parse_policy(line, "p.txt"), rows, ["acme"]), notes)


class TestRow(unittest.TestCase):
    """Unit tests of rows: from GitHub's object, and their changes."""

    @parameterized.expand([
        ("full", {"license": {"spdx_id": "ISC"}, "fork": True,
                  "archived": True, "html_url": "https://h/a"},
         Row("a/b", "ISC", "", True, True, "https://h/a", 7)),
        ("null", {"license": None, "fork": None, "archived": None,
                  "html_url": None},
         Row("a/b", "none", "", False, False, "", 7)),
        ("left_out", {}, Row("a/b", "none", "", False, False, "", 7)),
    ])
    def test_row_of(
            self, _: str, fields: Mapping[str, Any], row: Row) -> None:
        """What is null or left out in GitHub's object is false or empty."""
        repo = {"full_name": "a/b", "id": 7, **fields}
        self.assertEqual(row_of(repo, None), row)

    def test_row_with_a_verdict(self) -> None:
        """With a policy, even an empty one, a row has a verdict."""
        row = row_of({"full_name": "a/b", "id": 7}, parse_policy("", "p"))
        self.assertEqual(row.verdict, "not allowed")

    @parameterized.expand([
        ("nothing", STATE, STATE, ""),
        ("new", STATE, None, "new"),
        ("license", state(license="ISC"), STATE, "license was MIT"),
        ("license_by_another_name", state(license="GPL-3.0"),
         state(license="GPL-3.0-only"), ""),
        ("archived", state(archived=True), STATE, "archived"),
        ("still_archived", state(archived=True), state(archived=True), ""),
        ("unarchived", STATE, state(archived=True), "unarchived"),
        ("renamed", STATE, state(repository="old/One"),
         "renamed from old/One"),
        ("case_of_the_name", state(repository="ACME/one"),
         state(repository="Acme/ONE"), ""),
        ("was_allowed", state(verdict="not allowed"), STATE, "was allowed"),
        ("was_exception", state(verdict="not allowed"),
         state(verdict="exception"), "was exception"),
        ("was_not_judged", state(verdict="not allowed"), state(verdict=""),
         ""),
        ("was_not_allowed", STATE, state(verdict="not allowed"), ""),
        ("still_not_allowed", state(verdict="not allowed"),
         state(verdict="not allowed"), ""),
        ("exception_now", state(verdict="exception"), STATE, ""),
        ("license_explains_the_verdict",
         state(license="ISC", verdict="not allowed"), STATE,
         "license was MIT"),
        ("all_but_the_policy",
         state(license="ISC", archived=True, verdict="not allowed"),
         state(repository="acme/0"),
         "license was MIT, archived, renamed from acme/0"),
        ("all_but_the_license", state(verdict="not allowed"),
         state(repository="acme/0", archived=True),
         "unarchived, renamed from acme/0, was allowed"),
        ("fork_and_url", state(fork=True, url=""), STATE, ""),
    ])
    def test_change_of(
            self, _: str, row: Row, earlier: Optional[Row],
            change: str) -> None:
        """Each change has its words; several are joined in this order."""
        self.assertEqual(change_of(row, earlier), change)

    def test_gone(self) -> None:
        """Gone is what an organization that was asked has no more."""
        rows = [state(id=1), state(id=2, repository="acme/two"),
                state(id=3, repository="ACME/Three"),
                state(id=4, repository="other/four")]
        earlier = {row.id: row for row in rows}
        renamed = state(id=1, repository="acme/new")
        self.assertEqual(
            gone(earlier, [renamed], {"acme"}), [rows[2], rows[1]])


class TestTable(unittest.TestCase):
    """Unit tests of the table that is saved and read."""

    def test_to_csv(self) -> None:
        """Values are quoted where they must be; null is nothing."""
        self.assertEqual(
            to_csv([["a", "b"], [True, False], [None, 'C, "old"'], [1, 0]]),
            'a,b\ntrue,false\n,"C, ""old"""\n1,0\n')

    def test_table_of(self) -> None:
        """The table is sorted by repository, whatever the order and case."""
        rows = [state(repository="b/b", id=9), state(repository="B/a", id=4),
                state(archived=True), state(repository="a/z", id=3),
                state(repository="a/z", id=2)]
        expected = HEADER + (
            "a/z,MIT,allowed,false,false,https://h/one,2\n"
            "a/z,MIT,allowed,false,false,https://h/one,3\n"
            "acme/one,MIT,allowed,false,true,https://h/one,1\n"
            "B/a,MIT,allowed,false,false,https://h/one,4\n"
            "b/b,MIT,allowed,false,false,https://h/one,9\n")
        self.assertEqual(table_of(rows), expected)
        self.assertEqual(table_of(reversed(rows)), expected)

    @parameterized.expand([
        ("as_saved", HEADER + "acme/one,MIT,allowed,false,false,"
         "https://h/one,1\n"),
        ("from_a_spreadsheet", "id;url;archived;fork;verdict;license;"
         "repository\r\n1;https://h/one;FALSE;False;allowed;MIT;acme/one\r\n"
         ";;;;;;\r\n"),
        ("more_columns", "note,id,repository,license,archived,fork,verdict,"
         'url\n"a\n;b",1,acme/one,MIT,false,,allowed,https://h/one,more\n\n'),
    ])
    def test_parse_table(self, _: str, text: str) -> None:
        """Columns are found by name, whatever stands between them."""
        self.assertEqual(parse_table(text, "t.csv"), {1: STATE})

    def test_columns_that_may_be_missing(self) -> None:
        """A table needs four columns; true may be in any case."""
        self.assertEqual(
            parse_table("repository,license,archived,id\n"
                        "a/b,not one word,TRUE,12\nc/d,ISC,False,3\n", "t"),
            {12: Row("a/b", "not one word", "", False, True, "", 12),
             3: Row("c/d", "ISC", "", False, False, "", 3)})

    def test_forks(self) -> None:
        """A fork is a fork, in any case."""
        text = HEADER + "a/b,MIT,,TRUE,false,,1\na/c,MIT,,true,false,,2\n"
        self.assertEqual(
            [row.fork for row in parse_table(text, "t").values()],
            [True, True])

    @parameterized.expand([
        ("empty", "", "1: no column archived, id, license, repository"),
        ("no_id", "repository,license,archived\n", "1: no column id"),
        ("not_a_table", "MIT\nApache-2.0\n",
         "1: no column archived, id, license, repository"),
        ("id_twice", HEADER + "a/b,MIT,,,true,,1\na/c,MIT,,,true,,2\n"
         "a/d,MIT,,,true,,1\n", "4: the id 1 stands here twice"),
        ("no_name", HEADER + "b,MIT,,,true,,1\n",
         "2: repository can't be 'b'"),
        ("no_license", HEADER + "a/b,,,,true,,1\n",
         "2: license can't be ''"),
        ("no_archived", HEADER + "a/b,MIT,,,yes,,1\n",
         "2: archived can't be 'yes'"),
        ("not_quite_true", HEADER + "a/b,MIT,,,untrue,,1\n",
         "2: archived can't be 'untrue'"),
        ("rounded_id", HEADER + "a/b,MIT,,,true,,1.1E+09\n",
         "2: id can't be '1.1E+09'"),
        ("negative_id", HEADER + "a/b,MIT,,,true,,-1\n",
         "2: id can't be '-1'"),
        ("long_id", HEADER + f"a/b,MIT,,,true,,{10**18}\n",
         "2: id can't be '1000000000000000000'"),
        ("short_row", HEADER + "a/b,MIT\n",
         "2: archived can't be ''"),
        ("after_two_lines", HEADER + 'a/b,MIT,,,true,"x\ny",1\na/b\n',
         "4: license can't be ''"),
        ("long_cell", "x" * 200000, "1: field larger than field limit "
         "(131072)"),
        ("long_cell_below", HEADER + "x" * 200000,
         "2: field larger than field limit (131072)"),
    ])
    def test_no_table(self, _: str, text: str, problem: str) -> None:
        """What is no such table is an error that says where it is not."""
        with self.assertRaises(ValueError) as caught:
            parse_table(text, "t.csv")
        self.assertEqual(str(caught.exception), "t.csv:" + problem)


if __name__ == "__main__":
    unittest.main()
