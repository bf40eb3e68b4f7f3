"""
Who authorised this, and under what delegation: the question the ledger is for.

`load` fetches what was known, `chain` finds the ways from a root to whoever acted, `failures` says what is wrong with
each, `judge` reaches the verdict, `answer` shapes it, `http` serves it. Only `load` touches the database.
"""
