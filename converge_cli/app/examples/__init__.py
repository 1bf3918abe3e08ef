"""The examples of a truth: what they give, how they run, what they show."""
