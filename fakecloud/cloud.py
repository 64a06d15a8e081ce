"""The emulated cloud: its services and the one dispatch every call goes through. Holds no rule of any service."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from email.utils import formatdate
from typing import Any

from fakecloud import permissions
from fakecloud.between import Between
from fakecloud.clock import Clock
from fakecloud.ecs.api import Ecs
from fakecloud.errors import CloudError, ConnectionReset, NotEmulated, ReadTimeout
from fakecloud.eventbridge.api import EventBridge
from fakecloud.eventbridge.notices import action_trail
from fakecloud.faults import Fault, Faults, Latency
from fakecloud.fc.api import FunctionCompute
from fakecloud.http import Request, Response
from fakecloud.identity import KeyRing
from fakecloud.ims.api import Ims
from fakecloud.journal import Call as Entry
from fakecloud.journal import Journal
from fakecloud.judgements import Judgements
from fakecloud.metadata.api import Metadata
from fakecloud.mns.api import Mns
from fakecloud.quotas import Quotas
from fakecloud.ram.api import Ram
from fakecloud.resourcemanager.api import ResourceManager
from fakecloud.rpc import RpcService
from fakecloud.service import Call, Service
from fakecloud.sls.api import Sls
from fakecloud.sts.api import Sts
from fakecloud.switches import Switches
from fakecloud.tag.api import TagService


class Cloud:
    """One Alibaba Cloud in memory: several accounts and regions, one clock, one journal.

    Use it through wire.install (in this process) or server.Server (over HTTP); both act on the same state.
    """

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clock = Clock()
        self.keys = KeyRing()
        self.switches = Switches()
        self.calls = Journal()
        self.judgements = Judgements(self)
        self.between = Between()
        self.faults = Faults()
        self.latency = Latency()
        self.quotas = Quotas()
        self.ram = Ram(self)
        self.ims = Ims(self)
        self.ecs = Ecs(self)
        self.tag = TagService(self)
        self.resourcemanager = ResourceManager(self)
        self.sts = Sts(self)
        self.sls = Sls(self)
        self.mns = Mns(self)
        self.events = EventBridge(self)
        self.fc = FunctionCompute(self)
        self.metadata = Metadata(self)
        self.services: tuple[Service, ...] = (
            self.metadata,
            self.sls,
            self.fc,
            self.ecs,
            self.ram,
            self.sts,
            self.tag,
            self.events,
            self.ims,
            self.resourcemanager,
        )

    def reset(self) -> None:
        """Back to an empty cloud: no instance, role, log, rule, fault, moment, latency, quota or journal entry."""
        self.clock.clear()
        with self.lock:
            self.keys = KeyRing()
            self.switches.reset()
            self.between.clear()
            self.faults.clear()
            self.latency.clear()
            self.quotas.clear()
            for service in self.services:
                service.reset()
            self.mns.reset()
            self.calls.clear()
            self.judgements.clear()

    def settle(self) -> int:
        """Let everything that is on its way happen: boots, deliveries, retries. Moves emulated time forward."""
        return self.clock.settle()

    def trail(self, call: Call, answer: dict[str, Any] | None, error: CloudError | None) -> None:
        """Record a write call as ActionTrail does: EventBridge carries it, failed calls too.

        Whether it carries changes of tags and moves between resource groups so, no page says for certain: the switches tag_event and
        resource_manager_events can stop them.
        """
        if call.service == "resourcemanager" and self.switches.resource_manager_events == "absent":
            return
        if (
            self.switches.tag_event == "cloudmonitor"
            and call.service in ("ecs", "tag")
            and "tag" in call.action.lower()
        ):
            return
        self.events.emit(action_trail(call, answer, error), delay=self.switches.actiontrail_delay)

    def handle(self, request: Request) -> Response:
        """Answer one request. Raises ConnectionReset or ReadTimeout where a fault says no answer comes."""
        began = time.perf_counter()
        service = next((s for s in self.services if s.matches(request)), None)
        if service is None:
            error = NotEmulated(f"the host {request.host!r} with the path {request.path!r}")
            self._log("?", f"{request.method} {request.path}", began, error.status, error.code)
            body = {"RequestId": str(uuid.uuid4()).upper(), "Code": error.code, "Message": error.message}
            return Response.json(body, error.status)
        call = Call(self, service.name, service.action(request), request)
        if isinstance(service, RpcService):  # in the journal even where a fault or a wrong signature stops the call
            call.params = service.params(request)
        self.between.reach("before", call.service, call.action)
        status, code = 0, ""
        try:
            response, code = self._answer(service, call)
            status = response.status
        finally:
            self._log(call.service, call.action, began, status, code, call)
            self.between.reach("after", call.service, call.action)
        response.headers.setdefault("x-acs-request-id", call.request_id)
        response.headers.setdefault("date", formatdate(self.clock.now(), usegmt=True))
        return response

    def _answer(self, service: Service, call: Call) -> tuple[Response, str]:
        if seconds := self.latency.seconds(call.service, call.action):
            time.sleep(seconds)
        fault = self.faults.take(call.service, call.action, call.params)
        partial = fault if fault and fault.kind == "partial" else None
        if fault and fault.kind == "alter":
            return self._altered(fault, self._carry_out(service, call, None))
        if fault and not partial and not fault.lost_answer:
            return self._altered(fault, self._hit(fault, service, call))
        response, code = self._carry_out(service, call, partial)
        if partial and not call.fault_used:
            self.faults.give_back(partial)
        elif fault and fault.lost_answer:
            return self._altered(fault, self._hit(fault, service, call))
        return response, code

    def _altered(self, fault: Fault, answer: tuple[Response, str]) -> tuple[Response, str]:
        if fault.alters:
            body = fault.altered(answer[0].body)
            if body is not None:
                answer[0].body = body
            elif fault.kind == "alter":
                self.faults.give_back(fault)
        return answer

    def _carry_out(self, service: Service, call: Call, partial: Fault | None) -> tuple[Response, str]:
        try:
            with self.lock if service.locked else contextlib.nullcontext():
                call.identity = service.authenticate(call)
                if not self.quotas.spend(call):
                    raise service.throttled()
                unseen = permissions.check(service, call)
                if unseen is not None:
                    return unseen, ""
                call.fault = partial
                return service.respond(call), ""
        except CloudError as error:
            return service.refuse(call, error), error.code

    def _hit(self, fault: Fault, service: Service, call: Call) -> tuple[Response, str]:
        match fault.kind:
            case "throttle":
                error = service.throttled()
            case "5xx":
                error = service.broken()
            case "error":
                error = CloudError("Injected.", code="InternalError", status=400)
            case "empty":
                return Response(200), ""
            case "html":
                return Response(502, b"<html><body>502 Bad Gateway</body></html>", {"content-type": "text/html"}), ""
            case "reset":
                raise ConnectionReset()
            case "timeout" | "partial" | "alter":
                raise ReadTimeout(fault.seconds)
        error.code, error.status = fault.code or error.code, fault.status or error.status
        error.message = fault.message or error.message
        response = service.refuse(call, error)
        if fault.retry_after_ms:
            response.headers["x-acs-retry-after"] = str(fault.retry_after_ms)
        return response, error.code

    def _log(
        self, service: str, action: str, began: float, status: int, code: str = "", call: Call | None = None
    ) -> None:
        entry = Entry(
            service,
            action,
            status,
            round((time.perf_counter() - began) * 1000, 3),
            code,
            call.request_id if call else "",
            call.identity.arn if call and call.identity.account else "",
            self.clock.now(),
            dict(call.params) if call else {},
        )
        self.calls.add(entry)
