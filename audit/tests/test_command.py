#!/usr/bin/env python3
"""Tests of command: usage and files, then the whole over a replay."""
import errno
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from base64 import encodebytes
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from itertools import chain, repeat
from pathlib import Path
from queue import Queue
from typing import Any, Dict, Iterable, List, Mapping, Tuple
from unittest.mock import Mock, patch

import requests
from parameterized import param, parameterized

from audit import command
from audit.findings import Options
from audit.replay import Asked, Fault, Repo, numbered_repos, replay
from fixtures import expected_repos, org_payload

PROGRAM = os.path.dirname(command.__file__)
IS_POSIX = os.name == "posix"
RECORDED = "".join(f"google/{name}\n" for name in expected_repos)
MISSING = "audit: no such organization: {} (renamed, or a user's account?)"
WARNING = "google: GitHub counts 5 public repositories and lists 1\n"
POLICY = "MIT\nApache-2.0\ngoogle/exempt ISC\n"
HEADER = "repository,license,verdict,fork,archived,url,id\n"
Script = Mapping[str, Iterable[Fault]]
Result = Tuple[int, str, str]  # status, stdout, stderr


def repo(id: int, name: str, license: str = "MIT", **fields: Any) -> Repo:
    """Return a made-up repository, as GitHub describes one."""
    return {"id": id, "name": name.partition("/")[2], "full_name": name,
            "license": {"spdx_id": license}, **fields}


REPOS = [
    repo(1, "google/plain"), repo(2, "google/exempt", "ISC"),
    repo(3, "google/fork", "GPL-3.0", fork=True),
    repo(4, "google/old", "Apache-2.0", archived=True),
    repo(5, "google/own", "NOASSERTION")]


def answers_with(document: Any) -> List[Fault]:
    """Return the fault of a replay that answers with this document."""
    return [Fault(200, body=json.dumps(document).encode())]


class Terminal(io.StringIO):
    """A double of a terminal: it keeps what it is told to show."""

    def isatty(self) -> bool:
        """Say that this is a terminal."""
        return True


def drawn(*texts: str) -> str:
    """Return what draws these texts, each in the place of the last."""
    return "".join(f"\r{text:40}\r" for text in texts)


class CommandTestCase(unittest.TestCase):
    """A base class: the command in an empty folder and environment."""

    def setUp(self) -> None:
        """Go to a new folder; in the environment is an API that is down."""
        stack = ExitStack()
        self.addCleanup(stack.close)
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        stack.callback(os.chdir, os.getcwd())
        os.chdir(folder)
        kept = os.environ.get("SYSTEMROOT", "")  # for sockets on Windows
        stack.enter_context(patch.dict(os.environ, {
            "GITHUB_API_URL": "http://127.0.0.1:1", "SYSTEMROOT": kept},
            clear=True))

    def files(self) -> Dict[str, str]:
        """Return what the files in the folder hold."""
        return {path.name: path.read_bytes().decode()
                for path in Path().iterdir() if path.is_file()}

    def run_command(
            self, line: str, out: Any = None, err: Any = None) -> Result:
        """Run the command, its streams being texts unless given."""
        out, err = out or io.StringIO(), err or io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = command.main(line.split(" "))
        return status, out.getvalue(), err.getvalue()

    def run_over_replay(
            self, line: str, script: Script = {}, repos: List[Repo] = REPOS,
            err: Any = None, **options: Any) -> Result:
        """Run the command over a replay; HOST is its address."""
        with replay(script, repos=repos, **options) as url:
            os.environ["GITHUB_API_URL"] = url
            status, out, text = self.run_command(line, err=err)
        return status, out, text.replace(url[len("http://"):], "HOST")


