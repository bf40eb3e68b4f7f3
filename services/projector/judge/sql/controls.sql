-- Read the controls of the case. `ends` NULL: it has no end.
SELECT control, rules, covers, starts, CASE WHEN ends < '9999-12-01' THEN ends END AS ends, position, time
  FROM control
 ORDER BY position;
