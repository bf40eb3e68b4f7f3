-- What a view of one unit, one grant or one person looks up: bounded by what it is about, not by the whole register.
-- `text_pattern_ops`: the posts of a unit are those whose name begins with it (`post:U001/…`).
CREATE INDEX grants_by_unit ON projector.grants (log_id, unit) WHERE unit IS NOT NULL;
CREATE INDEX grants_by_scope_unit ON projector.grants USING gin ((payload -> 'scope' -> 'units'));
CREATE INDEX grants_by_post ON projector.grants (log_id, grantee text_pattern_ops) WHERE grantee IS NOT NULL;
CREATE INDEX grants_without_parent ON projector.grants (log_id, grantor) WHERE parent IS NULL AND NOT is_root;
CREATE INDEX posts_by_unit ON projector.posts (log_id, unit);
CREATE INDEX terms_by_post ON projector.terms (log_id, post text_pattern_ops) WHERE post IS NOT NULL;
CREATE INDEX units_by_parent ON projector.units (log_id, parent) WHERE parent IS NOT NULL;
CREATE INDEX persons_by_employer ON projector.persons (log_id, employer) WHERE employer IS NOT NULL;
