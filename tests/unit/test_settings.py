from __future__ import annotations

import dataclasses
from types import MappingProxyType

import pytest

from api.settings import Settings
from layers.catalog import CatalogField, catalog


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    for name in ("CUNTU_MAX_SECRECY", "CUNTU_OPEN_SECRECY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("held", "opened", "shown"),
    [
        (None, None, "internal"),
        ("public", None, "public"),
        ("secret", None, "internal"),
        ("secret", "secret", "secret"),
        ("internal", "secret", "internal"),
        ("internal", "public", "public"),
    ],
)
def test_no_more_is_shown_than_may_be_held(monkeypatch, held, opened, shown):
    for name, value in (("CUNTU_MAX_SECRECY", held), ("CUNTU_OPEN_SECRECY", opened)):
        if value:
            monkeypatch.setenv(name, value)
    assert Settings().open_secrecy == shown


def test_what_tells_of_a_person_is_neither_drawn_nor_handed_out():
    parcel = catalog()["parcel"]
    holder = CatalogField(name="QLR", title="权利人", type="text", personal=True)
    with_holder = dataclasses.replace(parcel, fields=MappingProxyType({**parcel.fields, "QLR": holder}))
    assert "QLR" not in with_holder.open_fields
    assert "QLR" not in with_holder.display_fields
    assert tuple(with_holder.display_fields) == parcel.display_fields
