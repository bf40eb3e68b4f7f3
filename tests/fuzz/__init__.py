"""Files that nobody would write, put to every parser of the verifier: `make fuzz`, and some seconds of the suite."""
