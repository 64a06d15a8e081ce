"""The words of the domain, as frozen data. Pure: no SDK, network, clock or environment."""
