"""`fakecloud serve [--port N]`: the emulator as a server, until Ctrl-C or SIGTERM, then exit code 0."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from contextlib import suppress

from fakecloud.cloud import Cloud
from fakecloud.identity import ACCOUNT, ROOT_KEY
from fakecloud.server import Server

NAP = 0.2
"""Seconds after which a signal is seen at the latest."""


def main(argv: list[str] | None = None) -> int:
    _open_what_is_closed()
    parser = argparse.ArgumentParser(prog="fakecloud", description="An in-memory Alibaba Cloud on 127.0.0.1.")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve all services on one port until interrupted")
    serve.add_argument("--port", type=_port, default=0, help="default: any free port")
    options = parser.parse_args(argv)
    for name in (signal.SIGINT, signal.SIGTERM):  # also where a shell's background process has Ctrl-C ignored
        signal.signal(name, signal.default_int_handler)
    with suppress(KeyboardInterrupt):  # from here on: whoever sees the port open may stop us
        try:
            server = Server(Cloud(), options.port)
        except OSError as error:
            text = f"fakecloud: cannot listen on 127.0.0.1:{options.port}: {error.strerror}; leave --port out for any free port"
            print(text, file=sys.stderr)
            return 1
        with server:
            _say(
                f"fakecloud serves {server.url}\naccount {ACCOUNT}  access key {ROOT_KEY[0]}  secret {ROOT_KEY[1]}\n"
                f"try: curl {server.url}/_fakecloud/state"
            )
            while True:  # a signal that comes right before a wait is seen only after it
                time.sleep(NAP)
    return 0


def _say(text: str) -> None:
    """To standard output. A full disk, or a pipe that nobody reads, is no reason not to serve."""
    try:
        print(text, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python would try again at the end


def _open_what_is_closed() -> None:
    """A standard stream that the shell has closed (`>&-`) becomes the null device: else a socket would get its number."""
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - for the life of the process


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, 0 to 65535")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
