-- Lay out who was in the posts of the units judged, each stretch without a break once however often it was renewed, and
-- what the post is, or was when they left it.
INSERT INTO tenure (unit, post, person, key_post, designation, acts, starts, ends, position)
WITH begun AS (
    SELECT term.post, term.person, term.starts, term.ends, term.position,
           max(term.ends) OVER (PARTITION BY term.post, term.person ORDER BY term.starts, term.position
                                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before
      FROM term
     CROSS JOIN moment
     WHERE term.starts <= moment.as_of
), numbered AS (
    SELECT begun.post, begun.person, begun.starts, begun.ends, begun.position,
           count(*) FILTER (WHERE begun.before IS NULL OR begun.before < begun.starts)
               OVER (PARTITION BY begun.post, begun.person ORDER BY begun.starts, begun.position) AS stretch
      FROM begun
), stretch AS (
    SELECT numbered.post, numbered.person, min(numbered.starts) AS starts, max(numbered.ends) AS ends,
           (array_agg(numbered.position ORDER BY numbered.starts, numbered.position))[1] AS position
      FROM numbered
     GROUP BY numbered.post, numbered.person, numbered.stretch
)
SELECT unit.unit, stretch.post, stretch.person, said.key_post, said.designation, said.acts, stretch.starts, stretch.ends,
       stretch.position
  FROM stretch
 CROSS JOIN moment
 CROSS JOIN LATERAL (
       SELECT post.unit, post.key_post, post.designation, post.acts
         FROM post
        WHERE post.post = stretch.post
        ORDER BY post.starts < least(stretch.ends, moment.as_of) DESC,
                 CASE WHEN post.starts < least(stretch.ends, moment.as_of) THEN post.starts END DESC, post.starts
        LIMIT 1) AS said
  JOIN unit ON unit.unit = said.unit;
