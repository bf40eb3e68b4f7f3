-- Lay out by what method each project bought, from one statement to the next: what was said last before a moment holds
-- at it, and what was said first holds before. `skips`: the acts that the method, or buying below the threshold, does
-- without.
--   skip_names text[], skip_acts text[] (one act of each name a row)
INSERT INTO course (project, starts, ends, method, organisation, ground, sme_set_aside, skips, position)
WITH skip AS (
    SELECT given.name, array_agg(given.act) AS acts
      FROM unnest(%(skip_names)s::text[], %(skip_acts)s::text[]) AS given (name, act)
     GROUP BY given.name
), said AS (
    SELECT act.project, act.time, act.position, act.data ->> 'method' AS method,
           act.data ->> 'organisation' AS organisation, act.data ->> 'ground' AS ground,
           act.data ->> 'sme_set_aside' AS sme_set_aside,
           row_number() OVER (PARTITION BY act.project ORDER BY act.time, act.known_from, act.position) AS ordinal,
           lead(act.time) OVER (PARTITION BY act.project ORDER BY act.time, act.known_from, act.position) AS next
      FROM act
     WHERE act.type IN ('project.open', 'plan.prepare', 'plan.approve', 'method.change') AND act.stands
), numbered AS (
    SELECT said.*, count(said.method) OVER so_far AS methods, count(said.organisation) OVER so_far AS organisations,
           count(said.ground) OVER so_far AS grounds, count(said.sme_set_aside) OVER so_far AS set_asides
      FROM said
    WINDOW so_far AS (PARTITION BY said.project ORDER BY said.ordinal)
), filled AS (
    SELECT numbered.project, numbered.time, numbered.next, numbered.ordinal, numbered.position,
           max(numbered.method) OVER (PARTITION BY numbered.project, numbered.methods) AS method,
           max(numbered.organisation) OVER (PARTITION BY numbered.project, numbered.organisations) AS organisation,
           max(numbered.ground) OVER (PARTITION BY numbered.project, numbered.grounds) AS ground,
           max(numbered.sme_set_aside) OVER (PARTITION BY numbered.project, numbered.set_asides) AS sme_set_aside
      FROM numbered
)
SELECT filled.project, CASE WHEN filled.ordinal = 1 THEN '-infinity' ELSE filled.time END,
       coalesce(filled.next, 'infinity'), filled.method, filled.organisation, filled.ground, filled.sme_set_aside,
       coalesce((SELECT skip.acts FROM skip WHERE skip.name = filled.method), '{}')
       || coalesce((SELECT skip.acts FROM skip WHERE skip.name = filled.organisation), '{}'),
       filled.position
  FROM filled
 WHERE filled.ordinal = 1 OR filled.time < coalesce(filled.next, 'infinity');
