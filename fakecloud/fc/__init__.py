"""fc of the emulated cloud."""
