#!/usr/bin/env python3
"""Read an assignment: a folder with modules and an assignment.py.

Such a file is data alone: MODULES and MISTAKES, and what else teachers.md
names. Whatever is wrong in it is found before any suite is graded.
"""
import ast
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from importlib.machinery import (
    BuiltinImporter, FrozenImporter, PathFinder)
from pathlib import Path, PurePath
from types import ModuleType
from typing import Any, Dict, Iterator, List, NamedTuple, Set, Tuple, Union

from .edits import Edit, Mistake, Rewrite, Sources, edited, encoded
from .names import file_of_name, module_of
from .protocol import RUN_SECONDS, TEST_SECONDS

OWN = Path(__file__).resolve().parent.parent / "classic"
IMPORT_SECONDS = 30


class Unusable(Exception):
    """What was asked for can't be done; the message says why."""


class Assignment(NamedTuple):
    """What a suite is graded by.

    modules: the code in which mistakes are made, by the paths of files.
    beside: the files that are copied too and never edited.
    integration: functions, with their module. In an integration test,
        another module calls the real one; all other tests are unit tests.
    needs: packages that a suite may use.
    suite: the files of a suite that notices every mistake.
    suites: of how many suites it was counted which mistakes they notice.
    checklists: what to test, by the names of functions.
    test_seconds, suite_seconds: how many a test may take on the right code,
        and all tests of a suite together on any code.
    """

    folder: Path
    modules: Sources
    beside: Sources
    mistakes: List[Mistake]
    rewrites: List[Rewrite]
    integration: List[str]
    needs: List[str]
    suite: List[Path]
    suites: int
    checklists: Dict[str, str]
    test_seconds: float = TEST_SECONDS
    suite_seconds: float = RUN_SECONDS

    @property
    def sources(self) -> Sources:
        """All the files that are copied into a suite's folder."""
        return {**self.modules, **self.beside}

    def mistake(self, number: str) -> Mistake:
        """Return the mistake with a number; raise Unusable if none has it."""
        for mistake in self.mistakes:
            if number == str(mistake.number):
                return mistake
        raise Unusable(f"there is no mistake {number}: the mistakes are "
                       f"{spans([one.number for one in self.mistakes])}")


def spans(numbers: List[int]) -> str:
    """Return numbers in words: 1 to 20, 25."""
    found: List[List[int]] = []
    for number in sorted(numbers):
        if found and number == found[-1][-1] + 1:
            found[-1][1:] = [number]
        else:
            found.append([number])
    return ", ".join(" to ".join(map(str, span)) for span in found)


def read_assignment(folder: Path, needs_suite: bool = True) -> Assignment:
    """Return the assignment in a folder; raise Unusable if it can't be.

    Its own suite can be left aside; then its files need not be there.
    """
    file = folder / "assignment.py"
    if not file.is_file():
        raise Unusable(f"{folder}: there is no assignment.py in it")
    data = executed(file)
    try:
        assignment = Assignment(
            folder,
            modules_of(folder, strings(data, "MODULES")),
            sources_of(folder, strings(data, "BESIDE")),
            entries(data, "MISTAKES", Mistake),
            entries(data, "REWRITES", Rewrite),
            strings(data, "INTEGRATION"), strings(data, "NEEDS"),
            [file_at(folder, name) for name in strings(data, "SUITE")
             if needs_suite],
            number(data, "SUITES"), texts(data, "CHECKLISTS"),
            seconds(data, "TEST_SECONDS", TEST_SECONDS),
            seconds(data, "SUITE_SECONDS", RUN_SECONDS))
        for problem in problems(assignment):
            raise Unusable(problem)
    except Unusable as error:
        raise Unusable(f"{file}: {error}") from None
    return assignment


def executed(file: Path) -> Dict[str, Any]:
    """Return the names that a file defines; raise Unusable if it fails."""
    module = ModuleType("assignment_data")
    try:
        code = compile(file.read_bytes(), str(file), "exec")
        exec(code, vars(module))
    except SyntaxError as error:
        raise Unusable(f"{file}, line {error.lineno}: SyntaxError: "
                       f"{error.msg}") from None
    except Exception as error:
        line, step = 0, error.__traceback__
        while step:
            if step.tb_frame.f_code.co_filename == str(file):
                line = step.tb_lineno
            step = step.tb_next
        raise Unusable(f"{file}, line {line}: {type(error).__name__}: "
                       f"{error}") from None
    return vars(module)


# The forms that the names in an assignment.py must have.

def strings(data: Dict[str, Any], name: str) -> List[str]:
    """Return a tuple or list of strings; an empty one if it is left out."""
    value = data.get(name, ())
    if not isinstance(value, (tuple, list)) or not all(
            isinstance(one, str) for one in value):
        hint = ""
        if isinstance(value, str):
            hint = f', such as {name} = ("{value}",)'
        raise Unusable(f"{name} must be a tuple of strings{hint}")
    return list(value)


