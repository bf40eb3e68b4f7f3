-- Add terms of posts and assigned roles, and ends of them. No row comes back.
COPY projector.terms (
    log_id, position, known_from, holds, post, project, unit, role, person, starts, ends, is_end
) FROM STDIN;
