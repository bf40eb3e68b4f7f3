-- Which duties people hold without having exercised any, as known then: assigned roles, the acts of posts they are in,
-- the acts that live grants and acting appointments name. `acts` and `roles` are the catalogue's: each act and the
-- duty it exercises. A duty held on no one project is held on those of `unit`; with no unit either, on any.
CREATE FUNCTION projector.held_at(of_log integer, known_at timestamptz, acts text[], roles text[])
RETURNS TABLE (person text, role text, act text, unit text, project text, starts timestamptz, ends timestamptz,
               positions bigint[])
LANGUAGE sql STABLE AS $$
    WITH terms AS MATERIALIZED (
        SELECT term.*
          FROM projector.terms_at(of_log, held_at.known_at) AS term
    ), named AS (
        SELECT catalogue.act, catalogue.role
          FROM unnest(held_at.acts, held_at.roles) AS catalogue (act, role)
    ), by_act AS (
        SELECT term.person, said.act, post.unit, NULL AS project, greatest(term.starts, post.starts) AS starts,
               least(term.ends, post.ends) AS ends, ARRAY[term.position, post.position] AS positions
          FROM terms AS term
          JOIN projector.posts_at(of_log, held_at.known_at) AS post ON post.post = term.post
         CROSS JOIN LATERAL unnest(post.acts) AS said (act)
         UNION ALL
        SELECT coalesce(term.person, people.person, granted.holder), granted.act, granted.unit, granted.project,
               greatest(granted.starts, term.starts), least(coalesce(granted.ends, 'infinity'), term.ends),
               array_remove(granted.positions || term.position, NULL)
          FROM projector.held_by_grant(of_log, held_at.known_at) AS granted
          LEFT JOIN terms AS term ON term.post = granted.holder
          LEFT JOIN projector.people_at(of_log, held_at.known_at) AS people
            ON people.account = granted.holder
           AND granted.starts >= people.starts
           AND granted.starts < people.ends
    )
    SELECT term.person, term.role, NULL, term.unit, term.project, term.starts, term.ends, ARRAY[term.position]
      FROM terms AS term
     WHERE term.role IS NOT NULL AND term.person ~ '^(person|account):'
     UNION ALL
    SELECT by_act.person, named.role, by_act.act, by_act.unit, by_act.project, by_act.starts, by_act.ends,
           by_act.positions
      FROM by_act
      JOIN named ON named.act = by_act.act
     WHERE by_act.starts < by_act.ends AND by_act.person ~ '^(person|account):'
$$;

-- A duty held, as one side of a pair: what it shows as, where and when it is held, and the acts that say so.
CREATE TYPE projector.held_side AS (
    label     text,
    unit      text,
    project   text,
    starts    timestamptz,
    ends      timestamptz,
    positions bigint[]
);
