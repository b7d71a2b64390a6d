#!/usr/bin/env python3
"""Tests of usage: the command line, and the files that it names."""
import io
import os
import re
import tempfile
import unittest
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

from parameterized import param, parameterized

from audit.findings import Options, Task
from audit.policy import Approval, Policy, Row, UsageError
from audit.usage import parse, prepare

HEADER = "repository,license,verdict,fork,archived,url,id\n"


class TestParse(unittest.TestCase):
    """Unit tests of the command line."""

    @parameterized.expand([
        param("no_option", "google", orgs=["google"]),
        param("organizations", "google a-b c_d",
              orgs=["google", "a-b", "c_d"]),
        param("filters", "google --license mit --source --no-archived a "
              "--license 0BSD", orgs=["google", "a"],
              license=["mit", "0BSD"], source=True, no_archived=True),
        param("judgments", "google --policy p --since t --save t",
              orgs=["google"], policy="p", since="t", save="t"),
        param("licenses", "google --licenses --texts", orgs=["google"],
              form="licenses", texts=True),
        param("csv", "google --csv --texts --since t --markdown m",
              orgs=["google"], form="csv", texts=True, since="t",
              markdown="m"),
        param("json", "google --json", orgs=["google"], form="json"),
        param("the_rest", "google --recorded --jobs 1 -v", orgs=["google"],
              recorded=True, jobs=1, verbose=True),
        param("most_jobs", "google --jobs 100 --verbose", orgs=["google"],
              jobs=100, verbose=True),
    ])
    def test_options(self, _: str, line: str, **options: Any) -> None:
        """What is not on the command line has its default."""
        self.assertEqual(parse(line.split(" ")),
                         Options(**{"license": [], **options}))

    @parameterized.expand([
        ("no_organization", "--source",
         "the following arguments are required: ORG"),
        ("empty_name", "", "no organization has the name ''; give one name "
         "at a time, and no URL"),
        ("url", "https://a/b", "no organization has the name 'https://a/b'; "
         "give one name at a time, and no URL"),
        ("name_of_no_file", "google --policy=",
         "argument --policy: give the name of one file"),
        ("two_files", "google --since a --since b",
         "argument --since: give the name of one file"),
        ("two_licenses_at_a_time", "google --license mit --license mit,isc",
         "no license has the key 'mit,isc'; give one at a time"),
        ("no_jobs", "google --jobs 0",
         "argument --jobs: must be from 1 to 100"),
        ("too_many_jobs", "google --jobs 101",
         "argument --jobs: must be from 1 to 100"),
        ("two_forms", "google --json --csv",
         "argument --csv: not allowed with argument --json"),
        ("json_of_changes", "google --since t --json",
         "argument --since: not allowed with --json, --licenses"),
        ("licenses_of_changes", "google --since t --licenses",
         "argument --since: not allowed with --json, --licenses"),
        ("json_of_texts", "google --json --texts",
         "argument --texts: not allowed with --json"),
        ("license_of_a_text", "google --license other:f67f637fc188",
         "no license has the key 'other:f67f637fc188'; give one at a time"),
        ("two_reports", "google --markdown a --markdown a",
         "argument --markdown: give the name of one file"),
        ("half_an_option", "google --rec", "unrecognized arguments: --rec"),
    ])
    def test_wrong_usage(self, _: str, line: str, problem: str) -> None:
        """Wrong usage gives a message and status 2."""
        with redirect_stderr(io.StringIO()) as err:
            with self.assertRaises(SystemExit) as caught:
                parse(line.split(" "))
        self.assertEqual(caught.exception.code, 2)
        self.assertEqual(
            err.getvalue().splitlines()[-1], f"audit: error: {problem}")

    def test_help(self) -> None:
        """--help says of each option what it does."""
        with redirect_stdout(io.StringIO()) as out:
            with patch.dict(os.environ, COLUMNS="1000"):
                self.assertRaises(SystemExit, parse, ["--help"])
        self.assertRegex(out.getvalue(), "(?s)^usage: audit .*List what .* "
                         "ORG +an org.* 1 to 100 [(]10[)]\n.*KEY is .* Status")
        self.assertEqual(
            re.findall("^  .*?--(.*?)  +[a-z]", out.getvalue(), re.M),
            ["help", "license KEY", "source", "no-archived", "policy FILE",
             "since FILE", "texts", "licenses", "csv", "json",
             "markdown FILE", "save FILE", "recorded", "jobs N", "verbose"])


