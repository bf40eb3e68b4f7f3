-- Read what these people did of these kinds within a stretch of time in the same matter: on the same project, or for the
-- same unit on one of the same budget project and category. `corrected` are projects whose opening was corrected: what
-- they are of is for the reader to say. No row: nothing.
--   log_id int, known_at timestamptz, types text[], corrected text[] (and, one of each for a person), who text[],
--   projects text[], units text[], lines text[], categories text[], since timestamptz[], until timestamptz[]
SELECT acts.position, acts.type, acts.time, acts.known_from, acts.asserted, acts.subject, acts.project, acts.unit, acts.actor,
       acts.role, acts.authority, acts.onbehalfof, acts.data::text,
       EXISTS (SELECT FROM projector.corrections AS said
                WHERE said.log_id = acts.log_id AND said.target_source = acts.source AND said.target_id = acts.id),
       EXISTS (SELECT FROM projector.ratifications AS said
                WHERE said.log_id = acts.log_id AND said.target_source = acts.source AND said.target_id = acts.id)
  FROM unnest(%(who)s::text[], %(projects)s::text[], %(units)s::text[], %(lines)s::text[], %(categories)s::text[],
              %(since)s::timestamptz[], %(until)s::timestamptz[])
       AS asked (who, project, unit, line, category, since, until)
  JOIN projector.duties
    ON duties.log_id = %(log_id)s
   AND duties.actor = asked.who
   AND duties.type = ANY (%(types)s::text[])
   AND duties.time BETWEEN asked.since AND asked.until
   AND duties.known_from <= %(known_at)s
  JOIN projector.acts
    ON acts.log_id = duties.log_id
   AND acts.position = duties.position
 WHERE duties.project = asked.project
    OR duties.project = ANY (%(corrected)s::text[])
    OR (duties.unit = asked.unit
        AND EXISTS (SELECT FROM projector.projects AS said
                     WHERE said.log_id = duties.log_id AND said.project = duties.project
                       AND said.budget_project = asked.line AND said.category = asked.category));
