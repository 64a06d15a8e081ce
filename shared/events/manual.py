"""Source: what an operator types to have instances looked at. The one source that is strict: a slip must not act on others.

{"remediate": {"instance_ids": [...]}}, or "tags": {...}, "rule": "...", "role": "...", "drift": "missing", "all": true, with
options beside; also bare, without the outer "remediate". {"reconcile": {}} looks at the whole region, with the same options.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, get_args

import msgspec

from shared.events.event import DETAIL_LIMIT, Event
from shared.events.values import INSTANCE_ID, TEXT_LIMIT, clean, is_clean, region_id, text
from shared.model.decision import Drift
from shared.model.ignored import Ignored
from shared.model.trigger import Remedy, RunKind, Share, Trigger
from shared.suggestions import suggestion

if TYPE_CHECKING:  # an ignored event reads no mapping, and need not import what reads one
    from shared.mapping import Mapping as RoleMapping

NAME = "manual"
SELECTORS = ("instance_ids", "tags", "rule", "role", "drift", "all")
ASKED: tuple[RunKind, ...] = ("remediate", "reconcile")
MAX_TAGS = 20  # as many as DescribeInstances can be asked for

_SHARE = re.compile(r"([0-9]{1,6})|(100|[0-9]{1,2}(?:\.[0-9]+)?)%")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a reconcile by hand may be told: it looks at the whole region."""

    dry_run: bool = False
    lift_brake: bool = False
    concurrency: int | str = ""
    max_errors: int | str = ""
    canary: int = 0
    max_calls: int | msgspec.UnsetType = msgspec.UNSET
    everywhere: bool = False
    reason: str = ""
    operator: str = ""
    region: str = ""
    account_id: str = ""


