#!/usr/bin/env python3
"""Tests of markdown: the report for people, from values."""
import unittest
from typing import Any, Iterable, List, Optional, Sequence

from parameterized import param, parameterized

from audit.findings import (
    Entry, Found, Options, Org, Task, Text, entries_of)
from audit.markdown import (
    Part, changed, code, completeness, filters, head_of, how_many_fit,
    license_in, licenses, link, markdown_of, policy_line, some, table_row,
    text_of)
from audit.policy import Row, parse_policy

OWN = Row("google/own", "other:f67f637fc188", "not allowed", False, False,
          "https://github.com/google/own", 1)
FREE = Row("google/free", "MIT", "allowed", False, False,
           "https://github.com/google/free", 2)
EXEMPT = Row("Acme/exempt", "ISC", "exception", False, False,
             "https://github.com/Acme/exempt", 3)
WAS = FREE._replace(license="ISC")
GONE = Row("google/gone", "Zlib", "allowed", False, False,
           "https://github.com/google/gone", 4)
POLICY = "MIT\nacme/* ISC # asked Ann\n"
ORGS = [Org("google", 2, 2), Org("Acme", 1, 1)]
TEXTS = {1: Text("f67f637fc188",
                 "https://github.com/google/own/blob/main/LICENSE")}


def report(rows: Sequence[Row], policy: str = "",
           earlier: Optional[Iterable[Row]] = None, **options: Any) -> str:
    """Return the report on these rows of google and acme."""
    task = Task(
        Options(["google", "acme"], policy=policy and "policy.txt",
                since="" if earlier is None else "table.csv", **options),
        parse_policy(policy, "policy.txt") if policy else None,
        None if earlier is None else {row.id: row for row in earlier})
    found = Found(ORGS, {"google", "acme"}, {row.id: {} for row in rows},
                  TEXTS, "2026-03-02 05:17 UTC")
    return markdown_of(
        task, found, entries_of(task, rows, {"google", "acme"}))


class TestReport(unittest.TestCase):
    """Unit tests of the report as a whole."""

    maxDiff = None

    def test_judged(self) -> None:
        """What is not allowed comes first, then what has changed."""
        self.assertEqual(
            report([OWN, FREE, EXEMPT], POLICY, [OWN, WAS, EXEMPT, GONE]),
            """\
# Licenses of `google`, `Acme`

- When: 2026-03-02 05:17 UTC
- Public repositories: 3 counted by GitHub, 3 listed (complete)
- Looked at: 3
- Policy: `policy.txt`
- Compared with: `table.csv`

## Not allowed: 1

| Repository | License | Change |
| --- | --- | --- |
| [`google/own`](https://github.com/google/own) | [`other:f67f637fc188`]\
(https://github.com/google/own/blob/main/LICENSE) \
([history](https://github.com/google/own/commits/main/LICENSE)) |  |

<details><summary>The lines of a policy that accept this</summary>

```text
google/own  other:f67f637fc188
```

</details>

## Changed: 1

| Repository | License | Verdict | Reason | Change |
| --- | --- | --- | --- | --- |
| [`google/free`](https://github.com/google/free) | `MIT` | allowed |  | \
`license was ISC` |

## Gone: 1

| Repository | Last license |
| --- | --- |
| `google/gone` | `Zlib` |

## Allowed by an exception: 1

| Repository | License | Reason |
| --- | --- | --- |
| [`Acme/exempt`](https://github.com/Acme/exempt) | `ISC` | `asked Ann` |

## Licenses: 3

| License | `google` | `Acme` | Repositories |
| --- | --- | --- | --- |
| `ISC` | 0 | 1 | 1 |
| `MIT` | 1 | 0 | 1 |
| `other` | 1 | 0 | 1 |
""")

    def test_without_judgment(self) -> None:
        """Without a policy and a table there are the licenses alone."""
        self.assertEqual(report([FREE]), """\
# Licenses of `google`, `Acme`

- When: 2026-03-02 05:17 UTC
- Public repositories: 3 counted by GitHub, 3 listed (complete)
- Looked at: 1

## Licenses: 1

| License | `google` | `Acme` | Repositories |
| --- | --- | --- | --- |
| `MIT` | 1 | 0 | 1 |
""")

    def test_without_table(self) -> None:
        """Without a table there is no change to show."""
        table = report([OWN], "MIT").split("\n\n")[3]
        self.assertEqual(
            table.splitlines()[0], "| Repository | License |")

    def test_nothing(self) -> None:
        """What there is none of has a heading that says so."""
        self.assertEqual(report(
            [], "MIT", [], source=True).split("\n\n")[1:], [
            "- When: 2026-03-02 05:17 UTC\n"
            "- Public repositories: 3 counted by GitHub, 3 listed (complete)\n"
            "- Looked at: 0, no forks\n"
            "- Policy: `policy.txt`\n- Compared with: `table.csv`",
            "## Not allowed: 0", "## Changed: 0", "## Gone: 0",
            "## Allowed by an exception: 0", "## Licenses: 0\n"])


