-- Add registrations of units. No row comes back.
COPY projector.units (
    log_id, position, known_from, unit, parent, kind, time
) FROM STDIN;
