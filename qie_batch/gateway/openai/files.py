"""todo."""

from fastapi import APIRouter

router = APIRouter()
