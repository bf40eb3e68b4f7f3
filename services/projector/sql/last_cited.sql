-- Find when an act of these types last cited each of these grants, by `as_of` and as known then. Acts that anybody ever
-- corrected are left out: they may no longer cite it. No row: nobody cited any.
--   log_id int, as_of timestamptz, known_at timestamptz, names text[], types text[]
SELECT authority, max(time)
  FROM projector.acts
 WHERE log_id = %(log_id)s
   AND authority = ANY (%(names)s::text[])
   AND type = ANY (%(types)s::text[])
   AND time <= %(as_of)s
   AND known_from <= %(known_at)s
   AND NOT EXISTS (
       SELECT FROM projector.corrections AS said
        WHERE said.log_id = %(log_id)s
          AND said.target_source = acts.source
          AND said.target_id = acts.id)
 GROUP BY authority;
