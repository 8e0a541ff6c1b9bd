"""Learned models, never data models: what goeswith learns from events, and how it chooses."""

from models.association_rules import AssociationRules
from models.cooccurrence import CoOccurrence
from models.markov import Markov
from models.policy import Choice, ThompsonSampling
from models.popularity import Popularity
from models.recommender import Candidate, Recommender
from models.repeats import Repeats
from models.snapshot import SnapshotError

__all__ = [
    "AssociationRules",
    "Candidate",
    "Choice",
    "CoOccurrence",
    "Markov",
    "Popularity",
    "Recommender",
    "Repeats",
    "SnapshotError",
    "ThompsonSampling",
]
