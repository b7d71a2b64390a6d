#!/usr/bin/env python3
"""Read a suite: which files of a folder are copied, and what is odd there."""
import ast
import os
import stat
from pathlib import Path
from typing import Collection, Dict, Iterator, List, NamedTuple, Set, Tuple

from .assignment import Assignment, Unusable

MOST_FILES = 2000
MOST_BYTES = 50 * 2 ** 20
LEFT_OUT = ("venv", "node_modules", "__pycache__")


class Suite(NamedTuple):
    """The files of a suite, and what is to be said of them.

    title: how it is named in a report; "" for the assignment's own.
    files: where each is, by its path in a copy; folders, and links likewise.
    tests: the names of the files that are run.
    own: files and packages whose place the assignment's modules take.
    notes: what else a reader should know, a sentence each.
    """

    title: str
    files: Dict[str, str]
    folders: List[str]
    links: Dict[str, str]
    tests: List[str]
    own: List[str]
    notes: List[str]


def own_suite(assignment: Assignment) -> Suite:
    """Return the suite that the assignment brings along."""
    if not assignment.suite:
        raise Unusable(f"{assignment.folder / 'assignment.py'} names no SUITE")
    files = {file.name: str(file) for file in assignment.suite}
    return Suite("", files, [], {}, sorted(files), [], [])


def read_suite(folder: Path, planted: Collection[str]) -> Suite:
    """Return the suite in a folder; raise Unusable if there is none.

    The planted files are those that the assignment's modules bring.
    """
    if not folder.exists():
        raise Unusable(f"{folder}: there is no such folder")
    if not folder.is_dir():
        raise Unusable(f"{folder}: this is a file, not a folder")
    suite = Suite(str(folder), {}, [], {}, [], [], [])
    packages = {os.path.splitext(name)[0] for name in planted}
    size = 0
    for entry, path in walked(str(folder), suite):
        top = path.split(os.sep)[0]
        if path in planted or top in planted:
            if top not in suite.own:
                suite.own.append(top)
        elif top in packages and os.path.exists(
                folder / top / "__init__.py"):
            if f"{top}/" not in suite.own:
                suite.own.append(f"{top}/")
        elif entry.is_symlink():
            add_link(suite, folder, path)
        elif entry.is_dir(follow_symlinks=False):
            suite.folders.append(path)
        elif not stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
            suite.notes.append(f"{path} is left out: it is no plain file.")
        elif not os.access(entry.path, os.R_OK):
            suite.notes.append(f"{path} is left out: it can't be read.")
        else:
            suite.files[path] = os.path.abspath(entry.path)
            size += entry.stat(follow_symlinks=False).st_size
        if len(suite.files) + len(suite.folders) > MOST_FILES:
            raise Unusable(f"{folder}: there are more than {MOST_FILES:,} "
                           "files in it")
        if size > MOST_BYTES:
            raise Unusable(f"{folder}: its files have more than "
                           f"{MOST_BYTES // 2 ** 20} MiB")
    suite.tests.extend(sorted(
        path for path in [*suite.files, *suite.links]
        if os.sep not in path and Path(path).match("test*.py")))
    below = sorted(path for path in suite.files if os.sep in path
                   and Path(path).match("test*.py"))
    if not suite.tests:
        where = f"; there is {below[0]}, in a folder below" if below else ""
        odd = "".join(f"; {note.rstrip('.')}" for note in suite.notes
                      if note.startswith("test"))
        raise Unusable(f"{folder}: there is no test*.py in it{where}{odd}")
    if below:
        suite.notes.append(
            f"{', '.join(below[:3])} {'is' if len(below) == 1 else 'are'} "
            "not run: only the test*.py in the folder itself are.")
    suite.notes.extend(notes_on_imports(suite, folder))
    return suite


def walked(
        folder: str, suite: Suite, below: str = ""
        ) -> "Iterator[Tuple[os.DirEntry[str], str]]":
    """Yield what is in a folder and below, with its path; follow no link."""
    try:
        with os.scandir(os.path.join(folder, below)) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        if not below:
            raise Unusable(f"{folder}: {error.strerror}") from None
        suite.notes.append(f"{below} is left out: {error.strerror}.")
        return
    for entry in found:
        path = os.path.join(below, entry.name)
        if entry.name.startswith(".") or entry.name in LEFT_OUT:
            continue
        yield entry, path
        if entry.is_dir(follow_symlinks=False):
            yield from walked(folder, suite, path)


def add_link(suite: Suite, folder: Path, path: str) -> None:
    """Keep a link that leads to something in the folder; note any other."""
    target = os.readlink(str(folder / path))
    root = os.path.realpath(str(folder))
    leads = os.path.realpath(str(folder / path))
    inside = leads == root or leads.startswith(root + os.sep)
    if os.path.isabs(target) or not inside:
        suite.notes.append(
            f"{path} is left out: it is a link to somewhere else.")
    else:
        suite.links[path] = target


def notes_on_imports(suite: Suite, folder: Path) -> Iterator[str]:
    """Yield which modules of the folder its tests import.

    No mistake is made in these, so a learner may wonder.
    """
    for test in suite.tests:
        names = [f"{name}.py" for name in sorted(imported(folder / test))
                 if f"{name}.py" in suite.files and f"{name}.py" != test
                 and not name.startswith("test")]
        if names:
            yield (f"{test} imports the folder's own {', '.join(names)}, in "
                   "which no mistake is made.")


def imported(file: Path) -> Iterator[str]:
    """Yield the first names of the modules that a file imports."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, RecursionError, SyntaxError, ValueError, MemoryError):
        return
    names: Set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module \
                and not node.level:
            names.add(node.module.split(".")[0])
    yield from names
