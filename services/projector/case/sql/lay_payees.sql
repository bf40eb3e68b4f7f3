-- Lay out what was said of accounts to be paid to: by the contracts of the case, and by whoever keeps the payees, on a
-- project, of a supplier or for a unit.
--   log_id int, as_of timestamptz, known_at timestamptz
INSERT INTO payee (position, project, root, supplier, account, starts, time)
SELECT contract.position, contract.project, contract.root,
       coalesce(contract.data -> 'payee' ->> 'supplier', contract.supplier), contract.data -> 'payee' ->> 'account_sha256',
       contract.time, contract.time
  FROM contract
 WHERE jsonb_typeof(contract.data -> 'payee') = 'object'
 UNION ALL
SELECT act.position, act.project, coalesce((SELECT min(contract.root)
                                              FROM contract
                                             WHERE contract.project = act.project AND contract.contract = act.contract),
                                           act.contract),
       act.data -> 'payee' ->> 'supplier', act.data -> 'payee' ->> 'account_sha256',
       coalesce(projector.as_start(act.data ->> 'from'), act.time), act.time
  FROM act
 WHERE act.type = 'payee.maintain' AND act.stands
 UNION ALL
SELECT acts.position, NULL, NULL,
       coalesce(said.data -> 'payee' ->> 'supplier', CASE WHEN acts.subject NOT LIKE 'unit:%%' THEN acts.subject END),
       said.data -> 'payee' ->> 'account_sha256', coalesce(projector.as_start(said.data ->> 'from'), acts.time), acts.time
  FROM projector.acts
  LEFT JOIN recast ON recast.position = acts.position
 CROSS JOIN LATERAL (SELECT coalesce(recast.fields, acts.data) AS data) AS said
 WHERE acts.log_id = %(log_id)s
   AND acts.project IS NULL
   AND acts.subject = ANY (ARRAY(SELECT contract.supplier FROM contract WHERE contract.supplier IS NOT NULL
                                  UNION
                                 SELECT contract.unit FROM contract WHERE contract.unit IS NOT NULL))
   AND acts.type = 'payee.maintain'
   AND coalesce(said.data ->> 'result', 'pass') = 'pass'
   AND acts.time <= %(as_of)s
   AND acts.known_from <= %(known_at)s
   AND acts.position NOT IN (SELECT withdrawn.position FROM withdrawn);
