-- Add registrations of persons. No row comes back.
COPY projector.persons (
    log_id, position, known_from, person, employer, time
) FROM STDIN;
