"""resourcemanager of the emulated cloud."""
