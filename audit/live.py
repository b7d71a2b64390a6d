#!/usr/bin/env python3
"""GithubOrgClient for real use: all repositories, over a careful session.

`LiveOrgClient` is used like the client that it is made from. Its session
knows GitHub's rules: where the token may go, what is worth another try, how
long to wait, how much to read.
"""
import logging
import os
import re
import time
import zlib
from contextlib import closing
from functools import partial
from threading import Lock
from typing import (
    Any, Callable, Dict, Generator, List, Mapping, NamedTuple, Optional,
    Sequence, Tuple, Union)
from urllib.parse import quote

from requests import (
    PreparedRequest, Request, RequestException, Response, Session)
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.exceptions import (
    ChunkedEncodingError, ConnectionError, ContentDecodingError, HTTPError,
    InvalidHeader, InvalidSchema, InvalidURL, SSLError, Timeout)
from requests.utils import default_user_agent
from urllib3.util import parse_url

from client import GithubOrgClient
from .pages import (
    AnswerError, OnPage, Page, fetch_pages, origin, page_of, side_by_side,
    unusable)
from utils import access_nested_map, memoize

Repo = Mapping[str, Any]
API_URL = "https://api.github.com"
# By creation: a new repository comes last, and moves no other one to a page
# that has been read already.
LISTING = {"type": "public", "sort": "created", "direction": "asc",
           "per_page": "100"}  # the most that GitHub gives
LOG = logging.getLogger("live")


def environment() -> Tuple[Optional[str], str]:
    """Return the token and the API's URL that the environment sets.

    They are GH_TOKEN, else GITHUB_TOKEN, and GITHUB_API_URL (such as
    https://HOST/api/v3). An empty variable counts as not set.
    """
    return (os.getenv("GH_TOKEN") or os.getenv("GITHUB_TOKEN") or None,
            os.getenv("GITHUB_API_URL") or API_URL)


