"""The files for browsers: as they are served, packed, and the hashes that pages name them by.

They are modules (ECMAScript), served as they are written but for lines of comment and indents: no
shopper waits for those. The element is handed out together with the client that it stands on, as
one file: a page's `integrity` then speaks for all of it. Where docs/element.md names it, this
module does (`make docs`).
"""

import base64
import gzip
import hashlib
import re
import sys
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

ROOM = files("streams.storefront.gateway.browser")
CLIENT, ELEMENT = "client.js", "goes-with.js"
NAMES = (ELEMENT, CLIENT, "goes-with.d.ts", "client.d.ts")
JOIN = re.compile(r'^(?:import|export) .* from "\./client\.js";\n', re.MULTILINE)
UNSENT = re.compile(r"^ *(?:// .*|/\*\* .* \*/)\n|^ +", re.MULTILINE)
"""A line that is a comment, or an indent: in our programs no text goes over lines but CSS."""

INTEGRITY = re.compile(r'(?<=integrity=")sha384-[A-Za-z0-9+/]{64}(?=")')


class BrowserFile(NamedTuple):
    """A file as it is served."""

    name: str
    text: bytes
    packed: bytes
    """The same, by gzip."""

    @property
    def media_type(self) -> str:
        """What it is, in the word of HTTP."""
        return "text/javascript" if self.name.endswith(".js") else "text/plain"

    @property
    def integrity(self) -> str:
        """What a page names it by, so that no other one is run (W3C, Subresource Integrity)."""
        return f"sha384-{base64.b64encode(hashlib.sha384(self.text).digest()).decode()}"

    @property
    def etag(self) -> str:
        """What a browser that has it asks with."""
        return f'"{hashlib.sha256(self.text).hexdigest()[:32]}"'


@cache
def browser_file(name: str) -> BrowserFile:
    """One of `NAMES`.

    >>> browser_file("goes-with.js").text.count(b"class Client")
    1
    """
    text = (ROOM / name).read_text(encoding="utf-8")
    if name == ELEMENT:
        text = (ROOM / CLIENT).read_text(encoding="utf-8") + JOIN.sub("", text)
    if name.endswith(".js"):
        text = UNSENT.sub("", text)
    raw = text.encode()
    return BrowserFile(name, raw, gzip.compress(raw, mtime=0))


def renamed(page: str) -> str:
    """A page of docs/ with the element's `integrity` as it is now."""
    return INTEGRITY.sub(browser_file(ELEMENT).integrity, page)


if __name__ == "__main__":
    for path in map(Path, sys.argv[1:]):
        path.write_text(renamed(path.read_text()))
