from __future__ import annotations

import pytest

from layers import catalog
from spatial.errors import UnknownLayerError
from spatial.layer_titles import LAYER_TITLES

LAYERS = catalog.catalog()
PROMISED = ["county", "town", "village", "settlement", "land_use", "basic_farmland", "ecological_redline", "urban_boundary", "village_boundary", "planned_use", "control_zone", "parcel", "building", "road", "river", "power_line", "hazard", "heritage", "water_source",
            "new_village_area", "railway", "cable", "pipeline", "dyke", "flood_storage", "flood_risk", "reservoir", "historic_village", "traditional_village", "old_tree", "slope",
            "geological_risk", "nature_reserve", "scenic_area", "wetland", "forest", "enforcement"]


def test_the_layers_clients_rely_on_are_there_in_order():
    assert list(LAYERS) == PROMISED


@pytest.mark.parametrize("layer", LAYERS.values(), ids=list(LAYERS))
def test_an_entry_is_complete_and_consistent(layer):
    assert layer.fields[layer.identifier].required
    assert layer.identifier in layer.display_fields
    assert set(layer.geometry) <= {"polygon", "line", "point"}
    assert layer.secrecy in catalog.SECRECY_LEVELS
    assert layer.area_method in {"planar", "ellipsoid"}
    assert {item.type for item in layer.fields.values()} <= {"text", "number", "integer", "boolean", "date"}
    assert 0 <= layer.min_zoom <= 22


def test_a_layer_that_is_not_loaded_is_named_as_in_the_catalogue():
    short = {name: entry.title.partition("（")[0] for name, entry in LAYERS.items()}
    assert {name: LAYER_TITLES[name].partition("（")[0] for name in LAYERS} == short


def test_no_two_fields_of_a_layer_have_one_title():
    for layer in LAYERS.values():
        titles = [item.title for item in layer.fields.values()]
        assert len(titles) == len(set(titles)), layer.id


def test_a_layer_goes_by_its_code_its_titles_and_its_aliases():
    assert {"yjjbnttb", "永久基本农田", "yjjbnt", "basic_farmland"} <= LAYERS["basic_farmland"].names


def test_an_unknown_layer_is_named():
    with pytest.raises(UnknownLayerError, match="atlantis"):
        catalog.layer("atlantis")


@pytest.mark.parametrize(
    ("secrecy", "maximum", "allowed"),
    [("public", "internal", True), ("internal", "internal", True), ("secret", "internal", False), ("internal", "public", False)],
)
def test_secrecy_levels_are_ordered(secrecy, maximum, allowed):
    assert catalog.is_open_to(secrecy, max_secrecy=maximum) is allowed


def test_the_catalogue_cannot_be_changed():
    with pytest.raises(TypeError):
        LAYERS["county"].fields["XZQDM"] = None
