"""The batches that a trigger may hand to a function, so that the report of its failure fits into the queue of dead letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fakecloud.fc.s_yaml import YamlError, load_s_yaml
from shared.errors import ConfigError
from shared.reported import BATCH, MESSAGE


def check(root: Path, env: Mapping[str, str]) -> None:
    """Every s*.yaml of the project, for `s deploy -t` may name any of them. Raises ConfigError for a batch that is too large."""
    for path in sorted(p for form in ("s.yaml", "s.*.yaml", "s.yml", "s.*.yml") for p in root.glob(form)):
        try:
            resources = load_s_yaml(path, env, "")["resources"]
        except (YamlError, AttributeError, KeyError, TypeError):
            continue  # not of Serverless Devs 3, or `s` will say what is wrong with it
        for key, resource in resources.items():
            for where, count in _windows(resource.get("props") or {}):
                if count is not None and not (type(count) is int and count <= BATCH):
                    raise ConfigError(
                        f"{path}: resources.{key}: {where}.CountBasedWindow: {count!r}: a batch that fails to the end is reported with all "
                        f"of its events, and a dead letter holds {MESSAGE} bytes; write {BATCH} or less, as a number"
                    )


def _windows(props: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    triggers = props.get("triggers")
    for number, trigger in enumerate(triggers if isinstance(triggers, list) else ()):
        inner: Any = trigger
        for name in ("triggerConfig", "runOptions", "batchWindow"):
            inner = inner.get(name) if isinstance(inner, Mapping) else None
        if isinstance(inner, Mapping):
            yield f"triggers[{number}].triggerConfig.runOptions.batchWindow", inner.get("CountBasedWindow")
