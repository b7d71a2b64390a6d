#!/usr/bin/env python3
"""List what organizations publish on GitHub, and under which licenses."""
