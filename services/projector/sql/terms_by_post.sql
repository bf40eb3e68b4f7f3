-- Read the terms in posts, and the reliefs, in these posts. No row: nobody ever held one.
--   log_id int, references text[]
SELECT terms.post, terms.person, terms.position, terms.known_from, acts.time, terms.starts, terms.ends, terms.is_end
  FROM projector.terms
  JOIN projector.acts
    ON acts.log_id = terms.log_id
   AND acts.position = terms.position
 WHERE terms.log_id = %(log_id)s
   AND terms.holds = ANY (%(references)s::text[])
   AND terms.post IS NOT NULL
 ORDER BY terms.position;
