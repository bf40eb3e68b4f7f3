-- Drop the indexes of indexes.sql.
DROP INDEX act_by_type, act_by_position, hand_by_position, term_by_person, post_by_name,
           project_by_name, course_by_project, budget_by_project, contract_by_project, entry_by_root, entry_by_position,
           award_by_project, invoice_by_number, payee_by_project, payee_by_supplier, signing_by_supplier,
           participant_by_project, supplier_by_name, policy_by_key, tie_by_project;
