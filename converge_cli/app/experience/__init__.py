"""What users ask of recorded runs: find events, count, take along."""
