"""The dashboards as Grafana reads them.

A test compares them with deploy/grafana/dashboards, and looks each metric up in a scrape of a real
worker, a real gateway and a real exporter.
"""

import json
from typing import Any

from streams.operations.boards.experimenters import EXPERIMENTERS
from streams.operations.boards.gateway import GATEWAY
from streams.operations.boards.operators import OPERATORS
from streams.operations.boards.panel import Panel
from streams.operations.boards.storefront import STOREFRONT

COLUMNS, HEIGHT = 2, 8
WIDTH = 24 // COLUMNS
"""Grafana's grid has 24 columns."""
SOURCE = {"type": "prometheus", "uid": "prometheus"}
BOARDS: dict[str, tuple[Panel, ...]] = {
    "operators": OPERATORS,
    "experimenters": EXPERIMENTERS,
    "storefront": STOREFRONT,
    "gateway": GATEWAY,
}


def board(name: str) -> dict[str, Any]:
    """A dashboard as Grafana reads it."""
    return {
        "uid": f"goeswith-{name}",
        "title": f"goeswith: {name}",
        "tags": ["goeswith"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "5s",
        "time": {"from": "now-30m", "to": "now"},
        "panels": [_panel(number, panel) for number, panel in enumerate(BOARDS[name])],
    }


def _panel(number: int, panel: Panel) -> dict[str, Any]:
    row, column = divmod(number, COLUMNS)
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.says,
        "datasource": SOURCE,
        "gridPos": {"x": column * WIDTH, "y": row * HEIGHT, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + at), "expr": query, "legendFormat": legend}
            for at, (legend, query) in enumerate(panel.queries.items())
        ],
    }


def files() -> dict[str, str]:
    """The dashboards by the name of their file."""
    return {f"{name}.json": json.dumps(board(name), indent=1) + "\n" for name in BOARDS}
