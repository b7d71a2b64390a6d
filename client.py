#!/usr/bin/env python3
"""A client of what one organization publishes on GitHub."""
from typing import Any, Dict, List, Mapping, Optional

from utils import access_nested_map, get_json, memoize


class GithubOrgClient:
    """Reads an organization's public repositories from GitHub's API.

    An attribute is requested when it is first read, and then kept. The list
    of repositories is the first page that GitHub sends: 30 repositories at
    most. `audit.live.LiveOrgClient` reads all of them.

    Whatever `get_json` raises is passed on.
    """

    ORG_URL = "https://api.github.com/orgs/{org}"

    def __init__(self, org_name: str) -> None:
        """Keep the name of the organization; request nothing yet."""
        self._org_name = org_name

    @memoize
    def org(self) -> Dict[str, Any]:
        """The organization, as GitHub describes it.

        https://docs.github.com/rest/orgs/orgs#get-an-organization
        """
        return get_json(self.ORG_URL.format(org=self._org_name))

    @property
    def _public_repos_url(self) -> str:
        """The URL of the list of the organization's repositories."""
        return self.org["repos_url"]

    @memoize
    def repos_payload(self) -> List[Dict[str, Any]]:
        """The repositories, as GitHub describes them, in GitHub's order.

        https://docs.github.com/rest/repos/repos#list-organization-repositories
        """
        return get_json(self._public_repos_url)

    def public_repos(self, license: Optional[str] = None) -> List[str]:
        """Return the names of the repositories, in GitHub's order.

        Given a license key, such as "apache-2.0", only those of the
        repositories under this license. An empty key is a key that no
        repository has; only None means all.
        """
        return [
            repo["name"] for repo in self.repos_payload
            if license is None or self.has_license(repo, license)]

    @staticmethod
    def has_license(repo: Mapping[str, Any], license_key: str) -> bool:
        """Return whether a repository is under the license with this key.

        The key must be equal, in upper and lower case too. Raises
        AssertionError if it is None. GitHub lists the keys of licenses:
        https://docs.github.com/rest/licenses/licenses
        """
        if license_key is None:
            raise AssertionError("license_key cannot be None")
        try:
            key = access_nested_map(repo, ("license", "key"))
        except KeyError:
            return False
        return key == license_key
