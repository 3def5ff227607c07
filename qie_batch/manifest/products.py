"""A record -> the images of its product, each with an id of its own: `MUG`, `MUG/2`, `MUG/3`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from qie_batch.manifest.aliases import ID_COLUMN, IMAGE_COLUMN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qie_batch.manifest.columns import Columns
    from qie_batch.manifest.duplicates import SeenIds
    from qie_batch.manifest.image_lists import ImageLists


class Part(NamedTuple):
    """One row to be: what is returned to the user, and what is read."""

    id: str
    #: As the cell has it: a name may begin with white space.
    image: str
    #: The user's cells, with own columns where the id or the image is not what the cells say.
    cells: dict[str, str]
    #: What `{header}` stands for.
    texts: Mapping[str, str]


class Products:
    def __init__(self, columns: Columns, image_lists: ImageLists, *, own: bool) -> None:
        """`own` says whether the file has ids or images of ours."""
        self._images_of = image_lists.images
        self._id = columns.of["id"]
        self._image = columns.of["image"]
        self._spare = columns.spare_id
        self._numbered = columns.numbered
        self._partial = columns.partial
        self._plain = not (own or columns.spare_id or columns.numbered or columns.partial)

    def parts(self, cells: dict[str, str], seen: SeenIds) -> list[Part]:
        """Mostly one; none for a row without an image where such a row is a variant."""
        if self._plain and len(names := self._images_of(image := cells[self._image])) == 1:
            return [Part(cells[self._id].strip(), _name(image, names), cells, cells)]
        row_id = cells[self._id].strip() or (cells[self._spare].strip() if self._spare else "")
        texts = seen.texts.completed(row_id, cells) if self._numbered else cells
        image = cells.get(IMAGE_COLUMN) or cells[self._image]
        if not image.strip() and self._partial:
            return []
        names = [image] if IMAGE_COLUMN in cells else self._images_of(image)
        own = cells.get(ID_COLUMN, "")
        if len(names) == 1 and (own or not self._numbered or not row_id):
            return [Part(own or row_id, _name(image, names), cells, texts)]
        if not (own or row_id):
            return [Part("", image, cells, texts)]
        return [
            self._part(self._numbered_id(own, row_id, place, seen), name, cells, texts, alone=len(names) == 1)
            for place, name in enumerate(names, start=1)
        ]

    def _part(
        self, row_id: str, name: str, cells: Mapping[str, str], texts: Mapping[str, str], *, alone: bool
    ) -> Part:
        image = _name(cells[self._image], [name]) if alone else name
        own = {ID_COLUMN: row_id} if alone else {ID_COLUMN: row_id, IMAGE_COLUMN: name}
        return Part(row_id, image, {**cells, **own}, texts if alone else {**texts, self._image: name})

    def _numbered_id(self, own: str, row_id: str, place: int, seen: SeenIds) -> str:
        number = seen.count(row_id) if self._numbered and not own else place
        return (own or row_id) if number == 1 else f"{own or row_id}/{number}"


def _name(cell: str, names: list[str]) -> str:
    """The one name of the cell without white space behind it; that before it may belong to it."""
    return cell.rstrip() if names == [cell.strip()] else names[0]
