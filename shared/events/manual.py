"""Source: what an operator types to have instances observed. The one source that is strict: a mistake must not act on others.

{"remediate": {"instance_ids": [...]}}, or "tags": {...}, "rule": "...", "role": "...", "drift": "missing", "all": true, with
options beside; also bare, without the outer "remediate". {"reconcile": {}} observes the whole region, with the same options.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, get_args

import msgspec

from shared.events.event import DETAIL_LIMIT, Event
from shared.events.mistakes import Mistake, keys
from shared.events.values import INSTANCE_ID, TEXT_LIMIT, Json, clean, is_clean, region_id, text
from shared.model.decision import Drift
from shared.model.ignored import Ignored
from shared.model.trigger import RemediationRequest, RunKind, Share, Trigger
from shared.suggestions import suggestion

if TYPE_CHECKING:  # an ignored event reads no mapping, and need not import what reads one
    from shared.mapping import Mapping as RoleMapping

NAME = "manual"
SELECTORS = ("instance_ids", "tags", "rule", "role", "drift", "all")
ASKED: tuple[RunKind, ...] = ("remediate", "reconcile")
EVERY = "; for every instance give all: true"
MAX_TAGS = 20  # as many as DescribeInstances can be asked for

_SHARE = re.compile(r"([0-9]{1,6})|(100|[0-9]{1,2}(?:\.[0-9]+)?)%")


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options of a reconcile by hand: it observes the whole region."""

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
    """The options of a remediation. Exactly one selector says which instances."""

    instance_ids: list[str] | msgspec.UnsetType = msgspec.UNSET
    tags: dict[str, str] | msgspec.UnsetType = msgspec.UNSET
    rule: str | msgspec.UnsetType = msgspec.UNSET
    role: str | msgspec.UnsetType = msgspec.UNSET
    drift: Drift | msgspec.UnsetType = msgspec.UNSET
    all: bool | msgspec.UnsetType = msgspec.UNSET


def read(event: Event) -> Trigger | Ignored | None:
    """Read one request; None if `event` is none."""
    raw, path = event.raw, "$"
    if event.enveloped:
        return None
    try:
        for kind in ASKED:
            if kind in raw:
                _known(raw, [kind])
                path = f"$.{kind}"
                return request(kind, raw[kind], region=event.home.region)
        if any(key in raw for key in SELECTORS):
            return request("remediate", raw, region=event.home.region)
    except Mistake as mistake:
        return _bad(mistake.in_json(path), event.home.region)
    return None


def checked(trigger: Trigger, mapping: RoleMapping) -> Trigger | Ignored:
    """Return the trigger; Ignored where check() refuses it."""
    try:
        check(trigger, mapping)
    except Mistake as mistake:
        return _bad(mistake.in_json(f"$.{trigger.kind}"), trigger.region)
    return trigger


def check(trigger: Trigger, mapping: RoleMapping) -> None:
    """Raise Mistake where an operator names a rule or a role that roles.yaml does not have: such a run is empty, and would look like
    a fleet in order. A run that was handed over goes on, whatever was deployed meanwhile."""
    remedy = trigger.request
    if remedy is None or trigger.progress is not None:
        return
    rules = [rule.name for rule in mapping.rules]
    if remedy.rule and remedy.rule not in rules:
        raise Mistake(("rule",), f"the mapping has no rule {remedy.rule!r}; {_instead(remedy.rule, rules)}")
    if remedy.role and not mapping.is_managed(remedy.role) and not mapping.may_displace(remedy.role):
        instead = _instead(remedy.role, mapping.roles)
        raise Mistake(("role",), f"the mapping does not list the role {remedy.role!r}; {instead}")


def _bad(detail: str, region: str) -> Ignored:
    return Ignored(reason="bad-payload", detail=clean(detail, DETAIL_LIMIT), source=NAME, region=region)


def _instead(word: str, known: Collection[str]) -> str:
    return suggestion(word, known, "`{}`")


def request(kind: RunKind, raw: object, *, region: str) -> Trigger:
    """Read what an operator asks of a function. region: where the payload names none. Raises Mistake."""
    shape = Payload if kind == "remediate" else Options
    if isinstance(raw, dict):
        _known(raw, shape.__struct_fields__)
        _texts(raw.get("tags"))
        _drift(raw.get("drift"))
    try:
        payload: Options = msgspec.convert(raw, shape)
    except msgspec.ValidationError as error:
        raise _of_wrong_type(error) from None
    chosen = payload if isinstance(payload, Payload) else Payload(all=True)
    ids = _selected(chosen)
    place = region_id(payload.region)
    if payload.region and not place:
        raise Mistake(("region",), f"{payload.region!r} is not a region id such as cn-hangzhou")
    if payload.account_id and not re.fullmatch("[0-9]{1,20}", payload.account_id):
        raise Mistake(
            ("account_id",), f"{payload.account_id!r} is not an account id: digits alone", in_json=", in quotes"
        )
    if payload.everywhere and (ids or place or payload.account_id):
        raise Mistake(("everywhere",), "goes with none of ", *keys(("instance_ids", "region", "account_id")))
    operator = text(payload.operator)
    return Trigger(
        kind=kind,
        source=NAME,
        instance_ids=ids,
        region=place or region,
        account_id=payload.account_id,
        actor=operator,
        event_name=kind,
        request=RemediationRequest(
            everything=chosen.all is True,
            tags=chosen.tags or {},
            rule=chosen.rule or "",
            role=chosen.role or "",
            drift=chosen.drift or None,
            dry_run=payload.dry_run,
            lift_brake=payload.lift_brake,
            concurrency=_share("concurrency", payload.concurrency, least=1),
            max_errors=_share("max_errors", payload.max_errors, least=0),
            canary=_number("canary", payload.canary),
            max_calls=None if payload.max_calls is msgspec.UNSET else _number("max_calls", payload.max_calls),
            everywhere=payload.everywhere,
            reason=text(payload.reason),
            operator=operator,
        ),
    )


