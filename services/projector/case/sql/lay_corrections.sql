-- Lay out which acts are withdrawn, as known then.
--   log_id int, known_at timestamptz
INSERT INTO withdrawn (position)
SELECT voided.position
  FROM projector.voided_at(%(log_id)s, %(known_at)s) AS voided;
