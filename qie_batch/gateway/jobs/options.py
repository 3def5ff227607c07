"""The options of a job as fields of a form or of a JSON body: those of `qie-batch submit`."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema

from qie_batch.gateway.jobs.sending import Sent
from qie_batch.model import JobOrder, ReadingOptions
from qie_batch.steps.orders import VALUES, OrderTexts, columns_of, job_order


def _text(value: object) -> object:
    """A number as JSON writes it."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


#: Read as a cell of a catalog is.
Cell = Annotated[
    str,
    BeforeValidator(_text),
    Field(max_length=100),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": 100}, {"type": "number"}]}),
]
Word = Annotated[str, Field(max_length=250)]
Sentence = Annotated[str, Field(max_length=10_000)]


class OrderOptions(BaseModel):
    """What is asked for beside the rows."""

    model_config = ConfigDict(extra="forbid")

    name: Word = Field("", description="What the job is called; the catalog's file name unless given.")
    engine: Word = Field("", description="The best there is unless given.")
    preset: Word = Field("", description="The engine's first unless given.")
    priority: Literal["high", "normal", "low"] = "normal"
    budget_usd: Cell | None = Field(None, description="Pause the job before it costs more.")
    map: dict[str, str] = Field(
        default_factory=dict, description="Column -> header; in a form, fields column=header."
    )
    encoding: Word = Field("", description="Of the catalog's text; found unless given.")
    sheet: Word = Field("", description="Of a workbook; the first unless given.")
    header_line: int | None = Field(None, ge=1, description="The line that names the columns.")
    instruction: Sentence = Field("", description="For rows that have none.")
    negative: Sentence = Field("", description="What no picture should show.")
    output: Cell | None = Field(None, description="png, jpeg, webp, or same: that of the picture.")
    quality: Cell | None = Field(None, description="Of JPEG and WebP results, 1 to 100.")
    keep_alpha: bool = Field(default=False, description="Put transparency back after the edit.")
    strip_metadata: bool = Field(default=False, description="Results say nothing of their origin.")
    size: Cell | None = Field(None, description="Of the results in pixels, such as 1024x768.")
    lora: Cell | None = Field(None, description="A LoRA of the operator's table; none unless given.")
    seed: Cell | None = None
    steps: Cell | None = None
    cfg: Cell | None = None
    variants: Cell | None = Field(None, description="Results of each row, 1 to 8.")
    lock: Cell | None = Field(None, description="Own pixels of the picture: product, alpha or mask.")
    align: Cell | None = Field(None, description="`yes`: content that the edit moved a little is moved back.")
    gates: Cell | None = Field(None, description="Limits such as `drift=2 text=off`, or `off`.")
    rerolls: Cell | None = Field(None, description="Tries with other seeds after a failed gate, 0 to 8.")
    expect_text: Cell | None = Field(None, description="What must be readable, several with |.")
    expect_color: Cell | None = Field(None, description="Of what was edited: a name or #rrggbb.")
    export_channel: Cell | None = Field(None, description="Whose rules the results must meet.")
    review: Literal["", "required"] = Field("", description="Whether a person approves each result.")
    draft_first: bool = Field(
        default=False, description="Drafts of all, for a review; what is approved is made at the preset."
    )
    notify: Annotated[str, Field(max_length=2000)] = Field(
        "", description="Where webhooks about the job go; the tenant's own address unless given."
    )

    def order(self, owner: str) -> JobOrder:
        """UsageError for a value that is none."""
        texts = OrderTexts(
            name=self.name,
            engine=self.engine,
            preset=self.preset,
            priority=self.priority,
            budget=self.budget_usd,
            reading=ReadingOptions(
                mapping=self.map, encoding=self.encoding, sheet=self.sheet, header_line=self.header_line
            ),
            instruction=self.instruction,
            negative=self.negative,
            keep_alpha=self.keep_alpha,
            strip_metadata=self.strip_metadata,
            values={name: text for name in VALUES if (text := getattr(self, name))},
            owner=owner,
            notify=self.notify.strip(),
            review=self.review == "required",
            draft_first=self.draft_first,
        )
        return job_order(texts, lambda name: repr(_FIELDS.get(name, name)))


#: Options that a request calls by another name.
_FIELDS = {"budget": "budget_usd", "keep-alpha": "keep_alpha"}


class JobOptions(OrderOptions):
    upload: Word = Field("", description="The id of files that were sent before.")
    catalog: Annotated[str, Field(max_length=1000)] = Field(
        "", description="Which of the files is the catalog, where several may be."
    )
    skip_bad_rows: bool = Field(default=False, description="Rows that cannot be edited become failed items.")

    @classmethod
    def of(cls, sent: Sent) -> Self:
        """Of either kind of body; 422 for what it may not hold."""
        try:
            if sent.json is not None:
                return cls.model_validate_json(sent.json)
            return cls.model_validate(_values(sent.fields))
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False)
            raise RequestValidationError(
                [{**each, "loc": ("body", *each["loc"])} for each in found]
            ) from None


class JobRows(JobOptions):
    """A job whose rows are in the request, or whose catalog was uploaded before."""

    rows: list[dict[str, Any]] = Field(
        default_factory=list,
        max_length=100_000,
        description="Columns as in a catalog: id, image, instruction and so on. An image is the name of a"
        " file of `upload`, an https:// address, or a data URL.",
    )


def _values(fields: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """A form has texts alone; what it leaves empty was not given."""
    values: dict[str, Any] = {name: text for name, text in fields if text and name != "map"}
    pairs = [text for name, text in fields if text and name == "map"]
    return {**values, "map": columns_of(pairs)} if pairs else values
