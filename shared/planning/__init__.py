"""The heart, pure: from what was observed to what is to be done, what may be done, in which calls, and what is recorded of it."""
