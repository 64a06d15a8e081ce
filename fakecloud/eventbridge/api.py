"""EventBridge 2020-04-01 as a service: the default bus of each account and region, its rules, and what is put on it."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Any

from fakecloud.eventbridge import exceptions, rules_api, targets_api
from fakecloud.eventbridge.delivery import Courier, Delivery, Log
from fakecloud.eventbridge.models import Bus, Rule, Target, compiled
from fakecloud.eventbridge.notices import CONTENT_TYPE, DEFAULT_REGION, timestamp
from fakecloud.eventbridge.streams import Stream
from fakecloud.mns.models import Queue
from fakecloud.rpc import RpcService
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud

_HOST = re.compile(r"(?:\d+\.)?eventbridge(?:-console)?(?:-vpc)?\.([a-z]+-[a-z0-9-]+)\.aliyuncs\.com")


class EventBridge(RpcService):
    """delivery: how unkind it is; log: what happened. PutEvents is not emulated: `emit` stands for it."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__("eventbridge", "2020-04-01", "eventbridge.aliyuncs.com")
        self.cloud = cloud
        self.delivery = Delivery()
        self.log = Log()
        self._courier = Courier(cloud, self.log, self.delivery)
        self._buses: dict[tuple[str, str], Bus] = {}
        self.streams: dict[tuple[str, str, str], Stream] = {}
        rules_api.declare(self)
        targets_api.declare(self)

    def reset(self) -> None:
        self._buses.clear()
        self.streams.clear()
        self.log.clear()
        fresh = Delivery()
        for name in Delivery.__slots__:
            setattr(self.delivery, name, getattr(fresh, name))

    def emit(self, event: dict[str, Any], delay: float = 0.0) -> None:
        """Put one CloudEvents object on the default bus of its account and region, `delay` seconds from now.

        Missing attributes are filled in. Where that bus has no rule the event is logged and dropped at once.
        """
        whole = {**self._defaults(event), **event}
        with self.cloud.lock:
            self.log.events.append(whole)
            bus = self._buses.get((whole["aliyunaccountid"], whole["aliyunregionid"]))
            if bus is None or not bus.rules:
                return
            delays = self.delivery.delays(delay)
        for after in delays:
            self.cloud.clock.later(after, lambda: self._courier.arrive(bus, whole))

    def bus(self, account: str, region: str) -> Bus:
        return self._buses.setdefault((account, region), Bus(account, region))

    def put_rule(
        self,
        account: str,
        region: str,
        name: str,
        pattern: str,
        targets: list[Target],
        *,
        enabled: bool = True,
        description: str = "",
    ) -> Rule:
        """A rule on the default bus, as CreateRule and a function's trigger make one. Raises as Bus.put does."""
        now = int(self.cloud.clock.now() * 1000)
        with self.cloud.lock:
            bus = self.bus(account, region)
            return bus.put(name, pattern, targets, now, enabled=enabled, description=description)

    def drop_rule(self, account: str, region: str, name: str) -> None:
        with self.cloud.lock:
            self.bus(account, region).rules.pop(name, None)

    def open_stream(
        self, name: str, queue: Queue, target: Target, pattern: str, *, count: int, seconds: float, decode: bool
    ) -> str:
        """An event stream from a queue to a function, as a function's trigger makes one: its ARN. Raises as compiled()."""
        account, region, _ = queue.key
        with self.cloud.lock:
            stream = Stream(self.cloud, self._courier, name, queue, target, compiled(pattern), count, seconds, decode)
            self.streams[account, region, name] = stream
            stream.start()
        return f"acs:eventbridge:{region}:{account}:eventstreaming/{name}"

    def close_stream(self, account: str, region: str, name: str) -> None:
        with self.cloud.lock:
            if stream := self.streams.pop((account, region, name), None):
                stream.stop()

    def bus_of(self, call: Call, name: str) -> Bus:
        """The bus that a call means: the region is in the endpoint's name. Raises BusNotFound for all but "default"."""
        if name != "default":
            raise exceptions.BusNotFound()
        return self.bus(call.account, region_of(call))

    def _defaults(self, event: dict[str, Any]) -> dict[str, Any]:
        now = timestamp(self.cloud)
        account = event.get("aliyunaccountid", "")
        return {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "time": now,
            "datacontenttype": CONTENT_TYPE,
            "aliyunaccountid": account,
            "aliyunoriginalaccountid": account,
            "aliyunpublishtime": now,
            "aliyuneventbusname": "default",
            "aliyunregionid": DEFAULT_REGION,
        }


def region_of(call: Call) -> str:
    found = _HOST.match(call.request.host)
    return found[1] if found else DEFAULT_REGION
