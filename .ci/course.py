#!/usr/bin/env python3
"""Check the messages and the numbers that the course and its tour show.

A message is what a red test prints, in a block ```text. It is made anew: in
a copy of the project a file is edited, and some tests run. The numbers are
those of the mistakes that a suite notices after each evening.
"""
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Dict, Iterator, NamedTuple, Set, Tuple, Union

from texts import blocks, run

sys.path.append(str(Path("course").resolve()))
Edit = Tuple[str, str, str]  # file, before, after


class Message(NamedTuple):
    """How a message of a page comes about.

    begins: how its first line begins.
    edit: a mistake of the assignment by its number, or an edit of a file.
    arguments: what unittest is told to run.
    """

    page: str
    begins: str
    edit: Union[int, Edit]
    arguments: str


TOUR, COURSE = "course/tour.md", "course/README.md"

PARENTHESES = (
    "test_utils.py", "        self.assertEqual(circle.area, 3.14)\n" * 2,
    "        self.assertEqual(circle.area(), 3.14)\n")
NO_NAME = (
    "test_client.py", '@patch("client.get_json", autospec=True)\n'
    "    def test_org", '@patch("client.requests")\n    def test_org')
SWAPPED = (
    "test_utils.py",
    "self, _: str, url: str, document: Any, get: Mock) -> None:",
    "self, _: str, get: Mock, url: str, document: Any) -> None:")
NO_CLS = ("test_client.py", "org_url: cls.org_payload", "org_url: org_payload")
TIMEOUT = ("utils.py", "requests.get(url)", "requests.get(url, timeout=30)")
WRONG_ASSERT = ("first.py", "== 2", "== 3")

MESSAGES = [
    Message(TOUR, "AssertionError: {'b': 2} != 2", 2,
            "-k test_two_keys test_utils.py"),
    Message(TOUR, "FAIL: test_access_nested_map_2", 2, "test_utils.py"),
    Message(TOUR, "AssertionError: KeyError not raised", 1, "test_utils.py"),
    Message(TOUR, "AssertionError: Tuples differ", 4, "test_utils.py"),
    Message(TOUR, "AssertionError: Lists differ: ['area'", 8,
            "-k TestMemoize.test_memoize test_utils.py"),
    Message(TOUR, "TypeError: 'float' object", PARENTHESES,
            "-k TestMemoize.test_memoize test_utils.py"),
    Message(TOUR, "AssertionError: <MagicMock name='get()'", 5,
            "-k test_json_of_the_response test_utils.py"),
    Message(TOUR, "does not have the attribute 'requests'", NO_NAME,
            "-k TestGithubOrgClient.test_org test_client.py"),
    Message(TOUR, "AssertionError: expected call not found.", 6,
            "-k test_error_is_passed_on test_utils.py"),
    Message(TOUR, "AttributeError: 'str' object has no", SWAPPED,
            "-k TestGetJson.test_get_json test_utils.py"),
    Message(TOUR, "KeyError: 'https://api.github.com/users/google'", 11,
            "-k TestIntegrationGithubOrgClient test_client.py"),
    Message(TOUR, "AssertionError: 'https://example.com/x' !=", 13,
            "-k test_public_repos_url test_client.py"),
    Message(TOUR, "TypeError: too many positional arguments", 25,
            "-k test_repos_payload test_client.py"),
    Message(TOUR, "TypeError: missing a required argument: 'url'", 26,
            "-k TestGithubOrgClient.test_org test_client.py"),
    Message(TOUR, "ERROR: setUpClass", NO_CLS, "test_client.py"),
    Message(TOUR, "NameError: name 'org_payload'", NO_CLS, "test_client.py"),
    Message(TOUR, "AssertionError: Lists differ: ['kratu'", 23,
            "test_client.py"),
    Message(TOUR, "First differing element 0:", 21,
            "-k TestIntegrationGithubOrgClient test_client.py"),
    Message(TOUR, "KeyError: '/orgs/x/'", 6,
            "-k OverLoopback test_client.py"),
    Message(TOUR, "requests.exceptions.JSONDecodeError", 6,
            "-k OverLoopback test_client.py"),
    Message(TOUR, "Expected: get('http://example.com')", TIMEOUT,
            "-k test_error_is_passed_on test_utils.py"),
    Message(COURSE, "AssertionError", WRONG_ASSERT, "first"),
    Message(COURSE, "F", 2, "my_suite/test_utils.py"),
    Message(COURSE, "TypeError: missing a required argument: 'url'", 26,
            "-k TestGithubOrgClient.test_org test_client.py"),
]