class LiveOrgClient(GithubOrgClient):
    """Reads all public repositories of an organization, and checks them.

    Whatever goes wrong on the wire is a requests.RequestException. In a
    `with` block, a client closes its session at the end, if it has made it.
    """

    def __init__(
            self, org_name: str, session: Session, api_url: str = API_URL,
            workers: int = 10,
            on_page: OnPage = lambda arrived, total: None) -> None:
        """Keep what is given, and request nothing.

        The session is one of `github_session`; several clients may share it.
        Up to `workers` pages are fetched at once.

        For each page of repositories, as soon as it has arrived, `on_page`
        is called with two numbers: how many pages of this listing have
        arrived (1, then 2, and so on), and how many it has, or None while
        that is not known. It is called in the thread that reads
        `repos_payload`. If the listing is requested once more, the first
        number begins at 1 again.
        """
        super().__init__(org_name)
        self.session = session
        self.api_url = api_url.rstrip("/")
        self.workers = workers
        self.on_page = on_page
        self._made_session = False

    @classmethod
    def from_environment(cls, org_name: str) -> "LiveOrgClient":
        """Make a client with a session of its own (see `environment`)."""
        token, api_url = environment()
        client = cls(org_name, github_session(token, api_url), api_url)
        client._made_session = True
        return client

    def __enter__(self) -> "LiveOrgClient":
        """Return the client itself."""
        return self

    def __exit__(self, *_: Any) -> None:
        """Close the session, if the client has made it."""
        if self._made_session:
            self.session.close()

    @memoize
    def org(self) -> Dict[str, Any]:
        """The organization, as GitHub describes it.

        Raises InvalidURL for a name that is a step in a path (RFC 3986,
        section 3.3), and AnswerError for a list of repositories at another
        origin than the API's: the token must not go there.
        """
        if self._org_name in (".", ".."):
            raise InvalidURL(f"{self._org_name} can't name an organization")
        url = f"{self.api_url}/orgs/{quote(self._org_name, safe='')}"
        page = next(fetch_pages(self.session, url, workers=1))
        org: Dict[str, Any] = page.document
        if not has_fields(org, ORG_FIELDS):
            raise unusable(page, "is not an organization")
        if origin(org["repos_url"]) != origin(self.api_url):
            raise AnswerError(
                f"the API at {self.api_url} refers to {org['repos_url']}; set "
                "GITHUB_API_URL to the API's own address",
                response=page.response)
        return org

    @memoize
    def repos_payload(self) -> List[Dict[str, Any]]:
        """All public repositories, as GitHub describes them, by creation.

        If fewer come than GitHub counts, they are requested once more, and
        those that come only then stand last. If some are still missing, a
        warning is logged; if all are, AnswerError is raised.
        """
        counted = self.org["public_repos"]
        found = self._public_by_id()
        if len(found) < counted:
            found.update(self._public_by_id())
        if len(found) < counted:
            missing = (f"{self.org['login']}: GitHub counts {counted} public "
                       f"repositories and lists {len(found)}")
            if not found:
                asked = Request("GET", self._public_repos_url)
                raise AnswerError(missing, request=asked)
            LOG.warning(missing)
        return list(found.values())

    def _public_by_id(self) -> Dict[int, Dict[str, Any]]:
        """Request the listing; return what is public, each by its id."""
        url = self._public_repos_url
        with closing(fetch_pages(self.session, url, workers=self.workers,
                                 on_page=self.on_page,
                                 params=LISTING)) as pages:
            return {repo["id"]: repo
                    for page in pages for repo in public_repos_on(page)}

    def license_texts(self, repos: Sequence[Repo]) -> Generator[
            Tuple[Repo, Optional[Dict[str, Any]]], None, None]:
        """Yield each repository with its `license_text`, in order.

        Up to `workers` texts are requested at once. After an error, or when
        this is closed, no further one is requested. Any organization's
        repositories will do.
        """
        with closing(side_by_side(self.license_text, repos, self.workers,
                                  lambda text: text)) as texts:
            yield from zip(repos, texts)

    def license_text(self, repo: Repo) -> Optional[Dict[str, Any]]:
        """Return the file of a repository's license, as GitHub describes it.

        Its `content` is the text in base64, with line breaks; `html_url` is
        its address, and `path` its path, in which any character may stand.
        None means that GitHub has no text to give: there is no such file, it
        has over 1 MB, or the repository is blocked.
        https://docs.github.com/rest/licenses/licenses#get-the-license-for-a-repository
        """
        url = f"{self.api_url}/repos/{quote(repo['full_name'])}/license"
        try:
            page = next(fetch_pages(self.session, url, workers=1))
        except HTTPError as error:
            if has_no_text(error.response):
                return None
            raise
        return license_text_on(page)


# The shapes of answers.
ORG_FIELDS = {"id": int, "login": str, "repos_url": str, "public_repos": int}
REPO_FIELDS = {"id": int, "name": str, "full_name": str}
NULLABLE_FIELDS = {
    "private": bool, "fork": bool, "archived": bool, "language": str,
    "stargazers_count": int, "pushed_at": str, "html_url": str}
LICENSE_FIELDS = {"key": str, "spdx_id": str}
TEXT_FIELDS = {"encoding": str, "html_url": str}
# The name of an owner or a repository; it is not a step in a path.
FULL_NAME = re.compile(r"(?!\.\.?/)[\w.-]+/(?!\.\.?$)[\w.-]+")
BASE64 = re.compile("[A-Za-z0-9+/]*={0,2}")


def public_repos_on(page: Page) -> List[Dict[str, Any]]:
    """Return the public ones of the repositories on a page.

    Raises AnswerError if it holds anything but repositories.
    """
    if not isinstance(page.document, list):
        raise unusable(page, "is not a list of repositories")
    for place, repo in enumerate(page.document, start=1):
        if not is_repository(repo):
            raise unusable(
                page, f"is not a list of repositories: look at item {place}")
    return [repo for repo in page.document if not repo.get("private")]


