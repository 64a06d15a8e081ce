"""tag of the emulated cloud."""
