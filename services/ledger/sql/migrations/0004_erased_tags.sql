-- Tags come from an act's attributes, which its leaf shows too, and from its content. With the content those of it go:
-- a tag that stays would still answer whether this person or supplier was named there.
CREATE FUNCTION ledger.named_in_leaf(tags text[], leaf bytea) RETURNS text[] LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog AS $$
    SELECT coalesce(array_agg(tag ORDER BY at), '{}')
      FROM unnest(tags) WITH ORDINALITY AS each (tag, at),
           (SELECT convert_from(leaf, 'UTF8')::jsonb AS said) AS shown
     WHERE tag IN (said ->> 'subject', said ->> 'actor', said ->> 'unit', said ->> 'authority', said ->> 'onbehalfof')
$$;

CREATE OR REPLACE FUNCTION ledger.refuse_change_but_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'quanze_eraser'
       AND NEW.payload IS NULL AND NEW.salt IS NULL
       AND NEW.tags = ledger.named_in_leaf(OLD.tags, OLD.leaf)
       AND (NEW.log_id, NEW.position, NEW.source, NEW.id, NEW.type, NEW.leaf, NEW.leaf_hash)
         = (OLD.log_id, OLD.position, OLD.source, OLD.id, OLD.type, OLD.leaf, OLD.leaf_hash) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'ledger.entries is append-only: UPDATE refused' USING ERRCODE = 'restrict_violation';
END $$;

-- What was erased before this keeps its tags until the next start, which carries out every order again.
GRANT UPDATE (tags) ON ledger.entries TO quanze_eraser;

-- A service asks at its start whether the schema is as new as itself.
GRANT SELECT ON ledger.migrations TO quanze_writer;
