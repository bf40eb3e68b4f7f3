-- Who may do what: roots, delegations, what became of them, who stands in for whom. One row per act, as in 0001.

-- auth.vest (is_root; grantee is the holder) and auth.grant. `payload` is the whole data as received; it is NULL, and
-- so is what came from it, once erased: then only the name is left, where the act's subject was the grant.
CREATE TABLE projector.grants (
    log_id     integer     NOT NULL,
    position   bigint      NOT NULL,
    known_from timestamptz NOT NULL,
    asserted   boolean     NOT NULL,
    time       timestamptz NOT NULL,  -- when it was made
    name       text        NOT NULL,
    is_root    boolean     NOT NULL,
    kind       text,
    parent     text,                  -- NULL: the grantor's own root
    actor      text        NOT NULL,
    grantor    text,                  -- NULL for a root
    grantee    text,
    unit       text,                  -- whose a body is that grants or holds: body names are a unit's own
    starts     timestamptz NOT NULL,
    ends       timestamptz,           -- exclusive; NULL: open
    supersedes text,
    payload    jsonb,
    CONSTRAINT grants_pkey PRIMARY KEY (log_id, position)
);
CREATE INDEX grants_by_name ON projector.grants (log_id, name);
CREATE INDEX grants_by_grantee ON projector.grants (log_id, grantee);
CREATE INDEX grants_by_parent ON projector.grants (log_id, parent) WHERE parent IS NOT NULL;
CREATE INDEX grants_by_superseded ON projector.grants (log_id, supersedes) WHERE supersedes IS NOT NULL;

-- auth.accept, auth.suspend, auth.resume, auth.revoke. effective_at is NULL once erased.
CREATE TABLE projector.grant_changes (
    log_id       integer     NOT NULL,
    position     bigint      NOT NULL,
    known_from   timestamptz NOT NULL,
    time         timestamptz NOT NULL,
    grant_name   text        NOT NULL,
    change       text        NOT NULL,
    actor        text        NOT NULL,
    effective_at timestamptz,
    notified_at  timestamptz,
    CONSTRAINT grant_changes_pkey PRIMARY KEY (log_id, position)
);
CREATE INDEX grant_changes_by_grant ON projector.grant_changes (log_id, grant_name);

-- auth.ratify: of which act, by key, since that act may arrive later.
CREATE TABLE projector.ratifications (
    log_id        integer     NOT NULL,
    position      bigint      NOT NULL,
    known_from    timestamptz NOT NULL,
    time          timestamptz NOT NULL,
    target_source text        NOT NULL,
    target_id     text        NOT NULL,
    actor         text        NOT NULL,
    unit          text,
    authority     text,
    onbehalfof    text,
    CONSTRAINT ratifications_pkey PRIMARY KEY (log_id, position)
);
CREATE INDEX ratifications_by_target ON projector.ratifications (log_id, target_source, target_id);

-- acting.appoint and acting.end. An appointment's name is its subject's own, so both say the subject.
CREATE TABLE projector.actings (
    log_id       integer     NOT NULL,
    position     bigint      NOT NULL,
    known_from   timestamptz NOT NULL,
    asserted     boolean     NOT NULL,
    time         timestamptz NOT NULL,
    subject      text        NOT NULL,
    name         text        NOT NULL,
    principal    text        NOT NULL,
    substitute   text        NOT NULL,
    grant_names  text[]      NOT NULL,  -- empty: whatever the principal holds
    acts         text[],                -- NULL: whatever the grants cover
    ceiling_item numeric(18, 2),
    currency     text        NOT NULL,
    starts       timestamptz NOT NULL,
    ends         timestamptz,           -- exclusive; NULL: open
    CONSTRAINT actings_pkey PRIMARY KEY (log_id, position)
);
CREATE INDEX actings_by_substitute ON projector.actings (log_id, substitute);
CREATE INDEX actings_by_principal ON projector.actings (log_id, principal);
CREATE TABLE projector.acting_ends (
    log_id     integer     NOT NULL,
    position   bigint      NOT NULL,
    known_from timestamptz NOT NULL,
    subject    text        NOT NULL,
    name       text        NOT NULL,
    time       timestamptz NOT NULL,
    CONSTRAINT acting_ends_pkey PRIMARY KEY (log_id, position)
);
CREATE INDEX acting_ends_by_acting ON projector.acting_ends (log_id, subject, name);

