#!/usr/bin/env python3
"""The course's assignment: suites for utils.py and client.py.

The mistakes come in the order in which the course's evenings go. `suites`
says how many of 95 public suites for these modules notice each.
"""
from grader import Edit, Mistake, Rewrite
from grader.headings import (
    ARGUMENTS, AUTOSPEC, CASES, COUNTING, DOUBLES, EXCEPTION, FIRST, PATCHING,
    PROPERTIES, PROPERTY_MOCK, RECORDED, RETURNING)

MODULES = ("../../utils.py", "../../client.py")
BESIDE = ("../../fixtures.py",)
INTEGRATION = ("utils.get_json",)
NEEDS = ("requests", "parameterized")
SUITE = ("../../test_utils.py", "../../test_client.py")
STARTER = ("../starter/test_utils.py", "../starter/test_client.py")
SUITES = 95

MISTAKES = [
    Mistake(
        1, "access_nested_map", "a missing key gives None",
        Edit("utils.py",
             "            nested_map = nested_map[key]\n",
             "            nested_map = nested_map.get(key)\n"),
        EXCEPTION, 88,
        "Where a map lacks the key, the result is None, as if None stood "
        "there. The caller gets no KeyError.",
        "test_utils.TestAccessNestedMap.test_access_nested_map_exception"),
    Mistake(
        2, "access_nested_map", "only the first key is followed",
        Edit("utils.py",
             "    for key in path:\n",
             "    for key in path[:1]:\n"),
        FIRST, 93,
        "For the path a, b the result is what stands under a: the rest of "
        "the path is forgotten.",
        "test_utils.TestAccessNestedMap.test_two_keys"),
    Mistake(
        3, "access_nested_map", "a step into a number is a TypeError",
        Edit("utils.py",
             "            raise KeyError(key)\n",
             "            pass\n"),
        EXCEPTION, 90,
        "Where the path goes on but a number is reached, the caller gets "
        "the TypeError of Python instead of a KeyError.",
        "test_utils.TestAccessNestedMap.test_access_nested_map_exception"),
    Mistake(
        4, "access_nested_map", "KeyError names the whole path",
        Edit("utils.py",
             "            raise KeyError(key) from None\n",
             "            raise KeyError(path) from None\n"),
        EXCEPTION, 31,
        "The KeyError is raised, but its argument is the path, not the key "
        "that failed.",
        "test_utils.TestAccessNestedMap.test_access_nested_map_exception"),
    Mistake(
        29, "access_nested_map", "an empty path is a KeyError",
        Edit("utils.py",
             "    for key in path:\n",
             "    if not path:\n"
             "        raise KeyError(path)\n"
             "    for key in path:\n"),
        CASES, 0,
        "For a path without any key it raises a KeyError. The map itself is "
        "promised.",
        "test_utils.TestAccessNestedMap.test_empty_path"),
    Mistake(
        30, "access_nested_map", "a value None at the end is an error",
        Edit("utils.py",
             "    return nested_map\n",
             "    if nested_map is None:\n"
             "        raise KeyError(path)\n"
             "    return nested_map\n"),
        CASES, 0,
        "Where None stands at the end of the path, it raises a KeyError, as "
        "if nothing stood there.",
        "test_utils.TestAccessNestedMap.test_access_nested_map"),
    Mistake(
        31, "access_nested_map", "a list is walked by index",
        Edit("utils.py",
             "(dict, abc.Mapping)):\n",
             "(dict, list, abc.Mapping)):\n"),
        EXCEPTION, 0,
        "A list is not a mapping, so a path that goes on after it is "
        "promised to raise a KeyError. Here the key is taken for an index.",
        "test_utils.TestAccessNestedMap.test_access_nested_map_exception"),
    Mistake(
        17, "has_license", "any license will do",
        Edit("client.py",
             "        return key == license_key\n",
             "        return bool(key)\n"),
        CASES, 81,
        "A repository under another license is taken for one under this "
        "license.",
        "test_client.TestGithubOrgClient.test_has_license"),
    Mistake(
        18, "has_license", "a part of the key will do",
        Edit("client.py",
             "        return key == license_key\n",
             "        return license_key in key\n"),
        CASES, 5,
        "Asked for the license bsd, it says yes for bsd-3-clause.",
        "test_client.TestGithubOrgClient.test_has_license"),
    Mistake(
        19, "has_license", "a null license is an error",
        Edit("client.py",
             "            key = access_nested_map(repo, "
             "(\"license\", \"key\"))\n",
             "            key = repo[\"license\"][\"key\"]\n"),
        CASES, 57,
        "A repository whose license is None, as GitHub sends it for many, "
        "raises a TypeError.",
        "test_client.TestGithubOrgClient.test_has_license"),
    Mistake(
        27, "has_license", "a key of None is no error",
        Edit("client.py",
             "        if license_key is None:\n"
             "            raise AssertionError("
             "\"license_key cannot be None\")\n", ""),
        EXCEPTION, 2,
        "Asked for the key None, it returns False. An AssertionError is "
        "promised.",
        "test_client.TestGithubOrgClient.test_has_license_needs_a_key"),
    Mistake(
        28, "has_license", "upper and lower case are one",
        Edit("client.py",
             "        return key == license_key\n",
             "        return isinstance(key, str) and (\n"
             "            key.lower() == license_key.lower())\n"),
        CASES, 2,
        "Asked for the license MIT, it says yes for mit.",
        "test_client.TestGithubOrgClient.test_has_license"),
    Mistake(
        8, "memoize", "forgets (a plain property)",
        Edit("utils.py",
             "        vars(instance)[self.__name__] = value\n", ""),
        COUNTING, 82,
        "The method is called at each reading of the attribute, not at the "
        "first one only.",
        "test_utils.TestMemoize.test_memoize"),
    Mistake(
        9, "memoize", "shares its value between instances",
        Edit("utils.py",
             "        value = self.method(instance)\n"
             "        vars(instance)[self.__name__] = value\n"
             "        return value\n",
             "        if \"value\" not in vars(self):\n"
             "            self.value = self.method(instance)\n"
             "        return self.value\n"),
        COUNTING, 82,
        "The value that one instance has computed is what every other "
        "instance of the class gets.",
        "test_utils.TestMemoize.test_each_instance_has_its_own_value"),
    Mistake(
        10, "memoize", "makes no attribute (needs parentheses)",
        Edit("utils.py",
             "        value = self.method(instance)\n",
             "        result = self.method(instance)\n"
             "        value = lambda: result\n"),
        PROPERTIES, 91,
        "Reading the attribute gives a function. Only a call of it gives "
        "the value.",
        "test_utils.TestMemoize.test_memoize"),
    Mistake(
        32, "memoize", "None is computed again",
        Edit("utils.py",
             "        vars(instance)[self.__name__] = value\n",
             "        if value is not None:\n"
             "            vars(instance)[self.__name__] = value\n"),
        COUNTING, 1,
        "A method that returns None is called at each reading of the "
        "attribute, not at the first one only.",
        "test_utils.TestMemoize.test_none_is_kept"),
    Mistake(
        33, "memoize", "an exception is kept",
        Edit("utils.py",
             "        value = self.method(instance)\n",
             "        vars(instance)[self.__name__] = None\n"
             "        value = self.method(instance)\n"),
        EXCEPTION, 0,
        "After a reading that raised, the next reading gives None. The "
        "method is not called again.",
        "test_utils.TestMemoize.test_exception_is_not_kept"),
    Mistake(
        5, "get_json", "returns the response, not its JSON",
        Edit("utils.py",
             "    return requests.get(url).json()\n",
             "    return requests.get(url)\n"),
        DOUBLES, 90,
        "The caller gets the response object and has to call json() itself.",
        "test_utils.TestGetJson.test_get_json"),
    Mistake(
        6, "get_json", "asks another URL",
        Edit("utils.py",
             "    return requests.get(url).json()\n",
             "    return requests.get(url + \"/\").json()\n"),
        DOUBLES, 49,
        "The request does not go to the URL that was given: a slash is "
        "added to it.",
        "test_utils.TestGetJson.test_get_json"),
    Mistake(
        7, "get_json", "asks twice",
        Edit("utils.py",
             "    return requests.get(url).json()\n",
             "    requests.get(url)\n"
             "    return requests.get(url).json()\n"),
        DOUBLES, 56,
        "Each call makes the same request two times. The result is right, "
        "but costs twice as much.",
        "test_utils.TestGetJson.test_get_json"),
    Mistake(
        34, "get_json", "an error of the network gives None",
        Edit("utils.py",
             "    return requests.get(url).json()\n",
             "    try:\n"
             "        response = requests.get(url)\n"
             "    except requests.RequestException:\n"
             "        return None\n"
             "    return response.json()\n"),
        RETURNING, 0,
        "Where requests.get raises, the caller gets None and takes it for "
        "the document.",
        "test_utils.TestGetJson.test_error_is_passed_on"),
    Mistake(
        35, "get_json", "an answer that is not JSON gives {}",
        Edit("utils.py",
             "    return requests.get(url).json()\n",
             "    response = requests.get(url)\n"
             "    try:\n"
             "        return response.json()\n"
             "    except ValueError:\n"
             "        return {}\n"),
        RETURNING, 0,
        "Where json() of the response raises, the caller gets an empty "
        "document.",
        "test_utils.TestGetJsonWithSetUp.test_answer_that_is_not_json"),
    Mistake(
        11, "org", "asks for a user (/users/{org})",
        Edit("client.py",
             "self.ORG_URL.format(org=self._org_name)",
             "f\"https://api.github.com/users/{self._org_name}\""),
        PATCHING, 55,
        "The URL that is asked for is that of a user, not that of an "
        "organization.",
        "test_client.TestGithubOrgClient.test_org"),
    Mistake(
        12, "org", "always google",
        Edit("client.py",
             "self.ORG_URL.format(org=self._org_name)",
             "self.ORG_URL.format(org=\"google\")"),
        ARGUMENTS, 57,
        "Whatever organization the client was made for, it asks for "
        "google.",
        "test_client.TestGithubOrgClient.test_org"),
    Mistake(
        13, "_public_repos_url", "the organization's own URL",
        Edit("client.py", "self.org[\"repos_url\"]", "self.org[\"url\"]"),
        PROPERTY_MOCK, 74,
        "It is the URL of the organization, not that of its repositories.",
        "test_client.TestGithubOrgClient.test_public_repos_url"),
    Mistake(
        14, "public_repos", "the license is ignored",
        Edit("client.py",
             " for repo in self.repos_payload\n"
             "            if license is None or "
             "self.has_license(repo, license)]\n",
             " for repo in self.repos_payload]\n"),
        PROPERTY_MOCK, 54,
        "Given a license, it returns the names of all repositories all the "
        "same.",
        "test_client.TestGithubOrgClient.test_public_repos_with_license"),
    Mistake(
        15, "public_repos", "full names instead of names",
        Edit("client.py",
             "            repo[\"name\"] for repo in self.repos_payload\n",
             "            repo[\"full_name\"] for repo in "
             "self.repos_payload\n"),
        RETURNING, 70,
        "It returns google/dagger where it should return dagger.",
        "test_client.TestGithubOrgClient.test_public_repos"),
    Mistake(
        16, "public_repos", "the last repository is lost",
        Edit("client.py",
             "for repo in self.repos_payload\n",
             "for repo in self.repos_payload[:-1]\n"),
        RETURNING, 70,
        "All names are returned but that of the last repository.",
        "test_client.TestGithubOrgClient.test_public_repos"),
    Mistake(
        20, "repos_payload", "read again each time",
        Edit("client.py",
             "    @memoize\n    def repos_payload(",
             "    @property\n    def repos_payload("),
        COUNTING, 21,
        "The list of repositories is requested at each reading of the "
        "attribute, not at the first one only.",
        "test_client.TestGithubOrgClient.test_repos_payload"),
    Mistake(
        36, "public_repos", "an empty key lists all",
        Edit("client.py",
             "            if license is None or ",
             "            if not license or "),
        CASES, 0,
        "Asked for the license with the empty key, it returns the names of "
        "all repositories. No repository has this key.",
        "test_client.TestGithubOrgClient.test_public_repos_with_license"),
    Mistake(
        21, "public_repos", "the full name, where there is one",
        Edit("client.py",
             "            repo[\"name\"] for repo in self.repos_payload\n",
             "            repo.get(\"full_name\", repo[\"name\"]) "
             "for repo in self.repos_payload\n"),
        RECORDED, 56,
        "It returns google/dagger where it should return dagger. A double "
        "that has nothing but a name does not show it.",
        "test_client.TestIntegrationGithubOrgClient_0.test_public_repos"),
    Mistake(
        22, "has_license", "the SPDX id instead of the key, where there is "
        "one",
        Edit("client.py",
             "        return key == license_key\n",
             "        return repo[\"license\"].get(\"spdx_id\", key) "
             "== license_key\n"),
        RECORDED, 55,
        "It looks for apache-2.0 among ids such as Apache-2.0, and finds "
        "none. A double whose license has nothing but a key does not show "
        "it.",
        "test_client.TestIntegrationGithubOrgClient_0."
        "test_public_repos_with_license"),
    Mistake(
        23, "public_repos", "forks are left out",
        Edit("client.py",
             "            if license is None or "
             "self.has_license(repo, license)]\n",
             "            if not repo.get(\"fork\") and (\n"
             "                license is None or "
             "self.has_license(repo, license))]\n"),
        RECORDED, 56,
        "A repository that is a fork of another is not in the list, though "
        "it is as public as the others.",
        "test_client.TestIntegrationGithubOrgClient_0.test_public_repos"),
    Mistake(
        24, "public_repos", "repositories whose license is null are left out",
        Edit("client.py",
             "            if license is None or "
             "self.has_license(repo, license)]\n",
             "            if repo.get(\"license\", \"\") is not None and (\n"
             "                license is None or "
             "self.has_license(repo, license))]\n"),
        RECORDED, 53,
        "A repository whose license is None, as GitHub sends it for many, is "
        "not in the list, though no license was asked for.",
        "test_client.TestIntegrationGithubOrgClient_0.test_public_repos"),
    Mistake(
        25, "repos_payload", "calls get_json with one argument too many",
        Edit("client.py",
             "get_json(self._public_repos_url)",
             "get_json(self._public_repos_url, 30)"),
        AUTOSPEC, 58,
        "The real get_json takes a URL and nothing else: the call is a "
        "TypeError. A double that takes any call does not show it.",
        "test_client.TestGithubOrgClient.test_repos_payload"),
    Mistake(
        26, "org", "calls get_json with a keyword that it lacks",
        Edit("client.py",
             "get_json(self.ORG_URL.format(org=self._org_name))",
             "get_json(address=self.ORG_URL.format(org=self._org_name))"),
        AUTOSPEC, 72,
        "The real get_json has no argument of this name: the call is a "
        "TypeError. A double that takes any call does not show it.",
        "test_client.TestGithubOrgClient.test_org"),
]

