#!/usr/bin/env python3
"""Read a suite: which files of a folder are copied, and what is odd there."""
import ast
import os
import stat
from itertools import islice
from pathlib import Path, PurePath
from typing import (
    Collection, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple)

from .assignment import Assignment, Unusable
from .names import test_files

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
    files = {place_of(file, assignment.folder): str(file)
             for file in assignment.suite}
    folders = sorted({os.path.dirname(path) for path in files} - {""})
    return Suite("", files, folders, {}, test_files(files), [], [])


def place_of(file: Path, folder: Path) -> str:
    """Return the path of a file of the own suite in a copy.

    Its folder is left out, unless that is tests/ or below it.
    """
    parts = Path(os.path.relpath(str(file), str(folder.resolve()))).parts
    first = parts.index("tests") if "tests" in parts else -1
    return os.path.join(*parts[first:])


def read_suite(folder: Path, provided: Collection[str]) -> Suite:
    """Return the suite in a folder; raise Unusable if there is none.

    The provided files are those that the assignment's modules bring.
    """
    if not folder.exists():
        raise Unusable(f"{folder}: there is no such folder")
    if not folder.is_dir():
        raise Unusable(f"{folder}: this is a file, not a folder")
    entries = [sort_of(folder, entry, provided)
               for entry in islice(walked(str(folder)), 10 * MOST_FILES)]
    check_size(folder, entries)

    def are(sort: str) -> List[Entry]:
        """Return the entries of a sort."""
        return [entry for entry in entries if entry.sort == sort]

    files = {entry.path: entry.value for entry in are("file")}
    links = {entry.path: entry.value for entry in are("link")}
    notes = [f"{entry.path} is left out: {entry.value}."
             for entry in are("left out")]
    tests = test_files([*files, *links])
    below = sorted(path for path in files if path not in tests
                   and Path(path).match("test*.py"))
    if not tests:
        where = f"; there is {below[0]}, in a folder below" if below else ""
        odd = "".join(f"; {note.rstrip('.')}" for note in notes
                      if note.startswith("test"))
        raise Unusable(f"{folder}: there is no test*.py in it{where}{odd}")
    if below:
        where = "in tests/" if os.sep in tests[0] else "in the folder itself"
        notes.append(
            f"{', '.join(below[:3])} {'is' if len(below) == 1 else 'are'} "
            f"not run: only the test*.py {where} are.")
    notes.extend(notes_on_imports(tests, files, folder))
    return Suite(
        str(folder), files, [entry.path for entry in are("folder")], links,
        tests, list(dict.fromkeys(entry.path for entry in are("own"))), notes)


class Entry(NamedTuple):
    """Something in the folder of a suite.

    sort: "file", "folder", "link", "own" (the assignment has one of this
        name) or "left out".
    value: where a file is, where a link leads, or why something is left out.
    """

    sort: str
    path: str
    value: str = ""
    size: int = 0


def walked(folder: str, below: str = "") -> "Iterator[Walked]":
    """Yield what is in a folder and below, with its path; follow no link."""
    try:
        with os.scandir(os.path.join(folder, below)) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        if not below:
            raise Unusable(f"{folder}: {error.strerror}") from None
        yield below, None, str(error.strerror)
        return
    for entry in found:
        path = os.path.join(below, entry.name)
        if entry.name.startswith(".") or entry.name in LEFT_OUT:
            continue
        yield path, entry, ""
        if entry.is_dir(follow_symlinks=False):
            yield from walked(folder, path)


# A path, what is there, and why that can't be read.
Walked = Tuple[str, "Optional[os.DirEntry[str]]", str]


def sort_of(folder: Path, walked_: Walked, provided: Collection[str]
            ) -> Entry:
    """Return what sort of thing is at a path in a folder."""
    path, entry, problem = walked_
    own = own_place(folder, path, provided)
    if own:
        return Entry("own", own)
    if not path.isprintable():
        return Entry("left out", ascii(path), "its name can't be printed")
    if entry is None:
        return Entry("left out", path, problem)
    if entry.is_symlink():
        return link_of(folder, path)
    if entry.is_dir():
        return Entry("folder", path)
    status = entry.stat()
    if not stat.S_ISREG(status.st_mode):
        return Entry("left out", path, "it is not a plain file")
    if not os.access(entry.path, os.R_OK):
        return Entry("left out", path, "it can't be read")
    return Entry("file", path, os.path.abspath(entry.path), status.st_size)


def own_place(folder: Path, path: str, provided: Collection[str]) -> str:
    """Return which file or package is of the suite's own, and not used.

    That is what stands where a provided file is to be, and what would be
    imported instead of one. It is "" for any other path.
    """
    for place in [*reversed(PurePath(path).parents), PurePath(path)]:
        name, there = place.as_posix(), folder / place
        if name in provided:
            return name
        if f"{name}.py" in provided and (there / "__init__.py").exists():
            return f"{name}/"
        if place.name and is_in_the_way(name, provided) and there.is_file():
            return name
    return ""


def is_in_the_way(name: str, provided: Collection[str]) -> bool:
    """Return whether a file stands for a folder in which some is provided.

    It has the folder's name, or it is the module of this name.
    """
    return any(file.startswith(f"{name}/") or file.endswith(".py")
               and file.startswith(f"{PurePath(name).with_suffix('')}/")
               and name.endswith(".py") for file in provided)


def link_of(folder: Path, path: str) -> Entry:
    """Return a link, if it leads to something in the folder."""
    target = os.readlink(str(folder / path))
    root = os.path.realpath(str(folder))
    leads = os.path.realpath(str(folder / path))
    inside = leads == root or leads.startswith(root + os.sep)
    if os.path.isabs(target) or not inside:
        return Entry("left out", path, "it is a link to somewhere else")
    return Entry("link", path, target)


def check_size(folder: Path, entries: List[Entry]) -> None:
    """Raise Unusable if the files in a folder are too many or too big."""
    if sum(entry.sort in ("file", "folder") for entry in entries
           ) > MOST_FILES:
        raise Unusable(f"{folder}: there are more than {MOST_FILES:,} "
                       "files in it")
    if sum(entry.size for entry in entries) > MOST_BYTES:
        raise Unusable(f"{folder}: its files have more than "
                       f"{MOST_BYTES // 2 ** 20} MiB")


def notes_on_imports(
        tests: List[str], files: Dict[str, str], folder: Path
        ) -> Iterator[str]:
    """Yield which modules of the folder its tests import.

    No mistake is made in these, so a learner may wonder.
    """
    for test in tests:
        names = [f"{name}.py" for name in sorted(imported(folder / test))
                 if f"{name}.py" in files and f"{name}.py" != test
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
