from __future__ import annotations

import os
import subprocess
import sys

import pytest

from api.settings import Settings
from api.shell.refusals import UnsafeSettingsError, refuse_unsafe, warnings
from layers import backup
from spatial.errors import InputError

LIMIT = """
import resource, sys
from api.cli import commands
sys.argv = ["cuntu", "access", "table"]
try:
    commands.main()
finally:
    print(resource.getrlimit(resource.RLIMIT_CORE), file=sys.stderr)
"""
PASSWORD = "hunter2-not-shown"
URL = f"postgresql://cuntu:{PASSWORD}@database/cuntu"


@pytest.fixture(autouse=True)
def own_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("CUNTU_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "key"
    path.write_text("x" * 44)
    path.chmod(0o600)
    return path


def secret_file(tmp_path, text=URL + "\n"):
    path = tmp_path / "url"
    path.write_text(text)
    return path


def test_no_secret_is_in_the_text_of_the_settings():
    held = Settings(database_url=URL, owner_url=URL, tiles_url=URL, tianditu_key=PASSWORD)
    for text in (repr(held), str(held), f"{held}", repr(vars(held)["tianditu_key"])):
        assert PASSWORD not in text


def test_no_secret_is_in_what_is_said_of_wrong_settings():
    with pytest.raises(ValueError, match="county_code") as error:
        Settings(database_url=URL, county_code=PASSWORD)
    assert PASSWORD not in str(error.value)


@pytest.mark.parametrize("name", sorted(Settings.SECRETS))
def test_every_secret_may_stand_in_a_file(name, tmp_path, monkeypatch):
    monkeypatch.setenv(f"CUNTU_{name.upper()}_FILE", str(secret_file(tmp_path)))
    found = getattr(Settings(), name)
    assert (found if isinstance(found, str) else found.get_secret_value()) == URL


def test_a_secret_given_in_two_ways_and_files_that_cannot_be_read_are_all_named(tmp_path, monkeypatch):
    monkeypatch.setenv("CUNTU_DATABASE_URL", URL)
    monkeypatch.setenv("CUNTU_DATABASE_URL_FILE", str(secret_file(tmp_path)))
    monkeypatch.setenv("CUNTU_TIANDITU_KEY_FILE", str(tmp_path / "nowhere"))
    monkeypatch.setenv("CUNTU_OWNER_URL_FILE", str(tmp_path / "lines"))
    (tmp_path / "lines").write_text("a\nb")
    with pytest.raises(InputError) as error:
        Settings()
    assert len(error.value.problems) == 3
    assert PASSWORD not in str(error.value)


def test_every_field_that_may_hold_a_secret_is_one_that_may_stand_in_a_file():
    telling = ("password", "secret", "passphrase", "_url", "_key", "token")
    suspicious = {name for name in Settings.model_fields if any(word in name for word in telling)}
    paths = {"key_file", "old_key_files", "signing_key", "signing_passphrase_file", "oidc_client_secret_file"}
    no_secrets = {"max_secrecy"}
    assert {name for name in suspicious if name not in paths | no_secrets and not name.endswith("_file")} == Settings.SECRETS


def refused(host="127.0.0.1", **told) -> list[str]:
    try:
        refuse_unsafe(Settings(**told), host=host)
    except UnsafeSettingsError as error:
        return list(error.problems)
    return []


def test_on_this_machine_alone_the_defaults_do():
    for host in ("127.0.0.1", "::1", "localhost", "127.0.0.2"):
        assert refused(host) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "maps.example"])
def test_reached_by_others_without_encryption_the_service_does_not_start(host):
    (found,) = refused(host)
    assert "CUNTU_HOST" in found and "CUNTU_TRUSTED_PROXIES" in found
    assert refused(host, trusted_proxies="10.0.0.1") == []
    assert refused(host, address="https://maps.example") == []
    assert refused(host, address="http://maps.example") == [found]


def test_every_reason_is_named_at_once(tmp_path):
    found = refused("0.0.0.0", database_url=URL, anonymous=True, max_secrecy="secret", trusted_proxies="0.0.0.0/0,nonsense",
                    oidc_issuer="http://id.example", signing_passphrase_file=tmp_path / "nowhere")  # fmt: skip
    for name in ("TRUSTED_PROXIES", "ANONYMOUS", "OIDC_ISSUER", "SIGNING_PASSPHRASE_FILE", "HOST", "KEY_FILE"):
        assert any(f"CUNTU_{name}：" in line for line in found), name
    assert PASSWORD not in "".join(found)


def test_everybody_is_not_a_trusted_proxy():
    for everybody in ("0.0.0.0/0", "::/0"):
        assert len(refused(trusted_proxies=everybody)) == 1
    assert refused(trusted_proxies="172.16.0.0/12, fd00::/8") == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o666])
def test_a_key_that_others_can_read_is_refused(key, mode):
    assert refused(key_file=key) == []
    key.chmod(mode)
    (found,) = refused(key_file=key)
    assert "chmod 600" in found


def test_with_a_server_of_its_own_and_others_reaching_it_there_must_be_a_key(key):
    assert any("CUNTU_KEY_FILE" in line for line in refused("10.1.2.3", database_url=URL, trusted_proxies="10.0.0.1"))
    assert refused("10.1.2.3", database_url=URL, trusted_proxies="10.0.0.1", key_file=key) == []


def test_a_password_in_the_environment_is_warned_of_and_not_told(tmp_path, monkeypatch):
    (said,) = warnings(Settings(database_url=URL), host="127.0.0.1")
    assert "CUNTU_DATABASE_URL_FILE" in said and PASSWORD not in said
    monkeypatch.setenv("CUNTU_DATABASE_URL_FILE", str(secret_file(tmp_path)))
    assert warnings(Settings(), host="127.0.0.1") == []
    assert warnings(Settings(database_url="postgresql:///cuntu"), host="127.0.0.1") == []


def test_no_program_is_told_of_a_password_where_everybody_can_read_it():
    assert PASSWORD not in backup._without_password(URL)
    assert "host=database" in backup._without_password(URL) and "user=cuntu" in backup._without_password(URL)
    assert backup._with_password(URL)["PGPASSWORD"] == PASSWORD


def test_a_crash_writes_no_memory_with_keys_in_it_to_the_disk():
    done = subprocess.run([sys.executable, "-c", LIMIT], capture_output=True, text=True, check=False)
    assert done.stderr.strip().splitlines()[-1] == "(0, 0)", done.stderr
