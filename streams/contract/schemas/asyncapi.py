"""The topics for machines: an AsyncAPI 3.1 document, made from the classes and the declared topics.

Channels are topics, with the configuration that they are made with; messages are the kinds of
records, with their key, headers, schema and example. It is said from our side, as AsyncAPI has it:
we *receive* what shops send, and *send* what they read. What workers tell each other (agreement,
checkpoints) is no contract, and is not in it.

Schemas are in the dialect of AsyncAPI itself (a superset of JSON Schema, draft 7), of which ours
use no word that later drafts have alone; `goeswith schema NAME` has them in draft 2020-12.
"""

import json
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode

from streams.contract.dead_letters import NAMES as HEADER_NAMES
from streams.contract.schemas.schemas import (
    READ,
    REFERENCE,
    WRITTEN,
    example,
    take_empty_for_none,
)
from streams.contract.topics import REFERENCE as REFERENCE_TOPICS
from streams.contract.topics import TOPICS, Topic

ASYNCAPI = "asyncapi"
VERSION = "3.1.0"
KAFKA_BINDING = "0.5.0"
"""Version of AsyncAPI's Kafka bindings."""
PREFIX = "goeswith"
FILE = "asyncapi.json"
"""Where `make docs` writes it, in docs/."""
SCHEMA = "#/components/schemas/{model}"
DEAD_LETTER = "dead_letter"
HELD: dict[str, tuple[str, ...]] = {
    "events": tuple(READ),
    "prompts": ("prompt", "prompt_withdrawn"),
    "outcomes": tuple(name for name in WRITTEN if not name.startswith("prompt")),
    "dead-letters": (DEAD_LETTER,),
    "catalog": ("catalog_item",),
    "control": ("control_record",),
}
"""The kinds of records of each topic that is a contract."""
OPERATIONS = {
    "events": ("receive", "readEvents", "What shoppers did: learned from, and answered."),
    "catalog": ("receive", "followCatalog", "What is sold: followed whole by every worker."),
    "control": ("receive", "followControls", "How the shop is run: followed by every worker."),
    "prompts": ("send", "publishPrompts", "What goes with it, and what is not to be shown now."),
    "outcomes": ("send", "publishOutcomes", "What became of prompts, and of the experiment."),
    "dead-letters": ("send", "keepDeadLetters", "What could not be used, as it came."),
}
NUMBERS = ("retention.ms", "retention.bytes", "delete.retention.ms", "max.message.bytes")
"""What the binding has as numbers; `cleanup.policy` is a list, and the rest has no place in it."""


def document() -> dict[str, Any]:
    """The whole document.

    >>> found = document()
    >>> found["asyncapi"], found["channels"]["prompts"]["address"]
    ('3.1.0', '{prefix}.prompts')
    >>> found["operations"]["readEvents"]["action"]
    'receive'
    """
    topics = {topic.name: topic for topic in (*TOPICS, *REFERENCE_TOPICS) if topic.name in HELD}
    payloads, schemas = _described()
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "goeswith",
            "version": "2",
            "description": "Real-time cross-sell prompts from a Kafka event stream: what goes with "
            "this? Readers ignore fields, and values of `type`, that they do not know.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(topic) for name, topic in topics.items()},
        "operations": dict(_operation(name) for name in topics),
        "components": {
            "messages": {
                **{name: _message(name, payload) for name, payload in payloads.items()},
                DEAD_LETTER: _dead_letter(),
            },
            "schemas": schemas,
        },
    }


def text() -> str:
    """The document as it is written to docs/."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


def _described() -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The payload of each kind of record, and the schemas that these refer to."""
    asked: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [
        *((name, "validation", adapter) for name, adapter in (READ | REFERENCE).items()),
        *((name, "serialization", adapter) for name, adapter in WRITTEN.items()),
    ]
    found, said = TypeAdapter.json_schemas(asked, ref_template=SCHEMA)
    schemas: dict[str, Any] = said["$defs"]
    payloads = {name: dict(payload) for (name, _), payload in found.items()}
    for name, payload in payloads.items():
        always = ["type", "schema_version"] if name in WRITTEN else ["type"]
        described = schemas[payload["$ref"].rpartition("/")[2]]
        described["required"] = list(dict.fromkeys([*described["required"], *always]))
        if name in READ:
            take_empty_for_none(described)
    take_empty_for_none(schemas["OrderLine"])
    return payloads, schemas


def _channel(topic: Topic) -> dict[str, Any]:
    config = topic.created_with
    told = {name: int(config[name]) for name in NUMBERS if name in config}
    kafka: dict[str, Any] = {
        "topicConfiguration": {"cleanup.policy": [config["cleanup.policy"]], **told},
        "bindingVersion": KAFKA_BINDING,
    }
    if topic.partitions is not None:
        kafka["partitions"] = topic.partitions
    return {
        "address": f"{{prefix}}.{topic.name}",
        "description": f"Holds {topic.holds}. Key: {topic.key}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in HELD[topic.name]},
        "parameters": {
            "prefix": {"default": PREFIX, "description": "Setting GOESWITH_TOPIC_PREFIX."}
        },
        "bindings": {"kafka": kafka},
    }


def _operation(name: str) -> tuple[str, dict[str, Any]]:
    action, called, summary = OPERATIONS[name]
    channel = {"$ref": f"#/channels/{name}"}
    return called, {"action": action, "channel": channel, "summary": summary}


def _message(name: str, payload: dict[str, Any]) -> dict[str, Any]:
    said = example(name)
    return {
        "name": name,
        "contentType": "application/json",
        "payload": payload,
        "bindings": {"kafka": {"key": _key(name), "bindingVersion": KAFKA_BINDING}},
        "examples": [{"name": name, "payload": said}],
    }


def _key(name: str) -> dict[str, Any]:
    if name in READ or name in HELD["prompts"]:
        said = "The record's `session_id`, in UTF-8: partitions are chosen by its murmur2."
    elif name in REFERENCE:
        said = "The `item_id`." if name == "catalog_item" else "The `key` of the control."
    else:
        said = "The `prompt_id` where it is of one, else the `session_id`."
    return {"type": "string", "description": said}


def _dead_letter() -> dict[str, Any]:
    """Any record, with what was wrong with it behind the headers that it came with."""
    return {
        "name": DEAD_LETTER,
        "contentType": "application/octet-stream",
        "summary": "A record that could not be used, raw; its own headers come before ours.",
        "headers": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in HEADER_NAMES},
            "required": list(HEADER_NAMES),
        },
        "payload": {"description": "What was sent, whatever it is."},
        "bindings": {
            "kafka": {"key": {"description": "As it came."}, "bindingVersion": KAFKA_BINDING}
        },
    }
