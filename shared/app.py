"""The composition root: settings, credentials and roles.yaml become an Invocation; a function is handler_for(its name).

Nothing that is made here lives longer than one invocation, but for roles.yaml as read from the package, and what Recent knows.
What an ignored event does not need is imported only after it is known not to be ignored: nearly each invocation is a cold start.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from shared import events
from shared.clock import CLOCK
from shared.engine.memory import Memory
from shared.errors import ConfigError, RolekeeperError
from shared.events import manual
from shared.gateways.clients import Credentials
from shared.lines import say
from shared.model.ignored import Ignored, ignored_as
from shared.model.instance import ROLE
from shared.model.trigger import EventKind, FunctionName, Trigger
from shared.reported import ERROR, REQUEST, cut, size
from shared.settings import VARIABLES, Settings

if TYPE_CHECKING:
    from shared.engine.context import Context
    from shared.mapping import Mapping as RoleMapping

PARSED = ".parsed"
"""The file that the build puts beside roles.yaml, so that a cold start need not parse it."""
CODE = Path(__file__).resolve().parent.parent
ACCEPTS: Mapping[FunctionName, frozenset[EventKind]] = {
    "instance_created": frozenset({"created", "changed"}),
    "tags_changed": frozenset({"created", "changed"}),
    "reconcile": frozenset({"reconcile"}),
    "remediate": frozenset({"remediate"}),
}
"""The events that a function takes. Either event function may get either event; only remediate takes an operator's payload."""

KEYS = ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN")
CONTEXT_KEYS = ("access_key_id", "access_key_secret", "security_token")

Handler = Callable[[Any, Any], dict[str, Any]]


def handler_for(name: FunctionName) -> Handler:
    """The entry point of the function of that name: handler(event bytes, context) -> a summary.

    Raises TransientError when something is to be tried again (Function Compute does so for asynchronous invocations)
    and ConfigError when the deployment is wrong; whatever was done before is recorded.
    """

    memory = Memory()

    def handler(event: bytes | str, context: Any) -> dict[str, Any]:
        with _short_errors():
            began = CLOCK.monotonic()
            settings = settings_from(os.environ, context)
            triggers, ignored, mapping = _understood(name, settings, event, memory)
            request_id = str(getattr(context, "request_id", "") or "")
            for item in ignored:
                say(
                    {"ignored": item.reason, "detail": item.detail, "event_id": item.event_id, "request_id": request_id}
                )
            left = {"ignored": [summary(item) for item in ignored]}
            if mapping is None:
                return {"function": name, "outcomes": {}, **left}
            from shared.engine.invocation import Invocation

            work = _context(name, settings, mapping, memory, context)
            length = size(event.encode(errors="replace") if isinstance(event, str) else bytes(event))
            until = began + time_limit(context)
            run = Invocation(msgspec.structs.replace(work, until=until, reportable=length <= REQUEST))
            return {**run.checked(run.carried_out(triggers)), **left}

    return handler


@contextmanager
def _short_errors() -> Iterator[None]:
    """Cut the text of an error that leaves a function: what Function Compute reports of it has to fit into a dead letter."""
    try:
        yield
    except RolekeeperError as error:
        if len(text := str(error)) > ERROR:
            say({"error": text})
            error.args = (cut(text, ERROR),)
        raise


def _understood(
    name: FunctionName, settings: Settings, event: bytes | str, memory: Memory
) -> tuple[list[Trigger], list[Ignored], RoleMapping | None]:
    """Read the event: what it asks of this function, what is ignored, and roles.yaml, which nothing ignored needs."""
    read = events.read(
        event,
        account_id=settings.account_id,
        own_role=settings.execution_role,
        region=settings.region,
        proof_keys=settings.proof_keys,
    )
    triggers, ignored = memory.sift(*sort(name, read))
    if not triggers:
        return [], ignored, None
    mapping = mapping_from(settings.roles_file)
    triggers, unknown = sort(
        name, (_asked_for(manual.checked(trigger, mapping), mapping, settings) for trigger in triggers)
    )
    return triggers, [*ignored, *unknown], mapping if triggers else None


def _asked_for(read: Trigger | Ignored, mapping: RoleMapping, settings: Settings) -> Trigger | Ignored:
    """The same; a change of attributes is ignored where no rule asks for them, and in a region that is not ours: the moves between resource
    groups of all regions are recorded in one."""
    if isinstance(read, Ignored) or not read.attributes:
        return read
    if read.region not in ("", settings.region, *settings.regions):
        return ignored_as(
            "not-for-us", f"{read.event_name} in {read.region}, which is no region of this deployment", read
        )
    if mapping.attributes.union([ROLE]).isdisjoint(read.attributes):
        detail = f"{read.event_name} changed {' and '.join(read.attributes)}, which roles.yaml does not ask for"
        return ignored_as("no-rule-reads-it", detail, read)
    return read


