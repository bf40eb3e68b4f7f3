-- What was judged: kept, since judging everything for each list would take minutes. Nothing here is a fact; all of it
-- follows from the acts and the day, is made anew for whatever an act touches, and after a rebuild is the same again.

-- A scope is what is judged at once, by its reference: a project, or a unit for itself. A finding has a part from each
-- scope in which it shows (a fault of a grant: every project on which it was used); most have one.
CREATE TABLE projector.findings (
    log_id   integer     NOT NULL,
    finding  text        NOT NULL,
    scope    text        NOT NULL,
    rule     text        NOT NULL,
    project  text,
    unit     text,
    key      text        NOT NULL,
    result   text        NOT NULL,
    severity text        NOT NULL,
    force    text        NOT NULL,
    basis    text,
    persons  text[]      NOT NULL,
    evidence bigint[]    NOT NULL,
    judged   bigint,
    since    timestamptz NOT NULL,
    appeared timestamptz NOT NULL,  -- when it had come about and could be known
    cured    timestamptz,
    due      date,
    computed jsonb       NOT NULL,
    ratified boolean     NOT NULL,
    status   text        NOT NULL,
    until    date,                  -- until when a waiver or control holds
    lapsed   boolean     NOT NULL,  -- open again since one ended
    closed   timestamptz,
    set_due  date,                  -- by when somebody set it to be put right
    history  jsonb       NOT NULL,
    CONSTRAINT findings_pkey PRIMARY KEY (log_id, finding, scope)
);
CREATE INDEX findings_by_scope ON projector.findings (log_id, scope);
CREATE INDEX findings_by_time ON projector.findings (log_id, since DESC, finding DESC);
CREATE INDEX findings_by_rule ON projector.findings (log_id, rule, since DESC, finding DESC);
CREATE INDEX findings_by_unit ON projector.findings (log_id, unit, since DESC);
CREATE INDEX findings_by_person ON projector.findings USING gin (persons);

-- What is to be done by when, and is not done yet.
CREATE TABLE projector.obligations (
    log_id   integer  NOT NULL,
    scope    text     NOT NULL,
    rule     text     NOT NULL,
    key      text     NOT NULL,
    project  text,
    unit     text,
    due      date     NOT NULL,
    judged   bigint,
    evidence bigint[] NOT NULL,
    computed jsonb    NOT NULL,
    CONSTRAINT obligations_pkey PRIMARY KEY (log_id, scope, rule, key)
);
CREATE INDEX obligations_by_unit ON projector.obligations (log_id, unit, due);

-- How far the judge has come: every act up to `position`, and what falls due through `day`, by which rules.
CREATE TABLE projector.judging (
    log_id    integer NOT NULL PRIMARY KEY,
    position  bigint  NOT NULL,
    day       date    NOT NULL,
    judged_by text    NOT NULL  -- a digest of the rules: by others, everything is judged anew
);

-- On which day a scope is to be looked at again though no act touches it: something falls due, or lapses.
CREATE TABLE projector.wakes (
    log_id integer NOT NULL,
    scope  text    NOT NULL,
    day    date    NOT NULL,
    CONSTRAINT wakes_pkey PRIMARY KEY (log_id, scope)
);
CREATE INDEX wakes_by_day ON projector.wakes (log_id, day);

-- Controls that stand in for what a unit cannot do, by what they are registered on.
CREATE INDEX acts_controlling ON projector.acts (log_id, subject) WHERE type = 'control.register';

-- Suppliers that acts on a project name: a change in the registry touches those projects.
CREATE TABLE projector.suppliers_named (
    log_id     integer     NOT NULL,
    position   bigint      NOT NULL,
    ordinal    smallint    NOT NULL,
    supplier   text        NOT NULL,
    project    text        NOT NULL,
    known_from timestamptz NOT NULL,
    CONSTRAINT suppliers_named_pkey PRIMARY KEY (log_id, position, ordinal)
);
CREATE INDEX suppliers_named_by_supplier ON projector.suppliers_named (log_id, supplier);
