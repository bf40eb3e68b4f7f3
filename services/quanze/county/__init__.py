"""
The demo county: a year of public procurement in a county that does not exist, as acts a ledger can load.

`write.py` renders the story into the NDJSON files beside it. Nothing here is random and nothing reads a clock.
"""
