#!/usr/bin/env python3
"""What an organization publishes on GitHub, and under which license.

`GithubOrgClient` is the client, `tuned_session` the session to use it with
in earnest, `main` the command: see `./client.py --help`.
"""
import argparse
import json
import logging
import os
import re
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from itertools import count
from typing import (
    Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple)
from urllib.parse import quote

import requests
from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.exceptions import (
    ChunkedEncodingError, ConnectionError, ContentDecodingError, HTTPError,
    InvalidHeader, InvalidSchema, InvalidURL)
from requests.utils import default_user_agent
from urllib3.exceptions import HTTPError as TransportError, MaxRetryError
from urllib3.util import Retry, parse_url

from utils import AnswerError, access_nested_map, get_json, memoize, origin

API_URL = "https://api.github.com"
PER_PAGE = 100  # repositories; the most that GitHub gives
WORKERS = 10  # pages in flight at once
TIMEOUT = (5, 30)  # seconds to connect, and for each read
MAX_WAIT = 60  # seconds that GitHub may have us wait before the next try
RETRIES = 3
# https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api
HEADERS = {
    "Accept": "application/vnd.github+json",
    "User-Agent": f"github-org-client {default_user_agent()}",
    "X-GitHub-Api-Version": "2022-11-28",
}


class GithubOrgClient:
    """A client of one organization's public data on GitHub.

    What it read once it keeps: each attribute costs its requests when it
    is first read. Beside what each says, reading raises
    requests.RequestException for whatever goes wrong on the wire.
    """

    ORG_URL = "https://api.github.com/orgs/{org}"
    session: Optional[Session] = None
    _workers = WORKERS

    def __init__(
            self, org_name: str, session: Optional[Session] = None,
            api_url: str = API_URL, workers: int = WORKERS) -> None:
        """Make a client of the organization with this name.

        Without a session every request is a bare `requests.get(url)`, and
        answers are taken as they come. With one, such as `tuned_session`
        gives, pages are as long as GitHub makes them, up to `workers` are
        fetched at once, and an answer of the wrong shape is an AnswerError.
        """
        self._org_name = org_name
        self.session = session
        self._workers = workers
        if api_url != API_URL:
            self.ORG_URL = api_url.rstrip("/") + "/orgs/{org}"

    @classmethod
    def from_environment(
            cls, org_name: str, workers: int = WORKERS) -> "GithubOrgClient":
        """Make a client for real use, as `environment` says.

        Raises what `tuned_session` raises.
        """
        token, api_url = environment()
        session = tuned_session(token, api_url, workers)
        return cls(org_name, session, api_url, workers)

    @memoize
    def org(self) -> Dict[str, Any]:
        """The organization, as GitHub describes it.

        https://docs.github.com/rest/orgs/orgs#get-an-organization
        """
        if self._org_name in (".", ".."):
            # RFC 3986 takes such a segment for a step, even if encoded.
            raise InvalidURL(f"{self._org_name} can't name an organization")
        name = quote(str(self._org_name), safe="", errors="surrogateescape")
        url = self.ORG_URL.replace("{org}", name)
        org: Dict[str, Any] = self._get(url)
        if self.session and not is_org(org):
            raise AnswerError(f"{url} is no organization with repositories")
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
        repos: List[Dict[str, Any]] = self._get(
            url, workers=self._workers, params={"per_page": PER_PAGE})
        if self.session and not is_listing(repos):
            raise AnswerError(f"{url} is no list of repositories")
        return repos

    def _get(self, url: str, **options: Any) -> Any:
        """Get JSON: by the session and with the options, if there is one."""
        if self.session is None:
            return get_json(url)
        return get_json(url, self.session, **options)

    def public_repos(self, license: Optional[str] = None) -> List[str]:
        """Return the public repositories' names, in GitHub's order.

        Given a license key, such as "apache-2.0", only the names of those
        under that license.
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


def is_org(org: Any) -> bool:
    """Tell whether an answer has the shape of an organization."""
    return isinstance(org, dict) and re.match(
        "https?://", str(org.get("repos_url"))) is not None


def is_listing(repos: Any) -> bool:
    """Tell whether an answer has the shape of a list of repositories."""
    return isinstance(repos, list) and all(map(is_repo, repos))


def is_repo(repo: Any) -> bool:
    """Tell whether an object has a name, and a license that is an object.

    The license may be null or left out, as may what is in it. Of all this
    the command prints the name and the license key: both are printable.
    """
    if not isinstance(repo, dict):
        return False
    license = repo.get("license") or {}
    return isinstance(license, dict) and is_word(repo.get("name")) and all(
        license.get(field) is None or is_word(license[field])
        for field in ("key", "spdx_id"))


def is_word(value: Any) -> bool:
    """Tell whether a value is text that a terminal shows on one line."""
    return isinstance(value, str) and bool(value) and value.isprintable()


def environment() -> Tuple[Optional[str], str]:
    """Return the token, if any, and the API's URL, as the environment says.

    The token is GH_TOKEN or else GITHUB_TOKEN. The URL is GITHUB_API_URL,
    for GitHub Enterprise Server https://HOST/api/v3, or else GitHub's.
    """
    get = os.environ.get
    token = get("GH_TOKEN") or get("GITHUB_TOKEN") or None
    return token, get("GITHUB_API_URL") or API_URL


def tuned_session(
        token: Optional[str] = None, api_url: str = API_URL,
        workers: int = WORKERS) -> Session:
    """Return a session with all that requests to GitHub should have.

    That is a timeout, another try where it helps (see `GithubRetry`), as
    many connections as workers, the headers that GitHub recommends, errors
    that tell when a rate limit ends and, for the API's own origin alone,
    the token.

    Raises InvalidURL for an API URL that is none or holds more than scheme,
    host, port and path, InvalidHeader for a token with characters that no
    token has, and InvalidSchema for one that would travel unencrypted to
    another machine. All are RequestException, none quotes a secret.
    """
    session = requests.Session()
    session.headers.update(HEADERS)
    session.hooks["response"].append(refuse_limit)
    adapter = GithubAdapter(pool_maxsize=workers, max_retries=GithubRetry(
        RETRIES, allowed_methods={"GET"}, backoff_factor=0.5,
        status_forcelist={500, 502, 503, 504}, raise_on_status=False))
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    try:
        url = parse_url(api_url)
    except ValueError:
        url = parse_url("")
    if (url.scheme not in ("http", "https") or not url.host
            or url.auth or url.query or url.fragment):
        raise InvalidURL("the API's URL must be like https://HOST/api/v3")
    if token:
        if not re.fullmatch("[!-~]+", token):
            raise InvalidHeader("the token has a character that no token has")
        if url.scheme == "http" and not is_loopback(url.host):
            raise InvalidSchema(
                f"a token must not go to {url.host} unencrypted: use https")
        session.auth = TokenAuth(token, api_url)
    return session


def is_loopback(host: Optional[str]) -> bool:
    """Tell whether a URL's host is this machine itself."""
    try:
        return ip_address((host or "").strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class TokenAuth(AuthBase):
    """Logs in by a token, at the API's own origin alone."""

    def __init__(self, token: str, api_url: str) -> None:
        """Keep the token for the origin of the API."""
        self._token = token
        self._origin = origin(api_url)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Add the token to a request if it goes to that origin.

        requests itself takes it out where a redirect leaves the origin,
        but for a step from http to https on the same host.
        """
        if origin(str(request.url)) == self._origin:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class GithubRetry(Retry):
    """The retries of urllib3, with GitHub's rules for rate limits.

    A limit whose Retry-After says up to `MAX_WAIT` seconds is waited for. A
    limit without a usable Retry-After, the hourly limit, and any answer that
    asks for a longer wait are given back at once, as they are.
    https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """

    RETRY_AFTER_STATUS_CODES = frozenset({403, 429})

    def get_retry_after(self, response: Any) -> Optional[float]:
        """Return the seconds to wait that a response asks for, if any."""
        return retry_after(response.headers)

    def increment(
            self, method: Optional[str] = None, url: Optional[str] = None,
            response: Any = None, *args: Any, **kwargs: Any) -> Any:
        """Return what is left of the tries; raise MaxRetryError for none."""
        if response is not None:
            wait = retry_after(response.headers)
            limited = response.status in (403, 429)
            if wait is None:
                hopeless = limited
            else:
                hopeless = wait > MAX_WAIT or (
                    limited and is_exhausted(response.headers))
            if hopeless:
                raise MaxRetryError(kwargs["_pool"], str(url))
        return super().increment(method, url, response, *args, **kwargs)


def retry_after(headers: Mapping[str, str]) -> Optional[float]:
    """Return the seconds in a Retry-After header (RFC 9110, 10.2.3).

    None if there is none, or if it is neither a number nor a date.
    """
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch("[0-9]+", text):
        return float(text)
    try:
        return max(0, parsedate_to_datetime(text).timestamp() - time.time())
    except (IndexError, OverflowError, TypeError, ValueError):
        return None


def is_exhausted(headers: Mapping[str, str]) -> bool:
    """Tell whether a response says that the hourly limit is used up."""
    return headers.get("X-RateLimit-Remaining") == "0"


class LimitError(HTTPError):
    """GitHub's rate limit is reached; the message says until when."""


def refuse_limit(response: Response, *args: Any, **kwargs: Any) -> None:
    """Raise LimitError if a response says that the rate limit is reached.

    This is a response hook of requests', called with every response.
    """
    if response.status_code not in (403, 429):
        return
    headers = response.headers
    wait = retry_after(headers)
    if is_exhausted(headers):
        end = headers.get("X-RateLimit-Reset", "")
    elif wait is not None:
        end = str(time.time() + wait)
    elif response.status_code == 429 or "Retry-After" in headers:
        end = ""
    else:
        return  # 403 has other reasons too.
    try:
        date = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(float(end)))
        message = f"GitHub's rate limit is reached; it resets at {date} UTC"
    except (OSError, OverflowError, ValueError):
        message = "GitHub's rate limit is reached; wait at least a minute"
    if "Authorization" not in response.request.headers:
        message += ("; a token in GH_TOKEN raises 60 requests an hour "
                    "to 5,000")
    raise LimitError(message, response=response)


