-- Lay out what moves the account of a contract. What names no contract belongs to the project's only one; so does what
-- names one that nobody signed, where the name of the only one was erased. Else it belongs to that name.
INSERT INTO entry (position, project, root, type, kind, amount, supplier, time, day)
WITH named AS (
    SELECT contract.project, contract.contract, min(contract.root) AS root
      FROM contract
     GROUP BY contract.project, contract.contract
), signed AS (
    SELECT contract.project, contract.root, min(act.currency) AS currency, bool_and(act.erased) AS nameless
      FROM contract
      JOIN act ON act.position = contract.position
     WHERE contract.signed
     GROUP BY contract.project, contract.root
), sole AS (
    SELECT signed.project, min(signed.root) AS root, bool_and(signed.nameless) AS nameless
      FROM signed
     GROUP BY signed.project
    HAVING count(*) = 1
), moved AS (
    SELECT act.position, act.project, coalesce(own.root, named.root, sole.root, act.contract) AS root, act.type,
           CASE WHEN act.type LIKE '%%sec.%%' OR act.type LIKE 'retention.%%'
                THEN coalesce(act.data ->> 'kind',
                              CASE split_part(act.type, '.', 1) WHEN 'bidsec' THEN 'bid' WHEN 'perfsec' THEN 'performance'
                                   ELSE 'retention' END) END AS kind,
           act.amount, act.currency, act.supplier, act.time, act.day
      FROM act
      LEFT JOIN contract AS own ON own.position = act.position
      LEFT JOIN named ON named.project = act.project AND named.contract = act.contract
      LEFT JOIN sole ON sole.project = act.project AND (act.contract IS NULL OR sole.nameless)
     WHERE act.type IN ('contract.sign', 'contract.amend', 'accept.perform', 'pay.execute', 'bidsec.receive',
                        'bidsec.refund', 'perfsec.receive', 'perfsec.refund', 'retention.receive', 'retention.refund')
       AND act.stands
)
SELECT moved.position, moved.project, moved.root, moved.type, moved.kind,
       CASE WHEN moved.currency = coalesce(signed.currency, 'CNY') THEN moved.amount END, moved.supplier, moved.time,
       moved.day
  FROM moved
  LEFT JOIN signed ON signed.project = moved.project AND signed.root = moved.root;
