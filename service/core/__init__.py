"""The words of the service: types, errors and the filter grammar; no I/O and no third-party imports but numpy."""
