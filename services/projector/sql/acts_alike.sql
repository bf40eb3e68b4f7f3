-- Read the acts of these types that these people did within a stretch of time. No row: none.
--   log_id int, known_at timestamptz, who text[], types text[], since timestamptz, until timestamptz
SELECT acts.position, acts.type, acts.time, acts.known_from, acts.asserted, acts.subject, acts.project, acts.unit, acts.actor,
       acts.role, acts.authority, acts.onbehalfof, acts.data::text,
       EXISTS (SELECT FROM projector.corrections AS said
                WHERE said.log_id = acts.log_id AND said.target_source = acts.source AND said.target_id = acts.id),
       EXISTS (SELECT FROM projector.ratifications AS said
                WHERE said.log_id = acts.log_id AND said.target_source = acts.source AND said.target_id = acts.id)
  FROM projector.acts
 WHERE acts.log_id = %(log_id)s
   AND acts.position IN (
       SELECT duties.position
         FROM projector.duties
        WHERE duties.log_id = %(log_id)s
          AND duties.actor = ANY (%(who)s::text[])
          AND duties.type = ANY (%(types)s::text[])
          AND duties.time BETWEEN %(since)s AND %(until)s
          AND duties.known_from <= %(known_at)s);
