"""Policy: answers flow gates with Cedar. Fails closed: what can't be judged is refused (law 8)."""
