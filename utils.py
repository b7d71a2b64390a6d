#!/usr/bin/env python3
"""Three generic tools: read nested maps, get JSON over HTTP, memoize.

The first part holds these three and can be read alone. The second part, for
real use, is what `get_json` needs when a real response has arrived: errors,
pages, links, threads. Nothing here knows about GitHub. Policy (timeouts,
retries, a token) belongs to the session that a caller passes to `get_json`.
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

# dict comes first: checking against the abstract class is much slower.
MAPPINGS = (dict, abc.Mapping)
Value = TypeVar("Value")


def access_nested_map(
        nested_map: Mapping[Any, Any], path: Iterable[Any]) -> Any:
    """Return the value in nested maps at the end of a path of keys.

    Raises KeyError, with the key that failed as its only argument, if a key
    is missing or if the path goes on after a value that is not a mapping.

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
            # Some mappings raise it with a message of their own.
            raise KeyError(key) from None
    return nested_map


def get_json(
        url: str, session: Optional[Session] = None, *,
        workers: int = 10, **options: Any) -> Any:
    """Return the JSON document at a URL; a list includes all its pages.

    The request is `requests.get(url)`, or the session's `get`, with the
    options. If a list has a next page (a Link header, RFC 8288), all pages
    are fetched once each, up to `workers` at a time if their numbers are
    known. If the response is a test double, only its `json()` is called.

    Raises requests.HTTPError for a status of 4xx or 5xx, AnswerError for an
    answer that is not JSON in UTF-8 (RFC 8259) or links to a page that must
    not be requested, and another RequestException if the network fails.
    """
    response = fetch(url, session, **options)
    if is_double(response):
        return response.json()
    document = decode(response)
    if isinstance(document, list):
        options.pop("params", None)  # The URL in a link has them already.
        get_page = partial(fetch, session=session, **options)
        add_pages(document, response, {url}, get_page, workers)
    return document


class memoize(Generic[Value]):
    """Decorator: turn a method into an attribute that is computed once.

    The first access calls the method and stores its value, even None, in
    the instance's `__dict__`, where plain attributes live. From then on
    Python finds it there and no longer comes here; after `del`, the next
    access computes it again. An exception is not stored. Two threads that
    make the first access at the same time may both compute the value.
    functools.cached_property (Python 3.8 and later) works the same way.
    Raises TypeError for an instance without a `__dict__`.

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

    def __get__(self, instance: Any, owner: Any = None) -> Value:
        """Compute and store the value; on the class return the decorator."""
        if instance is None:
            return self  # type: ignore[return-value]
        attributes: Dict[str, Value] = vars(instance)
        if self._name not in attributes:
            attributes[self._name] = self._method(instance)
        return attributes[self._name]


# For real use: what is done with a response that has really arrived.

MAX_PAGES = 5000  # A longer listing is refused, whatever a server claims.
USER_AND_PASSWORD = re.compile(r"//[^/?#\\]*@")  # in a URL: never shown


class AnswerError(RequestException, ValueError):
    """An answer arrived, but it can't be used or trusted."""

    def __init__(self, message: str) -> None:
        """Keep the message, without the user and password of any URL."""
        super().__init__(USER_AND_PASSWORD.sub("//", message))


def fetch(url: str, session: Optional[Session], **options: Any) -> Response:
    """Make one request; return the response, but raise for a bad status."""
    get: Any = requests.get if session is None else session.get
    try:
        response: Response = get(url, **options)
    except RequestException:
        raise
    except (TransportError, ValueError) as error:
        # requests does not wrap these; a redirect to nonsense raises one.
        raise AnswerError(f"{url} can't be fetched: {error}") from error
    if not is_double(response) and response.status_code >= 400:
        text = (f"{response.url} answered {response.status_code}: "
                f"{response.reason}")
        raise HTTPError(USER_AND_PASSWORD.sub("//", text), response=response)
    return response


def is_double(response: Any) -> bool:
    """Tell whether a response is a test double, made without a server."""
    # Not isinstance: a Mock with a spec passes for a Response. A bare
    # Response(), to which a test gave a json(), has no status.
    return not issubclass(type(response), Response) or not response.status_code


def decode(response: Response) -> Any:
    """Return the JSON document in a response that really arrived."""
    try:
        (response.content or b"").decode()  # json() accepts more than UTF-8.
        response.encoding = "utf-8"  # whatever the headers say
        return response.json()
    except (ValueError, RecursionError) as error:
        host = parse_url(response.url).netloc
        raise AnswerError(f"{host} did not answer in JSON") from error