class TestCutReport(unittest.TestCase):
    """Unit tests of a report on 20,000 findings, which is cut."""

    text: str
    shown: int

    @classmethod
    def setUpClass(cls) -> None:
        """Make the report: all are new and not allowed, and one is gone."""
        rows = [OWN._replace(id=id, repository=f"google/own-{id}")
                for id in range(10000, 30000)]
        cls.text = report(rows, POLICY, [GONE])
        cls.shown = cls.text.count("\n| [`google/own-")

    def test_size(self) -> None:
        """It is as long as it may be, but for less than a row."""
        self.assertGreater(len(self.text.encode()), 59800)
        self.assertLessEqual(len(self.text.encode()), 60000)

    def test_what_is_left_out(self) -> None:
        """Each part says how many of its rows are left out; the last first."""
        self.assertEqual(
            [line for line in self.text.splitlines()
             if line.startswith(("#", "Left"))],
            ["# Licenses of `google`, `Acme`",
             "## Not allowed: 20000",
             f"Left out here: {20000 - self.shown} of 20000.",
             "## Changed: 20000", "Left out here: 20000 of 20000.",
             "## Gone: 1", "Left out here: 1 of 1.",
             "## Allowed by an exception: 0",
             "## Licenses: 1", "Left out here: 1 of 1."])

    def test_lines_that_accept(self) -> None:
        """The lines of a policy are those that accept what is shown."""
        self.assertEqual(
            [line for line in self.text.splitlines()
             if line.startswith("google/own-")],
            [f"google/own-{10000 + number}  other:f67f637fc188"
             for number in range(self.shown)])

    def test_next_part_is_cut(self) -> None:
        """Of a part that is not the first one the end is left out, too."""
        rows = [FREE._replace(id=id) for id in range(10000)]
        text = report([*rows, OWN._replace(id=10000)], POLICY, [])
        self.assertGreater(len(text.encode()), 59800)
        self.assertLessEqual(len(text.encode()), 60000)


