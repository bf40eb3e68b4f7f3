-- Read the corrections of acts by position, those that were withdrawn too. `by` is where a correction stands. No row:
-- nobody corrected any of them.
--   log_id int, references bigint[]
SELECT acts.position AS corrected, said.position AS "by", said.void, said.fields::text AS fields, said.known_from,
       (acts.known_from, acts.position) < (said.known_from, said.position) AS later
  FROM projector.acts
  JOIN projector.corrections AS said
    ON said.log_id = acts.log_id
   AND said.target_source = acts.source
   AND said.target_id = acts.id
 WHERE acts.log_id = %(log_id)s
   AND acts.position = ANY (%(references)s::bigint[])
 ORDER BY said.known_from, said.position;
