"""How large a row and its fields may be; what is larger is cut, dropped or rejected, and reported."""

CHUNK_BYTES = 1 << 18  # read at once
ROW_BYTES = 4_000_000  # larger rows are rejected unread, so memory stays bounded
FIELD_CHARS = 1_000_000  # cells are cut here before they are cleaned

ID_CHARS = 128
NAME_CHARS = 500
DESCRIPTION_CHARS = 20_000
QUERY_CHARS = 500
WORD_CHARS = 200  # brand, one category level, one tag
LINK_CHARS = 2_048
DATA_URL_CHARS = 1_000_000
ATTRIBUTE_CHARS = 1_000
ATTRIBUTE_NAME_CHARS = 64

CATEGORY_LEVELS = 10
TAGS = 64
ATTRIBUTES = 100

VALUE = 1e9  # pieces of one purchase
COUNT = 2_000_000_000
PRICE_MINOR = 10**12

BATCH_CHARS = 8_000_000  # a batch is written early when its texts reach this
SAMPLE_LINES = 100  # JSON Lines: objects looked at to tell the format
