"""RPC-style services (ECS, RAM, STS, Tag, EventBridge): declared actions and parameters, checked before a rule runs.

Every action names its parameters; one that is not named is refused loudly, for a fake that ignores it would lie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fakecloud import signatures
from fakecloud.errors import CloudError, NotEmulated
from fakecloud.http import Request, Response
from fakecloud.identity import Identity
from fakecloud.parsing import digits, loads
from fakecloud.service import Call

COMMON = frozenset(
    [
        "Action",
        "Version",
        "Format",
        "AccessKeyId",
        "Signature",
        "SignatureMethod",
        "SignatureVersion",
        "SignatureNonce",
        "SignatureType",
        "Timestamp",
        "SecurityToken",
        "OwnerId",
        "OwnerAccount",
        "ResourceOwnerId",
        "ResourceOwnerAccount",
    ]
)
"""Parameters that any RPC action takes and that change nothing here."""


@dataclass(frozen=True, slots=True)
class Param:
    """kind "json" is a JSON array or object in a string; "list" is Name.N; "objects" is Name.N.Key with `keys`.

    low, high: bounds of an integer, of a string's length, or of the number of members. inert: taken, has no effect here.
    absent, wrong: the errors of this API for a missing and for an unfit value, where it documents its own.
    """

    kind: Literal["str", "int", "bool", "json", "list", "objects", "inert"] = "str"
    required: bool = False
    values: tuple[str, ...] = ()
    low: int | None = None
    high: int | None = None
    keys: tuple[str, ...] = ()
    default: Any = None
    absent: type[CloudError] | None = None
    wrong: type[CloudError] | None = None


@dataclass(frozen=True, slots=True)
class Action:
    name: str
    params: Mapping[str, Param]
    run: Callable[[Call], dict[str, Any]]
    write: bool


class MissingParameter(CloudError):
    def __init__(self, name: str) -> None:
        text = f"The input parameter {name} that is mandatory for processing this request is missing."
        super().__init__(text, code=f"MissingParameter.{name}")


class InvalidParameter(CloudError):
    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"The specified parameter {name} is not valid: {why}.", code=f"InvalidParameter.{name}")


class RpcService:
    """A service of declared actions. Subclasses hold the state; `actions` is filled by `action()`."""

    locked = True

    def __init__(self, name: str, version: str, host_id: str) -> None:
        self.name, self.version, self.host_id = name, version, host_id
        self.actions: dict[str, Action] = {}

    def declare(
        self, params: Mapping[str, Param], *, write: bool = False
    ) -> Callable[[Callable[[Call], dict[str, Any]]], Callable[[Call], dict[str, Any]]]:
        """Decorator: the function's name is the action's, its answer the body without RequestId."""

        def register(run: Callable[[Call], dict[str, Any]]) -> Callable[[Call], dict[str, Any]]:
            self.actions[run.__name__] = Action(run.__name__, params, run, write)
            return run

        return register

    def matches(self, request: Request) -> bool:
        return signatures.said(request, "x-acs-version", "Version") == self.version

    def action(self, request: Request) -> str:
        return signatures.said(request, "x-acs-action", "Action") or "?"

    def params(self, request: Request) -> dict[str, str]:
        """The action's own parameters, as sent: Name, Name.N, Name.N.Key."""
        return {k: v for k, v in request.form().items() if k not in COMMON}

    def authenticate(self, call: Call) -> Identity:
        caller = signatures.authenticate(call.request, call.cloud.keys, call.cloud.clock.now())
        given: dict[str, str] = {}
        for name, value in call.request.pairs():
            if given.setdefault(name, value) != value:
                raise NotEmulated(f"the parameter {name} given twice with two values: which one counts no page says")
        return caller

    def respond(self, call: Call) -> Response:
        action = self.actions.get(call.action)
        if action is None:
            raise NotEmulated(f"the action {call.action} of {self.name} ({self.version})")
        form = call.request.form()
        if form.get("Format", "JSON").upper() != "JSON":
            raise NotEmulated(f"Format={form['Format']}: answers are JSON")
        call.args = parse(action, call.params)
        try:
            answer = action.run(call)
        except CloudError as error:
            if action.write:
                call.cloud.trail(call, None, error)
            raise
        if action.write:
            call.cloud.trail(call, answer, None)
        return Response.json({"RequestId": call.request_id, **answer})

    def refuse(self, call: Call, error: CloudError) -> Response:
        body = {
            "RequestId": call.request_id,
            "HostId": self.host_id,
            "Code": error.code,
            "Message": error.message,
            "Recommend": f"https://api.aliyun.com/troubleshoot?q={error.code}&product={self.name.capitalize()}",
        }
        return Response.json({**body, **getattr(error, "extra", {})}, error.status)

    def throttled(self) -> CloudError:
        return CloudError("Request was denied due to request throttling.", code="Throttling", status=400)

    def broken(self) -> CloudError:
        text = "The request has failed due to a temporary failure of the server."
        return CloudError(text, code="ServiceUnavailable", status=503)

    def reset(self) -> None:
        """Subclasses with state override this."""


