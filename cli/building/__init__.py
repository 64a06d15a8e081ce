"""The making of build/bundle, the code package of the functions: lock file -> wheels -> what is reached -> files. Deploys nothing."""
