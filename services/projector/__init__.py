"""The read side: follow the log, project it into facts, answer questions from them."""
