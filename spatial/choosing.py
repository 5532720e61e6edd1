"""Which features of a layer a fact speaks of: certainly, possibly (the attribute is missing), or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from spatial.layer import MOST_KEPT, Layer, LayerSet
from spatial.lazy import lazy
from spatial.logic import FALSE, TRUE, UNKNOWN, Truth, all_of, negate
from spatial.measures import Bools
from spatial.remembered import remember
from spatial.rules.model import Where
from spatial.rules.pack import CodeFile


@dataclass(frozen=True)
class Choice:
    """Masks over a layer's features: those that certainly match, and those that may."""

    certain: Bools
    possible: Bools
    everything: bool
    clauses: tuple[Where, ...]

    @lazy
    def in_doubt(self) -> bool:
        """Tell whether any feature only may match."""
        return bool((self.possible & ~self.certain).any())

    @lazy
    def doubtful(self) -> Bools:
        """Features that only may match, because an attribute is missing."""
        return self.possible & ~self.certain


def choose(
    layer: Layer, clauses: tuple[Where, ...], *, layers: LayerSet, codes: dict[str, CodeFile], code_system: str | None = None
) -> Choice:
    """Evaluate `where` clauses (joined by AND) over a layer's features; answers are kept with the layer.

    With a `code_system` the clauses are about its codes; a code that it does not have may mean anything.
    """
    # Clauses are told apart by identity (hashing them for every check is slow); the answer keeps them alive.
    key = (id(clauses), code_system, _reference(clauses, layers))
    kept: Choice | None = layer._chosen.get(key)
    if kept is None or kept.clauses is not clauses:
        kept = remember(layer._chosen, key, _chosen(layer, clauses, layers, codes, code_system), most=MOST_KEPT)
    return kept


def _chosen(layer: Layer, clauses: tuple[Where, ...], layers: LayerSet, codes: dict[str, CodeFile], code_system: str | None) -> Choice:
    if not clauses:
        every = np.ones(len(layer.features), dtype=bool)
        return Choice(every, every, True, clauses)
    system = codes.get(code_system) if code_system else None
    truth = all_of([_clause(layer, clause, layers, codes, system) for clause in clauses])
    return Choice(truth == TRUE, truth != FALSE, False, clauses)


def _reference(clauses: tuple[Where, ...], layers: LayerSet) -> tuple[Any, ...]:
    """The versions of other layers that the clauses look at."""
    named = [clause.values[0] for clause in clauses if clause.op == "before_version_of"]
    if not named:
        return ()
    return tuple((name, layers[name].dataset if name in layers else None) for name in named)


def _clause(layer: Layer, clause: Where, layers: LayerSet, codes: dict[str, CodeFile], system: CodeFile | None) -> Truth:
    column = layer.attributes.get(clause.field)
    if column is None:
        return np.full(len(layer.features), UNKNOWN)
    positions, uniques = pd.factorize(np.asarray(column, dtype=object), use_na_sentinel=True)
    answers = np.array([_one(value, clause, layers, codes, system) for value in uniques] + [UNKNOWN], dtype=np.int8)
    return answers[positions]


def _one(value: Any, clause: Where, layers: LayerSet, codes: dict[str, CodeFile], system: CodeFile | None) -> np.int8:
    if clause.op == "before_version_of":
        return _before(value, layers, clause.values[0])
    text = str(value).strip()
    if not text or (clause.known and text not in clause.known) or (system is not None and text not in system.codes):
        return UNKNOWN
    if clause.op == "group_is":
        named, *groups = clause.values
        row = codes[named].codes.get(text)
        return UNKNOWN if row is None or row.group is None else TRUE if row.group in groups else FALSE
    if clause.op in ("prefix", "not_prefix"):
        match = TRUE if text.startswith(clause.values) else FALSE
    else:
        match = TRUE if text in clause.values else FALSE
    return match if clause.op in ("in", "prefix") else np.int8(negate(np.array([match]))[0])


def _before(value: Any, layers: LayerSet, other: str) -> np.int8:
    if other not in layers or not isinstance(value, date):
        return UNKNOWN
    value = value.date() if isinstance(value, datetime) else value
    return TRUE if value < layers[other].dataset.valid_from else FALSE
