#!/usr/bin/env python3
"""Print what the grader finds out about tests, as JSON, to compare.

Usage: cells.py processes|here, in the folder of the project. By processes
each run has one of its own; here all runs are made in this interpreter, as
the page makes them, and tests that are refused there are run, too.
"""
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict

# For the grader, which the page has there as well.
sys.path.insert(0, os.path.abspath("course"))


def cells(way: str, folder: Path) -> Dict[str, Any]:
    """Return what each test does on each code, by the test's name.

    Messages are left out: some of them differ from one Python to another.
    """
    from grader import judge
    from grader.run import Runners
    from grader.suite import own_suite, read_suite
    from grader.tests.test_here import (
        ASSIGNMENT, ENDLESS, REFUSED, SAME, InTurn)
    from grader.tests.test_ways import STARTER, odd_suite

    def odd(title: str, lines: Dict[str, str]) -> Any:
        """Return a suite with a file for each odd test, in a new folder."""
        place = folder / title
        place.mkdir()
        for name, line in lines.items():
            (place / f"test_{name}.py").write_text(
                odd_suite(line), encoding="utf-8")
        return read_suite(place, ASSIGNMENT.sources)

    runners: Any = InTurn(str(folder)) if way == "here" else Runners(
        ASSIGNMENT.needs)
    suites = [
        ("starter", read_suite(STARTER, ASSIGNMENT.sources),
         ASSIGNMENT.mistakes),
        ("model", own_suite(ASSIGNMENT), ASSIGNMENT.mistakes),
        ("odd", odd("odd", {**SAME, **ENDLESS}), ASSIGNMENT.mistakes[1:2])]
    if way == "here":
        suites.append(("refused", odd("refused", {
            name: line for name, (line, _) in REFUSED.items()}),
            ASSIGNMENT.mistakes[1:2]))
    found: Dict[str, Any] = {}
    for title, suite, mistakes in suites:
        graded = judge.grade(suite, ASSIGNMENT, runners, mistakes)
        found.update({
            f"{title} {name}": [
                test.verdict, test.kind, sorted(test.notices.items()),
                sorted(test.tied)]
            for name, test in graded.tests.items()})
    return found


def main() -> None:
    """Print the cells by one of the two ways."""
    if sys.argv[1] == "here" and sys.platform == "emscripten":
        from grader.page import close_the_browser
        close_the_browser()
    with tempfile.TemporaryDirectory(prefix=".grade-") as folder:
        print(json.dumps(cells(sys.argv[1], Path(folder))))


if __name__ == "__main__":
    main()
