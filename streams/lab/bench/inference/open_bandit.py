"""The Open Bandit Dataset: what a shop's Thompson sampling would have earned, from a random log.

The small sample (10,000 decisions of the campaign All) comes inside the package `obp`, which is
installed apart, without what it depends on: only its files are read. What its authors publish for
this sample, with simulated probabilities, is 0.004553.

Saito, Aihara, Matsutani and Narita: Open Bandit Dataset and Pipeline. NeurIPS 2021.
"""

import csv
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, betaincinv

from models.evaluation.off_policy import OffPolicyEstimate, evaluate
from streams.contract.errors import MissingExtra

Floats = npt.NDArray[np.float64]

PEERS = Path(".venv-peers")
"""The benchmark environment."""
QUANTILES = np.concatenate(
    (np.logspace(-9, -2.5, 12), np.linspace(0.005, 0.995, 100), 1.0 - np.logspace(-2.5, -9, 12))
)
"""Where the distributions are looked at; five times as many change the estimate by 0.00000001."""
TINY = 1e-12


class BetaPrior(NamedTuple):
    """What the shop believed of each item when the data was collected: Beta(alpha, beta)."""

    alpha: Floats
    beta: Floats


def package(peers: Path = PEERS) -> Path:
    """Where the files of obp are; raises `MissingExtra` with the command that brings them."""
    for found in sorted(peers.glob("lib/python*/site-packages/obp")):
        return found
    raise MissingExtra(
        f"the Open Bandit Dataset is not in {peers}: run `.ci/open-bandit` in a checkout of "
        "goeswith"
    )


def random_to_thompson(of: Path) -> OffPolicyEstimate:
    """What Bernoulli Thompson sampling would have earned, from the log of uniform choices."""
    prior = read_prior((of / "policy" / "conf" / "prior_bts.yaml").read_text(), "all")
    shares = ranked_shares(prior)
    with (of / "dataset" / "obd" / "random" / "all" / "all.csv").open(newline="") as file:
        rows = [
            (row["item_id"], row["position"], row["click"], row["propensity_score"])
            for row in csv.DictReader(file)
        ]
    items, positions, clicks, propensities = np.array(rows, np.float64).T
    target = shares[items.astype(int), positions.astype(int) - 1]
    return evaluate(clicks, propensities, target)


def read_prior(text: str, campaign: str) -> BetaPrior:
    r"""The prior of a campaign, from the two lists that the file has for each.

    >>> read_prior("all:\n  alpha:\n    - 47.0\n  beta:\n    - 900.0\n", "all")
    BetaPrior(alpha=array([47.]), beta=array([900.]))
    """
    lists: dict[tuple[str, str], list[float]] = {}
    of, which = "", ""
    for line in text.splitlines():
        word = line.strip()
        if word.startswith("- "):
            lists.setdefault((of, which), []).append(float(word[2:]))
        elif line.startswith(" "):
            which = word.rstrip(":")
        else:
            of = word.rstrip(":")
    return BetaPrior(np.array(lists[campaign, "alpha"]), np.array(lists[campaign, "beta"]))


def ranked_shares(prior: BetaPrior) -> Floats:
    """How probable it is that an item's rate is the largest, the second, the third; (items, 3).

    The integral of f_k times the probability that none, one or two of the others are above: with
    F_i below, (1 - F_i) / F_i above, these are elementary symmetric sums.

    >>> shares = ranked_shares(BetaPrior(np.array([2.0, 2.0, 8.0]), np.array([8.0, 8.0, 2.0])))
    >>> shares.round(3).tolist()
    [[0.002, 0.498, 0.5], [0.002, 0.498, 0.5], [0.997, 0.003, 0.0]]
    """
    a, b = prior.alpha[:, None], prior.beta[:, None]
    grid = np.unique(np.concatenate([betaincinv(a, b, QUANTILES).ravel(), [0.0, 1.0]]))
    below = betainc(a, b, grid)
    mass = np.diff(below, axis=1)
    middle = np.maximum((below[:, 1:] + below[:, :-1]) / 2.0, TINY)
    odds = (1.0 - middle) / middle
    none = middle.prod(axis=0) / middle
    one = odds.sum(axis=0) - odds
    two = (odds.sum(axis=0) ** 2 - (odds**2).sum(axis=0)) / 2.0 - odds * one
    shares = np.stack([(mass * none * above).sum(axis=1) for above in (1.0, one, two)], axis=1)
    scaled: Floats = shares / shares.sum(axis=0)
    return scaled
