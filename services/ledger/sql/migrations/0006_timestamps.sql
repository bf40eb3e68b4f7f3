-- Time stamps of signed tree heads, by others (RFC 3161): what is stamped is SHA-256 of `checkpoints.note`. `authority` is
-- where the stamp was asked for, `response` the answer as it came, `chain` the certificates that lead to a root, the
-- signer's first, the root's last. `stamped_at` and `certificate_until` are read from these, to look stamps up by.
CREATE TABLE ledger.timestamps (
    log_id            integer     NOT NULL,
    size              bigint      NOT NULL,
    authority         text        NOT NULL,
    response          bytea       NOT NULL,
    chain             bytea[]     NOT NULL,
    stamped_at        timestamptz NOT NULL,
    certificate_until timestamptz NOT NULL,
    CONSTRAINT timestamps_pkey PRIMARY KEY (log_id, size, authority)
);
-- The stamps that end soon are few; they are looked for again and again.
CREATE INDEX timestamps_by_end ON ledger.timestamps (log_id, certificate_until);

CREATE TRIGGER timestamps_never_changed BEFORE UPDATE OR DELETE ON ledger.timestamps
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER timestamps_never_truncated BEFORE TRUNCATE ON ledger.timestamps
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

GRANT SELECT, INSERT ON ledger.timestamps TO quanze_writer;
