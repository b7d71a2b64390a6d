# What the suites use of parameterized, which brings no annotations itself.
from typing import Any, Callable, Iterable, Sequence, TypeVar

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

class param:
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

class parameterized:
    @staticmethod
    def expand(
        input: Iterable[Any], name_func: Any = ..., doc_func: Any = ...,
        skip_on_empty: bool = ...,
    ) -> Callable[[Decorated], Decorated]: ...

def parameterized_class(
    attrs: Sequence[str], input_values: Iterable[Any] = ...,
    class_name_func: Any = ...,
) -> Callable[[type], type]: ...
