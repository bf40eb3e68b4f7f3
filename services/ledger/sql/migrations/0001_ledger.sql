-- The ledger: one row per act, in an order that is its own, with the tree that proves it.
--
-- Every key starts with log_id: one district is one log, a province is many logs in one database, or one Citus cluster
-- distributed by it.

-- Roles that hold rights and cannot log in. The services take one on every connection; see deploy/postgres/roles.sql.
DO $$
DECLARE wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['quanze_writer', 'quanze_projector', 'quanze_rules', 'quanze_eraser'] LOOP
        -- Asked first: an owner without CREATEROLE can migrate where somebody made the roles.
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;  -- roles belong to the whole server: another database of ours made it at this moment
            END;
        END IF;
        -- From 16 on whoever makes a role is its member without the right to take it.
        IF current_setting('server_version_num')::integer >= 160000 THEN
            IF NOT pg_has_role(current_user, wanted, 'SET') THEN
                EXECUTE format('GRANT %I TO %I WITH SET TRUE', wanted, current_user);
            END IF;
        ELSIF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO %I', wanted, current_user);
        END IF;
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA ledger TO quanze_writer, quanze_projector, quanze_rules, quanze_eraser;

-- A log's identity. The origin is fixed when the log is created: it stands in every leaf and every checkpoint.
CREATE TABLE ledger.logs (
    log_id     integer     NOT NULL,
    origin     text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT logs_pkey PRIMARY KEY (log_id),
    CONSTRAINT logs_one_per_origin UNIQUE (origin)
);

-- The public keys a log ever signed with, as C2SP verifier keys. A new key is a new row; none is edited.
CREATE TABLE ledger.keys (
    log_id    integer     NOT NULL REFERENCES ledger.logs,
    vkey      text        NOT NULL,
    from_size bigint      NOT NULL,
    added_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT keys_pkey PRIMARY KEY (log_id, vkey)
);

-- The head: the row whose lock decides the order of everything. `frontier` holds the roots of the perfect subtrees
-- that make up the tree, the largest first, so that an append reads nothing else.
CREATE TABLE ledger.heads (
    log_id      integer     NOT NULL REFERENCES ledger.logs,
    size        bigint      NOT NULL,
    root        bytea       NOT NULL,
    frontier    bytea       NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT heads_pkey PRIMARY KEY (log_id)
) WITH (fillfactor = 50);  -- updated at every commit: leave room for it on its page

-- The acts. `leaf` is what the tree commits to and what proofs show; `payload` is the CloudEvent as received, committed
-- to by the leaf through `salt`. Erasing sets payload and salt to NULL, and nothing else ever changes.
CREATE TABLE ledger.entries (
    log_id    integer NOT NULL,
    position  bigint  NOT NULL,
    source    text    NOT NULL,
    id        text    NOT NULL,
    type      text    NOT NULL,
    tags      text[]  NOT NULL,
    leaf      bytea   NOT NULL,
    leaf_hash bytea   NOT NULL,
    salt      bytea,
    payload   bytea,
    CONSTRAINT entries_pkey PRIMARY KEY (log_id, position),
    CONSTRAINT entries_one_per_key UNIQUE (log_id, source, id),
    CONSTRAINT entries_position_from_one CHECK (position >= 1),
    CONSTRAINT entries_erased_as_one CHECK ((payload IS NULL) = (salt IS NULL))
);
CREATE INDEX entries_by_tag ON ledger.entries USING gin (tags);
-- The few acts that change how others are read: found at a start without a look at the rest.
CREATE INDEX entries_that_govern ON ledger.entries (log_id, type, position)
 WHERE type IN ('catalogue.extend', 'act.correct', 'data.erase');

-- Full tiles of 256 hashes; partial ones follow from the entries and from the tiles below.
CREATE TABLE ledger.tiles (
    log_id integer  NOT NULL,
    level  smallint NOT NULL,
    index  bigint   NOT NULL,
    hashes bytea    NOT NULL,
    root   bytea    NOT NULL,
    CONSTRAINT tiles_pkey PRIMARY KEY (log_id, level, index),
    CONSTRAINT tiles_are_full CHECK (length(hashes) = 8192 AND length(root) = 32)
);

-- Signed tree heads. The key makes two roots for one size impossible.
CREATE TABLE ledger.checkpoints (
    log_id    integer     NOT NULL,
    size      bigint      NOT NULL,
    root      bytea       NOT NULL,
    note      text        NOT NULL,
    signed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT checkpoints_pkey PRIMARY KEY (log_id, size)
);

-- Bearer tokens, by digest.
CREATE TABLE ledger.tokens (
    log_id     integer     NOT NULL REFERENCES ledger.logs,
    token_id   text        NOT NULL,
    name       text        NOT NULL,
    digest     bytea       NOT NULL,
    scopes     text[]      NOT NULL,
    sources    text[]      NOT NULL,
    acts       text[]      NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz,
    CONSTRAINT tokens_pkey PRIMARY KEY (log_id, token_id),
    CONSTRAINT tokens_one_per_digest UNIQUE (digest)
);

-- What a reader of acts follows. Its columns are a promise: a change is a feed_v2.
CREATE VIEW ledger.feed_v1 AS
SELECT log_id, position, leaf, payload
  FROM ledger.entries;

-- Append-only, twice: by rights (no role of ours may UPDATE, DELETE or TRUNCATE) and by trigger (nor does the owner by
-- mistake). Owner and superuser can switch triggers off: that is found by the signed checkpoints, not prevented here.
CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger.% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION ledger.refuse_change_but_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user = 'quanze_eraser'
       AND NEW.payload IS NULL AND NEW.salt IS NULL
       AND (NEW.log_id, NEW.position, NEW.source, NEW.id, NEW.type, NEW.tags, NEW.leaf, NEW.leaf_hash)
         = (OLD.log_id, OLD.position, OLD.source, OLD.id, OLD.type, OLD.tags, OLD.leaf, OLD.leaf_hash) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'ledger.entries is append-only: UPDATE refused' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER entries_only_erased BEFORE UPDATE ON ledger.entries
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change_but_erasure();
CREATE TRIGGER entries_never_deleted BEFORE DELETE ON ledger.entries
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER entries_never_truncated BEFORE TRUNCATE ON ledger.entries
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER tiles_never_changed BEFORE UPDATE OR DELETE ON ledger.tiles
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER tiles_never_truncated BEFORE TRUNCATE ON ledger.tiles
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER checkpoints_never_changed BEFORE UPDATE OR DELETE ON ledger.checkpoints
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_change();
CREATE TRIGGER checkpoints_never_truncated BEFORE TRUNCATE ON ledger.checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

GRANT SELECT, INSERT ON ledger.logs, ledger.keys, ledger.entries, ledger.tiles, ledger.checkpoints TO quanze_writer;
GRANT SELECT, INSERT, UPDATE ON ledger.heads, ledger.tokens TO quanze_writer;
GRANT SELECT ON ledger.feed_v1, ledger.heads, ledger.logs, ledger.tokens TO quanze_projector;
GRANT SELECT ON ledger.entries TO quanze_eraser;
GRANT UPDATE (payload, salt) ON ledger.entries TO quanze_eraser;
