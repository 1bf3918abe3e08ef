"""Private building blocks that carry no vocabulary of their own."""
