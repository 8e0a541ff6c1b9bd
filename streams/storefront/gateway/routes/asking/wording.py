"""In which languages titles are liked: the `Accept-Language` of who asks (RFC 9110, 12.5.4)."""

import re
from typing import Annotated

from fastapi import Depends, Header

from streams.storefront.gateway.gateway import Here
from streams.storefront.gateway.live.rendered import Wording

CHARS_MAX = 256
TAGS_MAX = 8
TAG = re.compile(r"[A-Za-z0-9-]{1,16}")


def accepted_languages(header: str) -> tuple[str, ...]:
    """The language tags of a header, the liked one first; what is none counts as nothing.

    >>> accepted_languages("fr;q=0.5, de-AT, *;q=0.1, en;q=0")
    ('de-AT', 'fr')
    >>> accepted_languages("de;q=much"), accepted_languages("")
    ((), ())
    """
    liked = list[tuple[float, str]]()
    for part in header[:CHARS_MAX].split(",")[:TAGS_MAX]:
        tag, _, weight = part.partition(";")
        tag, (name, _, number) = tag.strip(), weight.strip().partition("=")
        try:
            liking = float(number) if name.strip().lower() == "q" else 1.0
        except ValueError:
            continue
        if liking > 0 and TAG.fullmatch(tag):
            liked.append((liking, tag))
    return tuple(tag for _, tag in sorted(liked, key=lambda one: -one[0]))


async def wording(
    here: Here,
    languages: Annotated[
        str,
        Header(
            alias="Accept-Language",
            description="In which titles are liked, where the event that asked has no `locale`.",
        ),
    ] = "",
) -> Wording:
    """What prompts are worded by for who asks."""
    return Wording(here.shelf, accepted_languages(languages))


Worded = Annotated[Wording, Depends(wording)]
"""A route's wording."""
