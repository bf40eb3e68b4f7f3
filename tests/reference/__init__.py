"""The delegation model a second time, as plainly as it can be said: what the engine is compared with."""
