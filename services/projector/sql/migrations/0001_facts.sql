-- The read side: facts as the acts state them, one row each, joined only when a question is asked.
--
-- No row is derived from two acts, so the order in which acts arrive changes no row, and whoever asks "as known at T"
-- leaves out what was known later. known_from is `recordedtime` where the source asserts one, else `recorded_at`.

GRANT USAGE ON SCHEMA projector TO quanze_projector, quanze_rules;
ALTER DEFAULT PRIVILEGES IN SCHEMA projector GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO quanze_projector;
ALTER DEFAULT PRIVILEGES IN SCHEMA projector GRANT SELECT ON TABLES TO quanze_rules;

-- How far each follower has read (the eventsourcing library's tracking table, ours to create).
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

-- person.register, unit.register: what was said last before a moment holds at it.
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
    holds      text        NOT NULL,   -- a post (`post:…`), or a role on a project (`project:… role`)
    post       text,
    project    text,
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
    counts     boolean     NOT NULL,   -- for the class duties @D, @E and @any
    supplier   text,
    time       timestamptz NOT NULL,
    known_from timestamptz NOT NULL,
    CONSTRAINT duties_pkey PRIMARY KEY (log_id, position, ordinal)
);
CREATE INDEX duties_by_project ON projector.duties (log_id, project);
CREATE INDEX duties_by_actor ON projector.duties (log_id, actor);

-- Packs: acts, roles and pairs that the log itself adds to the shipped catalogue, in the order of their positions.
CREATE TABLE projector.packs (
    log_id   integer NOT NULL,
    position bigint  NOT NULL,
    data     jsonb   NOT NULL,
    CONSTRAINT packs_pkey PRIMARY KEY (log_id, position)
);

-- Acts withdrawn by an act.correct that was known by then.
CREATE FUNCTION projector.voided_at(of_log integer, known_at timestamptz)
RETURNS TABLE (position bigint) LANGUAGE sql STABLE AS $$
    SELECT acts.position
      FROM projector.corrections
      JOIN projector.acts ON acts.log_id = corrections.log_id
                         AND acts.source = corrections.target_source AND acts.id = corrections.target_id
     WHERE corrections.log_id = of_log AND corrections.void AND corrections.known_from <= known_at
$$;

-- Whose an account was, as known then: from -infinity or the unlink before, until the unlink after. Where two links
-- claim one stretch, the earlier in time, then in position, holds.
CREATE FUNCTION projector.people_at(of_log integer, known_at timestamptz)
RETURNS TABLE (account text, person text, starts timestamptz, ends timestamptz) LANGUAGE sql STABLE AS $$
    WITH known AS (
        SELECT links.account, links.person, links.time, links.position
          FROM projector.account_links AS links
         WHERE links.log_id = of_log AND links.known_from <= known_at
           AND links.position NOT IN (SELECT voided.position FROM projector.voided_at(of_log, known_at) AS voided)
    ), spans AS (
        SELECT link.account, link.person, link.time, link.position,
               coalesce((SELECT min(unlink.time) FROM known AS unlink
                          WHERE unlink.account = link.account AND unlink.person IS NULL
                            AND unlink.time >= link.time), 'infinity') AS ends
          FROM known AS link
         WHERE link.person IS NOT NULL
    ), firsts AS (
        SELECT DISTINCT ON (spans.account, spans.ends) spans.account, spans.person, spans.ends
          FROM spans ORDER BY spans.account, spans.ends, spans.time, spans.position
    )
    SELECT firsts.account, firsts.person,
           coalesce(lag(firsts.ends) OVER (PARTITION BY firsts.account ORDER BY firsts.ends), '-infinity'), firsts.ends
      FROM firsts
$$;
GRANT EXECUTE ON FUNCTION projector.voided_at, projector.people_at TO quanze_projector, quanze_rules;
