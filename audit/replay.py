#!/usr/bin/env python3
"""A server on loopback that answers as GitHub does, or as a test tells it.

`replay()` serves the recorded organization of `fixtures` over HTTP, as
https://api.github.com does, to any client. Its script says what goes wrong.
`python -m audit.replay --port 8000` serves until Ctrl-C. With `--record ORG`
it prints the tables of `fixtures` for another organization.
"""
import argparse
import json
import logging
import os
import re
import socket
import sys
import threading
from contextlib import contextmanager, suppress
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle, islice
from pprint import pformat
from socketserver import TCPServer
from textwrap import indent
from time import sleep, time
from typing import (
    Any, Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple,
    Optional, Sized, Union)
from urllib.parse import parse_qsl, urlencode
from weakref import WeakSet

from fixtures import (
    API_URL, LICENSES, ORG_FACTS, RECORDED_FACTS, Facts, org_payload,
    repos_payload, repository)

LOG = logging.getLogger("replay")
Repo = Dict[str, Any]


def numbered_repos(count: int) -> List[Repo]:
    """Return made-up repositories: repo-00001, repo-00002 and so on.

    They have the facts of the first recorded repository, but their ids,
    names and licenses (each of `LICENSES` in turn, then none) are made up.
    """
    first: Iterable[Any] = RECORDED_FACTS[0]
    keys = islice(cycle([*LICENSES, None]), count)
    return [
        repository(Facts(*first)._replace(
            id=900000000 + number, node_id=None, license=key,
            name=f"repo-{number:05}"))
        for number, key in enumerate(keys, start=1)]


class Fault(NamedTuple):
    """What a replay does to one answer: all that is given, in this order.

    wait: seconds to wait before answering.
    raw: bytes to send in place of an answer, before the connection is closed.
    status: the status, with the JSON document that GitHub sends for it.
    headers: headers to set; one whose value is None is left out.
    body: the body to send as it is.
    cut: how many bytes of the body to send before the connection is
        closed; 0 means to close it before anything is sent, raw or not.
    """

    status: Optional[int] = None
    headers: Mapping[str, Optional[str]] = {}
    body: Optional[bytes] = None
    cut: Optional[int] = None
    wait: float = 0
    raw: bytes = b""


class Asked(NamedTuple):
    """A request that reached a replay: path with query, and headers."""

    target: str
    headers: Dict[str, str]


class Answer(NamedTuple):
    """A status, the document to send as JSON, and the Link header, if any."""

    status: int
    document: Any
    link: Optional[str] = None


def problem(status: int) -> Answer:
    """Return the answer that GitHub gives with a status of 4xx or 5xx."""
    message = "Bad credentials" if status == 401 else responses.get(status)
    return Answer(status, {
        "message": message,
        "documentation_url": "https://docs.github.com/rest",
        "status": f"{status:d}"})


# Which repositories each `type` means; with any other value it is all. GitHub
# lists for a member what they may push to, which its permissions say.
TYPES: Dict[Any, Callable[[Repo], Any]] = {
    "public": lambda repo: not repo.get("private"),
    "private": lambda repo: repo.get("private"),
    "forks": lambda repo: repo.get("fork"),
    "sources": lambda repo: not repo.get("fork"),
    "member": lambda repo: (repo.get("permissions") or {}).get("push"),
}

# What each `sort` sorts by; with any other value it is the creation.
SORTS: Dict[Any, str] = {"updated": "updated_at", "pushed": "pushed_at",
                         "full_name": "full_name"}


def listing(repos: List[Repo], query: Mapping[str, str]) -> List[Repo]:
    """Return the repositories that a query asks for, in its order.

    `type`, `sort` and `direction` mean what GitHub's page says:
    https://docs.github.com/rest/repos/repos#list-organization-repositories
    But with neither `sort` nor `direction` the given order stays: the page
    says the newest first, and GitHub sent the recording the oldest first. In
    ascending order, repositories that lack what is sorted by come first.
    """
    is_wanted = TYPES.get(query.get("type"), lambda repo: True)
    repos = list(filter(is_wanted, repos))
    if "sort" in query or "direction" in query:
        fact = SORTS.get(query.get("sort"), "created_at")
        repos.sort(key=lambda repo: (repo.get(fact) or "").lower())
        usual = "asc" if fact == "full_name" else "desc"
        if query.get("direction", usual) == "desc":
            repos.reverse()
    return repos


