#!/usr/bin/env python3
"""What GitHub answers about the organization google, and its replay.

`TEST_PAYLOAD` and the four names in it are recorded payloads for tests.
`replay()` serves them over HTTP on loopback as api.github.com does;
`./fixtures.py --port 8000` serves them until Ctrl-C.

Recorded facts: the organization as of 2024-04-19 and nine of its
repositories as of 2019-12-04, all but the descriptions, which are null
here. They stand below as a table, and `repository` expands a row of it to
the 74 keys that GitHub sends for each. `numbered_repos` makes up as many
others as a test of paging wants.
"""
import argparse
import json
import logging
import re
import socket
import sys
import threading
from base64 import b64encode
from contextlib import contextmanager, suppress
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle, islice
from socketserver import TCPServer
from time import time
from typing import (
    Any, Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple,
    Optional, Set, Union)
from urllib.parse import parse_qsl, urlencode, urlsplit

API_URL = "https://api.github.com"

FACTS = (
    "id", "name", "fork", "language", "license",
    "size", "stargazers_count", "forks_count", "open_issues_count",
    "has_issues", "has_wiki", "has_pages", "homepage",
    "created_at", "updated_at", "pushed_at")

RECORDED_FACTS = (
    (7697149, "episodes.dart", False, "Dart", "bsd-3-clause",
     191, 12, 22, 0, True, True, False, None,
     "2013-01-19T00:31:37Z", "2019-09-23T11:53:58Z", "2014-10-09T21:39:33Z"),
    (7776515, "cpp-netlib", True, "C++", "bsl-1.0",
     8937, 292, 59, 0, False, True, False, "http://cpp-netlib.github.com/",
     "2013-01-23T14:45:32Z", "2019-11-15T02:26:31Z", "2018-12-05T17:42:29Z"),
    (7968417, "dagger", True, "Java", "apache-2.0",
     59129, 14492, 1741, 148, True, True, True, "https://dagger.dev",
     "2013-02-01T23:14:14Z", "2019-12-03T12:39:55Z", "2019-11-27T21:20:38Z"),
    (8165161, "ios-webkit-debug-proxy", False, "C", "other",
     680, 4630, 395, 24, True, False, False, "",
     "2013-02-12T19:08:19Z", "2019-12-04T02:06:43Z", "2019-11-24T07:02:13Z"),
    (8459994, "google.github.io", False, "HTML", None,
     8, 38, 44, 0, False, False, True, None,
     "2013-02-27T16:21:19Z", "2019-12-03T01:38:02Z", "2019-12-03T01:37:58Z"),
    (8566972, "kratu", False, "JavaScript", "apache-2.0",
     1777, 280, 32, 0, True, True, True, None,
     "2013-03-04T22:52:33Z", "2019-11-15T22:22:16Z", "2017-08-06T05:44:34Z"),
    (8858648, "build-debian-cloud", True, "Shell", "other",
     986, 32, 22, 5, False, False, False, "",
     "2013-03-18T16:32:00Z", "2019-09-23T11:54:00Z", "2014-06-17T18:52:10Z"),
    (9060347, "traceur-compiler", False, "JavaScript", "apache-2.0",
     27487, 8033, 604, 296, True, True, True, "",
     "2013-03-27T18:05:40Z", "2019-12-02T16:45:54Z", "2018-05-28T04:37:54Z"),
    (9065917, "firmata.py", False, "Python", "apache-2.0",
     160, 15, 15, 0, True, True, False, None,
     "2013-03-27T23:20:35Z", "2019-09-23T11:54:02Z", "2013-03-27T23:34:35Z"),
)

# A license's key: its name, its SPDX id, the number in its node id.
LICENSES = {
    "apache-2.0": ("Apache License 2.0", "Apache-2.0", 2),
    "bsd-3-clause": (
        'BSD 3-Clause "New" or "Revised" License', "BSD-3-Clause", 5),
    "bsl-1.0": ("Boost Software License 1.0", "BSL-1.0", 28),
    "other": ("Other", "NOASSERTION", 0),
}

# The URLs in a repository: forks=/forks is "forks_url": ".../NAME/forks".
REPO_URLS = """
    forks=/forks keys=/keys{/key_id}
    collaborators=/collaborators{/collaborator} teams=/teams hooks=/hooks
    issue_events=/issues/events{/number} events=/events
    assignees=/assignees{/user} branches=/branches{/branch} tags=/tags
    blobs=/git/blobs{/sha} git_tags=/git/tags{/sha} git_refs=/git/refs{/sha}
    trees=/git/trees{/sha} statuses=/statuses/{sha} languages=/languages
    stargazers=/stargazers contributors=/contributors subscribers=/subscribers
    subscription=/subscription commits=/commits{/sha}
    git_commits=/git/commits{/sha} comments=/comments{/number}
    issue_comment=/issues/comments{/number} contents=/contents/{+path}
    compare=/compare/{base}...{head} merges=/merges
    archive=/{archive_format}{/ref} downloads=/downloads
    issues=/issues{/number} pulls=/pulls{/number}
    milestones=/milestones{/number}
    notifications=/notifications{?since,all,participating}
    labels=/labels{/name} releases=/releases{/id} deployments=/deployments
"""

