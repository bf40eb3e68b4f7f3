-- Lay out what was found, for the rules that look at it.
--   findings text[], rules text[], projects text[], units text[], cured timestamptz[], since timestamptz[]
INSERT INTO finding (finding, rule, project, unit, result, cured, since)
SELECT given.finding, given.rule, given.project, given.unit, 'FAIL', given.cured, given.since
  FROM unnest(%(findings)s::text[], %(rules)s::text[], %(projects)s::text[], %(units)s::text[],
              %(cured)s::timestamptz[], %(since)s::timestamptz[])
    AS given (finding, rule, project, unit, cured, since);
