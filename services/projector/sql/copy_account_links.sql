-- Add links and unlinks of accounts. No row comes back.
COPY projector.account_links (
    log_id, position, known_from, account, person, time
) FROM STDIN;
