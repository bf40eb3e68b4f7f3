-- Read how far the judge has come, how far it may go, and whether the calendar is there to judge by.
--   log_id int, follower text
SELECT (SELECT position FROM projector.judging WHERE log_id = %(log_id)s),
       (SELECT day FROM projector.judging WHERE log_id = %(log_id)s),
       (SELECT judged_by FROM projector.judging WHERE log_id = %(log_id)s),
       (SELECT notification_id FROM projector.tracking WHERE application_name = %(follower)s),
       EXISTS (SELECT FROM projector.days);
