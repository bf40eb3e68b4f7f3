-- Lay out what the registry says of the suppliers of the case: takes part, contracts or is paid.
--   log_id int, known_at timestamptz
INSERT INTO supplier (supplier, size, head, holders, shares, managers, starts, ends, position)
WITH named AS (
    SELECT participant.supplier FROM participant
     UNION
    SELECT contract.supplier FROM contract WHERE contract.supplier IS NOT NULL
)
SELECT acts.subject, said.data ->> 'size',
       array_remove(ARRAY[said.data ->> 'legal_representative', said.data ->> 'head'], NULL),
       ARRAY(SELECT item ->> 'holder'
               FROM jsonb_array_elements(CASE jsonb_typeof(said.data -> 'shareholders')
                                         WHEN 'array' THEN said.data -> 'shareholders' ELSE '[]' END) AS item
              WHERE item ->> 'holder' IS NOT NULL),
       ARRAY(SELECT projector.as_number(item ->> 'share')
               FROM jsonb_array_elements(CASE jsonb_typeof(said.data -> 'shareholders')
                                         WHEN 'array' THEN said.data -> 'shareholders' ELSE '[]' END) AS item
              WHERE item ->> 'holder' IS NOT NULL),
       ARRAY(SELECT jsonb_array_elements_text(CASE jsonb_typeof(said.data -> 'controllers')
                                              WHEN 'array' THEN said.data -> 'controllers' ELSE '[]' END)),
       acts.time, coalesce(lead(acts.time) OVER (PARTITION BY acts.subject
                               ORDER BY acts.time, acts.known_from, acts.position), 'infinity'), acts.position
  FROM projector.acts
  LEFT JOIN recast ON recast.position = acts.position
 CROSS JOIN LATERAL (SELECT coalesce(recast.fields, acts.data) AS data) AS said
 WHERE acts.log_id = %(log_id)s
   AND acts.project IS NULL
   AND acts.subject = ANY (ARRAY(SELECT named.supplier FROM named))
   AND acts.type = 'supplier.snapshot'
   AND acts.time <= %(as_of)s
   AND acts.known_from <= %(known_at)s
   AND acts.position NOT IN (SELECT withdrawn.position FROM withdrawn);
