"""Jobs, items, timings, costs, schedules and checks as JSON shapes: one spelling for every face.

A view holds exact values, so that pages can format them; the annotations say what JSON shows instead: money
as a decimal string, durations to the millisecond. Annotations are evaluated in this package, as pydantic
reads them.
"""

from qie_batch.views.access import ApiKeyView, TenantView, api_key_view, tenant_view
from qie_batch.views.dumping import dumped, dumped_cost, dumped_json
from qie_batch.views.jobs import ChangedView, ItemsView, ItemView, JobsView, JobView, item_view, job_view
from qie_batch.views.records import (
    BadRowView,
    CostsView,
    CostView,
    EstimateView,
    FsckView,
    PruneView,
    RunView,
    ScheduleView,
    bad_row_view,
    cost_view,
    costs_view,
    estimate_view,
    schedule_view,
)
from qie_batch.views.reviews import (
    AgreementView,
    FinalisedView,
    FindingView,
    ReviewedView,
    ReviewHistoryView,
    ReviewItemView,
    ReviewPageView,
    ReviewView,
    SavingsView,
    finding_view,
    review_item_view,
    review_view,
    savings_view,
)
from qie_batch.views.submissions import LinkView, SubmissionView, UploadView
from qie_batch.views.summaries import SummaryView, summary_view
from qie_batch.views.timing import PhaseView, TimingView, timing_view
from qie_batch.views.webhooks import DeliveryView, JobNotice, RunNotice, WebhookBody, delivery_view
from qie_batch.views.workers import RunningEditView, WorkerView, worker_view

__all__ = [
    "AgreementView",
    "ApiKeyView",
    "BadRowView",
    "ChangedView",
    "CostView",
    "CostsView",
    "DeliveryView",
    "EstimateView",
    "FinalisedView",
    "FindingView",
    "FsckView",
    "ItemView",
    "ItemsView",
    "JobNotice",
    "JobView",
    "JobsView",
    "LinkView",
    "PhaseView",
    "PruneView",
    "ReviewHistoryView",
    "ReviewItemView",
    "ReviewPageView",
    "ReviewView",
    "ReviewedView",
    "RunNotice",
    "RunView",
    "RunningEditView",
    "SavingsView",
    "ScheduleView",
    "SubmissionView",
    "SummaryView",
    "TenantView",
    "TimingView",
    "UploadView",
    "WebhookBody",
    "WorkerView",
    "api_key_view",
    "bad_row_view",
    "cost_view",
    "costs_view",
    "delivery_view",
    "dumped",
    "dumped_cost",
    "dumped_json",
    "estimate_view",
    "finding_view",
    "item_view",
    "job_view",
    "review_item_view",
    "review_view",
    "savings_view",
    "schedule_view",
    "summary_view",
    "tenant_view",
    "timing_view",
    "worker_view",
]
