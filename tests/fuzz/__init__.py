"""Files that nobody would write, put to every parser of the verifier: `make fuzz`, and for some seconds in the suite."""
