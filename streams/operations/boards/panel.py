"""A chart of a dashboard, and the queries that charts are made of."""

from typing import NamedTuple


class Panel(NamedTuple):
    """A chart of lines over time: queries by legend, unit as Grafana calls it, what it says."""

    title: str
    unit: str
    says: str
    queries: dict[str, str]


def rate(metric: str, by: str = "") -> str:
    """Of a counter, a second, over a minute.

    >>> rate("goeswith_prompts_total"), rate("goeswith_silences_total", by="reason")
    ('sum(rate(goeswith_prompts_total[1m]))', 'sum by (reason) (rate(goeswith_silences_total[1m]))')
    """
    grouped = f" by ({by}) " if by else ""
    return f"sum{grouped}(rate({metric}[1m]))"


def quantile(share: float, histogram: str, by: str = "le") -> str:
    """Of a histogram over five minutes.

    >>> quantile(0.5, "waits_seconds")
    'histogram_quantile(0.5, sum by (le) (rate(waits_seconds_bucket[5m])))'
    """
    name, brace, labels = histogram.partition("{")
    buckets = f"sum by ({by}) (rate({name}_bucket{brace}{labels}[5m]))"
    return f"histogram_quantile({share}, {buckets})"
