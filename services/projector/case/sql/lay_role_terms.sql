-- Lay out which duties were assigned on the projects of the case, on all projects of their units, or on any. A release
-- ends the terms of that person in that duty that began before it.
--   log_id int, known_at timestamptz
INSERT INTO role_term (person, role, project, unit, starts, ends, position)
WITH said AS (
    SELECT terms.holds, terms.person, terms.role, terms.project, terms.unit, terms.starts,
           coalesce(terms.ends, 'infinity') AS ends, terms.is_end, terms.known_from, terms.position
      FROM projector.terms
     WHERE terms.log_id = %(log_id)s
       AND terms.role IS NOT NULL
       AND (terms.project = ANY (ARRAY(SELECT project.project FROM project))
            OR (terms.project IS NULL
                AND (terms.unit IS NULL
                     OR terms.unit = ANY (ARRAY(SELECT DISTINCT buyer.unit FROM project
                                                 CROSS JOIN LATERAL unnest(project.units) AS buyer (unit))))))
       AND terms.known_from <= %(known_at)s
       AND terms.position NOT IN (SELECT withdrawn.position FROM withdrawn)
), resolved AS (
    SELECT said.*, coalesce(link.person, said.person) AS who
      FROM said
      LEFT JOIN LATERAL (
           SELECT links.person
             FROM projector.account_links AS links
            WHERE links.log_id = %(log_id)s AND links.account = said.person AND links.person IS NOT NULL
              AND links.known_from <= %(known_at)s
              AND links.position NOT IN (SELECT withdrawn.position FROM withdrawn)
            ORDER BY links.time, links.known_from, links.position
            LIMIT 1) AS link ON said.person LIKE 'account:%%'
), spans AS (
    SELECT resolved.*,
           least(resolved.ends, coalesce(min(resolved.starts) FILTER (WHERE resolved.is_end) OVER after, 'infinity'))
               AS until
      FROM resolved
    WINDOW after AS (PARTITION BY resolved.holds, resolved.who
                     ORDER BY resolved.starts, resolved.known_from, resolved.position
                     ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)
)
SELECT spans.who, spans.role, spans.project, spans.unit, spans.starts, spans.until, spans.position
  FROM spans
 WHERE NOT spans.is_end AND spans.starts < spans.until;
