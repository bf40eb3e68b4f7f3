-- id = "JNT-06"
-- title = {zh = "办理、复核、审定未由三人分别承担", en = "Preparing, checking and deciding not by three people"}
-- severity = "MEDIUM"
-- force = "GUIDE"
-- citation = "财库〔2016〕99号 三(三)3"
-- confidence = "C"
-- inputs = ["plan.prepare", "req.review", "plan.approve", "doc.prepare", "doc.check", "doc.approve", "eval.report", "award.check", "award.decide"]
-- since = 2016-06-29
-- says.zh = "{acts} 应分别由不同人员办理、复核、审定，同一人于 {days} 承担了 {done}"
-- says.en = "{acts} are to be prepared, checked and decided by three people; one person did {done}, on {days}"

-- Three hands for the method, the document and the award each. A body is a hand of its own, and its attendees are none.
WITH step (matter, ordinal, type, role) AS (
    VALUES ('method', 1, 'plan.prepare', 'plan_preparer'), ('method', 2, 'req.review', 'requirement_reviewer'),
           ('method', 3, 'plan.approve', 'plan_approver'), ('document', 1, 'doc.prepare', 'document_preparer'),
           ('document', 2, 'doc.check', 'document_checker'), ('document', 3, 'doc.approve', 'document_approver'),
           ('award', 1, 'eval.report', 'tender_operator'), ('award', 2, 'award.check', 'award_checker'),
           ('award', 3, 'award.decide', 'award_decider')
), done AS (
    SELECT hand.project, step.matter, hand.person, step.type,
           min(hand.time) AS time, (array_agg(hand.position ORDER BY hand.time, hand.position))[1] AS position
      FROM hand
      JOIN step ON step.type = hand.type AND step.role = hand.role
     WHERE hand.counts AND hand.human
     GROUP BY hand.project, step.matter, hand.person, step.type
), counted AS (
    SELECT done.project, done.matter, done.person, count(*) AS steps,
           array_agg(done.type ORDER BY done.time, done.position) AS types,
           array_agg(projector.local_day(done.time) ORDER BY done.time, done.position) AS days,
           array_agg(done.time ORDER BY done.time, done.position) AS times,
           array_agg(done.position ORDER BY done.time, done.position) AS positions
      FROM done
     GROUP BY done.project, done.matter, done.person
)
SELECT counted.project,
       counted.matter || ' ' || counted.person AS key,
       CASE WHEN counted.steps > 1 THEN 'FAIL' ELSE 'PASS' END AS result,
       coalesce(counted.positions[2], counted.positions[1]) AS judged,
       coalesce(counted.times[2], counted.times[1]) AS since,
       ARRAY[counted.person] AS persons,
       counted.positions AS evidence,
       jsonb_build_object('done', counted.types, 'days', counted.days,
                          'acts', (SELECT array_agg(step.type ORDER BY step.ordinal) FROM step
                                    WHERE step.matter = counted.matter)) AS computed
  FROM counted
