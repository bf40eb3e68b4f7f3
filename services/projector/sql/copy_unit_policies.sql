-- Add what units adopted. No row comes back.
COPY projector.unit_policies (
    log_id, position, known_from, time, unit, policy, starts, ends, data
) FROM STDIN;
