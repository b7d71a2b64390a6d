#!/usr/bin/env python3
"""Tests of table: tables of values, because all of it is pure functions."""
import unittest
from typing import Any, Dict, Optional

from parameterized import param, parameterized

from audit.policy import Row, UsageError, parse_policy
from audit.table import (
    change_of, gone, needs_texts, parse_table, table_of, to_csv)

ONE, TWO = "other:3f2a9c41d0e7", "other:8b5e607a1d9c"  # two texts
STATE = Row("acme/one", "MIT", "allowed", False, False, "https://h/one", 1)
HEADER = "repository,license,verdict,fork,archived,url,id\n"
NEEDED = "repository,license,archived,id\n"


def state(**changes: Any) -> Row:
    """Return the state of a repository, in some fields another than STATE."""
    return STATE._replace(**changes)


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

    def test_to_csv(self) -> None:
        """Each value has its form; one with a comma is quoted."""
        self.assertEqual(
            to_csv([["a", True, False, None, 1], ["b, c"]]),
            'a,true,false,,1\n"b, c"\n')

    @parameterized.expand([
        ("as_saved", HEADER + "acme/one,MIT,allowed,false,false,"
         "https://h/one,1\n", STATE),
        ("from_a_spreadsheet", "id;url;archived;fork;verdict;license;"
         "repository\r\n1;https://h/one;FALSE;False;allowed;MIT;acme/one\r\n"
         ";;;;;;\r\n", STATE),
        ("of_a_macintosh", "repository;license;archived;id\r"
         "acme/one;MIT;True;1\rb/c;x,y,z,,;false;2\r",
         state(verdict="", archived=True, url="")),
        ("true", HEADER + "acme/one,not one word,,TRUE,False,,1\n",
         Row("acme/one", "not one word", "", True, False, "", 1)),
        ("longest_id", NEEDED + "acme/one,MIT,false,999999999999999999\n",
         state(verdict="", url="", id=999999999999999999)),
        ("all_characters_of_a_name",
         NEEDED + "AZ-az.0_9/az.0_9-AZ,MIT,false,1",
         state(repository="AZ-az.0_9/az.0_9-AZ", verdict="", url="")),
        ("text", NEEDED + f"acme/one,{ONE},false,1\n",
         state(license=ONE, verdict="", url="")),
        ("more_columns", HEADER.replace(",", ";").replace("\n", ";note\n")
         + f'acme/one;MIT;allowed;;false;https://h/one;1;"a\n{"," * 20}"\n\n',
         STATE),
    ])
    def test_parse_table(self, _: str, text: str, row: Row) -> None:
        """Columns are found by name; all but four may be missing."""
        self.assertEqual(parse_table(text, "t.csv")[row.id], row)

    @parameterized.expand([
        ("empty", "", "1: not a saved table: no column archived, id, "
         "license, repository"),
        ("no_id", "repository,license,archived\n",
         "1: not a saved table: no column id"),
        ("id_twice",
         NEEDED + "a/b,MIT,true,1\na/c,MIT,true,2\na/d,MIT,true,1\n",
         "4: the id 1 stands here twice"),
        ("repository_without_its_owner", NEEDED + "b,MIT,true,1\n",
         "2: repository can't be 'b'"),
        ("owner_of_no_letter", NEEDED + "/b,MIT,true,1\n",
         "2: repository can't be '/b'"),
        ("repository_outside_of_ascii", NEEDED + "a/\u00fc,MIT,true,1\n",
         "2: repository can't be 'a/\u00fc'"),
        ("no_license", NEEDED + "a/b,,true,1\n", "2: license can't be ''"),
        ("control_character", NEEDED + "a/b,\x1b[m,true,1\n",
         r"2: license can't be '\x1b[m'"),
        ("control_character_of_latin_1", NEEDED + "a/b,\x9bm,true,1\n",
         r"2: license can't be '\x9bm'"),
        ("other_direction", NEEDED + "a/b,\u202eTIM,true,1\n",
         r"2: license can't be '\u202eTIM'"),
        ("control_character_as_verdict",
         HEADER + "a/b,MIT,\x1b[m,true,false,,1\n",
         r"2: verdict can't be '\x1b[m'"),
        ("neither_true_nor_false", NEEDED + "a/b,MIT,untrue,1\n",
         "2: archived can't be 'untrue'"),
        ("false_with_a_long_s", NEEDED + "a/b,MIT,fal\u017fe,1\n",
         "2: archived can't be 'fal\u017fe'"),
        ("rounded_id", NEEDED + "a/b,MIT,true,1.1E+09\n",
         "2: id can't be '1.1E+09'"),
        ("long_id", NEEDED + "a/b,MIT,true,1000000000000000000\n",
         "2: id can't be '1000000000000000000'"),
        ("short_row", NEEDED + "a/b,MIT\n", "2: archived can't be ''"),
        ("line_end_in_a_cell", NEEDED + 'a/b,"x\ny",true,1\n',
         r"3: license can't be 'x\ny'"),
        ("long_cell", "x" * 200000,
         "1: field larger than field limit (131072)"),
    ])
    def test_no_table(self, _: str, text: str, problem: str) -> None:
        """What is no such table is an error that says where it is not."""
        with self.assertRaises(UsageError) as caught:
            parse_table(text, "t.csv")
        self.assertEqual(str(caught.exception), "t.csv:" + problem)


