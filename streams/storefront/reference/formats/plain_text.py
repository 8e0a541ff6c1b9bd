"""Markup in titles, made the text that a browser would show: on one line, without a tag.

Shop systems export titles as their editors keep them. What looks like a tag and is none of HTML
(`Shirt <M>`) is text, and so is one that nothing closes (`Bra <B>`), and what looks like a
character's name and lacks its semicolon. Nothing of a title is swallowed unsaid.
"""

import re
import sys
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
VOID = frozenset({"br", "hr", "img", "wbr"})
"""Tags that nothing closes."""
CLOSES = {
    "dl": ("dd", "dt"),
    "ol": ("li",),
    "table": ("tbody", "td", "tfoot", "th", "thead", "tr"),
    "ul": ("li",),
}
"""Tags that the end of another one closes as well."""
CHARS_MAX = 20_000
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_NO_MARKUP = re.compile(r"<(?=!(?!--|doctype\b)|\?(?![a-z])|/(?![a-z]))", re.IGNORECASE)
"""What HTML's parser takes for a comment, or for a section, at which it may even raise."""
_COMMENT = re.compile(r"<(?=!--)")
_START = re.compile(r"<(?=([a-z][a-z0-9]*)(?=[\s/>])([^<>]*))", re.IGNORECASE)
_EITHER = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\s+[\w-]+=")
_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));")
SURROGATES = range(0xD800, 0xE000)
"""Halves of characters: some editors call an emoji by two numbers."""
REPLACED = 0xFFFD
DIGITS_MAX = 7
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

    def __init__(self) -> None:
        super().__init__()
        self._unshown = 0
        self._text: list[str] = []

    @classmethod
    def of(cls, said: str) -> str:
        """What is shown of this."""
        if "<" not in said and "&" not in said:
            return said
        whole = _AMPERSAND.sub("&amp;", _CDATA.sub(r"\1", _referred(said)))
        whole = _NO_MARKUP.sub("&lt;", whole)
        if (cut := _UNFINISHED.search(whole)) is not None:
            if _known(cut[1].lower()) and re.match(r"</?\w+\s", whole[cut.start() :]):
                raise ValueError(f"it ends in the midst of a tag: {whole[cut.start() :][:40]!r}")
            whole = f"{whole[: cut.start()]}&lt;{whole[cut.end() :]}"
        shown = cls()
        shown.feed(_closed(whole))
        shown.close()
        return "".join(shown._text)

    def handle_data(self, data: str) -> None:
        """Text."""
        if not self._unshown:
            self._text.append(data)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        """A tag parts words, or does not; one that HTML has not is text."""
        self._unshown += tag in UNSHOWN
        if PARTING.fullmatch(tag):
            self._text.append(" ")
        elif not _known(tag):
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


def _closed(said: str) -> str:
    """The same with tags and comments that nothing closes escaped: they are text.

    A tag with an attribute is none, unless all behind it would not be shown.

    >>> _closed("Bra <B> <b>new</b>"), _closed("<i class=x>Tea"), _closed("<!-- Tea")
    ('Bra &lt;B> <b>new</b>', '<i class=x>Tea', '&lt;!-- Tea')
    """
    comments_end = said.rfind("-->")
    said = _COMMENT.sub(lambda found: "<" if found.start() < comments_end else "&lt;", said)
    closed = _with_ends(said)

    def told(found: re.Match[str]) -> str:
        tag = found[1].lower()
        shown = tag not in UNSHOWN and _ATTRIBUTE.match(found[2]) is not None
        return "<" if tag in VOID or shown or found.start() in closed else "&lt;"

    return _START.sub(told, said)


def _with_ends(said: str) -> set[int]:
    """Where the tags begin that are closed: an end is that of the last one before it."""
    still_open: dict[str, list[int]] = {}
    closed: set[int] = set()
    for found in _EITHER.finditer(said):
        tag = found[2].lower()
        if not found[1]:
            still_open.setdefault(tag, []).append(found.start())
            continue
        if starts := still_open.get(tag):
            closed.add(starts.pop())
        for part in CLOSES.get(tag, ()):
            closed.update(still_open.pop(part, ()))
    return closed


def _referred(said: str) -> str:
    """The same with characters for what is called by two numbers, and nothing for what is none.

    >>> _referred("Smile &#55357;&#56832;, &#65; &#0;") == "Smile \N{GRINNING FACE}, &#65; "
    True
    """
    if "&#" not in said:
        return said
    halves = _REFERENCE.sub(_character, said)
    return halves.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")


def _character(found: re.Match[str]) -> str:
    """A half of a character for itself, nothing for what is none; all others are read later."""
    digits = (found[1] or found[2]).lstrip("0")
    if not digits or len(digits) > DIGITS_MAX:
        return ""
    code = int(digits, 16 if found[1] else 10)
    if SURROGATES[0] <= code <= SURROGATES[-1]:
        return chr(code)
    return "" if code == REPLACED or code > sys.maxunicode else found[0]
