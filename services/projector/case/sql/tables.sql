-- The tables of a case, made once for a connection and empty again after each transaction. docs/rules.md explains them
-- to whoever writes a rule: a column that changes its meaning there changes rules that we have not read.

-- When the judging stands: `as_of` what had happened, `today` its local day.
CREATE TEMPORARY TABLE moment (
    as_of timestamptz NOT NULL,
    today date        NOT NULL
) ON COMMIT DELETE ROWS;

-- Acts withdrawn, and members replaced, by corrections in force: for laying out only.
CREATE TEMPORARY TABLE withdrawn (position bigint PRIMARY KEY) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE recast (position bigint PRIMARY KEY, fields jsonb NOT NULL) ON COMMIT DELETE ROWS;

-- Every act on the projects, as corrected. `stands`: its result is neither fail nor revise. `person`: who acted, an
-- account resolved. `object`: what it is about, by whichever member names it. `erased`: `data` is NULL.
CREATE TEMPORARY TABLE act (
    position   bigint      NOT NULL PRIMARY KEY,
    project    text        NOT NULL,
    type       text        NOT NULL,
    stage      text        NOT NULL,
    class      text        NOT NULL,
    duty       text        NOT NULL,
    unit       text,
    actor      text        NOT NULL,
    person     text        NOT NULL,
    role       text,
    authority  text,
    onbehalfof text,
    time       timestamptz NOT NULL,
    day        date        NOT NULL,
    known_from timestamptz NOT NULL,
    known_day  date        NOT NULL,
    source     text        NOT NULL,
    id         text        NOT NULL,
    object     text,
    contract   text,
    supplier   text,
    amount     numeric,
    currency   text        NOT NULL,
    result     text,
    stands     boolean     NOT NULL,
    version    text,
    data       jsonb,
    erased     boolean     NOT NULL
) ON COMMIT DELETE ROWS;
CREATE INDEX act_by_type ON act (type, project);
CREATE INDEX act_by_project ON act (project, type);

-- Whose an account was.
CREATE TEMPORARY TABLE account (
    account text        NOT NULL,
    person  text        NOT NULL,
    starts  timestamptz NOT NULL,
    ends    timestamptz NOT NULL
) ON COMMIT DELETE ROWS;
CREATE INDEX account_by_name ON account (account);

-- Posts and who held them: of the people of the case, and of the posts of its units.
CREATE TEMPORARY TABLE post (
    post        text        NOT NULL,
    unit        text,
    designation text,
    key_post    boolean,
    acts        text[]      NOT NULL,
    starts      timestamptz NOT NULL,
    ends        timestamptz NOT NULL,
    position    bigint      NOT NULL
) ON COMMIT DELETE ROWS;
CREATE INDEX post_by_name ON post (post);
CREATE TEMPORARY TABLE term (
    post     text        NOT NULL,
    person   text        NOT NULL,
    starts   timestamptz NOT NULL,
    ends     timestamptz NOT NULL,
    position bigint      NOT NULL
) ON COMMIT DELETE ROWS;
CREATE INDEX term_by_person ON term (person);
CREATE INDEX term_by_post ON term (post);

-- Whom the people of the case worked for.
CREATE TEMPORARY TABLE employer (
    person   text        NOT NULL,
    employer text        NOT NULL,
    starts   timestamptz NOT NULL,
    ends     timestamptz NOT NULL,
    position bigint      NOT NULL
) ON COMMIT DELETE ROWS;
CREATE INDEX employer_by_person ON employer (person);

-- Who is registered.
CREATE TEMPORARY TABLE registered (person text PRIMARY KEY) ON COMMIT DELETE ROWS;

