-- id = "CHN-18"
-- title = {zh = "档案要件缺失", en = "File incomplete"}
-- severity = "MEDIUM"
-- force = "LAW"
-- citation = "政府采购法 §42, §76"
-- confidence = "A"
-- policies = ["chn.file_required"]
-- inputs = ["file.archive"]
-- says.zh = "采购档案于 {archived} 归档，缺少：{missing}（其后补齐：{completed}）"
-- says.en = "The procurement file was archived on {archived} without: {missing} (completed afterwards: {completed})"

WITH filed AS (
    -- The list of article 42, without what the method does without; of a project that failed or was cancelled, what
    -- there came to be. Vouchers are filed apart, by the keeper of accounting records. Documents without a kind may be
    -- any.
    SELECT DISTINCT ON (act.project) act.project, act.position, act.time, act.day, act.erased,
           act.data -> 'documents' AS documents, project.unit, project.outcome IN ('failed', 'cancelled') AS ended,
           coalesce(course.skips, '{}') AS skips
      FROM act
      JOIN project ON project.project = act.project
      LEFT JOIN course ON course.project = act.project AND act.time >= course.starts AND act.time < course.ends
     WHERE act.type = 'file.archive' AND act.stands AND act.role IS DISTINCT FROM 'accounting_archivist'
     ORDER BY act.project, act.time, act.known_from, act.position
), source (kind, act) AS (
    VALUES ('solicitation', 'doc.prepare'), ('bid', 'bid.open'), ('criteria', 'eval.organise'),
           ('evaluation_report', 'eval.perform'), ('award_document', 'award.decide'), ('contract', 'contract.sign'),
           ('acceptance_certificate', 'accept.perform'), ('challenge_reply', 'challenge.reply'),
           ('complaint_decision', 'complaint.receive')
), kept AS (
    SELECT act.project, document.item -> 'kind' AS kind, min(act.time) AS held
      FROM act
     CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(act.data -> 'documents')
                                             WHEN 'array' THEN act.data -> 'documents' ELSE '[]' END) AS document (item)
     WHERE act.type = 'file.archive' AND act.stands
     GROUP BY act.project, document.item -> 'kind'
), came AS (
    SELECT act.project, act.type, min(act.time) AS time
      FROM act
     WHERE act.type IN ('doc.prepare', 'bid.open', 'eval.organise', 'eval.perform', 'award.decide', 'contract.sign',
                        'accept.perform', 'challenge.reply', 'complaint.receive')
       AND act.stands
     GROUP BY act.project, act.type
), wanted AS (
    SELECT filed.project, asked.kind, filed.time, kept.held
      FROM filed
      LEFT JOIN policy ON policy.key = 'chn.file_required' AND policy.unit = filed.unit
                      AND filed.time >= policy.starts AND filed.time < policy.ends
     CROSS JOIN LATERAL (
           SELECT unnest(policy.list) AS kind UNION SELECT 'challenge_reply' UNION SELECT 'complaint_decision') AS asked
      LEFT JOIN source ON source.kind = asked.kind
      LEFT JOIN came ON came.project = filed.project AND came.type = source.act
      LEFT JOIN kept ON kept.project = filed.project AND kept.kind = to_jsonb(asked.kind)
     WHERE source.act IS NULL
        OR source.act <> ALL (filed.skips)
           AND (NOT coalesce(filed.ended, false) AND asked.kind NOT IN ('challenge_reply', 'complaint_decision')
                OR came.time <= filed.time)
), lacking AS (
    SELECT wanted.project, jsonb_agg(wanted.kind ORDER BY wanted.kind) AS kinds,
           CASE WHEN bool_and(wanted.held IS NOT NULL) THEN max(wanted.held) END AS completed
      FROM wanted
     WHERE (wanted.held > wanted.time) IS NOT false
     GROUP BY wanted.project
)
SELECT filed.project,
       'file' AS key,
       CASE WHEN policy.list IS NOT NULL AND lacking.kinds IS NULL THEN 'PASS'
            WHEN policy.list IS NULL OR filed.erased OR untold.documents IS NOT false THEN 'UNDETERMINED'
            ELSE 'FAIL' END AS result,
       filed.position AS judged,
       filed.time AS since,
       lacking.completed AS cured,
       ARRAY[filed.position] AS evidence,
       jsonb_build_object('archived', filed.day, 'missing', lacking.kinds,
                          'completed', projector.local_day(lacking.completed),
                          'unknown', CASE WHEN policy.list IS NULL THEN 'chn.file_required'
                                          WHEN lacking.kinds IS NOT NULL THEN 'file.archive documents' END) AS computed
  FROM filed
  LEFT JOIN policy ON policy.key = 'chn.file_required' AND policy.unit = filed.unit
                  AND filed.time >= policy.starts AND filed.time < policy.ends
  LEFT JOIN lacking ON lacking.project = filed.project
 CROSS JOIN LATERAL (
       SELECT count(*) = 0 OR bool_or(document.item ->> 'kind' IS NULL) AS documents
         FROM jsonb_array_elements(CASE jsonb_typeof(filed.documents)
              WHEN 'array' THEN filed.documents ELSE '[]' END) AS document (item)) AS untold
