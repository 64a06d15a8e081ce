"""A function lives in the emulated time: whatever it asks, it is told the cloud's clock; and its calls are signed in it."""

from __future__ import annotations

import json
import time

import pytest

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, ROOT_KEY
from fakecloud.server import Server

from .conftest import Deploy, handler, invoke

ASKING = """
import calendar, datetime, email.utils, json, logging, time
from datetime import date
from time import time as clock

def handler(event, context):
    utc = datetime.timezone.utc
    told = {
        "time": time.time(), "from time": clock(), "ns": time.time_ns() / 1e9,
        "gmtime": calendar.timegm(time.gmtime()), "localtime": time.mktime(time.localtime()),
        "strftime": calendar.timegm(time.strptime(time.strftime("%Y%m%d%H%M%S", time.gmtime()), "%Y%m%d%H%M%S")),
        "now": datetime.datetime.now(utc).timestamp(), "naive": datetime.datetime.now().timestamp(),
        "today": datetime.datetime.today().timestamp(),
        "utcnow": datetime.datetime.utcnow().replace(tzinfo=utc).timestamp(),
        "elsewhere": datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).timestamp(),
        "record": logging.makeLogRecord({}).created, "mail": email.utils.parsedate_to_datetime(email.utils.formatdate()).timestamp(),
    }
    exact = type(datetime.datetime.now()) is datetime.datetime and isinstance(datetime.datetime.now(utc), datetime.datetime)
    return {"told": told, "exact": exact, "day": str(date.today()), "of epoch": time.gmtime(0).tm_year}
"""


@pytest.mark.parametrize("ahead", [0.0, 40 * 86_400.0], ids=["real time", "forty days on"])
def test_whatever_a_function_asks_it_is_told_the_clouds_time(cloud: Cloud, deploy: Deploy, ahead: float) -> None:
    deploy(ASKING, runner="process")
    cloud.clock.advance(ahead)
    before = cloud.clock.now()
    outcome = invoke(cloud)
    assert outcome.ok, outcome.body
    answer = json.loads(outcome.body)
    wrong = {name: at for name, at in answer["told"].items() if not before - 1 <= at <= cloud.clock.now() + 1}
    assert not wrong
    assert answer["exact"]
    assert answer["of epoch"] == 1970
    assert answer["day"] in (time.strftime("%Y-%m-%d", time.localtime(at)) for at in (before, cloud.clock.now()))


def test_time_goes_on_for_an_instance_that_is_used_again(cloud: Cloud, deploy: Deploy) -> None:
    deploy("import time\n" + handler("return time.time()"), runner="process")
    for seconds in (0, 3600, 7 * 86_400):
        cloud.clock.advance(seconds)
        assert abs(float(invoke(cloud).body) - cloud.clock.now()) < 5


def test_calls_of_a_function_are_taken_though_they_are_signed_in_the_emulated_time(
    cloud: Cloud, deploy: Deploy
) -> None:
    source = """
        import json, os
        from alibabacloud_ecs20140526.client import Client
        from alibabacloud_ecs20140526.models import DescribeRegionsRequest
        from alibabacloud_tea_openapi.models import Config
        def handler(event, context):
            key, secret, endpoint = json.loads(event)
            config = Config(access_key_id=key, access_key_secret=secret, endpoint=endpoint, protocol="http")
            return Client(config).describe_regions(DescribeRegionsRequest()).body.regions.region[0].region_id
    """
    deploy(source, runner="process", timeout=60)
    cloud.clock.advance(10 * 86_400)
    with Server(cloud, runs_clock=False) as server:
        given = json.dumps([*ROOT_KEY, server.url.removeprefix("http://")]).encode()
        outcome = cloud.fc.invoke(cloud.fc.find(ACCOUNT, "", "hello"), given)
    assert outcome.ok, outcome.body
    assert outcome.body.decode().startswith("cn-")


KEYS = """
    import os
    def handler(event, context):
        given = getattr(context, "credentials", None)
        return os.environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] + " " + (given.access_key_id if given else "")
"""


@pytest.mark.parametrize("setting", ["each-invocation", "instance-start"])
def test_the_keys_of_an_old_instance(cloud: Cloud, deploy: Deploy, runner: str, setting: str) -> None:
    """The context's are of this invocation; whether the variables are too is a switch."""
    cloud.switches.set({"fc_variables_keys": setting})
    cloud.ram.put_role(ACCOUNT, "keeper", services=("fc.aliyuncs.com",))
    deploy(KEYS, runner=runner, role=f"acs:ram::{ACCOUNT}:role/keeper")
    first = invoke(cloud).body.decode().split()
    cloud.clock.advance(37 * 3600)
    variables, context = invoke(cloud).body.decode().split()
    assert first[0] == first[1]
    assert context != first[1]
    assert variables == (context if setting == "each-invocation" else first[0])
