-- List the next projects on which anything was done, in the order of their code points. No row: there are no more.
--   log_id int, after text, limit int
SELECT project
  FROM (SELECT DISTINCT project
          FROM projector.acts
         WHERE log_id = %(log_id)s
           AND project COLLATE "C" > %(after)s) AS listed
 ORDER BY project COLLATE "C"
 LIMIT %(limit)s;
