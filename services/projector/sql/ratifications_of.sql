-- Read the ratifications of acts by position, as known then. No row: nobody ratified any of them.
--   log_id int, known_at timestamptz, positions bigint[]
SELECT acts.position AS act, said.position, said.known_from, said.time, said.actor, said.unit, said.authority,
       said.onbehalfof
  FROM projector.acts
  JOIN projector.ratifications AS said
    ON said.log_id = acts.log_id
   AND said.target_source = acts.source
   AND said.target_id = acts.id
 WHERE acts.log_id = %(log_id)s
   AND acts.position = ANY (%(positions)s::bigint[])
   AND said.known_from <= %(known_at)s
 ORDER BY said.position;
