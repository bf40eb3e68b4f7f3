-- Add acceptances, suspensions, resumptions and revocations of grants. No row comes back.
COPY projector.grant_changes (
    log_id, position, known_from, time, grant_name, change, actor, effective_at, notified_at
) FROM STDIN;
