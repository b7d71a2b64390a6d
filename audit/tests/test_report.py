#!/usr/bin/env python3
"""Tests of report: what is printed and said, from values."""
import json
import unittest
from typing import Any, Dict, Iterable, List, Mapping, Optional, Sequence

from parameterized import param, parameterized

from audit.findings import Found, Options, Org, Task, Text
from audit.policy import Row, parse_policy, row_of
from audit.report import Report, chart, report_on

Repo = Dict[str, Any]
HEADER = ("repository,license,verdict,reason,change,fork,archived,language,"
          "stars,pushed_at,url,id\n")
# It allows two licenses, and a third one for one repository.
POLICY = "MIT\nApache-2.0\ngoogle/exempt ISC  # asked Ann, 2026-03-02\n"
GOOGLE = [Org("google", 5, 5)]
TABLE = "repository,license,verdict,fork,archived,url,id\n"
OWN = ("google/own", "NOASSERTION")


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
        orgs: Sequence[Org] = GOOGLE, texts: Mapping[int, Text] = {},
        **options: Any) -> Report:
    """Return the report on repositories of google."""
    def judged(repos: Iterable[Repo]) -> Dict[int, Row]:
        """Return the states of repositories by id."""
        return {each["id"]: row_of(each, parsed) for each in repos}

    parsed = parse_policy(policy, "policy.txt") if policy else None
    if earlier is not None:
        options["since"] = "table.csv"
    return report_on(
        Task(Options(["google"], **options), parsed,
             None if earlier is None else judged(earlier), judged(replaced)),
        Found(orgs, {"google"}, {each["id"]: each for each in repos}, texts))


class TestListing(unittest.TestCase):
    """Unit tests of the plain listing: its lines, and the fields of each."""

    @parameterized.expand([
        param("all", "google/plain\ngoogle/exempt\ngoogle/fork\ngoogle/old\n"
              "google/own\n"),
        param("filters", "google/plain\ngoogle/exempt\ngoogle/own\n",
              source=True, no_archived=True),
        param("nothing_left", "", license=["zlib"]),
    ])
    def test_names(self, _: str, output: str, **options: Any) -> None:
        """Without a judgment it has the name of whatever is looked at."""
        self.assertEqual(report(**options).output, output)

    @parameterized.expand([
        param("all", "google/fork\tGPL-3.0\ngoogle/own\tother\n"),
        param("filters", "google/own\tother\n", source=True),
        param("nothing_left", "", license=["mit"]),
        param("text", "google/own\tother:f67f637fc188\n", source=True,
              texts={5: Text("f67f637fc188", "")}),
    ])
    def test_policy(self, _: str, output: str, **options: Any) -> None:
        """With a policy it has what is not allowed, as a policy has it."""
        self.assertEqual(report(POLICY, **options).output, output)

    @parameterized.expand([
        param("all",
              "google/plain\tMIT\tunarchived, renamed from google/was\n"
              "google/exempt\tISC\tnew\n"
              "google/fork\tGPL-3.0\tlicense was ISC\n"
              "google/old\tApache-2.0\tarchived\n"
              "google/own\tother\tlicense was MIT\n"
              "google/gone\tMIT\tgone\n"
              "google/gone-fork\tMIT\tgone\n", earlier=EARLIER),
        param("filters", "google/exempt\tISC\tnew\n"
              "google/fork\tGPL-3.0\tlicense was ISC\n", earlier=EARLIER,
              license=["isc"]),
        param("nothing_new", "", earlier=REPOS),
        param("first_run", "google/plain\tMIT\t\ngoogle/exempt\tISC\t\n",
              since="table.csv", license=["mit", "isc"]),
    ])
    def test_changes(self, _: str, output: str, **options: Any) -> None:
        """With a table it has what has changed, and the change."""
        self.assertEqual(report(**options).output, output)

    @parameterized.expand([
        param("all",
              "google/plain\tMIT\tallowed\tunarchived, renamed from "
              "google/was\n"
              "google/exempt\tISC\texception\tnew\n"
              "google/fork\tGPL-3.0\tnot allowed\tlicense was ISC\n"
              "google/old\tApache-2.0\tallowed\tarchived\n"
              "google/own\tother\tnot allowed\tlicense was MIT\n"
              "google/gone\tMIT\t\tgone\n"
              "google/gone-fork\tMIT\t\tgone\n", earlier=EARLIER),
        param("left_out_since_then",
              "google/exempt\tISC\texception\tnew\n"
              "google/fork\tGPL-3.0\t\tlicense was ISC\n", earlier=EARLIER,
              license=["isc"]),
        param("not_changed", "google/fork\tGPL-3.0\tnot allowed\t\n"
              "google/own\tother\tnot allowed\t\n", earlier=REPOS),
        param("name_taken_over", "google/exempt\tISC\texception\tnew\n"
              "google/exempt\tISC\t\tgone\n", license=["isc"],
              earlier=[repo(9, "google/exempt", "ISC")]),
        param("first_run", "google/fork\tGPL-3.0\tnot allowed\t\n"
              "google/own\tother\tnot allowed\t\n", since="table.csv"),
    ])
    def test_policy_and_changes(self, _: str, output: str, **options: Any
                                ) -> None:
        """With both it has what is not allowed, too, in four fields."""
        self.assertEqual(report(POLICY, **options).output, output)

    def test_policy_changed(self) -> None:
        """What the policy does not allow any more says what it was."""
        task = Task(
            Options(["google"], policy="p", since="t"),
            parse_policy("ISC", "p"), {1: Row(
                "google/plain", "MIT", "allowed", False, False, "", 1)})
        self.assertEqual(
            report_on(task, Found(GOOGLE, {"google"}, {1: REPOS[0]})).output,
            "google/plain\tMIT\tnot allowed\twas allowed\n")


