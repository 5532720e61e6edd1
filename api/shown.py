"""What whoever reaches the port may see: nothing above `open_secrecy`. What is above is as if it were not there."""

from __future__ import annotations

from collections.abc import Mapping

from api.settings import Settings
from layers.catalog import CatalogLayer, is_open_to
from spatial.layer import DatasetVersion


def is_shown(dataset: DatasetVersion, settings: Settings) -> bool:
    """Tell whether a version may be seen."""
    return is_open_to(dataset.secrecy, max_secrecy=settings.open_secrecy)


def shown(versions: Mapping[str, DatasetVersion], settings: Settings) -> dict[str, DatasetVersion]:
    """Return the versions that may be seen, by layer id."""
    return {name: dataset for name, dataset in versions.items() if is_shown(dataset, settings)}


def is_listed(layer: CatalogLayer, versions: Mapping[str, DatasetVersion], settings: Settings) -> bool:
    """Tell whether a layer of the catalogue is named at all: where a version is shown, or where its data are open as a rule.

    That nothing is shown of a layer that is open as a rule says that nothing open is in force, no more.
    """
    return layer.id in versions or is_open_to(layer.secrecy, max_secrecy=settings.open_secrecy)
