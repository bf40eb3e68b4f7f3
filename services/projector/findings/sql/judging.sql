-- Read how far the judge has come, and how far it may go. No row: it has not begun.
--   log_id int, follower text
SELECT (SELECT position FROM projector.judging WHERE log_id = %(log_id)s),
       (SELECT day FROM projector.judging WHERE log_id = %(log_id)s),
       (SELECT notification_id FROM projector.tracking WHERE application_name = %(follower)s);
