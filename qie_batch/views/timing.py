"""Where the time of a job went."""

from dataclasses import dataclass

from qie_batch.model import ON_DEVICE, JobTiming
from qie_batch.views.amounts import Seconds

#: The words for phases; an engine may have others within.
_WORDS = {
    "wait": "wait for the device",
    "paint": "device",
    "paint.prompt": "prompt",
    "paint.vae": "VAE",
    "paint.steps": "steps",
    "paint.decode": "VAE decode",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseView:
    #: "fetch", "decode", "wait", "paint" (on the device), "check", "encode", "put"; and parts of "paint", as
    #: "paint.steps".
    phase: str
    #: Attempts that had it.
    attempts: int
    seconds: Seconds
    #: Of the seconds of all phases, 0 to 1.
    share: float
    median_seconds: Seconds
    p95_seconds: Seconds

    @property
    def is_within(self) -> bool:
        return self.phase.startswith(ON_DEVICE)

    @property
    def words(self) -> str:
        return _WORDS.get(self.phase) or self.phase.removeprefix(ON_DEVICE).replace("_", " ")

    @property
    def kind(self) -> str:
        """A name for style sheets and tables of texts."""
        known = self.phase in _WORDS or not self.is_within
        return self.phase.replace(".", "_") if known else "paint_rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingView:
    #: Ended attempts whose phases are known.
    attempts: int
    #: Items of the job, and of how many the attempts were read.
    items: int
    items_read: int
    #: In the order of an attempt.
    phases: tuple[PhaseView, ...]

    @property
    def segments(self) -> tuple[tuple[PhaseView, float], ...]:
        """What a bar shows, each with its share of it: of "paint" the parts, if there are any."""
        has_parts = any(phase.is_within for phase in self.phases)
        shown = [phase for phase in self.phases if not (has_parts and phase.phase == "paint")]
        whole = sum(phase.share for phase in shown)
        return tuple((phase, phase.share / whole) for phase in shown if phase.share)


def timing_view(timing: JobTiming) -> TimingView:
    return TimingView(
        attempts=timing.attempts,
        items=timing.items,
        items_read=timing.items_read,
        phases=tuple(
            PhaseView(
                phase=phase.name,
                attempts=phase.attempts,
                seconds=phase.seconds,
                share=round(phase.share, 4),
                median_seconds=phase.median,
                p95_seconds=phase.p95,
            )
            for phase in timing.phases
        ),
    )
