"""The write side: admit, order, append, prove."""