REWRITES = [
    Rewrite("a recursion, a loop and `get` inside of the functions", [
        Edit("utils.py", "", '''

def access_nested_map(nested_map, path):
    """Follow the first key, then the rest of the path, by recursion."""
    path = tuple(path)
    if not path:
        return nested_map
    try:
        if not isinstance(nested_map, abc.Mapping):
            raise KeyError
        below = nested_map[path[0]]
    except KeyError:
        raise KeyError(path[0]) from None
    return access_nested_map(below, path[1:])
'''),
        Edit("client.py",
             "        return [\n"
             "            repo[\"name\"] for repo in self.repos_payload\n"
             "            if license is None or "
             "self.has_license(repo, license)]\n",
             '''\
        names = []
        for repo in self.repos_payload:
            if license is not None and not self.has_license(repo, license):
                continue
            names.append(repo["name"])
        return names
'''),
        Edit("client.py",
             "            key = access_nested_map(repo, "
             "(\"license\", \"key\"))\n",
             '''\
            license = repo.get("license")
            key = license["key"] if isinstance(license, dict) else None
''')]),
    Rewrite("memoize keeps its values elsewhere", [
        Edit("utils.py", "", '''

class MemoizeElsewhere(memoize):
    """Keeps all values of an instance in one dict, not as attributes."""

    def __get__(self, instance, owner=None):
        """Compute the value, or look it up in the dict."""
        if instance is None:
            return self
        values = vars(instance).setdefault("_memoized", {})
        if self not in values:
            values[self] = self.method(instance)
        return values[self]

    def __set__(self, instance, value):
        """Put a value in the dict."""
        vars(instance).setdefault("_memoized", {})[self] = value

    def __delete__(self, instance):
        """Forget the value, so that the next reading computes it."""
        del vars(instance)["_memoized"][self]


memoize = MemoizeElsewhere
''')]),
    Rewrite("a timeout passed to requests.get", [
        Edit("utils.py", "requests.get(url)",
             "requests.get(url, timeout=30)")]),
    Rewrite("the URL passed to get_json by keyword", [
        Edit("client.py", "get_json(self.ORG_URL",
             "get_json(url=self.ORG_URL"),
        Edit("client.py", "get_json(self._public_repos_url)",
             "get_json(url=self._public_repos_url)")]),
]

