"""The names of pinned packages that the transport relies on."""

import pytest
from aiokafka.consumer.fetcher import Fetcher
from faust.transport import consumer

from streams.contract.errors import TransportChanged
from streams.worker.transport import private_names


def test_the_installed_versions_have_every_name() -> None:
    """Else no worker starts."""
    private_names.check_transport_api()


def test_a_name_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says what to look for, and where."""
    monkeypatch.delattr(consumer.Consumer, "_new_offset")

    with pytest.raises(TransportChanged, match=r"Consumer\._new_offset"):
        private_names.check_transport_api()


def test_a_name_that_is_not_used_any_more_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """That a fetcher has a minimum helps nothing if requests no longer read it."""
    monkeypatch.setattr(Fetcher, "_get_actions_per_node", lambda _: None)

    with pytest.raises(TransportChanged, match="_fetch_min_bytes in"):
        private_names.check_transport_api()
