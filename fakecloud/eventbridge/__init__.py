"""EventBridge of the emulated cloud: rules with the real patterns, and a delivery that may double, delay and drop."""
