-- Find dispositions that match no finding now, and whether what they rest on still holds: their findings went away when
-- acts were corrected, or never were. No row: each matches.
--   log_id int, limit int
SELECT acts.data ->> 'finding', acts.data ->> 'disposition', acts.position, acts.time
  FROM projector.acts
 WHERE acts.log_id = %(log_id)s
   AND acts.type = 'finding.dispose'
   AND acts.data ->> 'finding' IS NOT NULL
   AND NOT EXISTS (
       SELECT FROM projector.findings
        WHERE findings.log_id = acts.log_id AND findings.finding = acts.data ->> 'finding')
   AND acts.position NOT IN (SELECT voided.position FROM projector.voided_at(%(log_id)s, 'infinity') AS voided)
 ORDER BY acts.position
 LIMIT %(limit)s;
