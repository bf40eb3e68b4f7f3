-- id = "DDL-14"
-- title = {zh = "与中小企业约定付款期超过60日", en = "Agreed term of payment too long for a small or medium supplier"}
-- severity = "HIGH"
-- force = "REG"
-- citation = "保障中小企业款项支付条例（国务院令802号）§9"
-- confidence = "A"
-- policies = ["pay.sme_sizes", "pay.sme_days_agreed"]
-- inputs = ["contract.sign", "supplier.snapshot"]
-- since = 2020-09-01
-- says.zh = "合同 {contract} 于 {signed} 与中小企业 {supplier}（规模：{size}）签订，约定付款期 {agreed} 日，最长不得超过 {most} 日"
-- says.en = "Contract {contract} was signed on {signed} with {supplier} (size: {size}) and agrees {agreed} days for payment; {most} is the most"

-- A contract that agrees on no term has the term of the text itself; one whose term was not recorded is not known.
SELECT contract.project,
       contract.position::text AS key,
       CASE WHEN term.days <= policy.number THEN 'PASS'
            WHEN term.days > policy.number AND supplier.size = ANY (sizes.list) THEN 'FAIL'
            ELSE 'UNDETERMINED' END AS result,
       contract.position AS judged,
       contract.time AS since,
       ARRAY[contract.position, supplier.position] AS evidence,
       jsonb_build_object('contract', contract.contract, 'signed', contract.day, 'supplier', contract.supplier,
                          'size', supplier.size, 'agreed', term.days, 'most', policy.number,
                          'unknown', CASE WHEN policy.number IS NULL THEN 'pay.sme_days_agreed'
                                          WHEN term.days IS NULL THEN 'contract.sign payment_days'
                                          WHEN supplier.size IS NULL THEN 'supplier.snapshot size'
                                          WHEN sizes.list IS NULL THEN 'pay.sme_sizes' END) AS computed
  FROM contract
 CROSS JOIN LATERAL (SELECT projector.as_number(contract.data ->> 'payment_days') AS days) AS term
  LEFT JOIN supplier ON supplier.supplier = contract.supplier
                    AND contract.time >= supplier.starts AND contract.time < supplier.ends
  LEFT JOIN policy ON policy.key = 'pay.sme_days_agreed' AND policy.unit = contract.unit
                  AND contract.time >= policy.starts AND contract.time < policy.ends
  LEFT JOIN policy AS sizes ON sizes.key = 'pay.sme_sizes' AND sizes.unit = contract.unit
                           AND contract.time >= sizes.starts AND contract.time < sizes.ends
 WHERE contract.signed
   AND coalesce(supplier.size = ANY (sizes.list), true)