-- Everybody named in an act: the actor, once for each role exercised, and every participant. `counts`: exercises the
-- role (neither observer nor attendee). `human`: a person, or an account that stands for one. `function`: as said, else
-- by the live post in the act's unit.
CREATE TEMPORARY TABLE hand (
    position bigint      NOT NULL,
    project  text        NOT NULL,
    type     text        NOT NULL,
    time     timestamptz NOT NULL,
    day      date        NOT NULL,
    actor    text        NOT NULL,
    person   text        NOT NULL,
    role     text        NOT NULL,
    capacity text        NOT NULL,
    function text,
    signed   boolean     NOT NULL,
    is_actor boolean     NOT NULL,
    counts   boolean     NOT NULL,
    human    boolean     NOT NULL
) ON COMMIT DELETE ROWS;
CREATE INDEX hand_by_position ON hand (position);
CREATE INDEX hand_by_project ON hand (project, person);

-- The projects. `position` of what opened them, NULL: nothing did. `closed`: infinity while it is open. `below`: the
-- last said is that it stays below the threshold.
CREATE TEMPORARY TABLE project (
    project        text        NOT NULL PRIMARY KEY,
    position       bigint,
    unit           text,
    units          text[]      NOT NULL,
    unit_kind      text,
    title          text,
    category       text,
    kind           text,
    budget_project text,
    fiscal_year    integer,
    public_service boolean,
    complex        boolean,
    urgent         boolean,
    opened         timestamptz NOT NULL,
    closed         timestamptz NOT NULL,
    closing        bigint,
    outcome        text,
    below          boolean     NOT NULL
) ON COMMIT DELETE ROWS;

-- By what method, and how organised, a project bought, from one statement to the next. `skips`: acts it does without.
CREATE TEMPORARY TABLE course (
    project       text        NOT NULL,
    starts        timestamptz NOT NULL,
    ends          timestamptz NOT NULL,
    method        text,
    organisation  text,
    ground        text,
    sme_set_aside text,
    skips         text[]      NOT NULL,
    position      bigint      NOT NULL
) ON COMMIT DELETE ROWS;
CREATE INDEX course_by_project ON course (project);

-- What a project may spend, from one approval or adjustment to the next.
CREATE TEMPORARY TABLE budget (
    project  text        NOT NULL,
    starts   timestamptz NOT NULL,
    ends     timestamptz NOT NULL,
    total    numeric,
    position bigint      NOT NULL
) ON COMMIT DELETE ROWS;
CREATE INDEX budget_by_project ON budget (project);

-- Contracts and their supplements. `root`: the contract that a supplement amends, itself for a contract.
CREATE TEMPORARY TABLE contract (
    position bigint      NOT NULL PRIMARY KEY,
    project  text        NOT NULL,
    contract text        NOT NULL,
    root     text        NOT NULL,
    signed   boolean     NOT NULL,
    supplier text,
    amount   numeric,
    unit     text,
    time     timestamptz NOT NULL,
    day      date        NOT NULL,
    data     jsonb
) ON COMMIT DELETE ROWS;
CREATE INDEX contract_by_project ON contract (project, contract);
CREATE INDEX contract_by_root ON contract (project, root);

-- Suppliers that take part in a project, from when that was recorded.
CREATE TEMPORARY TABLE participant (
    project  text        NOT NULL,
    supplier text        NOT NULL,
    kind     text        NOT NULL,
    position bigint      NOT NULL,
    time     timestamptz NOT NULL,
    day      date        NOT NULL
) ON COMMIT DELETE ROWS;
CREATE INDEX participant_by_project ON participant (project, supplier);

-- What the registry says of a supplier of the case, from one snapshot to the next.
CREATE TEMPORARY TABLE supplier (
    supplier text        NOT NULL,
    size     text,
    head     text[]      NOT NULL,
    holders  text[]      NOT NULL,
    managers text[]      NOT NULL,
    starts   timestamptz NOT NULL,
    ends     timestamptz NOT NULL,
    position bigint      NOT NULL
) ON COMMIT DELETE ROWS;
CREATE INDEX supplier_by_name ON supplier (supplier);

