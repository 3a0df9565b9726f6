"""Pooling: which runs are held, and who is offered which seat."""
