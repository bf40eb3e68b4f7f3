-- Add catalogue packs. No row comes back.
COPY projector.packs (
    log_id, position, data
) FROM STDIN;
