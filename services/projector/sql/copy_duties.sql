-- Add duties exercised. No row comes back.
COPY projector.duties (
    log_id, position, ordinal, project, unit, actor, role, function, capacity, type, class, counts, supplier, time,
    known_from
) FROM STDIN;
