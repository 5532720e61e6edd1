"""Settings: one class, read once at the entry (command line or test), then handed on."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings import PydanticBaseSettingsSource as Source

from api.shell.secret_files import SecretFiles
from layers.catalog import Secrecy


def project_root() -> Path:
    """Return the checkout this package lies in, or the current folder where it was installed elsewhere."""
    checkout = Path(__file__).resolve().parent.parent
    return checkout if (checkout / "pyproject.toml").exists() else Path.cwd()


APPROVAL_NUMBER = r"^[A-Za-z\u4e00-\u9fff]{1,12}[(（〔]\d{4}[)）〕][A-Za-z\u4e00-\u9fff]{0,4}\d{1,6}号$"
"""Forms such as GS(2024)1234号, 鄂S（2024）001号, 京审字(2024)G第0001号."""


RATE = r"^[1-9]\d{0,6}/(s|min|h)$"
"""So many in a second, a minute or an hour; as many may come at once."""


class Settings(BaseSettings):
    """Everything a deployment decides. Each field is read from the environment as `CUNTU_<FIELD>`."""

    model_config = SettingsConfigDict(env_prefix="CUNTU_", frozen=True, extra="ignore", env_ignore_empty=True, hide_input_in_errors=True)
    SECRETS: ClassVar[frozenset[str]] = frozenset({"database_url", "owner_url", "tiles_url", "tianditu_key"})
    """Fields that may stand in a file, which `CUNTU_<FIELD>_FILE` names."""

    database_url: str | None = Field(default=None, repr=False, description="PostGIS server; unset means the embedded cluster")
    owner_url: str | None = Field(default=None, repr=False, description="the same database as its owner, for upgrades, backup and restore; unset: database_url")
    tiles_url: str | None = Field(default=None, repr=False, description="the same database as cuntu_tiles; unset: whoever database_url names becomes it")
    app_password_file: Path | None = Field(default=None, description="file with the password that `cuntu db upgrade` gives cuntu_app")
    tiles_password_file: Path | None = Field(default=None, description="file with the password that `cuntu db upgrade` gives cuntu_tiles")
    allow_owner: bool = Field(default=False, description="serve although database_url names the owner or a superuser, who then becomes cuntu_app")
    data_dir: Path | None = Field(default=None, description="embedded cluster; unset means var/pg in the project")
    county_code: str = Field(default="421223", pattern=r"^[0-9]{6}$")
    county_name: str = "崇阳县"
    max_secrecy: Secrecy = Field(default="internal", description="the highest level that may be held")
    anonymous: bool = Field(default=False, description="whether public layers and published lists are shown without signing in")
    idle_minutes: int = Field(default=15, ge=1, le=720, description="a session nobody uses ends after so long")
    session_hours: int = Field(default=10, ge=1, le=72, description="a session ends after so long in any case")
    key_file: Path | None = Field(default=None, description="file with 32 random bytes in base64; unset: made beside the embedded cluster")
    old_key_files: str | None = Field(default=None, description="earlier key files, parted by a colon: read until `cuntu personal rekey` is done")
    second_factor: Literal["none", "optional", "required"] = Field(default="optional", description="codes of an authenticator at sign-in")
    second_factor_roles: str = Field(default="administrator,auditor", description="roles that `required` is about, with commas; * all")
    oidc_issuer: str | None = Field(default=None, pattern=r"^https?://[^\s#?]+$", description="OpenID Connect: the provider; unset: none")
    oidc_client_id: str | None = Field(default=None, min_length=1, description="OpenID Connect: this service's name at the provider")
    oidc_client_secret_file: Path | None = Field(default=None, description="OpenID Connect: file with the secret; unset: a public client")
    oidc_ca_file: Path | None = Field(default=None, description="OpenID Connect: certificates (PEM) the provider's is checked with; unset: the usual ones")
    oidc_title: str = Field(default="单位统一身份认证", max_length=30, description="OpenID Connect: what the provider is called on the sign-in page")
    trusted_proxies: str = Field(default="", description="addresses or networks, parted by commas, whose X-Forwarded-For and X-Forwarded-Proto are believed")
    request_timeout_s: int = Field(default=120, ge=1, le=3_600, description="a request nobody has answered after so long is answered 503")
    statement_timeout_s: int = Field(default=90, ge=1, le=3_600, description="a statement of a request is cancelled after so long")
    lock_timeout_s: int = Field(default=15, ge=1, le=600, description="an act waits so long for another that holds what it needs")
    rate_caller: str = Field(default="3000/s", pattern=RATE, description="requests of one account or token")
    rate_address: str = Field(default="300/s", pattern=RATE, description="requests of one address by somebody who has not signed in")
    rate_sign_in: str = Field(default="60/min", pattern=RATE, description="attempts to sign in, or to use a one-time link, from one address")
    rate_refused: str = Field(default="60/min", pattern=RATE, description="tokens that do not hold, from one address")
    expensive_at_once: int = Field(default=2, ge=1, le=64, description="requests for siting, proposals, exports or comparisons one worker does at a time")
    upload_bytes_per_day: int = Field(default=20_000_000_000, gt=0, description="layer files one account may deliver in a day")
    open_deliveries: int = Field(default=100, gt=0, description="deliveries one account may have open at the same time")
    epsg: int = Field(default=4547, description="projected storage CRS of the county (CGCS2000 3-degree zone)")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    max_body_bytes: int = Field(default=2_000_000, gt=0, description="one check and every other small request")
    max_batch_bytes: int = Field(default=50_000_000, gt=0, description="POST /api/v1/checks/batch")
    max_upload_bytes: int = Field(default=2_000_000_000, gt=0, description="layer files")
    upload_dir: Path | None = Field(default=None, description="uploaded layer files on their way; unset means uploads beside the embedded cluster")
    upload_days: int = Field(default=30, ge=1, description="an upload nobody goes on with is put aside after so many days")
    batch_limit: int = Field(default=10_000, gt=0, description="features in one batch")
    workers: int | None = Field(default=None, ge=1, le=64, description="processes that answer requests; unset means one for each core, at most 8")
    threads: int = Field(default=3, ge=1, le=64, description="requests one worker works on at the same time")
    tianditu_key: SecretStr | None = Field(default=None, description="天地图 key; without one no outside tiles are used")
    address: str | None = Field(default=None, pattern=r"^https?://[^\s#?]+[^\s#?/]$", description="where the service is reached, for QR codes and links")
    signing_key: Path | None = Field(default=None, description="PKCS#12 file with the bureau's certificate and key; unset: papers are not signed")
    signing_passphrase_file: Path | None = Field(default=None, description="file with the passphrase of the PKCS#12 file")
    signing_roots: Path | None = Field(default=None, description="root certificates (PEM or DER) that `cuntu verify` trusts")
    map_approval: str | None = Field(default=None, pattern=APPROVAL_NUMBER, description="审图号 shown on every map, e.g. 鄂S(2024)001号")
    map_exemption: str | None = Field(default=None, min_length=4, max_length=100, description="why maps are shown without one, by name and unit")
    log_format: Literal["json", "text"] | None = Field(default=None, description="unset: the service writes text to a terminal, JSON lines elsewhere")
    log_file: Path | None = Field(default=None, description="unset: the standard error; whoever rotates it may move it away")
    slow_request_s: float = Field(default=2.0, gt=0, description="requests that take longer are warned of in the log")
    disk_reserve_bytes: int = Field(default=500_000_000, ge=0, description="writes are refused while less is free where data or uploads lie; 0: never")
    snapshot: bool = Field(default=True, description="hold the layers in force in memory")
    tile_cache_bytes: int = Field(default=64_000_000, ge=0, description="vector tiles in memory, by all workers together")

    read_from_files: frozenset[str] = Field(default=frozenset(), description="set by the class itself: the fields that were read from files")

    @classmethod
    def settings_customise_sources(cls, settings_cls: type[BaseSettings], init_settings: Source, env_settings: Source, dotenv_settings: Source, file_secret_settings: Source) -> tuple[Source, ...]:
        """What the caller gives comes first, then secrets in files, then the environment."""
        return init_settings, SecretFiles(settings_cls, cls.SECRETS), env_settings

    @property
    def map_notice(self) -> str:
        """What every map says of its approval (地图管理条例 §15, §22): the number, the exemption, or that it was not submitted."""
        if self.map_approval:
            return f"审图号：{self.map_approval}"
        return f"免送审：{self.map_exemption}" if self.map_exemption else "未送审，仅供内部使用"

    def asks_second_factor(self, roles: Iterable[str]) -> bool:
        """Tell whether `second_factor_roles` names one of some roles."""
        named = {name.strip() for name in self.second_factor_roles.split(",")}
        return "*" in named or not named.isdisjoint(roles)

    @property
    def uploads(self) -> Path:
        """The private folder of uploaded layer files, which outlives a restart."""
        return self.upload_dir or (self.data_dir or project_root() / "var" / "pg").parent / "uploads"
