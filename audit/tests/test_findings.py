#!/usr/bin/env python3
"""Tests of findings: tables of values, without network or files."""
import unittest
from typing import Any, Iterable, List, Mapping, Optional, Tuple

from parameterized import param, parameterized

from audit.findings import (
    Entry, Found, Options, Task, Text, entries_of, fits, reason_for,
    repos_to_read, rows_of)
from audit.policy import Row, parse_policy

STATE = Row("google/one", "MIT", "allowed", False, False, "https://h/one", 1)
OWN = {"id": 1, "full_name": "google/own",
       "license": {"spdx_id": "NOASSERTION"}}
FREE = {"id": 2, "full_name": "google/free", "license": {"key": "own"}}
FORK = {**OWN, "id": 3, "full_name": "google/fork", "fork": True}


def state(**changes: Any) -> Row:
    """Return the state of a repository, in some fields another than STATE."""
    return STATE._replace(**changes)


def task(policy: str = "", earlier: Optional[Iterable[Row]] = None,
         replaced: Iterable[Row] = (), **options: Any) -> Task:
    """Return what there is to do for the organization google."""
    return Task(
        Options(["google"], **options),
        parse_policy(policy, "policy.txt") if policy else None,
        None if earlier is None else {row.id: row for row in earlier},
        {row.id: row for row in replaced})


class TestFits(unittest.TestCase):
    """Unit tests of the filters."""

    @parameterized.expand([
        param("no_filter", True),
        param("a_fork", True, {"fork": True}),
        param("a_source", True, source=True),
        param("a_fork_but_sources", False, {"fork": True}, source=True),
        param("archived", True, {"archived": True}),
        param("archived_but_not_wanted", False, {"archived": True},
              no_archived=True),
        param("archived_among_sources", True, {"archived": True},
              source=True),
        param("in_use", True, no_archived=True),
        param("by_its_id", True, license=["MIT"]),
        param("by_its_key", True, license=["mit"]),
        param("by_a_newer_id", True, {"license": "GPL-3.0"},
              license=["GPL-3.0-or-later"]),
        param("another_license", False, license=["isc"]),
        param("one_of_two_licenses", True, license=["isc", "mit"]),
        param("not_recognized", True, {"license": "other"},
              license=["noassertion"]),
        param("any_text", True, {"license": "other:f67f637fc188"},
              license=["other"]),
        param("no_text", True, {"license": "other:no-text"},
              license=["Other"]),
        param("one_of_two_filters", False, {"fork": True}, source=True,
              license=["mit"]),
    ])
    def test_fits(self, _: str, expected: bool,
                  changes: Mapping[str, Any] = {}, **options: Any) -> None:
        """A repository has to fit every filter."""
        self.assertIs(
            fits(state(**changes), Options(["google"], **options)), expected)


class TestReposToRead(unittest.TestCase):
    """Unit tests of which licenses are read as texts."""

    @parameterized.expand([
        param("not_asked_for", []),
        param("asked_for", ["google/own", "google/fork"], texts=True),
        param("asked_for_sources", ["google/own"], texts=True, source=True),
        param("asked_for_another_license", [], texts=True, license=["mit"]),
        param("policy_of_names", [], policy="other"),
        param("policy_of_texts", ["google/own", "google/fork"],
              policy="acme/x other:f67f637fc188"),
        param("table_of_names", [], earlier=[state(license="other")]),
        param("table_of_texts", ["google/own", "google/fork"],
              earlier=[state(license="other:no-text")]),
        param("texts_in_another_table", [],
              replaced=[state(license="other:f67f637fc188")]),
    ])
    def test_repos_to_read(self, _: str, names: List[str], **options: Any
                           ) -> None:
        """It is each `other` looked at, where there is a use for its text."""
        self.assertEqual(
            [repo["full_name"] for repo in repos_to_read(
                task(**options), {1: OWN, 2: FREE, 3: FORK})], names)


