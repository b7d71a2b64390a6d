#!/usr/bin/env python3
"""Tests of record: which repositories, their tables, and the program."""
import os
import sys
import unittest
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from runpy import run_module
from tempfile import TemporaryDirectory
from typing import Any, Dict, List, Tuple
from unittest.mock import Mock, patch

from parameterized import parameterized

from audit.record import UnknownRepository, main, named, table, tables
from audit.replay import replay
from fixtures import (
    LICENSES, ORG_FACTS, expected_repos, org_payload, organization,
    repos_payload, repository)

ONE, TWO = {"name": "one"}, {"name": "Two"}
REPO = {
    "id": 7, "name": "one", "fork": False, "language": None, "license": None,
    "size": 1, "stargazers_count": 2, "forks_count": 3,
    "open_issues_count": 4, "has_issues": True, "has_wiki": False,
    "has_pages": True, "homepage": "", "created_at": "2020",
    "updated_at": "2021", "pushed_at": None, "default_branch": "main",
    "archived": True, "node_id": "R_7", "has_projects": False,
    "has_downloads": False, "disabled": True, "mirror_url": "git://h/x"}
ROW = (7, "one", False, None, None, 1, 2, 3, 4, True, False, True, "", "2020",
       "2021", None, "main", True, "R_7", False, False, True, "git://h/x")
MIT = {"key": "mit", "name": "MIT License", "spdx_id": "MIT", "url": "h",
       "node_id": "L_1"}
# An organization that differs from the recorded one in all of its facts.
ACME = {
    "login": "Acme-2", "id": 7, "node_id": "O_7", "name": "Ren\xe9's",
    "company": "A B", "blog": None, "location": None,
    "twitter_username": None, "is_verified": False,
    "has_organization_projects": False, "has_repository_projects": False,
    "public_repos": 1, "public_gists": 3, "followers": 0, "following": 1,
    "created_at": "2020", "updated_at": "2021", "archived_at": "2022"}
Document = Dict[str, Any]


def evaluated(text: str) -> Document:
    """Return the tables in a text, each under its name."""
    found: Document = {}
    exec(text, {}, found)
    return found


class TestNamed(unittest.TestCase):
    """Unit tests of named: the repositories that are recorded."""

    @parameterized.expand([
        ("no_names", [], [ONE, TWO]),
        ("one_name", ["one"], [ONE]),
        ("order_of_the_names", ["Two", "one"], [TWO, ONE]),
        ("another_case", ["ONE", "two"], [ONE, TWO]),
    ])
    def test_named(
            self, _: str, names: List[str], expected: List[Document]) -> None:
        """Those that are named come in the order of the names."""
        self.assertEqual(named([ONE, TWO], names), expected)

    def test_unknown(self) -> None:
        """A name that no repository has is an error that says it."""
        with self.assertRaises(UnknownRepository) as caught:
            named([ONE, TWO], ["one", "three"])
        self.assertEqual(
            str(caught.exception), "there is no public repository three")


class TestTables(unittest.TestCase):
    """Unit tests of tables: what is kept of an organization."""

    def test_row(self) -> None:
        """A row has all facts of a repository, in the order of the columns."""
        found = evaluated(tables({}, [REPO]))
        self.assertEqual(found["RECORDED_FACTS"], [ROW])

    def test_order(self) -> None:
        """Rows come in the order of the repositories."""
        rows = evaluated(tables({}, [TWO, ONE]))["RECORDED_FACTS"]
        self.assertEqual([row[1] for row in rows], ["Two", "one"])

    def test_organization(self) -> None:
        """The facts of the organization are those of the recorded one."""
        found = evaluated(tables({**org_payload, "node_id": "O_7"}, []))
        self.assertEqual(found["ORG_FACTS"], {**ORG_FACTS, "node_id": "O_7"})

    def test_nothing_else(self) -> None:
        """What has no column is left out: texts, addresses and people."""
        text = tables(
            {"email": "jane@example.org", "description": "by jane"},
            [{**REPO, "description": "by jane", "pushed_by": "jane"}])
        self.assertNotIn("jane", text)

    @parameterized.expand([
        ("null", None, None),
        ("missing_key", {"spdx_id": "MIT"}, None),
        ("known", {**MIT, "key": "other"}, "other"),
        ("new", MIT, "mit"),
    ])
    def test_license(self, _: str, license: Any, expected: Any) -> None:
        """A row names the license of a repository by its key."""
        rows = evaluated(tables({}, [{"license": license}]))["RECORDED_FACTS"]
        self.assertEqual(rows[0][4], expected)

    def test_new_license(self) -> None:
        """A license that fixtures lacks is added to its licenses."""
        found = evaluated(tables({}, [{"license": MIT}]))
        self.assertEqual(found["LICENSES"], {
            **LICENSES, "mit": ("MIT License", "MIT", "L_1")})

    def test_known_licenses(self) -> None:
        """Without a new license there is no table of licenses."""
        self.assertNotIn("LICENSES", tables(org_payload, repos_payload))

    def test_round_trip(self) -> None:
        """From the tables fixtures builds the same payloads again."""
        org, repo = organization(ACME), repository(ROW, ACME)
        found = evaluated(tables(org, [repo]))
        facts, (row,) = found["ORG_FACTS"], found["RECORDED_FACTS"]
        self.assertEqual(organization(facts), org)
        self.assertEqual(repository(row, facts), repo)

    def test_table(self) -> None:
        """A table is indented and wrapped as Python code is."""
        rows = [(1, 2, "a" * 70), (3, 4, "b" * 64), (5, 6, "c" * 65)]
        self.assertEqual(table("ROWS", rows), (
            "ROWS = [\n"
            "    (1, 2,\n"
            f"     '{'a' * 70}'),\n"
            f"    (3, 4, '{'b' * 64}'),\n"
            "    (5, 6,\n"
            f"     '{'c' * 65}')\n"
            "]"))


