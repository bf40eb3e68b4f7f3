-- Find the acts of the case whose authority may be in question, as project_acts_to_judge.sql does for one project: those
-- of types that need a grant, those that say what they rely on, and what agencies, their people and systems did.
--   types text[]
SELECT act.position
  FROM act
 WHERE act.type = ANY (%(types)s::text[])
    OR act.authority IS NOT NULL
    OR act.actor LIKE 'agency:%%'
    OR act.actor LIKE 'system:%%'
    OR EXISTS (SELECT FROM employer WHERE employer.person = act.person AND employer.employer LIKE 'agency:%%')
 ORDER BY act.position;
