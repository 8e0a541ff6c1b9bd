"""Snowplow's enriched events as lines of tab-separated values: the fields that we read, by place.

131 fields in a fixed order, of which later versions only add at the end. Entities are JSON in three
of them; here they get the names that they have in enriched JSON.

`https://docs.snowplow.io/docs/fundamentals/canonical-event/`
"""

import re
from typing import Any

from streams.storefront.intake.values.looking import at, parsed, rows, text

PLACES = {
    2: "etl_tstamp",
    3: "collector_tstamp",
    4: "dvce_created_tstamp",
    6: "event_id",
    12: "user_id",
    15: "domain_userid",
    17: "network_userid",
    77: "useragent",
    83: "br_lang",
    119: "dvce_sent_tstamp",
    123: "domain_sessionid",
    124: "derived_tstamp",
    126: "event_name",
    130: "true_tstamp",
}
CONTEXTS, EVENT, DERIVED_CONTEXTS = 52, 58, 122
FIELDS_MIN = 127
"""Up to the name of the event; a line with less is none of Snowplow's."""
_SCHEMA = re.compile(r"iglu:([a-zA-Z0-9_.-]+)/([a-zA-Z0-9_-]+)/[^/]+/(\d+)-")


def fields_of(line: str) -> dict[str, Any] | None:
    """A line as enriched JSON has it; None: it has too few fields. Raises `ValueError`.

    >>> fields_of("web")
    """
    cells = line.rstrip("\r\n").split("\t")
    if len(cells) < FIELDS_MIN:
        return None
    said: dict[str, Any] = {
        name: cells[place] for place, name in PLACES.items() if place < len(cells) and cells[place]
    }
    if cells[EVENT]:
        event = at(parsed(cells[EVENT]), "data")
        if name := schema_name("unstruct_event", at(event, "schema")):
            said[name] = at(event, "data")
    for place in (CONTEXTS, DERIVED_CONTEXTS):
        for _, one in rows(at(parsed(cells[place]), "data") if cells[place] else None):
            if name := schema_name("contexts", at(one, "schema")):
                said.setdefault(name, []).append(at(one, "data"))
    return said


def schema_name(prefix: str, schema: Any) -> str | None:
    """The name that enriched JSON has for data of this schema; None: it is no schema.

    >>> schema_name("contexts", "iglu:com.acme/hotDeal/jsonschema/1-0-2")
    'contexts_com_acme_hot_deal_1'
    """
    match = _SCHEMA.match(text(schema) or "")
    if match is None:
        return None
    vendor = re.sub(r"[.-]", "_", match[1]).lower()
    name = re.sub(r"([^A-Z_])([A-Z])", r"\1_\2", match[2]).replace("-", "_").lower()
    return f"{prefix}_{vendor}_{name}_{match[3]}"
