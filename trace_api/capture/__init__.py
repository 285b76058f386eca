"""The one write path: body, prepared batch, stored capture, job."""
