#!/usr/bin/env python3
"""Print the tables of `fixtures` for another organization.

    python -m audit.record ORG [NAME ...]

It asks the API that the environment names, with the token that it holds. The
tables have all public repositories, by creation, or only those that are
named, in the order of the names. They are ready to be pasted: nothing is in
them but the facts that `fixtures` has columns for. So there is no
description, no e-mail address and no URL of a person to be removed.
"""
import argparse
import os
import sys
from pprint import pformat
from textwrap import indent
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union

from fixtures import LICENSES, ORG_FACTS, Facts

from .explain import explain
from .live import LiveOrgClient

Repo = Mapping[str, Any]


class UnknownRepository(Exception):
    """The organization has no public repository of a name."""


def named(repos: Sequence[Repo], names: Sequence[str]) -> Sequence[Repo]:
    """Return the repositories of these names, in the order of the names.

    Names compare in any case. Without names it is all repositories. Raises
    UnknownRepository for a name that no repository has.
    """
    by_name = {repo["name"].lower(): repo for repo in repos}
    for name in names:
        if name.lower() not in by_name:
            raise UnknownRepository(f"there is no public repository {name}")
    return [by_name[name.lower()] for name in names] or repos


def tables(org: Mapping[str, Any], repos: Sequence[Repo]) -> str:
    """Return the tables for an organization and repositories, as Python.

    `LICENSES` is one of them if these repositories change it.
    """
    licenses: Dict[str, Any] = {**LICENSES}
    rows = []
    for repo in repos:
        license = repo.get("license") or {}
        key = license.get("key")
        if key:
            licenses[key] = tuple(
                map(license.get, ("name", "spdx_id", "node_id")))
        facts = {**repo, "license": key}
        rows.append(tuple(map(facts.get, Facts._fields)))
    parts = [
        table("ORG_FACTS", {fact: org.get(fact) for fact in ORG_FACTS}),
        table("RECORDED_FACTS", rows)]
    if licenses != LICENSES:
        parts.append(table("LICENSES", licenses))
    return "\n".join(parts)


def table(name: str, values: Union[List[Any], Dict[str, Any]]) -> str:
    """Return a table as Python, indented and wrapped as PEP 8 has it."""
    text = pformat(values, width=76, compact=True)
    return f"{name} = {text[0]}\n{indent(' ' + text[1:-1], '   ')}\n{text[-1]}"


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Record an organization, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="audit.record",
        description="Print the tables of fixtures.py for an organization.")
    parser.add_argument("org", metavar="ORG", help="an organization's name")
    parser.add_argument(
        "names", metavar="NAME", nargs="*",
        help="a repository to record; without a name, all that are public")
    args = parser.parse_args(argv)
    try:
        with LiveOrgClient.from_environment(args.org) as client:
            repos = named(client.repos_payload, args.names)
            text = tables(client.org, repos)
    except (OSError, UnknownRepository) as error:
        # OSError: what GitHub, the network or a file of certificates says.
        return failed(explain(error, "", os.environ))
    try:
        print(text, flush=True)
    except OSError as error:
        # At exit Python would try again to print it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return failed(f"stdout: {error.strerror}")
    return 0


def failed(line: str) -> int:
    """Print a line on stderr, and return the status for an error."""
    print("audit.record:", line, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