def _context(name: FunctionName, settings: Settings, mapping: RoleMapping, memory: Memory, context: Any) -> Context:
    """Return what the invocation works with. context: Function Compute's."""
    from shared.engine.context import Context
    from shared.engine.journal import Journal
    from shared.gateways.sls import SlsGateway
    from shared.model.record import RecordContext

    credentials = credentials_from(os.environ, context)
    record = RecordContext(
        account_id=settings.account_id,
        function=name,
        request_id=str(getattr(context, "request_id", "") or ""),
        attempt=str(getattr(context, "retry_count", "") or ""),
        mapping_hash=mapping.hash,
    )
    return Context(
        name=name,
        settings=settings,
        mapping=mapping,
        credentials=credentials,
        record=record,
        memory=memory,
        journal=Journal(SlsGateway(settings, credentials), record.request_id),
        function=function_name(context),
    )


def function_name(context: Any) -> str:
    """Our own name in Function Compute; "" where it is not known."""
    return str(getattr(getattr(context, "function", None), "name", "") or "")


def time_limit(context: Any) -> float:
    """Seconds that Function Compute lets an invocation run: a number, or up to python3.10 its text. Unknown: forever."""
    try:
        return float(getattr(getattr(context, "function", None), "timeout", None) or "inf")
    except ValueError:
        return float("inf")


def settings_from(env: Mapping[str, str], context: Any) -> Settings:
    """Settings from the environment, and from what Function Compute says of itself."""
    region = str(getattr(context, "region", "") or env.get("FC_REGION", ""))
    account = str(getattr(context, "account_id", "") or env.get("FC_ACCOUNT_ID", ""))
    return _settings(tuple(map(env.get, VARIABLES)), len(env), region, account)


@lru_cache(maxsize=4)
def _settings(values: tuple[str | None, ...], count: int, region: str, account: str) -> Settings:
    """Read once for the same variables. count: of all there are, so that a new one, misspelt or not, is noticed."""
    return Settings.from_env(os.environ, region=region, account_id=account)


def credentials_from(env: Mapping[str, str], context: Any) -> Credentials:
    """Keys of this invocation: the context's (runtimes up to python3.10), else the environment's (every runtime).

    The context's go before: an instance may live longer than keys do (36 hours), and that its variables change with each
    invocation is not documented. Raises ConfigError where there are none: the function has no role; and for a bad one, named by its variable.
    """
    given = getattr(context, "credentials", None)
    found = [str(getattr(given, name, "") or "").strip() for name in CONTEXT_KEYS]
    names = [f"context.credentials.{name}" for name in CONTEXT_KEYS]
    if not found[0] or not found[1]:
        found, names = [env.get(name, "").strip() for name in KEYS], list(KEYS)
    key, secret, token = found
    if not key or not secret:
        raise ConfigError(
            "no credentials: neither ALIBABA_CLOUD_ACCESS_KEY_ID/_SECRET nor context.credentials is set; "
            "give the function its execution role (s.yaml: role)"
        )
    return Credentials.given(key, secret, token, names)


@lru_cache(maxsize=4)
def mapping_from(roles_file: str) -> RoleMapping:
    """roles.yaml of the package, read once a process. roles_file: relative to CODE, or absolute. Raises ConfigError."""
    from shared.mapping import decoded, load

    path = CODE / roles_file
    try:
        text = decoded(path.read_bytes())
        beside = Path(f"{path}{PARSED}")
        parsed = beside.read_bytes() if beside.exists() else b""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}; ROLEKEEPER_ROLES_FILE names it") from error
    return load(text, file=path.name, parsed=parsed)


def sort(name: FunctionName, read: Iterable[Trigger | Ignored]) -> tuple[list[Trigger], list[Ignored]]:
    """Return what this function takes, and what it ignores."""
    triggers: list[Trigger] = []
    ignored: list[Ignored] = []
    for item in read:
        if isinstance(item, Ignored):
            ignored.append(item)
        elif item.kind not in ACCEPTS[name]:
            ignored.append(
                Ignored(reason="not-for-this-function", detail=f"{name} does not take {item.kind}", source=item.source)
            )
        else:
            triggers.append(item)
    return triggers, ignored


def summary(item: Ignored) -> dict[str, str]:
    return {"reason": item.reason, "detail": item.detail, "event_id": item.event_id}
