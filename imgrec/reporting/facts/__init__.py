"""What the report states: computed from a store, not yet drawn."""
