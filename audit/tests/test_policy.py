#!/usr/bin/env python3
"""Tests of policy: tables of values, because all of it is pure functions."""
import unittest
from typing import Any, Dict, Mapping, Optional

from parameterized import parameterized

from audit.policy import (
    Row, change_of, gone, license_id, license_name, notes_on,
    parse_policy, parse_table, row_of, table_of)

POLICY = """\
MIT\r
apache-2.0   # a key will do\r
 \t\r
# approved 2026-03-02\r\
ac-me.x/Old-1.x\tBSD-3-Clause
ac-me.x/old-1.x other
"""
STATE = Row("acme/one", "MIT", "allowed", False, False, "https://h/one", 1)
NOT_ALLOWED = STATE._replace(verdict="not allowed")
HEADER = "repository,license,verdict,fork,archived,url,id\n"
NEEDED = "repository,license,archived,id\n"


def state(**changes: Any) -> Row:
    """Return the state of a repository, in some fields another than STATE."""
    return STATE._replace(**changes)


class TestNames(unittest.TestCase):
    """Unit tests of the names of licenses."""

    @parameterized.expand([
        ({"key": "mit", "spdx_id": "MIT"}, "MIT"),
        ({"key": "own", "spdx_id": None}, "own"),
        ({"key": "x", "spdx_id": "NOASSERTION"}, "other"), (None, "none"),
    ])
    def test_license_name(
            self, license: Optional[Dict[str, Any]], name: str) -> None:
        """A license has the name that GitHub gives it, other or none."""
        self.assertEqual(license_name({"license": license}), name)

    @parameterized.expand([
        ("Apache-2.0", "apache-2.0"), ("NoAssertion", "other"),
        ("GPL-3.0-only", "gpl-3.0"), ("AGPL-3.0-or-later", "agpl-3.0"),
        ("lgpl-2.1+", "lgpl-2.1"), ("GFDL-1.3-only", "gfdl-1.3"),
        ("GFDL-1.3-no-invariants-or-later", "gfdl-1.3"),
        ("GFDL-1.2-invariants-only", "gfdl-1.2"), ("xgpl-3+", "xgpl-3+"),
        ("GPL-3.0-only-x", "gpl-3.0-only-x"), ("GPL-X-only", "gpl-x-only"),
        ("BSD-3-Clause-only", "bsd-3-clause-only"),
    ])
    def test_license_id(self, name: str, expected: str) -> None:
        """Names that GitHub does not tell apart have one id."""
        self.assertEqual(license_id(name), expected)


class TestParsePolicy(unittest.TestCase):
    """Unit tests of reading a policy, and of its verdicts."""

    @parameterized.expand([
        ("license", "acme/one", "mit", "allowed"),
        ("with_a_comment", "acme/one", "Apache-2.0", "allowed"),
        ("exception", "AC-ME.X/OLD-1.X", "bsd-3-clause", "exception"),
        ("second_exception", "ac-me.x/old-1.x", "other", "exception"),
        ("another_license", "ac-me.x/old-1.x", "none", "not allowed"),
        ("another_repository", "acme/one", "BSD-3-Clause", "not allowed"),
        ("allowed_anyway", "ac-me.x/old-1.x", "MIT", "allowed"),
    ])
    def test_verdict(
            self, _: str, repository: str, license: str, verdict: str) -> None:
        """A license is allowed for all, for one repository, or not at all.

        Lines may end as on Windows, and words may be in any case.
        """
        policy = parse_policy(POLICY, "policy.txt")
        self.assertEqual(policy.verdict(repository, license), verdict)

    @parameterized.expand([
        "MIT OR Apache-2.0", "MIT ISC", "acme/old *", "acme/* MIT", "acme/old",
        "a/b/c MIT", "acme/old MIT since 2020", "/b MIT", "acme/ MIT"])
    def test_line_of_another_form(self, line: str) -> None:
        """A line of another form is an error that says where it is."""
        with self.assertRaises(ValueError) as caught:
            parse_policy(f"ISC\n\n {line} # why\r\nMIT\n", "p.txt")
        self.assertEqual(str(caught.exception), (
            "p.txt:3: neither a license nor a repository and a license: "
            + line))

    @parameterized.expand([
        ("Acme/ONE isc", "ISC", ""),
        ("acme/one ISC", "MIT", "its license, MIT, is allowed anyway"),
        ("acme/one ISC", "other", "it is under another license, other"),
        ("Acme/Two ISC", "MIT", "no public repository has this name"),
        ("other/one ISC", "MIT", ""),  # Nobody has asked for this one.
        ("MPL2.0", "MPL-2.0", "not found, and MPL-2.0 is not allowed"),
        ("SIC", "ISC", "not found, and ISC is not allowed"),
        ("GPL", "GPL-3.0", "not found, and GPL-3.0 is not allowed"),
        ("Zlb", "Zlib-x", "not found, and Zlib is not allowed"),
        ("GPL-2.0", "GPL-3.0", ""),  # It is another version.
        ("BSD", "Apache-2.0", ""),  # It is far from any.
        ("MITT", "MIT", ""),  # The one that is close is allowed.
        ("ISC", "ISC-2", ""),  # Another repository is under it.
    ])
    def test_notes(self, line: str, license: str, why: str) -> None:
        """A line that is of no use, or may be misspelt, is told, and why."""
        policy = parse_policy(f"MIT\n{line}\n", "p.txt")
        states = [state(repository="ACME/one", license=license),
                  state(id=2, repository="acme/2", license="ISC"),
                  state(id=3, repository="acme/3", license="Zlib")]
        rows = [row._replace(verdict=policy.verdict("", row.license))
                for row in states]
        notes = [f"p.txt:2: {line.split()[0]}: {why}"] if why else []
        self.assertEqual(notes_on(policy, rows, ["acme"]), notes)


