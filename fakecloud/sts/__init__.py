"""STS of the emulated cloud: temporary keys for roles, and who a caller is."""
