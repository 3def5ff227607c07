"""`python -m qie_batch` is `qie-batch`."""

from qie_batch.cli import main

if __name__ == "__main__":
    main()
