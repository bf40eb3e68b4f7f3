-- id = "CHN-08"
-- title = {zh = "应集采未集采", en = "Not centralised"}
-- severity = "CRITICAL"
-- force = "LAW"
-- citation = "政府采购法 §18, §74"
-- confidence = "A"
-- policies = ["method.catalogue", "method.catalogue_amount"]
-- inputs = ["notice.publish", "single.publicise", "award.decide", "contract.sign"]
-- says.zh = "品目 {categories} 列入集中采购目录，金额 {amount:money} 元达到目录限额 {threshold:money} 元，于 {began} 开始采购，组织形式为 {organisation}"
-- says.en = "Category {categories} is in the central procurement catalogue and {amount:money} yuan reaches its amount of {threshold:money} yuan; the purchase began on {began}, organised as {organisation}"

WITH began AS (
    -- What is bought: the project's category, at its budget; where that one is not listed, the lines of the requirement
    -- that are, at their price. A code covers those below it (A0201: A02010105). The government may exempt a project
    -- (政府采购法 §18): a method.change that restates how it is organised.
    SELECT DISTINCT ON (act.project) act.project, act.position, act.time, act.day, act.amount
      FROM act
     WHERE act.type IN ('notice.publish', 'single.publicise', 'eval.perform', 'award.decide', 'contract.sign')
       AND act.stands
     ORDER BY act.project, act.time, act.known_from, act.position
), apart AS (
    SELECT began.*, course.organisation, project.category, coalesce(budget.total, began.amount) AS budgeted,
           catalogue.list AS listed, floor.number AS threshold
      FROM began
      JOIN project ON project.project = began.project
      LEFT JOIN course ON course.project = began.project AND began.time >= course.starts AND began.time < course.ends
      LEFT JOIN budget ON budget.project = began.project AND began.time >= budget.starts AND began.time < budget.ends
      LEFT JOIN policy AS catalogue ON catalogue.key = 'method.catalogue' AND catalogue.unit = project.unit
                      AND began.time >= catalogue.starts AND began.time < catalogue.ends
      LEFT JOIN policy AS floor ON floor.key = 'method.catalogue_amount' AND floor.unit = project.unit
                      AND began.time >= floor.starts AND began.time < floor.ends
     WHERE course.organisation IS DISTINCT FROM 'central'
       AND NOT EXISTS (SELECT FROM act
                        WHERE act.type = 'method.change' AND act.project = began.project AND act.stands
                          AND act.time <= began.time AND act.data ->> 'organisation' = course.organisation)
), requirement AS (
    SELECT DISTINCT ON (apart.project) apart.project, act.data
      FROM apart
      JOIN act ON act.type = 'req.prepare' AND act.project = apart.project AND act.stands AND act.time <= apart.time
     ORDER BY apart.project, act.time DESC
), line AS (
    SELECT apart.project, apart.category, apart.budgeted AS worth, true AS whole
      FROM apart
     WHERE apart.category IS NOT NULL
     UNION ALL
    SELECT apart.project, item.value ->> 'category',
           projector.as_number(item.value ->> 'quantity') * projector.as_number(item.value ->> 'unit_price'), false
      FROM apart
      JOIN requirement ON requirement.project = apart.project
     CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(requirement.data -> 'items')
           WHEN 'array' THEN requirement.data -> 'items' ELSE '[]' END) AS item (value)
     WHERE item.value ->> 'category' IS NOT NULL
), bought AS (
    SELECT apart.project, count(line.project) AS lines,
           array_agg(DISTINCT line.category) FILTER (WHERE entry.hit) AS hits,
           CASE WHEN bool_or(line.whole) FILTER (WHERE entry.hit) THEN max(line.worth) FILTER (WHERE line.whole)
                WHEN bool_and(line.worth IS NOT NULL) FILTER (WHERE entry.hit)
                THEN sum(line.worth) FILTER (WHERE entry.hit) END AS worth
      FROM apart
      LEFT JOIN line ON line.project = apart.project
     CROSS JOIN LATERAL (
           SELECT bool_or(line.category = listed.code
                          OR line.category ~ '^[ABC]([0-9][0-9])*$' AND listed.code ~ '^[ABC]([0-9][0-9])*$'
                             AND starts_with(line.category, listed.code)) AS hit
             FROM unnest(apart.listed) AS listed (code)) AS entry
     GROUP BY apart.project
)
SELECT apart.project,
       'organisation' AS key,
       CASE WHEN apart.listed IS NULL OR bought.lines = 0 THEN 'UNDETERMINED'
            WHEN bought.hits IS NULL OR least(bought.worth, apart.budgeted) < apart.threshold THEN 'PASS'
            WHEN bought.worth >= apart.threshold AND apart.organisation IS NOT NULL THEN 'FAIL'
            ELSE 'UNDETERMINED' END AS result,
       apart.position AS judged,
       apart.time AS since,
       ARRAY[apart.position] AS evidence,
       jsonb_build_object('categories', bought.hits, 'amount', bought.worth, 'threshold', apart.threshold,
                          'began', apart.day, 'organisation', apart.organisation,
                          'unknown', CASE WHEN apart.listed IS NULL THEN 'method.catalogue'
                                          WHEN bought.lines = 0 THEN 'project.open category'
                                          WHEN apart.threshold IS NULL THEN 'method.catalogue_amount'
                                          WHEN bought.worth IS NULL THEN 'amount of what the catalogue lists'
                                          WHEN apart.organisation IS NULL THEN 'project.open organisation' END)
           AS computed
  FROM apart
  JOIN bought ON bought.project = apart.project
