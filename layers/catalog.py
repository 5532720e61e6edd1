"""The catalogue: which layers a county keeps, with their fields, names, secrecy and drawing (data in `catalog/layers.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal, get_args

import yaml

from spatial.errors import UnknownLayerError

Secrecy = Literal["public", "internal", "secret"]
SECRECY_LEVELS: tuple[Secrecy, ...] = get_args(Secrecy)
"""公开, 内部, 涉密: from the most open to the most closed."""


@dataclass(frozen=True, kw_only=True)
class CatalogField:
    """One attribute of a layer. `codes` maps the stored code to its Chinese label; `dictionary` names a land-class code system."""

    name: str
    title: str
    type: str
    required: bool = False
    unit: str | None = None
    length: int | None = None
    codes: Mapping[str, str] | None = None
    dictionary: str | None = None
    note: str | None = None
    personal: bool = False
    """Whether it tells of a person (name, number, telephone): kept, but never drawn, listed or handed out."""
    aliases: tuple[str, ...] = ()
    """Names the field goes by in other editions of the standard and in plan data bases."""


@dataclass(frozen=True, kw_only=True)
class CatalogLayer:
    """One kind of layer. `geometry` holds `polygon`, `line`, `point`; `area_method` is `planar` or `ellipsoid`."""

    id: str
    title: str
    title_en: str
    geometry: tuple[str, ...]
    role: str
    secrecy: str
    identifier: str
    fields: Mapping[str, CatalogField]
    style: Mapping[str, Any]
    min_zoom: int
    source: str
    code: str | None = None
    aliases: tuple[str, ...] = ()
    code_system: str | None = None
    area_method: str = "planar"
    names: frozenset[str] = field(init=False)
    """Every name the layer goes by in files, in lower case."""

    def __post_init__(self) -> None:
        given = (self.id, self.title, self.title_en, self.code, *self.aliases)
        object.__setattr__(self, "names", frozenset(name.lower() for name in given if name))

    @property
    def open_fields(self) -> Mapping[str, CatalogField]:
        """The fields that may be handed out: all but those about persons."""
        return {name: item for name, item in self.fields.items() if not item.personal}

    @property
    def display_fields(self) -> tuple[str, ...]:
        """Fields worth drawing or showing in a map: the identifier and all but the codes and numbers of other things."""
        references = ("代码", "编号", "标识码")
        return tuple(
            name
            for name, item in self.open_fields.items()
            if name == self.identifier or item.codes or item.dictionary or not item.title.endswith(references)
        )


@lru_cache(maxsize=1)
def catalog() -> Mapping[str, CatalogLayer]:
    """Return every layer by id, in catalogue order."""
    text = resources.files("layers").joinpath("catalog", "layers.yaml").read_text(encoding="utf-8")
    return MappingProxyType({name: _layer(name, entry) for name, entry in yaml.safe_load(text).items()})


def layer(layer_id: str) -> CatalogLayer:
    """Return one layer; raise UnknownLayerError for an id that is not in the catalogue."""
    try:
        return catalog()[layer_id]
    except KeyError:
        raise UnknownLayerError(f"目录中没有图层“{layer_id}”。") from None


def is_open_to(secrecy: str, *, max_secrecy: str | None) -> bool:
    """Tell whether data of a secrecy level may be held or shown where `max_secrecy` is the highest level allowed, None that none is."""
    return max_secrecy is not None and SECRECY_LEVELS.index(secrecy) <= SECRECY_LEVELS.index(max_secrecy)


def _layer(name: str, entry: dict[str, Any]) -> CatalogLayer:
    fields = {key: CatalogField(name=key, **item | {"aliases": tuple(item.get("aliases", ()))}) for key, item in entry.pop("fields").items()}
    geometry, aliases = tuple(entry.pop("geometry")), tuple(entry.pop("aliases", ()))
    return CatalogLayer(id=name, fields=MappingProxyType(fields), geometry=geometry, aliases=aliases, **entry)
