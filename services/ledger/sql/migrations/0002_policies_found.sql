-- Policies of units are found at a start, and once a second after it, without a look at the rest.
CREATE INDEX entries_of_policies ON ledger.entries (log_id, position) WHERE type = 'setup.policy';
