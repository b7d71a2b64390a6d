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
import tempfile
from importlib.machinery import BuiltinImporter, FrozenImporter
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, Iterator, List, NamedTuple, Set, Tuple, Union

from .edits import Edit, Mistake, Rewrite, Sources, edited

OWN = Path(__file__).resolve().parent.parent / "classic"
IMPORT_SECONDS = 30


class Unusable(Exception):
    """What was asked for can't be done; the message says why."""


class Assignment(NamedTuple):
    """What a suite is graded by.

    modules: the code in which mistakes are made, by the names of files.
    beside: the code that is copied too and never edited.
    integration: functions, with their module. In an integration test,
        another module calls the real one; all other tests are unit tests.
    needs: packages that a suite may use.
    suite: the files of a suite that notices every mistake.
    suites: of how many suites it was counted which mistakes they notice.
    checklists: what to test, by the names of functions.
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

    @property
    def sources(self) -> Sources:
        """All the code that is copied into a suite's folder."""
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


def read_assignment(folder: Path) -> Assignment:
    """Return the assignment in a folder; raise Unusable if it can't be."""
    file = folder / "assignment.py"
    if not file.is_file():
        raise Unusable(f"{folder}: there is no assignment.py in it")
    data = executed(file)
    try:
        assignment = Assignment(
            folder,
            sources_of(folder, strings(data, "MODULES")),
            sources_of(folder, strings(data, "BESIDE")),
            entries(data, "MISTAKES", Mistake),
            entries(data, "REWRITES", Rewrite),
            strings(data, "INTEGRATION"), strings(data, "NEEDS"),
            [file_at(folder, name) for name in strings(data, "SUITE")],
            number(data, "SUITES"), texts(data, "CHECKLISTS"))
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
                and isinstance(entry.edit, Edit)):
            raise Unusable(
                f"entry {place} of {name} must have a number from 1 on, a "
                "function, a few words, and an Edit(...)")
        if kind is Rewrite and not (
                isinstance(entry.name, str) and entry.name
                and isinstance(entry.edits, (tuple, list)) and entry.edits
                and all(isinstance(edit, Edit) for edit in entry.edits)):
            raise Unusable(f"entry {place} of {name} must have a name and a "
                           "list of Edit(...)")
    return list(value)


def number(data: Dict[str, Any], name: str) -> int:
    """Return a number that is not negative; 0 if it is left out."""
    value = data.get(name, 0)
    if not isinstance(value, int) or value < 0:
        raise Unusable(f"{name} must be a number")
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


def sources_of(folder: Path, names: List[str]) -> Sources:
    """Return the code of files, by their names without their folders."""
    sources: Sources = {}
    for name in names:
        file = file_at(folder, name)
        if file.suffix != ".py":
            raise Unusable(f"{name} is not a Python file")
        if file.name in sources:
            raise Unusable(f"two files have the name {file.name}")
        try:
            sources[file.name] = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise Unusable(f"{name} is not in UTF-8") from None
    return sources


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
    for name, source in assignment.sources.items():
        module = os.path.splitext(name)[0]
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
    module, *names = dotted.split(".")
    node: Any = ast.parse(sources.get(f"{module}.py", ""))
    for name in names:
        found = [one for one in node.body if isinstance(
            one, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef))
            and one.name == name]
        if not found:
            return ()
        node = found[-1]
    if not names or isinstance(node, ast.ClassDef):
        return ()
    first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
    return f"{module}.py", names[-1], first, node.body[0].lineno


def check_imports(assignment: Assignment) -> None:
    """Import what a suite may use, and each module, in another process.

    Raises Unusable for what can't be imported: of a package with the command
    that installs it, of a module with the last line of its traceback.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name, source in assignment.sources.items():
            Path(folder, name).write_text(source, encoding="utf-8")
        everything = [*assignment.needs, *(
            os.path.splitext(name)[0] for name in assignment.sources)]
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
        for name in assignment.sources:
            error = import_error([os.path.splitext(name)[0]], folder)
            if error:
                raise Unusable(f"{assignment.folder / 'assignment.py'}: "
                               f"{name} can't be imported: {error}")


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
