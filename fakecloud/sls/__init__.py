"""Simple Log Service (SLS) of the emulated cloud: projects, logstores, indexes, writing, searching and analysing logs."""
