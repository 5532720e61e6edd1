"""Personal data as everybody may see them who has no need of the whole: `张*`, 6 + 4, 3 + 4, addresses to the village."""

from __future__ import annotations

import re
from datetime import date

STAR = "*"
HIDDEN = "***"

_COMPOUND = (
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容 仲孙 钟离"
    " 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐 段干 百里 呼延"
    " 东郭 南门 羊舌 微生 梁丘 左丘 东门 西门 第五 贺兰 完颜 耶律 纳兰 叶赫 富察 呼延 达奚 褚师 哥舒 屈突 那拉"
)
COMPOUND_SURNAMES = frozenset(_COMPOUND.split())
"""复姓"""

_DOTS = re.compile(r"[·•・‧∙．.]")
_VILLAGE = re.compile(r"^.*?(?:村民委员会|居民委员会|村委会|居委会|社区|村)(?!庄|镇|乡|路|街|民|委|口)")
_TOWN = re.compile(r"^.*?(?:镇|乡|街道)(?!镇|乡)")
_SIGN = re.compile(r"[0-9A-Za-z]")


def name(text: str) -> str:
    """`张三` → `张*`, `欧阳修文` → `欧阳**`, `买买提·艾力` → `买**·**`; a name of one sign is hidden."""
    text = text.strip()
    if len(text) < 2:
        return STAR
    if _DOTS.search(text):
        return text[0] + "".join("·" if _DOTS.match(sign) else STAR for sign in text[1:])
    shown = 2 if text[:2] in COMPOUND_SURNAMES and len(text) > 2 else 1
    return text[:shown] + STAR * (len(text) - shown)


def identity_number(text: str) -> str:
    """The first six and the last four signs; whatever is no number of 18 signs is hidden."""
    text = text.strip()
    return text[:6] + STAR * 8 + text[14:] if len(text) == 18 else HIDDEN


def phone(text: str) -> str:
    """The first three and the last four digits, signs between them as they are; a short number is hidden."""
    places = [match.start() for match in _SIGN.finditer(text)]
    if len(places) < 9:
        return HIDDEN
    hidden = set(places[3:-4])
    return "".join(STAR if index in hidden else sign for index, sign in enumerate(text))


def address(text: str) -> str:
    """An address as far as the village, or where no village stands in it the town; else nothing."""
    for pattern in (_VILLAGE, _TOWN):
        found = pattern.match(text.strip())
        if found:
            return found[0] + HIDDEN
    return HIDDEN


def birth(day: date) -> str:
    """The year."""
    return f"{day.year}-**-**"


def hidden(_: object) -> str:
    """Nothing at all: neighbours' names in the bounds of a plot, everything about children."""
    return HIDDEN