def _share(name: str, value: int | str, *, least: int) -> Share | None:
    """Read 10, "10" or "10%", as in OOS; "" = not said."""
    if value == "":
        return None
    found = _SHARE.fullmatch(str(value))
    if not found or (found[1] and int(found[1]) < least) or (found[2] and not float(found[2]) >= least):
        wrong = f"{str(value)[:40]!r} is neither a number of {least} or more nor a percentage; write 10 or "
        raise Mistake((name,), wrong + '"10%"')
    return Share(count=int(found[1])) if found[1] else Share(part=float(found[2]) / 100)


def _number(name: str, value: int) -> int:
    if not 0 <= value < 1_000_000_000:
        raise Mistake((name,), f"{value} is not a number of 0 or more")
    return value


def _selected(payload: Payload) -> tuple[str, ...]:
    given = [name for name in SELECTORS if getattr(payload, name) is not msgspec.UNSET]
    if len(given) != 1:
        raise Mistake((), "give exactly one of ", *keys(SELECTORS), "; got ", *keys(given))
    if payload.all is False:
        raise Mistake(("all",), "must be true; to name instances give instance_ids or tags instead")
    if payload.tags is not msgspec.UNSET and not (payload.tags and all(payload.tags)):
        raise Mistake(("tags",), "give at least one tag, and no empty key", in_json=EVERY)
    if payload.tags is not msgspec.UNSET and len(payload.tags) > MAX_TAGS:
        raise Mistake(("tags",), f"{len(payload.tags)} tags; ECS can be asked for {MAX_TAGS} at once")
    tags = payload.tags or {}
    for name, words in {"tags": (*tags, *tags.values()), "rule": (payload.rule,), "role": (payload.role,)}.items():
        for word in words:
            if isinstance(word, str) and not is_clean(word):
                unfit = f"is longer than {TEXT_LIMIT} characters, or has some that cannot be shown, or a key"
                raise Mistake((name,), f"{clean(word, 40)!r} {unfit}: nothing can be selected by it")
    for name in ("rule", "role"):
        if getattr(payload, name) == "":
            raise Mistake((name,), "is empty", in_json=EVERY)
    return _ids(payload.instance_ids)


def _ids(given: list[str] | msgspec.UnsetType) -> tuple[str, ...]:
    if given is msgspec.UNSET:
        return ()
    if not given:
        raise Mistake(("instance_ids",), "the list is empty; name at least one instance")
    wrong = [(place, clean(one, 40)) for place, one in enumerate(given) if not INSTANCE_ID.fullmatch(one)]
    if wrong:
        (position, shown), *more = wrong
        others = f"; nor {'is' if len(more) == 1 else 'are'} {', '.join(repr(name) for _, name in more[:5])}"
        others += f" and {len(more) - 5} more" if len(more) > 5 else ""
        unlike = f"{shown!r} is not an instance id such as i-bp1a2b3c"
        raise Mistake(("instance_ids", position), unlike + (others if more else ""))
    return tuple(dict.fromkeys(given))


def _known(raw: dict[str, object] | Json, known: Collection[str]) -> None:
    for key in raw:
        if key not in known:
            raise Mistake((), f"unknown key `{clean(key, 40)}`; {_instead(key, known)}")


def _texts(tags: object) -> None:
    # msgspec writes "$.tags[...]" here; the key is what the operator needs.
    for key, value in tags.items() if isinstance(tags, dict) else ():
        if not isinstance(value, str):
            raise Mistake(("tags",), f"the value of `{clean(key, 40)}` is not text; put it in quotes")


def _drift(value: object) -> None:
    known = get_args(Drift)
    if isinstance(value, str) and value not in known:
        raise Mistake(("drift",), f"{clean(value, 40)!r} is no drift; {_instead(value, known)}")


def _of_wrong_type(error: msgspec.ValidationError) -> Mistake:
    """Return the mistake that msgspec's "Expected `int`, got `str` - at `$.instance_ids[1]`" reports."""
    said, _, path = str(error).partition(" - at ")
    steps = re.findall(r"\.(\w+)|\[(\d+)\]", path)
    return Mistake(tuple(key or int(position) for key, position in steps), said)