class TestRows(unittest.TestCase):
    """Unit tests of the states of repositories, with texts and without."""

    @parameterized.expand([
        param("not_read", "other"),
        param("read", "other:f67f637fc188",
              texts={1: Text("f67f637fc188", "")}),
        param("nothing_to_read", "other:no-text",
              texts={1: Text("no-text", "")}),
        param("read_again", "other:f67f637fc188", known="other:aea4a14ec67d",
              texts={1: Text("f67f637fc188", "")}),
        param("known", "other:aea4a14ec67d", known="other:aea4a14ec67d"),
        param("never_read", "other", known="other"),
        param("under_another_license_before", "other", known="MIT"),
    ])
    def test_license(
            self, _: str, license: str, texts: Mapping[int, Text] = {},
            known: str = "") -> None:
        """A text that was not read keeps the digits that are known."""
        self.assertEqual(
            rows_of(task(), Found([], {"google"}, {1: OWN}, texts),
                    {1: state(license=known)} if known else {}),
            [Row("google/own", license, "", False, False, "", 1)])

    @parameterized.expand([
        param("approved_and_read", "exception",
              texts={1: Text("f67f637fc188", "")}),
        param("approved_and_known", "exception",
              known=[state(license="other:f67f637fc188")]),
        param("approved_and_unknown", "not allowed"),
        param("another_text", "not allowed",
              texts={1: Text("aea4a14ec67d", "")}),
    ])
    def test_verdict(self, _: str, verdict: str,
                     texts: Mapping[int, Text] = {},
                     known: Iterable[Row] = ()) -> None:
        """A license is judged by its text, read now or known before."""
        rows = rows_of(
            task(policy="google/own other:f67f637fc188"),
            Found([], {"google"}, {1: OWN}, texts),
            {row.id: row for row in known})
        self.assertEqual([row.verdict for row in rows], [verdict])


class TestEntries(unittest.TestCase):
    """Unit tests of which changes are told, given the filters."""

    @parameterized.expand([
        param("no_table", [("google/one", True, "")]),
        param("empty_table", [("google/one", True, "new")], earlier=[]),
        param("same_state", [("google/one", True, "")], earlier=[STATE]),
        param("new_and_left_out", [("google/one", False, "")], earlier=[],
              license=["isc"]),
        param("left_out_since_then",
              [("google/one", False, "license was ISC")],
              earlier=[state(license="ISC")], license=["isc"]),
        param("left_out_before", [("google/one", True, "license was ISC")],
              earlier=[state(license="ISC")], license=["mit"]),
        param("left_out_now_and_before", [("google/one", False, "")],
              earlier=[state(license="ISC")], license=["zlib"]),
        param("gone", [("google/one", True, ""), ("google/a", False, "gone"),
                       ("google/z", False, "gone")],
              earlier=[STATE, state(repository="google/z", id=8),
                       state(repository="google/a", id=9)]),
        param("gone_and_left_out_before", [("google/one", True, "")],
              earlier=[STATE, state(repository="google/z", id=8, fork=True)],
              source=True),
        param("gone_from_another_organization", [("google/one", True, "")],
              earlier=[STATE, state(repository="acme/z", id=8)]),
        param("another_took_its_name",
              [("google/one", True, "new"), ("google/one", False, "gone")],
              earlier=[state(id=9)]),
    ])
    def test_entries(self, _: str, expected: List[Tuple[str, bool, str]],
                     **options: Any) -> None:
        """A change is told if the filters let it through, now or before."""
        self.assertEqual(
            [(each.row.repository, each.is_looked_at, each.change)
             for each in entries_of(task(**options), [STATE], {"google"})],
            expected)

    @parameterized.expand([
        ("looked_at", Entry(state(verdict="not allowed"), True),
         "not allowed", True),
        ("left_out", Entry(state(verdict="not allowed"), False), "", False),
        ("allowed", Entry(STATE, True), "allowed", False),
    ])
    def test_verdict(self, _: str, entry: Entry, verdict: str,
                     is_not_allowed: bool) -> None:
        """Only what is looked at is judged."""
        self.assertEqual(
            (entry.verdict, entry.is_not_allowed), (verdict, is_not_allowed))

    @parameterized.expand([
        ("gone", "gone", True), ("new", "new", False), ("same", "", False)])
    def test_is_gone(self, _: str, change: str, expected: bool) -> None:
        """What is gone is told from what has changed."""
        self.assertIs(Entry(STATE, False, change).is_gone, expected)

    @parameterized.expand([
        ("no_policy", "", True, ""),
        ("reason", "google/one MIT # by Ann", True, "by Ann"),
        ("no_reason", "MIT", True, ""),
        ("left_out", "MIT # by Ann", False, ""),
    ])
    def test_reason(self, _: str, policy: str, is_looked_at: bool,
                    reason: str) -> None:
        """The reason is the comment on the line that allows a license."""
        self.assertEqual(
            reason_for(task(policy), Entry(STATE, is_looked_at)), reason)

    @parameterized.expand([
        param("not_asked_for", False), param("there", False, since="t",
                                             earlier=[]),
        param("not_there_yet", True, since="t"),
    ])
    def test_is_first_run(self, _: str, expected: bool, **options: Any
                          ) -> None:
        """In the first run there is nothing to compare with yet."""
        self.assertIs(task(**options).is_first_run, expected)
