#!/usr/bin/env python3
"""Tests of the audit's action, and of the jobs that run once a week.

Their steps run in a double of GitHub's runner, on organizations of a replay.
The repository of the job is one on this machine, with a remote to push to.
What the action installs comes from the package index.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from itertools import repeat
from pathlib import Path
from typing import (
    Any, Callable, ContextManager, Dict, Iterable, List, Mapping, NamedTuple,
    Optional, Tuple)

import yaml
from parameterized import param, parameterized

from runner import Result, Runner, Values
from texts import blocks

TOP = Path(__file__).resolve().parent.parent
sys.path.append(str(TOP))

from audit.replay import Asked, Fault, Repo, replay  # noqa: E402
from fixtures import RECORDED_FACTS, Facts, repository  # noqa: E402

AUDIT = TOP / "audit"
PAGE = (AUDIT / "README.md").read_text(encoding="utf-8")
ACTION = yaml.safe_load((AUDIT / "action.yml").read_text())
PYTHON_STEP, INSTALL_STEP, AUDIT_STEP = ACTION["runs"]["steps"]
# It stands in for the GitHub CLI, and records how it is called.
GH = '#!/bin/sh\necho "$* by $GH_TOKEN" >> "$HOME/calls"\n'
Published = Iterable[Tuple[int, str, Optional[str]]]

# What three organizations publish from week to week: id, name and license.
FIRST = [
    (1, "google/dagger", "apache-2.0"), (2, "google/web", None),
    (3, "acme/engine", "apache-2.0"), (4, "acme/tool", "other"),
    (5, "labs/notes", "apache-2.0")]
NEWS = [
    (1, "google/daggers", "apache-2.0"), (2, "google/web", None),
    (3, "acme/engine", "bsl-1.0"), (4, "acme/tool", "other"),
    (5, "labs/notes", "apache-2.0"), (6, "labs/kit", "bsd-3-clause")]
GONE = [row for row in NEWS if row[1] != "labs/notes"]
MORE = [*GONE, (7, "labs/paper", "apache-2.0")]
MOST = [*MORE, (8, "labs/zoo", "apache-2.0")]


def repo(number: int, full_name: str, license: Optional[str]) -> Repo:
    """Return a repository, as GitHub describes one."""
    login, _, name = full_name.partition("/")
    facts = Facts(*RECORDED_FACTS[0])._replace(
        id=number, name=name, license=license)
    return repository(facts, {"login": login, "id": 1, "node_id": "O_1"})


def serving(
        published: Published, script: Mapping[str, Iterable[Fault]] = {},
        on_request: Callable[[Asked], None] = lambda asked: None
        ) -> ContextManager[str]:
    """Return a replay of the three organizations."""
    google, acme, labs = (
        [repo(*row) for row in published if row[1].startswith(f"{login}/")]
        for login in ("google", "acme", "labs"))
    return replay(script, repos=google, others={"acme": acme, "labs": labs},
                  on_request=on_request)


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder as Ada, and return what it prints."""
    return subprocess.run(
        ["git", "-c", "user.name=Ada", "-c", "user.email=ada@localhost",
         *arguments], cwd=str(folder), check=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, universal_newlines=True).stdout


def environment(home: Path, api_url: str) -> Values:
    """Return the environment of a runner's steps.

    It is that of the tests, but for what speaks of GitHub. `python` is the
    Python of the tests.
    """
    path = [str(home), os.path.dirname(sys.executable), os.environ["PATH"]]
    return {
        **{name: value for name, value in os.environ.items()
           if not name.startswith(("GH_", "GITHUB_"))},
        "HOME": str(home), "PATH": os.pathsep.join(path),
        "GITHUB_API_URL": api_url}


