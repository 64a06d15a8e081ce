"""Simple Message Queue (MNS): queues that hold messages until somebody deletes them."""
