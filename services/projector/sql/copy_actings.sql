-- Add acting appointments. No row comes back.
COPY projector.actings (
    log_id, position, known_from, asserted, time, subject, name, principal, substitute, grant_names, acts,
    ceiling_item, currency, starts, ends
) FROM STDIN;
