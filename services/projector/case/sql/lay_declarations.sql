-- Lay out who declared on the projects of the case. `nil`: that there is nothing to declare.
INSERT INTO declaration (project, person, nil, position, time, known_from)
SELECT act.project, coalesce(account.person, declarant.name), coalesce(projector.as_yes(act.data ->> 'none'), false)
       AND coalesce(act.data -> 'relations', '[]') = '[]', act.position, act.time, act.known_from
  FROM act
 CROSS JOIN LATERAL (SELECT coalesce(act.data ->> 'declarant', act.actor) AS name) AS declarant
  LEFT JOIN account ON account.account = declarant.name AND act.time >= account.starts AND act.time < account.ends
 WHERE act.type = 'coi.declare';
