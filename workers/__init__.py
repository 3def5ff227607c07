"""The processes that a cluster runs: the Celery application and what lives in a worker process."""
