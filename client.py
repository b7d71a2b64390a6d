#!/usr/bin/env python3
"""What an organization publishes on GitHub, and under which license.

The client comes first and can be read alone. After it, for real use, come the
shapes of answers, the session (timeouts, retries, a token) and the command.
"""
import signal

try:  # Before the slow imports: let Ctrl-C end the command at once.
    if __name__ == "__main__" and (
            signal.getsignal(signal.SIGINT) is signal.default_int_handler):
        signal.signal(signal.SIGINT, signal.SIG_DFL)
except ValueError:
    pass  # runpy may run it in a thread other than the main one.

import argparse
import csv
import gc
import io
import json
import logging
import os
import re
import sys
import time
import zlib
from collections import Counter
from contextlib import ExitStack
from email.utils import mktime_tz, parsedate_tz
from functools import partial
from threading import Lock
from typing import Any, Dict, List, Mapping, Optional, Sequence
from urllib.parse import quote

import requests
from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import (
    ChunkedEncodingError, ConnectionError, ContentDecodingError, HTTPError,
    InvalidHeader, InvalidSchema, InvalidURL, ProxyError, Timeout)
from requests.utils import default_user_agent
from urllib3.util import Url, parse_url

from utils import AnswerError, access_nested_map, get_json, memoize, origin

API_URL = "https://api.github.com"
MAX_WORKERS = 100  # GitHub's limit for requests in flight at once


class GithubOrgClient:
    """A client of one organization's public data on GitHub.

    An attribute is requested when it is first read, and then kept. Reading
    it raises requests.RequestException for whatever goes wrong on the wire.
    Without a session a request is a bare `requests.get(url)`; with one (see
    `tuned_session`) a page has 100 repositories and answers are checked.
    """

    ORG_URL = "https://api.github.com/orgs/{org}"
    session: Optional[Session] = None
    api_url = API_URL
    workers = 10  # pages in flight at once, with a session

    def __init__(
            self, org_name: str, session: Optional[Session] = None,
            api_url: str = API_URL) -> None:
        """Keep the name, the session and the API's URL; request nothing."""
        self._org_name = org_name
        self.session = session
        self.api_url = api_url.rstrip("/")

    @classmethod
    def from_environment(cls, org_name: str) -> "GithubOrgClient":
        """Make a client for production, with a `tuned_session`.

        The token comes from GH_TOKEN or else GITHUB_TOKEN, the API's URL
        from GITHUB_API_URL (such as https://HOST/api/v3), if they are set.
        """
        token = os.environ.get("GH_TOKEN") or os.environ.get("GITHUB_TOKEN")
        api_url = os.environ.get("GITHUB_API_URL") or API_URL
        return cls(org_name, tuned_session(token, api_url), api_url)

    @memoize
    def org(self) -> Dict[str, Any]:
        """The organization, as GitHub describes it.

        https://docs.github.com/rest/orgs/orgs#get-an-organization
        """
        if self._org_name in (".", ".."):
            # RFC 3986: this is a step in the path, even if encoded.
            raise InvalidURL(f"{self._org_name} can't name an organization")
        name = quote(str(self._org_name), safe="", errors="surrogateescape")
        url = self.ORG_URL.format(org=name).replace(API_URL, self.api_url)
        if self.session is None:
            return get_json(url)  # type: ignore[no-any-return]
        org: Dict[str, Any] = get_json(url, self.session)
        if not (has_fields(org, {"repos_url": str})
                and re.match("https?://", org.get("repos_url") or "")):
            raise AnswerError(f"{url} is not an organization")
        return org

    @property
    def _public_repos_url(self) -> str:
        """The URL of the first page of the organization's repositories."""
        return self.org["repos_url"]  # type: ignore[no-any-return]

    @memoize
    def repos_payload(self) -> List[Dict[str, Any]]:
        """The public repositories, as GitHub describes them, in its order.

        https://docs.github.com/rest/repos/repos#list-organization-repositories
        """
        url = self._public_repos_url
        if self.session is None:
            return get_json(url)  # type: ignore[no-any-return]
        repos = get_json(url, self.session, workers=self.workers,
                         params={"per_page": 100})  # the most GitHub gives
        if not is_listing(repos):
            raise AnswerError(f"{url} is not a list of repositories")
        # Pages that shift while they are read may repeat a repository.
        return list({repo.get("id") or f"no id, {position}": repo
                     for position, repo in enumerate(repos)}.values())

    def public_repos(self, license: Optional[str] = None) -> List[str]:
        """Return the public repositories' names, in GitHub's order.

        With a license key, such as "apache-2.0", only those under it.
        """
        return [repo["name"] for repo in self.repos_payload
                if license is None or self.has_license(repo, license)]

    @staticmethod
    def has_license(repo: Mapping[str, Any], license_key: str) -> bool:
        """Tell whether a repository is under the license with this key.

        GitHub lists the keys: https://docs.github.com/rest/licenses. Raises
        AssertionError if the key is None.
        """
        if license_key is None:
            raise AssertionError("license_key cannot be None")
        try:
            key = access_nested_map(repo, ("license", "key"))
        except KeyError:
            return False
        return bool(key == license_key)