class Payload(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a remediation may be told. Exactly one selector says which instances."""

    instance_ids: list[str] | msgspec.UnsetType = msgspec.UNSET
    tags: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    rule: str | msgspec.UnsetType = msgspec.UNSET
    role: str | msgspec.UnsetType = msgspec.UNSET
    drift: Drift | msgspec.UnsetType = msgspec.UNSET
    all: bool | msgspec.UnsetType = msgspec.UNSET


class _Slip(ValueError):
    """A mistake in the payload; the text names the place and the mend."""


def read(event: Event) -> Trigger | Ignored | None:
    """One request; None if `event` is none."""
    raw = event.raw
    if event.enveloped:
        return None
    try:
        for kind in ASKED:
            if kind in raw:
                _known("$", raw, [kind])
                return _request(kind, f"$.{kind}", raw[kind], event)
        if any(key in raw for key in SELECTORS):
            return _request("remediate", "$", raw, event)
    except _Slip as slip:
        return _bad(str(slip), event.home.region)
    return None


def checked(trigger: Trigger, mapping: RoleMapping) -> Trigger | Ignored:
    """The trigger; Ignored where an operator names a rule or a role that roles.yaml does not have: such a run is empty, and
    would look like a fleet in order. A run that was handed over goes on, whatever was deployed meanwhile."""
    remedy = trigger.remedy
    if remedy is None or trigger.cursor is not None:
        return trigger
    rules = [rule.name for rule in mapping.rules]
    if remedy.rule and remedy.rule not in rules:
        return _bad(
            f"$.{trigger.kind}.rule: the mapping has no rule {remedy.rule!r}; {_mend(remedy.rule, rules)}",
            trigger.region,
        )
    if remedy.role and not mapping.is_managed(remedy.role) and not mapping.may_displace(remedy.role):
        return _bad(
            f"$.{trigger.kind}.role: the mapping does not list the role {remedy.role!r}; {_mend(remedy.role, mapping.roles)}",
            trigger.region,
        )
    return trigger


def _bad(detail: str, region: str) -> Ignored:
    return Ignored(reason="bad-payload", detail=clean(detail, DETAIL_LIMIT), source=NAME, region=region)


def _mend(word: str, known: Collection[str]) -> str:
    return suggestion(word, known, "`{}`")


def _request(kind: RunKind, path: str, raw: object, event: Event) -> Trigger:
    shape = Payload if kind == "remediate" else Options
    if isinstance(raw, dict):
        _known(path, raw, shape.__struct_fields__)
        _texts(f"{path}.tags", raw.get("tags"))
        _drift(f"{path}.drift", raw.get("drift"))
    try:
        payload: Options = msgspec.convert(raw, shape)
    except msgspec.ValidationError as error:
        message = str(error)
        raise _Slip(message.replace("`$", f"`{path}") if "`$" in message else f"{message} - at `{path}`") from None
    chosen = payload if isinstance(payload, Payload) else Payload(all=True)
    ids = _selected(path, chosen)
    region = region_id(payload.region)
    if payload.region and not region:
        raise _Slip(f"{path}.region: {payload.region!r} is not a region id such as cn-hangzhou")
    if payload.account_id and not re.fullmatch("[0-9]{1,20}", payload.account_id, re.ASCII):
        raise _Slip(f"{path}.account_id: {payload.account_id!r} is not an account id: digits, in quotes")
    if payload.everywhere and (ids or region or payload.account_id):
        raise _Slip(f"{path}.everywhere: goes with none of instance_ids, region and account_id")
    operator = text(payload.operator)
    return Trigger(
        kind=kind,
        source=NAME,
        instance_ids=ids,
        region=region or event.home.region,
        account_id=payload.account_id,
        actor=operator,
        event_name=kind,
        remedy=Remedy(
            everything=chosen.all is True,
            tags=chosen.tags or {},
            rule=chosen.rule or "",
            role=chosen.role or "",
            drift=chosen.drift or None,
            dry_run=payload.dry_run,
            lift_brake=payload.lift_brake,
            concurrency=_share(path, "concurrency", payload.concurrency, least=1),
            max_errors=_share(path, "max_errors", payload.max_errors, least=0),
            canary=_number(path, "canary", payload.canary),
            max_calls=None if payload.max_calls is msgspec.UNSET else _number(path, "max_calls", payload.max_calls),
            everywhere=payload.everywhere,
            reason=text(payload.reason),
            operator=operator,
        ),
    )


def _share(path: str, name: str, value: int | str, *, least: int) -> Share | None:
    """10, "10" or "10%", as in OOS; "" = not said."""
    if value == "":
        return None
    found = _SHARE.fullmatch(str(value))
    if not found or (found[1] and int(found[1]) < least) or (found[2] and not float(found[2]) >= least):
        raise _Slip(f"{path}.{name}: {str(value)[:40]!r} is neither a number of {least} or more nor a percentage; write 10 "
                    'or "10%"')  # fmt: skip
    return Share(count=int(found[1])) if found[1] else Share(part=float(found[2]) / 100)


def _number(path: str, name: str, value: int) -> int:
    if not 0 <= value < 1_000_000_000:
        raise _Slip(f"{path}.{name}: {value} is not a number of 0 or more")
    return value


def _selected(path: str, payload: Payload) -> tuple[str, ...]:
    given = [name for name in SELECTORS if getattr(payload, name) is not msgspec.UNSET]
    if len(given) != 1:
        raise _Slip(f"{path}: give exactly one of {', '.join(SELECTORS)}; got {', '.join(given) or 'none'}")
    if payload.all is False:
        raise _Slip(f"{path}.all: must be true; to name instances give instance_ids or tags instead")
    if payload.tags is not msgspec.UNSET and not (payload.tags and all(payload.tags)):
        raise _Slip(f"{path}.tags: give at least one tag, and no empty key; for every instance give all: true")
    if payload.tags is not msgspec.UNSET and len(payload.tags) > MAX_TAGS:
        raise _Slip(f"{path}.tags: {len(payload.tags)} tags; ECS can be asked for {MAX_TAGS} at once")
    tags = payload.tags or {}
    for name, words in {"tags": (*tags, *tags.values()), "rule": (payload.rule,), "role": (payload.role,)}.items():
        for word in words:
            if isinstance(word, str) and not is_clean(word):
                raise _Slip(
                    f"{path}.{name}: {clean(word, 40)!r} is longer than {TEXT_LIMIT} characters, or has some that cannot be shown, or a "
                    "key: nothing can be selected by it"
                )
    for name in ("rule", "role"):
        if getattr(payload, name) == "":
            raise _Slip(f"{path}.{name}: is empty; for every instance give all: true")
    if payload.instance_ids is msgspec.UNSET:
        return ()
    if not payload.instance_ids:
        raise _Slip(f"{path}.instance_ids: the list is empty; name at least one instance")
    wrong = [(n, clean(one, 40)) for n, one in enumerate(payload.instance_ids) if not INSTANCE_ID.fullmatch(one)]
    if wrong:
        (position, shown), *more = wrong
        others = (
            f"; nor {'is' if len(more) == 1 else 'are'} {', '.join(repr(name) for _, name in more[:5])}" if more else ""
        )
        others += f" and {len(more) - 5} more" if len(more) > 5 else ""
        raise _Slip(f"{path}.instance_ids[{position}]: {shown!r} is not an instance id such as i-bp1a2b3c{others}")
    return tuple(dict.fromkeys(payload.instance_ids))


def _known(path: str, raw: dict[str, object] | object, known: Collection[str]) -> None:
    for key in raw if isinstance(raw, dict) else ():
        if key not in known:
            raise _Slip(f"{path}: unknown key `{clean(key, 40)}`; {_mend(key, known)}")


def _texts(path: str, tags: object) -> None:
    # msgspec writes "$.tags[...]" here; the key is what the operator needs.
    for key, value in tags.items() if isinstance(tags, dict) else ():
        if not isinstance(value, str):
            raise _Slip(f"{path}: the value of `{clean(key, 40)}` is not text; put it in quotes")


def _drift(path: str, value: object) -> None:
    known = get_args(Drift)
    if isinstance(value, str) and value not in known:
        raise _Slip(f"{path}: {clean(value, 40)!r} is no drift; {_mend(value, known)}")
