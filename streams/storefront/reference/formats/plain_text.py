"""Markup in titles, made the text that a browser would show: on one line, without a tag.

Shop systems export titles as their editors keep them. What looks like a tag and is none of HTML
(`Shirt <M>`) is text, and so is what looks like a character's name and lacks its semicolon.
"""

import re
from html.parser import HTMLParser

INLINE = re.compile(
    "a|abbr|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|"
    "strong|sub|sup|tt|u|var|wbr"
)
"""Tags that part no words."""
PARTING = re.compile(
    "article|aside|blockquote|br|center|dd|div|dl|dt|figcaption|figure|footer|h[1-6]|header|hr|"
    "img|li|main|nav|ol|p|pre|section|table|tbody|td|tfoot|th|thead|tr|ul"
)
UNSHOWN = frozenset({"script", "style"})
CHARS_MAX = 20_000
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_SECTION = re.compile(r"<(?=!\[)")
"""Another section: HTML has none, and its parser may raise an `AssertionError`."""
_AMPERSAND = re.compile(r"&(?!#?\w+;)")
_UNFINISHED = re.compile(r"<(?=/?(\w*)[^<>]*\Z)")
"""The last tag, where it is not closed."""
TIMES_MAX = 8
"""What was escaped, and escaped again."""


def plain(said: str) -> str:
    """The text of a title. Raises `ValueError` for one that is cut off in a tag, or is too long.

    >>> plain('Shirt <b>"Size"</b> &amp; more<br>second  line'), plain("&lt;em&gt;Tea&lt;/em&gt;")
    ('Shirt "Size" & more second line', 'Tea')
    >>> plain("Tea <5 g & Shirt <M>"), plain("Bed&copper"), plain("R&amp;D")
    ('Tea <5 g & Shirt <M>', 'Bed&copper', 'R&D')
    >>> plain("Tea <em cla")
    Traceback (most recent call last):
      ...
    ValueError: it ends in the midst of a tag: '<em cla'
    """
    if len(said) > CHARS_MAX:
        raise ValueError(f"it is longer than {CHARS_MAX:,} characters")
    for _ in range(TIMES_MAX):
        before, said = said, _Shown.of(said)
        if said == before:
            return " ".join(said.split())
    raise ValueError("it is markup within markup")


class _Shown(HTMLParser):
    """Collects what is shown."""

    def __init__(self, said: str) -> None:
        super().__init__()
        self._struck = "</s>" in said.lower()
        self._unshown = 0
        self._text: list[str] = []

    @classmethod
    def of(cls, said: str) -> str:
        """What is shown of this."""
        if "<" not in said and "&" not in said:
            return said
        whole = _AMPERSAND.sub("&amp;", _CDATA.sub(r"\1", said))
        whole = _SECTION.sub("&lt;", whole)
        if (cut := _UNFINISHED.search(whole)) is not None:
            if _known(cut[1].lower()) and re.match(r"</?\w+\s", whole[cut.start() :]):
                raise ValueError(f"it ends in the midst of a tag: {whole[cut.start() :][:40]!r}")
            whole = f"{whole[: cut.start()]}&lt;{whole[cut.end() :]}"
        shown = cls(whole)
        shown.feed(whole)
        shown.close()
        return "".join(shown._text)

    def handle_data(self, data: str) -> None:
        """Text."""
        if not self._unshown:
            self._text.append(data)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """A tag parts words, or does not; one that HTML has not is text, as is the size S."""
        self._unshown += tag in UNSHOWN
        if PARTING.fullmatch(tag):
            self._text.append(" ")
        elif not _known(tag) or (tag == "s" and not self._struck):
            self._text.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        """A tag that closes itself shows nothing, whichever it is."""
        if tag not in UNSHOWN:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        """Likewise."""
        if tag in UNSHOWN:
            self._unshown = max(0, self._unshown - 1)
        elif PARTING.fullmatch(tag):
            self._text.append(" ")
        elif not _known(tag):
            self._text.append(f"</{tag}>")


def _known(tag: str) -> bool:
    return bool(tag in UNSHOWN or INLINE.fullmatch(tag) or PARTING.fullmatch(tag))
