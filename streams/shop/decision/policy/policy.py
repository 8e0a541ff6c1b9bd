"""The bandit policy that the settings ask for: Thompson sampling, by context or linear."""

from collections.abc import Iterator, Mapping

from models import LinearThompsonSampling, ThompsonSampling
from streams.contract.settings import Settings
from streams.shop.memory.orders.impression import Impression
from streams.shop.memory.orders.reward.earnings import Rewards, earnings, terms_of
from streams.shop.memory.orders.reward.offer_rates import OfferRates
from streams.shop.memory.sessions import Sessions

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


def taught_again(
    policy: ThompsonSampling, settings: Settings, sessions: Mapping[int, Sessions]
) -> int:
    """Teach a new policy by the prompts that sessions remember; how many those are.

    What a prompt has earned is a function of its facts: so the policy is what it would be, had the
    rewards and its half-life been those of these settings from the first of these prompts on.
    """
    terms, known = terms_of(settings), list(remembered(sessions))
    for impression in known:
        receipt, asked_s = impression.receipt, impression.receipt.prompted_at_ms / 1000
        policy.expose(receipt.arm, receipt.context, time_s=asked_s)
        for at_ms, gain in earnings(impression, terms):
            policy.reward(receipt.arm, receipt.context, gain, time_s=asked_s, at_s=at_ms / 1000)
    return len(known)


def offers_taught_again(settings: Settings, sessions: Mapping[int, Sessions]) -> OfferRates:
    """How often what was offered was sold, by the prompts that sessions remember.

    What comes back of these later is then taken back from what was told.
    """
    rates = OfferRates(settings)
    for impression in remembered(sessions):
        earned = rates.earned(impression)
        rates.begin(impression)
        rates.change(impression, (0.0,) * len(earned), earned)
    return rates


def remembered(sessions: Mapping[int, Sessions]) -> Iterator[Impression]:
    """The prompts that sessions remember, by partition, or that orders still credit: each once.

    What orders credit may come back, though its session has forgotten it: it has to have been told.
    """
    for _, each in sorted(sessions.items()):
        known = {name: one for session in each for name, one in session.impressions.items()}
        for credited in each.orders.credited():
            known.setdefault(credited.receipt.prompt_id, credited)
        yield from known.values()


def rebase(rewards: Rewards, sessions: Mapping[int, Sessions]) -> None:
    """Say of all that prompts reached what it would have changed under the terms of today.

    What is told of any prompt next is a difference under these terms.
    """
    for impression in remembered(sessions):
        rewards.rebase(impression)
