-- Read the controls of the case. `until`: the last day on which one holds, NULL: it has no end.
SELECT control, rules, covers, starts,
       CASE WHEN ends <> 'infinity' THEN projector.local_day(ends - interval '1 microsecond') END AS until,
       position, time
  FROM control
 ORDER BY position;