-- Acts under a grant.
CREATE INDEX acts_by_authority ON projector.acts (log_id, authority, position) WHERE authority IS NOT NULL;

-- A list of texts out of JSON. NULL where there is none: not the same as an empty one.
CREATE FUNCTION projector.listed(found jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE jsonb_typeof(found) WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(found)) END
$$;

-- Grants as known then, one row a name: the first recorded that was not withdrawn. `lasts` is its own term without what
-- revocations and grants that supersede it take away, `live` that without suspensions; what it rests on is not asked
-- here. An erased grant, and one that ends before it starts, is never live.
CREATE FUNCTION projector.grants_at(of_log integer, known_at timestamptz)
RETURNS TABLE ("position" bigint, name text, is_root boolean, kind text, parent text, grantor text, grantee text,
               unit text, "time" timestamptz, starts timestamptz, ends timestamptz, payload jsonb,
               lasts tstzmultirange, live tstzmultirange)
LANGUAGE sql STABLE AS $$
    WITH withdrawn AS MATERIALIZED (
        SELECT voided.position FROM projector.voided_at(of_log, grants_at.known_at) AS voided
    ), known AS MATERIALIZED (
        SELECT DISTINCT ON (grants.name) grants.*
          FROM projector.grants
         WHERE grants.log_id = of_log AND grants.known_from <= grants_at.known_at
           AND grants.position NOT IN (SELECT withdrawn.position FROM withdrawn)
         ORDER BY grants.name, grants.position
    ), changes AS MATERIALIZED (
        SELECT said.grant_name, said.change, said.effective_at, said.known_from, said.position
          FROM projector.grant_changes AS said
         WHERE said.log_id = of_log AND said.known_from <= grants_at.known_at AND said.effective_at IS NOT NULL
           AND said.position NOT IN (SELECT withdrawn.position FROM withdrawn)
    ), stops AS (
        SELECT stop.grant_name, stop.change, stop.effective_at AS since,
               (SELECT min(resume.effective_at)
                  FROM changes AS resume
                 WHERE resume.grant_name = stop.grant_name AND resume.change = 'resume' AND stop.change = 'suspend'
                   AND (resume.effective_at, resume.known_from, resume.position)
                     > (stop.effective_at, stop.known_from, stop.position)) AS until
          FROM changes AS stop
         WHERE stop.change IN ('suspend', 'revoke')
         UNION ALL
        SELECT known.supersedes, 'superseded', known.starts, NULL
          FROM known
         WHERE known.supersedes IS NOT NULL
    ), dead AS (
        SELECT stops.grant_name,
               range_agg(tstzrange(stops.since, stops.until)) FILTER (WHERE stops.change <> 'suspend') AS ended,
               range_agg(tstzrange(stops.since, stops.until)) AS stretches
          FROM stops
         GROUP BY stops.grant_name
    )
    SELECT known.position, known.name, known.is_root, known.kind, known.parent, known.grantor, known.grantee,
           known.unit, known.time, known.starts, known.ends, known.payload,
           term.whole - coalesce(dead.ended, '{}'), term.whole - coalesce(dead.stretches, '{}')
      FROM known
     CROSS JOIN LATERAL (
           SELECT CASE WHEN known.payload IS NOT NULL AND (known.ends IS NULL OR known.starts < known.ends)
                       THEN tstzmultirange(tstzrange(known.starts, known.ends)) ELSE '{}' END AS whole) AS term
      LEFT JOIN dead ON dead.grant_name = known.name
$$;

