#!/usr/bin/env python3
"""Tests of the audit, a file for each of its modules."""
