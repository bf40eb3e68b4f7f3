-- The read side: facts as the acts state them, joined only when a question is asked.
--
-- A row holds what one act says and nothing of another, so the order in which acts arrive changes no row, and whoever
-- asks "as known at T" leaves out what was known later. known_from is `recordedtime` where the source asserts one,
-- else `recorded_at`. A table whose primary key begins with (log_id, position) holds such facts: when the content of
-- an act is erased, its rows there are made anew from the leaf alone.
--
-- What is said of one thing is ordered by (time, known_from, position): what was said last before a moment holds at it.

GRANT USAGE ON SCHEMA projector TO quanze_projector, quanze_rules;
ALTER DEFAULT PRIVILEGES IN SCHEMA projector GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO quanze_projector;
ALTER DEFAULT PRIVILEGES IN SCHEMA projector GRANT SELECT ON TABLES TO quanze_rules;
ALTER DEFAULT PRIVILEGES IN SCHEMA projector GRANT EXECUTE ON FUNCTIONS TO quanze_projector, quanze_rules;

-- How far each follower has read (the eventsourcing library's tracking table, ours to create). Every transaction that
-- writes here locks its row first, and every question reads it first: so nobody waits for another crosswise.
CREATE TABLE projector.tracking (
    application_name text   NOT NULL PRIMARY KEY,
    notification_id  bigint NOT NULL
);

-- Every act. `data` is NULL once its content was erased.
CREATE TABLE projector.acts (
    log_id      integer     NOT NULL,
    position    bigint      NOT NULL,
    source      text        NOT NULL,
    id          text        NOT NULL,
    type        text        NOT NULL,
    stage       text        NOT NULL,
    class       text        NOT NULL,
    duty        text        NOT NULL,  -- the role that whoever does it exercises; '' for an act no catalogue knows
    counts      boolean     NOT NULL,  -- for the class duties @D, @E and @any
    subject     text        NOT NULL,
    project     text,                  -- the subject, where it is a project
    unit        text,
    actor       text        NOT NULL,
    role        text,
    authority   text,
    onbehalfof  text,
    time        timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    known_from  timestamptz NOT NULL,
    asserted    boolean     NOT NULL,  -- known_from is the source's word, not the ledger's clock
    object      text,
    amount      numeric(18, 2),
    data        jsonb,
    CONSTRAINT acts_pkey PRIMARY KEY (log_id, position),
    CONSTRAINT acts_one_per_key UNIQUE (log_id, source, id)
);
CREATE INDEX acts_by_project ON projector.acts (log_id, project, time, known_from, position) WHERE project IS NOT NULL;
CREATE INDEX acts_by_type ON projector.acts (log_id, type, position);
CREATE INDEX acts_by_principal ON projector.acts (log_id, onbehalfof) WHERE onbehalfof IS NOT NULL;

-- act.correct: what it corrects, by key, since the corrected act may arrive later.
CREATE TABLE projector.corrections (
    log_id        integer     NOT NULL,
    position      bigint      NOT NULL,
    known_from    timestamptz NOT NULL,
    target_source text        NOT NULL,
    target_id     text        NOT NULL,
    void          boolean     NOT NULL,
    fields        jsonb       NOT NULL,
    CONSTRAINT corrections_pkey PRIMARY KEY (log_id, position)
);
CREATE INDEX corrections_by_target ON projector.corrections (log_id, target_source, target_id);

-- project.open. `units` are the purchasers: the unit of the act, and whoever buys jointly with it.
CREATE TABLE projector.projects (
    log_id     integer     NOT NULL,
    position   bigint      NOT NULL,
    known_from timestamptz NOT NULL,
    project    text        NOT NULL,
    unit       text,
    units      text[]      NOT NULL,
    title      text,
    time       timestamptz NOT NULL,
    CONSTRAINT projects_pkey PRIMARY KEY (log_id, position)
);
CREATE INDEX projects_by_project ON projector.projects (log_id, project);

-- account.link and account.unlink. A link holds for past acts too, until the time of an unlink.
CREATE TABLE projector.account_links (
    log_id     integer     NOT NULL,
    position   bigint      NOT NULL,
    known_from timestamptz NOT NULL,
    account    text        NOT NULL,
    person     text,                   -- NULL: an unlink
    time       timestamptz NOT NULL,
    CONSTRAINT account_links_pkey PRIMARY KEY (log_id, position)
);
CREATE INDEX account_links_by_account ON projector.account_links (log_id, account);
CREATE INDEX account_links_by_person ON projector.account_links (log_id, person);

-- person.register, unit.register.
CREATE TABLE projector.persons (
    log_id     integer     NOT NULL,
    position   bigint      NOT NULL,
    known_from timestamptz NOT NULL,
    person     text        NOT NULL,
    employer   text,
    time       timestamptz NOT NULL,
    CONSTRAINT persons_pkey PRIMARY KEY (log_id, position)
);
CREATE INDEX persons_by_person ON projector.persons (log_id, person);
CREATE TABLE projector.units (
    log_id     integer     NOT NULL,
    position   bigint      NOT NULL,
    known_from timestamptz NOT NULL,
    unit       text        NOT NULL,
    parent     text,
    kind       text,
    time       timestamptz NOT NULL,
    CONSTRAINT units_pkey PRIMARY KEY (log_id, position)
);
CREATE INDEX units_by_unit ON projector.units (log_id, unit);

-- post.define, and terms of persons: post.assign, role.assign; post.relieve and role.release end the terms before them.
CREATE TABLE projector.posts (
    log_id      integer     NOT NULL,
    position    bigint      NOT NULL,
    known_from  timestamptz NOT NULL,
    post        text        NOT NULL,
    unit        text,
    designation text,
    acts        text[]      NOT NULL,
    time        timestamptz NOT NULL,
    CONSTRAINT posts_pkey PRIMARY KEY (log_id, position)
);
CREATE INDEX posts_by_post ON projector.posts (log_id, post);
CREATE TABLE projector.terms (
    log_id     integer     NOT NULL,
    position   bigint      NOT NULL,
    known_from timestamptz NOT NULL,
    holds      text        NOT NULL,   -- a post (`post:…`), or where a role is held and the role (`project:… role`)
    post       text,
    project    text,                   -- of a role: the one project; NULL: those of `unit`; both NULL: any
    unit       text,
    role       text,
    person     text        NOT NULL,   -- a person or an account
    starts     timestamptz NOT NULL,
    ends       timestamptz,            -- exclusive; NULL: open
    is_end     boolean     NOT NULL,   -- a relief or release: ends, at `starts`, the terms that began before it
    CONSTRAINT terms_pkey PRIMARY KEY (log_id, position)
);
CREATE INDEX terms_by_holder ON projector.terms (log_id, person);
CREATE INDEX terms_by_holding ON projector.terms (log_id, holds);

-- Duties exercised: one row per act, person and role. Observers and attendees exercise none and have no row.
CREATE TABLE projector.duties (
    log_id     integer     NOT NULL,
    position   bigint      NOT NULL,
    ordinal    smallint    NOT NULL,
    project    text,
    unit       text,
    actor      text        NOT NULL,   -- a person, an account, a system; bodies and organisations have no row
    role       text        NOT NULL,
    function   text,
    capacity   text        NOT NULL,
    type       text        NOT NULL,
    class      text        NOT NULL,
    counts     boolean     NOT NULL,   -- for the class duties @D, @E and @any: the act's own role, in a stage that counts
    supplier   text,                   -- whom it paid, or whose account it kept
    time       timestamptz NOT NULL,
    known_from timestamptz NOT NULL,
    CONSTRAINT duties_pkey PRIMARY KEY (log_id, position, ordinal)
);
CREATE INDEX duties_by_project ON projector.duties (log_id, project);
CREATE INDEX duties_by_actor ON projector.duties (log_id, actor);

-- Packs: acts, roles and pairs that the log itself adds to the shipped catalogue, in the order of their positions. The
-- text is the pack as it came: jsonb would change the order of its members, and with it which act names a role.
CREATE TABLE projector.packs (
    log_id   integer NOT NULL,
    position bigint  NOT NULL,
    data     text    NOT NULL,
    CONSTRAINT packs_pkey PRIMARY KEY (log_id, position)
);

-- Corrections in force, as known then, with the act they correct. A correction can itself be withdrawn by one that is
-- known later: `walk` goes through such from the last to the first, and keeps which are withdrawn.
CREATE FUNCTION projector.corrections_at(of_log integer, known_at timestamptz)
RETURNS TABLE ("position" bigint, "by" bigint, void boolean, fields jsonb, known_from timestamptz)
LANGUAGE sql STABLE AS $$
    WITH RECURSIVE known AS (
        SELECT acts.position, corrections.position AS "by", acts.type = 'act.correct' AS of_correction,
               corrections.void, corrections.fields, corrections.known_from
          FROM projector.corrections
          JOIN projector.acts ON acts.log_id = corrections.log_id
                             AND acts.source = corrections.target_source AND acts.id = corrections.target_id
         WHERE corrections.log_id = of_log AND corrections.known_from <= corrections_at.known_at
           AND (acts.type <> 'act.correct'
                OR (corrections.known_from, corrections.position) > (acts.known_from, acts.position))
    ), ranked AS (
        SELECT known.position, known.by, row_number() OVER (ORDER BY known.known_from DESC, known.by DESC) AS rank
          FROM known
         WHERE known.of_correction AND known.void
    ), walk (rank, withdrawn) AS (
        SELECT 0::bigint, ARRAY[]::bigint[]
         UNION ALL
        SELECT ranked.rank, CASE WHEN ranked.by = ANY (walk.withdrawn) THEN walk.withdrawn
                                 ELSE walk.withdrawn || ranked.position END
          FROM walk JOIN ranked ON ranked.rank = walk.rank + 1
    )
    SELECT known.position, known.by, known.void, known.fields, known.known_from
      FROM known
     WHERE NOT known.by = ANY ((SELECT walk.withdrawn FROM walk ORDER BY walk.rank DESC LIMIT 1)::bigint[])
$$;

-- Acts withdrawn by an act.correct that was known by then.
CREATE FUNCTION projector.voided_at(of_log integer, known_at timestamptz)
RETURNS TABLE ("position" bigint) LANGUAGE sql STABLE AS $$
    SELECT DISTINCT correction.position
      FROM projector.corrections_at(of_log, known_at) AS correction
     WHERE correction.void
$$;

-- Duties exercised, as known then: without withdrawn acts, and with who and in which role as corrected. Where an act is
-- corrected in that, its rows follow from its corrected members as those of projector.duties do (contract, section 3).
CREATE FUNCTION projector.duties_at(of_log integer, known_at timestamptz)
RETURNS TABLE ("position" bigint, project text, unit text, actor text, role text, function text, type text, class text,
               counts boolean, supplier text, "time" timestamptz, known_from timestamptz)
LANGUAGE sql STABLE AS $$
    WITH said AS MATERIALIZED (
        SELECT correction.*
          FROM projector.corrections_at(of_log, duties_at.known_at) AS correction
    ), recast AS MATERIALIZED (
        SELECT said.position, jsonb_object_agg(member.key, member.value ORDER BY said.known_from, said.by) AS fields
          FROM said
         CROSS JOIN LATERAL jsonb_each(said.fields) AS member
         WHERE NOT said.void AND member.key IN ('actor', 'role', 'participants')
           AND said.position NOT IN (SELECT voiding.position FROM said AS voiding WHERE voiding.void)
         GROUP BY said.position
    )
    SELECT duties.position, duties.project, duties.unit, duties.actor, duties.role, duties.function, duties.type,
           duties.class, duties.counts, duties.supplier, duties.time, duties.known_from
      FROM projector.duties
     WHERE duties.log_id = of_log AND duties.known_from <= duties_at.known_at
       AND duties.position NOT IN (SELECT said.position FROM said WHERE said.void)
       AND duties.position NOT IN (SELECT recast.position FROM recast)
     UNION ALL
    SELECT acts.position, acts.project, acts.unit, person.actor, person.role, person.function, acts.type, acts.class,
           acts.counts AND person.role = acts.duty, told.supplier, acts.time, acts.known_from
      FROM recast
      JOIN projector.acts ON acts.log_id = of_log AND acts.position = recast.position
     CROSS JOIN LATERAL (
           SELECT min(duties.supplier) AS supplier
             FROM projector.duties
            WHERE duties.log_id = of_log AND duties.position = acts.position) AS told
     CROSS JOIN LATERAL (
           SELECT coalesce(recast.fields ->> 'actor', acts.actor) AS actor,
                  coalesce(recast.fields ->> 'role', acts.role) AS role,
                  coalesce(recast.fields -> 'participants', acts.data -> 'participants') AS participants) AS now
     CROSS JOIN LATERAL (
           WITH listed AS (
               SELECT item ->> 'actor' AS actor, item ->> 'role' AS role, item ->> 'function' AS function,
                      item ->> 'capacity' AS capacity
                 FROM jsonb_array_elements(CASE jsonb_typeof(now.participants)
                                                WHEN 'array' THEN now.participants ELSE '[]' END) AS item
                WHERE jsonb_typeof(item) = 'object'
           )
           SELECT now.actor, own.role, (SELECT listed.function FROM listed WHERE listed.actor = now.actor LIMIT 1)
             FROM (VALUES (acts.duty), (now.role)) AS own (role)
            UNION
           SELECT listed.actor, coalesce(listed.role, acts.duty), listed.function
             FROM listed
            WHERE coalesce(listed.capacity, 'member') NOT IN ('observer', 'attendee')) AS person (actor, role, function)
     WHERE acts.known_from <= duties_at.known_at
       AND person.role NOT IN ('', 'observer') AND person.actor ~ '^(person|account|system):'
$$;

-- Whose an account was, as known then: from -infinity or the unlink before, until the unlink after. Where two links
-- claim one stretch, the first said holds.
CREATE FUNCTION projector.people_at(of_log integer, known_at timestamptz)
RETURNS TABLE (account text, person text, starts timestamptz, ends timestamptz) LANGUAGE sql STABLE AS $$
    WITH spans AS (
        SELECT links.account, links.person, links.time, links.known_from, links.position,
               coalesce(max(links.time) FILTER (WHERE links.person IS NULL) OVER before, '-infinity') AS starts,
               coalesce(min(links.time) FILTER (WHERE links.person IS NULL) OVER after, 'infinity') AS ends
          FROM projector.account_links AS links
         WHERE links.log_id = of_log AND links.known_from <= people_at.known_at
           AND links.position NOT IN (SELECT voided.position FROM projector.voided_at(of_log, people_at.known_at) AS voided)
        WINDOW said AS (PARTITION BY links.account ORDER BY links.time, links.known_from, links.position),
               before AS (said ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
               after AS (said ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
    )
    SELECT DISTINCT ON (spans.account, spans.starts, spans.ends)
           spans.account, spans.person, spans.starts, spans.ends
      FROM spans
     WHERE spans.person IS NOT NULL AND spans.starts < spans.ends
     ORDER BY spans.account, spans.starts, spans.ends, spans.time, spans.known_from, spans.position
$$;

-- Whom a person worked for, as known then. Nothing is said of the time before the first registration.
CREATE FUNCTION projector.employers_at(of_log integer, known_at timestamptz)
RETURNS TABLE (person text, employer text, starts timestamptz, ends timestamptz, "position" bigint)
LANGUAGE sql STABLE AS $$
    SELECT said.person, said.employer, said.time, said.ends, said.position
      FROM (SELECT persons.person, persons.employer, persons.time, persons.position,
                   coalesce(lead(persons.time) OVER (PARTITION BY persons.person
                       ORDER BY persons.time, persons.known_from, persons.position), 'infinity') AS ends
              FROM projector.persons
             WHERE persons.log_id = of_log AND persons.known_from <= employers_at.known_at
               AND persons.position NOT IN
                   (SELECT voided.position FROM projector.voided_at(of_log, employers_at.known_at) AS voided)) AS said
     WHERE said.employer IS NOT NULL AND said.time < said.ends
$$;

-- Who held a post or an assigned role, as known then, accounts resolved to their persons.
CREATE FUNCTION projector.terms_at(of_log integer, known_at timestamptz)
RETURNS TABLE (holds text, post text, project text, unit text, role text, person text,
               starts timestamptz, ends timestamptz, "position" bigint)
LANGUAGE sql STABLE AS $$
    SELECT term.holds, term.post, term.project, term.unit, term.role, term.person, term.starts, term.until, term.position
      FROM (SELECT said.*, least(said.ends, coalesce(min(said.starts) FILTER (WHERE said.is_end) OVER after, 'infinity'))
                           AS until
              FROM (SELECT terms.holds, terms.post, terms.project, terms.unit, terms.role, terms.is_end, terms.starts,
                           coalesce(terms.ends, 'infinity') AS ends, terms.known_from, terms.position,
                           coalesce(people.person, terms.person) AS person
                      FROM projector.terms
                      LEFT JOIN projector.people_at(of_log, terms_at.known_at) AS people
                        ON people.account = terms.person
                       AND terms.starts >= people.starts AND terms.starts < people.ends
                     WHERE terms.log_id = of_log AND terms.known_from <= terms_at.known_at
                       AND terms.position NOT IN
                           (SELECT voided.position FROM projector.voided_at(of_log, terms_at.known_at) AS voided)) AS said
            WINDOW after AS (PARTITION BY said.holds, said.person ORDER BY said.starts, said.known_from, said.position
                             ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)) AS term
     WHERE NOT term.is_end AND term.starts < term.until
$$;

-- What posts were, as known then, each definition from its time until the next.
CREATE FUNCTION projector.posts_at(of_log integer, known_at timestamptz)
RETURNS TABLE (post text, unit text, designation text, acts text[], starts timestamptz, ends timestamptz,
               "position" bigint)
LANGUAGE sql STABLE AS $$
    SELECT said.post, said.unit, said.designation, said.acts, said.time, said.ends, said.position
      FROM (SELECT posts.*, coalesce(lead(posts.time) OVER (PARTITION BY posts.post
                                ORDER BY posts.time, posts.known_from, posts.position), 'infinity') AS ends
              FROM projector.posts
             WHERE posts.log_id = of_log AND posts.known_from <= posts_at.known_at
               AND posts.position NOT IN
                   (SELECT voided.position FROM projector.voided_at(of_log, posts_at.known_at) AS voided)) AS said
     WHERE said.time < said.ends
$$;

-- Projects as known then: who buys, and when they were open. One that nobody opened is open from its first act.
CREATE FUNCTION projector.projects_at(of_log integer, known_at timestamptz)
RETURNS TABLE (project text, unit text, units text[], title text, opened timestamptz, closed timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT acted.project, coalesce(last.unit, acted.units[1]), coalesce(last.units, acted.units), last.title,
           coalesce(last.opened, acted.first), coalesce(closing.closed, 'infinity')
      FROM (SELECT acts.project, min(acts.time) AS first,
                   array_remove(array_agg(DISTINCT acts.unit), NULL) AS units
              FROM projector.acts
             WHERE acts.log_id = of_log AND acts.project IS NOT NULL AND acts.known_from <= projects_at.known_at
               AND acts.position NOT IN
                   (SELECT voided.position FROM projector.voided_at(of_log, projects_at.known_at) AS voided)
             GROUP BY acts.project) AS acted
      LEFT JOIN LATERAL (
           SELECT said.unit, said.units, said.title, min(said.time) OVER () AS opened
             FROM projector.projects AS said
            WHERE said.log_id = of_log AND said.project = acted.project AND said.known_from <= projects_at.known_at
              AND said.position NOT IN
                  (SELECT voided.position FROM projector.voided_at(of_log, projects_at.known_at) AS voided)
            ORDER BY said.time DESC, said.known_from DESC, said.position DESC
            LIMIT 1) AS last ON true
      LEFT JOIN LATERAL (
           SELECT min(ending.time) AS closed
             FROM projector.acts AS ending
            WHERE ending.log_id = of_log AND ending.project = acted.project
              AND ending.type IN ('project.close', 'file.archive') AND ending.known_from <= projects_at.known_at
              AND ending.position NOT IN
                  (SELECT voided.position FROM projector.voided_at(of_log, projects_at.known_at) AS voided)) AS closing
           ON true
$$;

-- What kind each unit is, as known then and as said last.
CREATE FUNCTION projector.unit_kinds_at(of_log integer, known_at timestamptz)
RETURNS TABLE (unit text, kind text, "position" bigint) LANGUAGE sql STABLE AS $$
    SELECT DISTINCT ON (units.unit) units.unit, units.kind, units.position
      FROM projector.units
     WHERE units.log_id = of_log AND units.kind IS NOT NULL AND units.known_from <= unit_kinds_at.known_at
       AND units.position NOT IN
           (SELECT voided.position FROM projector.voided_at(of_log, unit_kinds_at.known_at) AS voided)
     ORDER BY units.unit, units.time DESC, units.known_from DESC, units.position DESC
$$;

-- The agencies of each project, as known then.
CREATE FUNCTION projector.agencies_at(of_log integer, known_at timestamptz)
RETURNS TABLE (project text, agency text, "position" bigint) LANGUAGE sql STABLE AS $$
    SELECT acts.project, acts.data ->> 'agency', acts.position
      FROM projector.acts
     WHERE acts.log_id = of_log AND acts.type = 'agency.sign' AND acts.project IS NOT NULL
       AND acts.known_from <= agencies_at.known_at AND acts.data ->> 'agency' IS NOT NULL
       AND acts.position NOT IN
           (SELECT voided.position FROM projector.voided_at(of_log, agencies_at.known_at) AS voided)
$$;
