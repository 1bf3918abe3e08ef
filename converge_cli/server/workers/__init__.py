"""Workers in processes of their own: a server that answers on one core can drive jobs on the others."""