CHECKLISTS = {
    "access_nested_map": """\
Inputs: a path of one key, of two keys, and of none.
Inputs: a key that is missing in the first map, and in one further down.
Inputs: a path that goes on after a number, a string, a list.
Outcomes: the value at the end, None too; for no keys the map itself.
Outcomes: KeyError, and the key that failed is its only argument.""",
    "get_json": """\
Inputs: more than one URL; the real network is never one of them.
Outcomes: the very document that json() of the response returns.
Errors: what requests.get raises, and what json() raises, comes out.
Count: one request for each call.
Look at: the URL that was asked for, exactly as it was given.""",
    "memoize": """\
Inputs: one instance that is read twice, and a second instance.
Inputs: a method that returns None, and one that raises at first.
Outcomes: the attribute is read without parentheses, and is the value.
Outcomes: two instances with different values keep them apart.
Count: how often the method is called: once, but again after it raised.""",
    "org": """\
Inputs: more than one organization; one of them is not google.
Outcomes: the very document that get_json returns.
Look at: the URL that get_json is given, from beginning to end.
Look at: how get_json is called; would the real one accept the call?
Count: how often get_json is called when org is read twice.""",
    "_public_repos_url": """\
Inputs: an organization that has several URLs, all different.
Outcomes: the one under repos_url, and none of the others.
Double: org is an attribute, so it is replaced by a PropertyMock.
Look at: what the test would say if another URL came back.
Count: nothing here; a unit test must not ask the network, though.""",
    "repos_payload": """\
Inputs: a URL of repositories that can be told from any other.
Outcomes: the very list that get_json returns.
Look at: how get_json is called; would the real one accept the call?
Count: one call of get_json, also when the attribute is read twice.
Integration: the real get_json, with only requests.get replaced.""",
    "public_repos": """\
Inputs: several repositories, of several licenses, one without any.
Inputs: with a license, without one, and with an empty key.
Outcomes: all the names, in order, the first and the last included.
Outcomes: only the names under the license, if there is one given.
Inputs: repositories as GitHub sends them: full_name, fork, a null license.""",
    "has_license": """\
Inputs: the same key, another, a part of it, the key in upper case.
Inputs: a repository without a license, and one whose license is None.
Inputs: a license as GitHub sends it: key, name, spdx_id, url.
Outcomes: True and False, each from more than one input.
Outcomes: an AssertionError where the key that is asked for is None.""",
}
