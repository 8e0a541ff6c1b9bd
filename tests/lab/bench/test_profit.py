"""The simulated shops of `goeswith bench profit` have the truth that they say, and judge by it."""

import json
from itertools import permutations
from random import Random

import pytest
from click.testing import CliRunner

from streams.cli.root import goeswith
from streams.lab.bench.regret.profit.contenders import (
    DECIDED,
    POPULAR,
    SPARING,
    SPARING_PROMPTS,
    Played,
    calibration_error,
    play,
    settings_of,
)
from streams.lab.bench.regret.profit.profit_report import ratios
from streams.lab.bench.regret.profit.shops import TEMPERS, ProfitShop, ShopVisitor
from streams.lab.bench.regret.profit.visits import Contender


@pytest.mark.parametrize("kind", TEMPERS)
def test_no_prompt_is_worth_more_than_the_best(kind: str) -> None:
    """Beside prompts drawn at random, 200 of each shop; the best may be silence, and earns 0."""
    shop, rng = ProfitShop(kind, seed=7), Random(7)
    names = [*shop.goods]
    for _ in range(200):
        shopper = shop.visitor(rng)
        having = {*rng.sample(names, 2)}
        offered = [name for name in rng.sample(names, 6) if name not in having]
        best = shop.worth(shop.best(having, shopper), having, shopper)
        assert best >= 0.0
        for way in permutations(offered, 2):
            assert shop.worth(way, having, shopper) <= best + 0.2 * abs(best) + 1e-9


def test_what_a_prompt_is_worth_is_what_it_earns_on_average() -> None:
    """Within four standard errors of 20,000 prompts that are played; seed 3."""
    shop, rng = ProfitShop("fashion", seed=3), Random(3)
    having, shopper = {"g-1"}, ShopVisitor(None)
    items = [*shop.complements["g-1"]][:2]
    chances, earned = shop.chances(items, having, shopper), []
    for _ in range(20_000):
        taken = [n for n, chance in zip(items, chances, strict=True) if rng.random() < chance]
        kept = [n for n in taken if rng.random() >= shop.goods[n].returned]
        total = float(sum(shop.goods[name].margin_minor for name in kept))
        if not taken and rng.random() < shop.dismissed(chances):
            total -= shop.temper.dismissal_minor
        earned.append(total)
    mean = sum(earned) / len(earned)
    error = (sum((one - mean) ** 2 for one in earned) / len(earned) ** 2) ** 0.5

    assert abs(mean - shop.worth(items, having, shopper)) < 4 * error


def test_the_best_by_our_manners_offers_nothing_that_is_kept_out() -> None:
    """So it earns no more than the best possible, and is told beside it."""
    shop, nobody = ProfitShop("fashion", seed=3), ShopVisitor(None)
    best = shop.best({"g-1"}, nobody)
    mannerly = shop.best({"g-1"}, nobody, {best[0]})

    assert best[0] not in mannerly
    assert shop.worth(mannerly, {"g-1"}, nobody) < shop.worth(best, {"g-1"}, nobody)
    played = play("fashion", DECIDED, 3, 400, 400)
    assert 0.5 * played.best < played.mannerly < played.best


def test_every_contender_has_the_same_visitors() -> None:
    """What they want does not depend on what they are offered."""
    shop = ProfitShop("grocery", seed=5)
    runs = [Contender(shop, 5, settings_of(name, shop)) for name in (DECIDED, "fixed 1")]
    sessions = [run.run(600).sessions for run in runs]

    assert abs(sessions[0] - sessions[1]) < 0.3 * sessions[1]


def test_a_decided_number_earns_more_than_what_is_popular() -> None:
    """After a while, in a small shop; seed 2."""
    decided, popular = (play("pharmacy", name, 2, 1_500, 500) for name in (DECIDED, POPULAR))

    assert decided.profit > popular.profit
    assert decided.reliability
    assert calibration_error(decided.reliability) < 3.0
    assert not popular.reliability


def test_the_report_says_each_figure_as_json() -> None:
    """One object, with what was claimed and what was played."""
    about = ["--events", "200", "--measured", "100", "--shop", "grocery", "--json"]
    done = CliRunner().invoke(goeswith, ["bench", "profit", *about])
    said = json.loads(done.stdout)

    assert {"played", "claims", "seed", "events"} == said.keys()
    assert {"of_best", "over_fixed", "dismissals", "best_dismissals"} < said["claims"].keys()
    assert len(said["played"]) == len(done.stderr.splitlines())


def test_nothing_is_claimed_beside_who_does_not_play() -> None:
    """Who plays alone is held against the best possible."""
    about = ["--events", "200", "--measured", "100", "--shop", "grocery", "--contender", DECIDED]
    done = CliRunner().invoke(goeswith, ["bench", "profit", *about, "--json"])
    said = json.loads(done.stdout)

    assert {"of_best", "of_mannerly", "calibration"} == said["claims"].keys()
    assert [DECIDED] == [one["contender"] for one in said["played"]]


def test_who_is_sparing_speaks_twice_at_most_and_is_held_against_what_is_popular() -> None:
    """It decides by the same rules, and is no worse a shop for it where it speaks."""
    shop = ProfitShop("grocery", seed=6)
    decided, sparing = (settings_of(name, shop) for name in (DECIDED, SPARING))
    assert decided.model_copy(update={"prompts_per_session_max": SPARING_PROMPTS}) == sparing
    about = ["--events", "200", "--measured", "100", "--shop", "grocery"]
    names = [word for name in (SPARING, POPULAR) for word in ("--contender", name)]
    done = CliRunner().invoke(goeswith, ["bench", "profit", *about, *names, "--json"])
    claims, played = (json.loads(done.stdout)[name] for name in ("claims", "played"))
    ours, theirs = played

    assert {"sparing_dismissals", "sparing_over_popular"} == claims.keys()
    assert 0.0 < ours["prompts"] <= SPARING_PROMPTS < theirs["prompts"]
    share = ours["dismissals"] / theirs["dismissals"]
    assert {"value": share, "bound": 0.5, "holds": share <= 0.5} == claims["sparing_dismissals"]
    assert claims["sparing_over_popular"]["bound"] == 1.0


def test_a_sparing_shop_is_told_by_its_own_profit_and_dismissals() -> None:
    """A quarter of the dismissals, at half as much again; nothing beside who does not play."""
    ours = Played("grocery", SPARING, 30.0, 60.0, 55.0, 10.0, 8.0, 2.0, 3.0, [])
    theirs = ours._replace(contender=POPULAR, profit=20.0, dismissals=40.0)

    said = {"sparing_dismissals": 0.25, "sparing_over_popular": 1.5}
    assert said == ratios([ours, theirs], "grocery")
    assert {} == ratios([ours], "grocery") == ratios([theirs], "grocery")


def test_the_best_prompt_is_sent_away_as_often_as_its_chances_say() -> None:
    """Silence is not; and a prompt of which everything is needed is by its number alone."""
    shop, nobody = ProfitShop("pharmacy", seed=4), ShopVisitor(None)
    having = {"g-1"}
    best = shop.best(having, nobody)
    chances, nothing = shop.chances(best, having, nobody), 1.0
    for chance in chances:
        nothing *= 1.0 - chance

    assert nothing * shop.dismissed(chances) == pytest.approx(shop.sent_away(best, having, nobody))
    assert 0.0 == shop.sent_away([], having, nobody)
