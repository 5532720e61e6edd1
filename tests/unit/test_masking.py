from __future__ import annotations

from datetime import date

import pytest

from layers import masking


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三", "张*"), ("张三丰", "张**"), ("欧阳修文", "欧阳**"), ("欧阳修", "欧阳*"), ("欧阳", "欧*"), ("司马光", "司马*"),
        ("买买提·艾力", "买**·**"), ("阿依古丽•买买提", "阿***·***"), ("李", "*"), ("", "*"), (" 王五 ", "王*"),
    ],
)  # fmt: skip
def test_a_name_keeps_its_surname(name, shown):
    assert masking.name(name) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("421122190001011234", "421122********1234"),
        ("42112219000101123X", "421122********123X"),
        ("G12345678", "***"),
        ("", "***"),
    ],
)
def test_an_identity_number_keeps_six_and_four(number, shown):
    assert masking.identity_number(number) == shown


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13800001234", "138****1234"),
        ("138-0000-1234", "138-****-1234"),
        ("0715-3331234", "071*-***1234"),
        ("110", "***"),
        ("12345678", "***"),
    ],
)
def test_a_telephone_number_keeps_three_and_four(phone, shown):
    assert masking.phone(phone) == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("湖北省崇阳县天城镇东村三组12号", "湖北省崇阳县天城镇东村***"), ("崇阳县中村镇大白村5组", "崇阳县中村镇大白村***"),
        ("天城镇桃溪社区1栋302", "天城镇桃溪社区***"), ("天城镇解放路18号", "天城镇***"), ("解放路18号", "***"), ("", "***"),
        ("白霓镇油市村村民委员会对面", "白霓镇油市村***"),
    ],
)  # fmt: skip
def test_an_address_ends_at_the_village(address, shown):
    assert masking.address(address) == shown


def test_of_a_birth_the_year_is_left_and_of_bounds_nothing():
    assert masking.birth(date(1980, 2, 3)) == "1980-**-**"
    assert masking.hidden("东至某家") == "***"


def test_a_masked_value_stays_as_it_is():
    for mask, value in [
        (masking.name, "欧阳***"),
        (masking.phone, "138****1234"),
        (masking.identity_number, "421122********1234"),
    ]:
        assert "*" in mask(value) and len(mask(value)) <= len(value)
