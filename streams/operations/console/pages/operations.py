"""`/operations`: workers, checkpoints and dead letters."""

from typing import Any

from fastapi import APIRouter, Request, Response

from streams.operations.console.pages.rendering import Here, notices, rendered
from streams.operations.console.watching.poller import Poller

router = APIRouter()


@router.get("/operations")
async def operations(request: Request, here: Here) -> Response:
    """The page of what runs."""
    sources = here.sources
    lag = sources.lag.reading.value
    watched: list[Poller[Any]] = [sources.letters, sources.checkpoints, sources.workers]
    return rendered(
        request,
        "operations.html",
        workers=sources.workers.reading.value,
        asked=bool(here.settings.worker_pages),
        members=None if lag is None else lag.lag.members,
        checkpoints=sources.checkpoints.reading.value,
        every_s=here.settings.checkpoint_every_s,
        letters=sources.letters.reading.value,
        notices=notices(here, *watched),
    )


@router.get("/api/operations")
async def operations_json(here: Here) -> dict[str, Any]:
    """Workers, checkpoints and dead letters, for programs."""
    sources = here.sources
    letters = sources.letters.reading.value
    checkpoints = sources.checkpoints.reading.value
    workers = sources.workers.reading.value or ()
    return {
        "workers": [
            {
                "address": one.address,
                "trouble": one.trouble,
                "ready": one.ready,
                "readiness": one.readiness and one.readiness.model_dump(mode="json"),
                "state": one.state and one.state.model_dump(mode="json"),
            }
            for one in workers
        ],
        "checkpoints": None
        if checkpoints is None
        else {
            "where": checkpoints.where,
            "generations": [one.model_dump(mode="json") for one in checkpoints.generations],
        },
        "dead_letters": None
        if letters is None
        else {
            "kinds": [vars(kind) for kind in letters.kinds],
            "newest": [one._asdict() for one in letters.newest],
        },
    }
