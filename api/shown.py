"""What whoever asks may see: nothing above the secrecy level of their seat. What is above is as if it were not there."""

from __future__ import annotations

from collections.abc import Mapping

from layers import acting
from layers.catalog import CatalogLayer, is_open_to
from spatial.layer import DatasetVersion


def level() -> str | None:
    """Return the highest level of data that whoever acts sees; None sees none."""
    return acting.current().secrecy


def is_shown(dataset: DatasetVersion) -> bool:
    """Tell whether a version may be seen."""
    return is_open_to(dataset.secrecy, max_secrecy=level())


def shown(versions: Mapping[str, DatasetVersion]) -> dict[str, DatasetVersion]:
    """Return the versions that may be seen, by layer id."""
    return {name: dataset for name, dataset in versions.items() if is_shown(dataset)}


def is_listed(layer: CatalogLayer, versions: Mapping[str, DatasetVersion]) -> bool:
    """Tell whether a layer of the catalogue is named at all: where a version is shown, or where its data are open as a rule.

    That nothing is shown of a layer that is open as a rule says that nothing open is in force, no more.
    """
    return layer.id in versions or is_open_to(layer.secrecy, max_secrecy=level())
