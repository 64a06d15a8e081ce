"""eventbridge of the emulated cloud."""
