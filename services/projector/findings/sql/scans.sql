-- Read the scans of the log by day, the first act that says so for each, with when it was known. No row: none.
--   log_id int
SELECT DISTINCT ON (said.day) said.day, said.position, said.known_from, said.counts
  FROM (SELECT projector.as_day(acts.data ->> 'date') AS day, acts.position, acts.known_from,
               (acts.data -> 'counts')::text AS counts
          FROM projector.acts
         WHERE acts.log_id = %(log_id)s
           AND acts.type = 'scan.execute'
           AND acts.position NOT IN (SELECT voided.position FROM projector.voided_at(%(log_id)s, 'infinity') AS voided))
       AS said
 WHERE said.day IS NOT NULL
 ORDER BY said.day, said.position;
