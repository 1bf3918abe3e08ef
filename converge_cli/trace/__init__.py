"""What people see of a run: events folded into one picture, and displays of it. Sees events only, decides nothing."""