class TestNeedsTexts(unittest.TestCase):
    """Unit tests of whether texts are to be told one from another."""

    @parameterized.expand([
        param("nothing", False),
        param("policy_without_texts", False, policy="MIT\na/b other"),
        param("table_without_texts", False, earlier="other"),
        param("policy_with_a_text", True, policy=f"MIT\n{ONE}"),
        param("exception_with_a_text", True, policy=f"a/* {ONE}\nMIT"),
        param("policy_with_no_text", True, policy="a/b other:no-text"),
        param("table_with_a_text", True, policy="MIT", earlier=ONE),
        param("table_with_no_text", True, earlier="other:no-text"),
    ])
    def test_needs_texts(
            self, _: str, expected: bool, policy: str = "", earlier: str = ""
            ) -> None:
        """Texts are to be read if the policy or the table names one."""
        parsed = parse_policy(policy, "p.txt") if policy else None
        table = {2: state(id=2), 1: state(license=earlier)}
        self.assertIs(
            needs_texts(parsed, table if earlier else None), expected)


class TestChanges(unittest.TestCase):
    """Unit tests of what has changed since a table was saved."""

    @parameterized.expand([
        param("nothing", ""),
        param("case_of_the_name", "", repository="ACME/one"),
        param("earlier_case_of_the_name", "",
              earlier={"repository": "acme/ONE"}),
        param("another_id_of_the_license", "", license="mit"),
        param("url", "", url="https://h/two"),
        param("a_fork_now", "", fork=True),
        param("still_archived", "", archived=True, earlier={"archived": True}),
        param("still_a_fork", "", fork=True, earlier={"fork": True}),
        param("license", "license was ISC", earlier={"license": "ISC"}),
        param("text", f"license was {ONE}", license=TWO,
              earlier={"license": ONE}),
        param("text_read_for_the_first_time", "", license=ONE,
              earlier={"license": "other"}),
        param("text_not_read_any_more", "", license="other",
              earlier={"license": ONE}),
        param("text_that_is_gone", f"license was {ONE}",
              license="other:no-text", earlier={"license": ONE}),
        param("text_that_is_there_again", "license was other:no-text",
              license=ONE, earlier={"license": "other:no-text"}),
        param("text_that_stays_away", "", license="other:no-text",
              earlier={"license": "other:no-text"}),
        param("text_that_was_recognized", "license was MIT", license=ONE),
        param("archived", "archived", archived=True),
        param("unarchived", "unarchived", earlier={"archived": True}),
        param("fork", "no longer a fork", earlier={"fork": True}),
        param("name", "renamed from acme/0",
              earlier={"repository": "acme/0"}),
        param("was_allowed", "was allowed", verdict="not allowed"),
        param("was_exception", "was exception", verdict="not allowed",
              earlier={"verdict": "exception"}),
        param("was_not_judged", "was not judged", verdict="not allowed",
              earlier={"verdict": ""}),
        param("still_not_allowed", "", verdict="not allowed",
              earlier={"verdict": "not allowed"}),
        param("not_judged_now", "", verdict=""),
        param("allowed_in_another_way", "", verdict="exception"),
        param("allowed_now", "", earlier={"verdict": "not allowed"}),
        param("text_read_and_not_allowed", "was allowed", license=ONE,
              verdict="not allowed", earlier={"license": "other"}),
        param("not_allowed_by_its_license",
              "license was MIT, archived, no longer a fork, "
              "renamed from acme/0",
              license="ISC", verdict="not allowed", archived=True,
              earlier={"repository": "acme/0", "fork": True}),
        param("not_allowed_by_the_policy",
              "unarchived, no longer a fork, renamed from acme/0, "
              "was allowed", verdict="not allowed",
              earlier={"repository": "acme/0", "archived": True,
                       "fork": True}),
    ])
    def test_change_of(
            self, _: str, change: str,
            earlier: Optional[Dict[str, Any]] = None, **now: Any) -> None:
        """Each change has its words; several are joined in this order."""
        self.assertEqual(
            change_of(state(**now), state(**(earlier or {}))), change)

    def test_new(self) -> None:
        """A repository without an earlier row is new, whatever its name."""
        self.assertEqual(change_of(state(id=2, verdict="exception"), None),
                         "new")

    def test_no_column_of_forks(self) -> None:
        """Nothing stops being a fork since a table that has no such column."""
        earlier = parse_table(NEEDED + "acme/one,MIT,false,1\n", "t.csv")
        self.assertEqual(change_of(STATE, earlier[1]), "")

    def test_gone(self) -> None:
        """Gone is what an organization that was asked has no more."""
        rows = [state(id=1), state(id=2, repository="acme/two"),
                state(id=3, repository="ACME/Three"),
                state(id=4, repository="other/four")]
        earlier = {row.id: row for row in rows}
        renamed = state(id=1, repository="acme/new")
        self.assertEqual(
            gone(earlier, [renamed], {"acme"}), [rows[2], rows[1]])
