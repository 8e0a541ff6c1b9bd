"""The lag of many groups, of which one may be none of our business."""

from collections.abc import Iterator

from streams.contract.errors import NotAuthorized
from streams.operations.lag.exporter import only_once, unless_refused
from streams.operations.lag.figures import GroupLag


def lags_of(group: str) -> Iterator[GroupLag]:
    """A group of one topic; a broker that does not let us see one of them."""
    if group == "secret":
        raise NotAuthorized(f"Kafka denies us the group {group}")
    yield GroupLag(group, "shop.events", ())


def test_a_group_that_we_may_not_describe_takes_no_series_from_others() -> None:
    """It is said which one, and why."""
    said: list[str] = []
    lags = [*unless_refused(["nightly", "secret", "weekly"], lags_of, said.append)]

    assert ["nightly", "weekly"] == [lag.group for lag in lags]
    assert ["no lag of secret: Kafka denies us the group secret"] == said


def test_a_group_that_is_asked_for_twice_has_its_series_once() -> None:
    """As where the workers' own is named again: Prometheus would refuse the page."""
    lags = [lag for group in ("workers", "workers", "nightly") for lag in lags_of(group)]

    assert ["workers", "nightly"] == [lag.group for lag in only_once(lags)]
