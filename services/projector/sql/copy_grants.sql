-- Add roots and delegations. No row comes back.
COPY projector.grants (
    log_id, position, known_from, asserted, time, name, is_root, kind, parent, actor, grantor, grantee, unit, starts,
    ends, supersedes, payload
) FROM STDIN;
