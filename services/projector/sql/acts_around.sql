-- Read what else was done up to a moment that may bear on acts: on `reviewed` subjects reviews and acts that carry a
-- legal opinion (said as their index says it), on `subjects` acts of these types, acts in which one of these duties was
-- exercised, and decisions of bodies (`collective`). An act may come twice. No row: nothing.
--   log_id int, known_at timestamptz, until timestamptz, reviewed text[], subjects text[], types text[], roles text[],
--   collective bool
SELECT acts.position, acts.type, acts.time, acts.known_from, acts.asserted, acts.subject, acts.project, acts.unit, acts.actor,
       acts.role, acts.authority, acts.onbehalfof, acts.data::text,
       EXISTS (SELECT FROM projector.corrections AS said
                WHERE said.log_id = acts.log_id AND said.target_source = acts.source AND said.target_id = acts.id),
       EXISTS (SELECT FROM projector.ratifications AS said
                WHERE said.log_id = acts.log_id AND said.target_source = acts.source AND said.target_id = acts.id)
  FROM (SELECT *
          FROM projector.acts
         WHERE log_id = %(log_id)s
           AND subject = ANY (%(reviewed)s::text[])
           AND (class = 'S' OR data -> 'documents' @> '[{"kind": "legal_opinion"}]')
         UNION ALL
        SELECT *
          FROM projector.acts
         WHERE log_id = %(log_id)s
           AND (project = ANY (%(subjects)s::text[]) OR (project IS NULL AND subject = ANY (%(subjects)s::text[])))
           AND (type = ANY (%(types)s::text[])
                OR duty = ANY (%(roles)s::text[])
                OR role = ANY (%(roles)s::text[])
                OR (%(roles)s::text[] <> '{}' AND data -> 'participants' @? '$[*].role')
                OR (%(collective)s AND class = 'D' AND actor LIKE 'body:%%')))
       AS acts
 WHERE acts.time <= %(until)s
   AND acts.known_from <= %(known_at)s;
