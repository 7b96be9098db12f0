"""Things to vectors: text, words, pictures; each heavy library has one owner module here."""
