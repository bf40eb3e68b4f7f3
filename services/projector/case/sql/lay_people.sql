-- Lay out the people of the case: who is named in its acts, but for actors that exercise no role.
INSERT INTO people (person)
SELECT act.person
  FROM act
 WHERE (act.actor LIKE 'person:%%' OR act.actor LIKE 'account:%%')
   AND (act.duty NOT IN ('', 'observer') OR act.role NOT IN ('', 'observer'))
 UNION
SELECT coalesce(account.person, listed.actor)
  FROM listed
  JOIN act ON act.position = listed.position
  LEFT JOIN account ON account.account = listed.actor AND act.time >= account.starts AND act.time < account.ends
 WHERE listed.actor LIKE 'person:%%' OR listed.actor LIKE 'account:%%';
