"""What both HTTP faces share: the database's door, tokens, problems, paging, health. Imports contracts only."""
