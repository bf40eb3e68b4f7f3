-- Begin a question: how far the follower has read (NULL: never), where the packs in force stand, and settings for this
-- transaction. There must be room to sort in memory, and no compiler: plans are wide and run once, so that compiling one
-- takes longer than running it. The tracking row is read before all else: see its table.
--   log_id int, follower text
SELECT (SELECT notification_id FROM projector.tracking WHERE application_name = %(follower)s),
       ARRAY (SELECT position FROM projector.packs WHERE log_id = %(log_id)s ORDER BY position),
       set_config('work_mem', '32MB', true), set_config('jit', 'off', true);
