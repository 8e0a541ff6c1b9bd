"""A token endpoint of OpenID Connect for a test, and the keys by which a broker checks tokens."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote_plus

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

AUDIENCE = "kafka"


class Handler(BaseHTTPRequestHandler):
    """Answers for a `TokenEndpoint`."""

    endpoint: ClassVar["TokenEndpoint"]

    def do_GET(self) -> None:
        """The public keys (RFC 7517)."""
        if "Authorization" in self.headers:
            self.endpoint.asked.append({"by": "GET"})
        self._answer(200, {"keys": [self.endpoint.public_key()]})

    def do_POST(self) -> None:
        """A token for a client that says who it is (RFC 6749, 2.3.1 and 4.4)."""
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        basic = self.headers.get("Authorization", "").removeprefix("Basic ")
        client, _, secret = map(unquote_plus, base64.b64decode(basic).decode().partition(":"))
        self.endpoint.asked.append({name: said[0] for name, said in asked.items()})
        if self.endpoint.failing:
            self._answer(self.endpoint.failing, {"error": "temporarily_unavailable"})
        elif self.endpoint.clients.get(client) != secret:
            self._answer(401, {"error": "invalid_client"})
        else:
            life_s = self.endpoint.life_s
            token = self.endpoint.token(client)
            self._answer(200, {"access_token": token, "expires_in": life_s})

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def _answer(self, status: int, said: Any) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.endpoint.location:
            self.send_header("Location", self.endpoint.location)
        self.end_headers()
        self.wfile.write(body)


class TokenEndpoint:
    """Knows some clients and their secrets; its tokens name the client as `sub`."""

    def __init__(self, clients: dict[str, str], life_s: int = 3600) -> None:
        self.clients = clients
        self.life_s = life_s
        self.failing = 0
        """The HTTP status to fail with; 0: it does not fail."""
        self.location = ""
        """Where it points to, with a status of redirection."""
        self.asked: list[dict[str, str]] = []
        self.url = ""
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def token(self, subject: str, audience: str = AUDIENCE) -> str:
        """A signed token (RFC 7519)."""
        now_s = int(time.time())
        head = {"alg": "RS256", "typ": "JWT", "kid": "key"}
        claims = {
            "sub": subject,
            "aud": audience,
            "iss": "test",
            "iat": now_s,
            "exp": now_s + self.life_s,
        }
        signed = b".".join(_url64(json.dumps(part).encode()) for part in (head, claims))
        seal = self._key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return (signed + b"." + _url64(seal)).decode()

    def public_key(self) -> dict[str, str]:
        """The key that checks its tokens."""
        numbers = self._key.public_key().public_numbers()
        own = {name: _url64(_bytes(value)).decode() for name, value in numbers_of(numbers)}
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "key", **own}


def numbers_of(key: rsa.RSAPublicNumbers) -> list[tuple[str, int]]:
    """Modulus and exponent by their names in a JWK."""
    return [("n", key.n), ("e", key.e)]


@contextmanager
def served(endpoint: TokenEndpoint) -> Iterator[TokenEndpoint]:
    """The endpoint on the loopback address, for the length of the block."""
    handler = type("OfOneEndpoint", (Handler,), {"endpoint": endpoint})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        endpoint.url = f"http://127.0.0.1:{server.server_port}"
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        serving.start()
        try:
            yield endpoint
        finally:
            server.shutdown()
            serving.join()


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _url64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
