"""A shop of one page with `<goes-with>`: its server needs Python alone, and has three things to do.

    KEY=... GATEWAY=http://127.0.0.1:8090 python examples/shop_page/server.py

`KEY` is one of the gateway's `GOESWITH_GATEWAY_KEYS`; `http://127.0.0.1:8000` is to be in its
`GOESWITH_GATEWAY_ORIGINS`. The server hands out the page, under a policy that allows no inline
script and no inline style; it signs session tokens; and it tells titles, pictures and prices.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

HERE = Path(__file__).parent
PREFIX = os.environ.get("PREFIX", "goeswith")
TOKEN_S = 900
TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self' {gateway}; connect-src 'self' {gateway}; "
    "style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
ITEMS = json.loads((HERE / "items.json").read_text(encoding="utf-8"))
"""A real one asks its catalogue."""
RIGHT_TO_LEFT = ("ar", "fa", "ur")


class ShopPage(ThreadingHTTPServer):
    """The shop's server."""

    def __init__(self, port: int, gateway: str, key: str) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.gateway = gateway
        self.key = key

    @property
    def integrity(self) -> str:
        """Of the script that is loaded; a real one writes it into its page, by hand."""
        with urlopen(f"{self.gateway}/v1/scripts", timeout=10) as answer:  # noqa: S310  # http
            return str(json.load(answer)["goes-with.js"]["integrity"])

    def token(self, session_id: str, life_s: int = TOKEN_S) -> str:
        """A session token: a JSON Web Token by HMAC-SHA-256."""
        now = int(time.time())
        claims = {"aud": PREFIX, "iat": now, "exp": now + life_s, "session_id": session_id}
        said = b64(b'{"alg":"HS256","typ":"JWT"}') + b"." + b64(json.dumps(claims).encode())
        mark = b64(hmac.new(self.key.encode(), said, hashlib.sha256).digest())
        return (said + b"." + mark).decode()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: ShopPage
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer it."""
        path, asked = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        lang = asked.get("lang", ["en"])[0]
        file = HERE / Path(path).name
        if path in ("/", "/basket"):
            self.say(self.page(path, lang), "text/html")
        elif path == "/session-token":
            self.say(self.server.token(self.session()), "text/plain", cached="no-store")
        elif path == "/items":
            known = {id_: ITEMS[id_] for id_ in asked.get("id", ()) if id_ in ITEMS}
            told = {id_: {**item, "title": title(item, lang)} for id_, item in known.items()}
            self.say(json.dumps(told), "application/json")
        elif file.suffix in TYPES and file.exists():
            self.say(file.read_text(encoding="utf-8"), TYPES[file.suffix])
        else:
            self.send_error(404)

    def page(self, path: str, lang: str) -> str:
        """The page, in a language."""
        return Template((HERE / "index.html").read_text(encoding="utf-8")).substitute(
            lang=lang if lang.isalnum() else "en",
            dir="rtl" if lang in RIGHT_TO_LEFT else "ltr",
            title=title(ITEMS["bread"], lang),
            view='view="bread"' if path == "/" else "",
            gateway=self.server.gateway,
            integrity=self.server.integrity,
        )

    def session(self) -> str:
        """The visit, by a cookie of the shop's own."""
        cookie = SimpleCookie(self.headers.get("Cookie", "")).get("visit")
        return cookie.value if cookie else secrets.token_hex(16)

    def say(self, text: str, kind: str, cached: str = "no-cache") -> None:
        """Answer with a text."""
        body = text.encode()
        self.send_response(200)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", cached)
        self.send_header("Content-Security-Policy", POLICY.format(gateway=self.server.gateway))
        if kind == "text/html":
            self.send_header(
                "Set-Cookie", f"visit={self.session()}; HttpOnly; SameSite=Lax; Path=/"
            )
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # so it is called
        """Keep quiet."""


def title(item: dict[str, Any], lang: str) -> str:
    """In a language, or in English."""
    return str(item["titles"].get(lang, item["titles"]["en"]))


def b64(raw: bytes) -> bytes:
    """As addresses have it."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


if __name__ == "__main__":
    shop = ShopPage(
        int(os.environ.get("PORT", "8000")),
        os.environ.get("GATEWAY", "http://127.0.0.1:8090"),
        os.environ["KEY"],
    )
    print(f"http://127.0.0.1:{shop.server_port}")
    shop.serve_forever()
