-- Read the appointments of people to act for others, as known then, each with what ended it. No row: nobody appointed
-- any of them.
--   log_id int, known_at timestamptz, who text[]
SELECT said.name, said.position, said.known_from, said.asserted, said.time, said.principal, said.substitute,
       said.grant_names AS grants, said.acts, said.ceiling_item, said.currency, said.starts, said.ends,
       ended.times, ended.knowns, ended.positions
  FROM projector.actings AS said
 CROSS JOIN LATERAL (
       SELECT array_agg(ended.time ORDER BY ended.position) AS times,
              array_agg(ended.known_from ORDER BY ended.position) AS knowns,
              array_agg(ended.position ORDER BY ended.position) AS positions
         FROM projector.acting_ends AS ended
        WHERE ended.log_id = said.log_id
          AND ended.subject = said.subject
          AND ended.name = said.name
          AND ended.known_from <= %(known_at)s) AS ended
 WHERE said.log_id = %(log_id)s
   AND said.substitute = ANY (%(who)s::text[])
   AND said.known_from <= %(known_at)s
 ORDER BY said.position;
