"""The shop window: pages drawn here, filled in the browser from the JSON API."""
