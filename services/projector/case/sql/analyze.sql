-- Count the tables of the case for the planner: only what it chooses by.
ANALYZE course (project), budget (project), contract (project), entry (project, root, type), award (project),
        participant (project, supplier), declaration (project, person), policy (key, unit), term (person), purchase (project),
        signing (unit, supplier), project (project, outcome, kind), employer (person), payee (project, supplier), invoice (invoice),
        predecessor (act), act_name (type);
