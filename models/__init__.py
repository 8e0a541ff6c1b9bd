"""Learned models, never data models: what goeswith learns from events, and how it chooses.

A model is imported when it is first asked for: those with compiled loops bring a compiler along,
which a command that has no use for them need not wait for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.bandit.choice import Choice
    from models.bandit.linear.thompson import LinearThompsonSampling
    from models.bandit.thompson import ThompsonSampling
    from models.recommenders.baselines.association_rules import AssociationRules
    from models.recommenders.baselines.markov import Markov
    from models.recommenders.best_fit.best_fit import BestFit
    from models.recommenders.cooccurrence import CoOccurrence
    from models.recommenders.popularity import Popularity
    from models.recommenders.recommender import Candidate, Recommender
    from models.recommenders.repeats import Repeats
    from models.recommenders.session_knn import SessionKNN
    from models.snapshot.snapshot import SnapshotError

__all__ = [
    "AssociationRules",
    "BestFit",
    "Candidate",
    "Choice",
    "CoOccurrence",
    "LinearThompsonSampling",
    "Markov",
    "Popularity",
    "Recommender",
    "Repeats",
    "SessionKNN",
    "SnapshotError",
    "ThompsonSampling",
]

HOMES = {
    "AssociationRules": "recommenders.baselines.association_rules",
    "BestFit": "recommenders.best_fit.best_fit",
    "Candidate": "recommenders.recommender",
    "Choice": "bandit.choice",
    "CoOccurrence": "recommenders.cooccurrence",
    "LinearThompsonSampling": "bandit.linear.thompson",
    "Markov": "recommenders.baselines.markov",
    "Popularity": "recommenders.popularity",
    "Recommender": "recommenders.recommender",
    "Repeats": "recommenders.repeats",
    "SessionKNN": "recommenders.session_knn",
    "SnapshotError": "snapshot.snapshot",
    "ThompsonSampling": "bandit.thompson",
}
"""The module of each name."""


def __getattr__(name: str) -> Any:
    """Import what is asked for, and keep it."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
    globals()[name] = value
    return value
