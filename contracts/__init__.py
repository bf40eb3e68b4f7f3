"""What is said in this ledger: envelope, payloads, catalogue, proofs. Imports nothing of the services; they import it."""
