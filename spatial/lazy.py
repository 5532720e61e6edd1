"""A property worked out when first asked for, without a lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

Answer = TypeVar("Answer")


class lazy(Generic[Answer]):  # noqa: N801 (used like property)
    """Like functools.cached_property, which up to Python 3.11 holds one lock for all instances while it works: threads would wait.

    Two threads may both work an answer out; the answers are equal, and the last one stays.
    """

    def __init__(self, work: Callable[[Any], Answer]) -> None:
        self.work = work
        self.__doc__ = work.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> lazy[Answer]: ...

    @overload
    def __get__(self, instance: object, owner: type) -> Answer: ...

    def __get__(self, instance: object | None, owner: type) -> Answer | lazy[Answer]:
        if instance is None:
            return self
        answer = self.work(instance)
        instance.__dict__[self.name] = answer
        return answer
