"""The needs of each call of the Tag service in the caller's policies, and how it refuses. Judges nothing itself.

The Tag service's own action (its "RAM authorization" page), and, likely, the same of the service whose resources are tagged.
"""

from __future__ import annotations

from fakecloud.ecs.permissions import on_instances, request_tags
from fakecloud.errors import CloudError, NotEmulated
from fakecloud.judgements import Judgement, Need, Refused
from fakecloud.service import Call
from fakecloud.tag.api import tag_map

ACTIONS = ("TagResources", "UntagResources", "ListTagResources")


class NoPermission(Refused):
    """Code and text: the error table of TagResources. That a missing permission on one resource refuses all is a guess."""

    code, message = "NoPermission.Operator", "The user is not authorized to operate on the specified resource."


def needs(call: Call) -> list[Need]:
    if call.action not in ACTIONS:
        raise NotEmulated(f"the permissions of the action {call.action} of the Tag service")
    ids = [arn.rpartition("/")[2] for arn in call.args["ResourceARN"]]
    tags = tag_map(call.args["Tags"]) if call.action == "TagResources" else {}
    instances = on_instances(call, ids, f"ecs:{call.action}", tags)
    own = Need(f"tag:{call.action}", f"acs:tag:{call.args['RegionId']}:{call.account}:*", request_tags(tags))
    return [own, *instances]


def refusal(call: Call, judgement: Judgement) -> CloudError:
    return NoPermission(judgement)
