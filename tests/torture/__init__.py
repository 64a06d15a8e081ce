"""Machines that search for failures, by handlers, commands and the emulator alone: `make torture`, `python -m tests.torture`."""
