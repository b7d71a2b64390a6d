#!/usr/bin/env python3
"""Let zizmor check the action and all workflows, those of the pages too.

Usage: workflows.py ZIZMOR, in the folder of the project. The exit status is
that of zizmor, 0 if it finds nothing.
"""
import subprocess
import sys
import tempfile
from pathlib import Path
from textwrap import indent
from typing import Iterator, List, Tuple

from texts import PAGES, blocks

FILES = [".github", "audit/action.yml"]
# On a page, @COMMIT stands for the commit of this project that its reader
# chooses. Any 40 digits will do for the check.
COMMIT = "@" + 40 * "a"


def workflows(page: str) -> List[str]:
    """Return the workflows in the text of a page.

    Steps in a block of their own are for the job of the workflow above them.
    """
    found: List[str] = []
    for block in blocks(page):
        text = "\n".join(block.lines).replace("@COMMIT", COMMIT) + "\n"
        if block.language == "yaml" and "jobs:" in block.lines:
            found.append(text)
        elif block.language == "yaml" and text.startswith("- "):
            found[-1] += indent(text, 6 * " ")
    return found


def of_pages() -> Iterator[Tuple[str, str]]:
    """Yield a name and the text of each workflow that a page shows."""
    for page in PAGES:
        text = Path(page).read_text(encoding="utf-8")
        for number, workflow in enumerate(workflows(text), start=1):
            yield f"{page.replace('/', '-')}-{number}.yml", workflow


def main() -> int:
    """Check all workflows; return the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        files = [*FILES]
        for name, workflow in of_pages():
            path = Path(folder, ".github", "workflows", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(workflow, encoding="utf-8")
            files.append(str(path))
        return subprocess.run(
            [sys.argv[1], "--offline", "--persona", "auditor",
             "--no-progress", *files], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
