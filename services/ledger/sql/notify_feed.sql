-- Wake whoever follows this log once the transaction is committed.
--   log_id int
SELECT pg_notify('ledger_feed', %(log_id)s::text);
