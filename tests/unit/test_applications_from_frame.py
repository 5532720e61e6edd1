from __future__ import annotations

import geopandas as gpd
import pytest
import shapely

from spatial.applications import applications_from_frame
from spatial.errors import InputError


def read(**columns):
    site = shapely.box(556_000, 3_266_000, 556_010, 3_266_014)
    return applications_from_frame(gpd.GeoDataFrame(columns, geometry=[site] * 2, crs=4547), epsg=4547)


@pytest.mark.parametrize("yes_no", [[True, False], [1, 0], ["是", "否"], ["True", "False"], [1.0, 0.0]])
def test_a_table_may_keep_yes_and_no_as_numbers_or_words(yes_no):
    assert list(read(is_member=yes_no).properties["is_member"]) == [True, False]


def test_an_empty_cell_is_not_stated():
    assert list(read(is_member=["是", None]).properties["is_member"]) == [True, None]


def test_another_word_is_refused_with_its_place():
    with pytest.raises(InputError, match="/features/1/properties/is_member"):
        read(is_member=["是", "大概"])


def test_many_problems_are_counted_and_all_kept():
    site = shapely.box(556_000, 3_266_000, 556_010, 3_266_014)
    frame = gpd.GeoDataFrame({"is_member": ["大概"] * 30}, geometry=[site] * 30, crs=4547)
    with pytest.raises(InputError, match="等共 30 处") as refused:
        applications_from_frame(frame, epsg=4547)
    assert len(refused.value.problems) == 30