class TestUsage(CommandTestCase):
    """Tests of what can't be used: a file or a variable."""

    def test_file(self) -> None:
        """A file that can't be used is one line, and no request."""
        self.assertEqual(
            self.run_command("google --save none/table.csv"),
            (2, "", "audit: none/table.csv: there is no such folder\n"))
        self.assertEqual(self.files(), {})

    @parameterized.expand([
        param("token_unencrypted", "a token must not go to ghe.example "
              "unencrypted: use https", GH_TOKEN="sekret",
              GITHUB_API_URL="http://ghe.example"),
        param("bundle_of_curl", "none: there is no such file of certificates "
              "(REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE)", CURL_CA_BUNDLE="none"),
        param("bundle_of_requests", "none: there is no such file of "
              "certificates (REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE)",
              REQUESTS_CA_BUNDLE="none", CURL_CA_BUNDLE=os.curdir),
    ])
    def test_variable(self, _: str, problem: str, **variables: str) -> None:
        """A variable that can't be used is one line, and no request."""
        os.environ.update(variables)
        self.assertEqual(
            self.run_command("google"), (2, "", f"audit: {problem}\n"))

    def test_variables_of_no_use(self) -> None:
        """What is recorded needs no API, and no certificates."""
        os.environ.update(GITHUB_API_URL="http://[", CURL_CA_BUNDLE="none")
        self.assertEqual(
            self.run_command("google --recorded"), (0, RECORDED, ""))

    def test_bundle(self) -> None:
        """A file or folder of certificates that is there is no problem."""
        os.environ["CURL_CA_BUNDLE"] = os.curdir
        self.assertEqual(self.run_over_replay("google --license mit"),
                         (0, "google/plain\n", ""))

    @unittest.skipUnless(IS_POSIX, "a folder in use can't be deleted")
    def test_folder_that_is_deleted(self) -> None:
        """A listing needs no folder; a file that is named does."""
        folder = os.path.realpath("folder")
        os.mkdir(folder)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder)
        os.rmdir(folder)
        self.assertEqual(
            self.run_command("google --recorded"), (0, RECORDED, ""))
        self.assertEqual(
            self.run_command("google --recorded --save table.csv"),
            (2, "", "audit: table.csv: there is no such folder\n"))


