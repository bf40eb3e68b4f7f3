-- Read every act of a project that had happened and was known by then, in the order of a replay, with who did it as
-- known then. No row: nothing had happened, or nothing was known of it.
--   log_id int, project text, as_of timestamptz, known_at timestamptz
WITH people AS MATERIALIZED (
    SELECT account, person, starts, ends
      FROM projector.people_at(%(log_id)s, %(known_at)s)
), corrections AS MATERIALIZED (
    SELECT position, "by", void, fields, known_from
      FROM projector.corrections_at(%(log_id)s, %(known_at)s)
), corrected AS (
    SELECT position,
           array_agg("by" ORDER BY known_from, "by") FILTER (WHERE NOT void) AS "by",
           array_agg("by" ORDER BY known_from, "by") FILTER (WHERE void) AS voided_by,
           jsonb_agg(fields ORDER BY known_from, "by") FILTER (WHERE NOT void) AS fields
      FROM corrections
     GROUP BY position
), registered AS MATERIALIZED (
    SELECT person
      FROM projector.persons
     WHERE log_id = %(log_id)s
       AND known_from <= %(known_at)s
       AND position NOT IN (SELECT position FROM corrections WHERE void)
)
SELECT acts.position, acts.source, acts.id, acts.type, acts.stage, acts.class, acts.time, acts.recorded_at,
       acts.known_from, acts.asserted, acts.actor,
       CASE split_part(acts.actor, ':', 1) WHEN 'account' THEN people.person WHEN 'person' THEN acts.actor END,
       acts.role, acts.unit, acts.authority, acts.onbehalfof, acts.object, acts.amount::text,
       coalesce(acts.data ->> 'currency', 'CNY'), acts.data ->> 'result', acts.data IS NULL,
       others.list, corrected.by, corrected.voided_by, corrected.fields,
       coalesce(people.person, acts.actor) IN (SELECT person FROM registered),
       EXISTS (SELECT FROM projector.projects AS opened
                WHERE opened.log_id = acts.log_id AND opened.project = acts.project
                  AND opened.known_from <= %(known_at)s)
  FROM projector.acts
  LEFT JOIN people
    ON people.account = acts.actor
   AND acts.time >= people.starts
   AND acts.time < people.ends
  LEFT JOIN corrected ON corrected.position = acts.position
 CROSS JOIN LATERAL (
       SELECT jsonb_agg(listed.item || jsonb_build_object('person', whose.person) ORDER BY listed.ordinal) AS list
         FROM jsonb_array_elements(CASE jsonb_typeof(acts.data -> 'participants')
                                        WHEN 'array' THEN acts.data -> 'participants' ELSE '[]' END)
              WITH ORDINALITY AS listed (item, ordinal)
         LEFT JOIN people AS whose
           ON whose.account = listed.item ->> 'actor'
          AND acts.time >= whose.starts
          AND acts.time < whose.ends) AS others
 WHERE acts.log_id = %(log_id)s
   AND acts.project = %(project)s
   AND acts.time <= %(as_of)s
   AND acts.known_from <= %(known_at)s
 ORDER BY acts.time, acts.known_from, acts.position;