# For real use: the shapes of answers. In a repo all but the name may be null.

REPO_FIELDS = {
    "id": int, "name": str, "fork": bool, "archived": bool, "language": str,
    "stargazers_count": int, "pushed_at": str, "html_url": str}


def is_listing(answer: Any) -> bool:
    """Tell whether an answer is a list of repositories with names."""
    return isinstance(answer, list) and all(
        has_fields(repo, REPO_FIELDS) and repo.get("name")
        and has_fields(repo.get("license") or {}, {"key": str, "spdx_id": str})
        for repo in answer)


def has_fields(answer: Any, fields: Mapping[str, type]) -> bool:
    """Tell whether each field is null, or of its type and printable."""
    return isinstance(answer, dict) and all(
        answer.get(field) is None or isinstance(answer[field], kind)
        and str(answer[field]).isprintable()
        for field, kind in fields.items())


# The session that a client needs in production.

CONNECT_AND_READ = (5, 30)  # seconds: the timeouts of each request
BACKOFF = (0, 1, 2)  # seconds before the second, third and fourth try
MAX_WAIT = 60  # seconds that GitHub may make us wait before the next try
MAX_BODY = 64 * 2**20  # bytes, once decoded; a page has about 2**20
TRANSIENT = (ChunkedEncodingError, ConnectionError, Timeout)
LOOPBACK = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|\[::1\]")  # hosts
LOG = logging.getLogger("client")


def tuned_session(
        token: Optional[str] = None, api_url: str = API_URL) -> Session:
    """Return a session that sends its requests through a `GithubAdapter`.

    Raises InvalidURL if the API's URL is not valid, InvalidHeader if the
    token is not, and InvalidSchema if the token would travel unencrypted to
    another machine. All are RequestExceptions, and none quotes a secret.
    """
    adapter = GithubAdapter(token, api_url)
    session = requests.Session()
    # https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api
    session.headers.update({
        "Accept": "application/vnd.github+json",
        "Accept-Encoding": "gzip",
        "User-Agent": f"github-org-client {default_user_agent()}",
        "X-GitHub-Api-Version": "2022-11-28"})
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class GithubAdapter(HTTPAdapter):
    """Sends every request, redirected ones too, by GitHub's rules."""

    def __init__(self, token: Optional[str], api_url: str) -> None:
        """Check the API's URL and the token; keep the token for its origin."""
        super().__init__(pool_maxsize=MAX_WORKERS)
        try:
            url = parse_url(api_url)
        except ValueError:
            url = Url()
        if (url.scheme not in ("http", "https") or not url.host
                or url.auth or url.query or url.fragment):
            raise InvalidURL("the API's URL must be like https://HOST/api/v3")
        if token and re.search("[^!-~]", token):
            raise InvalidHeader("the token contains an invalid character")
        if token and url.scheme == "http" and not LOOPBACK.fullmatch(url.host):
            raise InvalidSchema(
                f"a token must not go to {url.host} unencrypted: use https")
        self._token = token
        self._origin = origin(api_url)
        self.waits_until = time.monotonic()

    def send(self, request: PreparedRequest, *args: Any, **options: Any
             ) -> Response:
        """Send a request and, unless it is to be streamed, read the answer.

        A GET is tried at most four times, however it fails. A request to
        the API's origin carries the token, any other no Authorization at
        all, whatever .netrc says. Within this machine no proxy is used.
        """
        options["timeout"] = options.get("timeout") or CONNECT_AND_READ
        url: Any = request.url
        request.headers.pop("Authorization", None)
        if self._token and origin(url) == self._origin:
            request.headers["Authorization"] = f"Bearer {self._token}"
        if LOOPBACK.fullmatch(str(parse_url(url).host)):
            options["proxies"] = {}
        backoffs = iter(BACKOFF if request.method == "GET" else ())
        while True:
            backoff = next(backoffs, None)  # None where no try is left
            response = None
            try:
                response = super().send(request, *args, **options)
                body = b"" if options.get("stream") else read_body(response)
                wait = seconds_to_wait(
                    response.status_code, response.headers, body, backoff)
                if wait is None:
                    return response
            except RequestException as error:
                error.request, error.response = request, response
                if backoff is None or not isinstance(error, TRANSIENT):
                    raise
                wait = backoff
            LOG.info("waiting %g s before the next try", wait)
            self.waits_until = time.monotonic() + wait
            time.sleep(wait)