def is_repository(answer: Any) -> bool:
    """Return whether an answer has the shape of a repository."""
    return (has_fields(answer, REPO_FIELDS)
            and bool(FULL_NAME.fullmatch(answer["full_name"]))
            and has_fields(answer, NULLABLE_FIELDS, null=True)
            and has_fields(
                answer.get("license") or {}, LICENSE_FIELDS, null=True))


def has_no_text(response: Response) -> bool:
    """Return whether an error means that GitHub has no text of a license.

    These are: no such file, taken down for legal reasons, and blocked.
    """
    if response.status_code != 403:
        return response.status_code in (404, 451)
    try:
        access_nested_map(page_of(response).document, ("block",))
    except (AnswerError, KeyError):
        return False
    return True


def license_text_on(page: Page) -> Optional[Dict[str, Any]]:
    """Return the file of a license that a page describes.

    None means that its text is not there, as in a file of over 1 MB. Raises
    AnswerError if the page holds anything else.
    """
    file: Dict[str, Any] = page.document
    if not has_fields(file, TEXT_FIELDS) or not isinstance(
            file.get("path"), str):
        raise unusable(page, "is not the file of a license")
    if file["encoding"] != "base64":
        return None
    if not is_base64(file.get("content")):
        raise unusable(page, "has a text that is not base64")
    return file


def is_base64(content: Any) -> bool:
    """Return whether an answer is base64; it may have line breaks."""
    if not isinstance(content, str):
        return False
    digits = re.sub("[\r\n]", "", content)
    return len(digits) % 4 == 0 and bool(BASE64.fullmatch(digits))


def has_fields(
        answer: Any, fields: Mapping[str, type], null: bool = False) -> bool:
    """Return whether each field is printable and of its type.

    With `null`, a field may also be null or missing.
    """
    if not isinstance(answer, dict):
        return False
    for field, kind in fields.items():
        value = answer.get(field)
        if not (null and value is None or isinstance(value, kind)
                and str(value).isprintable()):
            return False
    return True


# The session.
CONNECT_AND_READ = (5, 30)  # seconds: the timeouts of each request
BACKOFF = (0, 1, 2)  # seconds before the second, third and fourth try
MAX_WAIT = 60  # seconds that GitHub may make a session wait
MAX_BODY = 64 * 2**20  # bytes after decompression; a page has about 2**20
MAX_WORKERS = 100  # GitHub's limit for requests in flight at once
LOOPBACK = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|\[::1\]")  # hosts


def log_wait(seconds: float) -> None:
    """Log that a session waits before its next try."""
    LOG.info("waiting %g s before the next try", seconds)


def github_session(
        token: Optional[str] = None, api_url: str = API_URL,
        on_wait: Callable[[float], Any] = log_wait,
        transport: Optional[BaseAdapter] = None) -> Session:
    """Return a session that sends its requests through a `GithubAdapter`.

    Before it waits for another try, `on_wait` is called with the number of
    seconds, in the thread that sends the request: several threads may call
    it at once. The transport is what sends a request as it is; unless given,
    it is an HTTPAdapter of requests.

    Raises InvalidURL for an API's URL that is not valid, InvalidHeader for a
    token that is not, and InvalidSchema for a token that would travel
    unencrypted to another machine. None of them quotes a secret.
    """
    check_api(api_url, token)
    adapter = GithubAdapter(
        token, api_url, on_wait,
        transport or HTTPAdapter(pool_maxsize=MAX_WORKERS))
    session = Session()
    # https://docs.github.com/rest/using-the-rest-api/getting-started-with-the-rest-api
    session.headers.update({
        "Accept": "application/vnd.github+json",
        "Accept-Encoding": "gzip",
        "User-Agent": f"github-org-client {default_user_agent()}",
        "X-GitHub-Api-Version": "2022-11-28"})
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def check_api(api_url: str, token: Optional[str]) -> None:
    """Raise an error if the API's URL or the token can't be used."""
    scheme, host, _ = origin(api_url)
    if (scheme not in ("http", "https") or not host
            or re.search("[@?#]", api_url)):
        raise InvalidURL(
            "the API's URL (GITHUB_API_URL) must be like https://HOST/api/v3")
    if token and re.search("[^!-~]", token):
        raise InvalidHeader(
            "the token (GH_TOKEN or GITHUB_TOKEN) contains an invalid "
            "character")
    if token and scheme == "http" and not LOOPBACK.fullmatch(host):
        raise InvalidSchema(
            f"a token must not go to {host} unencrypted: use https")


