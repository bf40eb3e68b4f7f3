-- Add suppliers that acts on a project name.
COPY projector.suppliers_named (log_id, position, ordinal, supplier, project, known_from) FROM STDIN;
