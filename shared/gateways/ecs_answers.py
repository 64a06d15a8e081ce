"""The answers of ECS in the words of the domain. Makes no call.

Facts: the API pages of DescribeInstances, DescribeInstanceRamRole, AttachInstanceRamRole and DetachInstanceRamRole. Parts of an
answer may be missing, or be null. Each item is decoded by its declared types; what is wrong in one says nothing of the others.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from typing import Annotated, Any

import msgspec

from shared.clean import cleaned
from shared.errors import CloudCallError, TransientError
from shared.events.times import parse
from shared.gateways.translation import CODE, classify, unreadable
from shared.model.instance import Instance
from shared.model.plan import Failure
from shared.settings import REGION

Json = Mapping[str, Any]
Id = Annotated[str, msgspec.Meta(min_length=1)]
RegionId = Annotated[str, msgspec.Meta(pattern=rf"^{REGION}\Z")]
Rows = dict[str, list[Any] | None]
UNKNOWN = datetime.max.replace(tzinfo=timezone.utc)
"""The creation of an instance for which ECS gives no time that can be read: nobody knows that its launch is over, so it is young."""
FIRST_YEAR = 2009
"""There is no older instance: what says so (0001-01-01, 1970-01-01) is how a service writes that it knows no time."""
_DAY = re.compile(r"\d{4}-?\d\d-?\d\d\s*(?:[^Tt\s\d].*)?")
"""A day without an hour, which may be long over or have just begun."""
NAMELESS = "?"
"""The placeholder for an id in a listing that cannot be read."""


class _Tag(msgspec.Struct, rename="pascal"):
    tag_key: str
    tag_value: str | None = None


class _Tags(msgspec.Struct, rename="pascal"):
    tag: list[_Tag] | None = None


class _Vpc(msgspec.Struct, rename="pascal"):
    vpc_id: str | None = None


class _Shown(msgspec.Struct, rename="pascal"):
    """An item of DescribeInstances."""

    instance_id: Id
    region_id: Annotated[str, msgspec.Meta(pattern=rf"^(?:{REGION})?\Z")] | None = None
    zone_id: str | None = None
    instance_name: str | None = None
    instance_network_type: str | None = None
    vpc_attributes: _Vpc | None = None
    resource_group_id: str | None = None
    instance_type: str | None = None
    image_id: str | None = None
    metadata_options: Any = None  # one that cannot be read says nothing: then no IMDSv2 is proven
    tags: _Tags | None = None
    creation_time: Any = None  # in whatever form: one that cannot be read is no reason to leave the instance alone


class _Held(msgspec.Struct, rename="pascal"):
    """An item of DescribeInstanceRamRole."""

    instance_id: Id
    ram_role_name: str | None = None


class _Changed(msgspec.Struct, rename="pascal"):
    """An item of AttachInstanceRamRole or DetachInstanceRamRole. The samples of their pages have Code as text and as number."""

    instance_id: Id
    success: bool | str | None = None
    code: str | int | None = None
    message: str | None = None
    instance_ram_role_sets: Rows | None = None


class _Region(msgspec.Struct, rename="pascal"):
    region_id: RegionId


class BatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of an attach or detach, item by item."""

    done: frozenset[str]
    failed: Mapping[str, Failure]
    request_ids: tuple[str, ...] = ()  # of every try of the call


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a listing. token: of this page, "" = the first. next_token: "" = it is the last."""

    instances: tuple[Instance, ...]
    token: str = ""
    next_token: str = ""


def rows(body: Json, outer: str, inner: str, *, needed: bool = True) -> list[Any]:
    """A list of the answer: ECS puts each into an object of its own. Raises ValidationError where it is none.

    needed: whether an answer without the list is none at all.
    """
    if needed:
        return msgspec.convert(body.get(outer), dict[str, list[Any]])[inner]
    return (msgspec.convert(body.get(outer), Rows | None) or {}).get(inner) or []


def total(body: Json) -> int:
    """Return how many there are in all. A number that is missing is not none: what is nobody's may be deleted."""
    number: int = msgspec.convert(body.get("TotalCount"), Annotated[int, msgspec.Meta(ge=0)], strict=False)
    return number


def regions(body: Json) -> list[str]:
    """DescribeRegions."""
    return [row.region_id for row in msgspec.convert(rows(body, "Regions", "Region"), list[_Region])]


def roles(body: Json, ids: Sequence[str]) -> dict[str, str | CloudCallError] | None:
    """DescribeInstanceRamRole: the role of each instance that has one, or why it cannot be read.

    None: of some of these instances it cannot be told whether they have one, for an item names no instance.
    """
    found: dict[str, str | CloudCallError] = {}
    nameless: CloudCallError | None = None
    for item in rows(body, "InstanceRamRoleSets", "InstanceRamRoleSet", needed=False):
        try:
            row = msgspec.convert(item, _Held)
        except msgspec.ValidationError as error:
            why = unreadable("DescribeInstanceRamRole", error, body)
            if name := _id(item):
                found[name] = why
            else:
                nameless = why
        else:
            if row.ram_role_name:
                found[row.instance_id] = row.ram_role_name
    if nameless:
        left = [name for name in ids if name not in found]
        if len(left) > 1:
            return None
        found |= dict.fromkeys(left, nameless)
    return found


