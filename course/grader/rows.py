#!/usr/bin/env python3
"""Say of each suite of a class in a row what was found out about it."""
from pathlib import PurePath
from textwrap import shorten
from typing import Any, List, Optional, Sequence, Tuple, Union

from .edits import Mistake, points_of
from .judge import Grade
from .report import some

# The name of a suite's folder, and its grade or why there is none.
Graded = Tuple[str, Optional[Grade], str]


def have_points(mistakes: Sequence[Mistake]) -> bool:
    """Return whether some mistakes count more, or less, than others."""
    return any(mistake.points != 1 for mistake in mistakes)


def columns(mistakes: Sequence[Mistake]) -> List[str]:
    """Return the heads of the columns, that of the folder's name first."""
    points = ["points"] if have_points(mistakes) else []
    return ["folder", "noticed", *points, "tests", "wrong", "unsteady",
            "tied", "pitfalls", "problem"]


def cells(graded: Grade) -> List[Any]:
    """Return what a row says of a suite, after the name of its folder.

    The last is what is wrong with a file that can't be imported, or "".
    """
    problems = [f"{name}: {message}".replace(f"{name}: {name}", name, 1)
                for name, message in graded.unloaded.items()]
    problems += [f"{name} reads the source of {some(files)}"
                 for name, files in graded.reads.items()]
    points = ([points_of(graded.noticed)]
              if have_points(graded.mistakes) else [])
    return [noticed_by(graded), *points, len(graded.tests),
            len(graded.are("wrong")), len(graded.are("unsteady")),
            len(graded.tied), len(graded.pitfalls),
            shorten(some(problems, 1), 120, placeholder=" ...")]


def noticed_by(graded: Grade) -> Union[int, str]:
    """Return how many mistakes a suite notices, if it can notice any."""
    return len(graded.noticed) if graded.are("passes") else "no score"


def short_names(folders: Sequence[str]) -> List[str]:
    """Return folders without what all their paths begin and end with."""
    paths = [PurePath(folder).parts or (folder,) for folder in folders]
    while can_be_shorter(paths) and len({path[0] for path in paths}) == 1:
        paths = [path[1:] for path in paths]
    while can_be_shorter(paths) and len({path[-1] for path in paths}) == 1:
        paths = [path[:-1] for path in paths]
    return [str(PurePath(*path)) for path in paths]


def can_be_shorter(paths: Sequence[Tuple[str, ...]]) -> bool:
    """Return whether each path has a part to spare."""
    return all(len(path) > 1 for path in paths)
