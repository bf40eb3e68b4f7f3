-- List the next projects on which anything was done, in the order of their code points; with `unit` those that may be that
-- unit's, by what any opening of them said or since none is recorded. Where this database sorts like that, each is looked
-- up in the index behind the one before, else all are sorted. No row: there are no more.
--   log_id int, after text, unit text (NULL: any), limit int
WITH RECURSIVE sorting AS MATERIALIZED (
    SELECT datlocprovider <> 'i' AND datcollate IN ('C', 'POSIX', 'C.UTF-8', 'C.utf8') AS by_code_point
      FROM pg_database
     WHERE datname = current_database()
), walk AS (
    SELECT (SELECT min(acts.project)
              FROM projector.acts
             WHERE acts.log_id = %(log_id)s AND acts.project > %(after)s) AS project
      FROM sorting
     WHERE by_code_point
     UNION ALL
    SELECT (SELECT min(acts.project)
              FROM projector.acts
             WHERE acts.log_id = %(log_id)s AND acts.project > walk.project)
      FROM walk
     WHERE walk.project IS NOT NULL
)
(SELECT walk.project
   FROM walk
  WHERE walk.project IS NOT NULL
    AND (%(unit)s::text IS NULL OR (
         SELECT coalesce(bool_or(%(unit)s = ANY (said.units)), true)
           FROM projector.projects AS said
          WHERE said.log_id = %(log_id)s AND said.project = walk.project))
  LIMIT %(limit)s)
 UNION ALL
(SELECT listed.project
   FROM (SELECT DISTINCT project
           FROM projector.acts
          WHERE (SELECT NOT by_code_point FROM sorting)
            AND log_id = %(log_id)s
            AND project COLLATE "C" > %(after)s) AS listed
  ORDER BY listed.project COLLATE "C"
  LIMIT %(limit)s);
