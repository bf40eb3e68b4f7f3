-- New acts reach the index by tag through a list that is merged into it when it is long, by whoever adds to it then: the
-- one writer, for half a second in a large log. The ledger merges it beside the writer, long before it is that long.
ALTER INDEX ledger.entries_by_tag SET (gin_pending_list_limit = 16384);

-- Only an index's owner may. Nothing that anybody reads is changed by it.
CREATE FUNCTION ledger.settle_tags() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
AS $$ SELECT gin_clean_pending_list('ledger.entries_by_tag') $$;
REVOKE ALL ON FUNCTION ledger.settle_tags() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.settle_tags() TO quanze_writer;
