-- Add what acts correct. No row comes back.
COPY projector.corrections (
    log_id, position, known_from, target_source, target_id, void, fields
) FROM STDIN;
