"""The long profile: `pytest --hypothesis-profile long --timeout 0 tests/property/test_feature_properties.py`."""

from hypothesis import settings

settings.register_profile("long", max_examples=5000, deadline=None)
