"""What a command says no to before it asks anybody."""


class WrongUse(Exception):
    """The command was called in a way that cannot work; the message says how it can."""


class PortTaken(WrongUse):
    """Something listens there already."""


class NothingRuns(Exception):
    """There is no service here to ask."""
