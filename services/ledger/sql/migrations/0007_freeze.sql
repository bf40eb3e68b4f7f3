-- Keys that sign no more, and logs that take nothing more.

-- A key that was retired, and the size of the largest tree it can have signed. Whoever trusts it bounds it there.
CREATE TABLE ledger.retired_keys (
    log_id     integer     NOT NULL,
    vkey       text        NOT NULL,
    until_size bigint      NOT NULL,
    retired_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT retired_keys_pkey PRIMARY KEY (log_id, vkey)
);
CREATE TRIGGER retired_keys_never_changed BEFORE UPDATE OR DELETE ON ledger.retired_keys
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER retired_keys_never_truncated BEFORE TRUNCATE ON ledger.retired_keys
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER keys_never_changed BEFORE UPDATE OR DELETE ON ledger.keys
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER keys_never_truncated BEFORE TRUNCATE ON ledger.keys
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
GRANT SELECT, INSERT ON ledger.retired_keys TO quanze_writer;

-- A frozen log is read and proved as before, and takes nothing more. In the head's own row: whoever waits for its lock
-- to append sees what is true once it has it. `successor` is the origin of the log that goes on.
ALTER TABLE ledger.heads
    ADD COLUMN frozen_at     timestamptz,
    ADD COLUMN frozen_reason text,
    ADD COLUMN successor     text,
    ADD CONSTRAINT heads_frozen_with_a_reason CHECK ((frozen_at IS NULL) = (frozen_reason IS NULL)),
    ADD CONSTRAINT heads_frozen_before_succeeded CHECK (successor IS NULL OR frozen_at IS NOT NULL);

CREATE FUNCTION ledger.refuse_to_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.successor IS NULL
       AND (NEW.log_id, NEW.size, NEW.root, NEW.frontier, NEW.recorded_at, NEW.frozen_at, NEW.frozen_reason)
         = (OLD.log_id, OLD.size, OLD.root, OLD.frontier, OLD.recorded_at, OLD.frozen_at, OLD.frozen_reason) THEN
        RETURN NEW;  -- it names its successor, once
    END IF;
    RAISE EXCEPTION 'log % is frozen: % refused', OLD.log_id, TG_OP USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER heads_stay_frozen BEFORE UPDATE OR DELETE ON ledger.heads
    FOR EACH ROW WHEN (OLD.frozen_at IS NOT NULL) EXECUTE FUNCTION ledger.refuse_to_move();