class TestSaved(CommandTestCase):
    """Tests of what is written, and of what is left as it was."""

    def test_table(self) -> None:
        """All is saved, whatever the filters, in UTF-8 with LF."""
        Path("t.csv").write_text(
            "id,repository,license,archived\n9,acme/a,MIT,true\n")
        self.assertEqual(
            self.run_over_replay(
                "google --license mit --save t.csv",
                repos=[repo(6, "google/zero", html_url="https://h/z\u00e9ro"),
                       REPOS[1]]),
            (0, "google/zero\n", "audit: acme was not asked: its rows are "
             "left out of t.csv\n"))
        self.assertEqual(self.files(), {
            "t.csv": HEADER + "google/exempt,ISC,,false,false,,2\n"
            "google/zero,MIT,,false,false,https://h/z\u00e9ro,6\n"})

    @unittest.skipUnless(IS_POSIX, "links need a right, and modes differ")
    def test_mode_and_link(self) -> None:
        """A table is replaced where a link leads to, and keeps its mode."""
        Path("real.csv").touch()
        os.chmod("real.csv", 0o640)
        os.symlink("real.csv", "link.csv")
        self.run_over_replay("google --save link.csv", repos=REPOS[1:2])
        table = HEADER + "google/exempt,ISC,,false,false,,2\n"
        self.assertEqual(self.files(), {"real.csv": table, "link.csv": table})
        self.assertTrue(os.path.islink("link.csv"))
        self.assertEqual(os.stat("real.csv").st_mode & 0o777, 0o640)

    def test_saving_fails(self) -> None:
        """What can't be written leaves the old table, and nothing beside."""
        Path("t.csv").touch()
        with patch("os.replace", autospec=True, side_effect=OSError(
                errno.ENOSPC, "No space left on device")):
            self.assertEqual(
                self.run_command("google --recorded --save t.csv"),
                (1, RECORDED, "audit: cannot save t.csv: No space left on "
                 "device\n"))
        self.assertEqual(self.files(), {"t.csv": ""})

    def test_report(self) -> None:
        """The report for people is written beside the table."""
        with patch("time.gmtime", autospec=True,
                   return_value=(2026, 3, 2, 5, 17, 0, 0, 61, 0)):
            self.assertEqual(
                self.run_over_replay(
                    "google --markdown m.md --save t.csv", repos=REPOS[1:2]),
                (0, "google/exempt\n", ""))
        files = self.files()
        self.assertEqual(files["t.csv"],
                         HEADER + "google/exempt,ISC,,false,false,,2\n")
        self.assertEqual(
            files["m.md"],
            "# Licenses of `google`\n\n- When: 2026-03-02 05:17 UTC\n"
            "- Public repositories: 1 counted by GitHub, 1 listed (complete)\n"
            "- Looked at: 1\n\n## Licenses: 1\n\n"
            "| License | Repositories |\n| --- | --- |\n| `ISC` | 1 |\n")

    def test_saving_two_files_fails(self) -> None:
        """If one file can't be written, the other one is left, too."""
        Path("m.md").write_text("old")
        with patch("shutil.copymode", autospec=True, side_effect=OSError(
                errno.EPERM, "Operation not permitted")):
            self.assertEqual(
                self.run_command(
                    "google --recorded --save t.csv --markdown m.md"),
                (1, RECORDED, "audit: cannot save m.md and t.csv: Operation "
                 "not permitted\n"))
        self.assertEqual(self.files(), {"m.md": "old"})

    def test_table_can_t_be_replaced(self) -> None:
        """The table is replaced last, so that no news is lost."""
        Path("t.csv").write_text(HEADER)

        def replace(source: str, place: str) -> None:
            """Replace a file, but for the table: another program has it."""
            if place.endswith("t.csv"):
                raise PermissionError(errno.EACCES, "Permission denied")
            os.rename(source, place)

        with patch("os.replace", autospec=True, side_effect=replace):
            status, _, err = self.run_command(
                "google --recorded --save t.csv --markdown m.md")
        self.assertEqual((status, err), (
            1, "audit: cannot save m.md and t.csv: Permission denied\n"))
        self.assertEqual(self.files()["t.csv"], HEADER)
        self.assertEqual(set(self.files()), {"t.csv", "m.md"})

    @parameterized.expand([
        param("reader_gone_and_table", BrokenPipeError(
            errno.EPIPE, "Broken pipe"), 1,
            "audit: stdout: Broken pipe; nothing is saved in t.csv\n",
            options=" --save t.csv"),
        param("reader_gone_and_two_files", BrokenPipeError(
            errno.EPIPE, "Broken pipe"), 1,
            "audit: stdout: Broken pipe; nothing is saved in m.md and "
            "t.csv\n",
            options=" --save t.csv --markdown m.md"),
        param("reader_gone", BrokenPipeError(), 0, ""),
        param("encoding", UnicodeEncodeError("ascii", "\u00e9", 0, 1, "no"),
              1, "audit: stdout: 'ascii' codec can't encode character "
              "'\\xe9' in position 0: no\n"),
    ])
    def test_printing_fails(
            self, _: str, error: Exception, status: int, err: str,
            options: str = "") -> None:
        """If the listing can't be printed, nothing is saved."""
        out = Mock(spec=io.StringIO())
        out.getvalue.return_value = ""
        out.flush.side_effect = error
        self.assertEqual(
            self.run_command("google --recorded" + options, out=out),
            (status, "", err))
        self.assertEqual(self.files(), {})

    @unittest.skipUnless(IS_POSIX, "no limit to the size of a file")
    def test_unbuffered(self) -> None:
        """Without a buffer, too, a text that is cut is an error."""
        import resource
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, limits)
        with open("out", "wb", buffering=0) as raw:
            out: Any = io.TextIOWrapper(
                raw, "ascii", "backslashreplace", write_through=True)
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
            with redirect_stdout(out):
                with self.assertRaisesRegex(OSError, "File too large"):
                    command.show("\xe9\n" * 21)
            out.detach()
        self.assertEqual(self.files(), {"out": "\\xe9\n" * 20})

    @parameterized.expand([
        ("reading", "audit.usage.parse_policy", ValueError),
        ("connecting", "audit.command.github_session", ValueError),
        ("asking", "audit.command.find", RuntimeError),
        ("judging", "audit.command.report_on", ValueError),
        ("listing", "audit.report.listing", RuntimeError),
        ("file_that_nobody_named", "audit.report.notes_of",
         FileNotFoundError),
        ("printing", "audit.command.show", ValueError),
        ("saving", "audit.report.table_of", ValueError),
        ("replacing", "shutil.copymode", RuntimeError),
    ])
    def test_bug(self, _: str, name: str, error: Any) -> None:
        """A bug is not reported as a user's mistake: it is raised."""
        Path("t.csv").touch()
        with patch(name, side_effect=error("a bug")):
            with self.assertRaisesRegex(error, "^a bug$"):
                self.run_command(
                    "google --recorded --policy t.csv --save t.csv")
        self.assertEqual(self.files(), {"t.csv": ""})


