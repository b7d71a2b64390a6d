#!/usr/bin/env python3
"""Say in one line what went wrong between a client and GitHub.

Pure functions of an error. No line shows the insides of a library, or a
password.
"""
import re
from typing import Any, List, Mapping

from requests import HTTPError
from requests.exceptions import (
    ChunkedEncodingError, ConnectionError, ContentDecodingError, ProxyError,
    Timeout)
from urllib3.util import parse_url

from .live import LimitError
from .pages import AnswerError
from utils import access_nested_map


def explain(error: Exception, hint: str, environ: Mapping[str, str]) -> str:
    """Return what went wrong and, if anything helps, what to do.

    The hint ends the line where the server can't be reached. The variables
    of the environment may name a proxy.
    """
    request: Any = getattr(error, "request", None)
    response: Any = getattr(error, "response", None)
    if request is None or isinstance(error, AnswerError):
        return str(error)
    url = parse_url(request.url)
    host, name = url.netloc, f"{url.scheme}_proxy"
    proxy = next((f"the proxy in {variable}" for variable in (
        name, name.upper(), "all_proxy", "ALL_PROXY")
        if environ.get(variable)), "")
    if isinstance(error, HTTPError):
        if response.status_code == 407 and proxy:
            return f"{proxy} denied: 407 {response.reason}"
        return explain_status(error, response)
    if isinstance(error, (ChunkedEncodingError, ContentDecodingError)):
        return f"{host} sent a broken answer; try again later"
    if isinstance(error, ValueError):  # An address is invalid, but which?
        return f"{error}; look at {proxy}" if proxy else str(error)
    if not isinstance(error, (ConnectionError, Timeout)):
        return f"{host}: {error}"
    causes: List[BaseException] = [error]  # down to the system's own error
    while causes[-1].__context__:
        causes.append(causes[-1].__context__)
    if "CertificateError" in str(error):  # urllib3 1: it is no OSError.
        return f"cannot trust {host}: its certificate is for another name"
    cause = [each for each in causes if isinstance(each, OSError)][-1]
    if cause is error:  # Every RequestException is an OSError itself.
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


def explain_status(error: HTTPError, response: Any) -> str:
    """Return what an answer of 4xx or 5xx says and, if known, what to do."""
    headers = response.headers
    if isinstance(error, LimitError):
        hourly = headers.get("X-RateLimit-Remaining") == "0"
        return str(error) + (
            "; a token in GH_TOKEN raises 60 requests an hour to 5,000"
            if hourly and "Authorization" not in response.request.headers
            else "")
    try:
        message = access_nested_map(response.json(), ("message",))
    except (KeyError, RecursionError, ValueError):
        message = response.reason
    sso = re.search(r"url=(https://\S+)", headers.get("X-GitHub-SSO", ""))
    advice = (
        f"; authorize the token at {sso[1]}" if sso
        else "; check the token in GH_TOKEN or GITHUB_TOKEN"
        if response.status_code == 401
        else "; try again later" if response.status_code >= 500 else "")
    url = parse_url(response.url)
    return (f"{url.netloc}{url.path} answered {response.status_code}: "
            f"{message}{advice}")