-- Relations of the people of the case, from evidence and from anybody's declarations. `starts`, `ends`: days, the last
-- one included; NULL: not said, and so open.
CREATE TEMPORARY TABLE relation (
    person     text        NOT NULL,
    supplier   text,
    relative   text,
    relation   text        NOT NULL,
    starts     date,
    ends       date,
    declared   boolean     NOT NULL,
    evidence   text,
    position   bigint      NOT NULL,
    known_from timestamptz NOT NULL
) ON COMMIT DELETE ROWS;
CREATE INDEX relation_by_person ON relation (person);

-- Declarations on the projects.
CREATE TEMPORARY TABLE declaration (
    project    text        NOT NULL,
    person     text        NOT NULL,
    nil        boolean     NOT NULL,
    position   bigint      NOT NULL,
    time       timestamptz NOT NULL,
    known_from timestamptz NOT NULL
) ON COMMIT DELETE ROWS;
CREATE INDEX declaration_by_project ON declaration (project, person);

-- Policies of the units of the case: each value in force from a moment to another. `number`: of a whole number, amount
-- or decimal ratio; `list`: of a list of words; `value`: whatever it is. `rolls`: its deadlines move on to a working day.
CREATE TEMPORARY TABLE policy (
    unit     text        NOT NULL,
    key      text        NOT NULL,
    starts   timestamptz NOT NULL,
    ends     timestamptz NOT NULL,
    number   numeric,
    list     text[],
    value    jsonb       NOT NULL,
    measure  text        NOT NULL,
    rolls    boolean     NOT NULL,
    force    text        NOT NULL,
    citation text        NOT NULL
) ON COMMIT DELETE ROWS;
CREATE INDEX policy_by_key ON policy (key, unit);

-- When procurement activity on a project began, or is planned to (`planned`), as the policy has it.
CREATE TEMPORARY TABLE activity (
    project  text    NOT NULL PRIMARY KEY,
    day      date    NOT NULL,
    planned  boolean NOT NULL,
    position bigint  NOT NULL
) ON COMMIT DELETE ROWS;

-- Purchases that may belong together: the projects of the case and those that share their unit, fiscal year and budget
-- project. `amount`: of the contracts, else the award, else the budget.
CREATE TEMPORARY TABLE purchase (
    project        text        NOT NULL PRIMARY KEY,
    unit           text        NOT NULL,
    fiscal_year    integer     NOT NULL,
    budget_project text        NOT NULL,
    category       text,
    kind           text,
    method         text,
    organisation   text,
    amount         numeric,
    supplier       text,
    time           timestamptz NOT NULL,
    day            date        NOT NULL,
    position       bigint      NOT NULL,
    adjusted       boolean     NOT NULL,
    approved       boolean     NOT NULL
) ON COMMIT DELETE ROWS;

-- Days on which the log was scanned, each once.
CREATE TEMPORARY TABLE scan (day date PRIMARY KEY, position bigint NOT NULL) ON COMMIT DELETE ROWS;

-- Units that are judged themselves, and what was done on no project about them or their people: reviews on leaving a
-- post, audits in place of rotation, reports.
CREATE TEMPORARY TABLE unit (unit text PRIMARY KEY, kind text) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE unit_act (
    position   bigint      NOT NULL PRIMARY KEY,
    type       text        NOT NULL,
    subject    text        NOT NULL,
    unit       text,
    actor      text        NOT NULL,
    person     text,
    post       text,
    time       timestamptz NOT NULL,
    day        date        NOT NULL,
    known_from timestamptz NOT NULL,
    data       jsonb
) ON COMMIT DELETE ROWS;
CREATE INDEX unit_act_by_type ON unit_act (type);

-- Dispositions of findings and their due days: what a person set to be done by when.
CREATE TEMPORARY TABLE disposition (
    finding     text        NOT NULL,
    disposition text        NOT NULL,
    due         date,
    position    bigint      NOT NULL,
    time        timestamptz NOT NULL,
    known_from  timestamptz NOT NULL
) ON COMMIT DELETE ROWS;

GRANT SELECT ON moment, act, account, post, term, employer, registered, hand, project, course, budget, contract,
      participant, supplier, relation, declaration, policy, activity, purchase, scan, unit, unit_act, disposition
   TO quanze_rules;