class TestOverReplay(CommandTestCase):
    """Tests of the command as a whole, each in a situation of real life."""

    @parameterized.expand([
        param("private", 0, "google/plain\n", repos=REPOS[:2],
              script={"/repos": answers_with(
                  [*REPOS[:2], repo(8, "google/secret", private=True)])}),
        param("fewer_than_counted", 0, "google/plain\n", "audit: " + WARNING,
              script={"/repos": answers_with(REPOS[:1]) * 2}),
        param("another_origin", 1, "", "audit: the API at http://HOST refers "
              "to http://[::1]/repos; set GITHUB_API_URL to the API's own "
              "address\n", script={"/orgs/google$": answers_with({
                  **org_payload, "repos_url": "http://[::1]/repos"})}),
        param("single_sign_on", 1, "", "audit: HOST/orgs/google/repos "
              "answered 403: Forbidden; authorize the token at "
              "https://github.com/orgs/a/sso\n", script={"/repos": [
                  Fault(403, {"X-GitHub-SSO": "required; url="
                              "https://github.com/orgs/a/sso"})]}),
        param("renamed", 0, "google/plain\n",
              "audit: alphabet is now google\n", line="alphabet",
              script={"/orgs/alphabet": [
                  Fault(301, {"Location": "/orgs/google"}, b"")]}),
        param("several_names", 0, "google/plain\n",
              line="GOOGLE google google"),
        param("no_organization", 1, "",
              MISSING.format("octocat") + "; GITHUB_API_URL may be wrong\n" +
              MISSING.format("nobody") + "; GITHUB_API_URL may be wrong\n",
              line="octocat nobody"),
        param("one_organization", 1, "", MISSING.format("octocat") + "\n",
              line="google octocat"),
        param("control_characters", 1, "",
              "audit: HOST/orgs/google answered 400:  [31m\n", script={
                  "/orgs/google$": [
                      Fault(400, body=b'{"message": "\\u001b[31m"}')]}),
        param("empty", 0, "", "audit: google has no public repository\n"
              "audit: no repository is under mit\n", repos=[]),
    ])
    def test_situation(
            self, _: str, status: int, out: str, err: str = "",
            line: str = "google", script: Script = {},
            repos: List[Repo] = REPOS) -> None:
        """The listing is whole, or there is none, and nothing is saved."""
        with patch.object(requests.Session, "close", autospec=True,
                          side_effect=requests.Session.close) as close:
            result = self.run_over_replay(
                line + " --license mit --save table.csv", script, repos)
        close.assert_called_once()
        self.assertEqual(result, (status, out, err))
        self.assertEqual(
            list(self.files()), [] if status else ["table.csv"])

    @parameterized.expand([
        ("github", "https://api.github.com/", False, ""),
        ("recording", "http://host", True, ""),
        ("another", "http://host", False, "; GITHUB_API_URL may be wrong"),
    ])
    def test_hint(self, _: str, url: str, recorded: bool, hint: str) -> None:
        """The API's URL can't be wrong where it is GitHub's own."""
        os.environ["GITHUB_API_URL"] = url
        self.assertEqual(
            command.hint_for(Options(["google"], recorded=recorded)), hint)

    def test_nobody_listens(self) -> None:
        """Where nobody listens, the address may be wrong."""
        with patch("time.sleep", autospec=True):  # between the tries
            status, out, err = self.run_command("google")
        self.assertEqual((status, out), (1, ""))
        self.assertRegex(err, "^audit: cannot reach 127.0.0.1:1: .*; check "
                         "the network; GITHUB_API_URL may be wrong\n$")

    @parameterized.expand([
        ("none", 0, 1), ("one", 1, 1), ("a_full_page", 100, 1),
        ("one_more", 101, 2)])
    def test_pages_of(self, _: str, count: int, pages: int) -> None:
        """A listing has a page for each 100 repositories, and one at least."""
        self.assertEqual(command.pages_of(count), pages)

    def test_jobs(self) -> None:
        """--jobs says how many pages a client fetches at once."""
        options = Options(["my-org"], jobs=3)
        with command.connect(options, Mock()) as clients:
            self.assertEqual(clients["my-org"].workers, 3)


