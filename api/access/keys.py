"""The deployment's own key, from which every key that the service uses for itself is made."""

from __future__ import annotations

import base64
import binascii
import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from api.settings import Settings, project_root
from layers.cluster import default_data_dir
from spatial.errors import CuntuError

log = logging.getLogger("cuntu.keys")

KEY_BYTES = 32


class KeyMissingError(CuntuError):
    """没有可用的密钥文件（CUNTU_KEY_FILE）。"""


def field_key(settings: Settings, purpose: str) -> bytes:
    """Return the 32 bytes of the key for one purpose (HKDF-SHA256, RFC 5869), the same in every process and after every start.

    The deployment's key is 32 random bytes in base64 in the file CUNTU_KEY_FILE. Beside the embedded cluster a file `key` is made at first
    use; a server of its own has none made for it, for the data would outlive the key. Raises KeyMissingError.
    """
    return _derived(_deployment_key(settings), purpose)


def field_keys(settings: Settings, purpose: str) -> tuple[bytes, ...]:
    """Return the keys for one purpose, the present one first, behind it those of earlier key files (CUNTU_OLD_KEY_FILES); raises KeyMissingError."""
    earlier = [_read(Path(name)) for name in (settings.old_key_files or "").split(os.pathsep) if name]
    return (field_key(settings, purpose), *(_derived(key, purpose) for key in earlier))


def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"cuntu {purpose}".encode()).derive(key)


def field_key_or_random(settings: Settings, purpose: str) -> bytes:
    """Return the key for one purpose; where there is none, one that holds until this process ends. For what may be forgotten."""
    try:
        return field_key(settings, purpose)
    except KeyMissingError as error:
        log.warning("%s are forgotten at the next start: %s", purpose, error)
        return secrets.token_bytes(KEY_BYTES)


def _deployment_key(settings: Settings) -> bytes:
    if settings.key_file is not None:
        return _read(settings.key_file)
    if settings.database_url is not None:
        raise KeyMissingError("使用自备数据库时须以 CUNTU_KEY_FILE 指定密钥文件（32 个随机字节的 base64）。")
    path = beside_cluster(settings)
    if not path.exists():
        _make(path)
    return _read(path)


def beside_cluster(settings: Settings) -> Path:
    """Return where the key of the embedded cluster is kept: next to its data folder, so that a copy of the data does not hold it."""
    return settings.data_dir / "key" if settings.data_dir else default_data_dir(project_root()).parent / "key"


def _make(path: Path) -> None:
    """Make the key, whole or not at all; of two processes that make it at once, one is first and both use its key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".key-{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()


def _read(path: Path) -> bytes:
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except OSError as error:
        raise KeyMissingError(f"密钥文件 {path} 无法读取（{error.strerror}）。") from error
    except binascii.Error as error:
        raise KeyMissingError(f"密钥文件 {path} 不是 base64。") from error
    if len(key) != KEY_BYTES:
        raise KeyMissingError(f"密钥文件 {path} 应为 {KEY_BYTES} 字节的 base64，实际 {len(key)} 字节。")
    if os.name == "posix" and path.stat().st_mode & 0o007:
        log.warning("the key file %s can be read by everybody on this machine", path)
    return key
