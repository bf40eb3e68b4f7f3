-- Read how far a follower has read, and keep others from moving it until this transaction ends. No row: it never read.
--   follower text
SELECT notification_id
  FROM projector.tracking
 WHERE application_name = %(follower)s
   FOR UPDATE;
