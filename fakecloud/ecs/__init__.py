"""ecs of the emulated cloud."""
