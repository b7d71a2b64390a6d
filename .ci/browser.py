#!/usr/bin/env python3
"""Tests of the course's page in a real browser.

Usage: browser.py, in the folder of the project. The environment variable
CHROMIUM is the path of the browser, and PINNED is a folder with the files
that pins.py fetches. The page gets them from here in place of the hosts that
it names, so nothing leaves this machine.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
import zipfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Dict, List

from parameterized import parameterized
from playwright.sync_api import (
    BrowserContext, Page, Route, expect, sync_playwright)

from pins import WEB, changed, pins
from sites import Site, type_of

TOP = WEB.parent.parent
PINNED = Path(os.environ.get("PINNED", ""))
PINS = pins((WEB / "pins.js").read_text(encoding="utf-8"))
OPEN = {"Access-Control-Allow-Origin": "*"}
PATIENCE = 120000  # milliseconds, for a machine that has much else to do
MARKUP = "<img src=x onerror=document.title='run'>"

# A recursion that goes through C, so that no limit of Python's ends it.
RECURSION = ["deep = functools.reduce(lambda x, _: [x], range(99999), 0)",
             "repr(deep) == json.dumps(deep)"]

# A small assignment, in which a test may take a second.
SHOP = {
    "assignment.py": '''\
from grader import Edit, Mistake
MODULES = ("shop.py",)
NEEDS = ("requests",)
TEST_SECONDS = 1
MISTAKES = [Mistake(1, "total", "the last price is lost",
                    Edit("shop.py", "sum(prices)", "sum(prices[:-1])"))]
''',
    "shop.py": '''\
def total(prices):
    """Return the sum of some prices."""
    return sum(prices)
'''}
# A test that notices its mistake, behind one that is odd.
SUITE = '''\
import functools, http.client, itertools, json, os, time, unittest
import urllib.request
import requests
from shop import total

class TestOdd(unittest.TestCase):
    def test_odd(self):
        {}

class TestTotal(unittest.TestCase):
    def test_total(self):
        self.assertEqual(total([1, 2]), 3)
'''


class PageTestCase(unittest.TestCase):
    """Tests that open pages in a browser of their class."""

    stack: ExitStack
    site: Site
    browser: Any
    page: Page  # where tests share one

    @classmethod
    def setUpClass(cls) -> None:
        """Serve the project, and start a browser."""
        cls.stack = ExitStack()
        cls.site = cls.serve({})
        playwright = cls.stack.enter_context(sync_playwright())
        cls.browser = playwright.chromium.launch(
            executable_path=os.environ["CHROMIUM"], args=["--no-sandbox"])
        expect.set_options(timeout=PATIENCE)

    @classmethod
    def tearDownClass(cls) -> None:
        """End the browser and the servers."""
        cls.stack.close()

    @classmethod
    def serve(cls, headers: Dict[str, str]) -> Site:
        """Return a server of the project and of the small assignment."""
        site = Site(TOP, {f"/shop/{name}": text
                          for name, text in SHOP.items()}, headers)
        cls.stack.callback(site.close)
        return site

    @classmethod
    def context(cls, **options: Any) -> BrowserContext:
        """Return a context that gets what is pinned from here."""
        context = cls.browser.new_context(**options)
        context.set_default_timeout(PATIENCE)
        by_url = {pin.url: PINNED / pin.name for pin in PINS}

        def fulfil(route: Route) -> None:
            """Answer with a file that is pinned."""
            path = by_url[route.request.url]
            route.fulfill(path=path, headers={
                **OPEN, "Content-Type": type_of(path.name)})

        context.route(re.compile("^https:"), fulfil)
        return context

    @classmethod
    def opened(cls, query: str, context: BrowserContext) -> Page:
        """Return a page once it is ready."""
        page = context.new_page()
        page.goto(f"{cls.site.origin}/course/web/{query}")
        cls.wait(page)
        return page

    @staticmethod
    def wait(page: Page) -> None:
        """Wait until the page has answered, or is ready to."""
        expect(page.get_by_role("button", name="Grade")).to_be_enabled()

    def press(self, page: Page, button: str) -> Any:
        """Press a button, wait, and return the text of the results."""
        page.get_by_role("button", name=button).click()
        self.wait(page)
        return page.get_by_role("region", name="Results").inner_text()


class TestPinned(unittest.TestCase):
    """Tests of the files that stand for those of other hosts."""

    def test_pinned(self) -> None:
        """They are, byte by byte, what the page would load."""
        self.assertEqual(changed(PINS, PINNED), [])


class TestCells(unittest.TestCase):
    """Tests of what the grader finds out in Pyodide, without a page."""

    @staticmethod
    def cells(*command: str) -> Dict[str, Any]:
        """Return what the grader finds out about tests by a command."""
        done = subprocess.run([*command], cwd=str(TOP), check=True,
                              stdout=subprocess.PIPE)
        return json.loads(done.stdout)

    def test_cells(self) -> None:
        """It is what runs in processes find, but for what is refused."""
        found = self.cells("node", ".ci/pyodide.mjs", str(PINNED),
                           ".ci/cells.py", "here")
        expected = self.cells(sys.executable, ".ci/cells.py", "processes")
        with_server = "model test_client.TestGithubOrgClientOverLoopback." \
            "test_public_repos"
        self.assertEqual(found.pop(with_server)[0], "skipped")
        self.assertEqual(expected.pop(with_server)[0], "passes")
        refused = {name: found.pop(name)[0] for name in list(found)
                   if name.startswith("refused")}
        self.assertEqual(refused, {
            name: "skipped" if name.endswith("bad") else "passes"
            for name in refused})
        self.assertGreater(len(refused), 15)
        self.assertEqual(found, expected)


class TestClassic(PageTestCase):
    """Tests of the assignment that the page opens by itself."""

    @classmethod
    def setUpClass(cls) -> None:
        """Open the page as somebody does who has a link and nothing else."""
        super().setUpClass()
        cls.page = cls.opened("", cls.context())

    def fill(self, folder: Path) -> None:
        """Write the suite in a folder into the editors."""
        for name in ("test_utils.py", "test_client.py"):
            self.page.get_by_role("textbox", name=name).fill(
                (folder / name).read_text(encoding="utf-8"))

    def test_starter(self) -> None:
        """The starter notices two mistakes."""
        self.fill(TOP / "course" / "starter")
        self.assertIn("noticed 2 of 36", self.press(self.page, "Grade"))

    def test_found_on_the_way(self) -> None:
        """What is found about a mistake is told at once."""
        self.fill(TOP / "course" / "starter")
        self.page.get_by_role("button", name="Grade").click()
        expect(self.page.get_by_role("region", name="Results")
               ).to_contain_text("2 access_nested_map: noticed")
        self.wait(self.page)

    def test_model_suites(self) -> None:
        """The model suites notice all mistakes, without a server, too."""
        self.fill(TOP)
        result = " ".join(self.press(self.page, "Grade").split())
        self.assertIn("noticed 36 of 36", result)
        self.assertIn("is not run here: it uses a socket.", result)

    def test_reload(self) -> None:
        """What was written is there after a reload."""
        editor = self.page.get_by_role("textbox", name="test_utils.py")
        editor.fill("# mine\n")
        self.page.reload()
        self.wait(self.page)
        self.assertEqual(editor.input_value(), "# mine\n")

    def test_download(self) -> None:
        """What is downloaded works on a computer by plain unittest."""
        self.fill(TOP)
        with self.page.expect_download() as download:
            self.page.get_by_role("button", name="Download").click()
        self.wait(self.page)
        with tempfile.TemporaryDirectory() as folder:
            with zipfile.ZipFile(download.value.path()) as archive:
                archive.extractall(folder)
            done = subprocess.run(
                [sys.executable, "-m", "unittest"], cwd=f"{folder}/my_suite",
                stderr=subprocess.PIPE, universal_newlines=True)
        self.assertRegex(done.stderr, r"Ran [1-9]\d tests")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_hint(self) -> None:
        """Each click gives one hint more."""
        self.page.get_by_role("combobox", name="Mistake").select_option("2")
        first = self.press(self.page, "Hint")
        second = self.press(self.page, "Hint")
        self.assertIn("Press Hint again for the next of", first)
        self.assertTrue(second.startswith(first.split("Press Hint")[0]))
        self.assertGreater(len(second), len(first))

    @parameterized.expand([
        ("textbox_of_utils", "textbox", "test_utils.py"),
        ("textbox_of_client", "textbox", "test_client.py"),
        ("run", "button", "Run"),
        ("grade", "button", "Grade"),
        ("hint", "button", "Hint"),
        ("download", "button", "Download"),
        ("assignment", "combobox", "Assignment"),
        ("mistake", "combobox", "Mistake"),
        ("progress", "progressbar", "Ready"),
        ("text", "region", "What to test"),
        ("results", "region", "Results"),
    ])
    def test_role(self, _: str, role: str, name: str) -> None:
        """What a person does or reads has one role and one name."""
        expect(self.page.get_by_role(role, name=name, exact=True)
               ).to_have_count(1)

    def test_policy(self) -> None:
        """The page itself reaches no server that it does not name."""
        other = self.serve(OPEN)
        self.assertEqual(self.page.evaluate(
            "url => fetch(url).then(() => 'answered', () => 'refused')",
            f"{other.origin}/counted"), "refused")
        self.assertEqual(other.asked, [])

    def test_no_cookie(self) -> None:
        """The page sets no cookie."""
        self.assertEqual(self.page.context.cookies(), [])

    def test_focus(self) -> None:
        """Whoever presses a button by the keyboard is still there after it."""
        button = self.page.get_by_role("button", name="Run")
        button.press("Enter")
        self.wait(self.page)
        expect(button).to_be_focused()

    def test_two_tabs(self) -> None:
        """What is written in one tab is there in the other."""
        other = self.opened("", self.page.context)
        self.addCleanup(other.close)
        other.get_by_role("textbox", name="test_utils.py").fill("# there\n")
        expect(self.page.get_by_role("textbox", name="test_utils.py")
               ).to_have_value("# there\n")

    def test_results_announce_themselves(self) -> None:
        """A screen reader reads the results out as they change."""
        expect(self.page.get_by_role("region", name="Results")
               ).to_have_attribute("aria-live", "polite")

    def test_keyboard(self) -> None:
        """The Tab key reaches each control, in the order of the page."""
        self.page.get_by_role("link", name="The course").focus()
        reached: List[str] = []
        while "results" not in reached and len(reached) < 99:
            self.page.keyboard.press("Escape")
            self.page.keyboard.press("Tab")
            reached.append(self.page.evaluate(
                "() => document.activeElement.id"))
        self.assertEqual([id for id in reached if id], [
            "assignment", "text", "file-test_utils.py", "file-test_client.py",
            "run", "grade", "download", "mistake", "hint", "results"])


class TestOdd(PageTestCase):
    """Tests of odd suites, one after the other on the same page."""

    @classmethod
    def setUpClass(cls) -> None:
        """Open the small assignment."""
        super().setUpClass()
        cls.page = cls.opened("?assignment=/shop/", cls.context())

    def answer(self, button: str, *line: str) -> Any:
        """Return what the page says of a suite with an odd test."""
        self.page.get_by_role("textbox", name="test_shop.py").fill(
            SUITE.format("\n        ".join(line)))
        return self.press(self.page, button)

    @parameterized.expand([
        ("endless_loop", ["while True: pass"], "took more than 1 s"),
        ("endless_loop_in_c", ["sum(itertools.count())"],
         "took more than 1 s"),
        ("recursion_in_c", RECURSION, "ended the interpreter"),
        ("exit", ["os._exit(3)"], "ended its process with status 3"),
    ])
    def test_survives(self, _: str, line: List[str], message: str) -> None:
        """It costs the test that did it; the rest is graded."""
        result = self.answer("Grade", *line)
        self.assertIn("wrong: test_shop.TestOdd.test_odd fails", result)
        self.assertIn(message, result)
        self.assertIn("noticed 1 of 1", result)

    @parameterized.expand([
        ("abort", "os.abort()", "ended the interpreter"),
        ("sleep", "time.sleep(60)", "took more than 1 s"),
    ])
    def test_run_survives(self, _: str, line: str, end: str) -> None:
        """What a run had printed is shown, and how it ended."""
        result = self.answer("Run", "print('before')", line)
        self.assertIn("before\n", result)
        self.assertIn(f"The run {end}.", result)

    @parameterized.expand([
        (name,) for name in (
            "fetch", "XMLHttpRequest", "WebSocket", "WebSocketStream",
            "EventSource", "WebTransport", "RTCPeerConnection",
            "importScripts", "Worker", "SharedWorker", "BroadcastChannel",
            "indexedDB", "caches")])
    def test_taken_away(self, name: str) -> None:
        """Where the suite runs there is no way out to be found."""
        self.assertFalse(self.page.workers[0].evaluate(
            "name => name in self || name in navigator", name))

    @parameterized.expand([
        ("requests", "requests.get(URL)", "uses a socket"),
        ("urllib", "urllib.request.urlopen(URL)", "uses a socket"),
        ("js", "import js; js.fetch(URL)", "import of js halted"),
        ("js_anew", "import sys; del sys.modules['js']; import js",
         "No module named 'js'"),
        ("pyodide_js", "import pyodide_js", "import of pyodide_js halted"),
        ("run_js", "from pyodide.code import run_js; run_js('fetch(URL)')",
         "import of pyodide.code halted"),
        ("open_url", "from pyodide.http import open_url; open_url(URL)",
         "No module named 'pyodide.http'"),
    ])
    def test_no_request_arrives(self, _: str, line: str, error: str) -> None:
        """A request to this very server is an error, and does not arrive."""
        result = self.answer(
            "Run", f"URL = '{self.site.origin}/counted'", line)
        self.assertIn(error, result)
        self.assertNotIn("/counted", self.site.asked)

    def test_requests_error(self) -> None:
        """A request to another computer fails as it does without a network.

        The address is one of those that are nobody's (RFC 5737).
        """
        result = self.answer(
            "Run", "with self.assertRaises(requests.ConnectionError):",
            "    requests.get('http://192.0.2.1/')")
        self.assertIn("\nOK", result)

    @parameterized.expand([
        ("docstring", "Run", f'"""{MARKUP}"""; self.fail()'),
        ("printed", "Run", f'print("{MARKUP}")'),
        ("message", "Run", f'self.fail("{MARKUP}")'),
        ("message_in_a_report", "Grade", f'self.fail("{MARKUP}")'),
    ])
    def test_markup(self, _: str, button: str, line: str) -> None:
        """What a suite says is text, whatever is in it."""
        self.assertIn(MARKUP, self.answer(button, line))
        self.assertEqual(self.page.locator("img").count(), 0)
        self.assertEqual(
            self.page.title(), "Write a suite and have it graded")

    def test_tab_key(self) -> None:
        """It writes four blanks; after Escape it moves on."""
        editor = self.page.get_by_role("textbox", name="test_shop.py")
        editor.fill("")
        editor.press("Tab")
        self.assertEqual(editor.input_value(), "    ")
        editor.press("Escape")
        editor.press("Tab")
        self.assertEqual(editor.input_value(), "    ")
        expect(self.page.get_by_role("button", name="Run")).to_be_focused()

    def test_enter_key(self) -> None:
        """It keeps the indentation, and adds to it after a colon."""
        editor = self.page.get_by_role("textbox", name="test_shop.py")
        editor.fill("")
        editor.press_sequentially("def f():\nx\ny")
        self.assertEqual(editor.input_value(), "def f():\n    x\n    y")


class TestKept(PageTestCase):
    """Tests of what was written, where the browser keeps nothing."""

    @parameterized.expand([
        ("refused", "get() { throw new Error('refused'); }"),
        ("full", "value: { getItem: () => null, "
         "setItem() { throw new Error('full'); } }"),
    ])
    def test_not_kept(self, _: str, storage: str) -> None:
        """The page works, and says so as soon as something is written."""
        context = self.context()
        self.addCleanup(context.close)
        context.add_init_script(
            f"Object.defineProperty(self, 'localStorage', {{ {storage} }})")
        page = self.opened("?assignment=/shop/", context)
        editor = page.get_by_role("textbox", name="test_shop.py")
        editor.fill(SUITE.format("pass"))
        expect(page.get_by_text("This browser does not keep what you write.")
               ).to_be_visible()
        self.assertIn("\nOK", self.press(page, "Run"))


class TestNotLoaded(PageTestCase):
    """Tests of what is said, in a line, where something can't be loaded."""

    def said(self, query: str, context: BrowserContext) -> Any:
        """Return what a page says that can't load something."""
        self.addCleanup(context.close)
        page = context.new_page()
        page.goto(f"{self.site.origin}/course/web/{query}")
        expect(page.get_by_role("progressbar", name="It can't be loaded")
               ).to_be_visible()
        return page.get_by_role("region", name="Results").inner_text().strip()

    @parameterized.expand([
        ("javascript", "javascript:alert(1)",
         "javascript:alert(1) is not the address of an assignment."),
        ("data", "data:text/plain,x",
         "data:text/plain,x is not the address of an assignment."),
        ("no_host", "http://",
         "http:// is not the address of an assignment."),
        ("not_there", "/nowhere/", "ORIGIN/nowhere/assignment.py can't be "
         "fetched: its server answers 404."),
        ("name_of_an_object", "toString", "ORIGIN/course/web/toString/"
         "assignment.py can't be fetched: its server answers 404."),
    ])
    def test_address(self, _: str, address: str, line: str) -> None:
        """An address without an assignment is named."""
        self.assertEqual(
            self.said(f"?assignment={address}", self.context()),
            line.replace("ORIGIN", self.site.origin))

    def test_step(self) -> None:
        """While a file is on its way, the page says what it does."""
        context = self.context()
        self.addCleanup(context.close)
        context.route(PINS[-1].url, lambda route: None)
        page = context.new_page()
        page.goto(f"{self.site.origin}/course/web/")
        expect(page.get_by_role("progressbar", name="Loading Python")
               ).to_have_js_property("max", 1)

    def test_changed_file(self) -> None:
        """A file that is not the one that is pinned is refused, and named."""
        context = self.context()
        pin = PINS[-1]
        context.route(pin.url, lambda route: route.fulfill(
            body=b"changed", headers=OPEN))
        self.assertEqual(self.said("", context), (
            f"{pin.url} can't be fetched. There is no connection to its "
            "server, or it is not the file that is pinned."))


