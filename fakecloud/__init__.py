"""An honest, in-memory Alibaba Cloud for tests and demos: ECS, RAM, STS, SLS, EventBridge, Function Compute, metadata.

It knows nothing of rolekeeper and is never deployed. docs/fidelity.md says which of its rules are verified.
"""
