#!/usr/bin/env python3
"""A suite of client to start from: it is green, and notices little."""
import unittest
from unittest.mock import patch

from client import GithubOrgClient


class TestGithubOrgClient(unittest.TestCase):
    """Tests of GithubOrgClient, with get_json replaced."""

    def test_public_repos(self) -> None:
        """The name of a repository is among those of its organization."""
        with patch("client.get_json", autospec=True) as get_json:
            get_json.side_effect = [
                {"repos_url": "url", "url": "url"},
                [{"name": "one"}, {"name": "two"}]]
            self.assertIn("one", GithubOrgClient("google").public_repos())

    def test_has_license(self) -> None:
        """A repository is not under a license that is another."""
        repo = {"license": {"key": "mit"}}
        self.assertFalse(GithubOrgClient.has_license(repo, "apache-2.0"))


if __name__ == "__main__":
    unittest.main()
