-- Read the calendar of working days as it stands here. No row: it was never filled.
SELECT day, works, ordinal
  FROM projector.days
 ORDER BY day;
