#!/usr/bin/env python3
"""Get JSON over HTTP for real use: checked, and all pages of a list.

Nothing here knows about GitHub, but for the form of a Link header. Timeouts,
retries and a token belong to the session that a caller passes.
"""
import json
import re
from concurrent.futures import Future, as_completed
from functools import partial
from itertools import count
from threading import Event, Thread
from typing import (
    Any, Callable, Dict, FrozenSet, Generator, List, NamedTuple, Optional,
    Sequence, Tuple, TypeVar)
from urllib.parse import urljoin

from requests import (
    HTTPError, Request, RequestException, Response, Session)
from urllib3.exceptions import HTTPError as TransportError
from urllib3.util import Url, parse_url

MAX_PAGES = 5000  # A longer list is refused, whatever a server claims.
OnPage = Callable[[int, Optional[int]], Any]  # See `fetch_pages`.
USER_AND_PASSWORD = re.compile(r"//[^/?#\\]*@")  # in a URL: never shown


class AnswerError(RequestException, ValueError):
    """An answer arrived, but it can't be used or trusted."""

    def __init__(self, message: str, **options: Any) -> None:
        """Keep the message, without the user and password of any URL."""
        super().__init__(without_password(message), **options)


class OtherOriginError(AnswerError):
    """A link leads to another server than the page that has it."""


class Page(NamedTuple):
    """An answer that has arrived: its document, its URL, its Link header."""

    document: Any
    url: str
    link: str
    response: Optional[Response] = None  # for the errors that these lead to


def fetch_json(session: Session, url: str, *, workers: int = 10,
               **options: Any) -> Any:
    """Return the JSON document at a URL; a list includes all its pages.

    The options are those of `session.get`. If a list has a next page (a Link
    header, RFC 8288), all its pages are fetched once each, up to `workers`
    at a time if their numbers are known. Their items come in order.

    Raises requests.HTTPError for a status of 4xx or 5xx, AnswerError for an
    answer that is incomplete, is not JSON in UTF-8 (RFC 8259), or links to a
    page that must not be requested, and another requests.RequestException if
    the network fails. Each has its `request` and, if one arrived, its
    `response`. After an error no further page is begun. Raises ValueError
    if workers is less than 1.
    """
    pages = list(fetch_pages(session, url, workers=workers, **options))
    if not isinstance(pages[0].document, list):
        return pages[0].document
    return [item for page in pages for item in page.document]


def fetch_pages(
        session: Session, url: str, *, workers: int,
        on_page: OnPage = lambda arrived, total: None, **options: Any
        ) -> Generator[Page, None, None]:
    """Yield the one page of a document, or all pages of a list, in order.

    Options and errors are those of `fetch_json`. When it is closed early,
    no further page is begun.

    For each page of a list, as soon as it has arrived, `on_page` is called
    with two numbers: how many pages have arrived, and how many there are in
    all, or None while that is not known. It is called in the thread that
    runs this generator; the first number is 1, then 2, and so on.
    """
    if workers < 1:
        raise ValueError("workers must be at least 1")
    page = page_of(fetch(session, url, **options))
    if not isinstance(page.document, list):
        yield page
        return
    options.pop("params", None)  # The URL in a link has them already.
    fetch_one = partial(fetch, session, **options)
    plan = plan_after(page, Plan([], frozenset([url]), 1, None))
    numbers = count(1)

    def read(response: Response) -> Page:
        """Return the page in a response that has just arrived."""
        page = list_page_of(response)
        on_page(next(numbers), plan.total)
        return page

    on_page(next(numbers), plan.total)
    yield page
    while plan.urls:
        for page in side_by_side(fetch_one, plan.urls, workers, read):
            yield page
        plan = plan_after(page, plan)


def fetch(session: Session, url: str, **options: Any) -> Response:
    """Make one request, and return the whole answer that arrives."""
    response = None
    try:
        response = session.get(url, **options)
        response.content  # Its body arrives, if it has not done so yet.
    except RequestException as error:
        error.request = error.request or Request("GET", url)
        if response is not None:
            error.response = response
        if isinstance(error, ValueError) and not isinstance(
                error, AnswerError):  # It may quote a password.
            error.request = Request("GET", url)
            error.args = (without_password(
                f"{url} can't be requested: its address, that of a redirect "
                "or a proxy, or a header is invalid"),)
        raise
    except (TransportError, ValueError) as error:
        # requests does not wrap these; a redirect to nonsense raises one.
        raise AnswerError(
            f"{url} can't be fetched: the answer is broken",
            request=Request("GET", url), response=response) from error
    check_status(response)
    return response


def check_status(response: Response) -> None:
    """Raise an error if a response is not a whole document."""
    status = response.status_code
    what = f"{response.url} answered {status}: {response.reason}"
    if status >= 400:
        raise HTTPError(without_password(what), response=response)
    # 206 is a part of a document (RFC 9110, section 15.3.7), 3xx is not one.
    if status // 100 != 2 or status == 206:
        raise AnswerError(what, response=response)


