"""Function Compute of the emulated cloud: runs real handlers as FC does, invoked over both versions of the API."""
