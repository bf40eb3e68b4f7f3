-- Read which rules apply to the projects of the case that stay below the threshold.
SELECT project.project, policy.list
  FROM project
  LEFT JOIN policy ON policy.key = 'scope.below_threshold' AND policy.unit = project.unit
                  AND project.opened >= policy.starts AND project.opened < policy.ends
 WHERE project.below;
