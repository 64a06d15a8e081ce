"""How build/bundle, the code package of the functions, is made: lock file -> wheels -> what is reached -> files. Deploys nothing."""
