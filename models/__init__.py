"""Learned models, never data models: what goeswith learns from events, and how it chooses."""

from models.choice import Choice
from models.cooccurrence import CoOccurrence
from models.factors import LinearThompsonSampling
from models.policy import ThompsonSampling
from models.popularity import Popularity
from models.recommender import Candidate, Recommender
from models.repeats import Repeats
from models.snapshot import SnapshotError

__all__ = [
    "Candidate",
    "Choice",
    "CoOccurrence",
    "LinearThompsonSampling",
    "Popularity",
    "Recommender",
    "Repeats",
    "SnapshotError",
    "ThompsonSampling",
]