class TestPrepare(unittest.TestCase):
    """Tests of the files that the options name."""

    POLICY = Policy(
        "good.txt", {("", "mit"): Approval(1, "", "MIT", "")}, {})
    ROW = Row("acme/a", "MIT", "", False, False, "", 1)

    def setUp(self) -> None:
        """Go to a new folder with some files in it."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)
        Path("good.txt").write_text("MIT\n")
        Path("policy.txt").write_text("MIT\nMIT OR ISC\n")
        Path("latin-1").write_bytes(b"MIT # \xe9\n")
        Path("t.csv").write_text(HEADER + "acme/a,MIT,,false,false,,1\n")
        Path("empty").touch()
        Path("folder").mkdir()

    @parameterized.expand([
        param("nothing", Task(Options(["google"]))),
        param("policy", Task(Options(["google"], policy="good.txt"), POLICY),
              policy="good.txt"),
        param("table", Task(Options(["google"], since="t.csv"),
                            earlier={1: ROW}), since="t.csv"),
        param("table_to_replace", Task(
            Options(["google"], save="t.csv"), replaced={1: ROW}),
            save="t.csv"),
        param("one_table_for_both", Task(
            Options(["google"], since="t.csv", save="folder/../t.csv"),
            earlier={1: ROW}, replaced={1: ROW}),
            since="t.csv", save="folder/../t.csv"),
        param("new_table", Task(Options(["google"], save="folder/new")),
              save="folder/new"),
        param("empty_file_to_replace", Task(Options(["google"], save="empty")),
              save="empty"),
        param("first_run", Task(
            Options(["google"], since="new", save="folder/../new")),
            since="new", save="folder/../new"),
        param("report", Task(
            Options(["google"], since="t.csv", markdown="new"),
            earlier={1: ROW}), since="t.csv", markdown="new"),
        param("report_to_replace", Task(
            Options(["google"], markdown="latin-1")), markdown="latin-1"),
    ])
    def test_task(self, _: str, task: Task, **options: Any) -> None:
        """What is in the files becomes a part of the task."""
        self.assertEqual(prepare(Options(["google"], **options)), task)

    @parameterized.expand([
        param("policy", "policy.txt:2: neither a license nor a repository and "
              "a license: MIT OR ISC", policy="policy.txt"),
        param("encoding", "latin-1:1: this is not UTF-8", policy="latin-1"),
        param("policy_not_there", "none: No such file or directory",
              policy="none"),
        param("table_not_there", "none: No such file or directory",
              since="none", save="new"),
        param("table_that_is_not_saved", "none: No such file or directory",
              since="none"),
        param("empty_table", "empty:1: not a saved table: no column archived, "
              "id, license, repository", since="empty", save="empty"),
        param("another_file_to_replace", "good.txt:1: not a saved table: no "
              "column archived, id, license, repository", save="good.txt"),
        param("folder_to_replace", "folder: this is not a regular file",
              save="folder"),
        param("folder_not_there", "none/table: there is no such folder",
              save="none/table"),
        param("new_folder", "none/: there is no such folder", save="none/"),
        param("new_folder_and_a_point", "none/.: there is no such folder",
              save="none/."),
        param("file_as_a_folder", "empty/: there is no such folder",
              save="empty/"),
        param("folder_of_a_report", "none/m: there is no such folder",
              markdown="none/m"),
        param("report_in_place_of_a_policy", "folder/../good.txt: --markdown "
              "must name a file of its own", policy="good.txt",
              markdown="folder/../good.txt"),
        param("report_in_place_of_a_table", "t.csv: --markdown must name a "
              "file of its own", since="t.csv", markdown="t.csv"),
        param("report_in_place_of_a_new_table", "new: --markdown must name a "
              "file of its own", save="new", markdown="new"),
    ])
    def test_wrong_usage(self, _: str, problem: str, **options: Any) -> None:
        """A file that can't be used is an error that says why."""
        with self.assertRaises(UsageError) as caught:
            prepare(Options(["google"], **options))
        self.assertEqual(str(caught.exception), problem)

    @unittest.skipUnless(hasattr(os, "mkfifo"), "there are no named pipes")
    def test_pipe(self) -> None:
        """A named pipe is not replaced."""
        os.mkfifo("pipe")
        with self.assertRaises(UsageError) as caught:
            prepare(Options(["google"], save="pipe"))
        self.assertEqual(
            str(caught.exception), "pipe: this is not a regular file")

    @unittest.skipUnless(os.name == "posix", "links need a right")
    def test_link_to_nowhere(self) -> None:
        """A file has to have a folder where a link leads to."""
        os.symlink("none/table", "link")
        with self.assertRaises(UsageError) as caught:
            prepare(Options(["google"], save="link"))
        self.assertEqual(
            str(caught.exception), "link: there is no such folder")

    @unittest.skipUnless(
        os.name == "posix", "a folder in use can't be deleted")
    def test_folder_that_is_deleted(self) -> None:
        """In a folder that has been deleted no file can be saved."""
        os.chdir("folder")
        os.rmdir(os.getcwd())
        with self.assertRaises(UsageError) as caught:
            prepare(Options(["google"], save="table.csv"))
        self.assertEqual(
            str(caught.exception), "table.csv: there is no such folder")