class TestAction(unittest.TestCase):
    """Tests of the action: its step that audits, after that which installs.

    The organization is google, as it was recorded.
    """

    folder: "tempfile.TemporaryDirectory[str]"
    temporary: Path

    @classmethod
    def setUpClass(cls) -> None:
        """Install what the action needs, by its own step."""
        cls.folder = tempfile.TemporaryDirectory()
        cls.temporary = Path(cls.folder.name)
        runner = Runner(cls.temporary, cls.temporary, {
            **environment(cls.temporary, ""),
            "GITHUB_ACTION_PATH": str(AUDIT)}, {})
        result = runner.run_job(
            [INSTALL_STEP],
            {"steps.python.outputs.python-path": sys.executable})
        if not result.succeeded:
            raise AssertionError(result.log)

    @classmethod
    def tearDownClass(cls) -> None:
        """Remove what was installed."""
        cls.folder.cleanup()

    def setUp(self) -> None:
        """Make a folder with a policy, and start the replay."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.workspace = Path(folder.name)
        (self.workspace / "policy.txt").write_text(
            "Apache-2.0\nBSL-1.0\nBSD-3-Clause\nother\n")
        self.asked: List[Asked] = []
        server = replay(on_request=self.asked.append)
        self.api_url = server.__enter__()
        self.addCleanup(server.__exit__, None, None, None)

    def audit(
            self, *, server: str = "", organizations: str = "google",
            **inputs: str) -> Result:
        """Run the step with some of the action's inputs.

        server: the API of the server that runs the job, if not the replay.
        """
        runner = Runner(self.workspace, self.temporary, {
            **environment(self.workspace, server or self.api_url),
            "GITHUB_TOKEN": "theirs", "GITHUB_ACTION_PATH": str(AUDIT)}, {})
        given = {"organizations": organizations, **inputs}
        return runner.run_job([AUDIT_STEP], {
            "github.token": "job",
            **{f"inputs.{name}": given.get(name.replace("-", "_"), "")
               for name in ACTION["inputs"]}})

    @parameterized.expand([
        param("done", "0"),
        param("error", "1", organizations="nobody"),
        param("wrong_usage", "2", policy="none.txt"),
        param("not_allowed", "3", policy="policy.txt"),
    ])
    def test_status(self, _: str, status: str, **inputs: str) -> None:
        """It puts out the command's status, and only 0 is a success."""
        result = self.audit(**inputs)
        self.assertEqual(
            (result.values["steps.audit.outputs.status"], result.succeeded),
            (status, status == "0"))

    @parameterized.expand([
        param("of_the_job", "Bearer job"),
        param("given", "Bearer given", token="given"),
    ])
    def test_token(self, _: str, sent: str, **inputs: str) -> None:
        """A token that is given is sent, else that of the job."""
        self.audit(**inputs)
        self.assertEqual(
            {asked.headers.get("Authorization") for asked in self.asked},
            {sent})

    @parameterized.expand([
        param("none", None),
        param("given", "Bearer given", token="given"),
    ])
    def test_another_server(
            self, _: str, sent: Optional[str], **inputs: str) -> None:
        """Another server is asked without the token of the job."""
        self.audit(
            server="http://127.0.0.1:1", api_url=self.api_url, **inputs)
        self.assertEqual(
            {asked.headers.get("Authorization") for asked in self.asked},
            {sent})

    def test_options(self) -> None:
        """Each line of the options is an option or a value."""
        result = self.audit(options="--license\nbsd-3-clause\n")
        self.assertEqual(result.log, "google/episodes.dart\n")

    def test_option_with_a_blank(self) -> None:
        """A line of the options is one value, whatever blanks it has."""
        result = self.audit(options="--license\na b")
        self.assertIn("no license has the key 'a b'", result.log)

    def test_organizations(self) -> None:
        """The organizations have blanks or line breaks between them."""
        result = self.audit(organizations="google  nobody\nno-one\n")
        self.assertEqual(
            re.findall("no such organization: (\\S+)", result.log),
            ["nobody", "no-one"])

    @parameterized.expand([
        ("command", "$(touch made)", "$(touch"),
        ("two_commands", "google; touch made", "google;"),
        ("file_names", "*", "*"),
    ])
    def test_no_command(
            self, _: str, organizations: str, refused: str) -> None:
        """Whatever an input says, the shell takes it for a text."""
        result = self.audit(organizations=organizations)
        self.assertEqual(
            (re.findall("no organization has the name '(.*?)'", result.log),
             os.listdir(str(self.workspace))), ([refused], ["policy.txt"]))

    def test_summary(self) -> None:
        """The summary is the report, whose file the action puts out."""
        result = self.audit(policy="policy.txt")
        report = Path(result.values["steps.audit.outputs.report"])
        self.assertIn("google.github.io", result.summary)
        self.assertEqual(result.summary, report.read_text(encoding="utf-8"))

    def test_log(self) -> None:
        """The log has the plain lines of the command."""
        result = self.audit(policy="policy.txt")
        self.assertIn("google/google.github.io\tnone\n", result.log)

    def test_error_after_a_report(self) -> None:
        """After an error no report of an earlier audit is shown."""
        self.audit()
        self.assertEqual(self.audit(organizations="nobody").summary, "")

    def test_python(self) -> None:
        """The job goes on with the Python that it had."""
        self.assertIs(PYTHON_STEP["with"]["update-environment"], False)


