-- id = "LED-05"
-- title = {zh = "证据哈希不符", en = "Evidence mismatch"}
-- severity = "CRITICAL"
-- force = "UNIT"
-- citation = ""
-- confidence = "C"
-- inputs = []
-- says.zh = "文件「{document}」于 {registered} 登记的摘要为 {earlier}，于 {again} 再次登记时为 {later}"
-- says.en = "The document “{document}” was registered on {registered} with the digest {earlier}, and again on {again} with {later}"

-- The same document: the same address, or the same kind and name in one project. It may come again with a digest that it
-- had before, or with a version that it had not. What two contracts, payments or acceptances call alike is not the same.
WITH listed AS (
    SELECT act.project, act.position, act.type, act.time, act.day, act.object, act.version, document ->> 'uri' AS uri,
           document ->> 'kind' AS kind, document ->> 'name' AS name, document ->> 'sha256' AS sha256
      FROM act
     CROSS JOIN LATERAL jsonb_array_elements(CASE jsonb_typeof(act.data -> 'documents')
                                             WHEN 'array' THEN act.data -> 'documents' ELSE '[]' END) AS document
     WHERE act.data ? 'documents' AND document ->> 'sha256' IS NOT NULL
), named AS NOT MATERIALIZED (
    SELECT listed.*, listed.uri AS called, false AS by_name FROM listed WHERE listed.uri IS NOT NULL
     UNION ALL
    SELECT listed.*, listed.kind || ' ' || listed.name, true
      FROM listed
     WHERE listed.kind IS NOT NULL AND listed.name IS NOT NULL
), varied AS MATERIALIZED (
    SELECT named.*
      FROM named
      JOIN (SELECT named.project, named.called
              FROM named
             GROUP BY named.project, named.called
            HAVING min(named.sha256) <> max(named.sha256)) AS several USING (project, called)
)
SELECT DISTINCT ON (later.project, later.called)
       later.project,
       later.called AS key,
       'FAIL' AS result,
       later.position AS judged,
       later.time AS since,
       ARRAY[earlier.position, later.position] AS evidence,
       jsonb_build_object('document', coalesce(later.name, later.uri), 'registered', earlier.day,
                          'earlier', left(earlier.sha256, 12), 'again', later.day,
                          'later', left(later.sha256, 12)) AS computed
  FROM varied AS later
  JOIN varied AS earlier ON earlier.project = later.project AND earlier.called = later.called
                        AND (earlier.time, earlier.position) < (later.time, later.position)
 WHERE earlier.sha256 <> later.sha256
   AND NOT (later.by_name AND earlier.uri <> later.uri IS TRUE)
   AND NOT (split_part(earlier.type, '.', 1) = split_part(later.type, '.', 1)
            AND earlier.object <> later.object IS TRUE)
   AND NOT EXISTS (
       SELECT FROM varied AS before
        WHERE before.project = later.project AND before.called = later.called
          AND (before.time, before.position) < (later.time, later.position) AND before.sha256 = later.sha256)
   AND NOT (later.version IS NOT NULL AND EXISTS (
            SELECT FROM varied AS before
             WHERE before.project = later.project AND before.called = later.called
               AND (before.time, before.position) < (later.time, later.position) AND before.version IS NOT NULL)
        AND NOT EXISTS (
            SELECT FROM varied AS before
             WHERE before.project = later.project AND before.called = later.called
               AND (before.time, before.position) < (later.time, later.position) AND before.version = later.version))
 ORDER BY later.project, later.called, later.time, later.position, earlier.time, earlier.position