# The same in its owner.
OWNER_URLS = """
    followers=/followers following=/following{/other_user}
    gists=/gists{/gist_id} starred=/starred{/owner}{/repo}
    subscriptions=/subscriptions organizations=/orgs repos=/repos
    events=/events{/privacy} received_events=/received_events
"""


def urls(base: str, table: str) -> Dict[str, str]:
    """Return the keys and values that a table of URLs gives at a base."""
    rows = (row.split("=") for row in table.split())
    return {f"{name}_url": base + path for name, path in rows}


def organization() -> Dict[str, Any]:
    """Return the organization as GitHub sends it, in GitHub's order."""
    api = f"{API_URL}/orgs/google"
    return {
        "login": "google",
        "id": 1342004,
        "node_id": "MDEyOk9yZ2FuaXphdGlvbjEzNDIwMDQ=",
        "url": api,
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events",
        "hooks_url": f"{api}/hooks",
        "issues_url": f"{api}/issues",
        "members_url": f"{api}/members{{/member}}",
        "public_members_url": f"{api}/public_members{{/member}}",
        "avatar_url": "https://avatars.githubusercontent.com/u/1342004?v=4",
        "description": None,
        "name": "Google",
        "company": None,
        "blog": "https://opensource.google/",
        "location": "United States of America",
        "email": "opensource@google.com",
        "twitter_username": "GoogleOSS",
        "is_verified": True,
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": 2635,
        "public_gists": 0,
        "followers": 40503,
        "following": 0,
        "html_url": "https://github.com/google",
        "created_at": "2012-01-18T01:30:18Z",
        "updated_at": "2024-04-19T18:36:13Z",
        "archived_at": None,
        "type": "Organization",
    }


def owner() -> Dict[str, Any]:
    """Return the organization in the short form that a repository holds."""
    api = f"{API_URL}/users/google"
    return {
        "login": "google",
        "id": 1342004,
        "node_id": "MDEyOk9yZ2FuaXphdGlvbjEzNDIwMDQ=",
        "avatar_url": "https://avatars1.githubusercontent.com/u/1342004?v=4",
        "gravatar_id": "",
        "url": api,
        "html_url": "https://github.com/google",
        **urls(api, OWNER_URLS),
        "type": "Organization",
        "site_admin": False,
    }


def node_id(text: str) -> str:
    """Return the identifier that GitHub's GraphQL knows an object by."""
    return b64encode(text.encode()).decode()


def license_of(key: Optional[str]) -> Optional[Dict[str, Optional[str]]]:
    """Return a license as a repository holds it; None for no license."""
    if key is None:
        return None
    name, spdx_id, number = LICENSES[key]
    return {
        "key": key,
        "name": name,
        "spdx_id": spdx_id,
        "url": None if key == "other" else f"{API_URL}/licenses/{key}",
        "node_id": node_id(f"07:License{number}"),
    }


def repository(facts: Iterable[Any]) -> Dict[str, Any]:
    """Expand a row of facts to the object that GitHub sends.

    The facts come in the order of `FACTS`; the object has GitHub's 74 keys
    in GitHub's order.
    """
    fact = dict(zip(FACTS, facts))
    full_name = f"google/{fact['name']}"
    api = f"{API_URL}/repos/{full_name}"
    page = f"https://github.com/{full_name}"
    return {
        "id": fact["id"],
        "node_id": node_id(f"010:Repository{fact['id']}"),
        "name": fact["name"],
        "full_name": full_name,
        "private": False,
        "owner": owner(),
        "html_url": page,
        "description": None,
        "fork": fact["fork"],
        "url": api,
        **urls(api, REPO_URLS),
        "created_at": fact["created_at"],
        "updated_at": fact["updated_at"],
        "pushed_at": fact["pushed_at"],
        "git_url": f"git://github.com/{full_name}.git",
        "ssh_url": f"git@github.com:{full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "homepage": fact["homepage"],
        "size": fact["size"],
        "stargazers_count": fact["stargazers_count"],
        "watchers_count": fact["stargazers_count"],
        "language": fact["language"],
        "has_issues": fact["has_issues"],
        "has_projects": True,
        "has_downloads": True,
        "has_wiki": fact["has_wiki"],
        "has_pages": fact["has_pages"],
        "forks_count": fact["forks_count"],
        "mirror_url": None,
        "archived": False,
        "disabled": False,
        "open_issues_count": fact["open_issues_count"],
        "license": license_of(fact["license"]),
        "forks": fact["forks_count"],
        "open_issues": fact["open_issues_count"],
        "watchers": fact["stargazers_count"],
        "default_branch": "master",
        "permissions": {"admin": False, "push": False, "pull": True},
    }


