#!/usr/bin/env python3
"""What the command line says, and what is in the files that it names."""
import argparse
import os
import re
from functools import partial
from typing import Optional, Sequence

from .findings import Options, Task
from .policy import LICENSE, UsageError, decode, parse_policy
from .session import MAX_WORKERS
from .table import parse_table

DESCRIPTION = (
    "List what organizations publish on GitHub, and under which licenses. "
    "Results go to stdout, all else to stderr. After an error of GitHub or "
    "the network nothing is printed on stdout; after any error nothing is "
    "saved.")


def parse(argv: Optional[Sequence[str]]) -> Options:
    """Parse the command line; exit with status 2 where it is wrong."""
    parser = make_parser()
    args = vars(parser.parse_intermixed_args(argv))
    for option in ("policy", "since", "markdown", "save"):
        names = args[option]
        if len(names) > 1 or "" in names:
            parser.error(f"argument --{option}: give the name of one file")
        args[option] = names[0] if names else ""
    options = Options(**args)
    problem = problem_with(options)
    if problem:
        parser.error(problem)
    return options


def problem_with(options: Options) -> str:
    """Return what is wrong with the options, or ""."""
    for name in options.orgs:
        if not re.fullmatch("[A-Za-z0-9_-]+", name):
            return (f"no organization has the name {name!r}; give one name at "
                    "a time, and no URL")
    for key in options.license:
        if not LICENSE.fullmatch(key):
            return f"no license has the key {key!r}; give one at a time"
    if not 1 <= options.jobs <= MAX_WORKERS:
        return f"argument --jobs: must be from 1 to {MAX_WORKERS}"
    if options.since and options.form in ("json", "licenses"):
        return "argument --since: not allowed with --json, --licenses"
    if options.texts and options.form == "json":
        return "argument --texts: not allowed with --json"
    return ""


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        prog="audit", allow_abbrev=False,
        description=DESCRIPTION,
        epilog="KEY is a license's key or SPDX id, in upper or lower case; "
        "'none' is no license, 'other' one that GitHub does not recognize, "
        "whatever its text. A policy has a license a line, or a repository "
        "and the license that was approved for it. With --policy or --since "
        "only what is not allowed or has changed is listed; --licenses, "
        "--csv and --json show whatever is looked at. Texts are also read "
        "without --texts where the policy or the table of --since names one. "
        "If --since and --save name the same file, it may be missing the "
        "first time. GH_TOKEN or GITHUB_TOKEN holds a token, GITHUB_API_URL "
        "the address of another server's API. Status: 0 done, 1 failed, 2 "
        "wrong usage, 3 something is not allowed.")
    add = parser.add_argument
    flag = partial(add, action="store_true")
    file = partial(add, metavar="FILE", action="append", default=[])
    form = partial(parser.add_mutually_exclusive_group().add_argument,
                   action="store_const", dest="form", default="")
    add("orgs", metavar="ORG", nargs="+", help="an organization's name")
    add("--license", metavar="KEY", action="append", default=[],
        help="look only at repositories under this license; repeat it for "
        "more")
    flag("--source", help="leave out forks")
    flag("--no-archived", help="leave out archived repositories")
    file("--policy", help="judge each repository by this policy; list what is "
         "not allowed; status 3 if there is any")
    file("--since", help="list what has changed since --save wrote this table")
    flag("--texts", help="read the license text of each 'other', and tell one "
         "text from another")
    form("--licenses", const="licenses",
         help="count the repositories under each license instead")
    form("--csv", const="csv",
         help="print a table for a spreadsheet instead")
    form("--json", const="json",
         help="print GitHub's own objects instead, as one JSON array")
    file("--markdown",
         help="besides, write a report for people to this file")
    file("--save",
         help="keep the state of all public repositories in this table")
    flag("--recorded", help="answer from a recording of google, offline")
    add("--jobs", metavar="N", type=int, default=10,
        help=f"pages to fetch at once, 1 to {MAX_WORKERS} (%(default)s)")
    flag("-v", "--verbose", help="log every request to stderr")
    return parser


def prepare(options: Options) -> Task:
    """Read the files that the options name.

    Raises UsageError where one of them can't be used.
    """
    policy, earlier, replaced = None, None, {}
    if options.policy:
        policy = parse_policy(read(options.policy), options.policy)
    if options.save:
        check_place(options.save)
        # It may be new or empty; a file of another kind is not replaced.
        text = read(options.save) if os.path.exists(options.save) else ""
        replaced = parse_table(text, options.save) if text else {}
    if options.since and not is_first_run(options):
        earlier = parse_table(read(options.since), options.since)
    if options.markdown:
        check_place(options.markdown)
        others = filter(None, (options.policy, options.since, options.save))
        if real_path(options.markdown) in map(real_path, others):
            raise UsageError(f"{options.markdown}: --markdown must name a "
                             "file of its own")
    return Task(options, policy, earlier, replaced)


def check_place(path: str) -> None:
    """Raise UsageError unless a file can be at a path, or is there."""
    place = real_path(path)
    for folder in (os.path.dirname(path) or os.curdir, os.path.dirname(place)):
        if not os.path.isdir(folder):
            raise UsageError(f"{path}: there is no such folder")
    if os.path.exists(place) and not os.path.isfile(place):
        raise UsageError(f"{path}: this is not a regular file")


def real_path(path: str) -> str:
    """Return a path without links; raise UsageError where none leads to it."""
    try:
        return os.path.realpath(path)
    except OSError as error:  # The current folder has been deleted.
        raise UsageError(f"{path}: there is no such folder") from error


def is_first_run(options: Options) -> bool:
    """Return whether the table to compare with is yet to be saved."""
    return (bool(options.save) and not os.path.exists(options.save)
            and real_path(options.since) == real_path(options.save))


def read(path: str) -> str:
    """Return a text file; raise UsageError where it can't be read."""
    try:
        with open(path, "rb") as file:
            return decode(file.read(), path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
