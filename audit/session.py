#!/usr/bin/env python3
"""A careful session for GitHub's API: a plain Session of requests.

It knows GitHub's rules: where the token may go, what is worth another try,
how long to wait, how much to read.
"""
import logging
import os
import re
import time
import zlib
from functools import partial
from threading import Lock
from typing import (
    Any, Callable, Dict, Mapping, NamedTuple, Optional, Tuple, Union)

from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.exceptions import (
    ChunkedEncodingError, ConnectionError, ContentDecodingError, HTTPError,
    InvalidHeader, InvalidSchema, InvalidURL, SSLError, Timeout)
from requests.utils import default_user_agent
from urllib3.util import parse_url

from .pages import AnswerError, origin

LOG = logging.getLogger("audit")
API_URL = "https://api.github.com"
CONNECT_AND_READ = (5, 30)  # seconds: the timeouts of each request
BACKOFF = (0, 1, 2)  # seconds before the second, third and fourth try
MAX_WAIT = 60  # seconds that GitHub may make a session wait
MAX_BODY = 64 * 2**20  # bytes after decompression; a page has about 2**20
MAX_WORKERS = 100  # GitHub's limit for requests in flight at once
LOOPBACK = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|\[::1\]")  # hosts


def environment() -> Tuple[Optional[str], str]:
    """Return the token and the API's URL that the environment sets.

    They are GH_TOKEN, else GITHUB_TOKEN, and GITHUB_API_URL (such as
    https://HOST/api/v3). An empty variable counts as not set.
    """
    return (os.getenv("GH_TOKEN") or os.getenv("GITHUB_TOKEN") or None,
            os.getenv("GITHUB_API_URL") or API_URL)


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
    if token and scheme == "http" and not is_loopback(api_url):
        raise InvalidSchema(
            f"a token must not go to {host} unencrypted: use https")


class Pause:
    """A time until which no request is sent; threads can make it longer."""

    def __init__(self) -> None:
        """Begin without a pause."""
        self._until = float("-inf")  # by the clock that only runs forward
        self._lock = Lock()

    def extend(self, seconds: float) -> None:
        """Pause for some seconds from now, unless it is for longer already."""
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
            {} if is_loopback(str(request.url)) else proxies)
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

        Answers and errors will show the given one, which hides the token.
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


def is_loopback(url: str) -> bool:
    """Return whether a URL leads to this machine itself."""
    _, host, _ = origin(url)
    return bool(host and LOOPBACK.fullmatch(host))


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
