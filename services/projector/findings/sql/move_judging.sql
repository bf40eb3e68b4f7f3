-- Say how far the judge has come. It never goes back, except after a rebuild, which empties the table.
--   log_id int, position bigint, day date
INSERT INTO projector.judging AS judging (log_id, position, day)
VALUES (%(log_id)s, %(position)s, %(day)s)
    ON CONFLICT (log_id) DO UPDATE
   SET position = greatest(judging.position, excluded.position), day = greatest(judging.day, excluded.day);
