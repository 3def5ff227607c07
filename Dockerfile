# Three images from one file:
#   docker build --target control --tag qie-batch-control:0.1.0 .
#   docker build --target worker  --tag qie-batch-worker:0.1.0 .
#   docker build --target triton  --tag qie-batch-triton:0.1.0 .
# Everything that pip fetches has its hash in deploy/requirements (`make hashes`).
# `control` (no torch) runs control, gateway, flower, migrations, the command line and CPU workers of the
# classic engine; `worker` runs the qwen engine on a CUDA card, `triton` the same behind a server. None holds weights
# or secrets.

FROM python:3.11.15-slim-bookworm AS build
WORKDIR /src
RUN --mount=type=bind,source=deploy/requirements/build.txt,target=/requirements.txt \
    python -m pip install --no-cache-dir --only-binary :all: --require-hashes --requirement /requirements.txt
COPY pyproject.toml README.md LICENSE ./
COPY qie_batch ./qie_batch
COPY workers ./workers
COPY migrations ./migrations
COPY examples ./examples
RUN python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /dist .


FROM python:3.11.15-slim-bookworm AS control
LABEL org.opencontainers.image.title="qie-batch control" \
      org.opencontainers.image.description="Control, gateway, Flower, migrations, command line and CPU workers of qie-batch" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 qie \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/qie --create-home --shell /usr/sbin/nologin qie
RUN --mount=type=bind,source=deploy/requirements/control.txt,target=/requirements.txt \
    python -m venv /opt/qie \
    && /opt/qie/bin/python -m pip install --no-cache-dir --only-binary :all: --require-hashes \
        --requirement /requirements.txt
RUN --mount=type=bind,from=build,source=/dist,target=/dist \
    /opt/qie/bin/python -m pip install --no-cache-dir --no-index --no-deps /dist/*.whl \
    && /opt/qie/bin/python -m pip check \
    && /opt/qie/bin/python -c "import ctypes; ctypes.CDLL('libseccomp.so.2')"
# pip has compiled everything above; at run time the root file system may be read-only.
ENV PATH=/opt/qie/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/var/lib/qie \
    HF_HOME=/var/lib/qie/huggingface \
    HF_HUB_OFFLINE=1
WORKDIR /var/lib/qie
VOLUME ["/var/lib/qie"]
# A number, so that Kubernetes' runAsNonRoot can tell.
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=60s --timeout=30s --start-period=60s --retries=3 CMD ["qie-batch", "doctor"]
ENTRYPOINT ["qie-batch"]
CMD ["control"]


# torch's wheel brings every CUDA library of 13.0 but the driver's, so the small `base` variant is enough;
# its NVIDIA_REQUIRE_CUDA makes the container toolkit refuse a host whose driver is too old.
FROM nvidia/cuda:13.0.2-base-ubuntu24.04 AS worker
LABEL org.opencontainers.image.title="qie-batch worker" \
      org.opencontainers.image.description="GPU worker of qie-batch: Qwen-Image-Edit-2509 through diffusers" \
      org.opencontainers.image.licenses="Apache-2.0"
# The base image's tag decides the versions of Ubuntu's packages.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3.12 python3.12-venv \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 qie \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/qie --create-home --shell /usr/sbin/nologin qie
# Gigabytes that rarely change, in a layer of their own.
RUN --mount=type=bind,source=deploy/requirements/torch.txt,target=/requirements.txt \
    python3.12 -m venv /opt/qie \
    && /opt/qie/bin/python -m pip install --no-cache-dir --only-binary :all: --require-hashes \
        --requirement /requirements.txt
RUN --mount=type=bind,source=deploy/requirements/worker.txt,target=/requirements.txt \
    /opt/qie/bin/python -m pip install --no-cache-dir --only-binary :all: --require-hashes \
        --requirement /requirements.txt
RUN --mount=type=bind,from=build,source=/dist,target=/dist \
    /opt/qie/bin/python -m pip install --no-cache-dir --no-index --no-deps /dist/*.whl \
    && /opt/qie/bin/python -m pip check \
    && /opt/qie/bin/python -c "import ctypes; ctypes.CDLL('libseccomp.so.2')"
ENV PATH=/opt/qie/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/var/lib/qie \
    HF_HOME=/var/lib/qie/huggingface \
    HF_HUB_OFFLINE=1 \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
WORKDIR /var/lib/qie
VOLUME ["/var/lib/qie"]
USER 10001:10001
STOPSIGNAL SIGTERM
# Loading the weights takes minutes; a look at the dependencies costs an import of torch, so it is rare.
HEALTHCHECK --interval=120s --timeout=60s --start-period=600s --retries=3 CMD ["qie-batch", "doctor"]
ENTRYPOINT ["qie-batch"]
CMD ["worker"]


# Triton with the qwen engine behind it: docs/kubernetes.md, "Triton". Its models run in Triton's own Python and
# hand bytes to the engine, which runs in ours.
FROM nvcr.io/nvidia/tritonserver:26.11-py3 AS triton
LABEL org.opencontainers.image.title="qie-batch triton" \
      org.opencontainers.image.description="NVIDIA Triton with the model repository of qie-batch" \
      org.opencontainers.image.licenses="Apache-2.0"
# The Python of the environment that is copied below.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3.12 \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10001 qie \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/qie --create-home --shell /usr/sbin/nologin qie
COPY --from=worker /opt/qie /opt/qie
# Not in a folder called `triton`, which Python would take for the package of that name.
COPY deploy/triton /opt/serving
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOME=/var/lib/qie \
    HF_HOME=/var/lib/qie/huggingface \
    HF_HUB_OFFLINE=1
WORKDIR /var/lib/qie
VOLUME ["/var/lib/qie"]
USER 10001:10001
STOPSIGNAL SIGTERM
# Not on PATH: the models run in Triton's own Python.
ENTRYPOINT ["/opt/qie/bin/python", "/opt/serving/start.py"]