def read_body(response: Response) -> bytes:
    """Read and return a response's body, of at most MAX_BODY bytes."""
    host = parse_url(response.url).netloc
    # With this header urllib3 would decode the body, and without a limit.
    encoding = response.raw.headers.pop("Content-Encoding", "").lower()
    gzip = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    body = bytearray()
    response.raw.enforce_content_length = True  # for urllib3 1
    with response:
        if encoding not in ("", "identity", "gzip"):
            raise AnswerError(f"{host} sent an encoding nobody asked for")
        for chunk in response.iter_content(zlib.DEF_BUF_SIZE):
            try:
                body += (gzip.decompress(chunk, MAX_BODY + 1 - len(body))
                         if encoding == "gzip" else chunk)
            except zlib.error as error:
                raise ContentDecodingError(error)
            if gzip.unused_data:
                raise ContentDecodingError("it goes on after its end")
            if len(body) > MAX_BODY:
                raise AnswerError(f"{host} sent over {MAX_BODY:,} bytes")
    if encoding == "gzip" and body and not gzip.eof:
        raise ChunkedEncodingError("the end of the body is missing")
    response._content = bytes(body)
    return response._content


class LimitError(HTTPError):
    """GitHub's rate limit is reached; the message says until when."""

    def __str__(self) -> str:
        """Say when it ends: the argument, in seconds since 1970, or None."""
        try:
            end = time.gmtime(float(self.args[0]))
            until = time.strftime("it resets at %Y-%m-%d %H:%M:%S UTC", end)
        except (IndexError, OSError, OverflowError, TypeError, ValueError):
            until = "wait at least a minute"
        return f"GitHub's rate limit is reached; {until}"


def seconds_to_wait(
        status: int, headers: Mapping[str, str], body: bytes,
        backoff: Optional[float]) -> Optional[float]:
    """Return the seconds until the next try, or None if there is none.

    Retry-After says how many (RFC 9110, 10.2.3); without it a 5xx takes the
    backoff, None if no try is left. Raises LimitError if a limit is reached.
    https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    wait = retry_after(headers.get("Retry-After", "").strip())
    if status in (500, 502, 503, 504) and backoff is not None:
        wait = backoff if wait is None else wait
        return wait if wait <= MAX_WAIT else None
    if status not in (403, 429):
        return None
    if headers.get("X-RateLimit-Remaining") == "0" and b"SAML" not in body:
        raise LimitError(headers.get("X-RateLimit-Reset"))
    if wait is not None and wait <= MAX_WAIT and backoff is not None:
        return wait
    if status != 403 or "Retry-After" in headers:
        raise LimitError(None if wait is None else time.time() + wait)
    return None  # 403 has other reasons too.


def retry_after(text: str) -> Optional[float]:
    """Return the seconds a Retry-After asks for, or None if it is unclear."""
    if re.fullmatch("[0-9]+", text):
        return float(text)
    try:
        date: Any = parsedate_tz(text)  # in UTC, where it names no zone
        return max(0, mktime_tz(date) - time.time())
    except (IndexError, OverflowError, TypeError, ValueError):
        return None


# The command.

def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command; print all of its results or none; return its status."""
    args = parse(argv)
    try:
        with ExitStack() as stack:
            if args.recorded:
                from fixtures import replay
                url = stack.enter_context(replay())
                client = GithubOrgClient(args.org, tuned_session(), url)
            else:
                client = GithubOrgClient.from_environment(args.org)
            client.workers = args.jobs
            session: Any = client.session
            stack.callback(session.close)
            if args.verbose:
                logging.basicConfig(format="%(message)s")
                logging.getLogger("urllib3").setLevel(logging.DEBUG)
                LOG.setLevel(logging.INFO)
            elif sys.stderr.isatty():
                show_progress(session, stack)
            repos = [repo for repo in client.repos_payload if fits(repo, args)]
            output = report(repos, args)
        print(output, end="", flush=True)
    except BrokenPipeError:
        pass  # Nobody reads any more: `| head`, for example.
    except (OSError, RuntimeError, ValueError) as error:
        line = explain(error, args)
        printable = "".join(c if c.isprintable() else " " for c in line)
        print("client.py:", printable, file=sys.stderr)
        return 1
    return 3 if args.exit_code and repos else 0