-- What each grant rests on, as known then: the parent it names, else every root its grantor held when it was made.
CREATE FUNCTION projector.grant_parents_at(of_log integer, known_at timestamptz)
RETURNS TABLE (name text, parent text) LANGUAGE sql STABLE AS $$
    WITH known AS MATERIALIZED (
        SELECT grants.* FROM projector.grants_at(of_log, grant_parents_at.known_at) AS grants
    ), people AS MATERIALIZED (
        SELECT people.* FROM projector.people_at(of_log, grant_parents_at.known_at) AS people
    ), orphans AS (
        SELECT known.name, known.unit, known.time, coalesce(people.person, known.grantor) AS grantor
          FROM known
          LEFT JOIN people ON people.account = known.grantor
                          AND known.time >= people.starts AND known.time < people.ends
         WHERE NOT known.is_root AND known.parent IS NULL
    )
    SELECT known.name, known.parent
      FROM known
     WHERE known.parent IS NOT NULL
     UNION
    SELECT orphans.name, root.name
      FROM orphans
      JOIN known AS root ON root.is_root AND root.grantee = orphans.grantor
                        AND (root.grantee NOT LIKE 'body:%' OR coalesce(root.unit = orphans.unit, true))
     UNION
    SELECT orphans.name, root.name
      FROM orphans
      JOIN people ON people.person = orphans.grantor
                 AND orphans.time >= people.starts AND orphans.time < people.ends
      JOIN known AS root ON root.is_root AND root.grantee = people.account
     UNION
    SELECT orphans.name, root.name
      FROM orphans
      JOIN projector.terms_at(of_log, grant_parents_at.known_at) AS terms
        ON terms.person = orphans.grantor AND orphans.time >= terms.starts AND orphans.time < terms.ends
      JOIN known AS root ON root.is_root AND root.grantee = terms.post
$$;

-- Every chain from a grant to where it ends, as known then: when all of it lasts and is live, and what is named nearest
-- to the grant on each axis (NULL: nobody limits it). `below`: units below those named count too. A chain that rests on
-- itself, or goes on for 64 links, has no row: it ends nowhere.
CREATE FUNCTION projector.grant_chains_at(of_log integer, known_at timestamptz)
RETURNS TABLE (name text, lasts tstzmultirange, live tstzmultirange, acts text[], units text[], below boolean,
               projects text[], positions bigint[])
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE known AS MATERIALIZED (
        SELECT grants.position, grants.name, grants.lasts, grants.live,
               projector.listed(grants.payload -> 'scope' -> 'acts') AS acts,
               projector.listed(grants.payload -> 'scope' -> 'units') AS units,
               coalesce((grants.payload -> 'scope' ->> 'include_subordinates')::boolean, false) AS below,
               projector.listed(grants.payload -> 'scope' -> 'projects') AS projects
          FROM projector.grants_at(of_log, grant_chains_at.known_at) AS grants
    ), parents AS MATERIALIZED (
        SELECT rests.name, rests.parent
          FROM projector.grant_parents_at(of_log, grant_chains_at.known_at) AS rests
         WHERE rests.parent IN (SELECT known.name FROM known)
    ), climb AS (
        SELECT known.name, known.name AS top, known.lasts, known.live, known.acts, known.units, known.below, known.projects,
               ARRAY[known.position] AS positions, ARRAY[known.name] AS names
          FROM known
         UNION ALL
        SELECT climb.name, above.name, climb.lasts * above.lasts, climb.live * above.live,
               coalesce(climb.acts, above.acts),
               coalesce(climb.units, above.units),
               CASE WHEN climb.units IS NULL THEN above.below ELSE climb.below END,
               coalesce(climb.projects, above.projects),
               climb.positions || above.position, climb.names || above.name
          FROM climb
          JOIN parents ON parents.name = climb.top
          JOIN known AS above ON above.name = parents.parent
         WHERE above.name <> ALL (climb.names) AND cardinality(climb.names) < 64
    )
    SELECT climb.name, climb.lasts, climb.live, climb.acts, climb.units, climb.below, climb.projects, climb.positions
      FROM climb
     WHERE climb.top NOT IN (SELECT parents.name FROM parents)
$$;