def numbered_repos(count: int) -> List[Dict[str, Any]]:
    """Return made-up repositories: repo-00001, repo-00002 and so on.

    They have the facts of the first recorded repository, but their ids,
    names and licenses (each of `LICENSES` in turn, then none) are made up.
    """
    keys = islice(cycle([*LICENSES, None]), count)
    template = dict(zip(FACTS, RECORDED_FACTS[0]))
    return [
        repository({**template, "id": 900000000 + number, "license": key,
                    "name": f"repo-{number:05}"}.values())
        for number, key in enumerate(keys, start=1)]


org_payload = organization()
repos_payload = [repository(facts) for facts in RECORDED_FACTS]
expected_repos = [
    "episodes.dart", "cpp-netlib", "dagger", "ios-webkit-debug-proxy",
    "google.github.io", "kratu", "build-debian-cloud", "traceur-compiler",
    "firmata.py"]
apache2_repos = ["dagger", "kratu", "traceur-compiler", "firmata.py"]

TEST_PAYLOAD = [(org_payload, repos_payload, expected_repos, apache2_repos)]


class Fault(NamedTuple):
    """What a replay does to one answer: all that is given, in this order.

    wait: seconds to wait before answering.
    raw: bytes to send in place of an answer; then the connection is closed.
    status: the status, with the JSON document that GitHub sends for it.
    headers: headers to set; one whose value is None is left out.
    body: the body to send as it is. One in parts is sent in chunks, for
        ever if they have no end.
    cut: how many bytes of the body to send before the connection is
        closed; 0 means to close it before anything is sent.
    """

    status: Optional[int] = None
    headers: Mapping[str, Optional[str]] = {}
    body: Union[bytes, Iterable[bytes], None] = None
    cut: Optional[int] = None
    wait: float = 0
    raw: Optional[bytes] = None


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
    messages = {401: "Bad credentials", 451: "Repository access blocked"}
    return Answer(status, {
        "message": messages.get(status) or responses.get(status),
        "documentation_url": "https://docs.github.com/rest",
        "status": f"{status:d}"})


