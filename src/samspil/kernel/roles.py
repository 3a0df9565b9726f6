"""The roles a person can hold. Each is scoped to an organisation, a network, or neither."""

from typing import Final

SECRETARIAT: Final = "secretariat_coordinator"
"""Runs the yearly round of one network."""
SCHOOL_COORDINATOR: Final = "school_coordinator"
"""Fills in and corrects what one school offers."""
SCHOOL_LEADER: Final = "school_leader"
"""Signs for one school; may also do what its coordinator does."""
READER: Final = "reader"
"""Sees what one organisation or network sees, changes nothing."""
PLATFORM_ADMIN: Final = "platform_admin"
"""Keeps networks, organisations and people in order on the whole platform."""

ALL: Final = (SECRETARIAT, SCHOOL_COORDINATOR, SCHOOL_LEADER, READER, PLATFORM_ADMIN)
