"""A console that is left open for a day, and experiments that have hardly begun."""

from streams.experiments.impressions import Trials
from streams.experiments.uplift.units import Units
from streams.operations.console.watching.experiments.course import EstimateCourse
from streams.operations.console.watching.poller import Poller
from streams.views.arm_board import ArmBoard
from tests.deep_size import deep_size
from tests.experiments.uplift.records import assigned, ordered
from tests.operations.console.eyes import Eyes, earned, group, one, prompt, shown

LOOK_S = 120.0
LOOKS_A_DAY = int(86_400 / LOOK_S)
WARM_LOOKS = LOOKS_A_DAY // 4
"""By then what is bounded is full."""
GROWN_MAX = 1.02
"""Names and numbers become a digit longer; epochs of rewards are 32 to 64 of each arm."""
HELD_MAX = 100
"""So many sessions, orders and prompts are held here: a day would not fill half a million."""
FOLDED = ("board", "trials", "evidence", "units", "course", "_next")
ARMS = ("popular", "bought_together")
PATHS = ("/", "/lag", "/experiments", "/prompts", "/operations")


def something_happens(eyes: Eyes, number: int) -> None:
    """Something happens on every topic that the console reads."""
    arm = ARMS[number % 2]
    eyes.publish(*(prompt(5 * number + more) for more in range(5)))
    at = number * int(LOOK_S)  # a second each
    eyes.happen(shown(at, arm, ARMS), earned(at, arm, 0.5))
    unit = assigned(number)
    eyes.happen(unit, ordered(unit))
    eyes.bury(b"{" * (number % 50), reason=f"reason_{number % 7}")
    eyes.lag = group(*(one(at, waiting=number % 9) for at in range(number % 3 + 1)))


def held(eyes: Eyes) -> dict[str, int]:
    """The bytes of what the console knows: what its sources have seen, and what they fold by."""
    shared = [eyes.settings]
    seen = {one.name: one.reading for one in eyes.sources if isinstance(one, Poller)}
    fold = {name: vars(eyes.fold)[name] for name in FOLDED}
    return {name: deep_size(known, shared=shared) for name, known in (seen | fold).items()}


async def test_a_console_left_open_for_a_day_holds_no_more_than_at_the_start() -> None:
    """Prompts, outcomes, dead letters and lag come all day; pages are looked at now and then."""
    eyes = Eyes()
    eyes.fold.trials = Trials(open_max=HELD_MAX, ids_max=HELD_MAX)
    eyes.fold.units = Units(HELD_MAX, HELD_MAX)
    eyes.fold.board = ArmBoard(ids_max=HELD_MAX)
    eyes.fold.course = EstimateCourse(points_max=10)
    sizes: list[dict[str, int]] = []
    async with eyes.client() as client:
        for number in range(LOOKS_A_DAY):
            something_happens(eyes, number)
            eyes.now_s += LOOK_S
            eyes.look()
            if number % WARM_LOOKS == WARM_LOOKS - 1:
                sizes.append(held(eyes))
                for path in PATHS:
                    assert 200 == (await client.get(path)).status_code

    totals = [sum(size.values()) for size in sizes]

    assert 4 == len(totals)
    assert max(totals) < GROWN_MAX * totals[0], sizes


async def test_one_unit_a_side_is_a_page_without_a_verdict(eyes: Eyes) -> None:
    """Nothing can be said of two, and that is said."""
    units = assigned(1, held=True), assigned(2, held=False)
    eyes.happen(*units, ordered(units[1]))
    eyes.look()
    async with eyes.client() as client:
        page = (await client.get("/experiments")).text
        told = (await client.get("/api/experiments")).json()["uplift"]

    assert "too early" in page.lower()
    assert (1, 1) == (told["held_out"], told["prompted"])
    assert not [row for row in told["metrics"] if row.get("low") is not None]
