"""Behaviour to vectors, item-item weights, rules and trends: arrays in, arrays out; no SQL, no Qdrant, no clock."""
