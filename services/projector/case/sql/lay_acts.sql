-- Lay out the acts on these projects that had happened and were known by then, as corrected. `object` and `contract`
-- come from whichever member names them: contract.amend is the supplement itself, and names what it amends.
--   log_id int, as_of timestamptz, known_at timestamptz, projects text[]
INSERT INTO act (position, project, type, stage, class, duty, unit, actor, person, role, authority, onbehalfof, time, day,
                 known_from, known_day, source, id, object, contract, supplier, amount, currency, result, stands, version,
                 data, erased)
SELECT acts.position, acts.project, acts.type, acts.stage, acts.class, acts.duty, acts.unit,
       coalesce(recast.fields ->> 'actor', acts.actor), coalesce(recast.fields ->> 'actor', acts.actor),
       coalesce(recast.fields ->> 'role', acts.role), acts.authority, acts.onbehalfof, acts.time,
       projector.local_day(acts.time), acts.known_from, projector.local_day(acts.known_from), acts.source, acts.id,
       CASE WHEN acts.type LIKE 'pay.%%' THEN coalesce(said.data ->> 'payment', said.data ->> 'object')
            WHEN acts.type LIKE 'accept.%%' OR acts.type = 'asset.receive'
            THEN coalesce(said.data ->> 'acceptance', said.data ->> 'object')
            WHEN acts.type IN ('contract.sign', 'delivery.record')
            THEN coalesce(said.data ->> 'contract', said.data ->> 'object')
            WHEN acts.type LIKE 'contract.%%' AND acts.type <> 'contract.amend' OR acts.type = 'seal.use'
            THEN coalesce(said.data ->> 'object', said.data ->> 'contract')
            WHEN acts.type LIKE '%%sec.%%' OR acts.type LIKE 'retention.%%'
            THEN coalesce(said.data ->> 'security', said.data ->> 'object')
            WHEN acts.stage = 'REMEDY'
            THEN coalesce(said.data ->> split_part(acts.type, '.', 1), said.data ->> 'object')
            WHEN acts.type LIKE 'recusal.%%' THEN coalesce(said.data ->> 'recusal', said.data ->> 'object')
            WHEN acts.type LIKE 'supervise.%%' THEN coalesce(said.data ->> 'inspection', said.data ->> 'object')
            ELSE said.data ->> 'object' END,
       CASE WHEN acts.type LIKE 'contract.%%' AND acts.type <> 'contract.amend' OR acts.type IN ('seal.use', 'delivery.record')
            THEN coalesce(said.data ->> 'contract', said.data ->> 'object')
            ELSE said.data ->> 'contract' END,
       coalesce(said.data ->> 'supplier', said.data -> 'payee' ->> 'supplier', said.data ->> 'by'),
       CASE WHEN recast.position IS NULL THEN acts.amount ELSE projector.as_number(said.data ->> 'amount') END,
       coalesce(said.data ->> 'currency', 'CNY'), said.data ->> 'result',
       coalesce(said.data ->> 'result', 'pass') = 'pass', said.data ->> 'version', said.data, acts.data IS NULL
  FROM projector.acts
  LEFT JOIN recast ON recast.position = acts.position
 CROSS JOIN LATERAL (SELECT coalesce(recast.fields, acts.data) AS data) AS said
 WHERE acts.log_id = %(log_id)s
   AND acts.project = ANY (%(projects)s::text[])
   AND acts.time <= %(as_of)s
   AND acts.known_from <= %(known_at)s
   AND acts.position NOT IN (SELECT withdrawn.position FROM withdrawn);
