"""In which languages titles are liked: the `Accept-Language` of who asks (RFC 9110, 12.5.4)."""

from typing import Annotated

from fastapi import Depends, Header

from streams.storefront.gateway.gateway import Here
from streams.storefront.gateway.live.rendered import Wording
from streams.storefront.gateway.routes.asking.weights import liked


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
    return Wording(here.shelf, liked(languages))


Worded = Annotated[Wording, Depends(wording)]
"""A route's wording."""
