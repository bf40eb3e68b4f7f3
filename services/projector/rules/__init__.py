"""Rules: one `.sql` file each. docs/rules.md says how to write one; `index.toml` what is judged elsewhere, and why."""
