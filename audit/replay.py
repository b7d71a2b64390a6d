#!/usr/bin/env python3
"""A server on loopback that answers as GitHub does, or as a test tells it.

`replay()` serves the recorded organization of `fixtures` over HTTP, as
https://api.github.com does, to any client. Its script says what goes wrong.
The texts of licenses were not recorded: those that it serves are made up.
`python -m audit.replay --port 8000` serves until Ctrl-C.
"""
import argparse
import json
import logging
import os
import re
import socket
import sys
import threading
from base64 import encodebytes
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha1
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, cycle, islice
from socketserver import TCPServer
from time import sleep, time
from typing import (
    Any, Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple,
    Optional, Sequence, Sized)
from urllib.parse import parse_qsl, urlencode
from weakref import WeakSet
from zlib import crc32

from fixtures import (
    API_URL, LICENSES, ORG_FACTS, RECORDED_FACTS, Facts, org_payload,
    organization, repos_payload, repository)

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


def answer(
        target: str, orgs: Mapping[str, List[Repo]],
        texts: Mapping[str, str] = {}) -> Answer:
    """Return what GitHub answers to GET of a path with a query.

    There are these organizations, by login, with their repositories, and the
    license of each repository that has one. Nothing else is there.
    """
    path, _, query = target.partition("?")
    for login, repos in orgs.items():
        org = organization_named(login)
        place = re.fullmatch(
            f"(?:/(?:orgs|users)/{login}|/organizations/{org['id']})(/repos)?",
            path, re.IGNORECASE)
        if place and place[1]:
            return page_of(repos, query, org["id"])
        if place:
            public = list(filter(TYPES["public"], repos))
            return Answer(200, {**org, "public_repos": len(public)})
    for repo in chain(*orgs.values()):
        license_path = f"/repos/{repo.get('full_name')}/license"
        if path.lower() == license_path.lower():
            return license_answer(repo, texts)
    LOG.info("there is no %s here, only /orgs/ORG and /users/ORG, each with "
             "and without /repos, and /repos/ORG/NAME/license; ORG is %s",
             path, " or ".join(orgs))
    return problem(404)


def organization_named(login: str) -> Dict[str, Any]:
    """Return the recorded organization, or a made-up one of another name.

    What is made up is its login, its name and its ids.
    """
    if login == org_payload["login"]:
        return org_payload
    number = crc32(login.encode())
    return organization({
        **ORG_FACTS, "login": login, "name": login, "id": number,
        "node_id": f"O_{number}"})


def page_of(repos: List[Repo], asked: str, org_id: int) -> Answer:
    """Return the page of repositories that a query asks for, with its links.

    Pages go by `per_page` (30 unless given, 100 at the most) and `page`:
    https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api
    """
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
        f"<{API_URL}/organizations/{org_id}/repos?"
        f'{urlencode({**query, "page": number})}>; rel="{rel}"'
        for rel, is_there, number in pages if is_there)
    return Answer(200, repos[(page - 1) * size:page * size], link or None)


def positive(text: Optional[str]) -> int:
    """Return the number that a text says in digits, else 0."""
    return int(text) if text and re.fullmatch("[0-9]{1,18}", text) else 0


def license_answer(repo: Repo, texts: Mapping[str, str]) -> Answer:
    """Return the answer with the file of a repository's license.

    No text was recorded. What is not in the texts, by `full_name`, is made
    up; it stays the same if the repository is renamed.
    https://docs.github.com/rest/licenses/licenses#get-the-license-for-a-repository
    """
    if not repo.get("license"):
        return problem(404)
    full_name, branch = repo["full_name"], repo.get("default_branch", "master")
    made_up = (f"A made-up license of the repository with the id {repo['id']}"
               "\n\nCopyright (c) 2019 The authors\n")
    data = texts.get(full_name, made_up).encode()
    sha = sha1(b"blob %d\0%s" % (len(data), data)).hexdigest()  # as git's
    url = f"{API_URL}/repos/{full_name}/contents/LICENSE?ref={branch}"
    git_url = f"{API_URL}/repos/{full_name}/git/blobs/{sha}"
    html_url = f"https://github.com/{full_name}/blob/{branch}/LICENSE"
    return Answer(200, {
        "name": "LICENSE",
        "path": "LICENSE",
        "sha": sha,
        "size": len(data),
        "url": url,
        "html_url": html_url,
        "git_url": git_url,
        "download_url":
            f"https://raw.githubusercontent.com/{full_name}/{branch}/LICENSE",
        "type": "file",
        "content": encodebytes(data).decode(),
        "encoding": "base64",
        "_links": {"self": url, "git": git_url, "html": html_url},
        "license": repo["license"],
    })


