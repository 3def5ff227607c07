"""Discrete-event simulation of workers, ledger, broker, autoscaler and machines."""
