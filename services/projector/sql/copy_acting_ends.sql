-- Add ends of acting appointments. No row comes back.
COPY projector.acting_ends (
    log_id, position, known_from, subject, name, time
) FROM STDIN;
