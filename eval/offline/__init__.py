"""Known behaviour is split in time, the service is trained on the past and asked for the future."""
