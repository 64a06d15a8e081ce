"""The events that Alibaba Cloud's own services put on the default bus, as CloudEvents objects. Sends nothing."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from fakecloud import signatures
from fakecloud.errors import CloudError

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud
    from fakecloud.service import Call

DEFAULT_REGION = "cn-hangzhou"
CONTENT_TYPE = "application/json;charset=utf-8"
CENTRAL = ("resourcemanager",)
"""Services whose records name this one region, as the published record of its CreateResourceGroup does."""
SECRETS = frozenset(["AccessKeySecret", "SecurityToken", "Password"])
"""Keys whose values a record never shows, wherever they are: CreateAccessKey and AssumeRole answer with the first two."""


def envelope(
    cloud: Cloud, account: str, region: str, source: str, kind: str, subject: str, data: dict[str, Any]
) -> dict[str, Any]:
    """A whole CloudEvents object, attributes as in the sample on EventBridge's page "Event overview"."""
    now = timestamp(cloud)
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": source,
        "type": kind,
        "subject": subject,
        "time": now,
        "datacontenttype": CONTENT_TYPE,
        "data": data,
        "aliyunaccountid": account,
        "aliyunoriginalaccountid": account,
        "aliyunpublishtime": now,
        "aliyunpublishaddr": "100.104.0.1",
        "aliyuneventbusname": "default",
        "aliyunregionid": region,
    }


def timestamp(cloud: Cloud) -> str:
    """RFC 3339 with milliseconds, as EventBridge writes times."""
    return cloud.clock.utc().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def action_trail(call: Call, answer: dict[str, Any] | None, error: CloudError | None) -> dict[str, Any]:
    """An API call as ActionTrail records it and EventBridge carries it: `data` is the record.

    answer: the body without RequestId. A call that failed has errorCode and errorMessage, and no responseElements.
    Fields: AlibabaCloudDocs/config, "ActionTrail event log reference"; EventBridge, page "ActionTrail events".
    The subject is a guess: no sample shows one.
    """
    cloud, request = call.cloud, call.request
    region = DEFAULT_REGION if call.service in CENTRAL else call.params.get("RegionId") or DEFAULT_REGION
    record: dict[str, Any] = {
        "eventId": str(uuid.uuid4()),
        "eventVersion": "1",
        "eventName": call.action,
        "eventType": "ApiCall",
        "eventRW": "Write",
        "eventSource": request.host,
        "eventTime": cloud.clock.stamp(),
        "serviceName": _service_name(call.service),
        "apiVersion": signatures.said(request, "x-acs-version", "Version"),
        "acsRegion": region,
        "requestId": call.request_id,
        "requestParameters": masked(dict(call.params)),
        "sourceIpAddress": "127.0.0.1",
        "userAgent": request.headers.get("user-agent", ""),
        "userIdentity": call.identity.user_identity(),
        "recipientAccountId": call.account,
        "referencedResources": _referenced(call, answer or {}),
    }
    if error is None:
        record["responseElements"] = {k: masked(v) for k, v in (answer or {}).items() if k != "RequestId"}
    else:
        record |= {"errorCode": error.code, "errorMessage": error.message}
    service = call.service.lower()
    subject = f"acs:{service}:{region}:{call.account}:{call.action}"
    kind = f"{service}:ActionTrail:ApiCall"
    return envelope(cloud, call.account, region, f"acs.{service}", kind, subject, record)


def masked(value: Any) -> Any:
    """The same, with asterisks for secrets. What ActionTrail itself writes in their place is unverified."""
    if isinstance(value, dict):
        return {name: "******" if name in SECRETS else masked(inner) for name, inner in value.items()}
    return [masked(inner) for inner in value] if isinstance(value, list) else value


def instance_state(cloud: Cloud, account: str, region: str, instance_id: str, state: str) -> dict[str, Any]:
    """ecs:Instance:StateChange. Creation has no type of its own: it is the state Created or Pending (page "ECS events")."""
    data = {"resourceId": instance_id, "resourceType": "ALIYUN::ECS::Instance", "state": state}
    subject = f"acs:ecs:{region}:{account}:instance/{instance_id}"
    return envelope(cloud, account, region, "acs.ecs", "ecs:Instance:StateChange", subject, data)


def tag_change(
    cloud: Cloud, account: str, region: str, instance_id: str, changed_keys: list[str], tags: dict[str, str]
) -> dict[str, Any]:
    """CloudMonitor's Tag:ChangeOnResource. tags: all of them after the change; a removed key is in changed_keys only.

    The content is what Alibaba Cloud's public OOS templates read from it; the type on EventBridge is a guess by analogy.
    """
    data = {
        "product": "ecs",
        "resourceType": "instance",
        "resourceId": instance_id,
        "changedTagKeys": list(changed_keys),
        "tags": dict(tags),
    }
    subject = f"acs:ecs:{region}:{account}:instance/{instance_id}"
    return envelope(cloud, account, region, "acs.tag", "tag:CloudMonitor:Tag[ChangeOnResource]", subject, data)


def _service_name(service: str) -> str:
    return {"eventbridge": "EventBridge", "resourcemanager": "ResourceManager"}.get(service, service.capitalize())


def _referenced(call: Call, answer: dict[str, Any]) -> dict[str, list[str]]:
    """The instances and roles that the call names or made, under the keys of today's records."""
    params = call.params
    ids = [v for k, v in params.items() if k.split(".")[0] in ("InstanceId", "InstanceIds")]
    if params.get("ResourceType", "").lower() == "instance":
        ids += [v for k, v in params.items() if k.split(".")[0] == "ResourceId"]
    found = [part.strip(' []"') for text in ids for part in text.split(",")]
    made = answer.get("InstanceIdSets", {}).get("InstanceIdSet", []) if call.service == "ecs" else []
    made = made or ([answer["InstanceId"]] if isinstance(answer.get("InstanceId"), str) else [])
    instances = list(dict.fromkeys([*filter(None, found), *made]))
    role = params.get("RoleName") or params.get("RamRoleName")
    return {
        **({"ACS::ECS::Instance": instances} if instances else {}),
        **({"ACS::RAM::Role": [role]} if role else {}),
    }
