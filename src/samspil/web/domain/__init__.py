"""What the front pages ask for."""
