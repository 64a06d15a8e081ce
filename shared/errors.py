"""The errors of the domain: what a caller can do about them. Knows no SDK; gateways translate into these, once.

RolekeeperError
├── ConfigError      the operator must change a setting, roles.yaml or a deployment
├── PermanentError   recorded, not tried again
│   ├── BudgetSpent  not asked: the run has made all the calls that it may make
│   └── Interrupted  not asked: who runs it has stopped it
└── TransientError   recorded and raised, so that Function Compute tries again
    ├── Throttled    refused for quota; the cloud refuses until the next minute
    └── OutOfTime    not asked: the answer would come after the invocation's time is up
"""

from __future__ import annotations


class RolekeeperError(Exception):
    """Any error rolekeeper raises on purpose; its text is written for the operator."""


class ConfigError(RolekeeperError):
    """A setting, roles.yaml or the deployment is wrong; the text names the place and the mend."""


class CloudCallError(RolekeeperError):
    """The cloud refused or did not answer a call.

    call: the API action, e.g. "AttachInstanceRamRole". code: the cloud's error code, or "" where it gave none.
    message: in the cloud's words. request_id: the cloud's id of the call, for a support ticket, or "". advice: ours, where to
    look; it ends the error's text.
    """

    def __init__(self, call: str, code: str, message: str, request_id: str = "", advice: str = "") -> None:
        said = message.rstrip(".") if advice else message
        super().__init__(f"{call}: {code or 'no code'}: {said}{advice}")
        self.advice = advice
        self.call = call
        self.code = code
        self.message = message
        self.request_id = request_id
        self.request_ids: tuple[str, ...] = (request_id,) if request_id else ()
        """Of every try of the call, where it was tried again."""


class PermanentError(CloudCallError):
    """The same call would fail again: permissions, a missing role, a malformed request."""


class TransientError(CloudCallError):
    """The same call may succeed later: a 5xx, a broken connection, an empty answer."""


class Throttled(TransientError):
    """Refused by a quota. ECS counts per account, region and API and refuses until the next minute."""


class BudgetSpent(PermanentError):
    """Not asked: the run's hard budget of calls (max_calls) is spent."""

    CODE = "MaxCalls"

    def __init__(self, call: str, calls: int) -> None:
        super().__init__(
            call, self.CODE, f"not asked: the run may make {calls} call{'s' * (calls != 1)}, and too few are left"
        )


class Interrupted(PermanentError):
    """Not asked: who runs it has stopped the run (Ctrl-C, SIGTERM)."""

    CODE = "Interrupted"

    def __init__(self, call: str) -> None:
        super().__init__(call, self.CODE, "not asked: the run was stopped; what had begun was brought to its end")


class OutOfTime(TransientError):
    """Not asked: by the time the cloud would take the call, the invocation has to be over."""

    CODE = "OutOfTime"

    def __init__(self, call: str) -> None:
        super().__init__(call, self.CODE, "not asked: the time of this invocation is up")
