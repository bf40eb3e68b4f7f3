-- id = "AMT-02"
-- title = {zh = "合同金额与中标金额不一致", en = "Contract differs from the award"}
-- severity = "CRITICAL"
-- force = "LAW"
-- citation = "政府采购法 §46; 政府采购法实施条例 §67(4)"
-- confidence = "A"
-- inputs = ["award.decide", "contract.sign"]
-- says.zh = "与 {supplier} 签订的合同累计 {total:money} 元，确定的中标（成交）金额为 {awarded:money} 元，相差 {difference:money} 元"
-- says.en = "Contracts signed with {supplier} come to CNY {total:money} in all; what was awarded to it is CNY {awarded:money}, a difference of CNY {difference:money}"

-- Contracts with one supplier are compared together with what it was awarded. Above: whichever contract passes it. Below:
-- once no contract is awaited, which in joint procurement (集采分签) is when every member has signed or the project is over.
WITH summed AS (
    SELECT signed.*, sum(signed.yuan) OVER in_turn AS total,
           count(*) OVER in_turn - count(signed.yuan) OVER in_turn AS unknown,
           array_agg(signed.position) OVER in_turn AS acts,
           lead(signed.position) OVER in_turn IS NULL AS is_last
      FROM (SELECT contract.*,
                   CASE WHEN coalesce(contract.data ->> 'currency', 'CNY') = 'CNY' THEN contract.amount END AS yuan
              FROM contract
             WHERE contract.signed) AS signed
    WINDOW in_turn AS (PARTITION BY signed.project, signed.supplier ORDER BY signed.time, signed.position)
), compared AS (
    SELECT summed.*, given.awarded, given.acts AS awards,
           CASE WHEN given.awards = 0 THEN 'award.decide'
                WHEN summed.supplier IS NULL THEN 'contract.sign supplier'
                WHEN summed.unknown > 0 THEN 'contract.sign amount'
                WHEN given.own = 0 AND (given.named < given.awards OR consortium.found) THEN 'award.decide supplier'
                WHEN given.awarded IS NULL THEN 'award.decide amount' END AS missing,
           summed.is_last AND (cardinality(project.units) < 2 OR project.closed < 'infinity' OR NOT EXISTS (
               SELECT
                 FROM unnest(project.units) AS buyer (unit)
                WHERE buyer.unit <> project.unit
                  AND NOT EXISTS (SELECT
                                    FROM contract
                                   WHERE contract.project = summed.project AND contract.unit = buyer.unit
                                     AND contract.signed))) AS complete
      FROM summed
      JOIN project ON project.project = summed.project
     CROSS JOIN LATERAL (
           SELECT count(*) AS awards, count(award.supplier) AS named,
                  count(*) FILTER (WHERE award.supplier = summed.supplier) AS own,
                  CASE WHEN count(*) FILTER (WHERE award.supplier = summed.supplier AND award.amount IS NULL) = 0
                       THEN coalesce(sum(award.amount) FILTER (WHERE award.supplier = summed.supplier), 0) END AS awarded,
                  array_agg(award.position) AS acts
             FROM award
            WHERE award.project = summed.project AND award.time <= summed.time AND award.ends > summed.time) AS given
     CROSS JOIN LATERAL (
           SELECT EXISTS (SELECT
                            FROM participant
                           WHERE participant.project = summed.project AND participant.supplier = summed.supplier
                             AND participant.kind = 'consortium_member') AS found) AS consortium
)
SELECT compared.project,
       compared.position::text AS key,
       CASE WHEN compared.missing IS NOT NULL THEN 'UNDETERMINED'
            WHEN compared.total > compared.awarded THEN 'FAIL'
            WHEN compared.total < compared.awarded AND compared.complete THEN 'FAIL'
            ELSE 'PASS' END AS result,
       CASE WHEN compared.total < compared.awarded THEN 'HIGH' END AS severity,
       compared.position AS judged,
       compared.time AS since,
       compared.acts || compared.awards AS evidence,
       jsonb_build_object('supplier', compared.supplier, 'total', compared.total, 'awarded', compared.awarded,
                          'difference', abs(compared.total - compared.awarded), 'unknown', compared.missing) AS computed
  FROM compared
  JOIN course ON course.project = compared.project AND compared.time >= course.starts AND compared.time < course.ends
 WHERE course.method IS DISTINCT FROM 'framework'
