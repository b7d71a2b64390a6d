#!/usr/bin/env python3
"""Tests of explain: tables of errors, and the line that each one gets."""
import errno
import ssl
import unittest
from typing import Any, Dict
from unittest.mock import Mock, patch

import requests
from parameterized import param, parameterized
from requests.exceptions import (
    ChunkedEncodingError, ConnectionError, ContentDecodingError, HTTPError,
    InvalidURL, ProxyError, SSLError, Timeout, TooManyRedirects)
from urllib3.exceptions import MaxRetryError

from audit.explain import explain, proxy_for
from audit.pages import AnswerError, OtherOriginError
from audit.session import LimitError

URL = "https://h:8/a"
TOKEN = {"Authorization": "Bearer sekret"}
NONE_LEFT = {"X-RateLimit-Remaining": "0"}
SOME_LEFT = {"X-RateLimit-Remaining": "9"}
SSO = {"X-GitHub-SSO": "required; url=https://github.com/orgs/a/sso?b=c"}
NO_CERTIFICATE = ssl.SSLCertVerificationError(
    1, "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable "
    "to get local issuer certificate (_ssl.c:1129)")
OTHER_NAME = "(Caused by SSLError(CertificateError('h does not match i')))"
REFUSED = OSError(errno.ECONNREFUSED, "Connection refused")
TUNNEL = OSError("Tunnel connection failed: 407 Proxy Authentication Required")
HTTPS_PROXY = {"HTTPS_PROXY": "http://u:sekret@p"}


def raised(error: Any, *causes: BaseException, url: str = URL) -> Any:
    """Return an error as it is raised while each of its causes is handled."""
    error.request = requests.Request("GET", url).prepare()
    for above, cause in zip([error, *causes], causes):
        above.__context__ = cause
    return error


def answered(
        status: int, body: bytes = b"", *, error: Any = HTTPError,
        headers: Dict[str, str] = {}, sent: Dict[str, str] = {}) -> Any:
    """Return the error for an answer to a request with the headers sent."""
    found = raised(error())
    found.request.headers.update(sent)
    found.response = response = requests.Response()
    response.status_code, response.reason, response.url = status, "Reason", URL
    response.request, response._content = found.request, body
    response.headers.update(headers)
    return found