class GithubAdapter(HTTPAdapter):
    """The adapter of requests, with a timeout and a retry for broken bodies.

    A request to this machine itself never goes to a proxy.
    """

    def send(
            self, request: PreparedRequest, stream: bool = False,
            timeout: Any = None, verify: Any = True, cert: Any = None,
            proxies: Any = None) -> Response:
        """Send a request and, unless it is to be streamed, read the answer.

        urllib3 retries until the head of the answer has arrived, so a
        connection that drops later is left to do here.
        """
        if is_loopback(parse_url(str(request.url)).host):
            proxies = None
        retries = self.max_retries
        while True:
            response = super().send(
                request, stream, timeout or TIMEOUT, verify, cert, proxies)
            if stream:
                return response
            response.raw.enforce_content_length = True  # for urllib3 1
            try:
                response.content
                return response
            except RequestException as error:
                response.close()
                error.request = request
                if isinstance(error, ContentDecodingError):
                    raise
                exhausted = False
                try:
                    retries = retries.increment(
                        request.method, request.url, error=error.args[0])
                except TransportError:
                    exhausted = True
                if exhausted:  # out here, where the cause is not forgotten
                    raise
                retries.sleep()


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the command with these arguments; return its exit status.

    Results go to stdout, and only when all is well; all else to stderr.
    """
    args = parse(argv)
    if args.verbose:
        logging.basicConfig(format="%(message)s")
        logging.getLogger("urllib3").setLevel(logging.DEBUG)
    try:
        with ExitStack() as stack:
            token, api_url = environment()
            if args.recorded:
                from fixtures import replay
                token, api_url = None, stack.enter_context(replay())
            session = tuned_session(token, api_url, args.jobs)
            stack.enter_context(session)
            if sys.stderr.isatty() and not args.verbose:
                stack.enter_context(counted_pages(session))
            client = GithubOrgClient(args.org, session, api_url, args.jobs)
            output = report(client.repos_payload, args)
        print(output, end="", flush=True)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0  # The reader has had enough: `| head`, say.
    except (OSError, ValueError) as error:
        line = explain(error, args.org)
        printable = "".join(c if c.isprintable() else " " for c in line)
        print("client.py:", printable, file=sys.stderr)
        return 1
    return 0


def parse(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line; exit with status 2 where it is wrong."""
    parser = argparse.ArgumentParser(
        prog="client.py", allow_abbrev=False,
        description="List an organization's public repositories on GitHub.",
        epilog="GH_TOKEN or GITHUB_TOKEN, if set, holds a token, and "
        "GITHUB_API_URL the API of a GitHub Enterprise Server.")
    parser.add_argument(
        "org", metavar="ORG", type=word, help="the organization's name")
    parser.add_argument(
        "--license", metavar="KEY", type=word,
        help="only repositories under this license: its key or SPDX id; "
        "'none' for those without one")
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--licenses", action="store_true",
        help="count the repositories under each license")
    form.add_argument(
        "--json", action="store_true",
        help="print GitHub's own objects, as one JSON array")
    parser.add_argument(
        "--recorded", action="store_true",
        help="ask a recording of the organization google, not the network")
    parser.add_argument(
        "--jobs", metavar="N", type=jobs, default=WORKERS,
        help=f"pages to fetch at once, 1 to 100 ({WORKERS})")
    parser.add_argument(
        "-v", "--verbose", action="store_true",
        help="tell of every request on stderr")
    return parser.parse_args(argv)


