-- id = "NEG-09"
-- title = {zh = "索要或接受赠品、回扣", en = "Gifts or kickbacks"}
-- severity = "CRITICAL"
-- force = "REG"
-- citation = "政府采购法实施条例 §11"
-- confidence = "A"
-- inputs = ["supervise.inspect", "supervise.rectify", "req.review", "doc.check", "accept.perform"]
-- since = 2015-03-01
-- says.zh = "{coded} 指出采购人或其人员向供应商索要或者接受赠品、回扣或者与采购无关的商品、服务：{detail}，处理完毕：{resolved}"
-- says.en = "On {coded} it was coded that the purchaser or one of its people asked for or took from a supplier gifts, kickbacks or goods and services beside the purchase: {detail}; settled: {resolved}"

-- Whoever coded it is not whom it is about, and who that is the code does not say: so the finding names nobody.
SELECT issue.project,
       issue.position::text AS key,
       'FAIL' AS result,
       issue.time AS since,
       issue.resolved AS cured,
       ARRAY[issue.position, issue.resolving] AS evidence,
       jsonb_build_object('coded', issue.day, 'detail', issue.detail,
                          'resolved', projector.local_day(issue.resolved)) AS computed
  FROM issue
 WHERE issue.rule = 'NEG-09'
