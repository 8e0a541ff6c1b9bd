"""Output escaping: text from outside, made safe for a terminal.

Ids, reasons and headers come from senders. Printed as they are they could move the cursor, recolour
the screen or turn the order of a line around; so whatever is not printable is shown as an escape.
"""

JOINERS = "\u200c\u200d"
"""Zero-width joiners: invisible, harmless, and part of spelling in Persian and Hindi."""


def printable(text: str, chars_max: int = 200) -> str:
    r"""The text on one line without control characters, cut to `chars_max` characters.

    >>> printable("bread\x1b[2J and\nbutter")
    'bread\\x1b[2J and\\nbutter'
    >>> printable("bread and butter", chars_max=6)
    'bread…'
    """
    shown = "".join(
        letter if letter.isprintable() or letter in JOINERS else _escaped(letter)
        for letter in text[: chars_max + 1]
    )
    return shown if len(shown) <= chars_max else shown[: chars_max - 1] + "…"


def printable_bytes(raw: bytes | None, chars_max: int = 200) -> str:
    r"""The bytes as text where they are UTF-8, escaped where they are not.

    >>> printable_bytes(b"caf\xc3\xa9 \xff")
    'café \\xff'
    """
    if raw is None:
        return "(null)"
    # No character takes more than 4 bytes: the rest could not be shown anyway.
    return printable(raw[: 4 * chars_max + 4].decode("utf-8", "backslashreplace"), chars_max)


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode()
