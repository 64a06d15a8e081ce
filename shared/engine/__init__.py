"""Effects: what a run does, and how often it may call the cloud for it."""
