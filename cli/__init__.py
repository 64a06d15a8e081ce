"""The operator's commands: console script `rolekeeper`. May use shared and fakecloud; never deployed."""