def holders(body: Json) -> list[str]:
    """DescribeInstanceRamRole by a role's name: who holds it. One that cannot be read is no reason to take it for nobody."""
    return [
        row.instance_id for row in msgspec.convert(rows(body, "InstanceRamRoleSets", "InstanceRamRoleSet"), list[_Held])
    ]


def request_id(body: Json) -> str:
    """The id of the call in the cloud, "" where the answer has none."""
    return cleaned(str(body.get("RequestId") or ""), CODE)


def result(call: str, ids: Sequence[str], body: Json) -> BatchResult:
    """Attach or detach: success is Success true, or Code 200 as text or number: the samples of the API pages have all three.

    Without an answer for an instance that can be read, or with one that says a detach took nothing off, only a read can tell.
    """
    done: set[str] = set()
    failed: dict[str, Failure] = {}
    for item in rows(body, f"{call}Results", f"{call}Result", needed=False):
        try:
            row = msgspec.convert(item, _Changed)
            success = msgspec.convert(row.success, bool | None, strict=False)  # as text, too
        except msgspec.ValidationError as error:
            if name := _id(item):
                failed[name] = _unclear(unreadable(call, error, body))
            continue
        name, code = row.instance_id, str("" if row.code is None else row.code)
        if not (success is True or (success is None and code == "200")):
            status = int(code) if code.isdecimal() else 0
            failed[name] = Failure.of(classify(call, code, row.message or "", status, request_id(body)))
        elif (row.instance_ram_role_sets or {}).get("InstanceRamRoleSet") == []:
            failed[name] = _unclear(
                TransientError(call, "NothingDetached", "the answer says that no role was taken off")
            )
        else:
            done.add(name)
    for missing in set(ids) - done - set(failed):
        failed[missing] = _unclear(TransientError(call, "NoResult", "the answer does not name this instance"))
    found = request_id(body)
    return BatchResult(done=frozenset(done - set(failed)), failed=failed, request_ids=(found,) if found else ())


def _unclear(error: TransientError) -> Failure:
    return Failure(code=error.code, message=str(error), transient=True, lost=True)


def instances(body: Json, region: str, asked: Sequence[str] = ()) -> list[Instance]:
    """DescribeInstances. One that cannot be read says why in `unread`; where such an item names no instance, each of those asked
    for that is not shown may be it.
    """
    found: list[Instance] = []
    nameless: list[CloudCallError] = []
    for item in rows(body, "Instances", "Instance"):
        try:
            found.append(_instance(msgspec.convert(item, _Shown), region))
        except msgspec.ValidationError as error:
            why = unreadable("DescribeInstances", error, body)
            if name := _id(item):
                found.append(Instance(instance_id=name, region=region, unread=why))
            else:
                nameless.append(why)
    if nameless and asked:
        shown = {instance.instance_id for instance in found}
        found += [Instance(instance_id=n, region=region, unread=nameless[0]) for n in asked if n not in shown]
    elif nameless:
        found += [Instance(instance_id=NAMELESS, region=region, unread=why) for why in nameless]
    return found


def _instance(shown: _Shown, region: str) -> Instance:
    return Instance(
        instance_id=shown.instance_id,
        region=shown.region_id or region,
        zone=shown.zone_id or "",
        name=shown.instance_name or "",
        network="classic" if shown.instance_network_type == "classic" else "vpc",
        vpc=(shown.vpc_attributes and shown.vpc_attributes.vpc_id) or "",
        resource_group=shown.resource_group_id or "",
        instance_type=shown.instance_type or "",
        image=shown.image_id or "",
        http_tokens=_http_tokens(shown.metadata_options),
        tags={tag.tag_key: tag.tag_value or "" for tag in (shown.tags and shown.tags.tag) or ()},
        created_at=_time(shown.creation_time),
    )


def _http_tokens(options: object) -> str:
    tokens = options.get("HttpTokens") if isinstance(options, dict) else None
    return tokens if tokens in ("required", "optional") else ""


def _id(item: object) -> str:
    """The id in an item that cannot be read as a whole; "" where it has none."""
    name = item.get("InstanceId") if isinstance(item, dict) else None
    return name if isinstance(name, str) else ""


def _time(text: object) -> datetime:
    """CreationTime: "2017-12-10T04:04Z", without seconds, which is read by itself: any other form costs most of a page."""
    found: datetime | None = None
    if isinstance(text, str) and len(text) == 17 and text[4] + text[7] + text[10] + text[13] + text[16] == "--T:Z":
        parts = (text[:4], text[5:7], text[8:10], text[11:13], text[14:16])
        if "".join(parts).isdecimal():
            year, month, day, hour, minute = map(int, parts)
            with suppress(ValueError):
                found = datetime(year, month, day, hour, minute, tzinfo=timezone.utc)
    elif not (isinstance(text, str) and _DAY.fullmatch(text)):
        found = parse(text)
    return found if found and found.year >= FIRST_YEAR else UNKNOWN
