-- What rules look up besides the acts of a project.

-- Rules read the case that is laid out for them, and no table here but the calendar, which due days come from.
REVOKE SELECT ON ALL TABLES IN SCHEMA projector FROM quanze_rules;
ALTER DEFAULT PRIVILEGES IN SCHEMA projector REVOKE SELECT ON TABLES FROM quanze_rules;

-- The calendar of working days, as far as it is published. `ordinal` counts the working days through this one, so that
-- the n-th after a day is found and not counted. The projector fills it when it starts.
CREATE TABLE projector.days (
    day     date    NOT NULL PRIMARY KEY,
    works   boolean NOT NULL,
    ordinal integer NOT NULL
);
GRANT SELECT ON projector.days TO quanze_rules;
CREATE UNIQUE INDEX days_by_ordinal ON projector.days (ordinal) WHERE works;

-- The last day of a period that opens on a day, which does not count itself. `measure`: cd calendar days, wd working
-- days, month, year. `rolls`: one that ends on a day off ends on the next working day. NULL: beyond the calendar that is
-- published, or something is not known.
CREATE FUNCTION projector.due_day(opening date, number integer, measure text, rolls boolean) RETURNS date
LANGUAGE plpgsql STABLE STRICT AS $$ -- not SQL: that would be planned anew for each row
DECLARE
    ends date;
BEGIN
    IF measure = 'wd' AND number = 0 THEN
        RETURN opening;
    END IF;
    IF measure = 'wd' THEN
        RETURN (SELECT due.day
                  FROM projector.days AS opens
                  JOIN projector.days AS due ON due.works AND due.ordinal = opens.ordinal + number
                 WHERE opens.day = opening);
    END IF;
    ends := CASE measure
            WHEN 'cd' THEN opening + least(number, 365000)
            WHEN 'month' THEN (opening + make_interval(months => least(number, 12000)))::date
            WHEN 'year' THEN (opening + make_interval(years => least(number, 1000)))::date
            END;
    IF rolls THEN -- the calendar has no gap, so that the next working day after one off has the next ordinal
        RETURN (SELECT worked.day
                  FROM projector.days AS plain
                  JOIN projector.days AS worked ON worked.works
                                               AND worked.ordinal = plain.ordinal + (NOT plain.works)::integer
                 WHERE plain.day = ends);
    END IF;
    RETURN ends;
END
$$;

-- The local day of a moment: what deadlines compare.
CREATE FUNCTION projector.local_day(at timestamptz) RETURNS date LANGUAGE sql IMMUTABLE STRICT
    RETURN (at AT TIME ZONE 'Asia/Shanghai')::date;

-- The first moment of a local day.
CREATE FUNCTION projector.day_starts(day date) RETURNS timestamptz LANGUAGE sql IMMUTABLE STRICT
    RETURN day::timestamp AT TIME ZONE 'Asia/Shanghai';

-- A member of a payload as a day, an instant, an amount, a yes: NULL where it is none, since what was corrected, and
-- what was said before a member had a meaning, may hold anything. A bare date is a day; of an instant it is the local
-- day. A term ends after its last day.
CREATE FUNCTION projector.bare_day(said text) RETURNS date LANGUAGE sql IMMUTABLE STRICT
    RETURN CASE WHEN said ~ '^[1-9][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$'
                 AND to_char(make_date(left(said, 4)::integer, substr(said, 6, 2)::integer, 1)
                             + (right(said, 2)::integer - 1), 'YYYY-MM-DD') = said
                THEN make_date(left(said, 4)::integer, substr(said, 6, 2)::integer, right(said, 2)::integer) END;
CREATE FUNCTION projector.instant(said text) RETURNS timestamptz LANGUAGE sql STABLE STRICT
    RETURN CASE WHEN said ~ '^.{10}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?([Zz]|[+-](0[0-9]|1[0-4]):[0-5][0-9])$'
                 AND projector.bare_day(left(said, 10)) IS NOT NULL
                THEN said::timestamptz END;
