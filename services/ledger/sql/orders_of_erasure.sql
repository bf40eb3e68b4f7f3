-- Find the acts that ordered the content of these acts to be erased. No row: nobody ordered it.
--   log_id int, positions bigint[]
SELECT DISTINCT ordered.position
  FROM ledger.entries AS target
  JOIN (SELECT position, convert_from(payload, 'UTF8')::jsonb -> 'data' -> 'target' AS key
          FROM ledger.entries
         WHERE log_id = %(log_id)s
           AND type = 'data.erase') AS ordered
    ON target.source = ordered.key ->> 'source'
   AND target.id = ordered.key ->> 'id'
   AND target.position < ordered.position
 WHERE target.log_id = %(log_id)s
   AND target.position = ANY (%(positions)s)
 ORDER BY ordered.position;
