-- Lay out the participants that the acts of the case list.
INSERT INTO listed (position, ordinal, actor, role, capacity, function, signed)
SELECT act.position, said.ordinal, said.item ->> 'actor', said.item ->> 'role',
       coalesce(said.item ->> 'capacity', 'member'), said.item ->> 'function',
       coalesce(projector.as_yes(said.item ->> 'signed'), true)
  FROM act
 CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(act.data -> 'participants')
                                         WHEN 'array' THEN act.data -> 'participants' ELSE '[]' END)
       WITH ORDINALITY AS said (item, ordinal)
 WHERE act.data ? 'participants'
   AND said.item ->> 'actor' IS NOT NULL;
