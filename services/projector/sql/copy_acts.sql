-- Add acts. No row comes back.
COPY projector.acts (
    log_id, position, source, id, type, stage, class, duty, counts, subject, project, unit, actor, role, authority, onbehalfof,
    time, recorded_at, known_from, asserted, object, amount, data
) FROM STDIN;
