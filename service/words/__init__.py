"""Query words: spelling, synonyms, sizes and product codes, read before any signal is asked."""
