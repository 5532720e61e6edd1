"""What is worked out once for some layers and used again: the newest few, those asked for last longest."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")

_STORES: list[Kept[Any]] = []


class Kept(Generic[Value]):
    """A store of at most so many values. Threads may use it at once: each step of it is one of the interpreter's."""

    def __init__(self, *, most: int) -> None:
        self.most = most
        self._values: OrderedDict[Any, Value] = OrderedDict()
        _STORES.append(self)

    def get(self, key: Any) -> Value | None:
        """Return what is kept under a key, which then counts as used last."""
        value = self._values.get(key)
        with suppress(KeyError):
            self._values.move_to_end(key)
        return value

    def put(self, key: Any, value: Value) -> Value:
        """Keep a value; what was not used for longest goes."""
        self._values[key] = value
        while len(self._values) > self.most:
            with suppress(KeyError):
                self._values.popitem(last=False)
        return value

    def forget(self) -> None:
        """Let go of everything."""
        self._values.clear()


def forget_all() -> None:
    """Let go of all that is kept for layers, and so of layers that are no longer wanted: it is worked out again where needed."""
    for store in _STORES:
        store.forget()
