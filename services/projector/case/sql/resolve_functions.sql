-- Say by which function people took part where the act does not: that of the post they held in its unit then.
UPDATE hand
   SET function = live.function
  FROM (SELECT DISTINCT ON (hand.position, hand.person) hand.position, hand.person,
               CASE WHEN post.designation IN ('lead_department', 'procurement_officer') THEN 'procurement'
                    WHEN post.designation = 'requesting' THEN 'business'
                    ELSE post.designation END AS function
          FROM hand
          JOIN act ON act.position = hand.position
          JOIN term ON term.person = hand.person AND hand.time >= term.starts AND hand.time < term.ends
          JOIN post ON post.post = term.post AND post.unit = act.unit
                   AND hand.time >= post.starts AND hand.time < post.ends
         WHERE hand.function IS NULL
           AND post.designation IN ('lead_department', 'procurement_officer', 'requesting', 'finance', 'supervision',
                                    'legal')
         ORDER BY hand.position, hand.person, post.post) AS live
 WHERE hand.position = live.position
   AND hand.person = live.person
   AND hand.function IS NULL;
