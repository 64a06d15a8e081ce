"""Benchmarks: not collected by pytest. Each is a function, and a command: python -m tests.bench.NAME."""
