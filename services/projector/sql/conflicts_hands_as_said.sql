-- Find the same as conflicts_hands.sql, where nothing was corrected, no account linked and nothing done in another's
-- name: then duties are as the acts say, and there is nothing to join. Workers may share this. No row: nobody did.
--   log_id int, as_of timestamptz, known_at timestamptz, projects text[] (NULL: all), people text[] (NULL: all),
--   machines boolean (systems too), alone text[]
SELECT 'project:' || name, person,
       json_agg(role)::text,
       string_agg(position::text, ' '),
       string_agg(coalesce(function, ''), ' ')
  FROM (SELECT substr(project, 9) COLLATE "C" AS name, actor COLLATE "C" AS person, role COLLATE "C" AS role, function,
               position
          FROM projector.duties
         WHERE log_id = %(log_id)s
           AND project IS NOT NULL
           AND time <= %(as_of)s
           AND known_from <= %(known_at)s
           AND (%(projects)s::text[] IS NULL OR project = ANY (%(projects)s))
           AND (%(people)s::text[] IS NULL OR actor = ANY (%(people)s))
           AND (%(machines)s OR actor NOT LIKE 'system:%%')
         ORDER BY 1, 2, 3) AS done
 GROUP BY name, person
HAVING min(role) <> max(role) OR bool_or(role = ANY (%(alone)s::text[]))
 ORDER BY name, person;
