"""One scenario for each item of the duty list, from the finding to its end."""

import pytest

# What the verbs assert is told in full, as in a test itself.
pytest.register_assert_rewrite(
    *(f"tests.scenarios.{name}" for name in ("cast", "emergencies", "handed_down"))
)
