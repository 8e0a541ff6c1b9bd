"""The bandit policy that the settings ask for: Thompson sampling, by context or linear."""

from models import LinearThompsonSampling, ThompsonSampling
from streams.contract.settings import Settings

POLICIES: dict[str, type[ThompsonSampling]] = {
    "contexts": ThompsonSampling,
    "factors": LinearThompsonSampling,
}


def new_policy(settings: Settings) -> ThompsonSampling:
    """A policy that has learned nothing yet.

    >>> new_policy(Settings(arm_mode="identify")).mode
    'identify'
    """
    return POLICIES[settings.arm_policy](
        half_life_s=settings.arm_half_life_s,
        floor=settings.arm_floor,
        window_s=settings.arm_window_s,
        settle_s=settings.purchase_window_s,
        mode=settings.arm_mode,
    )
