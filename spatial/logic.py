"""Three-valued logic over arrays (Kleene): what holds, what does not, and what cannot be known from the data at hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Truth = NDArray[np.int8]
"""An array of TRUE, FALSE and UNKNOWN."""

TRUE = np.int8(1)
UNKNOWN = np.int8(0)
FALSE = np.int8(-1)


def truth(is_true: NDArray[np.bool_], is_false: NDArray[np.bool_]) -> Truth:
    """Combine what is certainly true and what is certainly false; the rest is unknown."""
    return is_true.astype(np.int8) - is_false.astype(np.int8)


def all_of(parts: list[Truth]) -> Truth:
    """Conjunction: false if any part is false, true if all are, else unknown."""
    result: Truth = np.minimum.reduce(parts)
    return result


def any_of(parts: list[Truth]) -> Truth:
    """Disjunction: true if any part is true, false if all are false, else unknown."""
    result: Truth = np.maximum.reduce(parts)
    return result


def negate(part: Truth) -> Truth:
    """Negation: the unknown stays unknown."""
    return -part