class TestTexts(CommandTestCase):
    """Tests of texts of licenses, from week to week."""

    OWN = repo(1, "google/own", "NOASSERTION")
    TEXT = "My License\n\nCopyright (c) 2019 Acme\n\nYou may use it.\n"
    SAVED = (HEADER + "google/own,other:f67f637fc188,,false,false,,1\n")
    CHANGED = "\tlicense was other:f67f637fc188\n"

    def run_with_text(
            self, options: str, text: str = TEXT, script: Script = {},
            **fields: Any) -> Result:
        """Run the command for a repository that has this text."""
        return self.run_over_replay(
            f"google {options}", script, [{**self.OWN, **fields}],
            texts={"google/own": text})

    @parameterized.expand([
        ("another_year", TEXT.replace("2019", "2019-2026"), ""),
        ("another_holder", TEXT.replace("Acme", "Evil"),
         f"google/own\tother:aea4a14ec67d{CHANGED}"),
        ("another_term", TEXT.replace("Acme", "Acme Not for commercial use."),
         f"google/own\tother:bb02bb854c8c{CHANGED}"),
        ("no_word_at_all", "----\n \n",
         f"google/own\tother:no-text{CHANGED}"),
    ])
    def test_another_text(self, _: str, text: str, output: str) -> None:
        """A text that was read once is compared every week."""
        self.run_with_text("--texts --save t.csv")
        self.assertEqual(
            self.run_with_text("--since t.csv", text)[:2], (0, output))

    @parameterized.expand([
        ("texts_later", "--save t.csv", "--texts --since t.csv"),
        ("never_texts", "--save t.csv", "--since t.csv"),
        ("always_texts", "--texts --save t.csv", "--texts --since t.csv"),
        ("texts_of_the_table", "--texts --save t.csv", "--since t.csv"),
    ])
    def test_same_text(self, _: str, first: str, second: str) -> None:
        """To read texts, and not to do so, is no change."""
        self.run_with_text(first)
        self.assertEqual(
            self.run_with_text(second),
            (0, "", "audit: google: 1 repository: 0 changed\n"))

    @parameterized.expand([
        ("texts", "--texts --save t.csv", SAVED),
        ("no_texts", "--save t.csv",
         HEADER + "google/own,other,,false,false,,1\n"),
    ])
    def test_saved(self, _: str, options: str, table: str) -> None:
        """The table has the digits of each text that was read."""
        self.run_with_text(options)
        self.assertEqual(self.files(), {"t.csv": table})

    @parameterized.expand([
        ("not_there", Fault(404)),
        ("taken_down", Fault(451)),
        ("blocked", Fault(403, body=b'{"block": {"reason": "tos"}}')),
        ("over_1_mb", Fault(200, body=json.dumps({
            "encoding": "none", "content": "", "path": "LICENSE",
            "html_url": "https://h/LICENSE"}).encode())),
    ])
    def test_no_text(self, _: str, fault: Fault) -> None:
        """A text that GitHub does not give is news, and is noted."""
        self.run_with_text("--texts --save t.csv")
        self.assertEqual(
            self.run_with_text("--since t.csv", script={"/license$": [fault]}),
            (0, f"google/own\tother:no-text{self.CHANGED}",
             "audit: google/own: GitHub gives no readable text of its "
             "license\naudit: google: 1 repository: 1 changed\n"))

    def test_no_text_among_others(self) -> None:
        """One that is taken down does not keep others from being read."""
        repos = [self.OWN, {**self.OWN, "id": 2, "full_name": "google/b"}]
        self.assertEqual(self.run_over_replay(
            "google --csv --texts", {"/own/license": [Fault(451)]}, repos,
            texts={"google/b": self.TEXT})[:2],
            (0, "repository,license,verdict,reason,change,fork,archived,"
             "language,stars,pushed_at,url,id\n"
             "google/own,other:no-text,,,,false,false,,,,,1\n"
             "google/b,other:f67f637fc188,,,,false,false,,,,,2\n"))

    def test_symbolic_link(self) -> None:
        """The text is the one that a link leads to, whatever its size."""
        file = {"encoding": "base64", "path": "LICENSE", "size": 9,
                "content": encodebytes(self.TEXT.encode()).decode(),
                "html_url": "https://h/LICENSE"}
        self.run_with_text("--texts --save t.csv", script={
            "/license$": answers_with(file)})
        self.assertEqual(self.files(), {"t.csv": self.SAVED})

    @parameterized.expand([
        ("base64", answers_with({
            "encoding": "base64", "path": "LICENSE", "content": "A",
            "html_url": "https://h/LICENSE"}),
         "has a text that is not base64"),
        ("status", [Fault(410)], "answered 410: Gone"),
    ])
    def test_broken_text(self, _: str, faults: List[Fault], why: str) -> None:
        """An answer that is broken ends the run, and nothing is saved."""
        status, out, err = self.run_with_text(
            "--texts --save t.csv --markdown m", script={"/license$": faults})
        self.assertEqual((status, out, self.files()), (1, "", {}))
        self.assertRegex(err, f"^audit: .*/license {why}\n$")

    def test_bound_in_the_policy(self) -> None:
        """A text that is approved is read, and judged by what it is now."""
        Path("policy.txt").write_text("google/own other:f67f637fc188\n")
        self.assertEqual(
            self.run_with_text("--policy policy.txt"),
            (0, "", "audit: google: 1 repository: 0 not allowed\n"))
        self.assertEqual(
            self.run_with_text(
                "--policy policy.txt", self.TEXT.replace("Acme", "Evil")),
            (3, "google/own\tother:aea4a14ec67d\n",
             "audit: policy.txt:1: google/own: its text is "
             "other:aea4a14ec67d now\n"
             "audit: google: 1 repository: 1 not allowed\n"))

    def test_known_from_the_table(self) -> None:
        """A text that is not looked at keeps the digits of the table."""
        Path("t.csv").write_text(self.SAVED)
        Path("policy.txt").write_text("google/own other:f67f637fc188\n")
        self.assertEqual(
            self.run_with_text(
                "--no-archived --policy policy.txt --since t.csv --save t.csv",
                "Another license", archived=True),
            (0, "google/own\tother:f67f637fc188\t\tarchived\n",
             "audit: google: 1 repository, 0 looked at: 0 not allowed, 1 "
             "changed\n"))
        self.assertEqual(self.files()["t.csv"], (
            HEADER + "google/own,other:f67f637fc188,exception,false,true,,1\n"
        ))

    def test_limit(self) -> None:
        """Where an hour has too few requests, one line says until when."""
        limit = Fault(403, {"X-RateLimit-Remaining": "0",
                            "X-RateLimit-Reset": "4102444800"})
        repos = [{**self.OWN, "id": id, "full_name": f"google/own-{id}"}
                 for id in range(1000)]
        self.assertEqual(
            self.run_over_replay(
                "google --texts --jobs 1 --save t.csv",
                {"": chain(repeat(Fault(), 900), repeat(limit))}, repos),
            (1, "", "audit: GitHub's rate limit is reached; it resets at "
             "2100-01-01 00:00:00 UTC; a token in GH_TOKEN raises 60 requests "
             "an hour to 5,000\n"))
        self.assertEqual(self.files(), {})

    def test_recorded(self) -> None:
        """Without a network there are texts that are made up."""
        Path("policy.txt").touch()
        self.assertEqual(
            self.run_command("google --recorded --texts --license other "
                             "--policy policy.txt")[:2],
            (3, "google/ios-webkit-debug-proxy\tother:f771e804b9d4\n"
             "google/build-debian-cloud\tother:c6eeafd74b83\n"))


