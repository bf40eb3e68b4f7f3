-- Lay out what the catalogue asks to come first.
--   acts text[], entries int[], alternatives text[] (joined by "|"), same_objects bool[], skippables bool[]
INSERT INTO predecessor (act, entry, alternatives, same_object, skippable)
SELECT given.act, given.entry, string_to_array(given.alternatives, '|'), given.same_object, given.skippable
  FROM unnest(%(acts)s::text[], %(entries)s::integer[], %(alternatives)s::text[], %(same_objects)s::boolean[],
              %(skippables)s::boolean[]) AS given (act, entry, alternatives, same_object, skippable);
