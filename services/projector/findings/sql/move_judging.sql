-- Say how far the judge has come, and by which rules. It never goes back, except after a rebuild, which empties the table.
--   log_id int, position bigint, day date, judged_by text
INSERT INTO projector.judging AS judging (log_id, position, day, judged_by)
VALUES (%(log_id)s, %(position)s, %(day)s, %(judged_by)s)
    ON CONFLICT (log_id) DO UPDATE
   SET position = greatest(judging.position, excluded.position), day = greatest(judging.day, excluded.day),
       judged_by = excluded.judged_by;