def word(text: str) -> str:
    """Return an argument that must not be empty."""
    if not text.strip():
        raise argparse.ArgumentTypeError("must not be empty")
    return text


def jobs(text: str) -> int:
    """Return the argument of --jobs; GitHub serves up to 100 at once."""
    if not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError("must be from 1 to 100")
    return int(text)


@contextmanager
def counted_pages(session: Session) -> Iterator[None]:
    """Count the pages that arrive, on a line of stderr gone in the end."""
    numbers = count(1)

    def tell(response: Response, *args: Any, **kwargs: Any) -> None:
        """Count a response if it is a page: another response hook."""
        if response.ok and "per_page=" in response.url:
            print(f"\rpages: {next(numbers)}", end="", file=sys.stderr,
                  flush=True)

    session.hooks["response"].append(tell)
    try:
        yield
    finally:
        print("\r" + " " * 12 + "\r", end="", file=sys.stderr, flush=True)


def report(repos: List[Dict[str, Any]], args: argparse.Namespace) -> str:
    """Return what the command prints about these repositories."""
    if args.license is not None:
        repos = [repo for repo in repos
                 if args.license.lower() in license_names(repo)]
    if args.json:
        return json.dumps(repos, indent=2, allow_nan=False) + "\n"
    if args.licenses:
        return chart([license_names(repo)[0] for repo in repos])
    return "".join(f"{repo['name']}\n" for repo in repos)


