"""One instance as ECS shows it now, and its last records in SLS: what `rolekeeper explain ID` reads. Changes nothing."""

from __future__ import annotations

from cli.keys import keys
from cli.view.explanation import RecordsFound
from shared.clock import CLOCK
from shared.engine.observe import observed
from shared.engine.rate import CallLimits, Rate
from shared.engine.reads import Reads
from shared.errors import CloudCallError, ConfigError
from shared.gateways.clients import Credentials
from shared.gateways.ecs import EcsGateway
from shared.gateways.sls_admin import SlsAdmin
from shared.mapping import Mapping
from shared.model.instance import Instance
from shared.settings import CALLS_PER_MINUTE, Settings, variable

RECORDS = 5
DAYS = 30
"""The newest records of so many days are shown."""


def in_cloud(name: str, settings: Settings, mapping: Mapping) -> tuple[Instance, RecordsFound]:
    """Raises ConfigError where ECS shows no such instance; CloudCallError."""
    ours = keys(settings)
    ecs = EcsGateway(
        settings,
        ours,
        settings.region,
        caller=Rate(CallLimits(per_minute={"": CALLS_PER_MINUTE, **settings.calls_per_minute})),
    )
    shown = observed(ecs, [name], Reads())
    if name in shown.unread:
        raise shown.unread[name]
    if name not in shown.instances:
        ecs.confirm_none()
        unlike = "" if name.startswith("i-") else "no instance id such as i-bp1a2b3c; "
        raise ConfigError(
            f"explain: {name!r}: {unlike}ECS shows no such instance in {settings.region} of account {settings.account_id}; look at the id, "
            f"at --region, and at {variable('account_id')}"
        )
    return shown.instances[name], _records(name, settings, ours)


def _records(name: str, settings: Settings, ours: Credentials) -> RecordsFound:
    if not settings.sls_project:
        return RecordsFound(why=f"{variable('sls_project')} is not set")
    now = int(CLOCK.now().timestamp())
    try:
        logs = SlsAdmin(settings, ours).last(f'instance_id: "{name}"', now - DAYS * 86_400, now + 60, RECORDS)
    except CloudCallError as error:
        return RecordsFound(why=f"SLS could not be asked: {error}")
    return RecordsFound(records=tuple(logs), why="" if logs else f"none in the last {DAYS} days")
