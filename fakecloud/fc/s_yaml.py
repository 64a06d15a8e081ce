"""Loads a Serverless Devs 3 YAML as `s` does: base files, templates, variables. Deploys nothing.

Source: Serverless-Devs docs/zh/yaml.md. Of maps that meet, the inner wins key by key; arrays are replaced, not joined.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from fakecloud.fc.variables import VariableError, Variables


class YamlError(ValueError):
    """The YAML cannot be deployed; the text says which file and key, and why."""


def load_s_yaml(path: Path, env: Mapping[str, str], account: str, region: str = "") -> dict[str, Any]:
    """The YAML with everything resolved: {"name", "vars", "resources": {key: {"component", "props"}}}.

    env: for `${env(...)}`. region: if given, takes the place of vars.region and of each resource's region.
    Raises YamlError.
    """
    try:
        return _loaded(path, env, account, region)
    except RecursionError:
        raise YamlError(
            f"{path}: nested without end: an alias stands inside what it names, or it is too deep"
        ) from None


def _loaded(path: Path, env: Mapping[str, str], account: str, region: str) -> dict[str, Any]:
    document = _read(path)
    if region and "region" in (document.get("vars") or {}):
        document["vars"]["region"] = region
    variables = Variables(document, path.parent, env, account)
    try:
        resources = {
            key: _resource(document, key, resource, variables, path)
            for key, resource in (document.get("resources") or {}).items()
        }
        shared = variables.render(document.get("vars") or {}, {})
    except VariableError as error:
        raise YamlError(f"{path}: {error}") from None
    for resource in resources.values():
        if region:
            resource["props"]["region"] = region
    return {"name": document.get("name", ""), "vars": shared, "resources": resources}


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """base with over on top. Neither is changed."""
    merged = copy.deepcopy(dict(base))
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), Mapping)
        merged[key] = merge(merged[key], value) if both else copy.deepcopy(value)
    return merged


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice, as js-yaml does, which `s` reads with; PyYAML takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} is there twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def parse(text: str) -> Any:
    """The YAML as it is written. Raises yaml.YAMLError."""
    return yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader


def _read(path: Path, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """above: the files that extend this one."""
    if path.resolve() in above:
        raise YamlError(f"{path}: extend: the file extends itself")
    try:
        loaded = parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise YamlError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise YamlError(f"{path}: is not UTF-8: {error.reason} at byte {error.start}") from None
    except yaml.YAMLError as error:
        place = (
            f":{error.problem_mark.line + 1}" if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark else ""
        )
        raise YamlError(f"{path}{place}: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(loaded, dict):
        raise YamlError(f"{path}: a map is needed at the top")
    document: dict[str, Any] = loaded
    for key in ("vars", "template", "resources"):
        if not isinstance(document.get(key) or {}, dict):
            raise YamlError(f"{path}: {key}: a map is needed")
    if document.get("extend"):
        extended = document.pop("extend")
        if not isinstance(extended, str):
            raise YamlError(f"{path}: extend: {extended!r}: the name of a file is needed")
        document = merge(_read(path.parent / extended, (*above, path.resolve())), document)
    if str(document.get("edition")) != "3.0.0":
        raise YamlError(f"{path}: edition {document.get('edition')!r}: only 3.0.0 is known")
    return document


def _resource(document: Mapping[str, Any], key: str, resource: Any, variables: Variables, path: Path) -> dict[str, Any]:
    where = f"{path}: resources.{key}"
    if not isinstance(resource, dict) or not isinstance(resource.get("props") or {}, dict):
        raise YamlError(f"{where}: component and props are needed")
    props: dict[str, Any] = resource.get("props") or {}
    extend = resource.get("extend")
    if extend:
        if not isinstance(extend, dict) or not isinstance(extend.get("name"), str):
            raise YamlError(f"{where}.extend: {extend!r}: write {{name: TEMPLATE}}, and if need be ignore")
        name, ignored = extend["name"], extend.get("ignore") or []
        template = (document.get("template") or {}).get(name)
        if not isinstance(template, dict):
            raise YamlError(f"{where}.extend: there is no map {name!r} under template")
        if not isinstance(ignored, list) or not all(isinstance(entry, str) for entry in ignored):
            raise YamlError(f"{where}.extend.ignore: a list of keys is needed")
        props = merge(_without(template, ignored), props)
    whole = {**resource, "props": props}
    return {
        "component": variables.render(resource.get("component", ""), whole),
        "props": variables.render(props, whole),
    }


def _without(template: Mapping[str, Any], ignored: list[str]) -> dict[str, Any]:
    """The template less the keys that are ignored; "a.b" is a key of a map in it."""
    left = copy.deepcopy(dict(template))
    for entry in ignored:
        *parents, last = entry.split(".")
        node: Any = left
        for parent in parents:
            node = node.get(parent) if isinstance(node, dict) else None
        if isinstance(node, dict):
            node.pop(last, None)
    return left
