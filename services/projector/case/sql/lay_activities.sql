-- Lay out when procurement activity on each project began: the earliest act of the kinds that the unit's policy names;
-- before there is one, the start that its intent notice plans.
INSERT INTO activity (project, day, planned, position)
WITH began AS (
    SELECT DISTINCT ON (act.project) act.project, act.day, act.position
      FROM act
      JOIN project ON project.project = act.project
      JOIN policy ON policy.key = 'int.activity_start' AND policy.unit = project.unit
                 AND act.time >= policy.starts AND act.time < policy.ends
     WHERE act.type = ANY (policy.list)
       AND act.type = ANY (ARRAY(SELECT DISTINCT unnest(listed.list) FROM policy AS listed
                                  WHERE listed.key = 'int.activity_start'))
     ORDER BY act.project, act.time, act.known_from, act.position
), planned AS (
    SELECT DISTINCT ON (act.project) act.project, projector.as_day(act.data ->> 'planned_start') AS day, act.position
      FROM act
     WHERE act.type = 'intent.publish' AND projector.as_day(act.data ->> 'planned_start') IS NOT NULL
     ORDER BY act.project, act.time DESC, act.known_from DESC, act.position DESC
)
SELECT coalesce(began.project, planned.project), coalesce(began.day, planned.day), began.day IS NULL,
       coalesce(began.position, planned.position)
  FROM began
  FULL JOIN planned ON planned.project = began.project;
