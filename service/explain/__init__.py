"""Why a product is shown, in facts and in words; sees `service.core` only."""
