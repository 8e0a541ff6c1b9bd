"""Association rules of two items: the baseline of the literature on sessions."""

from collections.abc import Iterator, Sequence

from models.recommenders.baselines.rules import FOR_EVER_S, PairwiseRules

REACH = 200
"""Items back that an event makes rules with, even in a longer session."""


class AssociationRules(PairwiseRules):
    """What came in the same sessions as the last item, before it or after it.

    Every item of a session is paired with every later one, in both directions and as often as they
    come, an item that comes again with itself as well.

    Parameters
    ----------
    half_life_s
        Seconds after which an event counts half.
    row_max
        Items remembered beside an item; when there are more, the lightest quarter is forgotten.
    items_max
        Items that lead to something; when there are more, the lightest sixteenth is forgotten.

    Examples
    --------
    >>> rules = AssociationRules()
    >>> for session in (["bread", "butter"], ["jam", "butter", "bread"]):
    ...     for place, item in enumerate(session):
    ...         rules.learn_one(session[:place], item, time_s=1_767_225_600)
    >>> [(found.item, found.together, found.of) for found in rules.recommend(["bread"], k=2)]
    [('butter', 2, 3), ('jam', 1, 3)]

    References
    ----------
    Ludewig and Jannach: Evaluation of session-based recommendation algorithms. User Modeling and
    User-Adapted Interaction 28, 2018: "AR", as in their framework session-rec.
    """

    def __init__(
        self, half_life_s: float = FOR_EVER_S, row_max: int = 256, items_max: int = 200_000
    ) -> None:
        super().__init__(half_life_s, row_max, items_max)

    def _rules(self, x: Sequence[str], y: str) -> Iterator[tuple[str, str]]:
        for before in x[-REACH:]:
            yield before, y
            yield y, before