def answer(target: str, repos: List[Repo]) -> Answer:
    """Return what GitHub answers to GET of a path with a query.

    The recorded organization and its repositories exist, nothing else.
    Pages go by `per_page` (30 unless given, 100 at the most) and `page`:
    https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api
    """
    path, _, asked = target.partition("?")
    login, by_id = org_payload["login"], f"/organizations/{org_payload['id']}"
    place = re.fullmatch(
        f"(?:/(?:orgs|users)/{login}|{by_id})(/repos)?", path,
        re.IGNORECASE)
    if place is None:
        LOG.info("there is no %s here, only /orgs/%s, /users/%s and %s, each "
                 "with and without /repos", path, login, login, by_id)
        return problem(404)
    if not place[1]:
        public = filter(TYPES["public"], repos)
        return Answer(200, {**org_payload, "public_repos": len(list(public))})
    query = dict(parse_qsl(asked))
    repos = listing(repos, query)
    size = min(100, positive(query.get("per_page")) or 30)
    page = positive(query.get("page")) or 1
    last = max(1, -(-len(repos) // size))
    pages = [("prev", page > 1, min(page - 1, last)),
             ("next", page < last, page + 1),
             ("last", page != last, last),
             ("first", page > 1, 1)]
    link = ", ".join(
        f'<{API_URL}{by_id}/repos?{urlencode({**query, "page": number})}>; '
        f'rel="{rel}"' for rel, is_there, number in pages if is_there)
    return Answer(200, repos[(page - 1) * size:page * size], link or None)


def positive(text: Optional[str]) -> int:
    """Return the number that a text says in digits, else 0."""
    return int(text) if text and re.fullmatch("[0-9]{1,18}", text) else 0


class Replay(ThreadingHTTPServer):
    """The server behind `replay`: its script, its log, its connections."""

    daemon_threads = False  # so that closing the server waits for them
    request_queue_size = 128

    def __init__(
            self, script: Mapping[str, Iterable[Fault]], repos: List[Repo],
            port: int, on_request: Callable[[Asked], Any]) -> None:
        """Check the script; listen on loopback, port 0 means a free one."""
        for where in script:
            try:
                re.compile(where)
            except re.error as error:
                raise ValueError(f"the script's key {where!r} is not a "
                                 f"regular expression: {error}") from error
        self.script = {where: iter(script[where]) for where in script}
        # Of faults without a length (itertools.repeat) only the first counts.
        self.left = {where: len(faults) if isinstance(faults, Sized) else 1
                     for where, faults in script.items()}
        self.script_lock = threading.Lock()
        self.targets: List[str] = []
        self.repos = repos
        self.on_request = on_request
        self.connections: WeakSet[socket.socket] = WeakSet()
        self.closing = threading.Event()
        super().__init__(("127.0.0.1", port), Handler)

    # http.server's own would look up the address's name, which can take long.
    server_bind = TCPServer.server_bind

    def fault(self, target: str) -> Fault:
        """Return the fault that the script has next for a request."""
        with self.script_lock:
            self.targets.append(target)
            for where, faults in self.script.items():
                if re.search(where, target):
                    self.left[where] -= 1
                    return next(faults, Fault())
        return Fault()

    def check_script(self) -> None:
        """Raise AssertionError if the script has faults left."""
        left = [f"{number} of {where!r}"
                for where, number in self.left.items() if number > 0]
        if left:
            raise AssertionError(
                f"faults in the script met no request: {', '.join(left)}; "
                f"the requests: {', '.join(self.targets) or 'none'}")

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember a connection as it comes in."""
        self.connections.add(request)
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up in the middle of an answer."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """End every connection, idle or not, and then the server."""
        self.shutdown()
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.closing.set()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """One connection to a replay, kept open from request to request."""

    server: Replay
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # Else the body waits for the head's ACK.

    def do_GET(self) -> None:
        """Answer as GitHub does, or as the script says."""
        self.server.on_request(Asked(self.path, dict(self.headers)))
        fault = self.server.fault(self.path)
        self.server.closing.wait(fault.wait)
        if fault.raw or fault.cut == 0:
            self.close_connection = True
            self.wfile.write(fault.raw[:fault.cut])
        elif fault.status is None:
            self.send(answer(self.path, self.server.repos), fault)
        else:
            self.send(problem(fault.status), fault)

    def send(self, reply: Answer, fault: Fault) -> None:
        """Send an answer with GitHub's headers, changed as a fault says.

        Whatever points to the API points to this server.
        """
        base = f"http://{self.headers['Host']}"
        text = json.dumps(reply.document).replace(API_URL, base)
        body = text.encode() if fault.body is None else fault.body
        fields: Dict[str, Any] = {
            "Content-Type": "application/json; charset=utf-8",
            "Content-Length": len(body),
            "Link": reply.link and reply.link.replace(API_URL, base),
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-RateLimit-Limit": "60",
            "X-RateLimit-Remaining": "59",
            "X-RateLimit-Used": "1",
            "X-RateLimit-Reset": f"{time() + 3600:.0f}",
            "X-RateLimit-Resource": "core",
            **fault.headers}
        self.send_response(reply.status)
        for name, value in fields.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[:fault.cut])
        if fault.cut is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Log each request; nobody hears it unless logging is set up."""
        LOG.info(format, *args)


@contextmanager
def replay(
        script: Mapping[str, Iterable[Fault]] = {}, *,
        repos: List[Repo] = repos_payload,
        on_request: Callable[[Asked], Any] = lambda asked: None,
        port: int = 0) -> Iterator[str]:
    """Serve the recorded organization on loopback; yield the server's URL.

    It answers as https://api.github.com does, with every API URL in an
    answer pointing to itself. The script says what goes wrong: its keys are
    regular expressions, searched for in the path with the query, and each
    value is the faults of the first answers; after them all is as usual.
    Page 2 answers 500 once, then as usual:

        with replay({"&page=2": [Fault(500)]}) as url:

    For ever it is `itertools.repeat(Fault(500))`. The repositories can be
    other than the recorded nine, `on_request` is called with every request
    before it is answered, and the port is a free one unless given.

    Raises ValueError for a key that is not a regular expression, and OSError
    where the port can't be had. Raises AssertionError at the end of the block
    (unless it ends by another error) if a fault of the script met no request:
    a test that scripts it proves nothing. Of faults without a length only the
    first must have met one.
    """
    server = Replay(script, repos, port, on_request)
    thread = threading.Thread(target=server.serve_forever, args=(0.002,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.stop()
        thread.join()
    server.check_script()


# The recording.

def record(org_name: str, names: List[str]) -> str:
    """Return the tables of `fixtures` for an organization, as Python.

    It asks the API that the environment names, with its token. The tables
    hold all public repositories, by creation, or only those named, in that
    order. Nothing but the facts that the tables name is in them: no
    description, no e-mail address, no URL of a person. `LICENSES` is there
    where it changes. Raises OSError if the API does not answer as it should,
    and ValueError for a name that the organization does not have.
    """
    from .live import LiveOrgClient
    with LiveOrgClient.from_environment(org_name) as client:
        org, repos = client.org, client.repos_payload
    by_name = {repo["name"].lower(): repo for repo in repos}
    for name in names:
        if name.lower() not in by_name:
            raise ValueError(f"{org['login']} has no public repository {name}")
    repos = [by_name[name.lower()] for name in names] or repos
    licenses: Dict[str, Any] = {**LICENSES}
    rows = []
    for repo in repos:
        license = repo.get("license") or {}
        key, *facts = map(license.get, ("key", "name", "spdx_id", "node_id"))
        if key:
            licenses[key] = tuple(facts)
        fields = {**repo, "license": key}
        rows.append(tuple(map(fields.get, Facts._fields)))
    tables = [
        table("ORG_FACTS", {fact: org.get(fact) for fact in ORG_FACTS}),
        table("RECORDED_FACTS", rows)]
    if licenses != LICENSES:
        tables.append(table("LICENSES", licenses))
    return "\n".join(tables)


def table(name: str, values: Union[List[Any], Dict[str, Any]]) -> str:
    """Return a table as Python, indented and wrapped as PEP 8 has it."""
    text = pformat(values, width=76, compact=True)
    return f"{name} = {text[0]}\n{indent(' ' + text[1:-1], '   ')}\n{text[-1]}"


def main() -> int:
    """Serve until Ctrl-C, or record; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="audit.replay",
        description="Serve the recorded organization on loopback, as "
        "https://api.github.com does, until Ctrl-C.")
    parser.add_argument(
        "--port", type=int, default=8000,
        help="TCP port on 127.0.0.1 (%(default)s); 0 for a free one")
    parser.add_argument(
        "--record", nargs="+", metavar=("ORG", "NAME"),
        help="print the tables of fixtures.py for an organization: all of its "
        "public repositories, or only those named")
    args = parser.parse_args()
    try:
        if args.record:
            print(record(args.record[0], args.record[1:]), flush=True)
            return 0
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        with replay(port=args.port) as url:
            print(url, flush=True)
            while True:
                sleep(1)  # On Windows, Ctrl-C does not end an Event().wait().
    except KeyboardInterrupt:
        return 130  # what a shell says of a program that Ctrl-C has ended
    except BrokenPipeError:  # Nobody reads on; Python would try again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (OSError, OverflowError, ValueError) as error:
        where = "" if args.record else f"port {args.port}: "
        print(f"{parser.prog}: {where}{error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
