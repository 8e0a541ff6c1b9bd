"""A Markov chain of first order: what came right after, the simplest model that knows an order."""

from collections.abc import Iterator, Sequence

from models.recommenders.baselines.rules import FOR_EVER_S, PairwiseRules


class Markov(PairwiseRules):
    """What came next after the last item, the same item again included.

    Parameters
    ----------
    half_life_s
        Seconds after which an event counts half.
    row_max
        Items remembered after an item; when there are more, the lightest quarter is forgotten.
    items_max
        Items that lead to something; when there are more, the lightest sixteenth is forgotten.

    Examples
    --------
    >>> chain = Markov()
    >>> for session in (["bread", "butter", "jam"], ["bread", "butter"], ["bread", "jam"]):
    ...     for place, item in enumerate(session):
    ...         chain.learn_one(session[:place], item, time_s=1_767_225_600)
    >>> [(found.item, found.together, found.of) for found in chain.recommend(["bread"], k=2)]
    [('butter', 2, 3), ('jam', 1, 3)]

    References
    ----------
    Ludewig and Jannach: Evaluation of session-based recommendation algorithms. User Modeling and
    User-Adapted Interaction 28, 2018: "MC", as in their framework session-rec.
    """

    def __init__(
        self, half_life_s: float = FOR_EVER_S, row_max: int = 256, items_max: int = 200_000
    ) -> None:
        super().__init__(half_life_s, row_max, items_max)

    def _rules(self, x: Sequence[str], y: str) -> Iterator[tuple[str, str]]:
        if x:
            yield x[-1], y