class TestParts(unittest.TestCase):
    """Unit tests of what a part of the report consists of."""

    PART = Part("Two", ["A", "B"], ["| 1 | 2 |", "| 3 | 4 |"])

    @parameterized.expand([
        ("all", 2, "\n## Two: 2\n\n| A | B |\n| --- | --- |\n| 1 | 2 |\n"
         "| 3 | 4 |\n"),
        ("one", 1, "\n## Two: 2\n\n| A | B |\n| --- | --- |\n| 1 | 2 |\n\n"
         "Left out here: 1 of 2.\n"),
        ("none", 0, "\n## Two: 2\n\n| A | B |\n| --- | --- |\n\n"
         "Left out here: 2 of 2.\n"),
    ])
    def test_text_of(self, _: str, count: int, text: str) -> None:
        """A part has so many rows, and says how many are left out."""
        self.assertEqual(text_of(self.PART, count), text)

    def test_lines_that_accept(self) -> None:
        """The lines of a policy are those of the rows that are shown."""
        part = self.PART._replace(policy_lines=["a/b  MIT", ""])
        self.assertEqual(text_of(part, 2).partition("</summary>\n\n")[2],
                         "```text\na/b  MIT\n```\n\n</details>\n")

    def test_no_line_that_accepts(self) -> None:
        """Where no line can accept anything there is no block."""
        part = self.PART._replace(policy_lines=["", ""])
        self.assertEqual(text_of(part, 2), text_of(self.PART, 2))

    def test_changed(self) -> None:
        """A change has the verdict and, where an exception holds, why."""
        task = Task(Options(["acme"]), parse_policy("acme/* ISC # a|b", "p"))
        entries = [
            Entry(EXEMPT, True, "new"), Entry(EXEMPT, False, "archived"),
            Entry(FREE, True), Entry(GONE, False, "gone")]
        name = "[`Acme/exempt`](https://github.com/Acme/exempt)"
        self.assertEqual(changed(task, Found([], (), {}), entries).rows, [
            f"| {name} | `ISC` | exception | `a\\|b` | `new` |",
            f"| {name} | `ISC` |  |  | `archived` |"])

    def test_first_run(self) -> None:
        """In the first run it is said why nothing is compared."""
        task = Task(Options(["google"], since="table.csv"))
        self.assertEqual(
            head_of(task, Found(ORGS[:1], (), {}, {}, "today"), []),
            "# Licenses of `google`\n\n- When: today\n"
            "- Public repositories: 2 counted by GitHub, 2 listed (complete)\n"
            "- Looked at: 0\n"
            "- Compared with: `table.csv`, which is not there yet (first run)"
            "\n")

    @parameterized.expand([
        ("all", 6, 3), ("exactly_two", 3, 2), ("two_and_a_half", 5, 2),
        ("one", 1, 1), ("none", 0, 0), ("no_room_at_all", -1, 0),
    ])
    def test_how_many_fit(self, _: str, room: int, count: int) -> None:
        """Costs are taken from the first on, as long as there is room."""
        self.assertEqual(how_many_fit([1, 2, 3], room), count)

    @parameterized.expand([
        ("license", "MIT", "google/free  MIT"),
        ("text", "other:no-text", "google/free  other:no-text"),
        ("none", "none", "google/free  none"),
        ("no_name_that_a_policy_knows", "My License", ""),
        ("backticks", "```", ""),
    ])
    def test_policy_line(self, _: str, license: str, line: str) -> None:
        """There is a line if a policy can have it."""
        self.assertEqual(policy_line(FREE._replace(license=license)), line)

    @parameterized.expand([
        param("none", ""),
        param("sources", ", no forks", source=True),
        param("all", ", no forks, nothing archived, only under `mit`, `isc`",
              source=True, no_archived=True, license=["mit", "isc"]),
    ])
    def test_filters(self, _: str, text: str, **options: Any) -> None:
        """It is said what the filters let through."""
        self.assertEqual(filters(Options(["google"], **options)), text)

    @parameterized.expand([
        ("complete", [Org("a", 1, 1), Org("b", 2, 2)],
         "Public repositories: 3 counted by GitHub, 3 listed (complete)"),
        ("more_than_counted", [Org("a", 1, 2)],
         "Public repositories: 1 counted by GitHub, 2 listed (complete)"),
        ("one_of_two", [Org("a", 1, 2), Org("b", 2, 1)],
         "Public repositories: 3 counted by GitHub, 3 listed (not complete: "
         "some of `b` are missing)"),
    ])
    def test_completeness(self, _: str, orgs: List[Org], text: str) -> None:
        """Each organization has to list at least what it counts."""
        self.assertEqual(completeness(orgs), text)

    @parameterized.expand([
        ("one", 1, "| License | Repositories |"),
        ("two", 2, "| License | `org-0` | `org-1` | Repositories |"),
        ("most", 50, "| License | " + "".join(
            f"`org-{number}` | " for number in range(50)) + "Repositories |"),
        ("more", 51, "| License | Repositories |"),
    ])
    def test_organizations(self, _: str, count: int, columns: str) -> None:
        """Several organizations have a column each, if they are not many."""
        orgs = [Org(f"org-{number}", 1, 1) for number in range(count)]
        self.assertEqual(
            table_row(licenses(Found(orgs, (), {}), []).columns), columns)

    def test_licenses(self) -> None:
        """What is looked at is counted, most first, then by name."""
        rows = [FREE, WAS, FREE, OWN, EXEMPT]
        entries = [Entry(GONE, False), *(Entry(row, True) for row in rows)]
        self.assertEqual(licenses(Found(ORGS, (), {}), entries).rows, [
            "| `ISC` | 1 | 1 | 2 |", "| `MIT` | 2 | 0 | 2 |",
            "| `other` | 1 | 0 | 1 |"])


