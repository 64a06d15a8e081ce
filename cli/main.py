"""`rolekeeper`: the commands. Each is a few lines that call the module that does it."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any, Optional

import typer
from typer.core import TyperGroup

from cli import mapping_commands
from cli.explain_command import explain
from cli.files import ROLES, RolesFile
from cli.fleet import apply, plan, reconcile, remediate, snapshot
from cli.output import finish, give_up, print_json, ready, say, say_error, say_traceback
from cli.policy import app as policy
from cli.progress import line, of_command
from cli.stops import stops
from cli.testing import cases
from shared.clean import hidden, visible
from shared.errors import ConfigError, RolekeeperError
from shared.settings import variable


class Commands(TyperGroup):
    """A mistake in the options ends with 1, as other errors do: 2 says that there is something to do."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        with _slips_end_with_1():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        with _slips_end_with_1():
            return super().invoke(ctx)


@contextmanager
def _slips_end_with_1() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if getattr(error, "exit_code", 0) == 2 and not isinstance(error, typer.Exit):
            error.exit_code = 1  # type: ignore[attr-defined]
            error.message = visible(str(getattr(error, "message", "")))  # type: ignore[attr-defined] # what was typed
        raise


app = typer.Typer(
    cls=Commands,
    help="Keeps the RAM role on every ECS instance the one its tags call for.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(policy, name="policy")
Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="event payloads; - is standard input")]
Json = Annotated[bool, typer.Option("--json", help="one JSON object a line")]
Strict = Annotated[bool, typer.Option("--strict", help="exit code 2 where there are warnings")]
UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EPIPE)


def _tell_version(asked: bool) -> None:
    if asked:
        try:
            number = version("rolekeeper")
        except PackageNotFoundError:  # run from a folder in which it was never installed
            number = "of a folder that is not installed"
        say(f"rolekeeper {number}")
        raise typer.Exit


@app.callback()
def rolekeeper(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="show the version and end")
    ] = False,
) -> None:
    """Keeps the RAM role on every ECS instance the one its tags call for."""


@app.command()
def demo(
    plain: Annotated[bool, typer.Option("--plain", help="no colour, 120 columns")] = False,
) -> None:
    """Watch the whole of it: real events, functions and SDK clients on an emulated Alibaba Cloud on this machine."""
    from cli.demo import run

    raise typer.Exit(run(plain=plain))


@app.command()
def read(
    files: Files,
    as_json: Json = False,
    account: Annotated[str, typer.Option(help="account id: events of another are ignored")] = "",
    role: Annotated[str, typer.Option(help="our execution role: what it did itself is ignored")] = "rolekeeper-fc",
    region: Annotated[str, typer.Option(help="the region where an event names none")] = "",
) -> None:
    """Say how each event is understood, or why it is ignored. Calls nothing."""
    from cli.read import run

    raise typer.Exit(run(files, as_json=as_json, account=account, role=role, region=region))


@app.command()
def validate(
    file: Annotated[Optional[Path], typer.Argument(help="the mapping (default: roles.yaml)")] = None,  # noqa: UP045
    roles_file: Annotated[Optional[Path], typer.Option(help="the same, as other commands have it")] = None,  # noqa: UP045
    strict: Annotated[bool, typer.Option("--strict", help="warnings end with exit code 1 too")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
) -> None:
    """Check roles.yaml and its policies: errors, rules that nothing reaches, roles that no rule gives."""
    from cli.validate import run

    if file and roles_file:
        raise ConfigError(f"validate: one mapping at a time: {file} or --roles-file {roles_file}")
    chosen = file or roles_file or Path(os.environ.get(variable("roles_file")) or ROLES)
    raise typer.Exit(run(chosen, strict=strict, as_json=as_json))


@app.command()
def replay(
    files: Files,
    as_json: Json = False,
    tag: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="KEY=VALUE on the instances the events name (default: what an event carries)"),
    ] = None,
    attribute: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="KEY=VALUE of the instances, as rules ask for it: vpc=vpc-bp1x, name=web-1"),
    ] = None,
    role: Annotated[str, typer.Option(help="a RAM role that the instances hold before")] = "",
    roles_file: RolesFile = ROLES,
) -> None:
    """Run events through the functions on an emulated cloud that has the instances they name; print the records."""
    from cli.replay import run

    raise typer.Exit(
        run(files, as_json=as_json, tags=tag or [], attributes=attribute or [], role=role, roles_file=roles_file)
    )


