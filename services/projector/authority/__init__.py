"""
Who authorised this, and under what delegation: the question the ledger is for.

`load` fetches what was known (`facts`, from `rows`). `chain` finds the ways from a root to whoever acted; `failures`
says what is wrong with each, by `scope`, `standing`, `usage` and `chain_faults`; `judge` reaches the verdict. `answer`
and `grants` shape what goes out, `http` serves it. Only `load` and `grants` touch the database.
"""
