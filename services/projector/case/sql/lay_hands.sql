-- Lay out who is named in the acts of the case, and in which duty. The actor exercises the act's own role always, and the
-- role of the envelope besides; a participant a role of their own, else the act's; an observer or attendee none.
INSERT INTO hand (position, project, type, time, day, actor, person, role, capacity, function, signed, is_actor, counts,
                  human)
WITH listed AS (
    SELECT act.position, listed.item ->> 'actor' AS actor, listed.item ->> 'role' AS role,
           coalesce(listed.item ->> 'capacity', 'member') AS capacity, listed.item ->> 'function' AS function,
           coalesce(projector.as_yes(listed.item ->> 'signed'), true) AS signed, listed.ordinal
      FROM act
     CROSS JOIN LATERAL jsonb_array_elements(act.data -> 'participants') WITH ORDINALITY AS listed (item, ordinal)
     WHERE jsonb_typeof(act.data -> 'participants') = 'array'
       AND listed.item ->> 'actor' IS NOT NULL
), themselves AS (
    SELECT DISTINCT ON (listed.position, listed.actor) listed.position, listed.actor, listed.capacity, listed.function,
           listed.signed
      FROM listed
     ORDER BY listed.position, listed.actor, listed.ordinal
), named AS (
    SELECT act.position, act.actor, own.role, coalesce(itself.capacity, 'lead') AS capacity, itself.function,
           coalesce(itself.signed, true) AS signed, true AS is_actor, true AS counts
      FROM act
     CROSS JOIN LATERAL (VALUES (act.duty), (act.role)) AS own (role)
      LEFT JOIN themselves AS itself ON itself.position = act.position AND itself.actor = act.actor
     WHERE own.role <> '' AND own.role <> 'observer'
     UNION ALL
    SELECT listed.position, listed.actor, coalesce(listed.role, act.duty), listed.capacity, listed.function,
           listed.signed, listed.actor = act.actor, listed.capacity NOT IN ('observer', 'attendee')
      FROM listed
      JOIN act ON act.position = listed.position
)
SELECT DISTINCT ON (named.position, named.actor, named.role, named.counts)
       act.position, act.project, act.type, act.time, act.day, named.actor, coalesce(account.person, named.actor),
       named.role, named.capacity, named.function, named.signed, named.is_actor, named.counts,
       named.actor LIKE 'person:%%' OR named.actor LIKE 'account:%%'
  FROM named
  JOIN act ON act.position = named.position
  LEFT JOIN account ON account.account = named.actor AND act.time >= account.starts AND act.time < account.ends
 ORDER BY named.position, named.actor, named.role, named.counts, named.is_actor DESC;
