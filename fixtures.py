#!/usr/bin/env python3
"""What GitHub answers about the organization google: recorded payloads.

`TEST_PAYLOAD` holds four values for a class of tests: the organization, its
repositories, all of their names, and the names of those under the license
apache-2.0. Each value has a name of its own, too.

What was recorded are facts: of the organization on 2024-04-19, and of nine
of its repositories on 2019-12-04. They stand below as two tables. The
functions after the tables build from them all that GitHub sends: 74 keys for
each repository. Descriptions were not recorded, so they are null here.

`python -m audit.record ORG` prints the tables of another organization.
"""
from base64 import b64encode
from typing import Any, Dict, Iterable, Mapping, NamedTuple, Optional

API_URL = "https://api.github.com"

ORG_FACTS = {
    "login": "google",
    "id": 1342004,
    "node_id": "MDEyOk9yZ2FuaXphdGlvbjEzNDIwMDQ=",
    "name": "Google",
    "company": None,
    "blog": "https://opensource.google/",
    "location": "United States of America",
    "twitter_username": "GoogleOSS",
    "is_verified": True,
    "has_organization_projects": True,
    "has_repository_projects": True,
    "public_repos": 2635,
    "public_gists": 0,
    "followers": 40503,
    "following": 0,
    "created_at": "2012-01-18T01:30:18Z",
    "updated_at": "2024-04-19T18:36:13Z",
    "archived_at": None,
}


class Facts(NamedTuple):
    """What differs from one repository to another: a row of the table.

    A row may leave out the values at its end that are as given here. The
    last seven are for the repositories of other organizations.
    """

    id: int
    name: str
    fork: bool
    language: Optional[str]
    license: Optional[str]  # its key
    size: int
    stargazers_count: int
    forks_count: int
    open_issues_count: int
    has_issues: bool
    has_wiki: bool
    has_pages: bool
    homepage: Optional[str]
    created_at: str
    updated_at: str
    pushed_at: Optional[str]
    default_branch: str = "master"
    archived: bool = False
    node_id: Optional[str] = None  # None: see old_node_id
    has_projects: bool = True
    has_downloads: bool = True
    disabled: bool = False
    mirror_url: Optional[str] = None


RECORDED_FACTS = [
    (7697149, "episodes.dart", False, "Dart", "bsd-3-clause",
     191, 12, 22, 0, True, True, False, None,
     "2013-01-19T00:31:37Z", "2019-09-23T11:53:58Z", "2014-10-09T21:39:33Z"),
    (7776515, "cpp-netlib", True, "C++", "bsl-1.0",
     8937, 292, 59, 0, False, True, False, "http://cpp-netlib.github.com/",
     "2013-01-23T14:45:32Z", "2019-11-15T02:26:31Z", "2018-12-05T17:42:29Z"),
    (7968417, "dagger", True, "Java", "apache-2.0",
     59129, 14492, 1741, 148, True, True, True, "https://dagger.dev",
     "2013-02-01T23:14:14Z", "2019-12-03T12:39:55Z", "2019-11-27T21:20:38Z"),
    (8165161, "ios-webkit-debug-proxy", False, "C", "other",
     680, 4630, 395, 24, True, False, False, "",
     "2013-02-12T19:08:19Z", "2019-12-04T02:06:43Z", "2019-11-24T07:02:13Z"),
    (8459994, "google.github.io", False, "HTML", None,
     8, 38, 44, 0, False, False, True, None,
     "2013-02-27T16:21:19Z", "2019-12-03T01:38:02Z", "2019-12-03T01:37:58Z"),
    (8566972, "kratu", False, "JavaScript", "apache-2.0",
     1777, 280, 32, 0, True, True, True, None,
     "2013-03-04T22:52:33Z", "2019-11-15T22:22:16Z", "2017-08-06T05:44:34Z"),
    (8858648, "build-debian-cloud", True, "Shell", "other",
     986, 32, 22, 5, False, False, False, "",
     "2013-03-18T16:32:00Z", "2019-09-23T11:54:00Z", "2014-06-17T18:52:10Z"),
    (9060347, "traceur-compiler", False, "JavaScript", "apache-2.0",
     27487, 8033, 604, 296, True, True, True, "",
     "2013-03-27T18:05:40Z", "2019-12-02T16:45:54Z", "2018-05-28T04:37:54Z"),
    (9065917, "firmata.py", False, "Python", "apache-2.0",
     160, 15, 15, 0, True, True, False, None,
     "2013-03-27T23:20:35Z", "2019-09-23T11:54:02Z", "2013-03-27T23:34:35Z"),
]

