-- id = "CHN-17"
-- title = {zh = "验收无方案或无逐项结论", en = "Acceptance without a scheme or without results by item"}
-- severity = "MEDIUM"
-- force = "REG"
-- citation = "财库〔2021〕22号 §24; 政府采购法实施条例 §45"
-- confidence = "A"
-- since = 2015-03-01
-- inputs = ["accept.perform", "contract.sign"]
-- says.zh = "合同 {contract} 于 {accepted} 验收：合同约定验收方案：{scheme}；验收项目 {items} 项，其中 {lacking} 项没有结论"
-- says.en = "Contract {contract} was accepted on {accepted}: an acceptance scheme was agreed in the contract: {scheme}; of {items} items, {lacking} have no result"

SELECT act.project,
       -- Some items with a result and some without is an acceptance with gaps. Where none is listed, or none has a
       -- result, they may be elsewhere: that is not known.
       act.position::text AS key,
       CASE WHEN NOT agreed.scheme OR line.lacking > 0 AND line.lacking < line.items THEN 'FAIL'
            WHEN agreed.scheme AND line.items > 0 AND line.lacking = 0 THEN 'PASS'
            ELSE 'UNDETERMINED' END AS result,
       act.position AS judged,
       act.time AS since,
       ARRAY[act.position, agreed.position] AS evidence,
       jsonb_build_object('contract', coalesce(act.contract, agreed.contract), 'accepted', act.day,
                          'scheme', agreed.scheme, 'items', line.items, 'lacking', line.lacking,
                          'unknown', CASE WHEN agreed.scheme IS NULL THEN 'contract.sign acceptance_scheme'
                                          WHEN line.items = line.lacking THEN 'accept.perform items' END) AS computed
  FROM act
  LEFT JOIN LATERAL (
       SELECT root.position, root.contract,
              coalesce(projector.as_yes(root.data ->> 'acceptance_scheme'),
                       CASE WHEN root.data @> '{"documents": [{"kind": "acceptance_scheme"}]}' THEN true END) AS scheme
         FROM contract
         JOIN contract AS root ON root.project = contract.project AND root.contract = contract.root AND root.signed
        WHERE contract.project = act.project AND contract.time <= act.time
          AND (contract.contract = act.contract OR act.contract IS NULL OR contract.contract LIKE 'act:%')
        ORDER BY contract.contract = act.contract DESC NULLS LAST, root.time
        LIMIT 1) AS agreed ON true
 CROSS JOIN LATERAL (
       SELECT count(*) AS items, count(*) FILTER (WHERE item.value ->> 'result' IS NULL) AS lacking
         FROM jsonb_array_elements(CASE jsonb_typeof(act.data -> 'items')
              WHEN 'array' THEN act.data -> 'items' ELSE '[]' END) AS item (value)) AS line
 WHERE act.type = 'accept.perform'
