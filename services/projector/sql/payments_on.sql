-- Read what was paid on these projects. No row: nothing was.
--   log_id int, known_at timestamptz, projects text[]
SELECT acts.position, acts.type, acts.time, acts.known_from, acts.asserted, acts.subject, acts.project, acts.unit, acts.actor,
       acts.role, acts.authority, acts.onbehalfof, acts.data::text,
       EXISTS (SELECT FROM projector.corrections AS said
                WHERE said.log_id = acts.log_id AND said.target_source = acts.source AND said.target_id = acts.id),
       EXISTS (SELECT FROM projector.ratifications AS said
                WHERE said.log_id = acts.log_id AND said.target_source = acts.source AND said.target_id = acts.id)
  FROM projector.acts
 WHERE acts.log_id = %(log_id)s
   AND acts.project = ANY (%(projects)s::text[])
   AND acts.type = 'pay.execute'
   AND acts.known_from <= %(known_at)s;
