"""Files from outside into frames: every format a bureau delivers, read in a child process with limits."""
