"""Where Flower listens, and its login."""

from __future__ import annotations

from pydantic import BaseModel, SecretStr


class FlowerSettings(BaseModel):
    flower_address: str = "127.0.0.1"
    flower_port: int = 5555
    flower_user: str = "qie"
    flower_password: SecretStr | None = None
