"""Codes of an authenticator (TOTP, RFC 6238: SHA-1, six digits, 30 seconds), and recovery codes for when it is lost."""

from __future__ import annotations

import hmac
import re
import secrets as random
import string
import time
from contextlib import suppress
from typing import Any

import psycopg
import pyotp
import segno
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.access.keys import KeyMissingError, field_key, field_keys
from api.settings import Settings
from layers import credentials

STEP_S = 30
DRIFTS = (-1, 0, 1)
"""A clock may be wrong by one step either way (RFC 6238, §5.2)."""
RECOVERY_CODES = 10
NONCE_BYTES = 12
_CODE = re.compile(r"[0-9]{6}")
_RECOVERY = re.compile(r"[A-Z2-7]{24}(?:[A-Z2-7]{4})?")
"""28 letters; codes of earlier days have 24."""
_LETTERS = string.ascii_uppercase + "234567"


def new_secret() -> str:
    """Return a new secret: 160 random bits in base32."""
    return pyotp.random_base32()


def address(secret: str, *, login: str, county: str) -> str:
    """Return the address that an authenticator reads out of the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=f"村图 {county}")


def qr_code(text: str) -> str:
    """Draw a text as a QR code: SVG to stand in a page."""
    return segno.make(text, error="m", micro=False).svg_inline(
        scale=5, border=4, svgclass="qr", lineclass="qr-line", light="#fff"
    )


def step_of(secret: str, code: str, *, at: float | None = None) -> int | None:
    """Return the time step whose code this is, None where it is none of now; takes the same time for each."""
    now = int((time.time() if at is None else at) // STEP_S)
    authenticator, found = pyotp.TOTP(secret), None
    for drift in DRIFTS:
        if hmac.compare_digest(authenticator.generate_otp(now + drift).encode(), code.encode()):
            found = now + drift
    return found


def typed(text: str) -> str:
    """Return a code as it is compared: without the spaces and dashes that people type."""
    return re.sub(r"[\s-]", "", text).upper()


def is_code(text: str) -> bool:
    """Tell whether a typed text has the form of an authenticator's code."""
    return _CODE.fullmatch(text) is not None


def is_recovery_code(text: str) -> bool:
    """Tell whether a typed text has the form of a recovery code."""
    return _RECOVERY.fullmatch(text) is not None


def new_recovery_codes() -> list[str]:
    """Return ten codes of 140 random bits each; `shown` writes them for people."""
    return ["".join(random.choice(_LETTERS) for _ in range(28)) for _ in range(RECOVERY_CODES)]


def shown(code: str) -> str:
    """Write a recovery code in groups of four."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def seal(settings: Settings, secret: str, *, account: int) -> bytes:
    """Encrypt a secret for one account (AES-256-GCM); raises KeyMissingError."""
    nonce = random.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(field_key(settings, "totp")).encrypt(nonce, secret.encode(), _of(account))


def unseal(settings: Settings, sealed: bytes, *, account: int) -> str:
    """Decrypt the secret of an account with the present key or an earlier one; raises KeyMissingError where none of them fits it and the account."""
    for key in field_keys(settings, "totp"):
        with suppress(InvalidTag):
            return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _of(account)).decode()
    raise KeyMissingError(f"账户 {account} 的第二因素无法解密：当初的密钥文件不在 CUNTU_KEY_FILE、CUNTU_OLD_KEY_FILES 中。")


def rekey(conn: psycopg.Connection[Any], settings: Settings) -> tuple[int, int]:
    """Encrypt anew, in the caller's transaction, what earlier keys encrypted; return how many secrets were, of how many. Raises KeyMissingError."""
    held = credentials.sealed_secrets(conn)
    present = AESGCM(field_key(settings, "totp"))
    stale = 0
    for account, sealed in held:
        try:
            present.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _of(account))
        except InvalidTag:
            credentials.reseal_totp(conn, account, seal(settings, unseal(settings, sealed, account=account), account=account))
            stale += 1
    return stale, len(held)


def _of(account: int) -> bytes:
    return f"account/{account}".encode()