class Week(NamedTuple):
    """What a week has come to.

    lines: the listing in the log.
    commits: the messages of all commits at the remote, the last one first.
    table: the table at the remote.
    """

    succeeded: bool
    log: str
    summary: str
    lines: List[str]
    commits: List[str]
    table: str


class Life:
    """A repository with a policy and the weekly job, on this machine."""

    def __init__(self, folder: Path) -> None:
        """Make a remote with a policy in it, and a clone of Ada's."""
        self.folder = folder
        self.remote = folder / "remote"
        self.ada = folder / "ada"
        git(folder, "init", "-q", "--bare", "-b", "main", "remote")
        git(folder, "clone", "-q", "remote", "ada")
        self.commit("policy.txt", "Apache-2.0\n", "Begin with a policy")
        gh = folder / "gh"
        gh.write_text(GH)
        gh.chmod(0o755)

    def commit(self, name: str, text: str, message: str) -> None:
        """Write a file in Ada's clone, commit it, and push it."""
        path = self.ada / name
        path.write_bytes(text.encode())
        git(self.ada, "add", name)
        git(self.ada, "commit", "-q", "-m", message)
        git(self.ada, "push", "-q", "origin", "HEAD:main")

    def pull(self) -> None:
        """Bring to Ada's clone what is at the remote."""
        git(self.ada, "pull", "-q", "--rebase", "origin", "main")

    def accept(self, published: Published) -> None:
        """Do as the page says, as Ada: accept whatever is not allowed."""
        command = next(line[2:] for block in blocks(PAGE)
                       for line in block.lines
                       if line.endswith(">> policy.txt"))
        git(self.ada, "config", "user.name", "Ada")
        with serving(published) as url:
            subprocess.run(
                ["bash", "-c", command.replace(
                    "google --recorded", "google acme labs")],
                cwd=str(self.ada), check=False, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, env={
                    **environment(self.folder, url), "PYTHONPATH": str(TOP)})
        self.commit("policy.txt", (self.ada / "policy.txt").read_text(),
                    "Accept what is there")

    def week(
            self, published: Published, *,
            script: Mapping[str, Iterable[Fault]] = {},
            meanwhile: Callable[[], None] = lambda: None) -> Week:
        """Run the job of the page once.

        script: what goes wrong at GitHub.
        meanwhile: what happens while the job waits for its first answer.
        """
        left = [meanwhile]

        def on_request(asked: Asked) -> None:
            """Let happen what does, at the first request."""
            if left:
                left.pop()()

        job = workflow()["jobs"]["licenses"]
        with serving(published, script, on_request) as url:
            runner = Runner(
                self.folder / "work", self.folder,
                environment(self.folder, url), {
                    "actions/checkout": self.checkout,
                    "actions/setup-python":
                        lambda given: {"python-path": sys.executable},
                    "OWNER/PROJECT/audit": AUDIT})
            result = runner.run_job(job["steps"], {
                "github.token": "secret", "github.ref_name": "main"})
        return Week(
            result.succeeded, result.log, result.summary,
            re.findall("(?m)^.*\t.*$", result.log),
            git(self.remote, "log", "--format=%an: %s").splitlines(),
            git(self.remote, "ls-tree", "-r", "main", "report.csv")
            and git(self.remote, "show", "main:report.csv"))

    def table(self) -> str:
        """Return the table at the remote, as it is in the last commit."""
        return git(self.remote, "show", "main:report.csv")

    def checkout(self, given: Values) -> Values:
        """Stand in for actions/checkout: clone the last commit alone."""
        shutil.rmtree(str(self.folder / "work"), ignore_errors=True)
        git(self.folder, "clone", "-q", "--depth", "1", "--branch",
            given["ref"], self.remote.as_uri(), "work")
        return {}


