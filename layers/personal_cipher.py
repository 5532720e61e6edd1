"""What identifies people is written to the database only encrypted, and read only with a key that the database does not hold.

Each value is sealed with AES-256-GCM under a fresh random nonce. What is sealed with it, unseen, is where it belongs: table, row and
column; copied elsewhere it does not open. The envelope names its key, so that earlier keys go on opening what they sealed.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from spatial.errors import CuntuError

FORM = b"\x01"
KEY_ID_BYTES = 4
NONCE_BYTES = 12
_HEAD = len(FORM) + KEY_ID_BYTES + NONCE_BYTES


class PersonalKeyError(CuntuError):
    """没有个人信息的密钥：申请人信息现在不能读写，其他功能不受影响。"""


class SealBrokenError(CuntuError):
    """个人信息的密文已被改动，或不是写在这一行这一栏的，不能解密。"""


@dataclass(frozen=True)
class Place:
    """Where a value belongs: table, the row's key, column."""

    table: str
    row: str
    column: str


class Cipher:
    """Seals and opens values. `keys` and `index_keys` are 32 bytes each, the present one first, earlier ones behind it."""

    def __init__(self, keys: Sequence[bytes], index_keys: Sequence[bytes]) -> None:
        self._keys = {key_id(key): AESGCM(key) for key in reversed(keys)}
        self._present = key_id(keys[0])
        self._index_keys = tuple(index_keys)

    def seal(self, text: str | None, place: Place) -> bytes | None:
        """Return the envelope of a value; None stays None, for what is not known need not be hidden."""
        if text is None:
            return None
        head = FORM + self._present
        nonce = os.urandom(NONCE_BYTES)
        return head + nonce + self._keys[self._present].encrypt(nonce, text.encode(), head + _bound(place))

    def open(self, envelope: bytes | None, place: Place) -> str | None:
        """Return the value in an envelope; raises PersonalKeyError without its key, SealBrokenError where it was not sealed for this place."""
        if envelope is None:
            return None
        envelope = bytes(envelope)
        named, nonce = envelope[len(FORM) : len(FORM) + KEY_ID_BYTES], envelope[_HEAD - NONCE_BYTES : _HEAD]
        key = self._keys.get(named) if envelope.startswith(FORM) else None
        if key is None:
            held = "、".join(held_id.hex() for held_id in self._keys)
            raise PersonalKeyError(
                f"个人信息是用另一把密钥（{named.hex()}）加密的，现有密钥是 {held}：请核对 CUNTU_KEY_FILE、CUNTU_OLD_KEY_FILES。"
            )
        try:
            return key.decrypt(nonce, envelope[_HEAD:], envelope[: _HEAD - NONCE_BYTES] + _bound(place)).decode()
        except (InvalidTag, ValueError) as error:  # ValueError: cut off within the nonce
            raise SealBrokenError(
                f"{place.table}.{place.column}：个人信息的密文已被改动，或不是写在这一行这一栏的，不能解密。"
            ) from error

    def is_present(self, envelope: bytes | None) -> bool:
        """Whether an envelope was sealed with the present key; there is nothing to do where there is none."""
        return envelope is None or bytes(envelope).startswith(FORM + self._present)

    def index(self, number: str | None) -> bytes | None:
        """Return what a number is found by: HMAC-SHA256 under a key of its own, so that nobody without it can try all numbers."""
        return None if number is None else self.indexes(number)[0]

    def indexes(self, number: str) -> list[bytes]:
        """Return what a number is found by under the present and all earlier keys."""
        return [hmac.digest(key, number.encode(), hashlib.sha256) for key in self._index_keys]

    def fingerprint(self, texts: Sequence[str | None]) -> str:
        """Return what tells two records apart without saying anything of them: for the audit, where a bare hash could be guessed back."""
        return hmac.digest(self._index_keys[0], b"record" + orjson.dumps(list(texts)), hashlib.sha256).hex()


def key_id(key: bytes) -> bytes:
    """Return what an envelope calls its key."""
    return hashlib.sha256(b"cuntu field key" + key).digest()[:KEY_ID_BYTES]


def _bound(place: Place) -> bytes:
    return orjson.dumps([place.table, place.row, place.column])
