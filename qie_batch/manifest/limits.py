"""How large a manifest may be: enough for any catalog, too little to fill a control process."""

MAX_BYTES = 50_000_000
MAX_ROWS = 200_000
MAX_COLUMNS = 1_000
#: Characters in one cell. The csv module gives up by itself at twice this.
MAX_CELL = 65_536
MAX_ID = 200
#: Characters in a header name: every sentence about a cell repeats it.
MAX_NAME = 1_000
