#!/usr/bin/env python3
"""Tests of the grader, a file for each part of it."""
