#!/usr/bin/env python3
"""Tests of explain: a table of errors, and the line that each one gets."""
import errno
import ssl
import unittest
from typing import Any, Dict, Optional
from unittest.mock import Mock

import requests
from parameterized import parameterized
from requests.exceptions import (
    ChunkedEncodingError, ConnectionError, ContentDecodingError, HTTPError,
    InvalidURL, ProxyError, SSLError, Timeout, TooManyRedirects)
from urllib3.exceptions import MaxRetryError

from audit.explain import explain
from audit.live import LimitError
from audit.pages import AnswerError

URL = "https://h:8/a"
NO_CERTIFICATE = ssl.SSLCertVerificationError(
    1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable "
    "to get local issuer certificate (_ssl.c:1129)")
REFUSED = OSError(errno.ECONNREFUSED, "Connection refused")
TUNNEL = OSError("Tunnel connection failed: 407 Proxy Authentication Required")
LIMIT = "GitHub's rate limit is reached; wait at least a minute"
BUNDLE = ("; if this network has a certificate authority of its own, set "
          "REQUESTS_CA_BUNDLE to its file")
NONE_LEFT = {"X-RateLimit-Remaining": "0"}
SSO = {"X-GitHub-SSO": "required; url=https://github.com/orgs/a/sso?b=c"}


def raised(error: Any, *causes: BaseException) -> Any:
    """Return an error as it is raised while each of its causes is handled."""
    error.request = requests.Request("GET", URL).prepare()
    for above, cause in zip([error, *causes], causes):
        above.__context__ = cause
    return error


def answered(
        status: int, body: bytes = b"", error: Optional[Exception] = None,
        headers: Optional[Dict[str, str]] = None) -> Any:
    """Return the error, an HTTPError unless given, for an answer.

    For short, its request has the same headers.
    """
    found = raised(error or HTTPError())
    found.response = response = requests.Response()
    response.status_code, response.reason, response.url = status, "Reason", URL
    response.request, response._content = found.request, body
    response.headers.update(headers or {})
    found.request.headers = response.headers
    return found


class TestExplain(unittest.TestCase):
    """Unit tests of explain: what went wrong, and what to do."""

    @parameterized.expand([
        (ValueError("p.txt:3: no"), "p.txt:3: no"),
        (raised(AnswerError("too long")), "too long"),
        (answered(403, b'{"message": "Blocked"}'),
         "h:8/a answered 403: Blocked"),
        (answered(499, b"<html>"), "h:8/a answered 499: Reason"),
        (answered(451, b"[]"), "h:8/a answered 451: Reason"),
        (answered(400, b"[" * 100000), "h:8/a answered 400: Reason"),
        (answered(401), "h:8/a answered 401: Reason; check the token in "
         "GH_TOKEN or GITHUB_TOKEN"),
        (answered(500), "h:8/a answered 500: Reason; try again later"),
        (answered(403, headers=SSO), "h:8/a answered 403: Reason; authorize "
         "the token at https://github.com/orgs/a/sso?b=c"),
        (answered(403, error=LimitError(), headers=NONE_LEFT), LIMIT
         + "; a token in GH_TOKEN raises 60 requests an hour to 5,000"),
        (answered(403, error=LimitError(), headers={
            **NONE_LEFT, "Authorization": "Bearer sekret"}), LIMIT),
        (answered(429, error=LimitError(), headers={
            "X-RateLimit-Remaining": "9"}), LIMIT),
        (raised(ChunkedEncodingError("IncompleteRead(0 bytes read)")),
         "h:8 sent a broken answer; try again later"),
        (raised(ContentDecodingError("Error -3")),
         "h:8 sent a broken answer; try again later"),
        (raised(TooManyRedirects("Exceeded 30 redirects.")),
         "h:8: Exceeded 30 redirects."),
        (raised(ConnectionError(), MaxRetryError(Mock(), "/a", Exception()),
                REFUSED, TypeError("inner")),
         "cannot reach h:8: Connection refused; check the network; HINT"),
        (raised(ConnectionError(),
                OSError("[SSL: X] bad [a] mac (_ssl.c:99)")),
         "cannot reach h:8: bad mac; check the network; HINT"),
        (raised(Timeout(), OSError("timed out")),
         "cannot reach h:8: timed out; check the network; HINT"),
        (raised(ConnectionError("BadStatusLine")),
         "h:8 did not answer in HTTP"),
        (raised(SSLError(), NO_CERTIFICATE),
         "cannot trust h:8: certificate verify failed: unable to get "
         "local issuer certificate" + BUNDLE),
        (raised(SSLError(), OSError("no certificate found")),
         "cannot trust h:8: no certificate found" + BUNDLE),
        (raised(SSLError(
            "(Caused by SSLError(CertificateError('h does not match i')))")),
         "cannot trust h:8: its certificate is for another name"),
        (answered(407), "the proxy in https_proxy denied: 407 Reason",
         "https_proxy"),
        (raised(ProxyError(), TUNNEL),
         f"the proxy in HTTPS_PROXY denied: {TUNNEL}"),
        (raised(ProxyError(), REFUSED),
         "cannot reach the proxy in all_proxy: Connection refused",
         "all_proxy"),
        (raised(InvalidURL("it is invalid")),
         "it is invalid; look at the proxy in ALL_PROXY", "ALL_PROXY"),
        # A proxy for another scheme is none.
        (answered(407), "h:8/a answered 407: Reason", "HTTP_PROXY"),
        (raised(InvalidURL("it is invalid")), "it is invalid", "HTTP_PROXY"),
        (raised(ProxyError(), REFUSED),
         "cannot reach the system's proxy: Connection refused", "HTTP_PROXY"),
    ])
    def test_explain(self, error: Exception, line: str,
                     variable: str = "HTTPS_PROXY") -> None:
        """The line says what went wrong and, if anything helps, what to do.

        A proxy that has no part in it is not named, its address never.
        """
        environ = {variable: "http://u:sekret@p"}
        self.assertEqual(explain(error, "; HINT", environ), line)