class TestWeeklyJob(CommandTestCase):
    """Tests of the job that an office runs every week."""

    WEEK_1 = [
        repo(1, "google/one"), repo(2, "google/exempt", "ISC"),
        repo(3, "google/bad", "Zlib"),
        repo(4, "google/fork", "Zlib", fork=True)]
    WEEK_2 = [
        repo(1, "google/one", archived=True),
        repo(2, "google/exempt", "GPL-3.0"), repo(3, "google/bad", "Zlib"),
        repo(4, "google/fork", "Zlib")]
    ACME_1 = [repo(5, "Acme/x"), repo(6, "Acme/y"), repo(7, "Acme/z")]
    ACME_2 = [
        repo(5, "Acme/x", "Zlib", archived=True),
        repo(6, "Acme/why", "BSD-2"), repo(8, "Acme/z")]

    def run_job(self, google: List[Repo], acme: List[Repo],
                policy: str = POLICY) -> Result:
        """Run the job for two organizations; without repositories one."""
        Path("policy.txt").write_text(policy)
        return self.run_over_replay(
            "google ACME --source --no-archived --policy policy.txt "
            "--since report.csv --save report.csv", {}, google,
            others={"Acme": acme} if acme else {})

    def test_first_week(self) -> None:
        """The first run lists what is not allowed, with an empty change."""
        self.assertEqual(self.run_job(self.WEEK_1, self.ACME_1), (
            3, "google/bad\tZlib\tnot allowed\t\n",
            "audit: report.csv is not there yet: this is the first run\n"
            "audit: google, Acme: 7 repositories, 6 looked at: 1 not allowed, "
            "first run\n"))

    def test_quiet_week(self) -> None:
        """What is still not allowed is listed again, and nothing else."""
        self.run_job(self.WEEK_1, self.ACME_1)
        self.assertEqual(self.run_job(self.WEEK_1, self.ACME_1), (
            3, "google/bad\tZlib\tnot allowed\t\n",
            "audit: google, Acme: 7 repositories, 6 looked at: 1 not allowed, "
            "0 changed\n"))

    def test_same_table(self) -> None:
        """The same state is the same table, whoever has saved it between."""
        self.run_job(self.WEEK_1, self.ACME_1)
        first = self.files()
        # This is what a spreadsheet makes of it.
        Path("report.csv").write_bytes(first["report.csv"].replace(
            ",", ";").replace("\n", "\r\n").encode("utf-8-sig"))
        self.run_job(self.WEEK_1, self.ACME_1)
        self.assertEqual(self.files(), first)

    def test_error(self) -> None:
        """If one organization is not there, the table stays as it is."""
        self.run_job(self.WEEK_1, self.ACME_1)
        first = self.files()
        self.assertEqual(self.run_job(self.WEEK_2, []), (
            1, "", MISSING.format("ACME") + "\n"))
        self.assertEqual(self.files(), first)

    def test_news(self) -> None:
        """Each change is listed, and what is not allowed besides.

        Another repository has taken over the name of one that is gone.
        """
        self.run_job(self.WEEK_1, self.ACME_1)
        self.assertEqual(self.run_job(self.WEEK_2, self.ACME_2), (
            3, "google/one\tMIT\t\tarchived\n"
            "google/exempt\tGPL-3.0\tnot allowed\tlicense was ISC\n"
            "google/bad\tZlib\tnot allowed\t\n"
            "google/fork\tZlib\tnot allowed\tno longer a fork\n"
            "Acme/x\tZlib\t\tlicense was MIT, archived\n"
            "Acme/why\tBSD-2\tnot allowed\tlicense was MIT, renamed from "
            "Acme/y\n"
            "Acme/z\tMIT\tallowed\tnew\n"
            "Acme/z\tMIT\t\tgone\n",
            "audit: policy.txt:3: google/exempt: it is under another "
            "license, GPL-3.0\n"
            "audit: google, Acme: 7 repositories, 5 looked at: 4 not allowed, "
            "7 changed\n"))

    def test_mended(self) -> None:
        """Once all is allowed, one line says what was done."""
        self.run_job(self.WEEK_2, self.ACME_2)
        self.assertEqual(
            self.run_job(self.WEEK_2, self.ACME_2,
                         "MIT\nZlib\nBSD-2\ngoogle/exempt GPL-3.0\n"),
            (0, "", "audit: google, Acme: 7 repositories, 5 looked at: 0 not "
             "allowed, 0 changed\n"))


