-- Add definitions of posts. No row comes back.
COPY projector.posts (
    log_id, position, known_from, post, unit, designation, acts, time
) FROM STDIN;
