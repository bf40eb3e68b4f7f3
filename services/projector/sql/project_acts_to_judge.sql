-- Find the acts of a project that may need authority: those of types that need a grant, those that say what they rely
-- on, what a system did (its lead is asked), and what an agency or anybody who ever worked for one did. Whether they do
-- need it is for the judge to say. Up to a page of positions after one of them. No row: there is none left.
--   log_id int, known_at timestamptz, project text, types text[], after bigint, limit int
SELECT position
  FROM projector.acts
 WHERE log_id = %(log_id)s
   AND project = %(project)s
   AND known_from <= %(known_at)s
   AND position > %(after)s
   AND (type = ANY (%(types)s)
        OR authority IS NOT NULL
        OR actor LIKE 'agency:%%'
        OR actor LIKE 'system:%%'
        OR EXISTS (SELECT FROM projector.persons
                    WHERE persons.log_id = acts.log_id
                      AND persons.person = acts.actor
                      AND persons.employer LIKE 'agency:%%')
        OR EXISTS (SELECT FROM projector.account_links AS links
                     JOIN projector.persons
                       ON persons.log_id = links.log_id
                      AND persons.person = links.person
                    WHERE links.log_id = acts.log_id
                      AND links.account = acts.actor
                      AND persons.employer LIKE 'agency:%%'))
 ORDER BY position
 LIMIT %(limit)s;
