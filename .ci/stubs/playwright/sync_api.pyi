# What .ci/browser.py uses of playwright, which is not there everywhere.
from typing import Any

BrowserContext = Any
Page = Any
Route = Any
expect: Any
def sync_playwright() -> Any: ...
