-- What witnesses said of our signed heads (c2sp.org/tlog-cosignature): the line as received, which covers the head's
-- text, under which key, and when the witness says it was.
CREATE TABLE ledger.cosignatures (
    log_id      integer     NOT NULL,
    size        bigint      NOT NULL,
    vkey        text        NOT NULL,
    line        text        NOT NULL,
    cosigned_at timestamptz NOT NULL,
    CONSTRAINT cosignatures_pkey PRIMARY KEY (log_id, size, vkey)
);

CREATE TRIGGER cosignatures_never_changed BEFORE UPDATE OR DELETE ON ledger.cosignatures
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER cosignatures_never_truncated BEFORE TRUNCATE ON ledger.cosignatures
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

GRANT SELECT, INSERT ON ledger.cosignatures TO quanze_writer;