-- What live delegations and acting appointments let people hold, for the conflicts question: the acts they name, with
-- the unit and project (NULL: any). Roots name nothing here, and bodies hold nothing. A grant whose parent is not in
-- the ledger counts by its own words.
CREATE FUNCTION projector.held_by_grant(of_log integer, known_at timestamptz)
RETURNS TABLE (holder text, act text, unit text, project text, starts timestamptz, ends timestamptz,
               positions bigint[])
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE withdrawn AS MATERIALIZED (
        SELECT voided.position FROM projector.voided_at(of_log, held_by_grant.known_at) AS voided
    ), chains AS MATERIALIZED (
        SELECT grants.grantee, grants.is_root, chain.*,
               coalesce((grants.payload ->> 'personal_only')::boolean, false) AS personal_only
          FROM projector.grant_chains_at(of_log, held_by_grant.known_at) AS chain
          JOIN projector.grants_at(of_log, held_by_grant.known_at) AS grants ON grants.name = chain.name
    ), actings AS (
        SELECT said.position, said.substitute, said.grant_names, said.acts,
               CASE WHEN until.ends IS NULL OR said.starts < until.ends
                    THEN tstzmultirange(tstzrange(said.starts, until.ends)) ELSE '{}' END AS live
          FROM projector.actings AS said
         CROSS JOIN LATERAL (
               SELECT least(said.ends, min(ended.time)) AS ends
                 FROM projector.acting_ends AS ended
                WHERE ended.log_id = said.log_id AND ended.subject = said.subject AND ended.name = said.name
                  AND ended.known_from <= held_by_grant.known_at
                  AND ended.position NOT IN (SELECT withdrawn.position FROM withdrawn)) AS until
         WHERE said.log_id = of_log AND said.known_from <= held_by_grant.known_at
           AND said.position NOT IN (SELECT withdrawn.position FROM withdrawn)
    ), held AS (
        SELECT chains.grantee AS holder, chains.acts, chains.units, chains.below, chains.projects, chains.live,
               chains.positions
          FROM chains
         WHERE NOT chains.is_root AND chains.grantee NOT LIKE 'body:%'
         UNION ALL
        SELECT actings.substitute,
               CASE WHEN actings.acts IS NULL OR chains.acts IS NULL THEN coalesce(actings.acts, chains.acts)
                    ELSE ARRAY(SELECT unnest(actings.acts) INTERSECT SELECT unnest(chains.acts)) END,
               chains.units, chains.below, chains.projects,
               actings.live * chains.live, actings.position || chains.positions
          FROM actings
          JOIN chains ON chains.name = ANY (actings.grant_names) AND NOT chains.personal_only
         WHERE actings.acts IS NOT NULL OR NOT chains.is_root
         UNION ALL
        SELECT actings.substitute, actings.acts, NULL, NULL, NULL, actings.live, ARRAY[actings.position]
          FROM actings
         WHERE actings.acts IS NOT NULL AND actings.grant_names = '{}'
    ), registered AS (
        SELECT DISTINCT ON (units.unit) units.unit, units.parent
          FROM projector.units
         WHERE units.log_id = of_log AND units.known_from <= held_by_grant.known_at
           AND units.position NOT IN (SELECT withdrawn.position FROM withdrawn)
         ORDER BY units.unit, units.time DESC, units.known_from DESC, units.position DESC
    ), tree AS (
        SELECT registered.parent AS top, registered.unit
          FROM registered
         WHERE registered.parent IS NOT NULL
         UNION
        SELECT tree.top, registered.unit
          FROM tree
          JOIN registered ON registered.parent = tree.unit
    )
    SELECT held.holder, named.act, within.unit, project.project,
           CASE WHEN lower_inf(stretch) THEN '-infinity' ELSE lower(stretch) END,
           CASE WHEN upper_inf(stretch) THEN NULL ELSE upper(stretch) END,
           held.positions
      FROM held
     CROSS JOIN LATERAL unnest(held.acts) AS named (act)
     CROSS JOIN LATERAL unnest(held.live) AS stretch
     CROSS JOIN LATERAL (
               SELECT NULL WHERE held.units IS NULL
                UNION
               SELECT listed.unit FROM unnest(held.units) AS listed (unit)
                UNION
               SELECT tree.unit FROM tree WHERE held.below AND tree.top = ANY (held.units)) AS within (unit)
     CROSS JOIN LATERAL (
               SELECT NULL WHERE held.projects IS NULL
                UNION ALL
               SELECT listed.project FROM unnest(held.projects) AS listed (project)) AS project (project)
$$;
GRANT EXECUTE ON FUNCTION projector.listed, projector.grants_at, projector.grant_parents_at, projector.grant_chains_at,
      projector.held_by_grant TO quanze_projector, quanze_rules;