class TestTerminal(CommandTestCase):
    """Tests of what a terminal shows, and of the log."""

    TROUBLE = {"/repos": [
        Fault(503, {"Retry-After": "0"}), *answers_with(REPOS[:1]) * 2]}

    def test_line(self) -> None:
        """Waits and pages are shown; what is said in the end stays."""
        terminal = Terminal()
        self.run_over_replay("google", self.TROUBLE, err=terminal)
        self.assertEqual(terminal.getvalue(), drawn(
            "waiting 0 s before the next try", "pages: 1 of 1",
            "pages: 2 of 2", "") + "audit: " + WARNING)

    def test_line_for_two_organizations(self) -> None:
        """All pages are counted together, those to come too."""
        terminal = Terminal()
        self.run_over_replay(
            "google acme", {}, numbered_repos(101), terminal,
            others={"acme": [repo(1, "acme/one"), repo(2, "acme/two")]})
        self.assertEqual(terminal.getvalue(), drawn(
            "pages: 1 of 3", "pages: 2 of 3", "pages: 3 of 3", ""))

    def test_line_for_texts(self) -> None:
        """After the pages the texts are counted."""
        terminal = Terminal()
        self.run_over_replay("google --texts", err=terminal)
        self.assertEqual(terminal.getvalue(), drawn(
            "pages: 1 of 1", "texts: 1 of 1", ""))

    def test_terminal_that_has_gone(self) -> None:
        """If nobody can read the line and a note, the listing is whole."""
        err = Mock(spec=io.StringIO())
        err.isatty.return_value = True
        err.write.side_effect = BrokenPipeError
        self.assertEqual(self.run_command(
            "google --recorded --license isc --license bsl-1.0", err=err)[:2],
            (0, "google/cpp-netlib\n"))

    def test_verbose(self) -> None:
        """-v logs requests, waits and warnings once, and shows no line."""
        terminal = Terminal()
        os.environ["GH_TOKEN"] = "sekret"
        self.run_over_replay("google -v", self.TROUBLE, err=terminal)
        log = terminal.getvalue()
        self.assertEqual([log.count(part) for part in (
            "GET /orgs/google HTTP/", "GET /orgs/google/repos?",
            "\nwaiting 0 s before the next try\n", WARNING,
            "sekret", "pages: ")], [1, 3, 1, 1, 0, 0])


