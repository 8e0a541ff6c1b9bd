"""Confidence sequences: intervals that hold at every look, however often one looks.

An interval of 95 % from a textbook holds at one look, chosen before. Who looks every hour and stops
when it excludes zero is wrong far more often than one time in twenty. A confidence sequence holds
at all times at once: stop whenever you like.

```
S = sum of (x_i - mu_i)             how far the sum is from what was to be expected, a martingale
V = sum of (x_i - prediction_i)^2   the variance process; the prediction is made before x_i is seen
|S| <= bound(V)                     at all times, with probability 1 - alpha
```

Two of them. `GammaExponential` asks for nothing but bounded steps: right for rewards that are rare
and weights that are large, as bandits have them. `asymptotic_half_width` is narrower, and holds
once sums are nearly normal: for comparisons with fixed shares, such as a holdout.

Howard, Ramdas, McAuliffe and Sekhon: Time-uniform, nonparametric, nonasymptotic confidence
sequences. Annals of Statistics 2021 (Theorem 4 and Proposition 9; their program is confseq).
"""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import gammainc, gammaln

from models.limits import each_within, within

Floats = npt.NDArray[np.float64]

N_TUNED = 5_000.0
"""The sample size at which the asymptotic sequence is narrowest, unless told otherwise."""
SUM_MAX = 1e30
"""No sum of rewards, nor of their squares over a floor's, is as large."""
ALPHA_MIN = 1e-300
BISECTIONS = 60
DOUBLINGS_MAX = 60


def best_rho(v_opt: float, alpha: float) -> float:
    """The mixture's parameter with which its one-sided bound is lowest at `V = v_opt`, about.

    >>> round(best_rho(v_opt=100.0, alpha=0.025), 4)  # confseq's, for two sides and .05
    12.6006
    """
    spent = 2.0 * math.log(1.0 / (2.0 * alpha))
    return v_opt / (spent + math.log1p(spent))


@dataclass(frozen=True, slots=True)
class GammaExponential:
    """The gamma-exponential mixture: an empirical Bernstein bound for every time.

    Parameters
    ----------
    c
        What no `x_i - prediction_i` exceeds in size. For rewards in [0, 1] that are divided by a
        propensity of at least `floor`, that is `1 / floor`.
    v_opt
        The V at which the bound is to be tightest. It has to be chosen before looking.
    alpha_opt
        The one-sided error that `v_opt` is meant for.

    Examples
    --------
    >>> sequence = GammaExponential(c=2.0, v_opt=100.0, alpha_opt=0.05)
    >>> round(float(sequence.bound(100.0, alpha=0.05)), 3)
    33.02

    A look at V = 100 in the middle of things: S is 40, more than chance explains.

    >>> bool(sequence.log_e_value(40.0, 100.0) > math.log(1 / 0.05))
    True
    """

    c: float
    v_opt: float
    alpha_opt: float = 0.025
    _rho: float = field(init=False, repr=False)
    _lead: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not (self.c > 0.0 and self.v_opt > 0.0 and 0.0 < 2.0 * self.alpha_opt < 1.0):
            raise ValueError(
                f"c={self.c!r}, v_opt={self.v_opt!r}, alpha_opt={self.alpha_opt!r}: the first two "
                "must be above 0, the third between 0 and 0.5"
            )
        rho = best_rho(self.v_opt, self.alpha_opt)
        r = rho / self.c**2
        lead = r * math.log(r) - math.lgamma(r) - math.log(gammainc(r, r))
        object.__setattr__(self, "_rho", rho)
        object.__setattr__(self, "_lead", lead)

    def log_e_value(self, s: npt.ArrayLike, v: npt.ArrayLike) -> Floats:
        """The log e-value against "S is centred": if it is, the e-process is at most 1 on average.

        One-sided: S above 0. Over `log(1 / alpha)`, at whatever time, it rejects with error alpha.
        `s` and `v` are at least 0; shapes are broadcast. Raises `ValueError` when they are not, or
        are beyond what sums of rewards can be.
        """
        each_within(0.0, SUM_MAX, s=np.asarray(s, np.float64), v=np.asarray(v, np.float64))
        return self._log_e_value(s, v)

    def _log_e_value(self, s: npt.ArrayLike, v: npt.ArrayLike) -> Floats:
        squared = self.c**2
        moved = (self.c * np.asarray(s, np.float64) + np.asarray(v, np.float64)) / squared
        a = (np.asarray(v, np.float64) + self._rho) / squared
        x = moved + self._rho / squared
        found: Floats = self._lead + gammaln(a) + np.log(gammainc(a, x)) - a * np.log(x) + moved
        return found

    def bound(self, v: npt.ArrayLike, alpha: float) -> Floats:
        """The S that is exceeded at some time with probability alpha at most, given V by then.

        Raises `ValueError` when `v` is no variance, or `alpha` no error.
        """
        v = np.asarray(v, np.float64)
        each_within(0.0, SUM_MAX, v=v)
        within(ALPHA_MIN, 1.0, alpha=alpha)
        threshold = math.log(1.0 / alpha)
        high = np.sqrt(v + self._rho) + self.c
        for _ in range(DOUBLINGS_MAX):
            if (self._log_e_value(high, v) > threshold).all():
                break
            high = high * 2.0
        low = np.zeros_like(v)
        for _ in range(BISECTIONS):
            middle = (low + high) / 2.0
            over = self._log_e_value(middle, v) > threshold
            low, high = np.where(over, low, middle), np.where(over, middle, high)
        return high


def asymptotic_half_width(
    se: float, n: float, alpha: float = 0.05, n_tuned: float = N_TUNED
) -> float:
    """Half the width of the asymptotic confidence sequence of a mean, or of a difference.

    `se` is the usual standard error at sample size `n`. GrowthBook uses the same formula.
    Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas: Time-uniform central limit theory, arXiv
    2103.06476, equation 9.

    >>> se = 0.0031820  # 500 of 10,000 against 570 of 10,000
    >>> round(asymptotic_half_width(se, 20_000), 4), round(1.96 * se, 4)  # at any look, at one
    (0.01, 0.0062)
    """
    within(0.0, SUM_MAX, se=se)
    grown = n * _rho2(alpha, n, n_tuned)
    return se * math.sqrt(2.0 * (grown + 1.0) / grown * math.log(math.sqrt(grown + 1.0) / alpha))


def asymptotic_p(
    difference: float, se: float, n: float, alpha: float = 0.05, n_tuned: float = N_TUNED
) -> float:
    """The level at which the asymptotic sequence that is tuned for `alpha` begins to exclude zero.

    Valid at every look; at most 1.

    >>> round(asymptotic_p(0.007, 0.0031820, 20_000), 3), asymptotic_p(0.0, 0.0, 20_000)
    (0.548, 1.0)
    """
    grown = n * _rho2(alpha, n, n_tuned)
    within(0.0, SUM_MAX, difference=abs(difference), se=se)
    if difference == 0.0:
        return 1.0
    if se == 0.0:
        return 0.0
    ratio = difference / se
    spent = ratio * ratio * grown / (2.0 * (grown + 1.0))
    return min(1.0, math.sqrt(grown + 1.0) * math.exp(-spent))


def _rho2(alpha: float, n: float, n_tuned: float) -> float:
    within(ALPHA_MIN, 1.0 - 1e-9, alpha=alpha)
    within(1.0, SUM_MAX, n=n, n_tuned=n_tuned)
    spent = -2.0 * math.log(alpha)
    return (spent + math.log1p(spent)) / n_tuned
