"""The security options of aiokafka, and so of Faust; and how its refusals are told."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiokafka.abc import AbstractTokenProvider
from aiokafka.errors import KafkaConnectionError, KafkaError

from streams.clients.connection.refusals import refusal
from streams.clients.connection.security import security_options
from streams.clients.connection.tokens import Tokens
from streams.contract.errors import GoeswithError
from streams.contract.wire.connection import ConnectionSettings


class AsyncTokens(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka has no types
    """Access tokens as aiokafka asks for them: beside the event loop."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    async def token(self) -> str:
        """A token that lives; raises what a client takes for a connection that was not made."""
        try:
            return await asyncio.to_thread(self._tokens.token)
        except GoeswithError as error:
            raise KafkaConnectionError(str(error)) from error


def async_security(settings: ConnectionSettings) -> dict[str, Any]:
    """What every client of aiokafka's is created with besides its address."""
    return security_options(settings, AsyncTokens)


@contextmanager
def translating_refusals(settings: ConnectionSettings) -> Iterator[None]:
    """Turns what aiokafka says of missing ACLs into `NotAuthorized`: it would be said for ever."""
    try:
        yield
    except KafkaError as error:
        if refused := refusal(error, settings):
            raise refused from error
        raise