class TestRow(unittest.TestCase):
    """Unit tests of rows: from GitHub's object, and their changes."""

    @parameterized.expand([
        ("full", {"license": {"spdx_id": "ISC"}, "fork": True,
                  "archived": True, "html_url": "https://h/a"},
         Row("a/b", "ISC", "allowed", True, True, "https://h/a", 7)),
        ("null", {"license": None, "fork": None, "archived": None,
                  "html_url": None},
         Row("a/b", "none", "not allowed", False, False, "", 7)),
    ])
    def test_row_of(
            self, _: str, fields: Mapping[str, Any], row: Row) -> None:
        """What is null or left out in GitHub's object is false or empty."""
        repo = {"full_name": "a/b", "id": 7, **fields}
        self.assertEqual(row_of(repo, parse_policy("ISC", "p")), row)
        self.assertEqual(row_of(repo, None), row._replace(verdict=""))

    @parameterized.expand([
        # Nothing has changed that counts.
        (state(repository="ACME/one", license="GPL-3.0", archived=True),
         state(repository="Acme/One", license="GPL-3.0-only", archived=True,
               fork=True, url=""), ""),
        (STATE, None, "new"),
        (NOT_ALLOWED, STATE, "was allowed"),
        (NOT_ALLOWED, state(verdict="exception"), "was exception"),
        (NOT_ALLOWED, state(verdict=""), "was not judged"),
        (NOT_ALLOWED, NOT_ALLOWED, ""),
        (state(verdict=""), STATE, ""),
        (state(verdict="exception"), STATE, ""),
        (NOT_ALLOWED._replace(license="ISC", archived=True),
         state(repository="acme/0"),
         "license was MIT, archived, renamed from acme/0"),
        (NOT_ALLOWED, state(repository="acme/0", archived=True),
         "unarchived, renamed from acme/0, was allowed"),
    ])
    def test_change_of(
            self, row: Row, earlier: Optional[Row], change: str) -> None:
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

    def test_table_of(self) -> None:
        """The table is sorted by repository, whatever the order and case."""
        rows = [state(repository="B/a"), state(repository="a/z", id=3),
                state(repository="a/z", id=2)]
        expected = HEADER + (
            "a/z,MIT,allowed,false,false,https://h/one,2\n"
            "a/z,MIT,allowed,false,false,https://h/one,3\n"
            "B/a,MIT,allowed,false,false,https://h/one,1\n")
        self.assertEqual(table_of(rows), expected)
        self.assertEqual(table_of(reversed(rows)), expected)

    @parameterized.expand([
        ("as_saved", HEADER + "acme/one,MIT,allowed,false,false,"
         "https://h/one,1\n", STATE),
        ("from_a_spreadsheet", "id;url;archived;fork;verdict;license;"
         "repository\r\n1;https://h/one;FALSE;False;allowed;MIT;acme/one\r\n"
         ";;;;;;\r\n", STATE),
        ("of_a_macintosh", NEEDED.replace("\n", "\racme/one,MIT,True,1\r"),
         state(verdict="", archived=True, url="")),
        ("true", HEADER + "acme/one,not one word,,TRUE,False,,123\n",
         Row("acme/one", "not one word", "", True, False, "", 123)),
        ("more_columns", HEADER.replace(",", ";").replace("\n", ";note\n")
         + f'acme/one;MIT;allowed;;false;https://h/one;1;"a\n{"," * 20}"\n\n',
         STATE),
    ])
    def test_parse_table(self, _: str, text: str, row: Row) -> None:
        """Columns are found by name; all but four may be missing."""
        self.assertEqual(parse_table(text, "t.csv"), {row.id: row})

    @parameterized.expand([
        ("", "1: not a saved table: no column archived, id, license, "
         "repository"),
        ("repository,license,archived\n",
         "1: not a saved table: no column id"),
        (NEEDED + "a/b,MIT,true,1\na/c,MIT,true,2\na/d,MIT,true,1\n",
         "4: the id 1 stands here twice"),
        (NEEDED + "b,MIT,true,1\n", "2: repository can't be 'b'"),
        (NEEDED + "a/b,,true,1\n", "2: license can't be ''"),
        (NEEDED + "a/b,\x1b[m,true,1\n", r"2: license can't be '\x1b[m'"),
        (NEEDED + "a/b,MIT,untrue,1\n", "2: archived can't be 'untrue'"),
        (NEEDED + "a/b,MIT,true,1.1E+09\n", "2: id can't be '1.1E+09'"),
        (NEEDED + f"a/b,MIT,true,{10**18}\n", f"2: id can't be '{10**18}'"),
        (NEEDED + "a/b,MIT\n", "2: archived can't be ''"),
        (NEEDED + 'a/b,"x\ny",true,1\n', r"3: license can't be 'x\ny'"),
        ("x" * 200000, "1: field larger than field limit (131072)"),
    ])
    def test_no_table(self, text: str, problem: str) -> None:
        """What is no such table is an error that says where it is not."""
        with self.assertRaises(ValueError) as caught:
            parse_table(text, "t.csv")
        self.assertEqual(str(caught.exception), "t.csv:" + problem)
