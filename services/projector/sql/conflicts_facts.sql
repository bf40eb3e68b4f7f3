-- Tell what there is in this log that conflicts turn on, besides the acts themselves: whether duties are as the acts
-- say (nothing corrected, no account linked, nothing done in another's name), and whether anybody was ever said to
-- hold any (by a term, a grant, an acting appointment). Always a row.
--   log_id int
SELECT NOT EXISTS (SELECT FROM projector.corrections WHERE log_id = %(log_id)s)
       AND NOT EXISTS (SELECT FROM projector.account_links WHERE log_id = %(log_id)s)
       AND NOT EXISTS (SELECT FROM projector.acts WHERE log_id = %(log_id)s AND onbehalfof IS NOT NULL),
       EXISTS (SELECT FROM projector.terms WHERE log_id = %(log_id)s)
       OR EXISTS (SELECT FROM projector.grants WHERE log_id = %(log_id)s)
       OR EXISTS (SELECT FROM projector.actings WHERE log_id = %(log_id)s);
