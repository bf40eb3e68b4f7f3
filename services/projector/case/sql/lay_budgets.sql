-- Lay out what each project may spend: approvals add up, an adjustment is the new total. One whose amount is not known
-- makes the total unknown until the next adjustment.
INSERT INTO budget (project, starts, ends, total, position)
WITH said AS (
    SELECT act.project, act.time, act.position, act.amount,
           count(*) FILTER (WHERE act.type = 'budget.adjust') OVER so_far AS adjustments,
           coalesce(lead(act.time) OVER so_far, 'infinity') AS next
      FROM act
     WHERE act.type IN ('budget.approve', 'budget.adjust') AND act.stands
    WINDOW so_far AS (PARTITION BY act.project ORDER BY act.time, act.known_from, act.position)
)
SELECT said.project, said.time, said.next,
       CASE WHEN count(*) FILTER (WHERE said.amount IS NULL) OVER since = 0 THEN sum(said.amount) OVER since END,
       said.position
  FROM said
WINDOW since AS (PARTITION BY said.project, said.adjustments ORDER BY said.time, said.position);
