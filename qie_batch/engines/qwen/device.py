"""Translates the errors of torch."""

from __future__ import annotations

import threading
import traceback
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import torch

from qie_batch.errors import DeviceOutOfMemory, EngineLost

if TYPE_CHECKING:
    from collections.abc import Iterator

#: In the messages of errors that torch raises as plain RuntimeError.
_DEVICE = ("CUDA", "CUBLAS", "CUDNN", "cuDNN")


def start_cuda() -> None:
    """Begin the start of CUDA in a thread: a second or two in which other packages can be imported."""

    def start() -> None:
        with suppress(RuntimeError):  # loading says what is wrong with the device
            torch.empty(1, device="cuda")

    if torch.cuda.is_available():
        threading.Thread(target=start, name="cuda-start", daemon=True).start()


@contextmanager
def device_errors() -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        traceback.clear_frames(error.__traceback__)  # the frames keep the edit's tensors in device memory
        torch.cuda.empty_cache()
        raise DeviceOutOfMemory(f"The edit did not fit the card's memory: {error}") from error
    except RuntimeError as error:
        if isinstance(error, torch.AcceleratorError) or any(word in str(error) for word in _DEVICE):
            raise EngineLost(f"The card failed: {error}", code="device_failed") from error
        raise
