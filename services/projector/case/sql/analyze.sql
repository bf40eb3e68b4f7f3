-- Count the tables of the case for the planner: only what it chooses by.
ANALYZE project (project, outcome, kind), course (project), budget (project), contract (project), award (project),
        entry (project, root, type), participant (project, supplier), declaration (project, person), purchase (project),
        signing (unit, supplier), payee (project, supplier), invoice (invoice), employer (person), term (person),
        policy (key, unit), predecessor (act), act_name (type);
