"""One module per question: history, people, duties, authority; each has `apply(cursor, acts)` for a batch of acts."""
