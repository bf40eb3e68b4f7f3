-- What units adopt: setup.policy. One row per act, as in 0001. `data` is the whole payload as received; it is NULL, and
-- so is what came from it, once erased: then only that the unit adopted something then is left.
CREATE TABLE projector.unit_policies (
    log_id     integer     NOT NULL,
    position   bigint      NOT NULL,
    known_from timestamptz NOT NULL,
    time       timestamptz NOT NULL,  -- when it was adopted
    unit       text        NOT NULL,
    policy     text,                  -- its name: editions of one policy share it. NULL: the unit's policy without a name
    starts     timestamptz NOT NULL,
    ends       timestamptz,           -- exclusive; NULL: open
    data       jsonb,
    CONSTRAINT unit_policies_pkey PRIMARY KEY (log_id, position)
);
CREATE INDEX unit_policies_by_unit ON projector.unit_policies (log_id, unit);
