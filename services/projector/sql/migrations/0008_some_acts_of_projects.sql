-- A project has some thirty acts, each on a page of its own. Of most questions a few of them are wanted.

-- Those that say what the project is (`statements_by_project`).
CREATE INDEX acts_stating_project ON projector.acts (log_id, project)
    WHERE type IN ('project.open', 'plan.prepare', 'plan.approve', 'method.change', 'agency.sign', 'project.close',
                   'file.archive');

-- Those that may be a legal review of what was done on a subject (`acts_around`).
CREATE INDEX acts_reviewing_subject ON projector.acts (log_id, subject)
    WHERE class = 'S' OR data -> 'documents' @> '[{"kind": "legal_opinion"}]';
