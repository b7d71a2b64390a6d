#!/usr/bin/env python3
"""Keep what a run in this interpreter may change, and put it back.

A run may change the current folder, the environment, what is imported, and
what any name of a module means. Afterwards all of it is as it was.
"""
import ast
import importlib
import logging
import os
import random
import sys
import warnings
from contextlib import contextmanager, suppress
from functools import lru_cache
from types import ModuleType
from typing import (
    Any, Dict, FrozenSet, Iterable, Iterator, List, Set, Tuple)

# A module or a class, and what its names mean.
Names = Tuple[Any, Dict[str, Any]]
# Names that belong to a class itself.
OWN = ("__dict__", "__weakref__")


def imported_by(sources: Iterable[str]) -> Set[str]:
    """Return the names of the modules that some sources import."""
    return {name for source in sources for name in imports_of(source)}


@lru_cache(maxsize=256)  # Most files are the same in each run.
def imports_of(source: str) -> FrozenSet[str]:
    """Return the names of the modules that one source imports."""
    try:
        tree = ast.parse(source)
    except (RecursionError, SyntaxError, ValueError):
        return frozenset()  # What is wrong is said when it is imported.
    names: Set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module or "")
    return frozenset(names)


def load(names: Iterable[str]) -> List[ModuleType]:
    """Import modules; return those that are there."""
    modules = []
    for name in sorted(names):
        with suppress(Exception):
            modules.append(importlib.import_module(name))
    return modules


@contextmanager
def kept(modules: Iterable[ModuleType]) -> Iterator[None]:
    """Put everything back at the end of the block.

    What the names in any module mean is kept, and of some modules what the
    names in their classes mean, too.
    """
    folder, environ = os.getcwd(), dict(os.environ)
    lists = items_of(
        sys.path, sys.argv, sys.meta_path, sys.path_hooks, warnings.filters)
    loaded = dict(sys.modules)
    names = [*names_of(loaded.values()), *names_of(classes_of(modules))]
    handlers = handlers_of_loggers()
    state, limit = random.getstate(), sys.getrecursionlimit()
    tracers = sys.gettrace(), sys.getprofile()
    try:
        yield
    finally:
        sys.settrace(tracers[0])
        sys.setprofile(tracers[1])
        stop_all_patches()
        for owner, meant in names:
            put_back(owner, meant)
        for module in set(sys.modules) - set(loaded):
            del sys.modules[module]
        sys.modules.update(loaded)
        for one, items in lists:
            one[:] = items
        restore_loggers(handlers)
        sys.setrecursionlimit(limit)
        random.setstate(state)
        if dict(os.environ) != environ:
            os.environ.clear()
            os.environ.update(environ)
        os.chdir(folder)


def items_of(*lists: Any) -> List[Tuple[Any, List[Any]]]:
    """Return each list with what is in it now."""
    return [(one, list(one)) for one in lists]


def classes_of(modules: Iterable[ModuleType]) -> List[type]:
    """Return the classes that are written in Python in some modules."""
    found = {id(value): value for module in modules
             for value in vars(module).values()
             if isinstance(value, type) and vars(value).get("__module__")
             and value.__module__ != "builtins"}
    return list(found.values())


def names_of(owners: Iterable[Any]) -> List[Names]:
    """Return what the names in modules or classes mean now."""
    return [(owner, dict(vars(owner))) for owner in owners
            if isinstance(owner, (ModuleType, type))]


def put_back(owner: Any, meant: Dict[str, Any]) -> None:
    """Let the names in a module or a class mean what they meant."""
    now = vars(owner)
    changed = [name for name, value in meant.items()
               if name not in now or now[name] is not value]
    added = [name for name in now if name not in meant]
    for name in changed:
        if name not in OWN:
            with suppress(AttributeError, TypeError):
                setattr(owner, name, meant[name])
    for name in added:
        with suppress(AttributeError, TypeError):
            delattr(owner, name)


def stop_all_patches() -> None:
    """Stop the patches that were started and never stopped.

    Otherwise the next call of `patch.stopall` would put back old values.
    """
    mock: Any = sys.modules.get("unittest.mock")
    with suppress(Exception):
        mock.patch.stopall()


# What a logger has: its handlers, level and filters, and if it is off.
LoggerState = Tuple[List[Any], int, List[Any], bool, bool]


def handlers_of_loggers() -> Dict[str, LoggerState]:
    """Return what each logger has; the root's name is ""."""
    loggers = {"": logging.getLogger(), **logging.root.manager.loggerDict}
    return {
        name: (list(logger.handlers), logger.level, list(logger.filters),
               logger.disabled, logger.propagate)
        for name, logger in loggers.items()
        if isinstance(logger, logging.Logger)}


def restore_loggers(states: Dict[str, LoggerState]) -> None:
    """Give each logger what it had; forget those that are new."""
    known = logging.root.manager.loggerDict
    for name, logger in list(known.items()):
        if isinstance(logger, logging.Logger) and name not in states:
            del known[name]
    for name, state in states.items():
        logger = logging.getLogger(name or None)
        (logger.handlers[:], level, logger.filters[:], logger.disabled,
         logger.propagate) = state
        if logger.level != level:
            logger.setLevel(level)
