"""Beginning: a project, a truth, a pack; and what their templates are filled with."""
