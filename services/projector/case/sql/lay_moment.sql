-- Lay out when the judging stands.
--   now timestamptz
INSERT INTO moment (as_of, today)
VALUES (%(now)s, projector.local_day(%(now)s));
