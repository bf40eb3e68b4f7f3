-- id = "INT-07"
-- title = {zh = "供应商之间存在关联", en = "Related bidders"}
-- severity = "CRITICAL"
-- force = "REG"
-- citation = "政府采购法实施条例 §18 第1款"
-- confidence = "A"
-- since = 2015-03-01
-- inputs = ["bid.open", "participant.record", "supplier.snapshot"]
-- says.zh = "{one} 与 {other} 参加同一合同项下的采购活动，且：负责人同为 {heads}；直接持股：{holds}（持股比例：{share:percent}）；管理关系：{manages}"
-- says.en = "{one} and {other} take part in the procurement of the same contract, and: have the same head: {heads}; direct holding: {holds} (share: {share:percent}); management: {manages}"

-- By the snapshot that held when a supplier's taking part was recorded; later ones say nothing of that day. Members of a
-- consortium may bid together: which bid a member belongs to is not said, so that its relations leave the question open.
-- A shareholder or controller in common is no direct link. A share said to be of half or less controls only if it carries
-- the votes (控股), which the snapshot does not say.
WITH bidder AS (
    SELECT DISTINCT ON (participant.project, participant.supplier) participant.project, participant.supplier,
           participant.time, participant.position,
           bool_or(participant.kind = 'consortium_member')
               OVER (PARTITION BY participant.project, participant.supplier) AS joint
      FROM participant
     WHERE participant.kind IN ('bidder', 'consortium_member')
     ORDER BY participant.project, participant.supplier, participant.time, participant.position
), seen AS (
    SELECT bidder.*, supplier.head, supplier.holders, supplier.shares, supplier.managers, supplier.position AS snapshot
      FROM bidder
      LEFT JOIN supplier ON supplier.supplier = bidder.supplier
                        AND bidder.time >= supplier.starts AND bidder.time < supplier.ends
), pair AS (
    SELECT one.project, one.supplier AS one, other.supplier AS other, one.joint OR other.joint AS joint,
           greatest(one.time, other.time) AS time,
           CASE WHEN one.time > other.time THEN one.position ELSE other.position END AS judged,
           ARRAY[one.position, other.position, one.snapshot, other.snapshot] AS evidence,
           ARRAY(SELECT unnest(one.head) INTERSECT SELECT unnest(other.head)) AS heads,
           CASE WHEN one.supplier = ANY (other.holders) THEN one.supplier || ' → ' || other.supplier
                WHEN other.supplier = ANY (one.holders) THEN other.supplier || ' → ' || one.supplier END AS holds,
           CASE WHEN one.supplier = ANY (other.managers) THEN one.supplier || ' → ' || other.supplier
                WHEN other.supplier = ANY (one.managers) THEN other.supplier || ' → ' || one.supplier END AS manages,
           coalesce(other.shares[array_position(other.holders, one.supplier)],
                    one.shares[array_position(one.holders, other.supplier)]) AS share
      FROM seen AS one
      JOIN seen AS other ON other.project = one.project AND other.supplier > one.supplier
)
SELECT pair.project,
       pair.one || ' ' || pair.other AS key,
       CASE WHEN pair.heads = '{}' AND pair.holds IS NULL AND pair.manages IS NULL THEN 'PASS'
            WHEN pair.joint THEN 'UNDETERMINED'
            WHEN pair.heads = '{}' AND pair.manages IS NULL AND pair.share <= 0.5 THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       pair.judged,
       pair.time AS since,
       pair.evidence,
       jsonb_build_object('one', pair.one, 'other', pair.other, 'heads', pair.heads, 'holds', pair.holds,
                          'manages', pair.manages,
                          'share', pair.share,
                          'unknown', CASE WHEN pair.joint THEN 'participant.record consortium'
                                          WHEN pair.share <= 0.5 THEN 'supplier.snapshot controllers' END) AS computed
  FROM pair
 UNION ALL
SELECT seen.project, seen.supplier, 'UNDETERMINED', seen.position, seen.time, ARRAY[seen.position],
       jsonb_build_object('one', seen.supplier, 'unknown', 'supplier.snapshot ' || seen.supplier)
  FROM seen
 WHERE seen.snapshot IS NULL
   AND EXISTS (SELECT FROM seen AS other WHERE other.project = seen.project AND other.supplier <> seen.supplier)
