"""The settings of distributed tracing: of how many events, and where their spans go."""

from pydantic import BaseModel, Field


class TracingSettings(BaseModel):
    """The settings of tracing; `Settings` inherits them, and reads them from the environment.

    What else an exporter of OpenTelemetry can be told, such as headers or a certificate, is read
    from the variables that its own documentation names (`OTEL_EXPORTER_OTLP_…`).
    """

    # Tracing
    trace_share: float = Field(
        0.0,
        ge=0,
        le=1,
        description="head sampling: share of events traced of those that come without a trace "
        "context; one that comes with it is traced as it says; 0: no tracing at all",
    )
    trace_endpoint: str = Field(
        "",
        pattern=r"^(https?://[^\s@]{1,500})?$",
        json_schema_extra={
            "write": "a URL without user or blanks, such as http://collector:4318/v1/traces"
        },
        description="where spans go, by OTLP over HTTP, such as `http://collector:4318/v1/traces`; "
        "empty: as `OTEL_EXPORTER_OTLP_ENDPOINT` says, or port 4318 of this machine",
    )
