"""Function Compute as a service: what is deployed, and calls over both versions of its API. Runs nothing itself."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fakecloud import ros, signatures
from fakecloud.errors import CloudError, InvalidAccessKey, NotEmulated, SignatureMismatch
from fakecloud.fc import deploy, exceptions, routes, triggers, wire
from fakecloud.fc.async_queue import AsyncQueue
from fakecloud.fc.invoker import Invoker, request_id
from fakecloud.fc.models import SYNC_LIMIT, Function, Invocation, LogEntry, Outcome, Runner
from fakecloud.fc.s_yaml import load_s_yaml
from fakecloud.http import Request, Response
from fakecloud.identity import Identity
from fakecloud.service import Call

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud

INVOCATIONS_KEPT = 100_000


RAM_ACTIONS = {"GetAsyncInvokeConfig": "GetFunctionAsyncInvokeConfig"}
"""The API's action -> RAM's, where the two differ (API page of GetAsyncInvokeConfig; "Policies and sample policies")."""
TASKS = {"ListAsyncTasks": "/async-tasks/*", "ListStatefulAsyncInvocations": "/stateful-async-invocations/*"}
"""The tail after the function in the resource of a listing of tasks ("Policies and sample policies" of each version)."""


class FunctionCompute:
    """invocations: the last 100,000 attempts. queue: asynchronous ones. invoker: instances, their limit and logs."""

    name = "fc"
    locked = False

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.invocations: deque[Invocation] = deque(maxlen=INVOCATIONS_KEPT)
        self.invoker = Invoker(cloud)
        self.queue = AsyncQueue(cloud)
        self._functions: dict[tuple[str, str, str], Function] = {}
        cloud.clock.most_beside = lambda: max(1, self.invoker.instance_limit)

    @property
    def logs(self) -> deque[LogEntry]:
        """Return what the functions wrote to stdout and stderr, an entry an invocation."""
        return self.invoker.logs

    @property
    def destinations(self) -> dict[str, list[dict[str, Any]]]:
        """Return what asynchronous invocations reported, by the destination's ARN."""
        return self.queue.destinations

    def deploy(
        self,
        s_yaml: Path,
        *,
        code: Path,
        account: str,
        region: str = "",
        env: Mapping[str, str] | None = None,
        python: str = sys.executable,
        runner: Runner = "process",
    ) -> list[str]:
        """Do what `s deploy` does with a YAML: stacks of the component ros first, then functions with their triggers.

        Answers the names of the functions.
        code: the directory that FC would have in /code. region: instead of the YAML's. env: more environment variables
        for every function, and for `${env(...)}` too, over this process's. Raises YamlError and NotEmulated, and
        TemplateError for a stack.
        """
        extra = dict(env or {})
        document = load_s_yaml(s_yaml, {**os.environ, **extra}, account, region)
        for resource in document["resources"].values():
            if resource["component"] == "ros":
                ros.deploy(self.cloud, resource["props"], s_yaml.parent, account)
        functions = [
            deploy.build(
                resource["props"],
                f"{s_yaml}: resources.{key}",
                code=code,
                account=account,
                env=extra,
                python=python,
                runner=runner,
            )
            for key, resource in document["resources"].items()
            if resource["component"] != "ros"
        ]
        for function in functions:
            self._register(function)
        return [function.name for function in functions]

    def remove(self, name: str, account: str = "", region: str = "") -> None:
        """Undeploy a function and its triggers. Raises FunctionNotFound."""
        function = self.find(account, region, name)
        with self.cloud.lock:
            triggers.detach(self.cloud, function)
            del self._functions[function.key]
        self.invoker.forget(function)

    def find(self, account: str, region: str, name: str) -> Function:
        """account, region: "" for any. Raises FunctionNotFound, or ServiceNotFound where FC 2.0's service is unknown."""
        with self.cloud.lock:
            owned = [f for f in self._functions.values() if account in ("", f.account) and region in ("", f.region)]
        for function in owned:
            if function.name == name:
                return function
        service, dollar, short = name.rpartition("$")
        if dollar and not any(function.service == service for function in owned):
            raise exceptions.ServiceNotFound(service)
        raise exceptions.FunctionNotFound(short)

    def functions(self, account: str = "", region: str = "") -> list[Function]:
        """By name."""
        with self.cloud.lock:
            owned = [f for f in self._functions.values() if account in ("", f.account) and region in ("", f.region)]
        return sorted(owned, key=lambda function: function.name)

    def deployed(self, function: Function) -> bool:
        """Return whether it is this very function, and neither removed nor replaced."""
        return self._functions.get(function.key) is function

    def invoke(self, function: Function, payload: bytes, *, rid: str = "", source: str = "") -> Outcome:
        """Synchronously, in this thread: do not hold the cloud's lock. Raises EntityTooLarge and as Invoker.run does."""
        if len(payload) > SYNC_LIMIT:
            raise exceptions.EntityTooLarge(SYNC_LIMIT)
        return self.attempt(function, payload, rid or request_id(), "sync", 1, source)

    def enqueue(
        self,
        function: Function,
        payload: bytes,
        *,
        rid: str = "",
        task_id: str = "",
        source: str = "",
        delay: float = 0.0,
    ) -> str:
        """Asynchronously: it runs when the clock comes to it. The request id. Raises as AsyncQueue.put does."""
        rid = rid or request_id()
        self.queue.put(function, payload, rid, task_id, source, delay)
        return rid

    def attempt(
        self, function: Function, payload: bytes, rid: str, kind: Literal["sync", "async"], number: int, source: str
    ) -> Outcome:
        """One attempt, noted in `invocations`; a refusal of FC itself too."""
        try:
            outcome = self.invoker.run(function, payload, rid, number - 1)
        except CloudError as error:
            text = f"{error.code}: {error.message}"
            self.invocations.append(
                Invocation(function.name, rid, kind, number, False, text, payload, b"", 0.0, source)
            )
            raise
        self.invocations.append(
            Invocation(
                function.name, rid, kind, number, outcome.ok, outcome.error, payload, outcome.body, outcome.ms, source
            )
        )
        return outcome

    def fire_timer(self, function: str, trigger: str, account: str = "", region: str = "") -> str:
        """Let a timer go off now, whatever its schedule: an asynchronous invocation. The request id."""
        found = self.find(account, region, function)
        timer = found.triggers.get(trigger)
        if timer is None or timer.type != "timer":
            raise exceptions.TriggerNotFound(trigger)
        return self.enqueue(found, triggers.timer_event(self.cloud, timer), source="timer")

    def start_timers(self) -> None:
        """Let all "@every" timers tick on the cloud's clock. Not done by deploy: settle() would run a day of them."""
        for function in self.functions():
            for trigger in function.triggers.values():
                if trigger.type == "timer":
                    triggers.start_timer(self.cloud, function, trigger)

    def shutdown(self) -> None:
        """End all instances, preStop hooks first. Deployed functions stay deployed."""
        for function in self.functions():
            self.invoker.forget(function, hooks=True)

    def _register(self, function: Function) -> None:
        function.created = self.cloud.clock.stamp()
        with self.cloud.lock:
            old = self._functions.get(function.key)
            if old is not None:
                triggers.detach(self.cloud, old)
            try:
                for trigger in function.triggers.values():
                    triggers.attach(self.cloud, function, trigger)
            except CloudError:
                triggers.detach(self.cloud, function)
                raise
            self._functions[function.key] = function
        if old is not None:
            self.invoker.forget(old)

    # What follows is the Service protocol of service.py.

    def reset(self) -> None:
        for function in self.functions():
            self.invoker.forget(function)
        self._functions.clear()
        self.invocations.clear()
        self.invoker = Invoker(self.cloud)
        self.queue = AsyncQueue(self.cloud)

    def matches(self, request: Request) -> bool:
        return bool(routes.version(request))

    def action(self, request: Request) -> str:
        found = routes.route(request)
        return found.action if found else f"{request.method} {request.path}"

    def authenticate(self, call: Call) -> Identity:
        """FC's own codes for a wrong key and a wrong signature."""
        call.request_id = call.request.headers.get("x-fc-trace-id") or request_id()
        try:
            caller = signatures.acs3(call.request, call.cloud.keys, call.cloud.clock.now())
        except InvalidAccessKey as error:
            raise exceptions.InvalidAccessKeyId(error.message) from None
        except SignatureMismatch:
            raise exceptions.SignatureNotMatch() from None
        account, _ = routes.place(call.request)
        named = call.request.headers.get("x-fc-account-id") or account
        if named and named != caller.account:
            raise exceptions.AccessDenied(f"the caller is of the account {caller.account}, not of {named}")
        return caller

    def needs(self, call: Call) -> tuple[str, str]:
        """The RAM action and the resource that a policy must allow for this call (FC's page "Policies and examples").

        The API pages of triggers, of the asynchronous configuration and of tasks say "all resources" instead: a switch.
        """
        found = routes.route(call.request)
        if found is None:
            raise NotEmulated(f"{call.request.method} {call.request.path} of Function Compute")
        service, _, name = found.function.rpartition("$")
        service = service or found.service
        path = f"functions/{name or '*'}"
        region = routes.place(call.request)[1] or "*"
        resource = f"acs:fc:{region}:{call.account}:{f'services/{service}/{path}' if service else path}"
        if "Trigger" in found.action:
            resource += f"/triggers/{found.trigger or '*'}"
        resource += TASKS.get(found.action, "")
        action = RAM_ACTIONS.get(found.action, found.action)
        about = "Trigger" in action or "Config" in action or found.action in TASKS
        if call.cloud.switches.fc_setting_resource == "all" and about:
            resource = "*"
        return f"fc:{action}", resource

    def respond(self, call: Call) -> Response:
        found = routes.route(call.request)
        if found is None:
            raise NotEmulated(f"{call.request.method} {call.request.path} of Function Compute")
        response = wire.answer(self, call, found)
        response.headers.setdefault("x-fc-request-id", call.request_id)
        return response

    def refuse(self, call: Call, error: CloudError) -> Response:
        """2023-03-30: Code, Message, RequestId; 2021-04-06: ErrorCode, ErrorMessage."""
        if routes.version(call.request) == "2021-04-06":
            body = {"ErrorCode": error.code, "ErrorMessage": error.message}
        else:
            body = {"Code": error.code, "Message": error.message, "RequestId": call.request_id}
            body |= getattr(error, "extra", {})
        return Response.json(body, error.status, {"x-fc-request-id": call.request_id})

    def throttled(self) -> CloudError:
        return exceptions.RequestThrottled()

    def broken(self) -> CloudError:
        return exceptions.InternalError()
