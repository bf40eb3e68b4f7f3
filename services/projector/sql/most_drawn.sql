-- Sum what may ever have been drawn on grants in each fiscal year: by acts of these types, as known then, that rely on one
-- of its `cited` or that one of its `who` did, or somebody in their name. What lowers a total is left out. `unsure`: some
-- of it cannot be summed, for want of an amount in CNY or since it was corrected. No row for a grant: nothing was drawn.
--   log_id int, known_at timestamptz, types text[], citing text[] (a grant), cited text[] (for each of these one name),
--   reached text[] (a grant), who text[] (for each of these one name)
WITH hands AS (
    SELECT hand.name, hand.who FROM unnest(%(reached)s::text[], %(who)s::text[]) AS hand (name, who)
), may AS (
    SELECT citing.name, acts.position
      FROM unnest(%(citing)s::text[], %(cited)s::text[]) AS citing (name, cited)
      JOIN projector.acts
        ON acts.log_id = %(log_id)s
       AND acts.authority = citing.cited
       AND acts.type = ANY (%(types)s::text[])
     UNION
    SELECT hands.name, duties.position
      FROM hands
      JOIN projector.duties
        ON duties.log_id = %(log_id)s
       AND duties.actor = hands.who
       AND duties.type = ANY (%(types)s::text[])
     UNION
    SELECT hands.name, acts.position
      FROM hands
      JOIN projector.acts
        ON acts.log_id = %(log_id)s
       AND acts.actor = hands.who
       AND acts.actor LIKE 'body:%%'
       AND acts.type = ANY (%(types)s::text[])
     UNION
    SELECT hands.name, acts.position
      FROM hands
      JOIN projector.acts
        ON acts.log_id = %(log_id)s
       AND acts.onbehalfof = hands.who
       AND acts.type = ANY (%(types)s::text[])
)
SELECT may.name, extract(year FROM projector.local_day(acts.time))::integer AS year,
       sum(greatest(acts.amount, 0)) AS amount,
       bool_or(acts.amount IS NULL
               OR acts.data IS NULL
               OR coalesce(acts.data ->> 'currency', 'CNY') <> 'CNY'
               OR EXISTS (SELECT FROM projector.corrections AS said
                           WHERE said.log_id = acts.log_id AND said.target_source = acts.source
                             AND said.target_id = acts.id)) AS unsure
  FROM may
  JOIN projector.acts
    ON acts.log_id = %(log_id)s
   AND acts.position = may.position
 WHERE acts.known_from <= %(known_at)s
 GROUP BY may.name, year;
