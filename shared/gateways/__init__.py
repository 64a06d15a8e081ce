"""The one door to the cloud: only modules in here import an Alibaba SDK, and only when first used."""
