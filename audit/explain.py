#!/usr/bin/env python3
"""Say in one line what went wrong between a client and GitHub.

Pure functions of an error. No line shows the insides of a library, or a
password.
"""
import re
from typing import Any, Mapping, Optional

from requests import HTTPError, RequestException, Response
from requests.exceptions import (
    ChunkedEncodingError, ConnectionError, ContentDecodingError, ProxyError,
    Timeout)
from requests.utils import should_bypass_proxies
from urllib3.util import parse_url

from .pages import AnswerError, OtherOriginError, page_of
from .session import LimitError, is_loopback
from utils import access_nested_map


def explain(error: Exception, hint: str, environ: Mapping[str, str]) -> str:
    """Return what went wrong and, if anything helps, what to do.

    The hint ends the line where the server can't be reached. The variables
    of the environment may name a proxy.
    """
    request: Any = getattr(error, "request", None)
    if isinstance(error, OtherOriginError):
        return f"{error}; look at GITHUB_API_URL"
    if request is None or isinstance(error, AnswerError):
        return str(error)
    host = str(parse_url(request.url).netloc)
    proxy = proxy_for(request.url, environ)
    if isinstance(error, HTTPError):
        return explain_status(error, proxy)
    if isinstance(error, (ChunkedEncodingError, ContentDecodingError)):
        return f"{host} sent a broken answer; try again later"
    if isinstance(error, ValueError):  # An address is invalid, but which?
        return f"{error}; look at {proxy}" if proxy else str(error)
    if isinstance(error, (ConnectionError, Timeout)):
        return explain_connection(error, host, proxy, hint)
    return f"{host}: {error}"


def proxy_for(url: str, environ: Mapping[str, str]) -> str:
    """Return a name for the proxy that a URL is requested by, "" for none.

    It is found as requests finds it: a variable in lower case counts before
    the same one in upper case, even if it is empty.
    """
    no_proxy = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    if is_loopback(url) or should_bypass_proxies(url, no_proxy):
        return ""
    for name in (f"{parse_url(url).scheme}_proxy", "all_proxy"):
        variable = name if name in environ else name.upper()
        if environ.get(variable):
            return f"the proxy in {variable}"
    return ""


def explain_status(error: HTTPError, proxy: str) -> str:
    """Return what an answer of 4xx or 5xx says and, if known, what to do."""
    response: Any = error.response
    if response.status_code == 407 and proxy:
        return f"{proxy} denied: 407 {response.reason}"
    if isinstance(error, LimitError):
        return f"{error}{advice_on_limit(response)}"
    try:
        message = access_nested_map(page_of(response).document, ("message",))
    except (AnswerError, KeyError):
        message = response.reason
    url = parse_url(response.url)
    return (f"{url.netloc}{url.path} answered {response.status_code}: "
            f"{message}{advice_on_status(response)}")


def advice_on_limit(response: Any) -> str:
    """Return what helps against a rate limit, if anything does."""
    is_hourly = response.headers.get("X-RateLimit-Remaining") == "0"
    if is_hourly and not has_token(response):
        return "; a token in GH_TOKEN raises 60 requests an hour to 5,000"
    return ""


def advice_on_status(response: Response) -> str:
    """Return what helps against an answer of 4xx or 5xx, if anything does."""
    status, headers = response.status_code, response.headers
    sso = re.search(r"url=(https://\S+)", headers.get("X-GitHub-SSO", ""))
    if sso:
        return f"; authorize the token at {sso[1]}"
    if status == 401:
        return "; check the token in GH_TOKEN or GITHUB_TOKEN"
    if status == 403 and has_token(response):
        return "; public repositories need no token, so try without it"
    return "; try again later" if status >= 500 else ""


def has_token(response: Response) -> bool:
    """Return whether the request for a response carried a token."""
    return "Authorization" in response.request.headers


def explain_connection(
        error: RequestException, host: str, proxy: str, hint: str) -> str:
    """Return why a server, or the proxy before it, can't be reached."""
    if "CertificateError" in str(error):  # urllib3 1: it is not an OSError.
        return f"cannot trust {host}: its certificate is for another name"
    cause = system_error(error)
    if cause is None:
        return f"{host} did not answer in HTTP"
    why = re.sub(r"\[.*?\] | \(_ssl.*", "", str(cause))
    if isinstance(error, ProxyError):
        proxy = proxy or "the system's proxy"
        return (f"{proxy} denied: {why}" if "407" in why else
                f"cannot reach {proxy}: {why}")
    if "certificate" in why:
        return (f"cannot trust {host}: {why}; if this network has a "
                "certificate authority of its own, set REQUESTS_CA_BUNDLE to "
                "its file")
    return f"cannot reach {host}: {why}; check the network{hint}"


def system_error(error: BaseException) -> Optional[OSError]:
    """Return the innermost OSError that an error comes from, if any.

    The error itself does not count: every RequestException is an OSError.
    """
    found, cause = None, error.__context__
    while cause:
        if isinstance(cause, OSError):
            found = cause
        cause = cause.__context__
    return found
