#!/usr/bin/env python3
"""A double of GitHub's runner: it runs the steps of a job on this machine.

It knows as much of the syntax of workflows as those of this project need.
Where one needs more, that is a KeyError.
"""
import json
import re
import subprocess
from pathlib import Path
from typing import Any, Dict, List, Mapping, NamedTuple, Tuple

import yaml

# How each shell is started, and the one of a step that names none:
# https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell
SHELLS = {
    "bash": ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
    None: ["bash", "-e"],
}
# Whether a step with this condition runs after another one has failed.
RUNS_AFTER_FAILURE = {None: False, "${{ !cancelled() }}": True}

Step = Mapping[str, Any]
Values = Dict[str, str]  # of expressions, as `github.token`, or of outputs
Done = Tuple[bool, Values]  # whether it succeeded, and its outputs


class Result(NamedTuple):
    """What a job comes to: whether it succeeded, and what it shows.

    values: those of all expressions that are known in the end.
    """

    succeeded: bool
    values: Values
    log: str
    summary: str


def filled(value: Any, values: Values) -> str:
    """Return a value of YAML as a text, with its expressions filled in.

    An output that no step has set is empty, as at GitHub.
    """
    def replacement(match: "re.Match[str]") -> str:
        """Return what stands in the place of an expression."""
        if match[1].startswith("steps."):
            return values.get(match[1], "")
        return values[match[1]]

    text = value if isinstance(value, str) else json.dumps(value)
    return re.sub(r"\$\{\{ (\S+) \}\}", replacement, text)


class Runner:
    """Runs jobs whose steps are shell commands and actions.

    workspace: the folder that the steps run in.
    temporary: the folder for files of the runner's own.
    environ: the environment of each step.
    actions: what stands in for an action: a function of its inputs that
        returns its outputs, or the folder of a composite action. The name
        of an action is what stands before its @.
    """

    def __init__(
            self, workspace: Path, temporary: Path, environ: Values,
            actions: Mapping[str, Any]) -> None:
        """Keep what the steps of all jobs have in common."""
        self.workspace = workspace
        self.temporary = temporary
        self.environ = environ
        self.actions = actions

    def run_job(self, steps: List[Step], values: Values) -> Result:
        """Run the steps of a job with the values of its expressions."""
        for name in ("log", "summary"):
            (self.temporary / name).write_text("")
        succeeded, known = self.run_steps(steps, values, self.environ)
        return Result(
            succeeded, known, (self.temporary / "log").read_text(),
            (self.temporary / "summary").read_text())

    def run_steps(
            self, steps: List[Step], values: Values, environ: Values) -> Done:
        """Run steps in order; return the values that are known in the end.

        After a failure only those run whose condition says so.
        """
        succeeded, known = True, values
        for step in steps:
            if not succeeded and not RUNS_AFTER_FAILURE[step.get("if")]:
                continue
            if "uses" in step:
                good, outputs = self.run_action(step, known)
            else:
                good, outputs = self.run_shell(step, known, environ)
            succeeded = succeeded and good
            known = {**known, **{
                f"steps.{step.get('id')}.outputs.{name}": value
                for name, value in outputs.items()}}
        return succeeded, known

    def run_action(self, step: Step, values: Values) -> Done:
        """Run an action, or what stands in for it."""
        given = {name: filled(value, values)
                 for name, value in step.get("with", {}).items()}
        action = self.actions[step["uses"].partition("@")[0]]
        if isinstance(action, Path):
            return self.run_composite(action, given, values)
        return True, action(given)

    def run_composite(
            self, folder: Path, given: Values, values: Values) -> Done:
        """Run the steps of a composite action; return what it puts out."""
        action = yaml.safe_load((folder / "action.yml").read_text())
        unknown = given.keys() - action["inputs"].keys()
        if unknown:
            raise KeyError(f"the action has no input {unknown}")
        inputs = {f"inputs.{name}": given.get(name, "")
                  for name in action["inputs"]}
        succeeded, known = self.run_steps(
            action["runs"]["steps"],
            {**inputs, "github.token": values["github.token"]},
            {**self.environ, "GITHUB_ACTION_PATH": str(folder)})
        return succeeded, {name: filled(output["value"], known)
                           for name, output in action["outputs"].items()}

    def run_shell(self, step: Step, values: Values, environ: Values) -> Done:
        """Run the commands of a step in a shell; return its outputs."""
        script = self.temporary / "script"
        script.write_text(step["run"])
        output = self.temporary / "output"
        output.write_text("")
        with open(str(self.temporary / "log"), "a") as log:
            done = subprocess.run(
                [*SHELLS[step.get("shell")], str(script)],
                cwd=str(self.workspace / step.get("working-directory", "")),
                stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, env={
                    **environ,
                    **{name: filled(value, values)
                       for name, value in step.get("env", {}).items()},
                    "RUNNER_TEMP": str(self.temporary),
                    "GITHUB_OUTPUT": str(output),
                    "GITHUB_STEP_SUMMARY": str(self.temporary / "summary")})
        return not done.returncode, dict(
            line.split("=", 1) for line in output.read_text().splitlines())
