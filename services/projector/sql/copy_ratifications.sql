-- Add ratifications of past acts. No row comes back.
COPY projector.ratifications (
    log_id, position, known_from, time, target_source, target_id, actor, unit, authority, onbehalfof
) FROM STDIN;
