-- Lay out contracts and what amends them. A supplement that amends a supplement belongs to the contract at the end; one
-- that names nothing, to the project's only contract.
INSERT INTO contract (position, project, contract, root, signed, supplier, amount, unit, time, day, data)
WITH RECURSIVE made AS (
    SELECT act.position, act.project, act.type = 'contract.sign' AS signed,
           coalesce(act.object, 'act:' || act.position) AS contract,
           CASE WHEN act.type = 'contract.amend' THEN act.contract END AS amends, act.supplier, act.amount, act.unit,
           act.time, act.day, act.data
      FROM act
     WHERE act.type IN ('contract.sign', 'contract.amend') AND act.stands
), sole AS (
    SELECT made.project, min(made.contract) AS contract
      FROM made
     WHERE made.signed
     GROUP BY made.project
    HAVING count(*) = 1
), step AS (
    SELECT made.position, made.project,
           CASE WHEN made.signed THEN made.contract
                ELSE coalesce(made.amends, sole.contract, made.contract) END AS at, 0 AS depth
      FROM made
      LEFT JOIN sole ON sole.project = made.project
     UNION ALL
    SELECT step.position, step.project, above.amends, step.depth + 1
      FROM step
      JOIN made AS above ON above.project = step.project AND above.contract = step.at AND NOT above.signed
                        AND above.amends IS NOT NULL AND above.amends <> step.at
     WHERE step.depth < 16
)
SELECT made.position, made.project, made.contract, last.at, made.signed, made.supplier, made.amount, made.unit, made.time,
       made.day, made.data
  FROM made
  JOIN (SELECT DISTINCT ON (step.position) step.position, step.at
          FROM step
         ORDER BY step.position, step.depth DESC) AS last ON last.position = made.position;