class TestRecord(unittest.TestCase):
    """Tests of the program, over a replay."""

    def run_main(self, *argv: str) -> Tuple[int, str, str]:
        """Run the program; return its status and its output."""
        with redirect_stdout(StringIO()) as out, \
                redirect_stderr(StringIO()) as err:
            status = main(argv)
        return status, out.getvalue(), err.getvalue()

    def setUp(self) -> None:
        """Make a folder; let the environment name a replay, and no token."""
        server = replay()
        self.url = server.__enter__()
        self.addCleanup(server.__exit__, None, None, None)
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        environ = patch.dict(os.environ, {
            "GITHUB_API_URL": self.url, "GH_TOKEN": "", "GITHUB_TOKEN": "",
            "no_proxy": "127.0.0.1"})
        environ.start()
        self.addCleanup(environ.stop)

    def test_names(self) -> None:
        """The organization is recorded, and the repositories as named."""
        status, out, err = self.run_main("Google", "KRATU", "dagger")
        self.assertEqual((status, err), (0, ""))
        found = evaluated(out)
        self.assertEqual(found["ORG_FACTS"]["login"], "google")
        self.assertEqual(
            [row[:2] for row in found["RECORDED_FACTS"]],
            [(8566972, "kratu"), (7968417, "dagger")])

    def test_all(self) -> None:
        """Without a name all repositories are recorded."""
        _, out, _ = self.run_main("google")
        rows = evaluated(out)["RECORDED_FACTS"]
        self.assertEqual([row[1] for row in rows], expected_repos)

    def test_line_length(self) -> None:
        """No line is longer than PEP 8 has it."""
        _, out, _ = self.run_main("google")
        self.assertLessEqual(max(map(len, out.splitlines())), 79)

    @parameterized.expand([
        ("no_repository", ["google", "dagger", "no"],
         "there is no public repository no"),
        ("no_organization", ["nobody"],
         "HOST/orgs/nobody answered 404: Not Found"),
    ])
    def test_error(self, _: str, argv: List[str], expected: str) -> None:
        """What can't be recorded is one line, with status 1."""
        status, out, err = self.run_main(*argv)
        self.assertEqual((status, out), (1, ""))
        self.assertEqual(
            err.replace(self.url[len("http://"):], "HOST"),
            f"audit.record: {expected}\n")

    def test_wrong_variable(self) -> None:
        """An address that is not one is a line, too."""
        os.environ["GITHUB_API_URL"] = "ghe.example"
        self.assertEqual(self.run_main("google"), (
            1, "", "audit.record: the API's URL (GITHUB_API_URL) must be "
            "like https://HOST/api/v3\n"))

    def test_closed_pipe(self) -> None:
        """Where the tables can't be printed, one line says why."""
        path = Path(self.folder, "out")
        with path.open("wb") as file:
            stdout = Mock(spec=StringIO())
            stdout.fileno.return_value = file.fileno()
            stdout.flush.side_effect = BrokenPipeError(32, "Broken pipe")
            with redirect_stderr(StringIO()) as err, redirect_stdout(stdout):
                status = main(["google"])
            file.write(b"what Python would still print at exit")
        self.assertEqual(status, 1)
        self.assertEqual(
            err.getvalue(), "audit.record: stdout: Broken pipe\n")
        self.assertEqual(path.read_bytes(), b"")

    def test_help(self) -> None:
        """The help says what it prints, and which names it takes."""
        with redirect_stdout(StringIO()) as out:
            self.assertRaises(SystemExit, main, ["--help"])
        self.assertRegex(
            out.getvalue(), r"(?s)^usage: audit.record \[-h\] ORG .*"
            r"\nPrint the tables of fixtures.py .*"
            r"\n  ORG +an organization's name"
            r"\n  NAME +a repository to record; without a name, all ")

    def test_program(self) -> None:
        """It can be run by python -m, and exits with its status."""
        argv = patch.object(sys, "argv", ["audit.record", "nobody"])
        with argv, redirect_stderr(StringIO()), patch.dict(sys.modules):
            del sys.modules["audit.record"]  # Else runpy warns of it.
            with self.assertRaises(SystemExit) as caught:
                run_module("audit.record", run_name="__main__")
        self.assertEqual(caught.exception.code, 1)
