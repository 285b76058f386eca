"""Trading partners: their keys over time."""