class TestTeacher(PageTestCase):
    """Tests of an assignment that another server has."""

    def asked(self, headers: Dict[str, str]) -> Page:
        """Return a page that asks whether it may open the assignment."""
        self.teacher = self.serve(headers)
        context = self.context()
        self.addCleanup(context.close)
        page = context.new_page()
        page.goto(f"{self.site.origin}/course/web/"
                  f"?assignment={self.teacher.origin}/shop")
        expect(page.get_by_role("button", name="Open it")).to_be_visible()
        return page

    def test_question(self) -> None:
        """First there is a question that names the server."""
        page = self.asked(OPEN)
        expect(page.get_by_text("This assignment is from ")
               ).to_contain_text(self.teacher.origin)
        self.assertEqual(self.teacher.asked, [])

    def test_yes(self) -> None:
        """After a yes it opens, and can be graded."""
        page = self.asked(OPEN)
        page.get_by_role("button", name="Open it").click()
        self.wait(page)
        page.get_by_role("textbox", name="test_shop.py").fill(
            SUITE.format("pass"))
        self.assertIn("noticed 1 of 1", self.press(page, "Grade"))

    def test_kept_apart(self) -> None:
        """What is written for it is not there for another of this name."""
        page = self.asked(OPEN)
        page.get_by_role("button", name="Open it").click()
        self.wait(page)
        editor = page.get_by_role("textbox", name="test_shop.py")
        editor.fill("# theirs\n")
        page.goto(f"{self.site.origin}/course/web/?assignment=/shop/")
        self.wait(page)
        self.assertIn("not written yet", editor.input_value())
        page.go_back()
        self.wait(page)
        self.assertEqual(editor.input_value(), "# theirs\n")

    def test_no(self) -> None:
        """After a no the page opens an assignment of its own."""
        page = self.asked(OPEN)
        page.get_by_role("button", name="Leave it").click()
        self.wait(page)
        expect(page.get_by_role("textbox", name="test_utils.py")
               ).to_be_visible()
        self.assertEqual(self.teacher.asked, [])

    def test_server_that_does_not_allow_it(self) -> None:
        """Without CORS nothing is opened, and the page says why."""
        page = self.asked({})
        page.get_by_role("button", name="Open it").click()
        expect(page.get_by_text("It can't be loaded")).to_be_visible()
        expect(page.get_by_role("region", name="Results")
               ).to_contain_text("CORS")


class TestNarrow(PageTestCase):
    """Tests of the page on a phone, 390 pixels wide."""

    @parameterized.expand([
        ("classic", "", "noticed 2 of 36"),
        ("loans", "?assignment=loans", "every test is skipped"),
    ])
    def test_width(self, _: str, query: str, result: str) -> None:
        """Nothing has to be scrolled sideways."""
        context = self.context(viewport={"width": 390, "height": 800})
        self.addCleanup(context.close)
        page = self.opened(query, context)
        self.assertIn(result, self.press(page, "Grade"))
        self.assertEqual(page.evaluate(
            "() => document.documentElement.scrollWidth"), 390)


if __name__ == "__main__":
    unittest.main()
