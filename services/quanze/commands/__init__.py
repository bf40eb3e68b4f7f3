"""The commands, a file per kind: serve, write, ask, prove, administer."""
