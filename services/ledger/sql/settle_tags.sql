-- Merge what was added of late into the index by tag; return how many pages were merged.
SELECT ledger.settle_tags();
