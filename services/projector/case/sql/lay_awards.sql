-- Lay out awards, each until another takes its place: one of the same thing, one that says why it departs from what was
-- decided before, or one that follows another opening of bids. Others are of lots, and stand side by side.
INSERT INTO award (position, project, award, supplier, amount, unit, time, day, ends)
WITH decided AS MATERIALIZED (
    SELECT act.position, act.project, act.object, act.supplier, CASE WHEN act.currency = 'CNY' THEN act.amount END AS amount,
           act.unit, act.time, act.day, act.data ->> 'reason' AS reason
      FROM act
     WHERE act.type = 'award.decide' AND act.stands
), replaced AS (
    SELECT decided.position, min(later.time) AS time
      FROM decided
      JOIN decided AS later ON later.project = decided.project AND later.time > decided.time
     WHERE later.object IS NOT DISTINCT FROM decided.object
        OR later.reason IS NOT NULL
        OR EXISTS (SELECT
                     FROM act AS opening
                    WHERE opening.type = 'bid.open' AND opening.project = decided.project
                      AND opening.time > decided.time AND opening.time <= later.time)
     GROUP BY decided.position
)
SELECT decided.position, decided.project, decided.object, decided.supplier, decided.amount, decided.unit, decided.time,
       decided.day, coalesce(replaced.time, 'infinity')
  FROM decided
  LEFT JOIN replaced ON replaced.position = decided.position;
