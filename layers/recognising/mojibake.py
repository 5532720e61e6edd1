"""Text that was decoded with the wrong codec: its bytes, decoded with another, are everyday Chinese where now it is nonsense."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from layers import encodings
from layers.reading.dataset import RawDataset
from layers.recognising.recognition import Option, Question

_SAMPLE_ROWS = 500
_MOST_TEXTS = 2_000
_LEAST_CHARACTERS = 4
"""Fewer characters than these prove nothing."""
_EVERYDAY = 0.7
_BETTER = 0.4
"""Read rightly, so much larger a share of the characters must be everyday ones than as they stand."""
_SUSPECT = 0.5
"""So large a share of the texts must turn into everyday Chinese, or be damaged."""
_DAMAGED = ("\ufffd", "锟斤拷", "烫烫烫")
_TITLES = {"gb18030": "GBK/GB18030", "utf-8": "UTF-8"}


def question(raw: RawDataset) -> Question | None:
    """Ask about the encoding where the text looks wrongly decoded; the options are the codecs to read the file with."""
    texts = [text for text in _texts(raw) if not text.isascii()]
    if sum(map(len, texts)) < _LEAST_CHARACTERS:
        return None
    found: Counter[str] = Counter()
    example: dict[str, str] = {}
    for text in texts:
        for codec, meant in _meant(text, raw.encoding.codec).items():
            found[codec] += 1
            example.setdefault(codec, f"“{text[:20]}”应为“{meant[:20]}”")
    codec, number = next(iter(found.most_common(1)), ("", 0))
    if number >= _SUSPECT * len(texts):
        text = f"文字看来被按错误的编码（{raw.encoding.codec}）读取，实际是 {_TITLES[codec]}：{example[codec]}。请确认编码。"
        options = (Option(codec, f"{_TITLES[codec]}：{example[codec]}"), Option(raw.encoding.codec, f"{raw.encoding.codec}：文字本来如此"))
        return Question(code="encoding.mojibake", about="encoding", text=text, options=options)
    damaged = [text for text in texts if any(mark in text for mark in _DAMAGED)]
    if len(damaged) >= _SUSPECT * len(texts):
        told = f"文字在交来之前已经损坏（如“{damaged[0][:20]}”），换编码也不能恢复：请重新导出后再提交。"
        return Question(code="encoding.damaged", about="encoding", text=told, options=(Option(raw.encoding.codec, "仍按现有文字入库"),))
    return None


def _texts(raw: RawDataset) -> list[str]:
    """The different texts of the data set: names of fields, and values of its first rows."""
    return list(dict.fromkeys(_all(raw)))[:_MOST_TEXTS]


def _all(raw: RawDataset) -> Iterator[str]:
    yield from (item.text for item in raw.fields)
    for item in raw.fields:
        if item.kind == "text":
            yield from (value for value in raw.frame[item.column].head(_SAMPLE_ROWS).dropna() if isinstance(value, str))


def _meant(text: str, codec: str) -> dict[str, str]:
    """What the text's bytes are in the two codecs of Chinese deliveries, where that is everyday Chinese and the text itself is not."""
    result: dict[str, str] = {}
    needed = max(_EVERYDAY, _everyday(text) + _BETTER)
    for raw in filter(None, (_western_bytes(text), _bytes(text, codec), _bytes(text, "gb18030"))):
        for other in ("utf-8", "gb18030"):
            try:
                meant = encodings.decode(raw, other)
            except UnicodeDecodeError:
                continue
            if meant != text and any(ord(char) > 0x7F for char in meant) and _everyday(meant) >= needed and not _in_words(meant):
                result.setdefault(other, meant)
    return result


def _in_words(text: str) -> bool:
    """Whether most of the characters beyond ASCII adjoin small Latin letters: accents of a Western name, which as Chinese are everyday ones too."""
    around = f" {text} "
    beyond = [place for place, char in enumerate(around) if ord(char) > 0x7F]
    within = [place for place in beyond if any("a" <= around[beside] <= "z" for beside in (place - 1, place + 1))]
    return 2 * len(within) >= len(beyond)


def _bytes(text: str, codec: str) -> bytes | None:
    try:
        return text.encode(codec)
    except UnicodeEncodeError:
        return None


def _western_bytes(text: str) -> bytes | None:
    """The bytes of text read as Latin 1 or as Windows 1252, which many programs mix."""
    result = b""
    for char in text:
        one = bytes([ord(char)]) if ord(char) < 0x100 else _bytes(char, "cp1252")
        if one is None:
            return None
        result += one
    return result


def _everyday(text: str) -> float:
    """The share (0–1) of the characters beyond ASCII that are everyday Chinese: GB 2312 level 1, or its punctuation."""
    beyond = [char for char in text if ord(char) > 0x7F]
    codes = [char.encode("gb2312", errors="ignore") for char in beyond]
    everyday = sum(1 for code in codes if code and (0xB0 <= code[0] <= 0xD7 or 0xA1 <= code[0] <= 0xA3))
    return everyday / len(beyond) if beyond else 1.0

