#!/usr/bin/env python3
"""Tests of the double of GitHub's runner: what it does as GitHub does."""
import tempfile
import unittest
from pathlib import Path
from typing import Any, Dict, List

from parameterized import parameterized

from runner import Result, Runner, Values, filled

FAIL = {"run": "false"}
SAY = {"run": "echo said"}
ACTION = """
inputs:
  word: {}
  other: {}
outputs:
  answer: {value: "${{ steps.one.outputs.answer }}"}
runs:
  steps:
    - id: one
      shell: bash
      env: {WORD: "${{ inputs.word }}${{ inputs.other }}"}
      run: echo "answer=$WORD from ${GITHUB_ACTION_PATH##*/}" >> $GITHUB_OUTPUT
"""


class TestFilled(unittest.TestCase):
    """Unit tests of filled, a function of a value of YAML."""

    @parameterized.expand([
        ("text", "as it is", "as it is"),
        ("true", True, "true"),
        ("number", 7, "7"),
        ("expressions", "${{ github.token }}-${{ inputs.a-b }}", "secret-7"),
        ("output", "${{ steps.one.outputs.a }}", "A"),
        ("output_that_is_not_set", "${{ steps.two.outputs.a }}", ""),
    ])
    def test_filled(self, _: str, value: Any, expected: str) -> None:
        """Expressions are replaced by their values."""
        self.assertEqual(filled(value, {
            "github.token": "secret", "inputs.a-b": "7",
            "steps.one.outputs.a": "A"}), expected)

    def test_unknown(self) -> None:
        """An expression that nobody knows is an error."""
        with self.assertRaises(KeyError):
            filled("${{ github.actor }}", {})


class TestRunner(unittest.TestCase):
    """Tests of jobs, with steps that run in a shell."""

    def setUp(self) -> None:
        """Make a folder to work in, and an action in a folder of its own."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        action = self.folder / "action"
        action.mkdir()
        (action / "action.yml").write_text(ACTION)
        self.given: List[Values] = []

        def double(given: Values) -> Values:
            """Stand in for an action; keep what it is given."""
            self.given.append(given)
            return {"answer": "yes"}

        self.actions: Dict[str, Any] = {"a/double": double, "a/b": action}

    def run_job(self, *steps: Any) -> Result:
        """Run the steps of a job."""
        runner = Runner(self.folder, self.folder, {
            "PATH": "/usr/bin:/bin", "WORD": "word"}, self.actions)
        return runner.run_job(list(steps), {"github.token": "secret"})

    @parameterized.expand([
        ("one_fails", [FAIL], False, ""),
        ("none_after_a_failure", [FAIL, SAY], False, ""),
        ("but_where_it_says_so",
         [FAIL, {**SAY, "if": "${{ !cancelled() }}"}], False, "said\n"),
        ("command_in_a_step", [{"run": "false\necho said"}], False, ""),
        ("pipe_without_a_shell", [{"run": "false | cat"}], True, ""),
        ("pipe_in_bash", [{"run": "false | cat", "shell": "bash"}], False,
         ""),
        ("environment", [{"run": "echo $WORD"}], True, "word\n"),
        ("environment_of_the_step",
         [{"run": "echo $WORD", "env": {"WORD": "${{ github.token }}"}}],
         True, "secret\n"),
        ("folder_of_the_step",
         [{"run": "ls", "working-directory": "action"}], True,
         "action.yml\n"),
    ])
    def test_steps(
            self, _: str, steps: List[Any], succeeded: bool, log: str
            ) -> None:
        """Steps run in order until one fails."""
        result = self.run_job(*steps)
        self.assertEqual((result.succeeded, result.log), (succeeded, log))

    def test_unknown_condition(self) -> None:
        """A condition that the runner does not know is an error."""
        with self.assertRaises(KeyError):
            self.run_job(FAIL, {**SAY, "if": "always()"})

    def test_output(self) -> None:
        """What a step puts out is for the steps after it."""
        result = self.run_job(
            {"id": "one", "run": "echo answer=yes >> $GITHUB_OUTPUT"},
            {"run": "echo $ANSWER",
             "env": {"ANSWER": "${{ steps.one.outputs.answer }}"}})
        self.assertEqual(result.log, "yes\n")

    def test_summary(self) -> None:
        """What steps write to the summary is kept."""
        step = {"run": "echo told >> $GITHUB_STEP_SUMMARY"}
        self.assertEqual(self.run_job(step, step).summary, "told\ntold\n")

    def test_action(self) -> None:
        """What stands in for an action gets its inputs as texts."""
        self.run_job({"uses": "a/double@v1", "with": {"keep": False}})
        self.assertEqual(self.given, [{"keep": "false"}])

    @parameterized.expand([
        ("double", {"uses": "a/double@v1"}, "yes"),
        ("composite", {"uses": "a/b@v1", "with": {"word": "it"}},
         "it from action"),
    ])
    def test_output_of_an_action(
            self, _: str, step: Dict[str, Any], answer: str) -> None:
        """What an action puts out is for the steps after it."""
        result = self.run_job({"id": "one", **step})
        self.assertEqual(
            result.values["steps.one.outputs.answer"], answer)

    def test_unknown_input(self) -> None:
        """An input that a composite action does not have is an error."""
        with self.assertRaises(KeyError):
            self.run_job({"uses": "a/b@v1", "with": {"words": "it"}})


if __name__ == "__main__":
    unittest.main()
