"""Why a row was repaired or rejected: every code a report can hold, in one table."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """A stable code; programs may count and filter by it."""

    # the row as a whole
    COLUMNS_MISMATCH = "columns_mismatch"
    LINE_CUT_OFF = "line_cut_off"
    FILE_CUT_OFF = "file_cut_off"
    QUOTES_UNBALANCED = "quotes_unbalanced"
    QUOTES_REPAIRED = "quotes_repaired"
    COMMA_JOINED = "comma_joined"
    ROW_TOO_LARGE = "row_too_large"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    UNKNOWN_FIELD = "unknown_field"
    ENCODING_REPAIRED = "encoding_repaired"
    DUPLICATE_ID = "duplicate_id"
    # the id and the name
    ID_MISSING = "id_missing"
    ID_TOO_LONG = "id_too_long"
    ID_NOT_PRINTABLE = "id_not_printable"
    NAME_MISSING = "name_missing"
    NAME_MADE = "name_made"
    NOT_A_PRODUCT = "not_a_product"
    NOT_A_SALE = "not_a_sale"
    # any text
    MOJIBAKE_FIXED = "mojibake_fixed"
    LOST_CHARACTERS_REMOVED = "lost_characters_removed"
    CONTROL_CHARACTERS_REMOVED = "control_characters_removed"
    HTML_UNESCAPED = "html_unescaped"
    HTML_TAGS_REMOVED = "html_tags_removed"
    TEXT_TRUNCATED = "text_truncated"
    NAME_TRUNCATED = "name_truncated"
    DESCRIPTION_TRUNCATED = "description_truncated"
    # prices
    PRICE_NOT_A_NUMBER = "price_not_a_number"
    PRICE_NEGATIVE = "price_negative"
    PRICE_TOO_LARGE = "price_too_large"
    PRICE_ROUNDED = "price_rounded"
    PRICE_RANGE = "price_range"
    ORIGINAL_BELOW_PRICE = "original_below_price"
    CURRENCY_CONFLICT = "currency_conflict"
    CURRENCY_UNKNOWN = "currency_unknown"
    # other fields
    RATING_NOT_A_NUMBER = "rating_not_a_number"
    RATING_OUT_OF_RANGE = "rating_out_of_range"
    REVIEW_COUNT_NOT_A_NUMBER = "review_count_not_a_number"
    REVIEW_COUNT_OUT_OF_RANGE = "review_count_out_of_range"
    STOCK_NOT_A_NUMBER = "stock_not_a_number"
    STOCK_OUT_OF_RANGE = "stock_out_of_range"
    VISIBLE_NOT_A_BOOLEAN = "visible_not_a_boolean"
    CREATED_AT_NOT_A_TIME = "created_at_not_a_time"
    LINK_NOT_HTTP = "link_not_http"
    LINK_TOO_LONG = "link_too_long"
    IMAGE_TOO_LONG = "image_too_long"
    TOO_MANY_VALUES = "too_many_values"
    VALUE_NOT_SIMPLE = "value_not_simple"
    # events
    DUPLICATE_EVENT = "duplicate_event"
    WHO_MISSING = "who_missing"
    PRODUCT_MISSING = "product_missing"
    QUERY_MISSING = "query_missing"
    TYPE_MISSING = "type_missing"
    TYPE_UNKNOWN = "type_unknown"
    TYPE_NOT_KEPT = "type_not_kept"
    TIME_MISSING = "time_missing"
    TIME_NOT_A_TIME = "time_not_a_time"
    TIME_IN_FUTURE = "time_in_future"
    TIME_ANCIENT = "time_ancient"
    TIME_ZONE_ASSUMED = "time_zone_assumed"
    STARS_MISSING = "stars_missing"
    STARS_NOT_A_RATING = "stars_not_a_rating"
    RETURNED = "returned"
    VALUE_NOT_A_COUNT = "value_not_a_count"
    POSITION_NOT_A_SLOT = "position_not_a_slot"
    REQUEST_ID_NOT_AN_ID = "request_id_not_an_id"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Note:
    """One finding: the reason, the field it is about (empty for the whole row) and what stood there."""

    reason: Reason
    field: str = ""
    value: object = ""


MEANING: dict[Reason, str] = {
    Reason.COLUMNS_MISMATCH: "the line has more or fewer columns than the header",
    Reason.LINE_CUT_OFF: "the last line of the file is not complete",
    Reason.FILE_CUT_OFF: "the compressed file ends early; what stood before is loaded",
    Reason.QUOTES_UNBALANCED: "a quote opens and never closes; only this line is lost",
    Reason.QUOTES_REPAIRED: "a quote inside a field was not doubled; it is read as it stands",
    Reason.COMMA_JOINED: "an unquoted comma in the last column; its parts are joined again",
    Reason.ROW_TOO_LARGE: "the row is larger than 4 MB",
    Reason.NOT_JSON: "the line is not JSON",
    Reason.NOT_AN_OBJECT: "the line is JSON, but not an object",
    Reason.UNKNOWN_FIELD: "a key that is no field; it is not stored",
    Reason.ENCODING_REPAIRED: "the line is not UTF-8; it is read as Windows-1252",
    Reason.DUPLICATE_ID: "an earlier row of the file has this id; the first one wins",
    Reason.ID_MISSING: "no id",
    Reason.ID_TOO_LONG: "the id has more than 128 characters",
    Reason.ID_NOT_PRINTABLE: "the id holds control or invisible characters",
    Reason.NAME_MISSING: "no name",
    Reason.NAME_MADE: "no name; the product is called by what else the row says, or by its id",
    Reason.NOT_A_PRODUCT: "postage, a discount or a correction in the books, by its id",
    Reason.NOT_A_SALE: "a line without a price: a correction of the stock",
    Reason.MOJIBAKE_FIXED: "text that was decoded wrongly (â‚¹ for ₹) is put right",
    Reason.LOST_CHARACTERS_REMOVED: "replacement characters, whose originals are lost, are taken out",
    Reason.CONTROL_CHARACTERS_REMOVED: "control and invisible characters are taken out",
    Reason.HTML_UNESCAPED: "HTML entities (&amp;) become characters",
    Reason.HTML_TAGS_REMOVED: "HTML tags are taken out of the description",
    Reason.TEXT_TRUNCATED: "the text is cut at the limit of its field",
    Reason.NAME_TRUNCATED: "the name is cut at 500 characters",
    Reason.DESCRIPTION_TRUNCATED: "the description is cut at 20,000 characters",
    Reason.PRICE_NOT_A_NUMBER: "not a price; the product has no price",
    Reason.PRICE_NEGATIVE: "a price below zero",
    Reason.PRICE_TOO_LARGE: "a price above 10^12 minor units",
    Reason.PRICE_ROUNDED: "more decimals than the currency has; rounded",
    Reason.PRICE_RANGE: "a price range; the lower price is taken",
    Reason.ORIGINAL_BELOW_PRICE: "the original price is below the price; it is dropped",
    Reason.CURRENCY_CONFLICT: "two currencies in one row; the sign in the price wins",
    Reason.CURRENCY_UNKNOWN: "not an ISO 4217 currency code; it is dropped",
    Reason.RATING_NOT_A_NUMBER: "not a rating; the product has none",
    Reason.RATING_OUT_OF_RANGE: "a rating outside 0 to 5; the product has none",
    Reason.REVIEW_COUNT_NOT_A_NUMBER: "not a count; taken as 0",
    Reason.REVIEW_COUNT_OUT_OF_RANGE: "a count outside 0 to 2,000,000,000; taken as 0",
    Reason.STOCK_NOT_A_NUMBER: "not a number of pieces; stock is not tracked",
    Reason.STOCK_OUT_OF_RANGE: "stock outside 0 to 2,000,000,000; the nearest of both",
    Reason.VISIBLE_NOT_A_BOOLEAN: "neither true nor false, and a hidden product must never appear",
    Reason.CREATED_AT_NOT_A_TIME: "not a moment between the years 1970 and 2200; dropped",
    Reason.LINK_NOT_HTTP: "the link is neither http(s) nor a path; dropped",
    Reason.LINK_TOO_LONG: "the link has more than 2,048 characters; dropped",
    Reason.IMAGE_TOO_LONG: "the image reference has more than 2,048 characters (data: 1,000,000); dropped",
    Reason.TOO_MANY_VALUES: "more tags, category levels or attributes than are kept; the first ones are",
    Reason.VALUE_NOT_SIMPLE: "neither text, number, true/false nor a list of texts; dropped",
    Reason.DUPLICATE_EVENT: "this event is stored already, from an earlier row or an earlier load",
    Reason.WHO_MISSING: "neither a user nor a session",
    Reason.PRODUCT_MISSING: "no product, which every type but search needs",
    Reason.QUERY_MISSING: "a search without words",
    Reason.TYPE_MISSING: "no type",
    Reason.TYPE_UNKNOWN: "a type that the format does not know",
    Reason.TYPE_NOT_KEPT: "something taken back (out of the cart, a refund): no sign of interest, so it is not kept",
    Reason.TIME_MISSING: "no time",
    Reason.TIME_NOT_A_TIME: "neither ISO 8601 nor a number of (milli)seconds since 1970",
    Reason.TIME_IN_FUTURE: "more than a day ahead",
    Reason.TIME_ANCIENT: "before 1995",
    Reason.TIME_ZONE_ASSUMED: "a zone by a name that is not UTC, which has several meanings; read as UTC",
    Reason.STARS_MISSING: "a rating without stars",
    Reason.STARS_NOT_A_RATING: "a rating that is not 0 to 5",
    Reason.RETURNED: "a return or a cancellation: pieces at or below zero",
    Reason.VALUE_NOT_A_COUNT: "a value that is no number above zero; dropped",
    Reason.POSITION_NOT_A_SLOT: "a position that is no whole number from 1 on; dropped",
    Reason.REQUEST_ID_NOT_AN_ID: "a request id that is too long or not printable; dropped",
    Reason.REFUSED: "refused by the store, in whose words the value says why: mostly a product it does not have",
}

REJECTING: frozenset[Reason] = frozenset(
    {
        Reason.COLUMNS_MISMATCH,
        Reason.LINE_CUT_OFF,
        Reason.FILE_CUT_OFF,
        Reason.QUOTES_UNBALANCED,
        Reason.ROW_TOO_LARGE,
        Reason.NOT_JSON,
        Reason.NOT_AN_OBJECT,
        Reason.ID_MISSING,
        Reason.ID_TOO_LONG,
        Reason.ID_NOT_PRINTABLE,
        Reason.NAME_MISSING,
        Reason.NOT_A_PRODUCT,
        Reason.NOT_A_SALE,
        # what is stored under this id is likely better than a row with such a price
        Reason.PRICE_NEGATIVE,
        Reason.PRICE_TOO_LARGE,
        Reason.VISIBLE_NOT_A_BOOLEAN,
        Reason.WHO_MISSING,
        Reason.PRODUCT_MISSING,
        Reason.QUERY_MISSING,
        Reason.TYPE_MISSING,
        Reason.TYPE_UNKNOWN,
        Reason.TYPE_NOT_KEPT,
        Reason.TIME_MISSING,
        Reason.TIME_NOT_A_TIME,
        Reason.TIME_IN_FUTURE,
        Reason.TIME_ANCIENT,
        Reason.STARS_MISSING,
        Reason.STARS_NOT_A_RATING,
        Reason.RETURNED,
        Reason.REFUSED,
    }
)
"""These reject the row: what is stored under its id stays as it is. All others but the duplicates repair it."""
