"""What whoever runs a server sees of it: counts, log lines, spans. Must never change or hold up what is seen."""
