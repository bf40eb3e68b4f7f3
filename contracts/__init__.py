"""What is said in this ledger: envelope, payloads, catalogue, proofs. Imports no service; they import it."""
