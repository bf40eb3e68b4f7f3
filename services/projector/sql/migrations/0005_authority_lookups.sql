-- What a question about authority looks up for one act at a time: it must cost the same in a log of any size.

-- What somebody did of one kind up to a moment: totals, splitting. It serves what the index by actor alone did.
CREATE INDEX duties_by_actor_and_type ON projector.duties (log_id, actor, type, time);
DROP INDEX projector.duties_by_actor;

-- What bodies did: they exercise no duty as persons do.
CREATE INDEX acts_by_body ON projector.acts (log_id, actor, type, time) WHERE actor LIKE 'body:%';

-- What was done on one subject that is no project.
CREATE INDEX acts_by_subject ON projector.acts (log_id, subject) WHERE project IS NULL;

-- Of what budget project and category a project is, as its opening says: purchases of one of both may split a ceiling.
ALTER TABLE projector.projects ADD COLUMN budget_project text, ADD COLUMN category text;

-- Whom a correction says that something is about.
CREATE INDEX corrections_by_person ON projector.corrections (log_id, (fields ->> 'person')) WHERE fields ? 'person';
