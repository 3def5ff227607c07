"""Exit code 0 if the engine behind a Triton answers: `python -m qie_batch.engines.triton.probe grpc://host:8001`.

For liveness and readiness probes, as Triton itself answers "ready" also when its model's process is gone.
"""

from __future__ import annotations

import sys

from tritonclient.utils import InferenceServerException

from qie_batch.engines.triton.asking import ALIVE, client_of, tensor_of

#: Seconds in which the engine must answer.
SECONDS = 8.0


def main() -> int:
    url = sys.argv[1] if len(sys.argv) > 1 else "grpc://127.0.0.1:8001"
    client = client_of(url)
    try:
        client.infer(ALIVE, [tensor_of(b"ping")], client_timeout=SECONDS)
    except InferenceServerException as error:
        sys.stderr.write(f"{url}: {error.message()}\n")
        return 1
    finally:
        client.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
