#!/usr/bin/env python3
"""A suite of client to start from: it is green, and notices little."""
import unittest

from client import GithubOrgClient


class TestGithubOrgClient(unittest.TestCase):
    """Tests of GithubOrgClient, which begin with its has_license."""

    def test_has_license(self) -> None:
        """A repository is not under a license that is another."""
        repo = {"license": {"key": "mit"}}
        self.assertFalse(GithubOrgClient.has_license(repo, "apache-2.0"))


if __name__ == "__main__":
    unittest.main()