class TestCells(unittest.TestCase):
    """Unit tests of what a name, a license or a comment becomes in a cell."""

    @parameterized.expand([
        ("name", "google/my_repo_x", "`google/my_repo_x`"),
        ("nothing", "", ""),
        ("blanks", " \t\n", ""),
        ("mention", "@team", "`@team`"),
        ("issue", "#1, acme/x#1", "`#1, acme/x#1`"),
        ("url", "https://a.example www.b.example a@b.example",
         "`https://a.example www.b.example a@b.example`"),
        ("html", "<img src=x> &amp; <!--", "`<img src=x> &amp; <!--`"),
        ("markup", "**a** _b_ [c](d) $x$ :+1:", "`**a** _b_ [c](d) $x$ :+1:`"),
        ("lines", "a\r\nb\u2028c", "`a b c`"),
        ("control_characters", "a\x1b[31m\u202eb", "`a [31m b`"),
        ("surrogate", "a\udcff", "`a`"),
        ("backtick", "a`b", "`` a`b ``"),
        ("backticks_of_two_lengths", "a`b``c`d", "``` a`b``c`d ```"),
        ("only_backticks", "``", "``` `` ```"),
        ("pipe", "a|b", "`a\\|b`"),
        ("pipe_behind_a_backslash", "a\\|b", "`a\\ \\|b`"),
        ("backslash_at_the_end", "a\\", "`a\\`"),
        ("as_long_as_can_be", "a" * 200, f"`{'a' * 200}`"),
        ("longer", "a" * 201, f"`{'a' * 200}\u2026`"),
    ])
    def test_code(self, _: str, text: str, expected: str) -> None:
        """Nothing in a text ends its cell, or is more than text."""
        self.assertEqual(code(text), expected)

    @parameterized.expand([
        ("page", "https://h/a_b", "[x](https://h/a_b)"),
        ("not_encrypted", "http://h/a", "[x](http://h/a)"),
        ("query", "https://h/?a=b&c#d", "[x](https://h/?a=b&c#d)"),
        ("end_of_link", "https://h/a)b|c`d", "[x](https://h/a%29b%7Cc%60d)"),
        ("encoded", "https://h/%7C", "[x](https://h/%7C)"),
        ("nothing", "", "x"),
        ("script", "javascript:alert(1)", "x"),
        ("one_slash", "https:/h", "x"),
        ("blank", "https://h/a b", "x"),
        ("not_ascii", "https://h/\u00e9", "x"),
        ("too_long", f"https://h/{'a' * 999}", "x"),
    ])
    def test_link(self, _: str, url: str, expected: str) -> None:
        """A link leads to a page, and can't end too early."""
        self.assertEqual(link("x", url), expected)

    @parameterized.expand([
        ("read", "https://github.com/google/own/blob/main/a/LICENSE",
         "[`other:f67f637fc188`]"
         "(https://github.com/google/own/blob/main/a/LICENSE) "
         "([history](https://github.com/google/own/commits/main/a/LICENSE))"),
        ("elsewhere", "https://h/x", "[`other:f67f637fc188`](https://h/x)"),
        ("no_text", "", "`other:f67f637fc188`"),
    ])
    def test_license(self, _: str, url: str, expected: str) -> None:
        """A text that was read links to itself and to its history."""
        found = Found([], (), {}, {1: Text("f67f637fc188", url)})
        self.assertEqual(license_in(found, Entry(OWN, True)), expected)

    def test_license_that_was_not_read(self) -> None:
        """A text that was not read has no link."""
        self.assertEqual(
            license_in(Found([], (), {}), Entry(OWN, True)),
            "`other:f67f637fc188`")

    @parameterized.expand([
        ("one", ["a"], "`a`"),
        ("ten", ["a"] * 10, "`a`, `a`, `a`, `a`, `a`, `a`, `a`, `a`, `a`, "
         "`a`"),
        ("eleven", ["a"] * 11, "`a`, `a`, `a`, `a`, `a`, `a`, `a`, `a`, "
         "`a`, `a` and 1 more"),
    ])
    def test_some(self, _: str, names: List[str], expected: str) -> None:
        """Of many names the first are there, and the number of others."""
        self.assertEqual(some(names), expected)
