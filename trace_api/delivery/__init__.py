"""Delivery: what named queries find anew goes to whoever subscribed."""
