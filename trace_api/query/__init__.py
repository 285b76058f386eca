"""Answers: events, item history, trace, recall, verdict, receipts. Reads only."""
