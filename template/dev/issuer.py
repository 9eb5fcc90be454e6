"""A token issuer for development: OpenID Connect discovery, a key set, and tokens for whoever asks on this machine.

Production settings refuse an issuer on this machine. `python -m dev.issuer 9000` serves until it is interrupted.
"""

import contextlib
import json
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from . import STATE, files

ALGORITHM: Final = "ES256"
DEFAULT_TTL_S: Final = 12 * 3600
POLL_S: Final = 0.05


class Issuer:
    """Signs tokens with the key in `folder`, made at first use; it is known by the URL `url`."""

    def __init__(self, folder: Path, url: str) -> None:
        self.url = url
        self._key = _key(folder)
        self._public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key()))
        self._key_id = f"development-{self._public['x'][:8]}"

    def token(
        self,
        *,
        audience: str,
        scopes: Iterable[str],
        subject: str = "developer",
        ttl_s: int = DEFAULT_TTL_S,
        **claims: Any,
    ) -> str:
        """An access token (RFC 9068); `claims` add to the usual ones or replace them."""
        issued_at = int(time.time())
        payload = {
            "iss": self.url,
            "aud": audience,
            "sub": subject,
            "client_id": "development",
            "scope": " ".join(scopes),
            "iat": issued_at,
            "exp": issued_at + ttl_s,
            "jti": str(uuid4()),
            **claims,
        }
        return jwt.encode(payload, self._key, ALGORITHM, headers={"typ": "at+jwt", "kid": self._key_id})

    def documents(self) -> dict[str, Any]:
        """What the issuer publishes, by path."""
        key = {**self._public, "kid": self._key_id, "use": "sig", "alg": ALGORITHM}
        return {
            "/jwks.json": {"keys": [key]},
            "/.well-known/openid-configuration": {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/jwks.json",
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
            },
        }


@contextmanager
def serving(folder: Path, port: int = 0) -> Iterator[Issuer]:
    """An issuer that answers on loopback until the block ends.

    Without a port it is the one of last time, so that its tokens stay good.
    """
    address = folder / "issuer.url"
    with _listening(port or _port(address)) as server:
        issuer = Issuer(folder, f"http://127.0.0.1:{server.server_port}")
        files.write(address, issuer.url)
        server.documents = issuer.documents()
        thread = threading.Thread(target=server.serve_forever, args=(POLL_S,), daemon=True)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()


def last_used(folder: Path) -> Issuer:
    """The issuer as it was when it last served; raises FileNotFoundError if it never did."""
    return Issuer(folder, (folder / "issuer.url").read_text())


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    documents: dict[str, Any]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        document = self.server.documents.get(self.path)
        body = json.dumps(document or {"error": "not_found"}).encode()
        self.send_response(200 if document else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing: the service's log is the interesting one."""


def _listening(port: int) -> _Server:
    try:
        return _Server(("127.0.0.1", port), _Handler)
    except OSError:
        return _Server(("127.0.0.1", 0), _Handler)


def _port(address: Path) -> int:
    return int(address.read_text().rpartition(":")[2]) if address.exists() else 0


def _key(folder: Path) -> ec.EllipticCurvePrivateKey:
    file = folder / "issuer.pem"
    if file.exists():
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101 - we wrote it
        return key
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    files.write(file, pem)
    return key


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with serving(STATE, int(sys.argv[1])), contextlib.suppress(KeyboardInterrupt):
        threading.Event().wait()


if __name__ == "__main__":
    main()
