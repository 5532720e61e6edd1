"""The service as processes: the master, the workers, the one for jobs."""
