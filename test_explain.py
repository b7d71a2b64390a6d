#!/usr/bin/env python3
"""Tests of explain: a table of errors, and the line that each one gets."""
import errno
import ssl
import unittest
from typing import Any, Optional
from unittest.mock import Mock

import requests
from parameterized import parameterized
from requests.exceptions import (
    ChunkedEncodingError, ConnectionError, ContentDecodingError, HTTPError,
    InvalidURL, ProxyError, SSLError, Timeout, TooManyRedirects)
from urllib3.exceptions import MaxRetryError

from explain import explain
from live import LimitError
from pages import AnswerError

URL = "https://h:8/a"
NO_CERTIFICATE = ssl.SSLCertVerificationError(
    1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable "
    "to get local issuer certificate (_ssl.c:1129)")
REFUSED = OSError(errno.ECONNREFUSED, "Connection refused")
TUNNEL = OSError("Tunnel connection failed: 407 Proxy Authentication Required")
LIMIT = "GitHub's rate limit is reached; wait at least a minute"
SSO = "required; url=https://github.com/orgs/a/sso?b=c"


def raised(error: Any, *causes: BaseException) -> Any:
    """Return an error as it is raised while each of its causes is handled."""
    error.request = requests.Request("GET", URL).prepare()
    for above, cause in zip([error, *causes], causes):
        above.__context__ = cause
    return error


def answered(
        status: int, body: bytes = b"", error: Optional[Exception] = None,
        **headers: str) -> Any:
    """Return the error, an HTTPError unless given, for an answer.

    For short, its request has the same headers. In their names, an
    underscore stands for a hyphen.
    """
    found = raised(error or HTTPError())
    found.response = requests.Response()
    found.response.status_code, found.response.reason = status, "Reason"
    found.response.url, found.response.request = URL, found.request
    found.response._content = body
    for name, value in headers.items():
        for message in found.request, found.response:
            message.headers[name.replace("_", "-")] = value
    return found


class TestExplain(unittest.TestCase):
    """Unit tests of explain: what went wrong, and what to do."""

    @parameterized.expand([
        ("file", ValueError("p.txt:3: no"), "p.txt:3: no"),
        ("answer", raised(AnswerError("host did not answer in JSON")),
         "host did not answer in JSON"),
        ("message", answered(403, b'{"message": "Blocked"}'),
         "h:8/a answered 403: Blocked"),
        ("no_json", answered(499, b"<html>"), "h:8/a answered 499: Reason"),
        ("no_message", answered(451, b"[]"), "h:8/a answered 451: Reason"),
        ("deep", answered(400, b"[" * 100000), "h:8/a answered 400: Reason"),
        ("no_proxy", answered(407), "h:8/a answered 407: Reason"),
        ("bad_token", answered(401), "h:8/a answered 401: Reason; check the "
         "token in GH_TOKEN or GITHUB_TOKEN"),
        ("server_to_blame", answered(500),
         "h:8/a answered 500: Reason; try again later"),
        ("single_sign_on", answered(403, X_GitHub_SSO=SSO),
         "h:8/a answered 403: Reason; authorize the token at "
         "https://github.com/orgs/a/sso?b=c"),
        ("hourly_limit", answered(
            403, error=LimitError(), X_RateLimit_Remaining="0"),
         LIMIT + "; a token in GH_TOKEN raises 60 requests an hour to 5,000"),
        ("hourly_limit_of_a_token", answered(
            403, error=LimitError(), X_RateLimit_Remaining="0",
            Authorization="Bearer sekret"), LIMIT),
        ("secondary_limit", answered(
            429, error=LimitError(), X_RateLimit_Remaining="9"), LIMIT),
        ("cut", raised(ChunkedEncodingError("IncompleteRead(0 bytes read)")),
         "h:8 sent a broken answer; try again later"),
        ("bad_gzip", raised(ContentDecodingError("Error -3")),
         "h:8 sent a broken answer; try again later"),
        ("circle", raised(TooManyRedirects("Exceeded 30 redirects.")),
         "h:8: Exceeded 30 redirects."),
        ("address", raised(InvalidURL("it is invalid")), "it is invalid"),
        ("refused", raised(
            ConnectionError(), MaxRetryError(Mock(), "/a", Exception()),
            REFUSED, TypeError("inner")),
         "cannot reach h:8: Connection refused; check the network; HINT"),
        ("openssl", raised(
            ConnectionError(), OSError("[SSL: X] bad [a] mac (_ssl.c:99)")),
         "cannot reach h:8: bad mac; check the network; HINT"),
        ("slow", raised(Timeout(), OSError("timed out")),
         "cannot reach h:8: timed out; check the network; HINT"),
        ("no_http", raised(ConnectionError("BadStatusLine")),
         "h:8 did not answer in HTTP"),
        ("certificate", raised(SSLError(), NO_CERTIFICATE),
         "cannot trust h:8: certificate verify failed: unable to get "
         "local issuer certificate; if this network has a certificate "
         "authority of its own, set REQUESTS_CA_BUNDLE to its file"),
        ("another_name", raised(SSLError("(Caused by SSLError(Certificate"
                                         "Error('h does not match i')))")),
         "cannot trust h:8: its certificate is for another name"),
        ("no_certificate", raised(SSLError(), OSError("no certificate found")),
         "cannot trust h:8: no certificate found; if this network has a "
         "certificate authority of its own, set REQUESTS_CA_BUNDLE to its "
         "file"),
        ("proxy_of_the_system", raised(ProxyError(), REFUSED),
         "cannot reach the system's proxy: Connection refused"),
    ])
    def test_line(self, _: str, error: Exception, line: str) -> None:
        """The line says what went wrong and, if anything helps, what to do."""
        self.assertEqual(explain(error, "; HINT", {}), line)

    @parameterized.expand([
        ("denies", "https_proxy", answered(407), "PROXY denied: 407 Reason"),
        ("denies_a_tunnel", "HTTPS_PROXY", raised(ProxyError(), TUNNEL),
         f"PROXY denied: {TUNNEL}"),
        ("not_there", "all_proxy", raised(ProxyError(), REFUSED),
         "cannot reach PROXY: Connection refused"),
        ("invalid", "ALL_PROXY", raised(InvalidURL("it is invalid")),
         "it is invalid; look at PROXY"),
        ("answer", "HTTPS_PROXY", raised(AnswerError("too long")), "too long"),
        ("of_another_scheme", "HTTP_PROXY", answered(407),
         "h:8/a answered 407: Reason"),
        ("error_beyond", "HTTPS_PROXY", answered(403),
         "h:8/a answered 403: Reason"),
        ("another_error_beyond", "HTTPS_PROXY", answered(451),
         "h:8/a answered 451: Reason"),
    ])
    def test_proxy(
            self, _: str, variable: str, error: Exception, line: str) -> None:
        """A proxy is called by its variable; its address is not shown."""
        self.assertEqual(
            explain(error, "", {variable: "http://u:sekret@p"}),
            line.replace("PROXY", f"the proxy in {variable}"))


if __name__ == "__main__":
    unittest.main()
