"""What ECS answers, as the words of the domain. Makes no call.

Facts: the API pages of DescribeInstances, DescribeInstanceRamRole, AttachInstanceRamRole and DetachInstanceRamRole. Parts of an
answer may be missing at any level, or be null.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import msgspec

from shared.clean import cleaned
from shared.errors import CloudCallError, OutOfTime, Throttled, TransientError
from shared.gateways.errors import CODE, classify
from shared.model import Instance

Json = Mapping[str, Any]


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why one instance of a batch failed, in the cloud's words.

    transient: another try may succeed. lost: the whole call gave no answer, so it may have been carried out. gone: ECS was
    asked, and does not show the instance any more.
    """

    code: str
    message: str
    transient: bool = False
    lost: bool = False
    gone: bool = False

    @classmethod
    def of(cls, error: CloudCallError, *, lost: bool = False) -> Failure:
        transient, unsent = isinstance(error, TransientError), isinstance(error, (Throttled, OutOfTime))
        return cls(code=error.code, message=str(error), transient=transient, lost=lost and transient and not unsent)


class BatchResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an attach or detach did, item by item."""

    done: frozenset[str]
    failed: Mapping[str, Failure]
    request_id: str = ""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a listing. token: of this page, "" = the first. next_token: "" = it is the last."""

    instances: tuple[Instance, ...]
    token: str = ""
    next_token: str = ""


def rows(body: Json, outer: str, inner: str) -> list[Json]:
    """A list of the answer: ECS puts each into an object of its own."""
    return (body.get(outer) or {}).get(inner) or []


def roles(body: Json) -> dict[str, str]:
    """DescribeInstanceRamRole: the role of each instance that has one."""
    found = rows(body, "InstanceRamRoleSets", "InstanceRamRoleSet")
    return {row["InstanceId"]: row["RamRoleName"] for row in found if row.get("RamRoleName")}


def result(call: str, ids: Sequence[str], body: Json) -> BatchResult:
    """Attach or detach: success is Success true, or Code 200 as text or number: the samples of the API pages have all three.

    Without an answer for an instance, or with one that says a detach took nothing off, only a read can tell.
    """
    request_id = cleaned(str(body.get("RequestId") or ""), CODE)
    done: set[str] = set()
    failed: dict[str, Failure] = {}
    for item in rows(body, f"{call}Results", f"{call}Result"):
        name, success, code = item["InstanceId"], item.get("Success"), str(item.get("Code") or "")
        if not (success is True or (success is None and code == "200")):
            status = int(code) if code.isdecimal() else 0
            failed[name] = Failure.of(classify(call, code, str(item.get("Message") or ""), status, request_id))
        elif (item.get("InstanceRamRoleSets") or {}).get("InstanceRamRoleSet") == []:
            failed[name] = _unclear("NothingDetached", f"{call}: the answer says that no role was taken off")
        else:
            done.add(name)
    for missing in set(ids) - done - set(failed):
        failed[missing] = _unclear("NoResult", f"{call}: the answer does not name this instance")
    return BatchResult(done=frozenset(done), failed=failed, request_id=request_id)


def _unclear(code: str, message: str) -> Failure:
    return Failure(code=code, message=message, transient=True, lost=True)


def instances(body: Json, region: str) -> Iterator[Instance]:
    """DescribeInstances."""
    for item in rows(body, "Instances", "Instance"):
        yield Instance(
            instance_id=item["InstanceId"],
            region=item.get("RegionId") or region,
            zone=item.get("ZoneId") or "",
            name=item.get("InstanceName") or "",
            network="classic" if item.get("InstanceNetworkType") == "classic" else "vpc",
            vpc=(item.get("VpcAttributes") or {}).get("VpcId") or "",
            resource_group=item.get("ResourceGroupId") or "",
            instance_type=item.get("InstanceType") or "",
            image=item.get("ImageId") or "",
            tags={tag["TagKey"]: tag.get("TagValue") or "" for tag in rows(item, "Tags", "Tag")},
            created_at=_time(item.get("CreationTime") or ""),
        )


def _time(text: str) -> datetime | None:
    """CreationTime: "2017-12-10T04:04Z", without seconds. strptime would be most of what a page costs."""
    if len(text) != 17 or text[4] + text[7] + text[10] + text[13] + text[16] != "--T:Z":
        return None
    try:
        return datetime(
            int(text[:4]), int(text[5:7]), int(text[8:10]), int(text[11:13]), int(text[14:16]), tzinfo=timezone.utc
        )
    except ValueError:
        return None
