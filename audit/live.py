#!/usr/bin/env python3
"""GithubOrgClient for real use: all repositories, and texts of licenses.

`LiveOrgClient` is used like the client that it is made from, over the
careful session of `audit.session`.
"""
import re
from contextlib import closing
from typing import (
    Any, Dict, Generator, List, Mapping, Optional, Sequence, Tuple)
from urllib.parse import quote

from requests import HTTPError, Request, Response, Session
from requests.exceptions import InvalidURL

from client import GithubOrgClient
from .pages import (
    AnswerError, OnPage, Page, fetch_pages, origin, page_of, side_by_side,
    unusable)
from .session import API_URL, LOG, environment, github_session
from .texts import is_base64
from utils import access_nested_map, memoize

Repo = Mapping[str, Any]
# By creation: a new repository comes last, and moves no other one to a page
# that has been read already.
LISTING = {"type": "public", "sort": "created", "direction": "asc",
           "per_page": "100"}  # the most that GitHub gives


class LiveOrgClient(GithubOrgClient):
    """Reads all public repositories of an organization, and checks them.

    Whatever goes wrong on the wire is a requests.RequestException. In a
    `with` block, a client closes its session at the end, if it has made it.
    """

    def __init__(
            self, org_name: str, session: Session, api_url: str = API_URL,
            workers: int = 10,
            on_page: OnPage = lambda arrived, total: None) -> None:
        """Keep what is given, and request nothing.

        The session is one of `github_session`; several clients may share it.
        Up to `workers` pages are fetched at once.

        For each page of repositories, as soon as it has arrived, `on_page`
        is called with two numbers: how many pages of this listing have
        arrived (1, then 2, and so on), and how many it has, or None while
        that is not known. It is called in the thread that reads
        `repos_payload`. If the listing is requested once more, the first
        number begins at 1 again.
        """
        super().__init__(org_name)
        self.session = session
        self.api_url = api_url.rstrip("/")
        self.workers = workers
        self.on_page = on_page
        self._made_session = False

    @classmethod
    def from_environment(cls, org_name: str) -> "LiveOrgClient":
        """Make a client with a session of its own (see `environment`)."""
        token, api_url = environment()
        client = cls(org_name, github_session(token, api_url), api_url)
        client._made_session = True
        return client

    def __enter__(self) -> "LiveOrgClient":
        """Return the client itself."""
        return self

    def __exit__(self, *_: Any) -> None:
        """Close the session, if the client has made it."""
        if self._made_session:
            self.session.close()

    @memoize
    def org(self) -> Dict[str, Any]:
        """The organization, as GitHub describes it.

        Raises InvalidURL for a name that is a step in a path (RFC 3986,
        section 3.3), and AnswerError for a list of repositories at another
        origin than the API's: there the token does not go.
        """
        if self._org_name in (".", ".."):
            raise InvalidURL(f"{self._org_name} can't name an organization")
        url = f"{self.api_url}/orgs/{quote(self._org_name, safe='')}"
        page = next(fetch_pages(self.session, url, workers=1))
        org: Dict[str, Any] = page.document
        if not has_fields(org, ORG_FIELDS):
            raise unusable(page, "is not an organization")
        if origin(org["repos_url"]) != origin(self.api_url):
            raise AnswerError(
                f"the API at {self.api_url} refers to {org['repos_url']}; set "
                "GITHUB_API_URL to the API's own address",
                response=page.response)
        return org

    @memoize
    def repos_payload(self) -> List[Dict[str, Any]]:
        """All public repositories, as GitHub describes them, by creation.

        If fewer come than GitHub counts, they are requested once more, and
        those that come only then stand last. If some are still missing, a
        warning is logged; if all are, AnswerError is raised.
        """
        counted = self.org["public_repos"]
        found = self._public_by_id()
        if len(found) < counted:
            found.update(self._public_by_id())
        if len(found) < counted:
            missing = (f"{self.org['login']}: GitHub counts {counted} public "
                       f"repositories and lists {len(found)}")
            if not found:
                asked = Request("GET", self._public_repos_url)
                raise AnswerError(missing, request=asked)
            LOG.warning(missing)
        return list(found.values())

    def _public_by_id(self) -> Dict[int, Dict[str, Any]]:
        """Request the listing; return what is public, each by its id."""
        url, login = self._public_repos_url, self.org["login"]
        with closing(fetch_pages(self.session, url, workers=self.workers,
                                 on_page=self.on_page,
                                 params=LISTING)) as pages:
            return {repo["id"]: repo
                    for page in pages
                    for repo in public_repos_on(page, login)}

    def license_texts(self, repos: Sequence[Repo]) -> Generator[
            Tuple[Repo, Optional[Dict[str, Any]]], None, None]:
        """Yield each repository with its `license_text`, in order.

        Up to `workers` texts are requested at once. After an error, or when
        this is closed, no further one is requested. Any organization's
        repositories will do.
        """
        with closing(side_by_side(self.license_text, repos, self.workers,
                                  lambda text: text)) as texts:
            yield from zip(repos, texts)

    def license_text(self, repo: Repo) -> Optional[Dict[str, Any]]:
        """Return the file of a repository's license, as GitHub describes it.

        Its `content` is the text in base64, with line breaks; `html_url` is
        its address, and `path` its path, in which any character may stand.
        None means that GitHub has no text to give: there is no such file, it
        has over 1 MB, or the repository is blocked.
        https://docs.github.com/rest/licenses/licenses#get-the-license-for-a-repository
        """
        url = f"{self.api_url}/repos/{quote(repo['full_name'])}/license"
        try:
            page = next(fetch_pages(self.session, url, workers=1))
        except HTTPError as error:
            response: Any = error.response
            if has_no_text(response):
                return None
            raise
        return license_text_on(page)