CREATE FUNCTION projector.as_day(said text) RETURNS date LANGUAGE sql STABLE STRICT
    RETURN CASE WHEN length(said) = 10 THEN projector.bare_day(said)
                ELSE projector.local_day(projector.instant(said)) END;
CREATE FUNCTION projector.as_start(said text) RETURNS timestamptz LANGUAGE sql STABLE STRICT
    RETURN CASE WHEN length(said) = 10 THEN projector.day_starts(projector.bare_day(said))
                ELSE projector.instant(said) END;
CREATE FUNCTION projector.as_end(said text) RETURNS timestamptz LANGUAGE sql STABLE STRICT
    RETURN CASE WHEN length(said) = 10 THEN projector.day_starts(projector.bare_day(said) + 1)
                ELSE projector.instant(said) END;
CREATE FUNCTION projector.as_number(said text) RETURNS numeric LANGUAGE sql IMMUTABLE STRICT
    RETURN CASE WHEN said ~ '^-?[0-9]{1,15}(\.[0-9]{1,10})?$' THEN said::numeric END;
CREATE FUNCTION projector.as_yes(said text) RETURNS boolean LANGUAGE sql IMMUTABLE STRICT
    RETURN CASE said WHEN 'true' THEN true WHEN 'false' THEN false END;

-- Whom evidence and declarations of interests are about, wherever they were recorded.
CREATE INDEX acts_relating ON projector.acts (log_id, (data ->> 'person')) WHERE type = 'relation.record';
CREATE INDEX acts_declaring ON projector.acts (log_id, (coalesce(data ->> 'declarant', actor)))
    WHERE type = 'coi.declare' AND data -> 'relations' <> '[]';

-- An invoice is paid once, on whatever project.
CREATE INDEX acts_paying_invoice ON projector.acts (log_id, (data ->> 'invoice'))
    WHERE type = 'pay.execute' AND data ? 'invoice';

-- Duties assigned on a project, or on all of a unit, or on any.
CREATE INDEX terms_by_project ON projector.terms (log_id, project) WHERE project IS NOT NULL;
CREATE INDEX terms_on_no_project ON projector.terms (log_id, unit) WHERE project IS NULL AND role IS NOT NULL;

-- What a unit bought: purchases that belong together are found by it.
CREATE INDEX projects_by_unit ON projector.projects (log_id, unit);

-- What was decided about a finding, wherever it was recorded.
CREATE INDEX acts_disposing ON projector.acts (log_id, (data ->> 'finding')) WHERE type = 'finding.dispose';

-- What live delegations and acting appointments let people hold: as in 0002, but units below those named are joined, not
-- looked for row by row, which took a large log a quarter of a minute.
CREATE OR REPLACE FUNCTION projector.held_by_grant(of_log integer, known_at timestamptz)
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
    ), placed AS (
        SELECT held.holder, held.acts, held.projects, held.live, held.positions, listed.unit
          FROM held
         CROSS JOIN LATERAL unnest(coalesce(held.units, ARRAY[NULL::text])) AS listed (unit)
         UNION ALL
        SELECT held.holder, held.acts, held.projects, held.live, held.positions, tree.unit
          FROM held
         CROSS JOIN LATERAL unnest(held.units) AS listed (unit)
          JOIN tree ON tree.top = listed.unit
         WHERE held.below AND tree.unit <> ALL (held.units)
    )
    SELECT placed.holder, named.act, placed.unit, project.project,
           CASE WHEN lower_inf(stretch) THEN '-infinity' ELSE lower(stretch) END,
           CASE WHEN upper_inf(stretch) THEN NULL ELSE upper(stretch) END,
           placed.positions
      FROM placed
     CROSS JOIN LATERAL unnest(placed.acts) AS named (act)
     CROSS JOIN LATERAL unnest(placed.live) AS stretch
     CROSS JOIN LATERAL unnest(coalesce(placed.projects, ARRAY[NULL::text])) AS project (project)
$$;