def license_names(repo: Mapping[str, Any]) -> List[str]:
    """Return a license's key and SPDX id, lower case; "none" for none."""
    license = repo.get("license") or {}
    names = [license.get("key"), license.get("spdx_id")]
    return [name.lower() for name in names if name] or ["none"]


def chart(names: List[str]) -> str:
    """Return each name with its number, most first, and a bar up to 40 #."""
    if not names:
        return ""
    rows = Counter(sorted(names)).most_common()
    most = rows[0][1]
    width = max(map(len, names))
    return "".join(
        f"{name:{width}} {number:{len(str(most))}} "
        f"{'#' * max(1, 40 * number // most)}\n" for name, number in rows)


def explain(error: Exception, org_name: str) -> str:
    """Return what went wrong and, where anything helps, what to do."""
    request = getattr(error, "request", None)
    if request is None or isinstance(error, LimitError):
        return str(error)
    host = parse_url(request.url).netloc
    if isinstance(error, HTTPError):
        response: Any = error.response
        status = response.status_code
        if status == 404 and re.search("/orgs/[^/]*$", request.url):
            return f"no such organization: {org_name}"
        try:
            said = access_nested_map(response.json(), ("message",))
        except (KeyError, RecursionError, ValueError):
            said = response.reason
        advice = ""
        if status == 401:
            advice = "; check the token in GH_TOKEN or GITHUB_TOKEN"
        elif status >= 500:
            advice = "; try again later"
        return f"{host} answered {status}: {said}{advice}"
    if isinstance(error, (ChunkedEncodingError, ContentDecodingError)):
        return f"{host} sent a broken answer; try again later"
    if isinstance(error, ConnectionError):
        reason: object = error
        cause: Optional[BaseException] = error
        while cause:  # down to the system's own error
            if isinstance(cause, OSError):
                reason = cause.strerror or cause
            cause = cause.__context__
        return (f"cannot reach {host}: {reason}; check the network, and "
                "GITHUB_API_URL if it is set")
    return f"{host}: {error}"


if __name__ == "__main__":
    # Where they are closed: nothing is said, and printing fails.
    sys.stderr = sys.stderr or open(os.devnull, "w")
    sys.stdout = sys.stdout or open(os.devnull)
    STATUS = main()
    sys.stderr.flush()
    os._exit(STATUS)  # Not sys.exit: that waits for pages still in flight.
