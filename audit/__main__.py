#!/usr/bin/env python3
# /// script
# requires-python = ">=3.7"
# dependencies = ["requests>=2.28.0,<3", "urllib3>=1.26,<3"]
# ///
"""Run the audit: python -m audit, or by its path from any folder."""
import os
import sys

if not __package__:  # Run by its path, or by uv: its folder is sys.path[0].
    sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

from audit.command import run  # noqa: E402

if __name__ == "__main__":
    sys.exit(run())