def page_of(response: Response) -> Page:
    """Return the page in a response, or raise AnswerError if it has none."""
    try:
        # json.loads alone would accept UTF-16 and NaN as well.
        document = json.loads(
            response.content.decode(), parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise AnswerError(f"{parse_url(response.url).netloc} did not answer "
                          "in JSON", response=response) from error
    return Page(
        document, response.url, response.headers.get("Link", ""), response)


def refuse_constant(name: str) -> None:
    """Raise ValueError for NaN and Infinity, which are not JSON."""
    raise ValueError(f"{name} is not JSON")


def list_page_of(response: Response) -> Page:
    """Return the page of a list in a response, or raise AnswerError."""
    page = page_of(response)
    if not isinstance(page.document, list):
        raise unusable(page, "is not a list")
    return page


def unusable(page: Page, why: str) -> AnswerError:
    """Return the error that says why a page can't be used."""
    return AnswerError(f"{page.url} {why}", response=page.response)


def without_password(text: str) -> str:
    """Return a text without the user and password of any URL in it."""
    return USER_AND_PASSWORD.sub("//", text)


# GitHub's form of a link and of a header. RFC 8288 allows others. They are
# refused, because what is read by half may lose pages.
LINK = re.compile(r'<([^<>"\s]+)>; rel="(next|last|prev|first)"')
LINKS = re.compile(rf"(?:{LINK.pattern}(?:, {LINK.pattern})*)?")


def links_of(page: Page) -> Dict[str, str]:
    """Return where a page's links lead: URLs by relation.

    https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api
    Raises AnswerError if the header has another form than GitHub's or names
    a relation twice, OtherOriginError if the next page has another origin.
    """
    found = LINK.findall(page.link)
    try:
        links = {rel: parse_url(urljoin(page.url, target)).url
                 for target, rel in found}
        if len(links) != len(found) or not LINKS.fullmatch(page.link):
            raise ValueError("not in GitHub's form, or a relation twice")
    except ValueError as error:
        raise unusable(page, "has a broken link") from error
    if "next" in links and origin(links["next"]) != origin(page.url):
        raise OtherOriginError(
            f"{page.url} links to another origin: {links['next']}",
            response=page.response)
    return links


class Plan(NamedTuple):
    """What the pages of a list that have arrived say of the others.

    urls: the pages to fetch next; there are none after the last page.
    seen: the URLs of all pages that are known, these included.
    known: how many pages are known.
    total: how many pages there are; None if more may follow.
    """

    urls: List[str]
    seen: FrozenSet[str]
    known: int
    total: Optional[int]


def plan_after(page: Page, plan: Plan) -> Plan:
    """Return the plan after the last page of an earlier plan.

    Raises AnswerError if the page links to one that is known already, or if
    there are more than MAX_PAGES.
    """
    links = links_of(page)
    # The first page has a second URL: the "first" link of later pages.
    seen = plan.seen.union((page.url, links.get("first", page.url)))
    urls = pages_after(links)
    if not seen.isdisjoint(urls):
        raise unusable(page, "links to a page already seen")
    known = plan.known + len(urls)
    if known > MAX_PAGES:
        raise unusable(page, f"is one of more than {MAX_PAGES} pages")
    is_all = not urls or urls[-1] == links.get("last")
    return Plan(urls, seen.union(urls), known, known if is_all else None)


# A page's URL in three parts: up to its number, the number, the rest.
NUMBERED_PAGE = re.compile(r"(.*[?&]page=)([0-9]{1,18})([&#].*|)")


def pages_after(links: Dict[str, str]) -> List[str]:
    """Return the URLs of the pages that are known to follow from the links.

    All pages up to the last one are known if its URL differs from the next
    one's in the page number alone. At most MAX_PAGES + 1 are returned.
    """
    if "next" not in links:
        return []
    urls = [links["next"]]
    start = NUMBERED_PAGE.fullmatch(links["next"])
    end = NUMBERED_PAGE.fullmatch(links.get("last", ""))
    if start and end and start.group(1, 3) == end.group(1, 3):
        pages = range(int(start[2]) + 1, int(end[2]) + 1)
        urls += [f"{start[1]}{page}{start[3]}" for page in pages[:MAX_PAGES]]
    return urls


def origin(url: str) -> Tuple[Optional[str], Optional[str], Optional[int]]:
    """Return a URL's scheme, host and port, in lower case (RFC 6454).

    An invalid URL has none of them.
    """
    try:
        parts = parse_url(url)
    except ValueError:
        parts = Url()
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme or "")
    return parts.scheme, parts.host, port


Key = TypeVar("Key")
Answer = TypeVar("Answer")
Value = TypeVar("Value")


def side_by_side(
        fetch_one: Callable[[Key], Answer], keys: Sequence[Key], workers: int,
        read: Callable[[Answer], Value]) -> Generator[Value, None, None]:
    """Yield what is read from the answer for each key, in order.

    Up to `workers` answers are fetched at a time, in threads. Each is read
    as it arrives, in the thread that runs this generator. After an error, or
    when this is closed, no further one is begun. What is in flight does not
    keep the program alive: the threads are daemons.
    """
    answers: List["Future[Answer]"] = [Future() for _ in keys]
    queue = iter(list(zip(keys, answers)))  # shared by all threads
    stop = Event()

    def work() -> None:
        """Fetch one answer after the other, as long as nothing is wrong."""
        for key, answer in queue:
            if stop.is_set():
                return
            try:
                answer.set_result(fetch_one(key))
            except BaseException as error:
                stop.set()
                answer.set_exception(error)

    try:
        for _ in keys[:workers]:
            Thread(target=work, daemon=True).start()
        arriving = as_completed(answers)
        values: Dict["Future[Answer]", Value] = {}
        for answer in answers:
            while answer not in values:
                arrived = next(arriving)
                values[arrived] = read(arrived.result())
            yield values.pop(answer)
    finally:
        stop.set()
