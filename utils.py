#!/usr/bin/env python3
"""Three generic tools: read nested maps, get JSON over HTTP, memoize.

The first part is these three, and can be read alone. The second, for real
use, is what `get_json` needs where an answer really arrived: errors, pages,
links, threads. Nothing in here knows of GitHub. Policy (timeouts, tries, a
token) is the business of the session that a caller hands to `get_json`.
"""
import re
from collections import abc
from contextlib import closing
from functools import partial, update_wrapper
from queue import SimpleQueue
from threading import Thread
from typing import (
    Any, Callable, Dict, Generator, Generic, Iterable, List, Mapping,
    Optional, Set, Tuple, TypeVar, cast)
from urllib.parse import urljoin

import requests
from requests import HTTPError, RequestException, Response, Session
from urllib3.exceptions import HTTPError as TransportError
from urllib3.util import parse_url

# dict first: asking the abstract class takes ten times as long.
MAPPINGS = (dict, abc.Mapping)
Value = TypeVar("Value")


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
    for key in path:
        if not isinstance(nested_map, MAPPINGS):
            raise KeyError(key)
        try:
            nested_map = nested_map[key]
        except KeyError:
            # Some mappings raise it with words of their own.
            raise KeyError(key) from None
    return nested_map


def get_json(
        url: str, session: Optional[Session] = None, *,
        workers: int = 10, **options: Any) -> Any:
    """Return the JSON document at a URL; a list comes whole, of all pages.

    The request is `requests.get(url)`, or the session's `get`, with the
    options. Where a list has a next page (a Link header, RFC 8288), all
    pages are fetched, each once, up to `workers` at a time if their numbers
    are known. A test double of a response is asked for its `json()` alone.

    Raises requests.HTTPError for a status of 4xx or 5xx, AnswerError for an
    answer that is no JSON in UTF-8 (RFC 8259) or links to a page that must
    not be asked for, and another RequestException for any other failure.
    """
    response = fetch(url, session, options)
    if is_double(response):
        return response.json()
    document = decode(response)
    if isinstance(document, list):
        options.pop("params", None)  # The URL in a link has them already.
        get_page = partial(fetch, session=session, options=options)
        add_pages(document, response, {url}, get_page, workers)
    return document


class memoize(Generic[Value]):
    """Decorator: the method becomes an attribute, computed once.

    The first reading calls the method and stores its value, None included,
    in the instance's `__dict__`, where a plain attribute lives: from then
    on Python finds it there and comes here no more, and `del` makes the
    next reading compute it anew. An exception is not stored. Two threads
    that read it first at once may both compute it. Python 3.8 and later
    have functools.cached_property, which works alike.

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
        # Not __name__: all lambdas share theirs, a functools.partial has none.
        self._name = repr(method)

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn the name that the class gives to the attribute."""
        self._name = name

    def __get__(self, instance: Any, owner: type) -> Value:
        """Compute and store the value; on the class return the decorator.

        Raises TypeError for an instance without a `__dict__`.
        """
        if instance is None:
            return self  # type: ignore[return-value]
        attributes: Dict[str, Value] = vars(instance)
        if self._name not in attributes:
            attributes[self._name] = self._method(instance)
        return attributes[self._name]


# For real use: what becomes of an answer that really arrived.

MAX_PAGES = 5000  # A longer listing is refused, whatever a server claims.

# A page's URL in three parts: up to its number, the number, the rest.
NUMBERED_PAGE = re.compile(r"(.*[?&]page=)([0-9]{1,18})([&#].*|)")

# A Link header (RFC 8288, section 3): targets in angle brackets, each with
# parameters, whose values may be quoted (RFC 9110, 5.6.4). No text matches
# in two ways, so that a hostile header takes no longer than another.
LINK_PARAMETER = re.compile(
    r'\s*;(?:\s*([^\s=;,"<>]+)'
    r'(?:\s*=(?:\s*("(?:[^"\\]|\\.)*"|[^\s;,"]+))?)?)?')
LINK = re.compile(
    rf"[\s,]*<([^<>]*)>((?:{LINK_PARAMETER.pattern})*)\s*(?:,|\Z)|(?s:.+)")


class AnswerError(RequestException, ValueError):
    """An answer arrived, but one that can't be used or trusted."""

    def __init__(self, message: str) -> None:
        """Keep the message, but no user and password in a URL in it."""
        super().__init__(re.sub(r"//[^/?#\\]*@", "//", message))


def fetch(
        url: str, session: Optional[Session], options: Mapping[str, Any]
        ) -> Response:
    """Make one request; return the response, but raise for a bad status."""
    get: Any = requests.get if session is None else session.get
    try:
        response: Response = get(url, **options)
    except RequestException:
        raise
    except (TransportError, ValueError) as error:
        # requests lets these through: for a nonsensical redirect, say.
        raise AnswerError(f"{url} can't be fetched: {error}") from error
    if not is_double(response) and response.status_code >= 400:
        where = parse_url(response.url)._replace(auth=None)
        raise HTTPError(f"{where} answered {response.status_code}: "
                        f"{response.reason}", response=response)
    return response


