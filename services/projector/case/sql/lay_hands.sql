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
    SELECT act.position, act.actor, act.duty AS role FROM act WHERE act.duty NOT IN ('', 'observer')
     UNION ALL
    SELECT act.position, act.actor, act.role FROM act WHERE act.role NOT IN ('', 'observer') AND act.role <> act.duty
), named AS (
    SELECT acting.position, acting.actor, acting.role, coalesce(itself.capacity, 'lead') AS capacity, itself.function,
           coalesce(itself.signed, true) AS signed, true AS is_actor, true AS counts
      FROM acting
      LEFT JOIN themselves AS itself ON itself.position = acting.position AND itself.actor = acting.actor
     UNION ALL
    SELECT listed.position, listed.actor, coalesce(listed.role, act.duty), listed.capacity, listed.function,
           listed.signed, listed.actor = act.actor, listed.capacity NOT IN ('observer', 'attendee')
      FROM listed
      JOIN act ON act.position = listed.position
), live AS MATERIALIZED (
    SELECT term.person, post.unit, post.post, greatest(term.starts, post.starts) AS starts,
           least(term.ends, post.ends) AS ends,
           CASE WHEN post.designation IN ('lead_department', 'procurement_officer') THEN 'procurement'
                WHEN post.designation = 'requesting' THEN 'business'
                ELSE post.designation END AS function
      FROM term
      JOIN post ON post.post = term.post
     WHERE post.designation IN ('lead_department', 'procurement_officer', 'requesting', 'finance', 'supervision', 'legal')
), resolved AS (
    SELECT named.*, act.project, act.type, act.time, act.day, act.unit,
           CASE WHEN named.is_actor THEN act.person ELSE coalesce(account.person, named.actor) END AS person
      FROM named
      JOIN act ON act.position = named.position
      LEFT JOIN account ON account.account = named.actor AND NOT named.is_actor
                       AND act.time >= account.starts AND act.time < account.ends
)
SELECT DISTINCT ON (resolved.position, resolved.actor, resolved.role, resolved.counts)
       resolved.position, resolved.project, resolved.type, resolved.time, resolved.day, resolved.actor, resolved.person,
       resolved.role, resolved.capacity, coalesce(resolved.function, live.function), resolved.signed, resolved.is_actor,
       resolved.counts, resolved.actor LIKE 'person:%%' OR resolved.actor LIKE 'account:%%'
  FROM resolved
  LEFT JOIN live ON live.person = resolved.person AND live.unit = resolved.unit
                AND resolved.time >= live.starts AND resolved.time < live.ends
 ORDER BY resolved.position, resolved.actor, resolved.role, resolved.counts, resolved.is_actor DESC, live.post;
