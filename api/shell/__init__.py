"""The shell of the service: what every request and every answer passes, whatever it is about."""