def add_pages(
        items: List[Any], response: Response, seen: Set[str],
        get_page: Callable[[str], Response], workers: int) -> None:
    """Extend a list, whose first page has arrived, with the other pages."""
    urls = following_pages(response, seen)
    while urls:
        with closing(in_order(get_page, urls, workers)) as pages:
            for response in pages:
                page = decode(response)
                if not isinstance(page, list):
                    raise AnswerError(f"{response.url} is not a list")
                items.extend(page)
        urls = following_pages(response, seen)


# A page's URL in three parts: up to its number, the number, the rest.
NUMBERED_PAGE = re.compile(r"(.*[?&]page=)([0-9]{1,18})([&#].*|)")


def following_pages(response: Response, seen: Set[str]) -> List[str]:
    """Return the URLs of the pages known to follow a page; mark them seen.

    All pages up to the last one are known if its URL differs from the next
    one's only in the number. Raises AnswerError instead of returning a page
    that has another origin, has been seen before, or is one too many.
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
        pages = range(int(start[2]) + 1, int(end[2]) + 1)
        urls += [f"{start[1]}{page}{start[3]}" for page in pages[:MAX_PAGES]]
    # The first page has a second URL: the "first" link of later pages.
    seen.update((here, links.get("first", here)))
    if not seen.isdisjoint(urls):
        raise AnswerError(f"{here} links to a page already seen")
    seen.update(urls)
    if len(seen) > MAX_PAGES:
        raise AnswerError(f"{here} is one of more than {MAX_PAGES} pages")
    return urls


def origin(url: str) -> Tuple[Optional[str], Optional[str], Optional[int]]:
    """Return a URL's scheme, host and port, lower case (RFC 6454)."""
    parts: Any = parse_url(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.host, port


# A link in a Link header (RFC 8288, section 3): a target in angle brackets and
# parameters, whose values may be quoted (RFC 9110, 5.6.4). It matches in one
# way only, so parsing never takes long. If text is no link, link[1] is None.
LINK_PARAMETER = re.compile(
    r'\s*;(?:\s*([^\s=;,"<>]+)'
    r'(?:\s*=(?:\s*("(?:[^"\\]|\\.)*"|[^\s;,"]+))?)?)?')
LINK = re.compile(
    rf"[\s,]*<([^<>]*)>((?:{LINK_PARAMETER.pattern})*)\s*(?:,|\Z)|(?s:.+)")


def parse_links(header: str) -> Dict[str, str]:
    """Return the targets in a Link header, by relation in lower case.

    Raises ValueError if the header breaks the grammar, or if the next page is
    unclear: there are two, or the link belongs to another document (anchor).
    """
    links: Dict[str, str] = {}
    for link in LINK.finditer(header.strip(" \t,")):
        if link[1] is None:
            raise ValueError("this is not a link")
        parameters = {name.lower(): value for name, value in reversed(
            LINK_PARAMETER.findall(link[2]))}  # The first of a name counts.
        rels = parameters.get("rel", "").lower()
        if rels.startswith('"'):
            rels = re.sub(r"\\(.)", r"\1", rels[1:-1])
        # requests, and so some servers, take ' for a quotation mark too.
        for rel in rels.replace("'", "").split():
            target = links.setdefault(rel, link[1])
            if rel == "next" and (target != link[1] or "anchor" in parameters):
                raise ValueError("it is unclear which page is next")
    return links


def in_order(
        get_page: Callable[[str], Response], urls: List[str], workers: int
        ) -> Generator[Response, None, None]:
    """Yield the pages at these URLs, in order, fetching `workers` at once.

    The first error is raised at once, and no further page is requested. Pages
    in flight do not keep the program alive: their threads are daemons.
    """
    if workers < 1:
        raise ValueError("workers must be at least 1")
    answers: "SimpleQueue[Any]" = SimpleQueue()
    arrived: Dict[str, Response] = {}
    wanted = urls.copy()
    next_urls = iter(wanted)  # shared by all threads; clear() ends it

    def fetch_pages() -> None:
        """Fetch pages, one after the other; queue each one or its error."""
        for url in next_urls:
            try:
                answers.put((url, get_page(url)))
            except BaseException as error:
                wanted.clear()
                answers.put((url, error))

    try:
        for _ in urls[:workers]:
            Thread(target=fetch_pages, daemon=True).start()
        for url in urls:
            while url not in arrived:
                answered, answer = answers.get()
                if isinstance(answer, BaseException):
                    raise answer
                arrived[answered] = answer
            yield arrived.pop(url)
    finally:
        wanted.clear()
