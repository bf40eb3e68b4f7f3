-- Lay out awards, each until another takes its place: one of the same thing, one that says why it departs from what was
-- decided before, or one that follows another opening of bids. Others are of lots, and stand side by side.
INSERT INTO award (position, project, award, supplier, amount, unit, time, day, ends)
SELECT act.position, act.project, act.object, act.supplier,
       CASE WHEN act.currency = 'CNY' THEN act.amount END, act.unit, act.time, act.day,
       coalesce((SELECT min(later.time)
                   FROM act AS later
                  WHERE later.type = 'award.decide' AND later.project = act.project AND later.stands
                    AND later.time > act.time
                    AND (later.object IS NOT DISTINCT FROM act.object
                         OR later.data ->> 'reason' IS NOT NULL
                         OR EXISTS (SELECT
                                      FROM act AS opening
                                     WHERE opening.type = 'bid.open' AND opening.project = act.project
                                       AND opening.time > act.time AND opening.time <= later.time))), 'infinity')
  FROM act
 WHERE act.type = 'award.decide' AND act.stands;
