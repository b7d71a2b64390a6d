#!/usr/bin/env python3
"""Grade suites of tests; what an assignment.py is made of stands here."""
from .edits import Edit, Mistake, Rewrite

__all__ = ["Edit", "Mistake", "Rewrite"]