def workflow() -> Any:
    """Return the weekly job of the page, its first block of YAML."""
    return yaml.safe_load("\n".join(next(
        block.lines for block in blocks(PAGE) if block.language == "yaml")))


class TestWeeklyJob(unittest.TestCase):
    """Tests of ten weeks in the life of a repository with the job."""

    folder: "tempfile.TemporaryDirectory[str]"
    life: Life
    policy: str
    weeks: Dict[str, Week] = {}

    @classmethod
    def setUpClass(cls) -> None:
        """Let the ten weeks pass."""
        cls.folder = tempfile.TemporaryDirectory()
        cls.life = life = Life(Path(cls.folder.name))
        weeks = cls.weeks = {"failed": life.week(
            FIRST, script={"/orgs/labs$": repeat(Fault(404))})}
        weeks["first"] = life.week(FIRST)
        life.pull()
        life.accept(FIRST)
        cls.policy = (life.ada / "policy.txt").read_text()
        weeks["quiet"] = life.week(FIRST)
        weeks["news"] = life.week(NEWS)
        weeks["gone"] = life.week(GONE)
        weeks["error"] = life.week(
            MORE, script={"/orgs/labs$": repeat(Fault(404))})
        life.pull()
        life.accept(MORE)
        weeks["colleague"] = life.week(MORE, meanwhile=lambda: life.commit(
            "README.md", "Our licenses.\n", "Say what this is"))
        weeks["same"] = life.week(MORE)
        life.pull()
        table = life.table().replace("\n", "\r\n")
        weeks["conflict"] = life.week(MOST, meanwhile=lambda: life.commit(
            "report.csv", table, "Save the table by a spreadsheet"))
        weeks["again"] = life.week(MOST)

    @classmethod
    def tearDownClass(cls) -> None:
        """Remove all that the life has left."""
        cls.folder.cleanup()

    @parameterized.expand([
        ("failed", False),
        ("first", False),
        ("quiet", True),
        ("news", False),
        ("gone", False),
        ("error", False),
        ("colleague", True),
        ("same", True),
        ("conflict", False),
        ("again", True),
    ])
    def test_status(self, week: str, succeeded: bool) -> None:
        """The job fails as long as something is not allowed or not saved."""
        self.assertIs(self.weeks[week].succeeded, succeeded)

    def test_failed(self) -> None:
        """An error before there is a table is the only one that is told."""
        self.assertRegex(self.weeks["failed"].log,
                         "^audit: no such organization: labs [^\n]*\n$")

    def test_first_listing(self) -> None:
        """The first week lists what is not allowed."""
        self.assertEqual(self.weeks["first"].lines, [
            "google/web\tnone\tnot allowed\t",
            "acme/tool\tother\tnot allowed\t"])

    def test_first_run(self) -> None:
        """The first week says that it is the first."""
        self.assertIn("report.csv is not there yet: this is the first run",
                      self.weeks["first"].log)

    def test_first_commit(self) -> None:
        """Though something is not allowed, the first state is committed."""
        self.assertEqual(self.weeks["first"].commits, [
            "licenses: Save the state of all licenses",
            "Ada: Begin with a policy"])

    def test_first_table(self) -> None:
        """The table has all that was published in the first week."""
        rows = re.findall("(?m)^[a-z]+/[a-z]+,[^,]*,[^,]*",
                          self.weeks["first"].table)
        self.assertEqual(rows, [
            "acme/engine,Apache-2.0,allowed", "acme/tool,other,not allowed",
            "google/dagger,Apache-2.0,allowed",
            "google/web,none,not allowed", "labs/notes,Apache-2.0,allowed"])

    def test_report(self) -> None:
        """The summary of the job has the report."""
        self.assertIn("acme/tool", self.weeks["first"].summary)

    def test_options(self) -> None:
        """Each option of the job counts: forks and archives are left out."""
        self.assertIn("\n- Looked at: 5, no forks, nothing archived\n",
                      self.weeks["first"].summary)

    def test_acceptance(self) -> None:
        """What is accepted says behind each line by whom, and when.

        A text is accepted by its digits, not for whatever it may become.
        """
        accepted = r"  # accepted on \d{4}-\d\d-\d\d by Ada\n"
        self.assertRegex(
            self.policy, f"^Apache-2.0\ngoogle/web\tnone{accepted}"
            f"acme/tool\tother:31247114b280{accepted}$")

    def test_quiet_listing(self) -> None:
        """What is accepted and has not changed is not listed."""
        self.assertEqual(self.weeks["quiet"].lines, [])

    def test_quiet_commit(self) -> None:
        """The verdicts that an acceptance changes are committed."""
        self.assertEqual(self.weeks["quiet"].commits[:2], [
            "licenses: Save the state of all licenses",
            "Ada: Accept what is there"])

    def test_news(self) -> None:
        """What is new, renamed or under another license is listed."""
        self.assertEqual(self.weeks["news"].lines, [
            "google/daggers\tApache-2.0\tallowed\t"
            "renamed from google/dagger",
            "acme/engine\tBSL-1.0\tnot allowed\tlicense was Apache-2.0",
            "labs/kit\tBSD-3-Clause\tnot allowed\tnew"])

    def test_gone(self) -> None:
        """What is gone is listed, and what is still not allowed too."""
        self.assertEqual(self.weeks["gone"].lines, [
            "acme/engine\tBSL-1.0\tnot allowed\t",
            "labs/kit\tBSD-3-Clause\tnot allowed\t",
            "labs/notes\tApache-2.0\t\tgone"])

    def test_error(self) -> None:
        """After an error nothing is listed."""
        self.assertEqual(self.weeks["error"].lines, [])

    def test_report_after_an_error(self) -> None:
        """After an error there is no report."""
        self.assertEqual(self.weeks["error"].summary, "")

    def test_commits_after_an_error(self) -> None:
        """After an error nothing is committed."""
        self.assertEqual(
            self.weeks["error"].commits, self.weeks["gone"].commits)

    def test_colleague(self) -> None:
        """A commit of a colleague during the job stays, below the job's."""
        self.assertEqual(self.weeks["colleague"].commits[:2], [
            "licenses: Save the state of all licenses",
            "Ada: Say what this is"])

    def test_same_table(self) -> None:
        """Where the table is the same, nothing is committed."""
        self.assertEqual(
            self.weeks["same"].commits, self.weeks["colleague"].commits)

    def test_conflict(self) -> None:
        """Where a colleague saves a table during the job, it remains."""
        self.assertEqual(self.weeks["conflict"].commits[:2], [
            "Ada: Save the table by a spreadsheet",
            "licenses: Save the state of all licenses"])

    def test_after_a_conflict(self) -> None:
        """What was listed and could not be saved is listed again."""
        self.assertEqual(
            [self.weeks["conflict"].lines, self.weeks["again"].lines],
            [["labs/zoo\tApache-2.0\tallowed\tnew"]] * 2)

    def test_credentials(self) -> None:
        """Only the step that pushes gets the token, by the GitHub CLI."""
        calls = (self.life.folder / "calls").read_text().splitlines()
        self.assertEqual(set(calls), {"auth setup-git by secret"})

    def test_checkout(self) -> None:
        """The checkout keeps no credentials."""
        step = workflow()["jobs"]["licenses"]["steps"][0]
        self.assertIs(step["with"]["persist-credentials"], False)

    def test_concurrency(self) -> None:
        """A job that runs is not cancelled by another one."""
        self.assertEqual(workflow()["concurrency"], {
            "group": "licenses", "cancel-in-progress": False})


class TestLive(unittest.TestCase):
    """Test of the job that asks GitHub whether the replay is like it."""

    def test_live(self) -> None:
        """Its last step runs the tests of the contract on the API."""
        live = yaml.safe_load(
            (TOP / ".github" / "workflows" / "live.yml").read_text())
        asked: List[Asked] = []
        with tempfile.TemporaryDirectory() as folder, \
                replay(on_request=asked.append) as url:
            runner = Runner(
                TOP, Path(folder), environment(Path(folder), url), {})
            result = runner.run_job(
                live["jobs"]["contract"]["steps"][-1:],
                {"vars.LIVE_ORG": "google", "github.token": "job"})
        self.assertTrue(result.succeeded, result.log)
        self.assertTrue(asked)


if __name__ == "__main__":
    unittest.main()