def answer(target: str, repos: List[Dict[str, Any]]) -> Answer:
    """Return what GitHub answers to GET of a path with a query.

    The organization google and its repositories exist, nothing else. Pages
    go by `per_page` (30 unless given, 100 at the most) and `page`:
    https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api
    """
    parts = urlsplit(target)
    org, _, rest = re.sub(
        "^/(orgs/google|users/google|organizations/1342004)(?=/|$)", "google",
        parts.path, flags=re.IGNORECASE).partition("/")
    if (org, rest) == ("google", ""):
        return Answer(200, org_payload)
    if (org, rest) != ("google", "repos"):
        return problem(404)
    query = dict(parse_qsl(parts.query))
    size = min(100, positive(query.get("per_page")) or 30)
    page = positive(query.get("page")) or 1
    last = max(1, -(-len(repos) // size))
    pages = {}
    if page > 1:
        pages["prev"] = min(page - 1, last)
    if page < last:
        pages["next"] = page + 1
    if page != last:
        pages["last"] = last
    if page > 1:
        pages["first"] = 1
    link = ", ".join(
        f"<{API_URL}/organizations/1342004/repos?"
        f'{urlencode({**query, "page": number})}>; rel="{rel}"'
        for rel, number in pages.items())
    return Answer(200, repos[(page - 1) * size:page * size], link or None)


def positive(text: Optional[str]) -> int:
    """Return the number that a text says in digits, else 0."""
    return int(text) if text and re.fullmatch("[0-9]{1,9}", text) else 0


class Replay(ThreadingHTTPServer):
    """The server behind `replay`: its script, its log, its connections."""

    daemon_threads = False  # so that closing the server waits for them
    request_queue_size = 128

    def __init__(
            self, script: Mapping[str, Iterable[Fault]],
            repos: List[Dict[str, Any]], port: int,
            on_request: Callable[[Asked], Any]) -> None:
        """Listen on loopback, at a free port where the port is 0."""
        self.script = {
            re.compile(where): iter(faults)
            for where, faults in script.items()}
        self.repos = repos
        self.on_request = on_request
        self.connections: Set[socket.socket] = set()
        self.closing = threading.Event()
        super().__init__(("127.0.0.1", port), Handler)

    def server_bind(self) -> None:
        """Bind the address only: http.server would look up its name too."""
        TCPServer.server_bind(self)
        self.server_name = "127.0.0.1"
        self.server_port = self.server_address[1]

    def fault(self, target: str) -> Fault:
        """Return the fault that the script has next for a request."""
        for where, faults in self.script.items():
            if where.search(target):
                return next(faults, Fault())
        return Fault()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember a connection as it comes in."""
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection as it ends."""
        self.connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up in the middle of an answer."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def stop(self) -> None:
        """End every connection, idle or not, and then the server."""
        self.shutdown()
        self.closing.set()
        for connection in list(self.connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    """One connection to a replay, kept open from request to request."""

    server: Replay
    protocol_version = "HTTP/1.1"
    server_version = "replay"
    wbufsize = 2**20  # Head and body leave together.

    def do_GET(self) -> None:
        """Answer as GitHub does, or as the script says."""
        self.server.on_request(Asked(self.path, dict(self.headers)))
        fault = self.server.fault(self.path)
        self.server.closing.wait(fault.wait)
        if fault.raw is not None or fault.cut == 0:
            self.close_connection = True
            self.wfile.write(fault.raw or b"")
        elif fault.status is None:
            self.send(answer(self.path, self.server.repos), fault)
        else:
            self.send(problem(fault.status), fault)

    do_HEAD = do_CONNECT = do_GET  # CONNECT is for tests of proxies.

    def send_error(
            self, code: int, message: Optional[str] = None,
            explain: Optional[str] = None) -> None:
        """Answer a request that http.server refuses in JSON, as GitHub."""
        self.close_connection = True
        self.send(problem(code), Fault())

    def send(self, reply: Answer, fault: Fault) -> None:
        """Send an answer with GitHub's headers, changed as a fault says.

        Whatever points to the API points to this server.
        """
        headers: Mapping[str, str] = getattr(self, "headers", {})
        base = "http://" + headers.get("Host", "127.0.0.1")
        text = json.dumps(reply.document).replace(API_URL, base)
        body = text.encode() if fault.body is None else fault.body
        length: Dict[str, Optional[str]] = {"Transfer-Encoding": "chunked"}
        if isinstance(body, bytes):
            length = {"Content-Length": str(len(body))}
        fields = {
            "Content-Type": "application/json; charset=utf-8",
            **length,
            "Link": reply.link and reply.link.replace(API_URL, base),
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-RateLimit-Limit": "60",
            "X-RateLimit-Remaining": "59",
            "X-RateLimit-Used": "1",
            "X-RateLimit-Reset": str(int(time()) + 3600),
            "X-RateLimit-Resource": "core",
            **fault.headers}
        self.send_response(reply.status)
        for name, value in fields.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if isinstance(body, bytes):
            self.wfile.write(body[:fault.cut])
        else:
            for part in body:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
        if fault.cut is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Log each request; nobody hears it unless logging is set up."""
        logging.getLogger("fixtures").info(format, *args)


@contextmanager
def replay(
        script: Mapping[str, Iterable[Fault]] = {}, *,
        repos: List[Dict[str, Any]] = repos_payload,
        on_request: Callable[[Asked], Any] = lambda asked: None,
        port: int = 0) -> Iterator[str]:
    """Serve the organization google on loopback; yield the server's URL.

    It answers as https://api.github.com does, with every API URL in an
    answer pointing to itself. The script says what goes wrong: its keys are
    regular expressions, searched for in the path with the query, and each
    value is the faults of the first answers; after them all is as usual.
    Page 2 answers 500 once, then as usual:

        with replay({"&page=2": [Fault(500)]}) as url:

    For ever it is `itertools.repeat(Fault(500))`. The repositories can be
    other than the recorded nine, `on_request` is called with every request
    before it is answered, and the port is a free one unless given. Raises
    OSError where the port can't be had.
    """
    server = Replay(script, repos, port, on_request)
    thread = threading.Thread(target=server.serve_forever, args=(0.002,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.stop()
        thread.join()


def port_number(text: str) -> int:
    """Return a TCP port from the command line."""
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > 65535:
        raise argparse.ArgumentTypeError("must be a number from 0 to 65535")
    return int(text)


def main() -> int:
    """Serve until Ctrl-C; return the exit status."""
    parser = argparse.ArgumentParser(
        description="Serve the recorded organization google on loopback, "
        "as https://api.github.com does, until Ctrl-C.")
    parser.add_argument(
        "--port", type=port_number, default=8000,
        help="TCP port on 127.0.0.1 (8000); 0 for a free one")
    port = parser.parse_args().port
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        with replay(port=port) as url:
            print(url, flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        pass
    except OSError as error:
        print(f"{parser.prog}: port {port}: {error.strerror}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