# What a suite has after each evening: the starter's tests, and such tests as
# those of the model suites whose names contain one of these.
EVENINGS = [
    ["TestAccessNestedMap"],
    ["test_has_license", "TestMemoize"],
    ["TestGetJson"],
    ["TestGithubOrgClient."],
    ["TestIntegrationGithubOrgClient"],
]


def wrong_messages(page: str) -> Iterator[str]:
    """Yield the messages that do not come, and those that nobody checks."""
    bodies = [block.lines for block in blocks(read(page))
              if (block.language, block.word) == ("text", "")]
    known = [message for message in MESSAGES if message.page == page]
    for lines in bodies:
        if not any(lines[0].startswith(message.begins) for message in known):
            yield f"{page}: nobody checks this message: {lines[0]}"
    for message in known:
        printed = printed_by(message)
        found = [lines for lines in bodies
                 if lines[0].startswith(message.begins)]
        for line in found[0] if found else [message.begins]:
            if not found or without_chance(line) not in printed:
                yield f"{page}: this does not come: {line}\n{printed}"


def read(page: str) -> str:
    """Return the text of a page."""
    return Path(page).read_text(encoding="utf-8")


def without_chance(text: str) -> str:
    """Return a text without what differs from one run to the next."""
    return re.sub("id='[0-9]+'|in [0-9.]+s|File \".*/", "", text)


def edit_of(message: Message) -> Edit:
    """Return the file that is edited, and its lines before and after."""
    from classic.assignment import MISTAKES
    if isinstance(message.edit, tuple):
        return message.edit
    return next(mistake.edit for mistake in MISTAKES
                if mistake.number == message.edit)


def printed_by(message: Message) -> str:
    """Return what the tests print that a message comes from."""
    name, before, after = edit_of(message)
    with tempfile.TemporaryDirectory() as folder:
        for path in ("utils.py", "client.py", "fixtures.py", "test_utils.py",
                     "test_client.py"):
            shutil.copy(path, folder)
        shutil.copytree("course/starter", str(Path(folder, "my_suite")))
        first = next(block for block in blocks(read(COURSE))
                     if (block.language, block.word) == ("python", ""))
        Path(folder, "first.py").write_text("\n".join(first.lines))
        file = Path(folder, name)
        source = file.read_text(encoding="utf-8")
        assert source.count(before) == 1, message
        file.write_text(source.replace(before, after), encoding="utf-8")
        module = [] if message.arguments == "first" else ["unittest"]
        return without_chance(run(
            [sys.executable, "-m", *module, *message.arguments.split()],
            folder).stdout)


def wrong_evenings() -> Iterator[str]:
    """Yield the evenings of the course that have another number."""
    model = notices()
    noticed: Set[str] = set().union(*notices("course/starter").values())
    text = read(COURSE)
    numbers = [len(noticed)]
    for names in EVENINGS:
        for test, found in model.items():
            if any(name in test for name in names):
                noticed |= found
        numbers.append(len(noticed))
    print(f"{COURSE}: noticed after each evening: {numbers}")
    if f"The starter notices {numbers[0]}" not in text:
        yield f"{COURSE}: the starter notices {numbers[0]}"
    for evening, number in enumerate(numbers[1:], start=1):
        part = text.split(f"\n## Evening {evening}")[1].split("\n## ")[0]
        row = rf"(?m)^\| \[{evening}\].*\| {number} of 26 \|$"
        if f"`noticed {number} of 26`" not in part or not re.search(row, text):
            yield f"{COURSE}: evening {evening}: noticed {number} of 26"


def notices(*folder: str) -> Dict[str, Set[str]]:
    """Return which mistakes each test of a suite notices, by the grader."""
    done = run([sys.executable, "course/grade.py", *folder, "--json"], ".")
    return {name: set(test["notices"]) for name, test
            in json.loads(done.stdout)["extra_data"]["tests"].items()}


def main() -> int:
    """Check the course and its tour; return the exit status."""
    trouble = [*wrong_messages(TOUR), *wrong_messages(COURSE),
               *wrong_evenings()]
    print(len(MESSAGES), "messages")
    print(*trouble, sep="\n", end="\n" if trouble else "")
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main())