class Pause:
    """A time until which no request is sent; threads can make it longer."""

    def __init__(self) -> None:
        """Begin without a pause."""
        self._until = float("-inf")  # by the clock that only runs forward
        self._lock = Lock()

    def extend(self, seconds: float) -> None:
        """Pause from now on for some seconds, or longer if it does already."""
        with self._lock:
            self._until = max(self._until, time.monotonic() + seconds)

    def wait(self) -> None:
        """Sleep until the pause is over; it may become longer meanwhile."""
        left = self._until - time.monotonic()
        while left > 0:
            time.sleep(left)
            left = self._until - time.monotonic()


class Wait(NamedTuple):
    """How many seconds to wait before the next try, and who must wait."""

    seconds: float
    is_for_all: bool  # a rate limit: no request of the session may be sent


class GithubAdapter(BaseAdapter):
    """Sends every request, redirected ones too, by GitHub's rules."""

    def __init__(
            self, token: Optional[str], api_url: str,
            on_wait: Callable[[float], Any], transport: BaseAdapter) -> None:
        """Keep what is given: the token is for the API's origin alone."""
        super().__init__()
        self._token = token
        self._origin = origin(api_url)
        self._on_wait = on_wait
        self._transport = transport
        self._pause = Pause()

    def __getstate__(self) -> Dict[str, Any]:
        """Raise TypeError: a token must not be copied or stored."""
        raise TypeError("what may hold a token can't be copied or pickled")

    def close(self) -> None:
        """Close the connections of the transport."""
        self._transport.close()

    def send(
            self, request: PreparedRequest, stream: bool = False,
            timeout: Any = None, verify: Any = True, cert: Any = None,
            proxies: Any = None) -> Response:
        """Send a request; read the answer, unless it is to be streamed.

        A GET is tried at most four times, anything else once. A request to
        the API's origin carries the token, any other no Authorization at
        all, whatever .netrc says. Within this machine no proxy is used.
        While a request waits for a rate limit, no other is sent.
        """
        send = partial(
            self._transport.send, self._authorized(request), stream,
            timeout or CONNECT_AND_READ, verify, cert,
            {} if is_loopback(request.url) else proxies)
        backoffs = iter(BACKOFF if request.method == "GET" else ())
        while True:
            self._pause.wait()
            result = self._try_once(
                request, stream, send, next(backoffs, None))
            if isinstance(result, Response):
                return result
            self._on_wait(result.seconds)
            if result.is_for_all:
                self._pause.extend(result.seconds)
            else:
                time.sleep(result.seconds)

    def _authorized(self, request: PreparedRequest) -> PreparedRequest:
        """Return the request to send, with the token if it may carry it.

        Answers and errors show the request that was given: without the token.
        """
        request.headers.pop("Authorization", None)
        sent = request.copy()
        if self._token and origin(str(request.url)) == self._origin:
            request.headers["Authorization"] = "Bearer [hidden]"
            sent.headers["Authorization"] = f"Bearer {self._token}"
        return sent

    def _try_once(
            self, request: PreparedRequest, stream: bool,
            send: Callable[[], Response], backoff: Optional[float]
            ) -> Union[Response, Wait]:
        """Return the answer, or how long to wait before the next try.

        After the last try, for which the backoff is None, there is no other.
        """
        response = None
        try:
            response = send()
            response.request = request
            body = b"" if stream and response.ok else read_body(response)
            seconds = seconds_to_wait(response.status_code, response.headers,
                                      body, backoff, time.time())
        except RequestException as error:
            error.request, error.response = request, response
            if backoff is None or not is_transient(error):
                raise
            return Wait(backoff, is_for_all=False)
        if seconds is None:
            return response
        return Wait(seconds, is_for_all=response.status_code in (403, 429))


