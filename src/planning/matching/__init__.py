"""Matching: candidates with openings (`jobs`, R116), and consultants with company visits (`visits`, R101–R108)."""
