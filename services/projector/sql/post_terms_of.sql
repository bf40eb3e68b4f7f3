-- Read the terms in posts, and the reliefs, of people and in posts, as known then. No row: nobody ever held one.
--   log_id int, known_at timestamptz, who text[], posts text[]
SELECT terms.post, terms.person, terms.position, terms.known_from, acts.time, terms.starts, terms.ends, terms.is_end
  FROM projector.terms
  JOIN projector.acts
    ON acts.log_id = terms.log_id
   AND acts.position = terms.position
 WHERE terms.log_id = %(log_id)s
   AND (terms.person = ANY (%(who)s::text[]) OR terms.holds = ANY (%(posts)s::text[]))
   AND terms.post IS NOT NULL
   AND terms.known_from <= %(known_at)s
 ORDER BY terms.position;
