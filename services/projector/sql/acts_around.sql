-- Read what else was done on these subjects up to a moment that may bear on an act there: acts of these types, acts in
-- which one of these duties was exercised, decisions of bodies (`collective`), and reviews and acts that carry a legal
-- opinion (`legal`). No row: nothing.
--   log_id int, known_at timestamptz, subjects text[], until timestamptz, types text[], roles text[], collective bool,
--   legal bool
SELECT acts.position, acts.type, acts.time, acts.known_from, acts.asserted, acts.subject, acts.project, acts.unit, acts.actor,
       acts.role, acts.authority, acts.onbehalfof, acts.data::text,
       EXISTS (SELECT FROM projector.corrections AS said
                WHERE said.log_id = acts.log_id AND said.target_source = acts.source AND said.target_id = acts.id),
       EXISTS (SELECT FROM projector.ratifications AS said
                WHERE said.log_id = acts.log_id AND said.target_source = acts.source AND said.target_id = acts.id)
  FROM projector.acts
 WHERE acts.log_id = %(log_id)s
   AND (acts.project = ANY (%(subjects)s::text[]) OR (acts.project IS NULL AND acts.subject = ANY (%(subjects)s::text[])))
   AND acts.time <= %(until)s
   AND acts.known_from <= %(known_at)s
   AND (acts.type = ANY (%(types)s::text[])
        OR acts.duty = ANY (%(roles)s::text[])
        OR acts.role = ANY (%(roles)s::text[])
        OR (%(roles)s::text[] <> '{}' AND acts.data -> 'participants' @? '$[*].role')
        OR (%(collective)s AND acts.class = 'D' AND acts.actor LIKE 'body:%%')
        OR (%(legal)s AND (acts.class = 'S' OR acts.data -> 'documents' @> '[{"kind": "legal_opinion"}]')));