def parse(action: Action, flat: Mapping[str, str]) -> dict[str, Any]:
    """The parameters by name, typed and checked against the declaration."""
    grouped: dict[str, dict[str, str]] = {}
    for key, value in flat.items():
        head, _, rest = key.partition(".")
        grouped.setdefault(head, {})[rest] = value
    for name in grouped:
        if name not in action.params and name != "RegionId":  # older SDKs send it with every call
            raise NotEmulated(f"the parameter {name} of {action.name}")
    return {name: _value(name, spec, grouped.get(name)) for name, spec in action.params.items()}


def _value(name: str, spec: Param, parts: dict[str, str] | None) -> Any:
    try:
        return _typed(name, spec, parts)
    except InvalidParameter as error:
        raise spec.wrong() if spec.wrong else error from None


def _typed(name: str, spec: Param, parts: dict[str, str] | None) -> Any:
    if not parts or parts == {"": ""}:
        if spec.required:
            raise spec.absent() if spec.absent else MissingParameter(name)
        return [] if spec.kind in ("list", "objects") and spec.default is None else spec.default
    if spec.kind == "list":
        members = [v for _, v in sorted(parts.items(), key=lambda kv: _index(name, kv[0]))]
        for member in members:
            _allowed(name, spec, member)
        return _bounded(name, spec, members)
    if spec.kind == "objects":
        return _bounded(name, spec, _objects(name, spec, parts))
    if spec.kind == "inert":
        return None
    if set(parts) != {""}:
        raise NotEmulated(f"the parameter {name} in the form {name}.{next(iter(set(parts) - {''}))}")
    return _scalar(name, spec, parts[""])


def _scalar(name: str, spec: Param, text: str) -> Any:
    _allowed(name, spec, text)
    if spec.kind == "int":
        try:
            number = int(text)
        except ValueError:
            raise InvalidParameter(name, f"{text!r} is not an integer") from None
        if (spec.low is not None and number < spec.low) or (spec.high is not None and number > spec.high):
            raise InvalidParameter(name, f"{number} is not within {spec.low} to {spec.high}")
        return number
    if spec.kind == "bool":
        if text.lower() not in ("true", "false"):
            raise InvalidParameter(name, f"{text!r} is neither true nor false")
        return text.lower() == "true"
    if spec.kind == "json":
        try:
            return loads(text)
        except ValueError:
            raise InvalidParameter(name, "it is not JSON") from None
    if (spec.low is not None and len(text) < spec.low) or (spec.high is not None and len(text) > spec.high):
        raise InvalidParameter(name, f"its length {len(text)} is not within {spec.low} to {spec.high}")
    return text


def _allowed(name: str, spec: Param, text: str) -> None:
    if spec.values and text not in spec.values:
        raise InvalidParameter(name, f"{text!r} is none of {', '.join(spec.values)}")


def _index(name: str, text: str) -> int:
    number = digits(text)
    if not number:
        raise InvalidParameter(name, f"{name}.{text[:100]} is not {name}.N with N from 1")
    return number


def _objects(name: str, spec: Param, parts: dict[str, str]) -> list[dict[str, str]]:
    rows: dict[int, dict[str, str]] = {}
    for part, value in parts.items():
        number, _, key = part.partition(".")
        if key not in spec.keys:
            raise NotEmulated(f"the parameter {name}.N.{key}")
        rows.setdefault(_index(name, number), {})[key] = value
    return [rows[number] for number in sorted(rows)]


def _bounded(name: str, spec: Param, members: list[Any]) -> list[Any]:
    if spec.high is not None and len(members) > spec.high:
        raise InvalidParameter(name, f"{len(members)} members are more than {spec.high}")
    return members
