"""Passwords: how they are kept (Argon2id), and which may be chosen. There is no periodic change and no rule on kinds of characters."""

from __future__ import annotations

import gzip
import unicodedata
from functools import lru_cache
from importlib import resources

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

MEMORY_KIB = 19_456
PASSES = 2
LANES = 1
"""Argon2id with 19 MiB, two passes, one lane: OWASP Password Storage Cheat Sheet (2024), first choice for little memory."""
SHORTEST = 12
LONGEST = 128
FEWEST_DIFFERENT = 5
"""Fewer different characters are a repetition, which no list has in full."""

_HASHER = PasswordHasher(
    time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=32, salt_len=16, type=Type.ID
)


def hash_password(text: str) -> str:
    """Return the hash to keep, in the form of the Argon2 reference (`$argon2id$v=19$…`)."""
    return _HASHER.hash(_bytes(text))


def verify(kept: str | None, text: str) -> bool:
    """Tell whether a password is the one that is kept. Without one (no such account) it takes the same time and is not."""
    nobodys = _nobodys()
    holds = bool(kept) and len(text) <= LONGEST
    try:
        _HASHER.verify(str(kept) if holds else nobodys, _bytes(text[:LONGEST]))
    except (VerificationError, InvalidHashError):
        return False
    return holds


def needs_rehash(kept: str) -> bool:
    """Tell whether a hash was made with other parameters than those of today."""
    return _HASHER.check_needs_rehash(kept)


def problems(text: str, *, login: str, name: str, county: str = "") -> list[str]:
    """Say in Chinese what keeps a text from being somebody's password; empty where nothing does."""
    found = []
    if len(text) < SHORTEST:
        found.append(f"密码不得少于 {SHORTEST} 个字符")
    elif len(text) > LONGEST:
        found.append(f"密码不得超过 {LONGEST} 个字符")
    elif is_common(text):
        found.append("这个密码出现在已泄露的密码名单中，请换一个")
    elif len(set(text.casefold())) < FEWEST_DIFFERENT:
        found.append(f"密码至少要有 {FEWEST_DIFFERENT} 个不同的字符")
    words = {"账户名": login, "姓名": name, "系统名称": "cuntu", "系统的中文名称": "村图", "县名": county}
    return found + [f"密码中不能有{what}" for what, word in words.items() if _contains(text, word)]


def is_common(text: str) -> bool:
    """Tell whether a password is in the list of breached ones (see `data/README.md`), in capitals or not."""
    return _plain(text).lower() in _common()


def _contains(text: str, word: str) -> bool:
    word = _plain(word).casefold().strip()
    return len(word) >= (3 if word.isascii() else 2) and word in _plain(text).casefold()


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    packed = resources.files("api.access").joinpath("data", "common_passwords.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode("ascii").split("\n")) - {""}


@lru_cache(maxsize=1)
def _nobodys() -> str:
    return _HASHER.hash(b"nobody's password")


def _plain(text: str) -> str:
    """The same characters typed on another keyboard are the same password."""
    return unicodedata.normalize("NFC", text)


def _bytes(text: str) -> bytes:
    return _plain(text).encode("utf-8", "surrogatepass")
