-- Rows made before the columns and tables of 0004 to 0006 lack what these hold. The read model is made of the log alone: it
-- is emptied, and whoever follows begins again.
DO $$
DECLARE
    fact text;
BEGIN
    FOR fact IN SELECT tablename FROM pg_tables WHERE schemaname = 'projector' AND tablename <> 'migrations'
    LOOP
        EXECUTE format('TRUNCATE projector.%I', fact);
    END LOOP;
END $$;
