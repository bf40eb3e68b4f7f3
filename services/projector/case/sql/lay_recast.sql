-- Lay out what replaces the payloads of corrected acts.
--   positions bigint[], payloads text[]
INSERT INTO recast (position, fields)
SELECT given.position, given.payload::jsonb
  FROM unnest(%(positions)s::bigint[], %(payloads)s::text[]) AS given (position, payload);
