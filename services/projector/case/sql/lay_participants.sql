-- Lay out which suppliers take part, from the act that says so.
INSERT INTO participant (project, supplier, kind, position, time, day)
SELECT act.project, act.data ->> 'supplier', coalesce(act.data ->> 'as', 'bidder'), act.position, act.time, act.day
  FROM act
 WHERE act.type = 'participant.record' AND act.data ->> 'supplier' IS NOT NULL
 UNION ALL
SELECT act.project, named.supplier, 'bidder', act.position, act.time, act.day
  FROM act
 CROSS JOIN LATERAL jsonb_array_elements_text(act.data -> 'suppliers') AS named (supplier)
 WHERE act.type = 'bid.open' AND jsonb_typeof(act.data -> 'suppliers') = 'array';
