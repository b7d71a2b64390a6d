#!/usr/bin/env python3
"""Make up organizations that change, and servers that lie about them."""
import json
import re
import threading
from typing import (
    Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional,
    Sequence, Set)

from hypothesis import strategies as st

from audit.replay import Answer, Asked, Fault, Repo, answer
from fixtures import API_URL

PER_PAGE = "3"  # so that a few repositories have several pages
LICENSES = ("MIT", "GPL-3.0", "NOASSERTION", None)
LOGINS = ("google", "acme")
# Texts of licenses, and the digits that stand for them.
TEXTS = {
    "Copyright 2020 Acme. You may use it.": "0bdaef75859a",
    "Copyright 2020 Acme. You may not use it.": "ae8284c785d2",
    "My License\n\nCopyright (c) 2019 Acme\n\nYou may use it.\n":
        "f67f637fc188",
    "----\n \n": "no-text"}


# What is made up.

class Event(NamedTuple):
    """What happens to a repository before a request is answered."""

    request: int
    what: str
    org: int
    place: int


class Lie(NamedTuple):
    """What is wrong with some answers to the requests that a pattern finds."""

    where: str
    times: int
    name: str


class Case(NamedTuple):
    """Organizations, what happens to them, what lies, how they are asked.

    orgs: for each organization its repositories; True means public.
    """

    orgs: List[List[bool]]
    events: List[Event]
    lies: List[Lie]
    jobs: int
    options: List[str]
    has_table: bool


def repository(login: str, id: int, is_public: bool) -> Repo:
    """Return a made-up repository, as GitHub describes one."""
    spdx_id = LICENSES[id % len(LICENSES)]
    return {
        "id": id, "name": f"r{id}", "full_name": f"{login}/r{id}",
        "private": not is_public, "fork": id % 5 == 0, "archived": False,
        "license": spdx_id and {"key": spdx_id.lower(), "spdx_id": spdx_id},
        "html_url": f"https://github.com/{login}/r{id}"}


