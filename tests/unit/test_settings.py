from __future__ import annotations

import dataclasses
from types import MappingProxyType

from layers.catalog import CatalogField, catalog


def test_what_tells_of_a_person_is_neither_drawn_nor_handed_out():
    parcel = catalog()["parcel"]
    holder = CatalogField(name="QLR", title="权利人", type="text", personal=True)
    with_holder = dataclasses.replace(parcel, fields=MappingProxyType({**parcel.fields, "QLR": holder}))
    assert "QLR" not in with_holder.open_fields
    assert "QLR" not in with_holder.display_fields
    assert tuple(with_holder.display_fields) == parcel.display_fields
