-- Add when scopes are to be looked at again.
COPY projector.wakes (log_id, scope, day) FROM STDIN;