class Replay(ThreadingHTTPServer):
    """The server behind `replay`: its script, its log, its connections."""

    daemon_threads = False  # so that closing the server waits for them
    request_queue_size = 128
    # On Windows it would let two servers listen on one port.
    allow_reuse_address = os.name == "posix"

    def __init__(
            self, script: Mapping[str, Iterable[Fault]],
            orgs: Mapping[str, List[Repo]], texts: Mapping[str, str],
            on_request: Callable[[Asked], Any], port: int) -> None:
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
        self.orgs = orgs
        self.texts = texts
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
            self.send(answer(
                self.path, self.server.orgs, self.server.texts), fault)
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
        others: Mapping[str, List[Repo]] = {},
        texts: Mapping[str, str] = {},
        on_request: Callable[[Asked], Any] = lambda asked: None,
        port: int = 0) -> Iterator[str]:
    """Serve the recorded organization on loopback; yield the server's URL.

    It answers as https://api.github.com does, with every API URL in an
    answer pointing to itself. The script says what goes wrong: its keys are
    regular expressions, searched for in the path with the query, and each
    value is the faults of the first answers; after them all is as usual.
    Page 2 answers 500 once, then as usual:

        with replay({"&page=2": [Fault(500)]}) as url:

    For ever it is `itertools.repeat(Fault(500))`.

    repos: the repositories of the organization, instead of the recorded nine.
    others: more organizations, by login, each with its repositories.
    texts: texts of licenses, by the `full_name` of a repository. All other
        texts are made up, for no text was recorded.
    on_request: it is called with every request before that is answered.
    port: the port to listen on, instead of a free one.

    Raises ValueError for a key that is not a regular expression, and OSError
    if the port is not free. Raises AssertionError at the end of the block
    (unless it ends by another error) if a fault of the script met no request,
    because a test that scripts such a fault proves nothing. If the faults of
    a key have no length, as those of an iterator, one of them is enough.
    """
    orgs = {org_payload["login"]: repos, **others}
    server = Replay(script, orgs, texts, on_request, port)
    thread = threading.Thread(target=server.serve_forever, args=(0.002,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.stop()
        thread.join()
    server.check_script()


# As a program.

def main(argv: Optional[Sequence[str]] = None) -> int:
    """Serve until Ctrl-C, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="audit.replay",
        description="Serve the recorded organization on loopback, as "
        "https://api.github.com does, until Ctrl-C.")
    parser.add_argument(
        "--port", type=int, default=8000,
        help="TCP port on 127.0.0.1 (%(default)s); 0 for a free one")
    port = parser.parse_args(argv).port
    if not 0 <= port <= 65535:
        parser.error("argument --port: must be from 0 to 65535")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with ExitStack() as stack:
        try:
            url = stack.enter_context(replay(port=port))
        except OSError as error:
            print(f"{parser.prog}: port {port}: {error.strerror}",
                  file=sys.stderr)
            return 1
        with suppress(KeyboardInterrupt):
            print(url, flush=True)
            while True:
                sleep(1)  # On Windows, Ctrl-C does not end an Event().wait().
    return 130  # what a shell says of a program that Ctrl-C has ended


if __name__ == "__main__":
    sys.exit(main())
