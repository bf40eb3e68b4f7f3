-- Set, for this transaction, what questions need: room to sort in memory, and no compiler. Their plans are wide and run
-- once, so that compiling one takes longer than running it.
SELECT set_config('work_mem', '32MB', true), set_config('jit', 'off', true);