class TestForms(unittest.TestCase):
    """Unit tests of the other forms, which show whatever is looked at."""

    def test_csv(self) -> None:
        """A row has verdict, reason, change, and facts as GitHub has them."""
        self.assertEqual(
            report(POLICY, EARLIER, form="csv", source=True).output, HEADER +
            'google/plain,MIT,allowed,,"unarchived, renamed from google/was",'
            "false,false,,,,,1\n"
            'google/exempt,ISC,exception,"asked Ann, 2026-03-02",new,'
            "false,false,,,,,2\n"
            "google/old,Apache-2.0,allowed,,archived,false,true,,,,,4\n"
            "google/own,other,not allowed,,license was MIT,false,false,C,7,"
            "2026-01-02T03:04:05Z,https://h/own,5\n")

    @parameterized.expand([
        param("no_judgment", "google/fork,GPL-3.0,,,,true,false,,,,,3\n",
              license=["gpl-3.0"]),
        param("text", "google/own,other:f67f637fc188,,,,false,false,C,7,"
              "2026-01-02T03:04:05Z,https://h/own,5\n", license=["other"],
              texts={5: Text("f67f637fc188", "")}),
    ])
    def test_csv_row(self, _: str, row: str, **options: Any) -> None:
        """What was not asked for is empty; a text has its digits."""
        self.assertEqual(report(form="csv", **options).output, HEADER + row)

    def test_json(self) -> None:
        """The objects are GitHub's own, in an array."""
        self.assertEqual(
            json.loads(report(POLICY, form="json", license=["ISC"]).output),
            [{"id": 2, "full_name": "google/exempt",
              "license": {"spdx_id": "ISC"}}])

    def test_json_lines(self) -> None:
        """The array is indented, and its last line ends."""
        self.assertEqual(
            report(form="json", repos=[{"id": 1, "full_name": "google/a"}])
            .output,
            '[\n  {\n    "id": 1,\n    "full_name": "google/a"\n  }\n]\n')

    @parameterized.expand([
        param("one", "MIT 1 ########################################\n",
              license=["mit"]),
        param("texts_as_one", "other 1 #####################################"
              "###\n", license=["other"], texts={5: Text("f67f637fc188", "")}),
    ])
    def test_licenses(self, _: str, output: str, **options: Any) -> None:
        """The licenses of what is looked at are counted."""
        self.assertEqual(
            report(POLICY, form="licenses", **options).output, output)

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
    """Unit tests of the status, and of what is to be written."""

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

    def test_table(self) -> None:
        """All repositories are saved, whatever the filters."""
        self.assertEqual(
            report(POLICY, license=["mit"], save="t").table,
            TABLE + "google/exempt,ISC,exception,false,false,,2\n"
            "google/fork,GPL-3.0,not allowed,true,false,,3\n"
            "google/old,Apache-2.0,allowed,false,true,,4\n"
            "google/own,other,not allowed,false,false,https://h/own,5\n"
            "google/plain,MIT,allowed,false,false,,1\n")

    def test_text_not_read(self) -> None:
        """The table keeps the digits that it had; nothing else has them."""
        row = Row("google/own", "other:f67f637fc188", "", False, False, "", 5)
        result = report_on(
            Task(Options(["google"], form="csv", save="t"), replaced={5: row}),
            Found(GOOGLE, {"google"}, {5: repo(5, *OWN)}))
        self.assertEqual(
            (result.output, result.table),
            (HEADER + "google/own,other,,,,false,false,,,,,5\n",
             TABLE + "google/own,other:f67f637fc188,,false,false,,5\n"))

    def test_text_in_two_tables(self) -> None:
        """The digits of the table to compare with are those that are kept."""
        earlier, replaced = (
            Row("google/own", license, "", False, True, "", 5)
            for license in ("other:f67f637fc188", "other:aea4a14ec67d"))
        result = report_on(
            Task(Options(["google"], no_archived=True, since="s", save="t"),
                 None, {5: earlier}, {5: replaced}),
            Found(GOOGLE, {"google"}, {5: repo(5, *OWN, archived=True)}))
        self.assertEqual(
            result.table,
            TABLE + "google/own,other:f67f637fc188,,false,true,,5\n")

    def test_markdown(self) -> None:
        """The report for people is written in the same run."""
        self.assertRegex(
            report(POLICY, markdown="m").markdown, "^# Licenses of `google`\n")

    def test_nothing_to_write(self) -> None:
        """What is not asked for is not made."""
        self.assertEqual(
            (report(POLICY).table, report(POLICY).markdown), ("", ""))