def parse(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line; exit with status 2 where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="client.py", allow_abbrev=False,
        description="List an organization's public repositories on GitHub.",
        epilog="KEY is a license's key or SPDX id, in upper or lower case; "
        "'none' stands for no license, 'other' for one that GitHub does not "
        "recognize. GH_TOKEN or GITHUB_TOKEN holds a token, GITHUB_API_URL an "
        "Enterprise Server's API. Status: 0 done, 1 failed, 2 wrong usage.")
    add = parser.add_argument
    flag = partial(add, action="store_true")
    form = partial(parser.add_mutually_exclusive_group().add_argument,
                   action="store_true")
    add("org", metavar="ORG", help="the organization's name")
    add("--license", metavar="KEY", action="append", default=[],
        help="only repositories under this license; repeat it to allow others")
    add("--not-license", metavar="KEY", action="append", default=[],
        help="leave out those under this license; repeat it to leave out more")
    flag("--source", help="leave out forks")
    flag("--no-archived", help="leave out archived repositories")
    flag("--exit-code", help="exit with status 3 if anything is listed")
    form("--licenses", help="count the repositories under each license")
    form("--csv", help="print a row for each repository, for a spreadsheet")
    form("--json", help="print GitHub's own objects, as one JSON array")
    flag("--recorded", help="answer from a recording of google, offline")
    add("--jobs", metavar="N", type=int, default=GithubOrgClient.workers,
        help=f"pages to fetch at once, 1 to {MAX_WORKERS} (%(default)s)")
    flag("-v", "--verbose", help="log every request to stderr")
    args = parser.parse_args(argv)
    if not args.org.strip():
        parser.error("ORG must not be empty")
    for key in args.license + args.not_license:
        if not re.fullmatch(r"[\w.+-]+", key):
            parser.error(f"no license has the key {key!r}; give one at a time")
    if not 1 <= args.jobs <= MAX_WORKERS:
        parser.error(f"argument --jobs: must be from 1 to {MAX_WORKERS}")
    return args


def show_progress(session: Session, stack: ExitStack) -> None:
    """Show pages and waits on a line of stderr until the stack is closed."""
    line = logging.StreamHandler()
    line.setFormatter(logging.Formatter("\r%(message)-40s"))
    line.terminator = ""
    lock = Lock()
    pages, total = 0, ""

    def count_page(response: Any, *args: Any, **kwargs: Any) -> None:
        """Count a response if it is a page; requests calls this for each."""
        nonlocal pages, total
        if response.status_code == 200 and "per_page=" in response.url:
            last = re.search("&page=([0-9]+)", str(response.links.get("last")))
            with lock:
                pages += 1
                total = f" of {last[1]}" if last else total
                if time.monotonic() >= response.connection.waits_until:
                    LOG.info("pages: %d%s", pages, total)

    # The last runs first: silence late pages, remove handler, clear line.
    stack.callback(sys.stderr.write, f"\r{'':40}\r")
    stack.callback(LOG.setLevel, LOG.level)
    stack.callback(LOG.removeHandler, line)
    stack.callback(line.setStream, io.StringIO())
    session.hooks["response"].append(count_page)
    LOG.addHandler(line)
    LOG.setLevel(logging.INFO)


def license_names(repo: Mapping[str, Any]) -> List[str]:
    """Return a license's key and its SPDX id; "none" if there is none."""
    license = repo.get("license") or {}
    names = [license.get("key"), license.get("spdx_id")]
    return [name for name in names if name] or ["none"]


def fits(repo: Mapping[str, Any], args: argparse.Namespace) -> bool:
    """Tell whether a repository is one that the command line asks for."""
    names = {name.lower() for name in license_names(repo)}
    return not (
        args.source and repo.get("fork")
        or args.no_archived and repo.get("archived")
        or args.license and names.isdisjoint(map(str.lower, args.license))
        or not names.isdisjoint(map(str.lower, args.not_license)))


