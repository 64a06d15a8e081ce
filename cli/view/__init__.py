"""The views of the commands: what each prints. They decide nothing."""
