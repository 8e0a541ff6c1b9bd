"""Substitute or complement (relation typing): do two items of one kind replace each other?

Who looks at two shirts takes one; who looks at shirt and tie may take both. So the two are told
apart by how many, of those who might have taken both, did: of visits in which both were looked at,
or of baskets with the rarer one, whichever is more (lists have buttons, and tills see no looking).
That share is small for substitutes, large for complements. Each of the two has a Beta distribution
of it, hence a beta-binomial one of the counts, and the probability is Bayes' rule over the two.
Before anything was counted it is the prior.

J. McAuley, R. Pandey and J. Leskovec: Inferring networks of substitutable and complementary
products. KDD 2015 (who viewed also viewed: substitutes; who bought also bought: complements).
"""

from math import exp, inf, lgamma, log

from models.limits import LARGE, within

PRIOR = 0.98
"""Of two items of one narrowest category, before they were counted."""
REPLACING = 1.0, 19.0
"""Beta of the share that takes both, of two that replace each other: one in twenty."""
COMPLETING = 2.0, 3.0
"""And of two that complete each other: two in five."""


def substitute_probability(could: int, both: int, prior: float = PRIOR) -> float:
    """The probability that two items replace each other, if `both` of so many took both.

    >>> [round(substitute_probability(could, both), 2) for could, both in
    ...  ((0, 0), (20, 0), (20, 2), (20, 8), (2_000, 60))]
    [0.98, 1.0, 0.99, 0.44, 1.0]
    """
    within(0, LARGE, could=could, both=both)
    within(0.0, 1.0, prior=prior)
    one = max(could, both) - both
    replacing = log(prior) + _log_beta(REPLACING, both, one) if prior else -inf
    completing = log(1.0 - prior) + _log_beta(COMPLETING, both, one) if prior < 1.0 else -inf
    most = max(replacing, completing)
    odds = exp(replacing - most)
    return odds / (odds + exp(completing - most))


def _log_beta(prior: tuple[float, float], both: int, one: int) -> float:
    """The logarithm of B(a + both, b + one) / B(a, b)."""
    a, b = prior
    return _log_b(a + both, b + one) - _log_b(a, b)


def _log_b(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
