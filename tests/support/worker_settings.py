"""The test settings for a process of its own: the database that the test made, the planner it names."""

import os
import shlex

from samspil.config.settings.test import *  # noqa: F403
from samspil.config.settings.test import DATABASES

DATABASES["default"]["NAME"] = os.environ["SAMSPIL_TEST_DB_NAME"]
SAMSPIL_SOLVER = shlex.split(os.environ["SAMSPIL_TEST_SOLVER"])
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