class World:
    """Organizations, and what was public in them at any time.

    names: the names that a repository had while it was public, by id.
    always: the ids of what was public all the time.
    ever: the ids of what was ever public in an organization.
    texts: the text of each license, by the name of its repository.
    unsteady: the organizations whose pages have shifted, or lied.
    """

    def __init__(self, orgs: Sequence[List[bool]]) -> None:
        """Make the repositories; their ids are 1, 2 and so on."""
        ids = iter(range(1, 1000))
        self.orgs: Dict[str, List[Repo]] = {
            login: [repository(login, next(ids), is_public)
                    for is_public in repos]
            for login, repos in zip(LOGINS, orgs)}
        self.next_id = next(ids)
        self.names: Dict[int, Set[str]] = {}
        self.ever: Dict[str, Set[int]] = {login: set() for login in self.orgs}
        self.unsteady: Set[str] = set()
        self.texts: Dict[str, str] = {}
        self.always = self.look()

    def look(self) -> Set[int]:
        """Note what is public now, and return the ids."""
        now = set()
        for login, repos in self.orgs.items():
            for repo in repos:
                if not repo["private"]:
                    now.add(repo["id"])
                    self.ever[login].add(repo["id"])
                    self.names.setdefault(repo["id"], set()).add(
                        repo["full_name"])
                    self.texts.setdefault(
                        repo["full_name"], list(TEXTS)[repo["id"] // 4 % 4])
        return now

    def happen(self, event: Event) -> None:
        """Let something happen, if there is a repository for it."""
        login = list(self.orgs)[event.org % len(self.orgs)]
        repos = self.orgs[login]
        if event.what == "create":
            repos.append(repository(login, self.next_id, True))
            self.next_id += 1
        elif repos:
            HAPPENS[event.what](self, login, event.place % len(repos))
        self.always &= self.look()


def delete(world: World, login: str, place: int) -> None:
    """Delete a repository: those behind it move up."""
    del world.orgs[login][place]
    world.unsteady.add(login)


def turn(world: World, login: str, place: int) -> None:
    """Make a public repository private, or a private one public."""
    repo = world.orgs[login][place]
    repo["private"] = not repo["private"]
    world.unsteady.add(login)


def rename(world: World, login: str, place: int) -> None:
    """Give a repository another name."""
    repo = world.orgs[login][place]
    repo["name"] += "x"
    repo["full_name"] += "x"


def archive(world: World, login: str, place: int) -> None:
    """Archive a repository, or take it out of the archive."""
    repo = world.orgs[login][place]
    repo["archived"] = not repo["archived"]


def rewrite(world: World, login: str, place: int) -> None:
    """Put another text in the place of a license."""
    name = world.orgs[login][place]["full_name"]
    world.texts[name] = list(TEXTS)[place % 4]


def move(world: World, login: str, place: int) -> None:
    """Move a repository to the last organization, where it comes last."""
    repo = world.orgs[login].pop(place)
    other = list(world.orgs)[-1]
    repo["full_name"] = f"{other}/{repo['name']}"
    world.orgs[other].append(repo)
    world.unsteady.add(login)


def reorder(world: World, login: str, place: int) -> None:
    """List the repositories from now on in another order."""
    world.orgs[login].sort(key=lambda repo: repo["id"] * place % 7)
    world.unsteady.add(login)


HAPPENS: Mapping[str, Callable[[World, str, int], None]] = {
    "delete": delete, "turn": turn, "rename": rename, "archive": archive,
    "rewrite": rewrite, "move": move, "reorder": reorder}


# What a server can get wrong in an answer.

def sent(reply: Answer, **changes: Any) -> Fault:
    """Return an answer as it is sent, with these changes."""
    whole = Fault(reply.status, {"Link": reply.link},
                  json.dumps(reply.document).encode())
    return whole._replace(**changes)


def with_link(link: Optional[str]) -> Callable[[Answer], Fault]:
    """Return the lie that has this Link header."""
    return lambda reply: sent(reply, headers={"Link": link})


def with_fields(**fields: Any) -> Callable[[Answer], Fault]:
    """Return the lie that has other fields in a document."""
    return lambda reply: sent(reply._replace(
        document={**reply.document, **fields}))


def with_count(more: int) -> Callable[[Answer], Fault]:
    """Return the lie that counts more repositories, or fewer."""
    return lambda reply: sent(reply._replace(document={
        **reply.document,
        "public_repos": max(0, reply.document["public_repos"] + more)}))


def with_items(
        change: Callable[[List[Any]], Any]) -> Callable[[Answer], Fault]:
    """Return the lie that changes the items on a page."""
    return lambda reply: sent(reply._replace(
        document=change(list(reply.document))))


def with_field(**fields: Any) -> Callable[[Answer], Fault]:
    """Return the lie that has other fields in the last item of a page."""
    return with_items(lambda items: [
        *items[:-1], *({**item, **fields} for item in items[-1:])])


def with_status(
        status: int, body: bytes = b'{"message": "no"}',
        **headers: Optional[str]) -> Callable[[Answer], Fault]:
    """Return the lie that answers with a status, and with these headers."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda reply: Fault(status, fields, body)


def with_body(body: bytes) -> Callable[[Answer], Fault]:
    """Return the lie that has this body and the right headers."""
    return lambda reply: sent(reply, body=body)


def with_cut(length: int) -> Callable[[Answer], Fault]:
    """Return the lie that ends after so many bytes of the body."""
    return lambda reply: sent(reply, cut=length)


def at(query: str, rel: str) -> str:
    """Return a link to a page of the first organization."""
    return f'<{API_URL}/organizations/1342004/repos?{query}>; rel="{rel}"'


Lies = Mapping[str, Callable[[Answer], Fault]]
QUERY = f"type=public&sort=created&direction=asc&per_page={PER_PAGE}"
# None of these changes what stands on a page.
OF_ANY: Lies = {
    **{f"status {status}": with_status(status) for status in (
        204, 206, 301, 304, 400, 401, 403, 404, 409, 410, 422, 429, 451, 500,
        502, 503, 504)},
    "limit until 1970": with_status(
        403, X_RateLimit_Remaining="0", X_RateLimit_Reset="0"),
    "limit for years": with_status(
        403, X_RateLimit_Remaining="0", X_RateLimit_Reset="9999999999"),
    "limit without an end": with_status(429, X_RateLimit_Remaining="0",
                                        X_RateLimit_Reset=None),
    "retry after 1": with_status(429, Retry_After="1"),
    "retry after 90": with_status(503, Retry_After="90"),
    "secondary limit": with_status(
        403, b'{"message": "You have exceeded a secondary rate limit."}'),
    "single sign-on": with_status(403, X_GitHub_SSO="required; url=https://x"),
    "redirect to itself": with_status(302, Location=""),
    "redirect to the organization": with_status(
        301, Location="/organizations/1342004"),
    "redirect elsewhere": with_status(302, Location="http://127.0.0.1:1/"),
    "redirect to nonsense": with_status(302, Location="http://["),
    **{f"body {body[:9]!r}": with_body(body) for body in (
        b"", b"null", b"{}", b"[1]", b"[{}]", b"[[]]", b'{"a":',
        b"\xff\xfe[\0]\0", b"\xff", b"[" * 9999, b"NaN", b"[NaN]", b'"a"',
        b"<html>")},
    **{f"cut after {length}": with_cut(length) for length in (0, 1, 200)},
    "raw nonsense": lambda reply: Fault(raw=b"nonsense\r\n\r\n"),
    "half a head": lambda reply: Fault(raw=b"HTTP/1.1 200 OK\r\nConte"),
    "head alone": lambda reply: Fault(
        raw=b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    "no length": lambda reply: sent(
        reply, headers={"Content-Length": None}, cut=30),
    "no gzip": lambda reply: sent(
        reply, headers={"Content-Encoding": "gzip"}),
    "unknown coding": lambda reply: sent(
        reply, headers={"Content-Encoding": "br"}),
}
OF_ORG: Lies = {
    **{f"count {more:+}": with_count(more) for more in (-9, -2, -1, 1, 2, 9)},
    "count of text": with_fields(public_repos="3"),
    "count of null": with_fields(public_repos=None),
    "count below none": with_fields(public_repos=-1),
    "id of null": with_fields(id=None),
    "login of two lines": with_fields(login="goo\ngle"),
    "repos elsewhere": with_fields(repos_url="http://127.0.0.1:1/repos"),
    "repos of nonsense": with_fields(repos_url="http://["),
    "repos of null": with_fields(repos_url=None),
}
# Most of these are no errors that a client could see.
QUIET: Lies = {
    "first item missing": with_items(lambda items: items[1:]),
    "last item missing": with_items(lambda items: items[:-1]),
    "all items missing": with_items(lambda items: []),
    "an item twice": with_items(lambda items: items[:1] + items),
    "items reversed": with_items(lambda items: items[::-1]),
    "no link": with_link(None),
    "redirect to the first page": with_status(
        307, Location=f"/organizations/1342004/repos?{QUERY}"),
}
OF_PAGE: Lies = {
    **QUIET,
    "null instead of an item": with_items(lambda items: [*items[:-1], None]),
    "private item": with_items(lambda items: [
        *items, {**repository("google", 500, False)}]),
    "no id": with_field(id=None),
    "id of text": with_field(id="1"),
    "id of true": with_field(id=True),
    "id below none": with_field(id=-1),
    "id of many digits": with_field(id=10**18),
    "name outside of ASCII": with_field(full_name="google/\u00fc"),
    "name of two lines": with_field(full_name="google/a\nb"),
    "name with a tab": with_field(full_name="google/a\tb"),
    "name without an owner": with_field(full_name="a"),
    "archived of text": with_field(archived="no"),
    "license of text": with_field(license="mit"),
    "empty link": with_link(""),
    "broken link": with_link('<http://[>; rel="next"'),
    "link in another form": with_link(at("page=2", "next").replace('"', "")),
    "link elsewhere": with_link('<http://127.0.0.1:1/>; rel="next"'),
    "link to page 1": with_link(at(f"{QUERY}&page=1", "next")),
    "link to page 2": with_link(at(f"{QUERY}&page=2", "next")),
    "link to page 50": with_link(at(f"{QUERY}&page=50", "next")),
    "two next pages": with_link(", ".join([
        at(f"{QUERY}&page=2", "next"), at(f"{QUERY}&page=3", "next")])),
    "last page too early": with_link(", ".join([
        at(f"{QUERY}&page=3", "next"), at(f"{QUERY}&page=2", "last")])),
    "last page too late": with_link(", ".join([
        at(f"{QUERY}&page=2", "next"), at(f"{QUERY}&page=9", "last")])),
    "pages without an end": with_link(", ".join([
        at(f"{QUERY}&page=2", "next"),
        at(f"{QUERY}&page=999999999", "last")])),
}
# A page that answers another query than its own: what to replace by what.
OF_QUERY = {"page 1 again": (r"&page=\d+", "&page=1"),
            "another page": (r"&page=\d+", "&page=2"),
            "page size ignored": (f"per_page={PER_PAGE}", "per_page=2"),
            "type ignored": ("type=public", "type=all"),
            "order ignored": ("direction=asc", "direction=desc")}
# Here GitHub has no text to give.
WITHOUT_TEXT: Lies = {
    "status 404": with_status(404),
    "status 451": with_status(451),
    "blocked": with_status(
        403, b'{"message": "no", "block": {"reason": "dmca"}}'),
    "over 1 MB": with_fields(encoding="none", content=""),
    "no word": with_fields(content="LS0tLQo="),
}
OF_TEXT: Lies = {
    **WITHOUT_TEXT,
    "broken base64": with_fields(content="TUlU!"),
    "part of base64": with_fields(content="TUlUT"),
    "content of null": with_fields(content=None),
    "another size": with_fields(size=7),
    "several files": lambda reply: sent(
        reply._replace(document=[reply.document])),
}
ORG, PAGE = "/orgs/[a-z]+$|/organizations/[0-9]+$", "/repos[?]"
TEXT = "/repos/(.*)/license$"
LIES: Lies = {**OF_ANY, **OF_ORG, **OF_PAGE, **OF_TEXT}


class Server:
    """Answers for a world, as the lies of a case have it.

    stated: what each organization has said how many repositories it has.
    digits: those that a text may have, by the name of its repository.
    """

    def __init__(self, case: Case) -> None:
        """Make the world of a case, which nobody has asked about yet."""
        self.world = World(case.orgs)
        self.events = sorted(case.events)
        self.lies = list(case.lies)
        self.stated: Dict[str, int] = {}
        self.digits: Dict[str, Set[str]] = {}
        self.asked = threading.local()
        self.requests = 0
        self.errors: List[BaseException] = []

    def hear(self, asked: Asked) -> None:
        """Remember what this thread has to answer."""
        self.asked.target = asked.target
        self.asked.url = f"http://{asked.headers['Host']}"

    def faults(self) -> Iterator[Fault]:
        """Yield one answer after the other; the replay asks for each."""
        while True:
            try:
                yield self.answer(self.asked.target, self.asked.url)
            except Exception as error:
                self.errors.append(error)
                yield Fault(cut=0)

    def answer(self, target: str, url: str) -> Fault:
        """Return the answer to a request, right or wrong."""
        self.requests += 1
        while self.events and self.events[0].request <= self.requests:
            self.world.happen(self.events.pop(0))
        login = login_in(target)
        reply = answer(target, self.world.orgs, self.world.texts)
        lie = self.next_lie(target)
        if lie and lie.name not in OF_ANY and re.search(PAGE, target):
            self.world.unsteady.add(login)
        if lie and lie.name in OF_QUERY:
            other = re.sub(*OF_QUERY[lie.name], target)
            fault = sent(answer(other, self.world.orgs)._replace(
                link=reply.link))
        elif lie and reply.status == 200:
            fault = LIES[lie.name](reply)
        else:
            fault = sent(reply)
        if re.search(ORG, target):
            self.note_count(login, fault)
        text = re.search(TEXT, target)
        if text:
            self.note_digits(text[1], reply, lie)
        headers = {name: value and value.replace(API_URL, url)
                   for name, value in fault.headers.items()}
        body = fault.body and fault.body.replace(
            API_URL.encode(), url.encode())
        return fault._replace(headers=headers, body=body)

    def next_lie(self, target: str) -> Optional[Lie]:
        """Return the lie for a request, if there is one left."""
        for number, lie in enumerate(self.lies):
            if lie.times and re.search(lie.where, target):
                self.lies[number] = lie._replace(times=lie.times - 1)
                return lie
        return None

    def note_count(self, login: str, fault: Fault) -> None:
        """Note what an organization says of itself, if that can be read."""
        try:
            document = json.loads(fault.body or b"")
            self.stated[login] = int(document["public_repos"])
        except (ValueError, TypeError, KeyError, RecursionError):
            pass  # The command can't read it either.

    def note_digits(
            self, name: str, reply: Answer, lie: Optional[Lie]) -> None:
        """Note which digits a text may have after this answer."""
        digits = self.digits.setdefault(name, set())
        if reply.status == 404 or lie and lie.name in WITHOUT_TEXT:
            digits.add("no-text")
        else:
            digits.add(TEXTS[self.world.texts[name]])


def login_in(target: str) -> str:
    """Return the organization that a request is about."""
    return "google" if re.search("(?i)/google|/1342004", target) else "acme"


# How it is made up.

def cases() -> st.SearchStrategy[Case]:
    """Return how a case is made up."""
    is_public = st.sampled_from([True, True, True, False])
    small, large = [st.lists(is_public, min_size=least, max_size=most)
                    for least, most in ((0, 4), (5, 12))]
    orgs = st.lists(small | large | large, min_size=1, max_size=2)
    events = st.builds(
        Event, st.integers(1, 12), st.sampled_from(["create", *HAPPENS]),
        st.integers(0, 1), st.integers(0, 11))
    times = st.sampled_from([1, 2, 4, 1000])
    pages = st.sampled_from([PAGE, "&page=2", "&page=3"])
    lies = st.one_of(
        st.builds(Lie, pages | st.just(ORG), times,
                  st.sampled_from(list(OF_ANY))),
        st.builds(Lie, st.just(ORG), times, st.sampled_from(list(OF_ORG))),
        st.builds(Lie, pages, times, st.sampled_from(list(OF_PAGE))),
        st.builds(Lie, st.sampled_from([TEXT, "r[26]x?/license"]), times,
                  st.sampled_from(list(OF_TEXT))
                  | st.sampled_from(list(OF_ANY))),
        st.builds(Lie, pages, st.sampled_from([1, 1000]),
                  st.sampled_from([*QUIET, *OF_QUERY])))
    options = st.builds(sum, st.tuples(*(st.sampled_from(some) for some in (
        [[], ["--texts"]],
        [[], ["--policy", "policy.txt"], ["--policy", "bound.txt"]],
        [[], ["--since", "table.csv"]],
        [[], ["--save", "table.csv"]],
        [[], ["--markdown", "report.md"]]))), st.just([]))
    return st.builds(Case, orgs, st.lists(events, max_size=4),
                     st.lists(lies, max_size=3), st.sampled_from([1, 2, 10]),
                     options, st.booleans())
