"""The open questions of Alibaba Cloud's documents, as switches: the product is tested under each setting. No logic here.

docs/fidelity.md says of each what is known. Defaults are the likelier behaviour.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_type_hints

Shape = Literal["item", "request"]
"""The way in which a refusal of one instance comes: in its item of an HTTP 200 answer, or as an error of the whole request."""


@dataclass(slots=True)
class Switches:
    already_attached: Shape = "item"
    already_attached_code: str = "InvalidInstance.RamRoleAlreadyAttached"  # invented: no code is documented
    same_role_again: Literal["error", "success"] = "error"
    detach_nothing: Literal["success", "item", "request"] = "item"
    detach_other: Literal["success", "item", "request"] = "item"  # naming a role that is not the attached one
    unknown_instance: Shape = "request"  # attach, detach and describe of an id that does not exist
    classic_network: Shape = "request"
    attach_while_pending: Literal["allow", "item"] = "allow"
    roleless: Literal["absent", "empty"] = "absent"  # an instance without a role in DescribeInstanceRamRole
    deleted_role_by_name: Literal["shown", "refused"] = "shown"  # the holders of a role that RAM has no more
    code_type: Literal["string", "integer"] = "string"  # Code in the items of attach and detach
    success_field: Literal["present", "absent"] = "present"  # older samples have no Success
    visible_after: float = 0.0  # seconds until a new instance is shown
    launch_tags_after: float = 0.0  # seconds until the tags that RunInstances gave are shown, and count
    ecs_finds_role_after: float = 0.0  # seconds until attaching finds a role that RAM has just made
    ram_visible_after: float = 0.0  # seconds until RAM's reads and checks see what was changed there
    boot_seconds: float = 2.0  # Pending until Running (RunInstances) or Stopped (CreateInstance)
    creation_events: Literal["created", "pending", "both"] = "both"
    tag_event: Literal["actiontrail", "cloudmonitor", "both"] = "both"
    resource_manager_events: Literal["carried", "absent"] = "carried"  # MoveResources on EventBridge
    attributes_after: float = 0.0  # seconds until a changed attribute (name, type, ...) is shown
    event_delay: float = 0.2  # seconds from a change to its EventBridge delivery
    actiontrail_delay: float = 1.0  # ActionTrail's own limit is ten minutes
    token_seconds: float = 3600.0  # life of a NextToken
    token_refused_code: str = "InvalidParameter.NextToken"  # DescribeInstances documents none
    tag_filter_beyond: Literal["all", "cut"] = "all"  # DescribeInstances' Tag filter where over 1,000 instances match
    metadata_delay: float = 0.0  # seconds until the metadata service shows a new role
    list_roles_tags: Literal["shown", "absent"] = "shown"  # in the answer of ListRoles
    malformed_policy_status: Literal[400, 409] = 400
    permissions: Literal["off", "on"] = "off"  # whether every call is judged by the caller's RAM policies
    ecs_role_region: Literal["region", "empty"] = "region"  # in the role's ARN that ECS's role actions are judged on
    resource_tag_in_reads: Literal["filled", "absent"] = "filled"  # acs:ResourceTag of calls that describe and list
    detach_needs_pass_role: Literal["yes", "no"] = "yes"
    tag_key_in_condition: Literal["case-ignored", "as-written"] = (
        "case-ignored"  # KEY of acs:RequestTag/KEY and the like
    )
    role_name_in_policy: Literal["as-written", "case-ignored"] = "as-written"  # against a role's ARN in lower case
    sls_unauthorized_status: Literal[401, 403] = 401
    fc_own_calls: Literal["function-role", "service-role"] = "function-role"  # by which role FC writes logs, reports
    fc_variables_keys: Literal["each-invocation", "instance-start"] = (
        "each-invocation"  # whose keys ALIBABA_CLOUD_... are
    )
    fc_setting_resource: Literal["named", "all"] = "named"  # what calls about triggers and asynchronous settings need
    async_invocation_type: Literal["async", "sync"] = "sync"  # what a trigger's asyncInvocationType: true means
    task_id_unasked: Literal["taken", "ignored", "refused"] = "taken"  # a task id where asyncTask is not on
    async_delay: Literal["kept", "ignored"] = "kept"  # whether FC keeps an invocation back for x-fc-async-delay
    queue_event: Literal["text", "object", "string", "event"] = "text"  # a member of an event stream's batch

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, _checked(name, value))

    def set(self, values: dict[str, Any]) -> None:
        """Set by name, all or none. Raises ValueError for a name or value that is none of the switch's."""
        checked = {name: _checked(name, value) for name, value in values.items()}
        for name, value in checked.items():
            setattr(self, name, value)

    def reset(self) -> None:
        for field in dataclasses.fields(self):
            setattr(self, field.name, field.default)


@cache
def _hints() -> dict[str, Any]:
    return get_type_hints(Switches)


def _checked(name: str, value: Any) -> Any:
    hints = _hints()
    if name not in hints:
        raise ValueError(f"no switch {name!r}; there are {', '.join(sorted(hints))}")
    if allowed := get_args(hints[name]):
        if value not in allowed:
            raise ValueError(f"switch {name}: {value!r} is none of {', '.join(map(str, allowed))}")
        return value
    if hints[name] is float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
            raise ValueError(f"switch {name}: {value!r} is not a number of seconds, 0 or more")
        return float(value)
    if not isinstance(value, str) or not value:
        raise ValueError(f"switch {name}: {value!r} is not a text")
    return value
