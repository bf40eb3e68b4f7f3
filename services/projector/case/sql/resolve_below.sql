-- Say which projects stay below the threshold, by what was said last.
UPDATE project
   SET below = true
  FROM course
 WHERE course.project = project.project
   AND course.ends = 'infinity'
   AND course.organisation = 'below_threshold';
