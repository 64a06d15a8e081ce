"""What Function Compute does in the name of a function's role: the function's calls, its log and its destinations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT
from fakecloud.permissions import used
from tests.contract.permissions.callers import allow, document
from tests.contract.sls.toolbox import client as log_client

QUEUE = f"acs:mns:cn-hangzhou:{ACCOUNT}:/queues/dead/messages"
TOPIC = f"acs:mns:cn-hangzhou:{ACCOUNT}:/topics/dead/messages"
NEXT = f"acs:fc:cn-hangzhou:{ACCOUNT}:functions/next"
LOG = f"acs:log:cn-hangzhou:{ACCOUNT}:project/functions/logstore/out"
WRITE_LOG = allow("log:PostLogStoreLogs", LOG)
FAILS = "def handler(event, context):\n    print('hello')\n    raise RuntimeError('no')\n"


@pytest.fixture
def run(judging: Cloud, deploy: Callable[..., Any]) -> Callable[..., None]:
    """run(*statements, destination=...): a function that fails once, asynchronously, in a role of these statements."""
    sls = log_client()
    sls.create_project("functions", "")
    sls.create_logstore("functions", "out", ttl=30, shard_count=1)

    def go(*statements: Any, destination: str = QUEUE, role: bool = True) -> None:
        judging.ram.put_role(ACCOUNT, "fn", services=("fc.aliyuncs.com",), policies=[document(*statements)])
        arn = {"role": f"acs:ram::{ACCOUNT}:role/fn"} if role else {}
        failure = {"maxAsyncRetryAttempts": 0, "destinationConfig": {"onFailure": {"destination": destination}}}
        deploy(FAILS, logConfig={"project": "functions", "logstore": "out"}, asyncInvokeConfig=failure, **arn)
        judging.fc.enqueue(judging.fc.find(ACCOUNT, "", "hello"), b"{}")
        judging.settle()

    return go


def test_its_log_is_written_by_the_functions_role(judging: Cloud, run: Callable[..., None]) -> None:
    run(WRITE_LOG)
    assert "hello" in [row["message"] for row in judging.sls.logs("functions", "out")]
    assert ("log:PostLogStoreLogs", LOG) in used(judging)


def test_without_permission_its_log_is_lost_and_the_function_runs_all_the_same(
    judging: Cloud, run: Callable[..., None]
) -> None:
    run(allow("log:PostLogStoreLogs", LOG.replace("out", "other")))
    assert judging.sls.logs("functions", "out") == []
    assert len(judging.fc.invocations) == 1


@pytest.mark.parametrize(
    ("destination", "action", "resource", "delivered"),
    [
        pytest.param(QUEUE, "mns:SendMessage", QUEUE, True, id="a queue"),
        pytest.param(QUEUE.removesuffix("/messages"), "mns:SendMessage", QUEUE, True, id="a queue without messages"),
        pytest.param(QUEUE, "mns:PublishMessage", QUEUE, False, id="a queue with the action of topics"),
        pytest.param(QUEUE, "mns:SendMessage", QUEUE.replace("dead", "other"), False, id="another queue"),
        pytest.param(TOPIC, "mns:PublishMessage", TOPIC, True, id="a topic"),
        pytest.param(TOPIC, "mns:SendMessage", TOPIC, False, id="a topic with the action of queues"),
        pytest.param(NEXT, "fc:InvokeFunction", NEXT, True, id="a function"),
        pytest.param(NEXT, "fc:InvokeFunction", NEXT + "s", False, id="another function"),
    ],
)
def test_a_destination_is_reached_by_the_functions_role(
    judging: Cloud, run: Callable[..., None], destination: str, action: str, resource: str, delivered: bool
) -> None:
    run(allow(action, resource), destination=destination)
    assert bool(judging.fc.destinations.get(destination)) is delivered


def test_a_function_without_a_role_goes_by_the_service_linked_role(judging: Cloud, run: Callable[..., None]) -> None:
    run(allow("oss:*", "*"), role=False)
    assert judging.sls.logs("functions", "out")
    assert judging.fc.destinations[QUEUE]


def test_the_switch_lets_fc_go_by_its_service_linked_role_always(judging: Cloud, run: Callable[..., None]) -> None:
    judging.switches.fc_own_calls = "service-role"
    run(allow("oss:*", "*"))
    assert judging.sls.logs("functions", "out")
    assert judging.fc.destinations[QUEUE]