def entries(data: Dict[str, Any], name: str, kind: Any) -> List[Any]:
    """Return a list of mistakes or rewrites, each with all that it needs."""
    value = data.get(name, [])
    if not isinstance(value, (tuple, list)):
        raise Unusable(f"{name} must be a list")
    for place, entry in enumerate(value, 1):
        if not isinstance(entry, kind):
            raise Unusable(f"entry {place} of {name} must be a "
                           f"{kind.__name__}(...)")
        if kind is Mistake and not (
                isinstance(entry.number, int) and entry.number > 0
                and isinstance(entry.function, str) and entry.function
                and isinstance(entry.summary, str) and entry.summary
                and (isinstance(entry.edit, Edit) or are_edits(entry.edit))
                and isinstance(entry.points, int) and entry.points >= 0):
            raise Unusable(
                f"entry {place} of {name} must have a number from 1 on, a "
                "function, a few words, and an Edit(...) or a list of them; "
                "points, if any, are a whole number")
        if kind is Rewrite and not (
                isinstance(entry.name, str) and entry.name
                and are_edits(entry.edits)):
            raise Unusable(f"entry {place} of {name} must have a name and a "
                           "list of Edit(...)")
    return list(value)


def are_edits(value: Any) -> bool:
    """Return whether something is a list of edits, and has one at least."""
    return isinstance(value, (tuple, list)) and bool(value) and all(
        isinstance(edit, Edit) for edit in value)


def number(data: Dict[str, Any], name: str) -> int:
    """Return a number that is not negative; 0 if it is left out."""
    value = data.get(name, 0)
    if not isinstance(value, int) or value < 0:
        raise Unusable(f"{name} must be a number")
    return value


def seconds(data: Dict[str, Any], name: str, usual: float) -> float:
    """Return a number of seconds; the usual one if it is left out."""
    value = data.get(name, usual)
    if not isinstance(value, (int, float)) or not value > 0:
        raise Unusable(f"{name} must be a number of seconds, such as "
                       f"{name} = {usual:g}")
    return value


def texts(data: Dict[str, Any], name: str) -> Dict[str, str]:
    """Return texts by the names of functions; none if it is left out."""
    value = data.get(name, {})
    if not isinstance(value, dict) or not all(
            isinstance(one, str) for pair in value.items() for one in pair):
        raise Unusable(f"{name} must be a dict of strings")
    return value


def file_at(folder: Path, name: str) -> Path:
    """Return the file at a path from a folder; raise Unusable if none is."""
    file = folder / name
    if not file.is_file():
        raise Unusable(f"there is no file {name}")
    return file.resolve()


def modules_of(folder: Path, names: List[str]) -> Sources:
    """Return the code of modules, by their paths in a copy."""
    for name in names:
        if not name.endswith(".py"):
            raise Unusable(f"{name} is not a Python file")
    return sources_of(folder, names)


def sources_of(folder: Path, names: List[str]) -> Sources:
    """Return the text of files, by their paths in a copy.

    There they are where they are below the assignment's folder; of a file
    that is elsewhere, what leads out of that folder is left out.
    """
    sources: Sources = {}
    for name in names:
        if os.path.isabs(name):
            raise Unusable(f"{name} must be a path from the folder that "
                           "assignment.py is in")
        steps = PurePath(os.path.normpath(name)).parts
        path = "/".join(step for step in steps if step != "..")
        if path in sources:
            raise Unusable(f"two files have the name {path}")
        sources[path] = text_of(file_at(folder, name), name)
    return sources


def text_of(file: Path, name: str) -> str:
    """Return the text of a file: of Python strictly, of others for `encoded`.

    The bytes of another file are kept, whatever they are.
    """
    if file.suffix != ".py":
        return file.read_bytes().decode("utf-8", "surrogateescape")
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Unusable(f"{name} is not in UTF-8") from None


# What can be wrong although every form is right.

