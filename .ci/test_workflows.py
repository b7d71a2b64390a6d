#!/usr/bin/env python3
"""Tests of what is found on a page for zizmor to check."""
import unittest

import workflows

PAGE = """
```yaml
name: Licenses
jobs:
  audit:
    steps:
      - uses: OWNER/PROJECT/audit@COMMIT
```

```yaml
version: 2
```

```yaml
- run: gh issue list
```

```text
jobs:
```
"""


class TestWorkflows(unittest.TestCase):
    """Unit tests of workflows, a function of the text of a page."""

    def test_workflows(self) -> None:
        """A workflow is a block of YAML with jobs; more steps may follow.

        The action of this project is at some commit.
        """
        self.assertEqual(workflows.workflows(PAGE), [
            "name: Licenses\njobs:\n  audit:\n    steps:\n"
            "      - uses: OWNER/PROJECT/audit@"
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n"
            "      - run: gh issue list\n"])


if __name__ == "__main__":
    unittest.main()
