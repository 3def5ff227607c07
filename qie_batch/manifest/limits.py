"""How large a manifest may be: enough for any catalog, and bounded in the memory that one row takes."""

MAX_BYTES = 500_000_000
MAX_ROWS = 1_000_000
#: More than the rows that a spreadsheet has.
MAX_BLANK_LINES = 2_000_000
MAX_COLUMNS = 1_000
#: Characters in one row: its text and its cells are in memory together.
MAX_ROW = 5_000_000
#: Characters in one cell. The csv module stops at twice this number.
MAX_CELL = 65_536
MAX_ID = 200
#: Characters in a header name: every sentence about a cell repeats the name.
MAX_NAME = 1_000
