-- The tables of a case, made once for a connection and empty again after each transaction. docs/rules.md explains them
-- to whoever writes a rule: a column that changes its meaning there changes rules that we have not read.
--
-- No table has an index: emptying one that has makes PostgreSQL plan every statement on it anew, which takes longer than
-- to judge a project. Large cases have those of indexes.sql.

-- When the judging stands: `as_of` what had happened, `today` its local day.
CREATE TEMPORARY TABLE moment (
    as_of timestamptz NOT NULL,
    today date        NOT NULL
) ON COMMIT DELETE ROWS;

-- Acts withdrawn, and members replaced, by corrections in force: for laying out only.
CREATE TEMPORARY TABLE withdrawn (position bigint NOT NULL) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE recast (position bigint NOT NULL, fields jsonb NOT NULL) ON COMMIT DELETE ROWS;

-- Participants that acts list, as they list them, and the people of the case: for laying out only.
CREATE TEMPORARY TABLE listed (
    position bigint  NOT NULL,
    ordinal  bigint  NOT NULL,
    actor    text    NOT NULL,
    role     text,
    capacity text    NOT NULL,
    function text,
    signed   boolean NOT NULL
) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE people (person text NOT NULL) ON COMMIT DELETE ROWS;

-- Every act on the projects, as corrected. `stands`: its result is neither fail nor revise. `person`: who acted, an
-- account resolved. `object`: what it is about, by whichever member names it. `erased`: `data` is NULL.
CREATE TEMPORARY TABLE act (
    position   bigint      NOT NULL,
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

-- Whose an account was.
CREATE TEMPORARY TABLE account (
    account text        NOT NULL,
    person  text        NOT NULL,
    starts  timestamptz NOT NULL,
    ends    timestamptz NOT NULL
) ON COMMIT DELETE ROWS;

-- Posts and who held them: of the people of the case, and of the posts of the units that buy or are judged.
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
CREATE TEMPORARY TABLE term (
    post     text        NOT NULL,
    person   text        NOT NULL,
    starts   timestamptz NOT NULL,
    ends     timestamptz NOT NULL,
    position bigint      NOT NULL
) ON COMMIT DELETE ROWS;

-- Duties assigned on the projects of the case, on those of their units (`project` NULL), or on any (both NULL).
CREATE TEMPORARY TABLE role_term (
    person   text        NOT NULL,
    role     text        NOT NULL,
    project  text,
    unit     text,
    starts   timestamptz NOT NULL,
    ends     timestamptz NOT NULL,
    position bigint      NOT NULL
) ON COMMIT DELETE ROWS;

-- Whom the people of the case worked for, and what kind of unit that is, as said last.
CREATE TEMPORARY TABLE employer (
    person   text        NOT NULL,
    employer text        NOT NULL,
    kind     text,
    starts   timestamptz NOT NULL,
    ends     timestamptz NOT NULL,
    position bigint      NOT NULL
) ON COMMIT DELETE ROWS;

-- Who is registered.
CREATE TEMPORARY TABLE registered (person text NOT NULL) ON COMMIT DELETE ROWS;

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

-- The projects. `position` of what opened them, NULL: nothing did. `closed`: infinity while it is open. `below`: the
-- last said is that it stays below the threshold.
CREATE TEMPORARY TABLE project (
    project        text        NOT NULL,
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

-- What a project may spend, from one approval or adjustment to the next.
CREATE TEMPORARY TABLE budget (
    project  text        NOT NULL,
    starts   timestamptz NOT NULL,
    ends     timestamptz NOT NULL,
    total    numeric,
    position bigint      NOT NULL
) ON COMMIT DELETE ROWS;

-- Contracts and their supplements. `root`: the contract that a supplement amends, itself for a contract.
CREATE TEMPORARY TABLE contract (
    position bigint      NOT NULL,
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

-- What moves the account of a contract, all of it standing: `type` contract.sign and contract.amend, accept.perform,
-- pay.execute, securities received and refunded (`kind`, as said or as their act has it). `root`: the contract at the end of
-- "amends"; of what names none the project's only one, NULL where there is not one; a name nobody signed stays as it is.
-- `amount` NULL: not said, or in another currency than the contract's. A supplement may be negative.
CREATE TEMPORARY TABLE entry (
    position bigint      NOT NULL,
    project  text        NOT NULL,
    root     text,
    type     text        NOT NULL,
    kind     text,
    amount   numeric,
    supplier text,
    time     timestamptz NOT NULL,
    day      date        NOT NULL
) ON COMMIT DELETE ROWS;

-- Awards, each until (`ends`) another takes its place. `amount` NULL: not said, or not in CNY.
CREATE TEMPORARY TABLE award (
    position bigint      NOT NULL,
    project  text        NOT NULL,
    award    text,
    supplier text,
    amount   numeric,
    unit     text,
    time     timestamptz NOT NULL,
    day      date        NOT NULL,
    ends     timestamptz NOT NULL
) ON COMMIT DELETE ROWS;

-- Payments on the invoices that the case pays, on whatever project. `supplier`: who was paid, else the contract's.
CREATE TEMPORARY TABLE invoice (
    position   bigint      NOT NULL,
    project    text        NOT NULL,
    invoice    text        NOT NULL,
    root       text,
    acceptance text,
    supplier   text,
    amount     numeric,
    time       timestamptz NOT NULL,
    day        date        NOT NULL
) ON COMMIT DELETE ROWS;

-- Accounts to pay to, as contracts say (`root`) and as payee.maintain does: on a project, or (NULL) of a supplier or a unit.
CREATE TEMPORARY TABLE payee (
    position bigint      NOT NULL,
    project  text,
    root     text,
    supplier text,
    account  text,
    starts   timestamptz NOT NULL,
    time     timestamptz NOT NULL
) ON COMMIT DELETE ROWS;

-- Contracts that the units of the case signed with its suppliers, on whatever project. `kind` of what the project buys.
CREATE TEMPORARY TABLE signing (
    position bigint      NOT NULL,
    project  text        NOT NULL,
    unit     text        NOT NULL,
    supplier text        NOT NULL,
    kind     text,
    amount   numeric,
    time     timestamptz NOT NULL,
    day      date        NOT NULL
) ON COMMIT DELETE ROWS;

-- Suppliers that take part in a project, from when that was recorded.
CREATE TEMPORARY TABLE participant (
    project  text        NOT NULL,
    supplier text        NOT NULL,
    kind     text        NOT NULL,
    position bigint      NOT NULL,
    time     timestamptz NOT NULL,
    day      date        NOT NULL
) ON COMMIT DELETE ROWS;

-- What the registry says of a supplier of the case, from one snapshot to the next. `shares`: those of the holders.
CREATE TEMPORARY TABLE supplier (
    supplier text        NOT NULL,
    size     text,
    head     text[]      NOT NULL,
    holders  text[]      NOT NULL,
    shares   numeric[]   NOT NULL,
    managers text[]      NOT NULL,
    starts   timestamptz NOT NULL,
    ends     timestamptz NOT NULL,
    position bigint      NOT NULL
) ON COMMIT DELETE ROWS;

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

-- Declarations on the projects.
CREATE TEMPORARY TABLE declaration (
    project    text        NOT NULL,
    person     text        NOT NULL,
    nil        boolean     NOT NULL,
    position   bigint      NOT NULL,
    time       timestamptz NOT NULL,
    known_from timestamptz NOT NULL
) ON COMMIT DELETE ROWS;

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

-- What reviewers and inspectors coded (`issues`), each rule of an act once. `resolved`, `resolving`: when and where it was
-- settled, by whoever coded it, by a later act, or since a later review passes and codes it no more; NULL: it is open.
-- `published`, `went_out`: the publication that it bears on, the next one or, found afterwards, the last.
CREATE TEMPORARY TABLE issue (
    project   text        NOT NULL,
    position  bigint      NOT NULL,
    type      text        NOT NULL,
    rule      text        NOT NULL,
    detail    text,
    time      timestamptz NOT NULL,
    day       date        NOT NULL,
    resolved  timestamptz,
    resolving bigint,
    published bigint,
    went_out  timestamptz
) ON COMMIT DELETE ROWS;

-- What only a body of a unit may decide, from an amount on (NULL: always), by its policies and its original authority.
CREATE TEMPORARY TABLE reserved (
    unit        text        NOT NULL,
    act         text        NOT NULL,
    amount_from numeric,
    starts      timestamptz NOT NULL,
    ends        timestamptz NOT NULL,
    position    bigint      NOT NULL,
    known_from  timestamptz NOT NULL
) ON COMMIT DELETE ROWS;

-- When procurement activity on a project began, or is planned to (`planned`), as the policy has it.
CREATE TEMPORARY TABLE activity (
    project  text    NOT NULL,
    day      date    NOT NULL,
    planned  boolean NOT NULL,
    position bigint  NOT NULL
) ON COMMIT DELETE ROWS;

-- Purchases that may belong together: the projects of the case and those that share their unit, fiscal year and budget
-- project. `amount`: of the contracts, else the award, else the budget. `bought`: awarded or contracted, and not closed as
-- failed or cancelled. `acts`: the positions of what says so.
CREATE TEMPORARY TABLE purchase (
    project        text        NOT NULL,
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
    approved       boolean     NOT NULL,
    bought         boolean     NOT NULL,
    acts           bigint[]    NOT NULL
) ON COMMIT DELETE ROWS;

-- Days on which the log was scanned, each once.
CREATE TEMPORARY TABLE scan (day date NOT NULL, position bigint NOT NULL) ON COMMIT DELETE ROWS;

-- What kind of unit those are on whose behalf the acts were done, from one registration to the next.
CREATE TEMPORARY TABLE unit_kind (
    unit   text        NOT NULL,
    kind   text        NOT NULL,
    starts timestamptz NOT NULL,
    ends   timestamptz NOT NULL
) ON COMMIT DELETE ROWS;

-- What must come first, by the catalogue: a row for each entry of an act's `after`. Any of `alternatives` will do;
-- `same_object`: the one about the same thing. `skippable`: there are methods that do without it.
CREATE TEMPORARY TABLE predecessor (
    act          text    NOT NULL,
    entry        integer NOT NULL,
    alternatives text[]  NOT NULL,
    same_object  boolean NOT NULL,
    skippable    boolean NOT NULL
) ON COMMIT DELETE ROWS;

-- What acts are called.
CREATE TEMPORARY TABLE act_name (
    type text NOT NULL,
    zh   text NOT NULL,
    en   text NOT NULL
) ON COMMIT DELETE ROWS;

-- Units that are judged themselves, and what was done on no project about them or their people: reviews on leaving a
-- post, audits in place of rotation, reports.
CREATE TEMPORARY TABLE unit (unit text NOT NULL, kind text) ON COMMIT DELETE ROWS;
CREATE TEMPORARY TABLE unit_act (
    position   bigint      NOT NULL,
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

-- Who was in the posts of the units judged: a stretch without a break, however often it was renewed, is one. What the post
-- is, or was when they left it. `position` of the assignment that began it.
CREATE TEMPORARY TABLE tenure (
    unit        text        NOT NULL,
    post        text        NOT NULL,
    person      text        NOT NULL,
    key_post    boolean,
    designation text,
    acts        text[]      NOT NULL,
    starts      timestamptz NOT NULL,
    ends        timestamptz NOT NULL,
    position    bigint      NOT NULL
) ON COMMIT DELETE ROWS;

-- Compensating controls registered on the projects and their units. `covers`: a project, a unit or a person.
CREATE TEMPORARY TABLE control (
    control  text        NOT NULL,
    rules    text[]      NOT NULL,
    covers   text        NOT NULL,
    owner    text,
    starts   timestamptz NOT NULL,
    ends     timestamptz NOT NULL,
    position bigint      NOT NULL,
    time     timestamptz NOT NULL
) ON COMMIT DELETE ROWS;

-- Dispositions of findings and their due days: what a person set to be done by when.
CREATE TEMPORARY TABLE disposition (
    finding     text        NOT NULL,
    disposition text        NOT NULL,
    due         date,
    position    bigint      NOT NULL,
    time        timestamptz NOT NULL,
    known_from  timestamptz NOT NULL
) ON COMMIT DELETE ROWS;

-- What people of a project have to do with suppliers that take part in it, from evidence, declarations and registers.
-- `relation`: R1 to R5, as it counts; `declared`: on this project. `joined`, `joining`: when and where the supplier's
-- taking part was first recorded. `starts`, `ends` as in `relation`.
CREATE TEMPORARY TABLE tie (
    project    text        NOT NULL,
    person     text        NOT NULL,
    supplier   text        NOT NULL,
    relation   text        NOT NULL,
    starts     date,
    ends       date,
    declared   boolean     NOT NULL,
    position   bigint      NOT NULL,
    known_from timestamptz NOT NULL,
    joined     timestamptz NOT NULL,
    joining    bigint      NOT NULL
) ON COMMIT DELETE ROWS;

-- Who held a key post (or led) in a unit, does so no more, and works for a supplier that contracts in the case.
-- `left_on`: the last day in the last such post; `starts`, `ends`: of working for the supplier, NULL: not said;
-- `recorded`: the day of the record that says so.
CREATE TEMPORARY TABLE leaver (
    person      text   NOT NULL,
    unit        text,
    post        text   NOT NULL,
    designation text,
    left_on     date   NOT NULL,
    supplier    text   NOT NULL,
    starts      date,
    ends        date,
    recorded    date   NOT NULL,
    term        bigint NOT NULL,
    position    bigint NOT NULL
) ON COMMIT DELETE ROWS;

-- Positions of the log, from first to last, that the read model has no act for; `beyond`: acts further on than it has
-- read. `before`, `after`: the acts beside them. Empty where no unit is judged itself.
CREATE TEMPORARY TABLE gap (
    first   bigint      NOT NULL,
    last    bigint      NOT NULL,
    beyond  boolean     NOT NULL,
    before  bigint,
    after   bigint,
    noticed timestamptz NOT NULL
) ON COMMIT DELETE ROWS;

-- What the rules before the `last` ones found: for those that look at it.
CREATE TEMPORARY TABLE finding (
    finding text        NOT NULL,
    rule    text        NOT NULL,
    project text,
    unit    text,
    result  text        NOT NULL,
    cured   timestamptz,
    since   timestamptz NOT NULL
) ON COMMIT DELETE ROWS;

-- What an acceptance that stands makes payable under a contract. `total`: accepted under it so far, NULL: an amount is not
-- known. `sme`: whether the supplier was small or medium when it signed, NULL: not known. `opens`: the day from which a
-- small or medium supplier's `days` run, `due` the last of them.
CREATE TEMPORARY TABLE owed (
    project  text        NOT NULL,
    position bigint      NOT NULL,
    contract text        NOT NULL,
    signing  bigint      NOT NULL,
    unit     text,
    supplier text,
    sme      boolean,
    amount   numeric,
    total    numeric,
    accepted date        NOT NULL,
    opens    date        NOT NULL,
    days     integer,
    due      date,
    time     timestamptz NOT NULL
) ON COMMIT DELETE ROWS;

GRANT SELECT ON moment, act, account, post, term, employer, registered, hand, project, course, budget, contract,
      participant, supplier, owed, relation, declaration, policy, activity, purchase, scan, unit, unit_act, disposition, control, role_term,
      unit_kind, predecessor, act_name,
      issue, reserved, tenure,
      tie, leaver, gap, finding,
      entry, award, invoice, payee, signing
   TO quanze_rules;