class TestExplain(unittest.TestCase):
    """Unit tests of explain: what went wrong, and what to do."""

    @parameterized.expand([
        ("without_a_request", ValueError("p.txt:3: no"), "p.txt:3: no"),
        ("answer", raised(AnswerError("too long")), "too long"),
        ("other_origin", raised(OtherOriginError("links to another origin")),
         "links to another origin; look at GITHUB_API_URL"),
        ("broken_off",
         raised(ChunkedEncodingError("IncompleteRead(0 bytes read)")),
         "h:8 sent a broken answer; try again later"),
        ("broken_gzip", raised(ContentDecodingError("Error -3")),
         "h:8 sent a broken answer; try again later"),
        ("redirects", raised(TooManyRedirects("Exceeded 30 redirects.")),
         "h:8: Exceeded 30 redirects."),
        ("invalid_address", raised(InvalidURL("it is invalid")),
         "it is invalid"),
    ])
    def test_answer(self, _: str, error: Exception, line: str) -> None:
        """An answer that can't be used says so itself, or by its host."""
        self.assertEqual(explain(error, "; HINT", {}), line)

    @parameterized.expand([
        ("message", answered(403, b'{"message": "Blocked"}'),
         "h:8/a answered 403: Blocked"),
        ("not_json", answered(499, b"<html>"), "h:8/a answered 499: Reason"),
        ("list", answered(451, b"[]"), "h:8/a answered 451: Reason"),
        ("nested_too_deep", answered(400, b"[" * 100000),
         "h:8/a answered 400: Reason"),
        ("bad_token", answered(401), "h:8/a answered 401: Reason; check the "
         "token in GH_TOKEN or GITHUB_TOKEN"),
        ("server_error", answered(500),
         "h:8/a answered 500: Reason; try again later"),
        ("forbidden", answered(403), "h:8/a answered 403: Reason"),
        ("forbidden_to_a_token", answered(403, sent=TOKEN), "h:8/a answered "
         "403: Reason; public repositories need no token, so try without it"),
        ("not_found_by_a_token", answered(404, sent=TOKEN),
         "h:8/a answered 404: Reason"),
        ("single_sign_on", answered(403, headers=SSO, sent=TOKEN),
         "h:8/a answered 403: Reason; authorize the token at "
         "https://github.com/orgs/a/sso?b=c"),
        ("proxy_that_is_not_known", answered(407),
         "h:8/a answered 407: Reason"),
    ])
    def test_status(self, _: str, error: Exception, line: str) -> None:
        """A status of 4xx or 5xx comes with GitHub's message, and advice."""
        self.assertEqual(explain(error, "; HINT", {}), line)

    def test_mistake(self) -> None:
        """A mistake in the program is not taken for a wrong answer."""
        with patch("audit.explain.page_of", autospec=True,
                   side_effect=TypeError):
            self.assertRaises(TypeError, explain, answered(404), "", {})

    @parameterized.expand([
        ("hourly", answered(403, error=LimitError, headers=NONE_LEFT),
         "; a token in GH_TOKEN raises 60 requests an hour to 5,000"),
        ("hourly_of_a_token", answered(
            403, error=LimitError, headers=NONE_LEFT, sent=TOKEN), ""),
        ("secondary", answered(429, error=LimitError, headers=SOME_LEFT), ""),
    ])
    def test_limit(self, _: str, error: Exception, advice: str) -> None:
        """Against the hourly limit of those without a token a token helps."""
        self.assertEqual(
            explain(error, "; HINT", {}), "GitHub's rate limit is reached; "
            f"wait at least a minute{advice}")

    @parameterized.expand([
        ("refused", raised(
            ConnectionError(), MaxRetryError(Mock(), "/a", Exception()),
            REFUSED, TypeError("inner")),
         "cannot reach h:8: Connection refused; check the network; HINT"),
        ("broken_encryption", raised(
            ConnectionError(), OSError("[SSL: X] bad [a] mac (_ssl.c:99)")),
         "cannot reach h:8: bad mac; check the network; HINT"),
        ("timeout", raised(Timeout(), OSError("timed out")),
         "cannot reach h:8: timed out; check the network; HINT"),
        ("not_http", raised(ConnectionError("BadStatusLine")),
         "h:8 did not answer in HTTP"),
        ("unknown_authority", raised(SSLError(), NO_CERTIFICATE),
         "cannot trust h:8: certificate verify failed: unable to get local "
         "issuer certificate; if this network has a certificate authority of "
         "its own, set REQUESTS_CA_BUNDLE to its file"),
        ("no_certificate", raised(SSLError(), OSError("no certificate here")),
         "cannot trust h:8: no certificate here; if this network has a "
         "certificate authority of its own, set REQUESTS_CA_BUNDLE to its "
         "file"),
        ("certificate_of_another", raised(SSLError(OTHER_NAME)),
         "cannot trust h:8: its certificate is for another name"),
        ("proxy_that_is_not_known", raised(ProxyError(), REFUSED),
         "cannot reach the system's proxy: Connection refused"),
    ])
    def test_connection(self, _: str, error: Exception, line: str) -> None:
        """A server that can't be reached says why, and who it is."""
        self.assertEqual(explain(error, "; HINT", {}), line)

    @parameterized.expand([
        ("denied", answered(407),
         "the proxy in HTTPS_PROXY denied: 407 Reason"),
        ("denied_a_tunnel", raised(ProxyError(), TUNNEL),
         "the proxy in HTTPS_PROXY denied: Tunnel connection failed: 407 "
         "Proxy Authentication Required"),
        ("refused", raised(ProxyError(), REFUSED),
         "cannot reach the proxy in HTTPS_PROXY: Connection refused"),
        ("invalid_address", raised(InvalidURL("it is invalid")),
         "it is invalid; look at the proxy in HTTPS_PROXY"),
        ("other_status", answered(404), "h:8/a answered 404: Reason"),
        ("server_refused", raised(ConnectionError(), REFUSED),
         "cannot reach h:8: Connection refused; check the network; HINT"),
    ])
    def test_proxy(self, _: str, error: Exception, line: str) -> None:
        """A proxy is named where it may be what is wrong."""
        self.assertEqual(explain(error, "; HINT", HTTPS_PROXY), line)

    @parameterized.expand([
        ("denied", answered(407), "h:8/a answered 407: Reason"),
        ("invalid_address", raised(InvalidURL("it is invalid")),
         "it is invalid"),
    ])
    def test_no_proxy(self, _: str, error: Exception, line: str) -> None:
        """A proxy is not named where the host is an exception from it."""
        self.assertEqual(
            explain(error, "; HINT", {**HTTPS_PROXY, "no_proxy": "h"}), line)


