-- Read what is known of some projects, in the order of their code points. No row: nothing had happened on any of them,
-- or none is the unit's, or has that title.
--   log_id int, as_of timestamptz, known_at timestamptz, projects text[], unit text (NULL: any),
--   q text (NULL: any; part of the title), beside text[] (stages that do not move a project on)
WITH withdrawn AS MATERIALIZED (
    SELECT position
      FROM projector.voided_at(%(log_id)s, %(known_at)s)
)
SELECT listed.project, coalesce(opening.unit, done.unit), opening.title, opening.opened, done.closed, done.acts,
       done.last, stage.stage
  FROM unnest(%(projects)s::text[]) AS listed (project)
  LEFT JOIN LATERAL (
       SELECT said.unit, said.units, said.title, min(said.time) OVER () AS opened
         FROM projector.projects AS said
        WHERE said.log_id = %(log_id)s
          AND said.project = listed.project
          AND said.time <= %(as_of)s
          AND said.known_from <= %(known_at)s
          AND said.position NOT IN (SELECT position FROM withdrawn)
        ORDER BY said.time DESC, said.known_from DESC, said.position DESC
        LIMIT 1) AS opening ON true
 CROSS JOIN LATERAL (
       SELECT count(*) AS acts, max(acts.time) AS last, min(acts.unit) AS unit, array_agg(acts.unit) AS units,
              min(acts.time) FILTER (WHERE acts.type IN ('project.close', 'file.archive')
                                       AND acts.position NOT IN (SELECT position FROM withdrawn)) AS closed
         FROM projector.acts
        WHERE acts.log_id = %(log_id)s
          AND acts.project = listed.project
          AND acts.time <= %(as_of)s
          AND acts.known_from <= %(known_at)s) AS done
  LEFT JOIN LATERAL (
       SELECT acts.stage
         FROM projector.acts
        WHERE acts.log_id = %(log_id)s
          AND acts.project = listed.project
          AND acts.time <= %(as_of)s
          AND acts.known_from <= %(known_at)s
          AND acts.stage <> ALL (%(beside)s::text[])
          AND acts.position NOT IN (SELECT position FROM withdrawn)
        ORDER BY acts.time DESC, acts.known_from DESC, acts.position DESC
        LIMIT 1) AS stage ON true
 WHERE done.acts > 0
   AND (%(unit)s::text IS NULL OR %(unit)s = ANY (coalesce(opening.units, done.units)))
   AND (%(q)s::text IS NULL OR strpos(lower(opening.title), lower(%(q)s)) > 0)
 ORDER BY listed.project COLLATE "C";