def report(repos: List[Dict[str, Any]], args: argparse.Namespace) -> str:
    """Return what the command prints about these repositories."""
    if args.json:
        return json.dumps(repos, indent=2, allow_nan=False) + "\n"
    if args.csv:
        return table(repos)
    if args.licenses and repos:  # A chart needs a most frequent license.
        return chart([license_names(repo)[0] for repo in repos])
    return "".join(f"{repo['name']}\n" for repo in repos)


def table(repos: List[Dict[str, Any]]) -> str:
    """Return a table in CSV: a header, and a row for each repository."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    text.write("name,license,fork,archived,language,stars,pushed_at,url\n")
    for repo in repos:
        writer.writerow([
            repo["name"], license_names(repo)[-1],
            *(json.dumps(bool(repo.get(key))) for key in ("fork", "archived")),
            *map(repo.get, ("language", "stargazers_count", "pushed_at",
                            "html_url"))])
    return text.getvalue()


def chart(names: List[str]) -> str:
    """Return each name with its count, largest first, and a bar of #."""
    counts = Counter(sorted(names))
    width = max(map(len, counts))
    most = max(counts.values())
    return "".join(
        f"{name:{width}} {number:{len(str(most))}} "
        f"{'#' * (40 * number // most or 1)}\n"
        for name, number in counts.most_common())


def explain(error: Exception, args: argparse.Namespace) -> str:
    """Return what went wrong and, if anything helps, what to do."""
    request: Any = getattr(error, "request", None)
    if request is None or isinstance(error, AnswerError):
        return str(error)
    if isinstance(error, LimitError):
        advice = ("" if "Authorization" in request.headers else
                  "; a token in GH_TOKEN raises 60 requests an hour to 5,000")
        return f"{error}{advice}"
    url = parse_url(request.url)
    host, name = url.netloc, f"{url.scheme}_proxy"
    proxy = next((f"the proxy in {variable}" for variable in
                  (name, name.upper(), "all_proxy", "ALL_PROXY")
                  if os.environ.get(variable)), "")
    if isinstance(error, HTTPError):
        response: Any = error.response
        if response.status_code == 407 and proxy:
            return f"{proxy} denied: 407 {response.reason}"
        return explain_status(response, args)
    if isinstance(error, (ChunkedEncodingError, ContentDecodingError)):
        return f"{host} sent a broken answer; try again later"
    if proxy and isinstance(error, (InvalidSchema, InvalidURL)):
        return f"the address of {proxy} is wrong, or of a kind not supported"
    if not isinstance(error, (ConnectionError, Timeout)):
        return f"{host}: {error}"
    causes: List[BaseException] = [error]  # down to the system's own error
    while causes[-1].__context__:
        causes.append(causes[-1].__context__)
    cause = [each for each in causes if isinstance(each, OSError)][-1]
    if cause is error:  # Every RequestException is an OSError itself.
        return f"{host} did not answer in HTTP"
    why = re.sub(r"\[.*?\] | \(_ssl.*", "", str(cause))
    if isinstance(error, ProxyError):
        proxy = proxy or "the system's proxy"
        return (f"{proxy} denied: {why}" if "407" in why else
                f"cannot reach {proxy}: {why}")
    return (f"cannot reach {host}: {why}; check the network, and "
            "GITHUB_API_URL if it is set")


def explain_status(response: Any, args: argparse.Namespace) -> str:
    """Return what an answer of 4xx or 5xx says and, if known, what to do."""
    url, status = response.url, response.status_code
    if status == 404 and url.rpartition("/")[0].endswith("/orgs"):
        advice = ("; GITHUB_API_URL may be wrong too" if not args.recorded
                  and os.environ.get("GITHUB_API_URL") else "")
        return f"no such organization: {args.org}{advice}"
    try:
        said = access_nested_map(response.json(), ("message",))
    except (KeyError, RecursionError, ValueError):
        said = response.reason
    advice = ("; check the token in GH_TOKEN or GITHUB_TOKEN" if status == 401
              else "; try again later" if status >= 500 else "")
    return f"{parse_url(url).netloc} answered {status}: {said}{advice}"


if __name__ == "__main__":
    sys.stderr = sys.stderr or open(os.devnull, "w")  # closed: say nothing
    sys.stdout = sys.stdout or open(os.devnull)  # closed: printing fails
    try:
        sys.exit(main())
    finally:
        gc.freeze()  # Or Python would search all objects for garbage.
        try:
            sys.stdout.flush()
        except OSError:  # main has reported it; Python would try again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
