-- What a unit signed with a supplier, on whatever project.
CREATE INDEX acts_signing ON projector.acts (log_id, unit, (data ->> 'supplier')) WHERE type = 'contract.sign';
