"""One run of simulated shoppers: feed, look, show, and in the end wait until all is answered."""

import asyncio
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext, suppress
from typing import NamedTuple, Protocol

from streams.cli.options import with_some_secret
from streams.lab.demo.overview import Lookout, Overview
from streams.lab.demo.shoppers.shoppers import crowd
from streams.lab.demo.shoppers.traffic import Traffic
from streams.lab.demo.shops.assortment import SHOPS, assortment
from streams.lab.demo.simulation import Simulation
from streams.lab.demo.truth import Judge
from streams.lab.demo.view import View
from streams.lab.embedded.installation import Installation
from streams.views.arm_board import ArmBoard

FRAME_S = 0.25
REFRESH_S = 1.0
BESIDE = ("console", "subscribe", "lag", "arms", "off-policy --example policy.toml")
"""Commands that look at a running demo from another terminal."""
ENDING = (signal.SIGINT, signal.SIGTERM)
DRAINED_NOT = (
    "the worker did not acknowledge every event in time; look at lag_events, and at the load of "
    "this machine"
)


class SimulationOptions(NamedTuple):
    """What the user asked for; without `seconds` the run goes on until Ctrl-C."""

    rate_per_s: float
    shoppers: int
    seed: int
    seconds: float | None
    shop_name: str = SHOPS[0]
    """One of the sample shops."""


class Ended(NamedTuple):
    """How a run ended; `drained` says whether the worker has acknowledged every event."""

    overview: Overview
    drained: bool


class OpenShop(Protocol):
    """A shop that people may visit while the shoppers do: see `streams.lab.demo.web`."""

    @property
    def address(self) -> str:
        """Where it is."""

    def serving(self, simulation: Simulation) -> AbstractAsyncContextManager[None]:
        """Serves for the length of the block."""

    def look(self, seen: Overview) -> None:
        """Is told how everything stands, a few times a second; raises what went wrong with it."""


async def run(
    here: Installation, options: SimulationOptions, view: View, open_shop: OpenShop | None = None
) -> Ended:
    """Let the shoppers in, show what happens, and return how everything stands in the end.

    The first Ctrl-C ends the feeding, and all is still answered; a second one breaks off.
    """
    simulation = _simulation(here, options)
    serving = nullcontext() if open_shop is None else open_shop.serving(simulation)
    async with simulation, Lookout(here, simulation) as lookout, serving:
        if here.worker is not None:
            view.say("waiting for the worker to join its group")
            await lookout.ready()
        view.point_out([here.beside(command) for command in BESIDE])
        if open_shop is not None:
            view.open_at(open_shop.address)
        with view, _told_to_end() as told:
            await _feed(simulation, lookout, options.seconds, told, view, open_shop)
        await simulation.flush()
        if here.worker is None:
            await lookout.refresh()
            return Ended(lookout.overview(), drained=True)
        view.say("feeding has stopped; waiting until everything is answered")
        drained = await lookout.drained()  # told as it was seen: shoppers go on with what they hear
        return Ended(lookout.overview(), drained)


def _simulation(here: Installation, options: SimulationOptions) -> Simulation:
    shop = assortment(options.shop_name)
    traffic = Traffic(
        seed=options.seed,
        shoppers=crowd(options.seed, options.shoppers, shop),
        run="visit" if here.embedded else f"visit-{secrets.token_hex(4)}",
        shop=shop,
    )
    return Simulation(
        here.settings,
        traffic,
        rate_per_s=options.rate_per_s,
        judge=Judge(with_some_secret(here.settings), shop),  # it learns pairs, and opens no receipt
        board=ArmBoard(),
    )


async def _feed(
    simulation: Simulation,
    lookout: Lookout,
    seconds: float | None,
    told: asyncio.Event,
    view: View,
    open_shop: OpenShop | None,
) -> None:
    """Feed and show until the time is over or we are told to end."""
    feeding = asyncio.create_task(simulation.feed(seconds))
    ending = asyncio.create_task(told.wait())
    refreshed_s = 0.0
    try:
        while not (feeding.done() or ending.done()):
            if time.monotonic() - refreshed_s >= REFRESH_S:
                refreshed_s = time.monotonic()
                await lookout.refresh()
            seen = lookout.overview()
            view.show(seen, simulation.tally.recent)
            if open_shop is not None:
                open_shop.look(seen)
            await asyncio.wait({feeding, ending}, timeout=FRAME_S, return_when="FIRST_COMPLETED")
    finally:
        ending.cancel()
        feeding.cancel()
        with suppress(asyncio.CancelledError):
            await feeding


@contextmanager
def _told_to_end() -> Iterator[asyncio.Event]:
    """An event that the first Ctrl-C or SIGTERM sets; the next one is as rude as ever."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()

    def tell() -> None:
        told.set()
        for number in ENDING:
            loop.remove_signal_handler(number)

    for number in ENDING:
        loop.add_signal_handler(number, tell)
    try:
        yield told
    finally:
        for number in ENDING:
            loop.remove_signal_handler(number)
