"""How a request is refused: one shape for whatever is wrong."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from streams.contract.errors import KafkaUnreachable, RequestRefused
from streams.storefront.gateway.gateway import Gateway
from streams.storefront.gateway.routes.head import STREAM

AGAIN_S = 2
"""When to try again where Kafka is away."""
OF_HTTP = {
    404: ("not_found", "nothing is served here: /openapi.json has all that is"),
    405: ("method", "this path does not take that method: see `Allow`"),
}
"""What HTTP has a status for."""


class Refusal(BaseModel):
    """Why a request is not served."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    reason: str
    """A short, stable word: of any address that is not served `not_found` (404), of one that is not
    asked by this method `method` (405), of a foreign page `origin` (403)."""
    message: str
    """The same for people."""


Responses = dict[int | str, dict[str, Any]]


def refusals(*statuses: int) -> Responses:
    """What a route may be refused with, for its description."""
    return {status: {"model": Refusal} for status in statuses}


def refused(status: int, reason: str, message: str, again_s: int = 0) -> JSONResponse:
    """The answer."""
    headers = {"Cache-Control": "no-store"}
    if again_s:
        headers["Retry-After"] = str(again_s)
    if status == 401:  # noqa: PLR2004  # RFC 9110, section 15.5.2
        headers["WWW-Authenticate"] = "HMAC" if reason == "signature" else "Bearer"
    return JSONResponse({"reason": reason, "message": message}, status, headers)


def note_refusal(request: Request, reason: str) -> None:
    """Count it."""
    gateway: Gateway = request.app.state.gateway
    gateway.traffic.refusals[reason] += 1


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestRefused)  # noqa: S101  # it is registered for these
    note_refusal(request, error.reason)
    return refused(error.status, error.reason, str(error), error.again_s)


async def _kafka_away(request: Request, _: Exception) -> JSONResponse:
    """Where our brokers are is nobody's business who asks."""
    note_refusal(request, "kafka_away")
    said = "Kafka does not take events now: send all of them again, under the same ids"
    return refused(503, "kafka_away", said, AGAIN_S)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  # it is registered for these
    note_refusal(request, "invalid_request")
    wrong = "; ".join(
        f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()
    )
    return refused(422, "invalid_request", wrong[:500])


async def _of_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  # it is registered for these
    reason, message = OF_HTTP.get(error.status_code, ("http", str(error.detail)))
    note_refusal(request, reason)
    answer = refused(error.status_code, reason, message)
    answer.headers.update(error.headers or {})
    if answer.headers.get("Allow") == "GET" and request.url.path != STREAM:
        answer.headers["Allow"] = "GET, HEAD"
    return answer


def register(app: FastAPI) -> None:
    """Have an app refuse like this."""
    app.add_exception_handler(RequestRefused, _refused)
    app.add_exception_handler(KafkaUnreachable, _kafka_away)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _of_http)