@app.command()
def provision(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="only show; exit code 2 where there is something to do")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object")] = False,
    adopt: Annotated[list[str] | None, typer.Option(metavar="ROLE", help="take over a role of somebody else")] = None,
    prune: Annotated[bool, typer.Option("--prune", help="also remove what roles.yaml does not list")] = False,
    strict: Strict = False,
    roles_file: RolesFile = ROLES,
) -> None:
    """Make RAM hold the roles and policies of roles.yaml, with your own access key."""
    from cli.provision import run

    raise typer.Exit(run(roles_file, dry_run=dry_run, as_json=as_json, adopt=adopt or [], prune=prune, strict=strict))


@app.command()
def build(
    roles_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--roles-file", envvar=variable("roles_file"), help="the mapping (default: the project's)"),
    ] = None,
    layer: Annotated[
        bool, typer.Option("--layer", help="dependencies apart, in build/layer, to publish as a layer")
    ] = False,
    python: Annotated[str, typer.Option(metavar="PATH", help="compiles the byte code; `none`: make none")] = "",
    deploying: Annotated[
        bool, typer.Option("--deploying", help="first say where to, and stop where that is the example's account")
    ] = False,
) -> None:
    """Make build/bundle, the code package of the functions, for the runtime that s.yaml names."""
    from cli.build import run

    raise typer.Exit(run(roles_file=roles_file, layer=layer, python=python, deploying=deploying))


@app.command()
def roles(as_json: Json = False, strict: Strict = False, roles_file: RolesFile = ROLES) -> None:
    """The roles of roles.yaml as they are: trust, policies, how many instances hold them, drift; then orphans."""
    from cli.provision import roles as run

    raise typer.Exit(run(roles_file, as_json=as_json, strict=strict))


app.command()(reconcile)
app.command()(remediate)
app.command()(plan)
app.command()(apply)
app.command()(snapshot)
app.command("test")(cases)
app.command()(explain)
app.command()(mapping_commands.compare)
app.command()(mapping_commands.adopt)


@app.command()
def schema() -> None:
    """Print the JSON Schema of roles.yaml, for editors (docs/roles.schema.json)."""
    from shared.mapping import schema as mapping_schema

    print_json(mapping_schema(), indent=2)


def main() -> None:
    """The console script. An error that rolekeeper raises on purpose is one line, not a traceback; a full disk too.

    With --json it is an object on standard output, where whoever reads it looks. SIGTERM and a closed terminal are as Ctrl-C.
    """
    ready()
    if os.environ.get("NO_COLOR"):
        from typer import rich_utils

        rich_utils.COLOR_SYSTEM = None  # of help and usage errors: no escape codes at all, bold ones neither
    before = {number: signal.signal(number, signal.default_int_handler) for number in stops()}
    try:
        try:
            with line(of_command(sys.argv[1:])):
                app(prog_name="rolekeeper")
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            finish()
    except RolekeeperError as error:
        if "--json" in sys.argv:
            print_json({"error": hidden(str(error))})
        else:
            say_error(error)
        sys.exit(1)
    except OSError as error:
        if error.errno not in UNWRITABLE or error.filename:
            raise
        if error.errno != errno.EPIPE:  # who reads no further knows
            say(f"rolekeeper: standard output: {error.strerror}", err=True)
        give_up()
        sys.exit(1)
    except Exception:
        say_traceback()
        sys.exit(1)