class TestNotes(unittest.TestCase):
    """Unit tests of the notes on stderr."""

    @parameterized.expand([
        param("nothing_to_say", [], policy=POLICY),
        param("licenses_that_are_not_there",
              ["no repository is under Zlib", "no repository is under 0bsd"],
              license=["Zlib", "mit", "0bsd"]),
        param("a_license_that_is_left_out", [], license=["gpl-3.0"],
              source=True),
        param("any_text", [], license=["other"],
              texts={5: Text("f67f637fc188", "")}),
        param("no_text", ["google/own: GitHub gives no readable text of its "
                          "license"], texts={5: Text("no-text", "")}),
        param("no_text_and_no_license", [
            "no repository is under Zlib",
            "google/own: GitHub gives no readable text of its license"],
            license=["Zlib"], texts={5: Text("no-text", "")}),
        param("exceptions_of_no_use", [
            "policy.txt:1: google/fork: it is under another license, GPL-3.0",
            "policy.txt:2: google/gone: no public repository has this name"],
            policy="google/fork ISC\ngoogle/gone MIT\n", source=True),
        param("another_text", [
            "policy.txt:1: google/own: its text is other:aea4a14ec67d now"],
            policy="google/own other:f67f637fc188",
            texts={5: Text("aea4a14ec67d", "")}),
        param("rows_that_are_lost", [
            "a was not asked: its rows are left out of table.csv",
            "b was not asked: its rows are left out of table.csv",
            "c was not asked: its rows are left out of table.csv",
            "d was not asked: its rows are left out of table.csv",
            "z was not asked: its rows are left out of table.csv"],
            save="table.csv", replaced=[
                repo(8, "Z/a"), repo(9, "a/b"), repo(10, "z/c"),
                repo(11, "d/a"), repo(12, "c/a"), repo(13, "b/a"),
                repo(2, "y/moved-to-google"), repo(14, "google/gone")]),
        param("first_run",
              ["table.csv is not there yet: this is the first run"],
              since="table.csv"),
        param("still_not_allowed", [], policy=POLICY, earlier=REPOS),
        param("of_every_kind", [
            "no repository is under Zlib",
            "google/own: GitHub gives no readable text of its license",
            "policy.txt:1: google/gone: no public repository has this name",
            "z was not asked: its rows are left out of table.csv",
            "table.csv is not there yet: this is the first run"],
            license=["Zlib"], texts={5: Text("no-text", "")},
            policy="google/gone MIT", save="table.csv",
            replaced=[repo(8, "z/a")], since="table.csv"),
    ])
    def test_notes(self, _: str, notes: List[str], **options: Any) -> None:
        """Each note is a line, about all repositories."""
        self.assertEqual(report(**options).notes, notes)


class TestSummary(unittest.TestCase):
    """Unit tests of the line that says what was done."""

    @parameterized.expand([
        param("no_judgment", "", source=True),
        param("policy", "google: 5 repositories: 2 not allowed",
              policy=POLICY),
        param("policy_and_table",
              "google: 5 repositories: 2 not allowed, 7 changed",
              policy=POLICY, earlier=EARLIER),
        param("table", "google: 5 repositories: 0 changed", earlier=REPOS),
        param("first_run",
              "google: 5 repositories: 2 not allowed, first run",
              policy=POLICY, since="table.csv"),
        param("sources", "google: 5 repositories, 4 looked at: 1 not allowed",
              policy=POLICY, source=True),
        param("not_archived",
              "google: 5 repositories, 4 looked at: 2 not allowed",
              policy=POLICY, no_archived=True),
        param("one_repository", "google: 1 repository, 0 looked at: 0 changed",
              repos=REPOS[:1], earlier=[], license=["isc"]),
        param("three_organizations",
              "google, acme, labs: 5 repositories: 0 changed", earlier=REPOS,
              orgs=[*GOOGLE, Org("acme", 0, 0), Org("labs", 0, 0)]),
        param("four_organizations",
              "4 organizations: 5 repositories: 0 changed", earlier=REPOS,
              orgs=[*GOOGLE, *[Org("acme", 0, 0)] * 3]),
    ])
    def test_summary(self, _: str, summary: str, **options: Any) -> None:
        """It has the numbers of what was asked for."""
        self.assertEqual(report(**options).summary, summary)
