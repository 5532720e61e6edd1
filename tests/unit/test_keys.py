"""The deployment's key: one per purpose, kept beside the embedded cluster, asked for where the database is elsewhere."""

from __future__ import annotations

import base64
import hmac
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.access.keys import KeyMissingError, beside_cluster, field_key
from api.settings import Settings


@pytest.fixture
def embedded(tmp_path, monkeypatch) -> Settings:
    monkeypatch.delenv("CUNTU_DATABASE_URL", raising=False)
    monkeypatch.delenv("CUNTU_KEY_FILE", raising=False)
    return Settings(data_dir=tmp_path / "data")


def test_the_embedded_cluster_has_a_key_that_stays_and_is_private(embedded):
    first = field_key(embedded, "totp")
    assert len(first) == 32
    assert field_key(embedded, "totp") == first
    assert stat.S_IMODE(beside_cluster(embedded).stat().st_mode) == 0o600
    assert [path.name for path in beside_cluster(embedded).parent.iterdir()] == ["key"]


def test_each_purpose_has_a_key_of_its_own_and_none_is_the_deployments(embedded):
    keys = {field_key(embedded, "totp"), field_key(embedded, "applicants")}
    assert len(keys) == 2
    assert base64.b64decode(beside_cluster(embedded).read_bytes()) not in keys


def test_many_that_make_it_at_once_agree(embedded):
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(lambda _: field_key(embedded, "x"), range(32)))) == 1


def test_a_server_of_its_own_needs_a_key_file(tmp_path):
    with pytest.raises(KeyMissingError, match="CUNTU_KEY_FILE"):
        field_key(Settings(database_url="postgresql://x/y", data_dir=tmp_path), "totp")


def test_the_key_file_is_read(tmp_path):
    file = tmp_path / "key.txt"
    file.write_bytes(base64.b64encode(bytes(range(32))) + b"\n")
    told = Settings(database_url="postgresql://x/y", key_file=file)
    # HKDF-SHA256 of these bytes without salt, worked out with another implementation (hmac of the standard library, RFC 5869 §2).
    assert field_key(told, "totp") == _hkdf(bytes(range(32)), b"cuntu totp")


def _hkdf(material: bytes, info: bytes) -> bytes:
    extracted = hmac.digest(b"\0" * 32, material, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


@pytest.mark.parametrize(
    ("written", "said"),
    [(b"not base64!", "base64"), (base64.b64encode(b"short"), "5 字节"), (None, "无法读取")],
    ids=["text", "short", "missing"],
)
def test_a_key_file_that_cannot_be_used_is_named(tmp_path, written, said):
    file = tmp_path / "key.txt"
    if written is not None:
        file.write_bytes(written)
    with pytest.raises(KeyMissingError, match=said):
        field_key(Settings(key_file=file), "totp")
