"""What a crash leaves behind: a real server under load is killed at random moments, and what is there is judged."""
