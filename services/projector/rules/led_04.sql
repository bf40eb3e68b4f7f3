-- id = "LED-04"
-- title = {zh = "未知人员或失效岗位操作", en = "Unknown or inactive actor"}
-- severity = "CRITICAL"
-- force = "UNIT"
-- citation = ""
-- confidence = "C"
-- inputs = ["person.register", "account.link", "post.assign", "post.relieve"]
-- says.zh = "{acted} 的行为（{type}）由未登记人员 {unregistered}、所任岗位均已终止人员 {inactive} 作出"
-- says.en = "What was done on {acted} ({type}) was done by people not registered: {unregistered}; by people whose posts had all ended: {inactive}"

-- An account that is linked to nobody is an unknown person. Who never held a post (an expert, an agency's staff) is not
-- inactive. Whoever is registered later is known for what they did before, too.
WITH ended AS (
    SELECT term.person, min(term.ends) AS first FROM term GROUP BY term.person
), doubtful AS (
    SELECT DISTINCT hand.project, hand.position, hand.type, hand.time, hand.day, hand.person,
           registered.person IS NULL AS unregistered
      FROM hand
      LEFT JOIN registered ON registered.person = hand.person
      LEFT JOIN ended ON ended.person = hand.person
     WHERE hand.counts AND hand.human
       AND (hand.person NOT IN (SELECT registered.person FROM registered)
            OR hand.person IN (SELECT ended.person FROM ended WHERE isfinite(ended.first)))
       AND (registered.person IS NULL
            OR ended.first <= hand.time AND NOT EXISTS (
               SELECT FROM term
                WHERE term.person = hand.person AND hand.time >= term.starts AND hand.time < term.ends))
)
SELECT doubtful.project,
       doubtful.position::text AS key,
       'FAIL' AS result,
       doubtful.position AS judged,
       array_agg(doubtful.person ORDER BY doubtful.person) AS persons,
       doubtful.time AS since,
       ARRAY[doubtful.position] || (
           SELECT array_agg(DISTINCT term.position)
             FROM term
            WHERE term.person = ANY (array_agg(doubtful.person) FILTER (WHERE NOT doubtful.unregistered))) AS evidence,
       jsonb_build_object('acted', doubtful.day, 'type', doubtful.type,
                          'unregistered', array_agg(doubtful.person) FILTER (WHERE doubtful.unregistered),
                          'inactive', array_agg(doubtful.person) FILTER (WHERE NOT doubtful.unregistered)) AS computed
  FROM doubtful
 GROUP BY doubtful.project, doubtful.position, doubtful.type, doubtful.time, doubtful.day
