"""Why a product is shown, in facts and in words; sees `config` and `service.core` only."""
