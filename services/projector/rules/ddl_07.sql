-- id = "DDL-07"
-- title = {zh = "合同签订逾期", en = "Contract signed late"}
-- severity = "HIGH"
-- force = "LAW"
-- citation = "政府采购法 §46"
-- confidence = "A"
-- policies = ["ddl.contract_sign", "ddl.contract_sign_hold"]
-- inputs = ["award.publish", "contract.sign", "challenge.receive", "challenge.reply", "inquiry.receive", "inquiry.reply"]
-- says.zh = "通知书于 {notified} 发出，合同应在 {number} 日内（{due} 前）签订；实际签订：{signed}，历时 {days} 日，其中因询问或质疑暂停 {held} 日，扣除后为 {net} 日"
-- says.en = "The award was notified on {notified} and the contract was to be signed within {number} days, by {due}; signed: {signed}, after {days} days, of which {held} on hold for inquiries or challenges, so {net} without them"

-- An award is notified when it is first published; a contract belongs to the last one before it that names its supplier.
-- Days from the receipt of an inquiry or challenge that may change the result until before its answer are days on hold
-- (实施条例 §54). Whether they count the law does not say: late under both counts is late, under one only is open, unless
-- the unit's policy says `include` or `exclude`.
WITH awarded AS (
    SELECT DISTINCT ON (notice.project, notice.object, decided.position) notice.project, notice.position, notice.time,
           notice.day, notice.unit, decided.supplier, decided.time AS decided
      FROM act AS notice
      LEFT JOIN LATERAL (
           SELECT act.position, act.supplier, act.time
             FROM act
            WHERE act.type = 'award.decide' AND act.project = notice.project AND act.stands
              AND coalesce(act.object = notice.object, true) AND act.time <= notice.time
            ORDER BY act.time DESC
            LIMIT 1) AS decided ON true
     WHERE notice.type = 'award.publish' AND notice.stands
     ORDER BY notice.project, notice.object, decided.position, notice.time, notice.position
), signed AS (
    SELECT found.*, row_number() OVER (PARTITION BY found.award ORDER BY found.time, found.position) AS ordinal
      FROM (SELECT DISTINCT ON (contract.position) contract.position, contract.time, contract.day,
                   awarded.position AS award
              FROM contract
              JOIN awarded ON awarded.project = contract.project AND awarded.time <= contract.time
                          AND coalesce(awarded.supplier = contract.supplier, true)
             WHERE contract.signed
             ORDER BY contract.position, awarded.time DESC, awarded.position) AS found
), counted AS (
    SELECT awarded.*, signed.position AS signing, signed.time AS signed_at, signed.day AS signed, signed.ordinal,
           policy.number, term.due, coalesce(hold.value #>> '{}', 'report_both') AS hold,
           coalesce(signed.day, moment.today) AS until, held.days AS held, held.evidence
      FROM awarded
     CROSS JOIN moment
      LEFT JOIN signed ON signed.award = awarded.position
      LEFT JOIN policy ON policy.key = 'ddl.contract_sign' AND policy.unit = awarded.unit
                      AND awarded.time >= policy.starts AND awarded.time < policy.ends
      LEFT JOIN policy AS hold ON hold.key = 'ddl.contract_sign_hold' AND hold.unit = awarded.unit
                              AND awarded.time >= hold.starts AND awarded.time < hold.ends
     CROSS JOIN LATERAL (
           SELECT projector.due_day(awarded.day, policy.number::integer, policy.measure, policy.rolls) AS due) AS term
     CROSS JOIN LATERAL (
           SELECT count(DISTINCT on_hold.day)::integer AS days, array_agg(DISTINCT received.position) AS evidence
             FROM act AS received
             LEFT JOIN LATERAL (
                  SELECT min(act.day) AS day
                    FROM act
                   WHERE act.type = split_part(received.type, '.', 1) || '.reply' AND act.project = received.project
                     AND coalesce(act.object = received.object, true)
                     AND act.time >= received.time) AS answered ON true
            CROSS JOIN LATERAL generate_series(
                  greatest(received.day, awarded.day + 1)::timestamp,
                  least(answered.day - 1, coalesce(signed.day, moment.today))::timestamp, '1 day') AS on_hold (day)
            WHERE received.type IN ('challenge.receive', 'inquiry.receive') AND received.project = awarded.project
              AND projector.as_yes(received.data ->> 'affects_result') IS NOT false) AS held
     -- An award that was taken back in time, or a project that failed or was called off in time, leaves no contract due.
     WHERE NOT (signed.position IS NULL AND EXISTS (
           SELECT
             FROM project
             LEFT JOIN awarded AS again ON again.project = project.project AND again.decided > awarded.time
            WHERE project.project = awarded.project
              AND (again.day <= term.due
                   OR project.outcome IN ('failed', 'cancelled') AND projector.local_day(project.closed) <= term.due)))
)
SELECT counted.project,
       CASE WHEN coalesce(counted.ordinal, 1) = 1 THEN counted.position ELSE counted.signing END::text AS key,
       CASE WHEN counted.due IS NULL THEN 'UNDETERMINED'
            WHEN counted.until <= counted.due THEN 'PASS'
            WHEN counted.until > counted.due + counted.held OR counted.hold = 'include' THEN 'FAIL'
            WHEN counted.hold = 'exclude' THEN 'PASS'
            ELSE 'UNDETERMINED' END AS result,
       coalesce(counted.signing, counted.position) AS judged,
       coalesce(projector.day_starts(counted.due + 1), counted.time) AS since,
       counted.signed_at AS cured,
       CASE WHEN counted.signing IS NULL THEN counted.due END AS due,
       ARRAY[counted.position, counted.signing] || counted.evidence AS evidence,
       jsonb_build_object('notified', counted.day, 'number', counted.number, 'due', counted.due, 'signed', counted.signed,
                          'days', counted.until - counted.day, 'held', counted.held,
                          'net', counted.until - counted.day - counted.held,
                          'unknown', CASE WHEN counted.due IS NULL THEN 'ddl.contract_sign'
                                          WHEN counted.until > counted.due
                                           AND counted.until <= counted.due + counted.held
                                           AND counted.hold NOT IN ('include', 'exclude')
                                          THEN 'ddl.contract_sign_hold' END) AS computed
  FROM counted
