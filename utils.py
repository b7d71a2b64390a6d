#!/usr/bin/env python3
"""Three generic tools: read nested maps, get JSON over HTTP, memoize.

Nothing in here knows of GitHub. Policy (timeouts, retries, a token) is
the business of the session that a caller hands to `get_json`.
"""
import re
from collections import abc, deque
from concurrent.futures import ThreadPoolExecutor
from functools import update_wrapper
from typing import (
    Any, Callable, Dict, Generic, Iterable, List, Mapping, NamedTuple,
    Optional, Set, Tuple, TypeVar, cast, overload)
from urllib.parse import urljoin

import requests
from requests import RequestException, Response, Session
from urllib3.exceptions import HTTPError as TransportError
from urllib3.util import parse_url

Value = TypeVar("Value")

# A listing of more pages than this is refused: time and memory stay
# bounded, whatever a server claims.
MAX_PAGES = 5000

# A page's URL in three parts: up to its number, the number, the rest.
NUMBERED_PAGE = re.compile(r"(.*[?&]page=)([0-9]{1,18})((?:[&#].*)?)")


class AnswerError(RequestException, ValueError):
    """An answer arrived, but one that can't be used or trusted.

    It is no JSON, it has the wrong shape, or it links to a page that must
    not be asked for.
    """


def access_nested_map(
        nested_map: Mapping[Any, Any], path: Iterable[Any]) -> Any:
    """Return what stands in nested maps at the end of a path of keys.

    Raises KeyError, its only argument the key that failed, where a key is
    missing or where the path goes on but the value is no mapping.

    >>> access_nested_map({"a": {"b": 2}}, ("a", "b"))
    2
    >>> access_nested_map({"a": 1}, ("a", "b"))
    Traceback (most recent call last):
        ...
    KeyError: 'b'
    """
    try:
        for key in path:
            # dict first: asking the abstract class takes ten times as long.
            if (not isinstance(nested_map, dict)
                    and not isinstance(nested_map, abc.Mapping)):
                raise KeyError(key)
            nested_map = nested_map[key]
    except KeyError:
        # Some mappings raise it with words of their own, or another key.
        raise KeyError(key) from None
    return nested_map


class Page(NamedTuple):
    """What a page holds, its own URL, and the URLs that it links to."""

    body: Any
    url: str
    links: Dict[str, str]


def get_json(
        url: str, session: Optional[Session] = None, *,
        workers: int = 10, **options: Any) -> Any:
    """Return the JSON document at a URL; a list comes whole, of all pages.

    The request is `requests.get(url)`, or the session's `get`, with the
    options. Where the document is a list and the Link header names a next
    page (RFC 8288), the pages after it follow, in order, each fetched once,
    up to `workers` at a time where their numbers are known. A test double
    that is no requests.Response is asked for its `json()`, nothing else.

    Raises requests.HTTPError for a status of 4xx or 5xx, AnswerError for an
    answer that is no JSON in UTF-8 (RFC 8259) and for a link to another
    origin or to a page already seen, and another RequestException for
    whatever else goes wrong on the wire.
    """
    page = read_page(url, fetch(url, session, options))
    if not isinstance(page.body, list):
        return page.body
    items = page.body
    options.pop("params", None)  # The URL in a link has them already.
    seen = {url, page.url}
    urls = following_pages(page, seen)
    while urls:
        executor = ThreadPoolExecutor(workers)
        futures = deque(executor.submit(fetch, following, session, options)
                        for following in urls)
        try:
            while futures:
                page = read_page(url, futures.popleft().result())
                if not isinstance(page.body, list):
                    raise AnswerError(f"{page.url} is no list, as page 1 was")
                items.extend(page.body)
        except BaseException:
            for future in futures:
                future.cancel()
            executor.shutdown(wait=False)  # Pages in flight may hang.
            raise
        executor.shutdown()
        urls = following_pages(page, seen)
    return items


def fetch(
        url: str, session: Optional[Session], options: Mapping[str, Any]
        ) -> Response:
    """Make one request and return the response, or the double of one."""
    try:
        return (session or requests).get(url, **options)
    except RequestException:
        raise
    except (TransportError, ValueError) as error:
        # requests lets these through: for a nonsensical redirect, say.
        raise AnswerError(f"{url} can't be fetched: {error}") from error


