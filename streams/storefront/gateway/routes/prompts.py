"""`GET /v1/prompts`: what a session may be shown now, for pages that a server makes."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel, ConfigDict

from streams.contract.events.fields import Id
from streams.storefront.gateway.gateway import Here
from streams.storefront.gateway.live.rendered import RenderedPrompt
from streams.storefront.gateway.routes.asking.caller import Asking, by_address, take
from streams.storefront.gateway.routes.asking.wording import Worded
from streams.storefront.gateway.routes.refusals import refusals

router = APIRouter(prefix="/v1", tags=["prompts"], dependencies=[Depends(by_address)])
OfSession = Annotated[
    Id | None, Query(alias="session_id", description="With the shop's key: whose prompts.")
]


class CurrentlyShown(BaseModel):
    """What a session may be shown now."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    prompts: tuple[RenderedPrompt, ...]
    """Oldest first."""
    complete: bool
    """False: there is no view in Redis to be asked; these are what came to this gateway."""


@router.get(
    "/prompts",
    summary="Get what may be shown now",
    response_model=CurrentlyShown,
    responses=refusals(401, 403, 422, 429),
)
async def get_prompts(
    here: Here, asking: Asking, worded: Worded, of_session: OfSession = None
) -> Response:
    """Tell what the session may be shown now, oldest first."""
    take(here, asking, 1)
    mailbox = here.mailboxes.of(asking.session(of_session))
    view = await here.view.prompts_of(mailbox.session_id)
    for prompt in view or ():
        mailbox.take(prompt)
    now_ms = here.clock_ms()
    said = CurrentlyShown(
        prompts=tuple(
            RenderedPrompt.of(prompt, now_ms, worded) for prompt in mailbox.current(now_ms)
        ),
        complete=view is not None,
    )
    return Response(
        said.model_dump_json(exclude_none=True),
        headers={"Cache-Control": "no-store"},
        media_type="application/json",
    )
