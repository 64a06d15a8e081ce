"""The JSON Schema of roles.yaml, for editors: made of the shapes that the loader reads with, so they cannot drift apart.

It knows what the loader knows of each value by itself. What needs the whole file in view (a role that is not listed, a
rule name used twice, a rule never reached) is the loader's alone.
"""

from __future__ import annotations

from typing import Any

from shared.mapping.conditions import tag
from shared.mapping.decode import FILE
from shared.mapping.value_conditions import Value
from shared.mapping.when import When


def schema() -> dict[str, Any]:
    """JSON Schema, draft 2020-12. Committed as docs/roles.schema.json."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "roles.yaml of rolekeeper",
        **FILE.schema(),
        "$defs": {
            "conditions": When().definition(),
            "tag_value": Value(tag("")).definition(),
            "attribute_value": Value("name").definition(),
        },
    }