# A license's key: its name, its SPDX id, its node id.
LICENSES = {
    "apache-2.0": ("Apache License 2.0", "Apache-2.0", "MDc6TGljZW5zZTI="),
    "bsd-3-clause": ('BSD 3-Clause "New" or "Revised" License',
                     "BSD-3-Clause", "MDc6TGljZW5zZTU="),
    "bsl-1.0": ("Boost Software License 1.0", "BSL-1.0", "MDc6TGljZW5zZTI4"),
    "other": ("Other", "NOASSERTION", "MDc6TGljZW5zZTA="),
}

# By login. A recording leaves e-mail addresses out.
EMAILS = {"google": "opensource@google.com"}

# The URLs in a repository: forks=/forks is "forks_url": ".../NAME/forks".
REPO_URLS = """
    forks=/forks keys=/keys{/key_id}
    collaborators=/collaborators{/collaborator} teams=/teams hooks=/hooks
    issue_events=/issues/events{/number} events=/events
    assignees=/assignees{/user} branches=/branches{/branch} tags=/tags
    blobs=/git/blobs{/sha} git_tags=/git/tags{/sha} git_refs=/git/refs{/sha}
    trees=/git/trees{/sha} statuses=/statuses/{sha} languages=/languages
    stargazers=/stargazers contributors=/contributors subscribers=/subscribers
    subscription=/subscription commits=/commits{/sha}
    git_commits=/git/commits{/sha} comments=/comments{/number}
    issue_comment=/issues/comments{/number} contents=/contents/{+path}
    compare=/compare/{base}...{head} merges=/merges
    archive=/{archive_format}{/ref} downloads=/downloads
    issues=/issues{/number} pulls=/pulls{/number}
    milestones=/milestones{/number}
    notifications=/notifications{?since,all,participating}
    labels=/labels{/name} releases=/releases{/id} deployments=/deployments
"""

# The same in its owner.
OWNER_URLS = """
    followers=/followers following=/following{/other_user}
    gists=/gists{/gist_id} starred=/starred{/owner}{/repo}
    subscriptions=/subscriptions organizations=/orgs repos=/repos
    events=/events{/privacy} received_events=/received_events
"""


def urls(base: str, table: str) -> Dict[str, str]:
    """Return the keys and values that a table of URLs gives at a base."""
    rows = (row.split("=") for row in table.split())
    return {f"{name}_url": base + path for name, path in rows}


def organization(fact: Mapping[str, Any] = ORG_FACTS) -> Dict[str, Any]:
    """Return an organization as GitHub sends it, in GitHub's order."""
    api = f"{API_URL}/orgs/{fact['login']}"
    return {
        "login": fact["login"],
        "id": fact["id"],
        "node_id": fact["node_id"],
        "url": api,
        "repos_url": f"{api}/repos",
        "events_url": f"{api}/events",
        "hooks_url": f"{api}/hooks",
        "issues_url": f"{api}/issues",
        "members_url": f"{api}/members{{/member}}",
        "public_members_url": f"{api}/public_members{{/member}}",
        "avatar_url":
            f"https://avatars.githubusercontent.com/u/{fact['id']}?v=4",
        "description": None,
        "name": fact["name"],
        "company": fact["company"],
        "blog": fact["blog"],
        "location": fact["location"],
        "email": EMAILS.get(fact["login"]),
        "twitter_username": fact["twitter_username"],
        "is_verified": fact["is_verified"],
        "has_organization_projects": fact["has_organization_projects"],
        "has_repository_projects": fact["has_repository_projects"],
        "public_repos": fact["public_repos"],
        "public_gists": fact["public_gists"],
        "followers": fact["followers"],
        "following": fact["following"],
        "html_url": f"https://github.com/{fact['login']}",
        "created_at": fact["created_at"],
        "updated_at": fact["updated_at"],
        "archived_at": fact["archived_at"],
        "type": "Organization",
    }