def problems(assignment: Assignment) -> Iterator[str]:
    """Yield what is wrong with an assignment, the plainest first."""
    if not assignment.modules:
        yield "MODULES names no file"
    if not assignment.mistakes:
        yield "MISTAKES is empty"
    for name in assignment.modules:
        if name in assignment.beside:
            yield f"{name} is in MODULES and in BESIDE"
    for name, source in code_in(assignment.sources).items():
        module = module_of(name)
        if module == "unittest" or BuiltinImporter.find_spec(
                module) or FrozenImporter.find_spec(module):
            yield (f"{name} can't be imported: Python has a module of this "
                   "name that comes first")
        try:
            compile(source, name, "exec")
        except (SyntaxError, ValueError) as error:
            yield f"{name} does not compile: {error}"
    seen: Set[int] = set()
    for mistake in assignment.mistakes:
        if mistake.number in seen:
            yield f"two mistakes have the number {mistake.number}"
        seen.add(mistake.number)
        for problem in problems_of_edits(assignment, mistake.edits):
            yield f"mistake {mistake.name}: {problem}"
    names = [rewrite.name for rewrite in assignment.rewrites]
    for rewrite in assignment.rewrites:
        if names.count(rewrite.name) > 1:
            yield f"two rewrites have the name {rewrite.name}"
        for problem in problems_of_edits(assignment, rewrite.edits):
            yield f"rewrite {rewrite.name}: {problem}"
    for dotted in assignment.integration:
        if not function_place(assignment.modules, dotted):
            yield f"INTEGRATION: there is no function {dotted}"
    functions = {mistake.function for mistake in assignment.mistakes}
    for function in assignment.checklists:
        if function not in functions:
            yield f"CHECKLISTS: no mistake is in {function}"
    for file in assignment.suite:
        if not file.match("test*.py"):
            yield f"SUITE: {file.name} is not named test*.py"
    if assignment.suite_seconds < assignment.test_seconds:
        yield (f"SUITE_SECONDS, {assignment.suite_seconds:g}, is less than "
               f"TEST_SECONDS, {assignment.test_seconds:g}")


def code_in(sources: Sources) -> Sources:
    """Return those of the files that are Python's."""
    return {name: source for name, source in sources.items()
            if name.endswith(".py")}


def problems_of_edits(
        assignment: Assignment, edits: List[Edit]) -> Iterator[str]:
    """Yield why edits can't be made, or what they leave."""
    for edit in edits:
        if edit.file not in assignment.modules:
            yield f"{edit.file} is not in MODULES"
            return
    try:
        changed = edited(assignment.modules, edits)
    except ValueError as error:
        yield str(error)
        return
    if changed == assignment.modules:
        yield "the edit changes nothing"
    for name, source in changed.items():
        try:
            compile(source, name, "exec")
        except SyntaxError as error:
            yield (f"{name} does not compile after it: line {error.lineno}: "
                   f"{error.msg}")


def function_place(
        sources: Sources, dotted: str) -> Union[Tuple[str, str, int, int],
                                                Tuple[()]]:
    """Return file, name and span of the first lines of a function, or ().

    It is named with its module, and a method with its class.
    """
    file = file_of_name(dotted, sources)
    names = dotted[len(module_of(file)) + 1:].split(".") if file else []
    node: Any = ast.parse(sources.get(file, ""))
    for name in names:
        found = [one for one in node.body if isinstance(
            one, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            and one.name == name]
        if not found:
            return ()
        node = found[-1]
    if isinstance(node, (ast.Module, ast.ClassDef)):
        return ()
    first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    return file, names[-1], first, node.body[0].lineno


def check_imports(assignment: Assignment) -> None:
    """Import what a suite may use, and each module, in another process.

    Raises Unusable for what can't be imported: of a package with the command
    that installs it, of a module with the last line of its traceback.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, source in assignment.sources.items():
            file = Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(encoded(source))
        modules = code_in(assignment.sources)
        everything = [*assignment.needs, *map(module_of, modules)]
        if not import_error(everything, folder):
            return
        missing = [need for need in assignment.needs
                   if import_error([need], folder)]
        if missing:
            raise Unusable(
                f"{' and '.join(missing)} can't be imported; activate the "
                "environment (. .venv/bin/activate), or install with: "
                f"{shlex.quote(sys.executable)} -m pip install "
                f"{' '.join(missing)}")
        for name in modules:
            error = import_error([module_of(name)], folder)
            if error:
                raise Unusable(f"{assignment.folder / 'assignment.py'}: "
                               f"{name} can't be imported: {error}")


def hiding(assignment: Assignment) -> List[str]:
    """Return the files that hide a module of Python's standard library.

    A suite, or a package, that imports this module gets the file instead.
    """
    folder = sysconfig.get_paths()["stdlib"]
    places = [folder, os.path.join(folder, "lib-dynload")]
    return [name for name in code_in(assignment.sources)
            if module_of(name) in sys.builtin_module_names
            or PathFinder.find_spec(module_of(name), places)]


def import_error(names: List[str], folder: str) -> str:
    """Return the last line that Python says of an import; "" if it works."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); " + "; ".join(
        f"__import__({name!r})" for name in names)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, folder], cwd=folder,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, timeout=IMPORT_SECONDS)
    except subprocess.TimeoutExpired:
        return f"it takes more than {IMPORT_SECONDS} s"
    if done.returncode == 0:
        return ""
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    last = lines[-1] if lines else f"it ends with status {done.returncode}"
    return re.sub(r"\s+", " ", last)
