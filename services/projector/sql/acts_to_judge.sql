-- Read acts by position, each with what it says, and whether anybody corrected or ratified it. No row for a position: no
-- such act. Content is NULL once erased.
--   log_id int, positions bigint[]
SELECT acts.position, acts.type, acts.time, acts.known_from, acts.asserted, acts.subject, acts.project, acts.unit, acts.actor,
       acts.role, acts.authority, acts.onbehalfof, acts.data::text,
       EXISTS (SELECT FROM projector.corrections AS said
                WHERE said.log_id = acts.log_id AND said.target_source = acts.source AND said.target_id = acts.id),
       EXISTS (SELECT FROM projector.ratifications AS said
                WHERE said.log_id = acts.log_id AND said.target_source = acts.source AND said.target_id = acts.id)
  FROM projector.acts
 WHERE acts.log_id = %(log_id)s
   AND acts.position = ANY (%(positions)s::bigint[]);
