#!/usr/bin/env python3
"""Tests of report: tables of pure functions, without network or files."""
import json
import unittest
from typing import Any, Dict, Iterable, Optional

from parameterized import param, parameterized

from audit.policy import Row, parse_policy, row_of
from audit.report import Options, Report, Task, chart, report_on

Repo = Dict[str, Any]
HEADER = ("repository,license,verdict,change,fork,archived,language,stars,"
          "pushed_at,url,id\n")
# It allows two licenses, and a third one for one repository.
POLICY = "MIT\nApache-2.0\ngoogle/exempt ISC\n"


def repo(id: int, name: str, license: str = "MIT", **fields: Any) -> Repo:
    """Return a made-up repository, as GitHub describes one."""
    return {"id": id, "full_name": name, "license": {"spdx_id": license},
            **fields}


REPOS = [
    repo(1, "google/plain"), repo(2, "google/exempt", "ISC"),
    repo(3, "google/fork", "GPL-3.0", fork=True),
    repo(4, "google/old", "Apache-2.0", archived=True),
    repo(5, "google/own", "NOASSERTION", language="C", stargazers_count=7,
         pushed_at="2026-01-02T03:04:05Z", html_url="https://h/own")]
# The same a week ago: one was not there yet, two are gone now.
EARLIER = [
    repo(1, "google/was", archived=True),
    repo(3, "google/fork", "ISC", fork=True),
    repo(4, "google/old", "Apache-2.0"), repo(5, "google/own"),
    repo(6, "google/gone"), repo(7, "google/gone-fork", fork=True)]


def report(
        policy: str = "", earlier: Optional[Iterable[Repo]] = None,
        replaced: Iterable[Repo] = (), repos: Iterable[Repo] = REPOS,
        **options: Any) -> Report:
    """Return the report on repositories of google, the only one asked."""
    def judged(repos: Iterable[Repo]) -> Dict[int, Row]:
        """Return the states of repositories by id."""
        return {each["id"]: row_of(each, parsed) for each in repos}

    parsed = parse_policy(policy, "policy.txt") if policy else None
    if earlier is not None:
        options["since"] = "table.csv"
    return report_on(
        Task(Options(["google"], **options), parsed,
             None if earlier is None else judged(earlier), judged(replaced)),
        {each["id"]: each for each in repos}, {"google"})


class TestListing(unittest.TestCase):
    """Tests of the plain listing: which lines it has, and their fields."""

    @parameterized.expand([
        param("no_filter", ["plain", "exempt", "fork", "old", "own"]),
        param("sources", ["plain", "exempt", "old", "own"], source=True),
        param("not_archived", ["plain", "exempt", "fork", "own"],
              no_archived=True),
        param("a_key", ["plain"], license=["mit"]),
        param("an_id", ["plain"], license=["MIT"]),
        param("a_newer_id", ["fork"], license=["GPL-3.0-or-later"]),
        param("not_recognized", ["own"], license=["noassertion"]),
        param("two_licenses", ["plain", "exempt"], license=["isc", "mit"]),
        param("two_filters", ["exempt", "own"], source=True,
              license=["gpl-3.0", "isc", "other"]),
        param("nothing_left", [], license=["zlib"]),
    ])
    def test_filters(self, _: str, names: Iterable[str], **options: Any
                     ) -> None:
        """Without a judgment the names of what is looked at are listed."""
        self.assertEqual(
            report(**options).output,
            "".join(f"google/{name}\n" for name in names))

    @parameterized.expand([
        param("all", "google/fork\tGPL-3.0\ngoogle/own\tother\n"),
        param("sources", "google/own\tother\n", source=True),
        param("nothing_left", "", license=["mit"]),
    ])
    def test_policy(self, _: str, output: str, **options: Any) -> None:
        """With a policy only what it does not allow is listed."""
        self.assertEqual(report(POLICY, **options).output, output)

    @parameterized.expand([
        param("all",
              "google/plain\tMIT\tunarchived, renamed from google/was\n"
              "google/exempt\tISC\tnew\n"
              "google/fork\tGPL-3.0\tlicense was ISC\n"
              "google/old\tApache-2.0\tarchived\n"
              "google/own\tother\tlicense was MIT\n"
              "google/gone\tMIT\tgone\n"
              "google/gone-fork\tMIT\tgone\n"),
        param("left_out_since_then",
              "google/plain\tMIT\tunarchived, renamed from google/was\n"
              "google/exempt\tISC\tnew\n"
              "google/old\tApache-2.0\tarchived\n"
              "google/own\tother\tlicense was MIT\n"
              "google/gone\tMIT\tgone\n",
              source=True, no_archived=True),
        param("another_license_since_then",
              "google/exempt\tISC\tnew\n"
              "google/fork\tGPL-3.0\tlicense was ISC\n", license=["isc"]),
    ])
    def test_changes(self, _: str, output: str, **options: Any) -> None:
        """With a table only what has changed is listed, with the change."""
        self.assertEqual(report(earlier=EARLIER, **options).output, output)

    @parameterized.expand([
        param("in_and_out_of_the_filters",
              "google/exempt\tISC\texception\tnew\n"
              "google/fork\tGPL-3.0\t\tlicense was ISC\n", license=["isc"]),
        param("not_allowed",
              "google/own\tother\tnot allowed\tlicense was MIT\n",
              license=["other"]),
    ])
    def test_policy_and_changes(self, _: str, output: str, **options: Any
                                ) -> None:
        """With both a verdict stands before the change."""
        self.assertEqual(
            report(POLICY, EARLIER, **options).output, output)


