"""Learned models, never data models: what goeswith learns from events, and how it chooses.

A model is imported when it is first asked for: those with compiled loops bring a compiler along,
which a command that has no use for them need not wait for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.association_rules import AssociationRules
    from models.best_fit import BestFit
    from models.choice import Choice
    from models.cooccurrence import CoOccurrence
    from models.factors import LinearThompsonSampling
    from models.markov import Markov
    from models.policy import ThompsonSampling
    from models.popularity import Popularity
    from models.recommender import Candidate, Recommender
    from models.repeats import Repeats
    from models.session_knn import SessionKNN
    from models.snapshot import SnapshotError

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
    "AssociationRules": "association_rules",
    "BestFit": "best_fit",
    "Candidate": "recommender",
    "Choice": "choice",
    "CoOccurrence": "cooccurrence",
    "LinearThompsonSampling": "factors",
    "Markov": "markov",
    "Popularity": "popularity",
    "Recommender": "recommender",
    "Repeats": "repeats",
    "SessionKNN": "session_knn",
    "SnapshotError": "snapshot",
    "ThompsonSampling": "policy",
}
"""The module of each name."""


def __getattr__(name: str) -> Any:
    """Import what is asked for, and keep it."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
    globals()[name] = value
    return value
