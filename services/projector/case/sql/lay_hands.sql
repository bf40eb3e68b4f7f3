-- Lay out who is named in the acts of the case, and in which duty. The actor exercises the act's own role always, and the
-- role of the envelope besides; a participant a role of their own, else the act's; an observer or attendee none. By which
-- function, where the act does not say: that of the post they held in its unit then.
INSERT INTO hand (position, project, type, time, day, actor, person, role, capacity, function, signed, is_actor, counts,
                  human)
WITH themselves AS (
    SELECT DISTINCT ON (listed.position, listed.actor) listed.position, listed.actor, listed.capacity, listed.function,
           listed.signed
      FROM listed
     ORDER BY listed.position, listed.actor, listed.ordinal
), acting AS (
    SELECT act.position, act.project, act.type, act.time, act.day, act.unit, act.actor, act.person, act.duty AS role
      FROM act
     WHERE act.duty NOT IN ('', 'observer')
     UNION ALL
    SELECT act.position, act.project, act.type, act.time, act.day, act.unit, act.actor, act.person, act.role
      FROM act
     WHERE act.role NOT IN ('', 'observer') AND act.role <> act.duty
), named AS (
    SELECT acting.*, coalesce(itself.capacity, 'lead') AS capacity, itself.function,
           coalesce(itself.signed, true) AS signed, true AS is_actor, true AS counts
      FROM acting
      LEFT JOIN themselves AS itself ON itself.position = acting.position AND itself.actor = acting.actor
     UNION ALL
    SELECT act.position, act.project, act.type, act.time, act.day, act.unit, listed.actor,
           CASE WHEN listed.actor = act.actor THEN act.person ELSE coalesce(account.person, listed.actor) END,
           coalesce(listed.role, act.duty), listed.capacity, listed.function, listed.signed, listed.actor = act.actor,
           listed.capacity NOT IN ('observer', 'attendee')
      FROM listed
      JOIN act ON act.position = listed.position
      LEFT JOIN account ON account.account = listed.actor AND act.time >= account.starts AND act.time < account.ends
), live AS MATERIALIZED (
    SELECT term.person, post.unit, post.post, greatest(term.starts, post.starts) AS starts,
           least(term.ends, post.ends) AS ends,
           CASE WHEN post.designation IN ('lead_department', 'procurement_officer') THEN 'procurement'
                WHEN post.designation = 'requesting' THEN 'business'
                ELSE post.designation END AS function
      FROM term
      JOIN post ON post.post = term.post
     WHERE post.designation IN ('lead_department', 'procurement_officer', 'requesting', 'finance', 'supervision', 'legal')
)
SELECT DISTINCT ON (named.position, named.actor, named.role, named.counts)
       named.position, named.project, named.type, named.time, named.day, named.actor, named.person,
       named.role, named.capacity, coalesce(named.function, live.function), named.signed, named.is_actor,
       named.counts, named.actor LIKE 'person:%%' OR named.actor LIKE 'account:%%'
  FROM named
  LEFT JOIN live ON live.person = named.person AND live.unit = named.unit
                AND named.time >= live.starts AND named.time < live.ends
 ORDER BY named.position, named.actor, named.role, named.counts, named.is_actor DESC, live.post;
