-- Count the acts of the case for the planner, before what is made of them.
ANALYZE act (type, project, position), account (account);
