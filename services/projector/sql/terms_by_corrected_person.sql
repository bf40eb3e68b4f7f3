-- Read the terms in posts, and the reliefs, that a correction says are these people's. No row: none is.
--   log_id int, references text[]
SELECT terms.post, said.fields ->> 'person' AS person, terms.position, said.known_from, acts.time, terms.starts,
       terms.ends, terms.is_end
  FROM projector.corrections AS said
  JOIN projector.acts
    ON acts.log_id = said.log_id
   AND acts.source = said.target_source
   AND acts.id = said.target_id
  JOIN projector.terms
    ON terms.log_id = acts.log_id
   AND terms.position = acts.position
 WHERE said.log_id = %(log_id)s
   AND said.fields ->> 'person' = ANY (%(references)s::text[])
   AND terms.post IS NOT NULL
 ORDER BY terms.position;