def is_double(response: Any) -> bool:
    """Tell whether a response never arrived from anywhere."""
    # Not isinstance: a Mock with a spec claims to be a Response. A Response
    # that a test made by hand has no status.
    return (not issubclass(type(response), Response)
            or response.status_code is None)


def decode(response: Response) -> Any:
    """Return the JSON document in a response that really arrived."""
    try:
        (response.content or b"").decode()  # json() would let it pass.
        response.encoding = "utf-8"  # whatever the headers say
        return response.json()
    except (ValueError, RecursionError) as error:
        host = parse_url(response.url).netloc
        raise AnswerError(f"{host} did not answer in JSON") from error


def add_pages(
        items: List[Any], response: Response, seen: Set[str],
        get_page: Callable[[str], Response], workers: int) -> None:
    """Add to a list, whose first page has arrived, the items of the rest."""
    urls = following_pages(response, seen)
    while urls:
        with closing(in_order(get_page, urls, workers)) as pages:
            for response in pages:
                page = decode(response)
                if not isinstance(page, list):
                    raise AnswerError(
                        f"{response.url} is no list, as page 1 was")
                items.extend(page)
        urls = following_pages(response, seen)


def following_pages(response: Response, seen: Set[str]) -> List[str]:
    """Return the URLs of the pages known to follow a page; mark them seen.

    All up to the last are known where its URL differs from the next one's
    in the number alone. Raises AnswerError rather than have a page asked
    for that is of another origin, was seen before, or is one too many.
    """
    here = response.url
    try:
        links = {rel: parse_url(urljoin(here, target)).url for rel, target
                 in parse_links(response.headers.get("Link", "")).items()}
    except ValueError as error:
        raise AnswerError(f"{here} has a broken link") from error
    if "next" not in links:
        return []
    if origin(links["next"]) != origin(here):
        raise AnswerError(f"{here} links to another origin: {links['next']}")
    urls = [links["next"]]
    start = NUMBERED_PAGE.fullmatch(links["next"])
    end = NUMBERED_PAGE.fullmatch(links.get("last", ""))
    if start and end and start.group(1, 3) == end.group(1, 3):
        numbers = range(int(start[2]) + 1, int(end[2]) + 1)
        urls.extend(f"{start[1]}{number}{start[3]}"
                    for number in numbers[:MAX_PAGES])
    # The first page has a second URL: the one that later pages call first.
    seen.update((here, links.get("first", here)))
    if not seen.isdisjoint(urls):
        raise AnswerError(f"{here} links to a page already seen")
    seen.update(urls)
    if len(seen) > MAX_PAGES:
        raise AnswerError(f"{here} is one of more than {MAX_PAGES} pages")
    return urls


def parse_links(header: str) -> Dict[str, str]:
    """Return the targets in a Link header, by relation in lower case.

    Raises ValueError where the header breaks the grammar, or where it does
    not say which page is next: it names two, or one next to something else.
    """
    links: Dict[str, str] = {}
    for link in LINK.finditer(header.strip(" \t,")):
        if link[1] is None:
            raise ValueError("this is no link")
        parameters = {name.lower(): value for name, value in reversed(
            LINK_PARAMETER.findall(link[2]))}  # The first of a name counts.
        # Quotes go. requests, and so some servers, take ' for one of them.
        rels = re.sub(r"\\(.)|[\"']", r"\1", parameters.get("rel", ""))
        for rel in rels.lower().split():
            if rel == "next" and (
                    "anchor" in parameters
                    or links.get("next", link[1]) != link[1]):
                raise ValueError("this is not the one next page")
            links.setdefault(rel, link[1])
    return links


def in_order(
        get_page: Callable[[str], Response], urls: List[str], workers: int
        ) -> Generator[Response, None, None]:
    """Yield the pages at these URLs, in order, fetching `workers` at once.

    An error is raised as soon as it happens, and no page is asked for after
    it. The threads are daemons: nothing waits for the requests that hang
    then, and the program may end.
    """
    if workers < 1:
        raise ValueError("workers must be at least 1")
    answers: "SimpleQueue[Any]" = SimpleQueue()
    arrived: Dict[str, Response] = {}
    jobs = urls.copy()
    waiting = iter(jobs)  # Shared: each thread takes the next URL.

    def work() -> None:
        """Fetch one page after the other; put what comes, or the error."""
        for url in waiting:
            try:
                answers.put((url, get_page(url), None))
            except BaseException as error:
                jobs.clear()
                answers.put((url, None, error))

    try:
        for _ in urls[:workers]:
            Thread(target=work, daemon=True).start()
        for url in urls:
            while url not in arrived:
                answered, response, error = answers.get()
                if error is not None:
                    raise error
                arrived[answered] = response
            yield arrived.pop(url)
    finally:
        jobs.clear()


def origin(url: str) -> Tuple[Optional[str], Optional[str], Optional[int]]:
    """Return a URL's scheme, host and port, lower case (RFC 6454)."""
    parts = parse_url(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme or "")
    return parts.scheme, parts.host, port
