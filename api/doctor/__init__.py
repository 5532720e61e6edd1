"""`cuntu doctor`: every precondition of a deployment and the state it is in, each with what to do."""
