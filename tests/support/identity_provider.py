"""A small OpenID Connect provider on this machine: real codes, real PKCE, really signed ID tokens, and every way to get them wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

CLIENT_ID = "cuntu-test"
CLIENT_SECRET = "a secret of the test"


class IdentityProvider:
    """What it says can be changed: `claims` and `header` of the next ID token, the `signer`, its `description`."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.signer: Any = self.key
        self.algorithm = "RS256"
        self.published = [self.key]
        self.claims: dict[str, Any] = {}
        self.without: tuple[str, ...] = ()
        self.description: dict[str, Any] = {}
        self.redirects: dict[str, str] = {}
        self.subject = "subject-1"
        self.token_status = 200
        self.raw_token: str | None = None
        self.requests: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}"

    def authorize(self, address: str) -> dict[str, str]:
        """Do as a person who says yes: return the query with which the browser is sent back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return {"code": code, "state": asked["state"], "session_state": "whatever"}

    def other_key(self) -> RSAKey:
        """A key of the same name that is not published."""
        return RSAKey.generate_key(2048, {"kid": "one"})

    def elliptic(self) -> None:
        """Sign with another kind of key, under a new name, from now on."""
        self.signer = ECKey.generate_key("P-256", {"kid": "two", "use": "sig"})
        self.algorithm = "ES256"
        self.published = [self.key, self.signer]

    def symmetric(self) -> None:
        """Sign with the public key's text as if it were a shared secret."""
        self.signer = OctKey.import_key(json.dumps(self.key.as_dict(private=False)).encode())
        self.algorithm = "HS256"

    def _token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        asked = self._codes.pop(form.get("code", ""), None)
        expected = "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".replace(" ", "%20").encode()).decode()
        alternative = "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
            .decode()
            .rstrip("=")
        )
        if authorization not in (expected, alternative):
            return 401, {"error": "invalid_client"}
        if asked is None or challenge != asked["code_challenge"] or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        told = {
            "access_token": "x",
            "token_type": "Bearer",
            "expires_in": 60,
            "id_token": self.raw_token or self._id_token(asked),
        }
        return self.token_status, told

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": self.subject,
            "iat": now,
            "exp": now + 300,
            "nonce": asked["nonce"],
        }
        claims = {name: value for name, value in (claims | self.claims).items() if name not in self.without}
        if self.algorithm == "none":
            parts = [{"alg": "none"}, claims]
            return (
                ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
                + "."
            )
        header = {"alg": self.algorithm, "kid": getattr(self.signer, "kid", None) or "one"}
        return jwt.encode(header, claims, self.signer, algorithms=[self.algorithm])

    def _document(self, path: str) -> Any:
        if path == "/.well-known/openid-configuration":
            ours = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
            return {"issuer": self.issuer} | {name: self.issuer + end for name, end in ours.items()} | self.description
        if path == "/keys":
            return {"keys": [key.as_dict(private=False) for key in self.published]}
        return None

    def _handler(provider) -> type[BaseHTTPRequestHandler]:  # noqa: N805
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.requests.append(self.path)
                if self.path in provider.redirects:
                    self.send_response(302)
                    self.send_header("Location", provider.redirects[self.path])
                    self.end_headers()
                    return
                found = provider._document(self.path)
                self._answer(200 if found else 404, found or {})

            def do_POST(self) -> None:
                provider.requests.append(self.path)
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                form = {name: values[0] for name, values in parse_qs(body).items()}
                self._answer(*provider._token(form, self.headers.get("Authorization", "")))

            def _answer(self, status: int, told: Any) -> None:
                body = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *told: Any) -> None:
                pass

        return Handler


@contextmanager
def running() -> Iterator[IdentityProvider]:
    """A provider that answers until the end of a block."""
    provider = IdentityProvider()
    thread = threading.Thread(target=provider._server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield provider
    finally:
        provider._server.shutdown()
        provider._server.server_close()
        thread.join()
