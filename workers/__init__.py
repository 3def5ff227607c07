"""The Celery application and the state of a worker process."""
