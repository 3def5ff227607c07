"""How far gates and people agree about the results of a job, so that limits can be set."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from qie_batch.model import Decision, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qie_batch.interfaces import Jobs, Reviews
    from qie_batch.model import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAgreement:
    """One gate beside the people who decided; a re-roll counts as a rejection."""

    gate: str
    passed_approved: int
    passed_rejected: int
    failed_approved: int
    failed_rejected: int
    #: Results that the gate could not look at.
    unchecked: int
    #: The one that most figures were held to, and the one with which most verdicts would be those of people;
    #: None where nothing was measured.
    limit: float | None
    best_limit: float | None
    #: Results about which gate and people agree with `best_limit`.
    best_agreed: int

    @property
    def decided(self) -> int:
        return self.agreed + self.passed_rejected + self.failed_approved

    @property
    def agreed(self) -> int:
        return self.passed_approved + self.failed_rejected

    @property
    def precision(self) -> float | None:
        """The share of the failed that people rejected, too."""
        return _share(self.failed_rejected, self.failed_approved)

    @property
    def recall(self) -> float | None:
        """The share of what people rejected that the gate failed."""
        return _share(self.failed_rejected, self.passed_rejected)


def agreement(job_id: str, *, jobs: Jobs, reviews: Reviews) -> tuple[GateAgreement, ...]:
    """Every gate that looked at a result about which people decided. NotFound without such a job."""
    jobs.get(job_id)
    tallies: defaultdict[str, _Tally] = defaultdict(_Tally)
    for judgement in reviews.judged(job_id):
        is_bad = judgement.decision is not Decision.APPROVED
        for finding in judgement.findings:
            tallies[finding.gate].add(finding, is_bad=is_bad)
    return tuple(tallies[gate].result(gate) for gate in sorted(tallies))


@dataclass(slots=True)
class _Tally:
    #: By verdict, and whether people took the result for bad.
    counts: Counter[tuple[Verdict, bool]] = field(default_factory=Counter)
    limits: Counter[float] = field(default_factory=Counter)
    #: Figure, and whether people took the result for bad.
    figures: list[tuple[float, bool]] = field(default_factory=list)
    #: Positive where large figures fail, negative where small ones do.
    large_fail: int = 0

    def add(self, finding: Finding, *, is_bad: bool) -> None:
        self.counts[finding.verdict, is_bad] += 1
        if finding.verdict is Verdict.UNCHECKED or finding.figure is None or finding.limit is None:
            return
        self.limits[finding.limit] += 1
        self.figures.append((finding.figure, is_bad))
        if finding.figure != finding.limit:
            is_above, failed = finding.figure > finding.limit, finding.verdict is Verdict.FAILED
            self.large_fail += 1 if is_above == failed else -1

    def result(self, gate: str) -> GateAgreement:
        limit = self.limits.most_common(1)[0][0] if self.limits else None
        best = None if limit is None else best_limit(self.figures, limit, large_fail=self.large_fail >= 0)
        return GateAgreement(
            gate=gate,
            passed_approved=self.counts[Verdict.PASSED, False],
            passed_rejected=self.counts[Verdict.PASSED, True],
            failed_approved=self.counts[Verdict.FAILED, False],
            failed_rejected=self.counts[Verdict.FAILED, True],
            unchecked=self.counts[Verdict.UNCHECKED, False] + self.counts[Verdict.UNCHECKED, True],
            limit=limit,
            best_limit=best[0] if best else None,
            best_agreed=best[1] if best else 0,
        )


def best_limit(figures: Sequence[tuple[float, bool]], limit: float, *, large_fail: bool) -> tuple[float, int]:
    """The limit with which most verdicts are those of people, and how many; of equal ones the nearest.

    The limit itself passes. Tried are the present one and those halfway between two figures, so that figures
    of the next job fall on the right side of it.
    """
    sign = 1 if large_fail else -1
    order = sorted((sign * figure, is_bad) for figure, is_bad in figures)
    # Below all figures every result fails: people agree on the bad ones.
    agreed = sum(is_bad for _, is_bad in order)
    found: list[tuple[int, float, float]] = []
    now = sign * limit
    for (figure, is_bad), (following, _) in pairwise([*order, (float("inf"), True)]):
        agreed += -1 if is_bad else 1
        if figure == following:
            continue
        tried = figure if following == float("inf") else (figure + following) / 2
        if figure <= now < following:
            tried = now
        found.append((-agreed, abs(tried - now), sign * tried))
    found.append((-sum(is_bad == (figure > now) for figure, is_bad in order), 0.0, limit))
    least, _, best = min(found)
    return best, -least


def _share(part: int, rest: int) -> float | None:
    return part / (part + rest) if part + rest else None