def owner(fact: Mapping[str, Any] = ORG_FACTS) -> Dict[str, Any]:
    """Return an organization in the short form that a repository holds."""
    api = f"{API_URL}/users/{fact['login']}"
    return {
        "login": fact["login"],
        "id": fact["id"],
        "node_id": fact["node_id"],
        "avatar_url":
            f"https://avatars1.githubusercontent.com/u/{fact['id']}?v=4",
        "gravatar_id": "",
        "url": api,
        "html_url": f"https://github.com/{fact['login']}",
        **urls(api, OWNER_URLS),
        "type": "Organization",
        "site_admin": False,
    }


def license_of(key: Optional[str]) -> Optional[Dict[str, Optional[str]]]:
    """Return a license as a repository holds it; None for no license."""
    if key is None:
        return None
    name, spdx_id, node_id = LICENSES[key]
    return {
        "key": key,
        "name": name,
        "spdx_id": spdx_id,
        "url": None if key == "other" else f"{API_URL}/licenses/{key}",
        "node_id": node_id,
    }


def old_node_id(repo_id: int) -> str:
    """Return the node id that GitHub used to make from a repository's id."""
    return b64encode(f"010:Repository{repo_id}".encode()).decode()


def repository(
        row: Iterable[Any], org: Mapping[str, Any] = ORG_FACTS
        ) -> Dict[str, Any]:
    """Return the repository of a row, with GitHub's 74 keys in its order."""
    fact = Facts(*row)
    full_name = f"{org['login']}/{fact.name}"
    api = f"{API_URL}/repos/{full_name}"
    page = f"https://github.com/{full_name}"
    return {
        "id": fact.id,
        "node_id": fact.node_id or old_node_id(fact.id),
        "name": fact.name,
        "full_name": full_name,
        "private": False,
        "owner": owner(org),
        "html_url": page,
        "description": None,
        "fork": fact.fork,
        "url": api,
        **urls(api, REPO_URLS),
        "created_at": fact.created_at,
        "updated_at": fact.updated_at,
        "pushed_at": fact.pushed_at,
        "git_url": f"git://github.com/{full_name}.git",
        "ssh_url": f"git@github.com:{full_name}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "homepage": fact.homepage,
        "size": fact.size,
        "stargazers_count": fact.stargazers_count,
        "watchers_count": fact.stargazers_count,
        "language": fact.language,
        "has_issues": fact.has_issues,
        "has_projects": fact.has_projects,
        "has_downloads": fact.has_downloads,
        "has_wiki": fact.has_wiki,
        "has_pages": fact.has_pages,
        "forks_count": fact.forks_count,
        "mirror_url": fact.mirror_url,
        "archived": fact.archived,
        "disabled": fact.disabled,
        "open_issues_count": fact.open_issues_count,
        "license": license_of(fact.license),
        "forks": fact.forks_count,
        "open_issues": fact.open_issues_count,
        "watchers": fact.stargazers_count,
        "default_branch": fact.default_branch,
        "permissions": {"admin": False, "push": False, "pull": True},
    }


org_payload = organization()
repos_payload = [repository(row) for row in RECORDED_FACTS]
expected_repos = [
    "episodes.dart", "cpp-netlib", "dagger", "ios-webkit-debug-proxy",
    "google.github.io", "kratu", "build-debian-cloud", "traceur-compiler",
    "firmata.py"]
apache2_repos = ["dagger", "kratu", "traceur-compiler", "firmata.py"]

TEST_PAYLOAD = [(org_payload, repos_payload, expected_repos, apache2_repos)]
