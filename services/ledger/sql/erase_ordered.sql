-- Erase the content of every act that a data.erase recorded after it names, and the tags it gave, unless that is done.
-- The leaf stays, and with it every proof. Packs keep theirs: without them later acts could not be read.
-- So do the log's own acts about its keys: without them nobody is led from an older key to the next.
--   log_id int
UPDATE ledger.entries AS target
   SET payload = NULL, salt = NULL, tags = ledger.named_in_leaf(target.tags, target.leaf)
  FROM (SELECT position, convert_from(payload, 'UTF8')::jsonb -> 'data' -> 'target' AS key
          FROM ledger.entries
         WHERE log_id = %(log_id)s
           AND type = 'data.erase') AS ordered
 WHERE target.log_id = %(log_id)s
   AND target.source = ordered.key ->> 'source'
   AND target.id = ordered.key ->> 'id'
   AND target.position < ordered.position
   AND (target.payload IS NOT NULL OR target.tags <> ledger.named_in_leaf(target.tags, target.leaf))
   AND target.type NOT IN ('catalogue.extend', 'data.erase', 'log.rotate_key', 'log.succeed')
RETURNING target.position;
