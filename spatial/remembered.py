"""Answers kept for later, the oldest forgotten. Threads may keep and forget at the same time."""

from __future__ import annotations

from typing import TypeVar

Key = TypeVar("Key")
Answer = TypeVar("Answer")


def remember(kept: dict[Key, Answer], key: Key, answer: Answer, *, most: int) -> Answer:
    """Keep an answer under its key, forget the oldest beyond `most`, and return it.

    What one thread has kept another may forget at once, so that callers go on with what is returned.
    """
    kept[key] = answer
    if len(kept) > most:
        # The keys are copied in one step: while they were walked through, another thread might add one.
        for old in list(kept)[: len(kept) - most]:
            kept.pop(old, None)
    return answer
