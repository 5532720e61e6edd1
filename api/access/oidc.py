"""Signing in through an identity provider: OpenID Connect, authorization code with PKCE, state and nonce.

Everything is fetched from the issuer that the deployment names, and from no other host: not by what its description says, nor by a redirect.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from api.access.keys import field_key
from api.errors import ProviderAnswerError, ProviderAwayError
from api.settings import Settings

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures with a public key only: neither `none`, nor one made with a secret that the client knows, too."""
LASTS_S = 600
LEEWAY_S = 60
KEPT_S = 3600
REFETCH_S = 60
TIMEOUT_S = 5
MOST_BYTES = 500_000
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, kw_only=True)
class Pending:
    """What is remembered, in a sealed cookie, of somebody who was sent to the provider."""

    state: str
    nonce: str
    verifier: str
    following: str
    made: float


@dataclass(frozen=True, kw_only=True)
class Known:
    """Whom the provider says somebody is, and whether it asked for more than one factor (RFC 8176)."""

    subject: str
    second_factor: bool


class Provider:
    """The provider of a deployment. Its description and keys are kept for an hour; an unknown key has them read again, once a minute at most."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.issuer = str(settings.oidc_issuer)
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Any]] = {}

    def send(self, following: str, *, redirect_uri: str) -> tuple[str, str]:
        """Return the provider's address to send a browser to, and what it is to keep meanwhile; raises ProviderAwayError, KeyMissingError."""
        pending = Pending(state=_random(), nonce=_random(), verifier=_random(48), following=following, made=time.time())
        with self._client(redirect_uri) as client:
            address, _ = client.create_authorization_url(
                self._endpoint("authorization_endpoint"),
                state=pending.state,
                code_verifier=pending.verifier,
                nonce=pending.nonce,
            )
        return str(address), self._seal(pending)

    def pending(self, sealed: str | None, state: str) -> Pending:
        """Return what a browser kept, where it is the answer to that; raises ProviderAnswerError."""
        pending = self._unseal(sealed or "")
        if (
            pending is None
            or time.time() - pending.made > LASTS_S
            or not hmac.compare_digest(pending.state.encode(), state.encode())
        ):
            raise ProviderAnswerError("这次登录不是从本页面开始的，或已过期，请重新登录。")
        return pending

    def known(self, code: str, pending: Pending, *, redirect_uri: str) -> Known:
        """Exchange a code for an ID token and return whom it names; raises ProviderAnswerError, ProviderAwayError."""
        try:
            with self._client(redirect_uri) as client:
                answer = client.fetch_token(
                    self._endpoint("token_endpoint"), code=code, code_verifier=pending.verifier,
                    grant_type="authorization_code", timeout=TIMEOUT_S, allow_redirects=False,
                )  # fmt: skip
        except (requests.RequestException, OSError) as error:
            raise ProviderAwayError from error
        except (AuthlibBaseError, ValueError, KeyError, TypeError) as error:
            raise ProviderAnswerError("统一身份认证没有认可这次登录，请重新登录。") from error
        claims = self._claims(answer.get("id_token"), pending)
        factors = claims.get("amr")
        return Known(subject=str(claims["sub"]), second_factor=isinstance(factors, list) and "mfa" in factors)

    def _claims(self, token: Any, pending: Pending) -> Mapping[str, Any]:
        """Check an ID token (OpenID Connect Core 1.0, §3.1.3.7) and return what it says."""
        if not isinstance(token, str):
            raise ProviderAnswerError
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": str(self.settings.oidc_client_id)},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": pending.nonce},
        )
        try:
            claims = self._decode(token)
            registry.validate(claims)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderAnswerError from error
        if not isinstance(claims["sub"], str) or not claims["sub"].strip() or not self._is_for_us(claims):
            raise ProviderAnswerError
        return claims

    def _decode(self, token: str) -> dict[str, Any]:
        try:
            return jwt.decode(token, self._keys(), algorithms=ALGORITHMS).claims
        except (JoseError, ValueError):
            if not self._forget_keys():
                raise
            return jwt.decode(token, self._keys(), algorithms=ALGORITHMS).claims

    def _is_for_us(self, claims: Mapping[str, Any]) -> bool:
        """Whether a token for several is ours by `azp`."""
        ours = self.settings.oidc_client_id
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        return bool(claims.get("azp", None if several else ours) == ours)

    def _keys(self) -> KeySet:
        keys: KeySet = self._once("keys", lambda: KeySet.import_key_set(self._fetch(self._endpoint("jwks_uri"))))
        return keys

    def _forget_keys(self) -> bool:
        with self._lock:
            made, _ = self._kept.get("keys", (0.0, None))
            if time.monotonic() - made < REFETCH_S:
                return False
            self._kept.pop("keys", None)
            return True

    def _endpoint(self, name: str) -> str:
        """Return one of the provider's addresses: at the issuer's own host."""
        address = self._once("description", self._describe).get(name)
        if not isinstance(address, str) or _origin(address) != _origin(self.issuer):
            raise ProviderAwayError(f"统一身份认证的说明有误：{name} 不在 {self.issuer} 的主机上。")
        return address

    def _describe(self) -> dict[str, Any]:
        parts = urlsplit(self.issuer)
        if parts.scheme != "https" and parts.hostname not in LOOPBACK:
            raise ProviderAwayError("统一身份认证的地址（CUNTU_OIDC_ISSUER）须以 https 开头。")
        found: dict[str, Any] = self._fetch(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != self.issuer:
            raise ProviderAwayError("统一身份认证的说明有误：issuer 与所设置的不同。")
        return found

    def _fetch(self, address: str) -> Any:
        try:
            with (
                self._session(requests.Session()) as session,
                session.get(address, timeout=TIMEOUT_S, allow_redirects=False, stream=True) as answer,
            ):
                body = answer.raw.read(MOST_BYTES + 1, decode_content=True)
                found = (
                    json.loads(body) if answer.status_code == requests.codes.ok and len(body) <= MOST_BYTES else None
                )
        except (requests.RequestException, OSError, ValueError) as error:
            raise ProviderAwayError from error
        if not isinstance(found, dict):
            raise ProviderAwayError
        return found

    def _once(self, name: str, make: Any) -> Any:
        with self._lock:
            made, found = self._kept.get(name, (float("-inf"), None))
        if time.monotonic() - made > KEPT_S:
            found = make()
            with self._lock:
                self._kept[name] = (time.monotonic(), found)
        return found

    def _client(self, redirect_uri: str) -> OAuth2Session:
        file = self.settings.oidc_client_secret_file
        try:
            secret = file.read_text(encoding="utf-8").strip() if file else None
        except OSError as error:
            raise ProviderAwayError("统一身份认证的密钥文件（CUNTU_OIDC_CLIENT_SECRET_FILE）无法读取。") from error
        client = OAuth2Session(
            client_id=self.settings.oidc_client_id, client_secret=secret, redirect_uri=redirect_uri, scope="openid",
            code_challenge_method="S256", token_endpoint_auth_method="client_secret_basic" if secret else "none",
        )  # fmt: skip
        client.register_compliance_hook("access_token_response", _granted)
        return self._session(client)

    def _session(self, session: Any) -> Any:
        session.trust_env = False
        session.verify = str(self.settings.oidc_ca_file) if self.settings.oidc_ca_file else True
        return session

    def _seal(self, pending: Pending) -> str:
        nonce = secrets.token_bytes(12)
        sealed = AESGCM(field_key(self.settings, "oidc")).encrypt(nonce, json.dumps(asdict(pending)).encode(), None)
        return base64.urlsafe_b64encode(nonce + sealed).decode().rstrip("=")

    def _unseal(self, sealed: str) -> Pending | None:
        try:
            whole = base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
            plain = AESGCM(field_key(self.settings, "oidc")).decrypt(whole[:12], whole[12:], None)
        except (ValueError, InvalidTag):
            return None
        return Pending(**json.loads(plain))


def _granted(answer: requests.Response) -> requests.Response:
    """Raise ValueError for an answer that is none of success, whatever stands in it."""
    if answer.status_code != requests.codes.ok:
        raise ValueError(answer.status_code)
    return answer


def _origin(address: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(address)
    return parts.scheme, parts.hostname, parts.port


def _random(size: int = 32) -> str:
    return secrets.token_urlsafe(size)
