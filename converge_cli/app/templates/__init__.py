"""Templates: truths as a server serves them, kept compiled, each with what it needs of the deployment."""