class TestProgram(unittest.TestCase):
    """Tests of the command as a program: its streams, and Ctrl-C."""

    def handle_interrupts(self, handler: Any) -> None:
        """Let Ctrl-C be handled so, here and in processes started here."""
        old = signal.signal(signal.SIGINT, handler)
        self.addCleanup(signal.signal, signal.SIGINT, old)

    @unittest.skipUnless(IS_POSIX, "there is no such signal to send")
    def test_interrupted(self) -> None:
        """Ctrl-C ends it by its signal, at once, with pages in flight."""
        self.handle_interrupts(signal.default_int_handler)
        asked: "Queue[Asked]" = Queue()
        with replay({"&page=": repeat(Fault(wait=60))}, on_request=asked.put,
                    repos=numbered_repos(301)) as url:
            process = subprocess.Popen(
                [sys.executable, "-BW", "error", PROGRAM, "google"],
                env={"GITHUB_API_URL": url}, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE)
            self.addCleanup(process.kill)
            for _ in range(4):
                asked.get(timeout=30)
            process.send_signal(signal.SIGINT)
            result = process.communicate(timeout=5)
        self.assertEqual(
            (process.returncode, *result), (-signal.SIGINT, b"", b""))

    @parameterized.expand([
        ("stderr", "2>&-", 0, "google/cpp-netlib\n", ""),
        ("stdout", ">&-", 1, "", "audit: stdout: not writable\n"),
    ])
    @unittest.skipUnless(IS_POSIX, "there is no shell that closes a stream")
    def test_closed(
            self, _: str, ending: str, status: int, out: str, err: str
            ) -> None:
        """If one stream is closed, the other one still works."""
        done = subprocess.run(
            ["sh", "-c", '"$0" -B "$1" google --recorded --license bsl-1.0 '
             + ending, sys.executable, PROGRAM],
            env={"PATH": os.defpath}, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, universal_newlines=True)
        self.assertEqual(
            (done.returncode, done.stdout, done.stderr), (status, out, err))

    @parameterized.expand([
        ("handler_of_python", signal.default_int_handler, signal.SIG_DFL),
        ("ignored", signal.SIG_IGN, signal.SIG_IGN)])
    def test_handler(self, _: str, handler: Any, meanwhile: Any) -> None:
        """Ctrl-C ends it, unless ignored; then the old handler is back."""
        self.handle_interrupts(handler)

        def fail() -> int:
            """Fail as a bug would, with the handler of this moment."""
            raise AttributeError(signal.getsignal(signal.SIGINT))

        with patch("audit.command.main", autospec=True, side_effect=fail):
            with self.assertRaises(AttributeError) as caught:
                command.run()
        self.assertEqual(caught.exception.args, (meanwhile,))
        self.assertIs(signal.getsignal(signal.SIGINT), handler)

    def test_in_another_thread(self) -> None:
        """It runs in a thread, too, which can't set a handler."""
        self.handle_interrupts(signal.default_int_handler)
        with ThreadPoolExecutor(1) as pool, patch(
                "audit.command.main", autospec=True, return_value=3):
            self.assertEqual(pool.submit(command.run).result(timeout=30), 3)

    @unittest.skipUnless(IS_POSIX, "elsewhere it is another error")
    def test_closed_pipe(self) -> None:
        """Output that could not be flushed is not flushed again at exit."""
        argv = [PROGRAM, "google", "--recorded"]
        read_end, write_end = os.pipe()
        os.close(read_end)
        with open(write_end, "w") as out:
            with patch.object(sys, "argv", argv), redirect_stdout(out):
                self.assertEqual(command.run(), 0)
            out.flush()  # This raises nothing any more.