# The shapes of answers.
ORG_FIELDS = {"id": int, "login": str, "repos_url": str, "public_repos": int}
REPO_FIELDS = {"id": int, "name": str, "full_name": str}
NULLABLE_FIELDS = {
    "private": bool, "fork": bool, "archived": bool, "language": str,
    "stargazers_count": int, "pushed_at": str, "html_url": str}
LICENSE_FIELDS = {"key": str, "spdx_id": str}
TEXT_FIELDS = {"encoding": str, "html_url": str}
# What a saved table can hold: an id, and the names of an owner and a
# repository, neither of which is a step in a path.
ID = re.compile("[0-9]{1,18}")
FULL_NAME = re.compile(r"(?a)(?!\.\.?/)[\w.-]+/(?!\.\.?$)[\w.-]+")


def public_repos_on(page: Page, login: str) -> List[Dict[str, Any]]:
    """Return the public repositories of an organization on a page.

    What is private or has another owner is left out. Raises AnswerError if
    the page holds anything but repositories.
    """
    if not isinstance(page.document, list):
        raise unusable(page, "is not a list of repositories")
    for place, repo in enumerate(page.document, start=1):
        if not is_repository(repo):
            raise unusable(
                page, f"is not a list of repositories: look at item {place}")
    owner = f"{login}/".lower()
    return [repo for repo in page.document if not repo.get("private")
            and repo["full_name"].lower().startswith(owner)]


def is_repository(answer: Any) -> bool:
    """Return whether an answer has the shape of a repository."""
    return (has_fields(answer, REPO_FIELDS)
            and bool(ID.fullmatch(str(answer["id"])))
            and bool(FULL_NAME.fullmatch(answer["full_name"]))
            and has_fields(answer, NULLABLE_FIELDS, null=True)
            and has_fields(
                answer.get("license") or {}, LICENSE_FIELDS, null=True))


def has_no_text(response: Response) -> bool:
    """Return whether an error means that GitHub has no text of a license.

    These are: no such file, taken down for legal reasons, and blocked.
    """
    if response.status_code != 403:
        return response.status_code in (404, 451)
    try:
        access_nested_map(page_of(response).document, ("block",))
    except (AnswerError, KeyError):
        return False
    return True


def license_text_on(page: Page) -> Optional[Dict[str, Any]]:
    """Return the file of a license that a page describes.

    None means that its text is not there, as in a file of over 1 MB. Raises
    AnswerError if the page holds anything else.
    """
    file: Dict[str, Any] = page.document
    if not has_fields(file, TEXT_FIELDS) or not isinstance(
            file.get("path"), str):
        raise unusable(page, "is not the file of a license")
    if file["encoding"] != "base64":
        return None
    content = file.get("content")
    if not isinstance(content, str) or not is_base64(content):
        raise unusable(page, "has a text that is not base64")
    return file


def has_fields(
        answer: Any, fields: Mapping[str, type], null: bool = False) -> bool:
    """Return whether each field is printable and of its type.

    With `null`, a field may also be null or missing.
    """
    if not isinstance(answer, dict):
        return False
    for field, kind in fields.items():
        value = answer.get(field)
        if not (null and value is None or isinstance(value, kind)
                and str(value).isprintable()):
            return False
    return True
