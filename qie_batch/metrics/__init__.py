"""What Prometheus reads: counters of each process, gauges from the ledger."""
