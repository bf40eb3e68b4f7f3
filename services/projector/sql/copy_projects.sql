-- Add openings of projects. No row comes back.
COPY projector.projects (
    log_id, position, known_from, project, unit, units, title, time, budget_project, category
) FROM STDIN;
