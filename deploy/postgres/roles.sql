-- The roles of a Quanze database. A superuser runs this once per server, before the first `quanze migrate`:
--
--     psql --set ON_ERROR_STOP=1 --file deploy/postgres/roles.sql postgres
--
-- It may run again. Nobody has a password here: set them in psql with \password, or let pg_hba.conf decide (peer, cert).

-- 1. Who holds rights. Nobody logs in as one of these; a service takes one with SET ROLE on every connection. What each
--    may do is granted by the migrations (services/ledger/sql/migrations, services/projector/sql/migrations).
SELECT format('CREATE ROLE %I NOLOGIN', wanted)
  FROM unnest(ARRAY['quanze_writer', 'quanze_projector', 'quanze_rules', 'quanze_eraser']) AS wanted
 WHERE wanted NOT IN (SELECT rolname FROM pg_roles)
\gexec

-- 2. Who logs in. An example with a login per task: rename them, or leave out what you do not run.
SELECT format('CREATE ROLE %I LOGIN', wanted)
  FROM unnest(ARRAY['quanze_owner', 'quanze_ledger', 'quanze_follower', 'quanze_auditor']) AS wanted
 WHERE wanted NOT IN (SELECT rolname FROM pg_roles)
\gexec

-- The owner runs `quanze migrate` and `quanze rebuild` and owns every table. Rights do not bind an owner, so no service
-- may log in as this one. CREATEROLE because the first migration makes the roles above where they are not there; the
-- memberships because PostgreSQL 16 and later do not let a role take another just because it made it.
ALTER ROLE quanze_owner CREATEROLE;
GRANT quanze_writer, quanze_projector, quanze_rules, quanze_eraser TO quanze_owner;

-- `quanze ledger` and `quanze token`: reads everything of the ledger, adds acts, changes none but to erase what an act
-- orders to.
GRANT quanze_writer, quanze_eraser TO quanze_ledger;

-- `quanze projector`: reads acts, writes the read models; its rules read with the rights of less.
GRANT quanze_projector, quanze_rules TO quanze_follower;

-- A receipt means that the act is on disk, whatever the server's default. And the server's own log must not keep what is
-- erased later: a statement that fails would put its data there.
ALTER ROLE quanze_ledger SET synchronous_commit = on;
ALTER ROLE quanze_ledger SET log_error_verbosity = terse;
ALTER ROLE quanze_ledger SET log_min_error_statement = panic;
ALTER ROLE quanze_follower SET log_error_verbosity = terse;
ALTER ROLE quanze_follower SET log_min_error_statement = panic;
ALTER ROLE quanze_owner SET log_error_verbosity = terse;
ALTER ROLE quanze_owner SET log_min_error_statement = panic;

-- 3. The database, and who may enter it.
SELECT 'CREATE DATABASE quanze TEMPLATE template0 ENCODING ''UTF8'''
 WHERE 'quanze' NOT IN (SELECT datname FROM pg_database)
\gexec
ALTER DATABASE quanze OWNER TO quanze_owner;
REVOKE ALL ON DATABASE quanze FROM PUBLIC;
GRANT CONNECT ON DATABASE quanze TO quanze_ledger, quanze_follower, quanze_auditor;
GRANT TEMPORARY ON DATABASE quanze TO quanze_projector; -- what a rule reads is laid out in temporary tables

-- 4. After `quanze migrate`, once, as quanze_owner in the database: whoever runs `quanze verify --log DSN` reads the
--    ledger and can add nothing to it.
--
--     GRANT USAGE ON SCHEMA ledger TO quanze_auditor;
--     GRANT SELECT ON ALL TABLES IN SCHEMA ledger TO quanze_auditor;
