"""The shipped templates, read from the files beside this module. The one module here that touches files."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Literal

from shared.errors import ConfigError
from shared.mapping.problems import nearest
from shared.policies.template import RenderError, Template, Values, parse

_HERE = Path(__file__).parent
_SHOWN = "shared/policies"


@cache
def _read(folder: Literal["templates", "trust"], name: str) -> Template:
    path, shown = _HERE / folder / f"{name}.json", f"{_SHOWN}/{folder}/{name}.json"
    try:
        return parse(path.read_text(encoding="utf-8"), shown)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{shown}: not UTF-8 at byte {error.start}") from error


@cache
def template_names() -> tuple[str, ...]:
    """The names of all policy templates, sorted."""
    return tuple(sorted(path.stem for path in (_HERE / "templates").glob("*.json")))


def template(name: str, *, context: str = "") -> Template:
    """The template of that name. context: as in render. Raises RenderError, which suggests the nearest name, and ConfigError
    where its file is no template."""
    if name not in template_names():
        hint = nearest(name, template_names()) or f"known are {', '.join(template_names())}"
        raise RenderError(": ".join(filter(None, [context, f"no file {_SHOWN}/templates/{name}.json"])) + f"; {hint}")
    return _read("templates", name)


def render(template_name: str, values: Values, *, context: str = "") -> dict[str, Any]:
    """The document that the template gives with these values: text, or list of texts, by variable.

    context: whose policy it is to be, in front of the error. Raises RenderError.
    """
    return template(template_name, context=context).render(values, context=context)


Trusted = Literal["ecs", "fc", "member"]


def trust_template(kind: Trusted = "ecs") -> Template:
    return _read("trust", kind)


def trust(kind: Trusted = "ecs", values: Values | None = None) -> dict[str, Any]:
    """The trust policy of a role for ECS instances, of the functions' own role, or of one that they assume elsewhere.

    Raises RenderError.
    """
    return trust_template(kind).render(values or {}, context="trust policy")
