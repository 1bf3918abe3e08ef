"""The command line: one file a command. No logic: it reads words, calls a use case, shows the answer."""
