#!/usr/bin/env python3
"""Three small tools: read nested maps, get JSON over HTTP, memoize."""
from collections import abc
from typing import Any, Callable, Dict, Mapping, Sequence, Union

import requests


def access_nested_map(
        nested_map: Union[Dict[Any, Any], Mapping[Any, Any]],
        path: Sequence[Any]) -> Any:
    """Return the value at the end of a path of keys in nested maps.

    The value comes back whatever it is, None too; an empty path returns the
    map itself. Raises KeyError if a key is missing, or if the path goes on
    after a value that is not a mapping. The only argument of the error is
    the key that failed.

    >>> access_nested_map({"a": {"b": 2}}, ("a", "b"))
    2
    >>> access_nested_map({"a": 1}, ("a", "b"))
    Traceback (most recent call last):
        ...
    KeyError: 'b'
    """
    for key in path:
        # dict comes first because the abstract class is slower to check.
        if not isinstance(nested_map, (dict, abc.Mapping)):
            raise KeyError(key)
        try:
            nested_map = nested_map[key]
        except KeyError:
            # Some mappings raise it with a message of their own.
            raise KeyError(key) from None
    return nested_map


def get_json(url: str) -> Any:
    """Request a URL and return the JSON document that the server sends.

    There is one request, by `requests.get`, with the URL as its only
    argument. What json() of the response returns comes back as it is.

    Raises requests.RequestException if the request fails, and ValueError if
    the answer is not JSON. The status is not checked: GitHub describes an
    error in JSON, too.
    """
    return requests.get(url).json()


class memoize:
    """Turn a method into an attribute that is computed once per instance.

    The first time the attribute is read, the method is called, and its value
    is stored in the `__dict__` of the instance under the attribute's name.
    From then on Python finds it there, as it finds any plain attribute.
    None is stored like any other value; an exception is not stored. After
    `del` the next reading computes the value again. In Python 3.8 and later,
    functools.cached_property does the same.

    >>> class Circle:
    ...     @memoize
    ...     def area(self):
    ...         print("computing")
    ...         return 3.14
    >>> circle = Circle()
    >>> circle.area + circle.area
    computing
    6.28
    """

    def __init__(self, method: Callable[[Any], Any]) -> None:
        """Keep the method, and take over its docstring."""
        self.method = method
        self.__doc__ = method.__doc__

    # Python calls this once for each attribute, when the class is made.
    def __set_name__(self, owner: type, name: str) -> None:
        """Take the name that the class gives to the attribute."""
        self.__name__ = name

    # Python calls this when the attribute is read and `__dict__` lacks it.
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """Compute the value and store it; on a class, return the decorator."""
        if instance is None:
            return self
        value = self.method(instance)
        vars(instance)[self.__name__] = value
        return value
