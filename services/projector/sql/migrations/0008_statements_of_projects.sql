-- The acts that say what a project is (`statements_by_project`): five among thirty on it, each on a page of its own.
CREATE INDEX acts_stating_project ON projector.acts (log_id, project)
    WHERE type IN ('project.open', 'plan.prepare', 'plan.approve', 'method.change', 'agency.sign', 'project.close',
                   'file.archive');
