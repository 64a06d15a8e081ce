"""SLS as a service of the emulated cloud: tells its requests from others, carries them out, words its errors.

What it does is in resources_api.py and logs_api.py. docs/fidelity.md lists the rules and how sure each is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fakecloud.errors import CloudError, NotEmulated
from fakecloud.http import Request, Response
from fakecloud.identity import Identity
from fakecloud.service import Call
from fakecloud.sls import routes, signatures
from fakecloud.sls.address import address
from fakecloud.sls.exceptions import ServerBusy, WriteQuotaExceed
from fakecloud.sls.models import Limits
from fakecloud.sls.state import State

if TYPE_CHECKING:
    from fakecloud.cloud import Cloud


class Sls:
    """Clients: LogClient(endpoint, ...). Other services and tests: put() and logs(), which know no signature."""

    name = "sls"
    locked = True

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.state = State(cloud.clock.now)

    @property
    def limits(self) -> Limits:
        """May be changed: the server's present limits for PutLogs are not in public documents (see Limits)."""
        return self.state.limits

    def put(self, project: str, logstore: str, logs: list[dict[str, str]], topic: str = "", source: str = "") -> None:
        """Write logs as the cloud's own services do, at the present emulated time.

        Raises CloudError ProjectNotExist or LogStoreNotExist; a real service would drop the logs.
        """
        with self.cloud.lock:
            store, now = self.state.find(project, logstore), self.cloud.clock.now()
            at, ns = int(now), int(now % 1 * 1_000_000_000)
            self.state.write(store, topic, source, {}, [(at, ns, dict(contents)) for contents in logs])

    def logs(self, project: str, logstore: str) -> list[dict[str, str]]:
        """Everything ever written there, in time order, whether indexed or not, in the form GetLogs gives.

        Raises CloudError ProjectNotExist or LogStoreNotExist.
        """
        with self.cloud.lock:
            return [log.answer() for log in self.state.find(project, logstore).logs]

    def matches(self, request: Request) -> bool:
        return "x-log-apiversion" in request.headers or request.headers.get("authorization", "").startswith(
            ("LOG ", "SLS4-")
        )

    def action(self, request: Request) -> str:
        found = routes.find(request)
        return found[0].action if found else f"{request.method} {request.path}"

    def authenticate(self, call: Call) -> Identity:
        return signatures.authenticate(call.request, call.cloud.keys, call.cloud.clock.now())

    def needs(self, call: Call) -> tuple[str, str]:
        """The RAM action and the resource that a policy must allow for this call ("Action list" of the RAM pages)."""
        found = routes.find(call.request)
        if found is None:
            raise NotEmulated(f"the SLS call {call.action}")
        project, region = address(call.request.host)
        resource = f"acs:log:{region}:{call.account}:project/{project or '*'}"
        for kind, name in found[1].items():
            resource += f"/{'logstore' if kind == 'logstore' else 'savedsearch'}/{name}"
        return found[0].ram_action, resource

    def respond(self, call: Call) -> Response:
        found = routes.find(call.request)
        if found is None:
            kind = dict(call.request.query).get("type")
            raise NotEmulated(f"the SLS call {call.action}{f' with type={kind}' if kind else ''}")
        route, call.args = found[0], dict(found[1])
        project, region = address(call.request.host)
        call.params = {"region": region, **({"project": project} if project else {}), **found[1]}
        response = route.run(self.state, call)
        response.headers["x-log-requestid"] = call.request_id
        return response

    def refuse(self, call: Call, error: CloudError) -> Response:
        body = {"errorCode": error.code, "errorMessage": error.message}
        return Response.json(body, error.status, {"x-log-requestid": call.request_id})

    def throttled(self) -> CloudError:
        return WriteQuotaExceed()

    def broken(self) -> CloudError:
        return ServerBusy()

    def reset(self) -> None:
        self.state = State(self.cloud.clock.now)