class TestProxyFor(unittest.TestCase):
    """Unit tests of proxy_for: which variable names the proxy of a URL."""

    @parameterized.expand([
        ("lower_case", {"https_proxy": "p"}, "the proxy in https_proxy"),
        ("upper_case", {"HTTPS_PROXY": "p"}, "the proxy in HTTPS_PROXY"),
        ("both_cases", {"HTTPS_PROXY": "p", "https_proxy": "q"},
         "the proxy in https_proxy"),
        ("any_scheme", {"all_proxy": "p"}, "the proxy in all_proxy"),
        ("any_scheme_in_upper_case", {"ALL_PROXY": "p"},
         "the proxy in ALL_PROXY"),
        ("this_scheme_and_any", {"all_proxy": "p", "HTTPS_PROXY": "q"},
         "the proxy in HTTPS_PROXY"),
        param("other_url", {"HTTP_PROXY": "p"}, "the proxy in HTTP_PROXY",
              url="http://h/a"),
        ("except_another_host", {"https_proxy": "p", "no_proxy": "b.example"},
         "the proxy in https_proxy"),
        ("except_none", {"https_proxy": "p", "no_proxy": ""},
         "the proxy in https_proxy"),
    ])
    def test_proxy(self, _: str, environ: Dict[str, str], name: str,
                   url: str = "https://api.example:8/a") -> None:
        """It is the one that requests uses."""
        self.assertEqual(proxy_for(url, environ), name)

    @parameterized.expand([
        ("nothing", {}),
        ("other_scheme", {"http_proxy": "p"}),
        ("empty", {"https_proxy": ""}),
        ("empty_in_lower_case", {"https_proxy": "", "HTTPS_PROXY": "p"}),
        ("except_this_host", {"https_proxy": "p", "no_proxy": "api.example"}),
        ("except_this_host_in_upper_case",
         {"https_proxy": "p", "NO_PROXY": "api.example"}),
        ("except_this_port", {"https_proxy": "p",
                              "no_proxy": "b, api.example:8"}),
        ("except_this_domain", {"https_proxy": "p", "no_proxy": ".example"}),
        ("except_all", {"https_proxy": "p", "no_proxy": "*"}),
        ("except_in_both_cases", {"https_proxy": "p", "no_proxy": "",
                                  "NO_PROXY": "api.example"}),
        param("this_machine", {"https_proxy": "p"}, url="https://localhost/a"),
    ])
    def test_no_proxy(self, _: str, environ: Dict[str, str],
                      url: str = "https://api.example:8/a") -> None:
        """No proxy is named that has no part in it."""
        self.assertEqual(proxy_for(url, environ), "")