def is_loopback(url: Optional[str]) -> bool:
    """Return whether a URL leads to this machine itself."""
    return bool(LOOPBACK.fullmatch(str(origin(str(url))[1])))


def is_transient(error: RequestException) -> bool:
    """Return whether another try may help; it never mends a certificate."""
    if isinstance(error, SSLError) and "certificate" in str(error).lower():
        return False
    return isinstance(error, (ChunkedEncodingError, ConnectionError, Timeout))


def read_body(response: Response) -> bytes:
    """Read and return a response's body, of at most MAX_BODY bytes.

    It is unpacked here, because urllib3 would unpack without a bound, and
    would go on reading, for ever, what follows the end of the gzip.
    """
    host = parse_url(response.url).netloc
    # Without this header urllib3 leaves the body as it is.
    encoding = response.raw.headers.pop("Content-Encoding", "").lower()
    gzip = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    body = bytearray()
    response.raw.enforce_content_length = True  # for urllib3 1
    with response:
        if encoding not in ("", "identity", "gzip"):
            raise AnswerError(f"{host} sent an encoding nobody asked for")
        for chunk in response.iter_content(zlib.DEF_BUF_SIZE):
            try:
                body += (gzip.decompress(chunk, MAX_BODY + 1)
                         if encoding == "gzip" else chunk)
            except zlib.error as error:
                raise ContentDecodingError(error)
            if gzip.unused_data:
                raise ContentDecodingError("it goes on after its end")
            if len(body) > MAX_BODY:
                raise AnswerError(f"{host} sent over {MAX_BODY:,} bytes")
    if encoding == "gzip" and response.raw.tell() and not gzip.eof:
        raise ChunkedEncodingError("the end of the body is missing")
    response._content = bytes(body)
    return response._content


class LimitError(HTTPError):
    """GitHub's rate limit is reached, and lasts too long to be waited for."""

    def __init__(self, resets_at: Optional[float] = None) -> None:
        """Keep when it ends, in seconds since 1970; None means unknown."""
        super().__init__()
        self.resets_at = resets_at

    def __str__(self) -> str:
        """Return a message that says in UTC when the limit ends."""
        until = "wait at least a minute" if self.resets_at is None else (
            time.strftime("it resets at %Y-%m-%d %H:%M:%S UTC",
                          time.gmtime(self.resets_at)))
        return f"GitHub's rate limit is reached; {until}"


SECONDARY_LIMIT = re.compile("(?i)secondary.rate.limit|abuse.detection")


def seconds_to_wait(
        status: int, headers: Mapping[str, str], body: bytes,
        backoff: Optional[float], now: float) -> Optional[float]:
    """Return the seconds until the next try, or None if there is none.

    Retry-After says how many (RFC 9110, section 10.2.3; GitHub sends no
    dates). Without it a 5xx takes the backoff (None after the last try), the
    hourly limit takes until it is reset, and another limit a minute. Raises
    LimitError for a limit that lasts longer than MAX_WAIT, and after the last
    try.
    https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    after = headers.get("Retry-After", "")
    wait: Optional[float] = (
        int(after) if re.fullmatch("[0-9]{1,9}", after) else None)
    if status in (500, 502, 503, 504) and backoff is not None:
        wait = backoff if wait is None else wait
        return wait if wait <= MAX_WAIT else None
    # A 403 has other reasons too, such as missing single sign-on.
    if status not in (403, 429) or "X-GitHub-SSO" in headers:
        return None
    if wait is None and headers.get("X-RateLimit-Remaining") == "0":
        reset = headers.get("X-RateLimit-Reset", "")
        if not re.fullmatch("[0-9]{1,10}", reset):
            raise LimitError()
        wait = max(1, int(reset) - now)
    if wait is None:
        limited = (status == 429 or "Retry-After" in headers
                   or SECONDARY_LIMIT.search(body.decode("latin-1")))
        if limited and backoff is None:
            raise LimitError()
        return MAX_WAIT if limited else None
    if wait > MAX_WAIT or backoff is None:
        raise LimitError(now + wait)
    return wait
