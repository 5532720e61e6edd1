"""Every map says which 审图号 it was approved under, why it needs none, or that it was not submitted."""

from __future__ import annotations

import people
import pytest
from fastapi.testclient import TestClient
from pydantic import ValidationError

from api.app import create_app
from api.settings import Settings

MAPS = ("/maps/village-types", "/maps/progress", "/layers/village/history", "/apply", "/")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"map_approval": "鄂S(2024)001号"}, "审图号：鄂S(2024)001号"),
        ({"map_exemption": "内部工作用图，不公开（张三，县自然资源局）"}, "免送审：内部工作用图，不公开（张三，县自然资源局）"),
        ({"map_approval": "GS（2024）1234号", "map_exemption": "内部工作用图"}, "审图号：GS（2024）1234号"),
        ({"map_exemption": "<b>内部</b>{{ 7*7 }}"}, "免送审：&lt;b&gt;内部&lt;/b&gt;{{ 7*7 }}"),
        ({}, "未送审，仅供内部使用"),
    ],
    ids=["number", "exemption", "number first", "hostile", "neither"],
)
def test_every_page_with_a_map_says_so(county_url, tmp_path, given, shown):
    with TestClient(create_app(Settings(data_dir=tmp_path, **given), database_url=county_url), headers=people.HEADERS) as client:
        for path in MAPS:
            page = client.get(path).text
            assert f'data-map-notice="{shown}"' in page, path
            assert f'<span class="map-notice">{shown}</span>' in page, path


@pytest.mark.parametrize("number", ["审图号", "GS2024", "鄂S(24)001号", "<script>(2024)1号"])
def test_what_is_no_number_is_refused_at_the_start(number):
    with pytest.raises(ValidationError):
        Settings(map_approval=number)


@pytest.mark.parametrize("number", ["GS(2024)1234号", "鄂S（2024）001号", "京审字(2024)G第0001号"])
def test_the_known_forms_are_taken(number):
    assert Settings(map_approval=number).map_notice == f"审图号：{number}"
