"""`/healthz` and `/readyz`: whether it lives, and whether a balancer should send it anybody."""

from collections.abc import Iterator

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict

from streams.storefront.gateway.gateway import Gateway, Here

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """It lives."""

    alive: bool = True
    """An event loop that turns says so."""


class Ready(BaseModel):
    """Whether it takes events and hands on prompts."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    ready: bool
    """Whether it is of use."""
    reasons: tuple[str, ...]
    """Why not."""
    notes: tuple[str, ...]
    """What an operator should know, and no reason to send nobody: Redis is away."""
    streams: int
    """How many are open."""
    mailboxes: int
    """Of so many sessions prompts are held."""
    handed: int
    """Records of prompts for one of these, since the start."""
    dropped: int
    """Records of prompts that nobody waits for here, undecoded."""
    unreadable: int
    """Records that are no prompts, or another session's than their key says."""


@router.get("/healthz", summary="Whether it lives")
async def get_healthz() -> Alive:
    """Say so."""
    return Alive()


@router.get("/readyz", summary="Whether it is of use", responses={503: {"model": Ready}})
async def get_readyz(here: Here, response: Response) -> Ready:
    """Say whether events are taken and prompts come; 503 and the reasons where they do not."""
    reasons = ["it is closing"] if here.closing else []
    if trouble := await here.bus.trouble():
        reasons.append(trouble)
    if reasons:
        response.status_code = 503
    boxes = here.mailboxes
    return Ready(
        ready=not reasons,
        reasons=tuple(reasons),
        notes=tuple(_notes(here)),
        streams=here.streams,
        mailboxes=len(boxes),
        handed=boxes.handed,
        dropped=boxes.dropped,
        unreadable=boxes.unreadable,
    )


def _notes(here: Gateway) -> Iterator[str]:
    if here.view.away:
        yield "Redis does not answer: who comes back resumes what came here"
    if here.shared_rates.away:
        verb = "refuses rates" if here.shared_rates.refused else "does not answer"
        yield f"Redis {verb}: each gateway counts rates for itself"
    if count := here.view.unreadable:
        yield f"{count} views in Redis could not be read: something else writes there"
