#!/usr/bin/env python3
"""Check the messages and the numbers that the course and its tour show.

A message is what a red test prints, in a block ```text. It is made anew: in
a copy of the project a file is edited, and some tests run. The numbers are
those of the mistakes that a suite notices after each evening. What is said of
who notices an edit must be so. And no test of the model suites may be one too
many.
"""
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Set, Tuple, Union

from texts import blocks, run

sys.path.append(str(Path("course").resolve()))
Edit = Tuple[str, str, str]  # file, before, after
Notices = Dict[str, Set[str]]  # mistakes by the names of tests


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
    Message(TOUR, "AssertionError: ConnectionError not raised", 34,
            "-k test_error_is_passed_on test_utils.py"),
    Message(TOUR, "AssertionError: 'new' != 'old'", 7,
            "-k test_each_call_is_a_request test_utils.py"),
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


class Prediction(NamedTuple):
    """What an evening says of who notices an edit.

    red, green: parts of the names of tests that fail, and that do not.
    """

    edit: Union[int, Edit]
    arguments: str
    red: List[str]
    green: List[str]


NO_DICT = ("utils.py", "isinstance(nested_map, (dict, abc.Mapping))",
           "isinstance(nested_map, abc.Mapping)")
PREDICTIONS = [
    Prediction(2, "test_utils.py",
               [".test_two_keys", "_map_2_three_keys"],
               [".test_empty_path", "_map_0_one_key"]),
    Prediction(NO_DICT, "test_utils.py", [], [".test_"]),
    Prediction(7, "-k TestGetJson. test_utils.py",
               [f".test_get_json_{row}_" for row in range(3)],
               [".test_json_of_the_response"]),
    Prediction(26, "loose/test_loose.py", [], [".test_"]),
    Prediction(26, "-k TestGithubOrgClient.test_org test_client.py",
               [".test_org_0_google", ".test_org_1_abc"], []),
    Prediction(23, "test_client.py",
               ["_0.test_public_repos", "_0.test_public_repos_with_license"],
               ["TestGithubOrgClient.", "OverLoopback."]),
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

# What the tests of the model suites are there for that notice no mistake
# which no other test notices. Some show a pattern: a heading of the tour
# under which they are named.
SHOWN = {
    "TestAccessNestedMap.test_two_keys": "A first test",
    "TestMemoize.test_memoize": "Counting: proving memoization",
    "TestMemoize.test_each_instance_has_its_own_value":
        "Counting: proving memoization",
    "TestGetJson.test_json_of_the_response": "Test doubles",
    "TestGithubOrgClient.test_org": "Where to patch",
    "TestGetJson.test_get_json": "The order of the arguments",
    "TestGetJsonWithSetUp.test_each_call_is_a_request":
        "patch in three forms",
    "TestGithubOrgClient.test_public_repos_url": "PropertyMock",
    "TestGithubOrgClient.test_public_repos": "PropertyMock",
    "TestGithubOrgClientOverLoopback.test_public_repos":
        "A server on loopback",
}
# The others prove something that a docstring of the modules promises.
PROVED = {
    "TestMemoize.test_name_and_docstring":
        "Keep the method, and take over its docstring.",
}


def wrong_messages(page: str) -> Iterator[str]:
    """Yield the messages that do not come, and those that nobody checks."""
    bodies = [block.lines for block in blocks(read(page))
              if (block.language, block.word) == ("text", "")]
    known = [message for message in MESSAGES if message.page == page]
    for lines in bodies:
        if not any(lines[0].startswith(message.begins) for message in known):
            yield f"{page}: nobody checks this message: {lines[0]}"
    for message in known:
        printed = printed_by(message.edit, message.arguments)
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


def edit_of(edit: Union[int, Edit]) -> Edit:
    """Return the file that is edited, and its lines before and after."""
    from classic.assignment import MISTAKES
    if isinstance(edit, tuple):
        return edit
    return next(mistake.edits[0] for mistake in MISTAKES
                if mistake.number == edit)


def printed_by(edit: Union[int, Edit], arguments: str) -> str:
    """Return what tests print in a copy of the project with an edit."""
    name, before, after = edit_of(edit)
    with tempfile.TemporaryDirectory() as folder:
        for path in ("utils.py", "client.py", "fixtures.py", "test_utils.py",
                     "test_client.py"):
            shutil.copy(path, folder)
        shutil.copytree("course/starter", str(Path(folder, "my_suite")))
        first = next(block for block in blocks(read(COURSE))
                     if (block.language, block.word) == ("python", ""))
        Path(folder, "first.py").write_text("\n".join(first.lines))
        loose = next(block for block in blocks(read(COURSE))
                     if block.word == "loose/test_loose.py")
        Path(folder, "loose").mkdir()
        Path(folder, loose.word).write_text("\n".join(loose.lines))
        file = Path(folder, name)
        source = file.read_text(encoding="utf-8")
        assert source.count(before) == 1, before
        file.write_text(source.replace(before, after), encoding="utf-8")
        module = [] if arguments == "first" else ["unittest"]
        return without_chance(run(
            [sys.executable, "-m", *module, *arguments.split()],
            folder).stdout)


def wrong_predictions() -> Iterator[str]:
    """Yield what the course says of who notices an edit and is not so."""
    for edit, arguments, red, green in PREDICTIONS:
        printed = printed_by(edit, arguments)
        failed = re.findall(r"(?m)^(?:FAIL|ERROR): .*\((.+)\)$", printed)
        for part in red:
            if not any(part in name for name in failed):
                yield f"{COURSE}: {part} is not red by {edit}:\n{printed}"
        for part in green:
            if any(part in name for name in failed):
                yield f"{COURSE}: {part} is red by {edit}"


def wrong_evenings(model: Notices) -> Iterator[str]:
    """Yield the evenings of the course that have another number."""
    from classic.assignment import MISTAKES
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
        total = f"{number} of {len(MISTAKES)}"
        row = rf"(?m)^\| \[{evening}\].*\| {total} \|$"
        if f"`noticed {total}`" not in part or not re.search(row, text):
            yield f"{COURSE}: evening {evening}: noticed {total}"


def wrong_reasons() -> Iterator[str]:
    """Yield why a mistake is missed in words that no report has."""
    from grader.report import REASONS
    told = [words for _, words in REASONS.values()]
    for phrase in re.findall(r"(?m)^\| \*(.+)\* \|", read(COURSE)):
        if not any(words.startswith(phrase) for words in told):
            yield f"{COURSE}: no report says: {phrase}"


def wrong_pastes() -> Iterator[str]:
    """Yield what the course gives to paste that makes none of the mistakes."""
    from classic.assignment import MISTAKES
    for block in blocks(read(COURSE)):
        lines = "\n".join(block.lines) + "\n"
        if block.word == "paste" and not any(
                lines.endswith(edit.after) for mistake in MISTAKES
                for edit in mistake.edits if edit.after):
            yield f"{COURSE}: this makes no mistake:\n{lines}"


def idle_tests(model: Notices) -> List[str]:
    """Return the tests whose mistakes are all noticed by others, too.

    The rows of a table are one test.
    """
    noticing: Dict[str, Set[str]] = {}  # tests by mistakes
    for name, mistakes in model.items():
        for mistake in mistakes:
            noticing.setdefault(mistake, set()).add(method_of(name))
    alone = [tests for tests in noticing.values() if len(tests) == 1]
    return sorted({method_of(name) for name in model}.difference(*alone))


def method_of(test: str) -> str:
    """Return the class and the method of a test, without numbers of rows."""
    _, test_class, method = test.split(".")
    return (re.sub("_[0-9]+$", "", test_class) + "."
            + re.sub(r"_[0-9]+_\w+$", "", method))


def needless_tests(
        idle: List[str], shown: Dict[str, str], proved: Dict[str, str],
        tour: str, promises: str) -> Iterator[str]:
    """Yield the tests that are there for nothing, and what is wrong of them.

    idle: the tests that notice nothing alone.
    promises: the text of the modules under test.
    """
    for test in idle:
        if test not in shown and test not in proved:
            yield f"{test}: notices nothing alone; what is it there for?"
    for test in [*shown, *proved]:
        if test not in idle:
            yield f"{test}: there is no such test, or it notices some alone"
    for test, heading in shown.items():
        _, _, part = tour.partition(f"\n## {heading}\n")
        if f"`{test}`" not in part.partition("\n## ")[0]:
            yield f"{TOUR}, {heading}: {test} is not named there"
    for test, line in proved.items():
        if line not in promises:
            yield f"{test}: no docstring promises this: {line}"


def notices(*folder: str) -> Notices:
    """Return which mistakes each test of a suite notices, by the grader."""
    done = run([sys.executable, "course/grade.py", *folder, "--json"], ".")
    return {name: set(test["notices"]) for name, test
            in json.loads(done.stdout)["extra_data"]["tests"].items()}


def main() -> int:
    """Check the course and its tour; return the exit status."""
    model = notices()
    idle = idle_tests(model)
    trouble = [*wrong_messages(TOUR), *wrong_messages(COURSE),
               *wrong_evenings(model), *wrong_predictions(), *wrong_pastes(),
               *wrong_reasons(),
               *needless_tests(idle, SHOWN, PROVED, read(TOUR),
                               read("utils.py") + read("client.py"))]
    print(len(MESSAGES), "messages,", len(idle), "tests that notice nothing "
          "alone and show or prove something")
    print(*trouble, sep="\n", end="\n" if trouble else "")
    return 1 if trouble else 0


if __name__ == "__main__":
    sys.exit(main())
