"""The commands that run the processes of a cluster."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING

import click

from qie_batch import wiring
from qie_batch.redaction import redact

if TYPE_CHECKING:
    from qie_batch.cli import App
    from qie_batch.settings import Settings

log = logging.getLogger(__name__)


@click.command()
@click.option(
    "--gpus",
    default="all",
    show_default=True,
    metavar="all|N|I,J",
    help="The visible GPUs to use: all, the first N, or which ones, with a comma (0,1; or 3, for one).",
)
@click.pass_obj
def worker(app: App, *, gpus: str) -> None:
    """Run one worker process for each visible GPU (one alone without), and replace those that die."""
    from qie_batch.processes.signals import stop_event
    from qie_batch.processes.supervisor import Supervisor

    settings = app.settings
    info, reason = wiring.InstalledEngines(settings).choose()
    devices = wiring.worker_devices(info, gpus)
    wiring.celery(settings)  # Unavailable without a broker, before any process is started
    _log_to_stderr(settings)
    log.info("engine %s: %s", info.name, reason)
    sys.exit(Supervisor(settings, info, devices).run(stop_event()))


@click.command()
@click.pass_obj
def control(app: App) -> None:
    """Run dispatch, settle, sweep and schedules until told to stop; any number of these may run."""
    from qie_batch.processes.control import run_control
    from qie_batch.processes.signals import stop_event

    settings = app.settings
    _log_to_stderr(settings)
    run_control(settings, stop_event())


@click.command()
@click.pass_obj
def flower(app: App) -> None:
    """Run Flower behind a login. Its /metrics and /healthcheck stay open even so: keep it inside."""
    from qie_batch.processes import launch

    settings = app.settings
    program = launch.flower(settings)
    settings.dir.mkdir(parents=True, exist_ok=True)
    os.execve(program.argv[0], program.argv, program.environment)  # noqa: S606 - no shell, and the signals are Flower's own


@click.command()
@click.pass_obj
def gateway(app: App) -> None:
    """Run the gateway: pages for people, an API for programs. Any number of these may run."""
    from qie_batch.processes import launch

    settings = app.settings
    wiring.needed(settings, "ledger_url")
    program = launch.gateway(settings)
    os.execve(program.argv[0], program.argv, program.environment)  # noqa: S606 - no shell, and the signals are uvicorn's own


@click.command("alert-bridge")
@click.pass_obj
def alert_bridge(app: App) -> None:
    """Run the server that Alertmanager's webhook names, and hand its alerts to a DingTalk group."""
    import uvicorn

    from qie_batch.notify.bridge import bridge

    settings = app.settings
    robot = wiring.dingtalk_robot(settings)
    _log_to_stderr(settings)
    host, _, port = settings.alert_bridge_address.rpartition(":")
    uvicorn.run(bridge(robot), host=host.strip("[]"), port=int(port), log_level="warning")


def _log_to_stderr(settings: Settings) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    redact(settings.secrets, settings.addresses)
