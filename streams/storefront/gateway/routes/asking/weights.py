"""What who asks likes, and how much: the weights of `Accept-…` headers (RFC 9110, 12.4.2)."""

import re

CHARS_MAX = 256
WORDS_MAX = 8
WORD = re.compile(r"[A-Za-z0-9-]{1,16}")


def liked(header: str) -> tuple[str, ...]:
    """The words of a header, the liked one first; what is none, or has weight 0, is not among them.

    >>> liked("fr;q=0.5, de-AT, *;q=0.1, en;q=0")
    ('de-AT', 'fr')
    >>> liked("gzip;q=0, br"), liked("de;q=much"), liked("")
    (('br',), (), ())
    """
    weights = list[tuple[float, str]]()
    for part in header[:CHARS_MAX].split(",")[:WORDS_MAX]:
        word, _, weight = part.partition(";")
        word, (name, _, number) = word.strip(), weight.strip().partition("=")
        try:
            liking = float(number) if name.strip().lower() == "q" else 1.0
        except ValueError:
            continue
        if liking > 0 and WORD.fullmatch(word):
            weights.append((liking, word))
    return tuple(word for _, word in sorted(weights, key=lambda one: -one[0]))
