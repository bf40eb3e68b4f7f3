-- Find the projects and units that acts between two positions may have changed something for. A scope may come though
-- nothing changed; none is left out. `everything`: a pack changed what is judged at
-- all, or a scan of an earlier day which days are missing. No row: nothing to judge.
--   log_id int, after bigint, upto bigint
WITH fresh AS MATERIALIZED (
    SELECT acts.position, acts.type, acts.stage, acts.subject, acts.project, acts.unit, acts.actor, acts.data
      FROM projector.acts
     WHERE acts.log_id = %(log_id)s
       AND acts.position > %(after)s
       AND acts.position <= %(upto)s
), aimed AS (
    SELECT coalesce(fresh.data -> 'corrects', fresh.data -> 'target', fresh.data -> 'act') AS key
      FROM fresh
     WHERE fresh.type IN ('act.correct', 'data.erase', 'auth.ratify')
), target AS (
    SELECT acts.position, acts.type, acts.stage, acts.subject, acts.project, acts.unit, acts.actor, acts.data
      FROM aimed
      JOIN projector.acts ON acts.log_id = %(log_id)s AND acts.source = aimed.key ->> 'source'
                         AND acts.id = aimed.key ->> 'id'
), moved AS MATERIALIZED (
    SELECT * FROM fresh
     UNION ALL
    SELECT * FROM target
), person AS (
    SELECT DISTINCT named.person
      FROM moved
     CROSS JOIN LATERAL (
           SELECT CASE WHEN moved.subject ~ '^(person|account):' THEN moved.subject END
            UNION ALL
           SELECT moved.data ->> 'person'
            UNION ALL
           SELECT moved.data ->> 'account'
            UNION ALL
           SELECT moved.data ->> 'declarant'
            UNION ALL
           SELECT moved.data ->> 'principal'
            UNION ALL
           SELECT moved.data ->> 'substitute'
            UNION ALL
           SELECT moved.data ->> 'grantee'
            UNION ALL
           SELECT CASE WHEN moved.type = 'coi.declare' THEN moved.actor END) AS named (person)
     WHERE named.person ~ '^(person|account):'
       AND (moved.project IS NULL OR moved.type IN ('relation.record', 'role.assign', 'role.release')
            OR (moved.type = 'coi.declare' AND moved.data -> 'relations' <> '[]'))
), people AS MATERIALIZED (
    SELECT person.person AS name FROM person
     UNION
    SELECT links.account
      FROM projector.account_links AS links
     WHERE links.log_id = %(log_id)s AND links.person = ANY (ARRAY(SELECT person.person FROM person))
     UNION
    SELECT links.person
      FROM projector.account_links AS links
     WHERE links.log_id = %(log_id)s AND links.account = ANY (ARRAY(SELECT person.person FROM person))
       AND links.person IS NOT NULL
), granted AS (
    SELECT grants.name, grants.unit, grants.payload
      FROM projector.grants
     WHERE grants.log_id = %(log_id)s
       AND grants.name = ANY (ARRAY(SELECT moved.data ->> 'grant' FROM moved WHERE moved.stage = 'AUTHORITY'))
), bounded AS (
    SELECT granted.name, granted.unit, projector.listed(granted.payload -> 'scope' -> 'projects') AS projects,
           projector.listed(granted.payload -> 'scope' -> 'units') AS units
      FROM granted
), unit AS MATERIALIZED (
    SELECT moved.subject AS unit FROM moved WHERE moved.subject LIKE 'unit:%%'
     UNION
    SELECT moved.unit FROM moved
     WHERE moved.type IN ('acting.appoint', 'acting.end', 'post.define') AND moved.unit IS NOT NULL
     UNION
    SELECT bounded.unit FROM bounded WHERE bounded.projects IS NULL AND bounded.unit IS NOT NULL
     UNION
    SELECT named.unit FROM bounded CROSS JOIN LATERAL unnest(bounded.units) AS named (unit) WHERE bounded.projects IS NULL
), own AS (
    -- Units of which a post, a person in one, or a grant was told of: they are judged themselves.
    SELECT unit.unit FROM unit
     UNION
    SELECT 'unit:' || split_part(substr(coalesce(moved.data ->> 'post', moved.subject), 6), '/', 1)
      FROM moved
     WHERE coalesce(moved.data ->> 'post', moved.subject) LIKE 'post:%%'
     UNION
    SELECT granted.unit FROM granted WHERE granted.unit IS NOT NULL
     UNION
    SELECT posts.unit
      FROM moved
      JOIN projector.terms ON terms.log_id = %(log_id)s AND terms.person = coalesce(moved.data ->> 'person', moved.subject)
      JOIN projector.posts ON posts.log_id = %(log_id)s AND posts.post = terms.post
     WHERE moved.type IN ('exit.review', 'rotation.audit') AND posts.unit IS NOT NULL
)
SELECT DISTINCT scope, false AS everything
  FROM (SELECT moved.project AS scope FROM moved
         UNION ALL
        SELECT own.unit FROM own
         UNION ALL
        SELECT projects.project
          FROM unit
          JOIN projector.projects ON projects.log_id = %(log_id)s AND projects.unit = unit.unit
         UNION ALL
        SELECT named.project
          FROM bounded CROSS JOIN LATERAL unnest(bounded.projects) AS named (project)
         UNION ALL
        SELECT acts.project
          FROM granted
          JOIN projector.acts ON acts.log_id = %(log_id)s AND acts.authority = granted.name
         UNION ALL
        SELECT duties.project
          FROM projector.duties
         WHERE duties.log_id = %(log_id)s AND duties.actor = ANY (ARRAY(SELECT people.name FROM people))
         UNION ALL
        SELECT named.project
          FROM projector.suppliers_named AS named
         WHERE named.log_id = %(log_id)s
           AND named.supplier = ANY (ARRAY(SELECT moved.subject FROM moved WHERE moved.subject ~ '^(supplier|agency):'))
         UNION ALL
        SELECT beside.project
          FROM (SELECT DISTINCT moved.project
                  FROM moved
                 WHERE moved.type IN ('project.open', 'plan.prepare', 'plan.approve', 'method.change', 'budget.approve',
                                      'budget.adjust', 'award.decide', 'contract.sign', 'contract.amend')) AS bought
          JOIN projector.projects AS itself ON itself.log_id = %(log_id)s AND itself.project = bought.project
          JOIN projector.projects AS beside ON beside.log_id = %(log_id)s AND beside.unit = itself.unit
                                           AND beside.budget_project = itself.budget_project
         UNION ALL
        SELECT beside.project
          FROM (SELECT DISTINCT moved.project, moved.data ->> 'supplier' AS supplier
                  FROM moved
                 WHERE moved.type IN ('contract.sign', 'contract.amend') AND moved.data ->> 'supplier' IS NOT NULL)
               AS signed
          JOIN projector.projects AS itself ON itself.log_id = %(log_id)s AND itself.project = signed.project
          JOIN projector.suppliers_named AS named ON named.log_id = %(log_id)s AND named.supplier = signed.supplier
          JOIN projector.projects AS beside ON beside.log_id = %(log_id)s AND beside.project = named.project
                                           AND beside.unit = itself.unit
         UNION ALL
        SELECT paid.project
          FROM projector.acts AS paid
         WHERE paid.log_id = %(log_id)s
           AND paid.type = 'pay.execute' AND paid.data ? 'invoice'
           AND paid.data ->> 'invoice' = ANY (ARRAY(SELECT moved.data ->> 'invoice' FROM moved
                                                     WHERE moved.type = 'pay.execute'))
         UNION ALL
        SELECT findings.scope
          FROM projector.findings
         WHERE findings.log_id = %(log_id)s
           AND findings.finding = ANY (ARRAY(SELECT moved.data ->> 'finding' FROM moved
                                              WHERE moved.type = 'finding.dispose'))
         UNION ALL
        SELECT findings.scope
          FROM projector.findings
         WHERE findings.log_id = %(log_id)s
           AND findings.rule = 'INT-09'
           AND EXISTS (SELECT FROM moved WHERE moved.type = 'scan.execute')) AS touched
 WHERE touched.scope IS NOT NULL
 UNION ALL
SELECT NULL, true
  FROM fresh
 WHERE fresh.type = 'catalogue.extend'
 UNION ALL
SELECT NULL, true
  FROM fresh
 WHERE fresh.type = 'scan.execute'
   AND projector.as_day(fresh.data ->> 'date') < (
       SELECT max(projector.as_day(acts.data ->> 'date'))
         FROM projector.acts
        WHERE acts.log_id = %(log_id)s AND acts.type = 'scan.execute');
