-- Read how far a follower has read. No row: it never read.
--   follower text
SELECT notification_id
  FROM projector.tracking
 WHERE application_name = %(follower)s;