def read_page(url: str, response: Response) -> Page:
    """Check a response to a request of this URL, and decode it."""
    # Not isinstance: a Mock with a spec claims to be a Response. A Response
    # without a status never arrived from anywhere.
    if (not issubclass(type(response), Response)
            or response.status_code is None):
        return Page(response.json(), url, {})
    response.raise_for_status()
    try:
        (response.content or b"").decode()  # json() would let it pass.
        response.encoding = "utf-8"  # whatever the headers say
        body = response.json()
    except (ValueError, RecursionError) as error:
        host = parse_url(response.url).netloc
        raise AnswerError(f"{host} did not answer in JSON") from error
    try:
        links = {rel.lower(): parse_url(urljoin(response.url, link["url"])).url
                 for rels, link in response.links.items()
                 for rel in rels.split()}
    except ValueError as error:
        raise AnswerError(f"{response.url} has a broken link") from error
    return Page(body, response.url, links)


def following_pages(page: Page, seen: Set[str]) -> List[str]:
    """Return the URLs of the pages known to follow a page; mark them seen.

    They are numbered up to the last page where its URL differs from the
    next one's in the number alone; elsewhere only the next is known.
    Raises AnswerError rather than have a page asked for that is of another
    origin, was seen before, or is one too many.
    """
    if "next" not in page.links:
        return []
    next_url = page.links["next"]
    if origin(next_url) != origin(page.url):
        raise AnswerError(f"{page.url} links to another origin: {next_url}")
    urls = [next_url]
    start = NUMBERED_PAGE.fullmatch(next_url)
    end = NUMBERED_PAGE.fullmatch(page.links.get("last", ""))
    if start and end and start.group(1, 3) == end.group(1, 3):
        numbers = range(int(start[2]) + 1, int(end[2]) + 1)
        urls.extend(f"{start[1]}{number}{start[3]}"
                    for number in numbers[:MAX_PAGES])
    # The first page has a second URL: the one that later pages call first.
    seen.add(page.links.get("first", page.url))
    if not seen.isdisjoint(urls):
        raise AnswerError(f"{page.url} links to a page already seen")
    seen.update(urls)
    if len(seen) > MAX_PAGES:
        raise AnswerError(f"{page.url} is one of more than {MAX_PAGES} pages")
    return urls


def origin(url: str) -> Tuple[Optional[str], Optional[str], Optional[int]]:
    """Return a URL's scheme, host and port, lower case (RFC 6454)."""
    parts = parse_url(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme or "")
    return parts.scheme, parts.host, port


class memoize(Generic[Value]):
    """Decorator: the method becomes an attribute, computed once.

    The first reading calls the method and stores its value, None included,
    in the instance's `__dict__`, where a plain attribute lives: from then
    on Python finds it there and comes here no more, and `del` makes the
    next reading compute it anew. An exception is not stored. Two threads
    that read it for the first time at once may both compute it.

    functools.cached_property, of Python 3.8 and later, works alike.

    >>> class Circle:
    ...     @memoize
    ...     def area(self):
    ...         print("computing")
    ...         return 3.14
    >>> circle = Circle()
    >>> circle.area + circle.area
    computing
    6.28
    """

    def __init__(self, method: Callable[[Any], Value]) -> None:
        """Wrap the method: take over its name and its docstring."""
        update_wrapper(cast(Any, self), method)
        self._method = method
        self._name = method.__name__

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the name that the class gives to the attribute."""
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> "memoize[Value]":
        """Return the decorator itself when read on the class."""

    @overload
    def __get__(
            self, instance: object, owner: Optional[type] = None) -> Value:
        """Return the value when read on an instance."""

    def __get__(self, instance: Any, owner: Optional[type] = None) -> Any:
        """Compute and store the value; on the class return the decorator.

        Raises TypeError for an instance without a `__dict__`.
        """
        if instance is None:
            return self
        try:
            attributes = instance.__dict__
        except AttributeError:
            raise TypeError(
                f"can't memoize {self._name!r}: {type(instance).__name__} "
                "has no __dict__ to store it in") from None
        if self._name not in attributes:
            attributes[self._name] = self._method(instance)
        return attributes[self._name]
