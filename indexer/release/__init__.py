"""Releases: train on what SQL holds, write files, publish them to Qdrant, check, promote, clean up."""
