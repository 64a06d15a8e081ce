"""metadata of the emulated cloud."""
