"""What holds for every test: how properties are tried, and which tests stay together where two run at once."""

import pytest
from hypothesis import HealthCheck, settings

# a property is about results, never about how busy the machine is that tries it
settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy machine")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process: they share what takes long to make. All of tests/container share it."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        shared = item.path.parent if item.path.parent.name == "container" else item.path
        item.add_marker(pytest.mark.xdist_group(str(shared.relative_to(config.rootpath))))