class TestForms(unittest.TestCase):
    """Tests of the other forms, which show whatever is looked at."""

    def test_csv(self) -> None:
        """A row has the verdict, the change, and facts as GitHub has them."""
        self.assertEqual(
            report(POLICY, EARLIER, form="csv", source=True).output, HEADER +
            'google/plain,MIT,allowed,"unarchived, renamed from google/was",'
            "false,false,,,,,1\n"
            "google/exempt,ISC,exception,new,false,false,,,,,2\n"
            "google/old,Apache-2.0,allowed,archived,false,true,,,,,4\n"
            "google/own,other,not allowed,license was MIT,false,false,C,7,"
            "2026-01-02T03:04:05Z,https://h/own,5\n")

    def test_csv_without_judgment(self) -> None:
        """Without a policy and a table their columns are empty."""
        self.assertEqual(
            report(form="csv", license=["gpl-3.0"]).output,
            HEADER + "google/fork,GPL-3.0,,,true,false,,,,,3\n")

    def test_json(self) -> None:
        """The objects are GitHub's own, in an array."""
        self.assertEqual(
            json.loads(report(POLICY, form="json", license=["ISC"]).output),
            [{"id": 2, "full_name": "google/exempt",
              "license": {"spdx_id": "ISC"}}])

    def test_json_lines(self) -> None:
        """The array ends with a line end, and is indented."""
        self.assertEqual(
            report(form="json", repos=[{"id": 1, "full_name": "google/a"}])
            .output,
            '[\n  {\n    "id": 1,\n    "full_name": "google/a"\n  }\n]\n')

    def test_licenses(self) -> None:
        """The licenses of what is looked at are counted."""
        self.assertEqual(
            report(POLICY, form="licenses", license=["mit"]).output,
            "MIT 1 ########################################\n")

    def test_chart(self) -> None:
        """Counts are aligned, most first, then by name; no bar is empty."""
        names = ["none", *["MIT"] * 98, "0BSD", *["other"] * 49]
        self.assertEqual(
            chart(names),
            "MIT   98 ########################################\n"
            "other 49 ####################\n"
            "0BSD   1 #\n"
            "none   1 #\n")

    def test_chart_of_nothing(self) -> None:
        """Where nothing is looked at there is no line."""
        self.assertEqual(chart([]), "")


class TestStatus(unittest.TestCase):
    """Tests of the status, and of the rows that are to be saved."""

    @parameterized.expand([
        param("no_policy", 0),
        param("not_allowed", 3, POLICY),
        param("nothing_allowed", 3, "# nothing"),
        param("all_allowed", 0, "MIT\nApache-2.0\nISC\nGPL-3.0\nother\n"),
        param("not_looked_at", 0, POLICY, license=["mit"]),
        param("not_changed", 3, POLICY, earlier=REPOS),
        param("counted", 3, POLICY, form="licenses"),
    ])
    def test_status(self, _: str, status: int, policy: str = "",
                    **options: Any) -> None:
        """It is 3 as long as anything that is looked at is not allowed."""
        self.assertEqual(report(policy, **options).status, status)

    def test_rows(self) -> None:
        """All repositories are saved, whatever the filters."""
        self.assertEqual(
            [(row.repository, row.verdict)
             for row in report(POLICY, license=["mit"]).rows],
            [("google/plain", "allowed"), ("google/exempt", "exception"),
             ("google/fork", "not allowed"), ("google/old", "allowed"),
             ("google/own", "not allowed")])


class TestNotes(unittest.TestCase):
    """Tests of what is said on stderr besides."""

    @parameterized.expand([
        param("nothing_to_say", [], policy=POLICY),
        param("licenses_that_are_not_there",
              ["no repository is under Zlib", "no repository is under 0bsd"],
              license=["Zlib", "mit", "0bsd"]),
        param("a_license_that_is_left_out", [], license=["gpl-3.0"],
              source=True),
        param("exceptions_of_no_use", [
            "policy.txt:1: google/fork: it is under another license, GPL-3.0",
            "policy.txt:2: google/gone: no public repository has this name"],
            policy="google/fork ISC\ngoogle/gone MIT\n", source=True),
        param("rows_that_are_lost", [
            "a was not asked: its rows are left out of table.csv",
            "z was not asked: its rows are left out of table.csv"],
            save="table.csv", replaced=[
                repo(8, "Z/a"), repo(9, "a/b"), repo(10, "z/c"),
                repo(2, "y/moved-to-google"), repo(11, "google/gone")]),
        param("first_run",
              ["table.csv is not there yet: this is the first run"],
              since="table.csv", policy=POLICY),
        param("still_not_allowed", ["not allowed, but not changed: 2"],
              policy=POLICY, earlier=REPOS),
    ])
    def test_notes(self, _: str, notes: Iterable[str], **options: Any) -> None:
        """Each note is a line, about all repositories."""
        self.assertEqual(report(**options).notes, notes)
