"""The last step of a run that is resumed."""
from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import _native

# The sampler counts for itself.
SYSTEM = 'system/'


def last_step(client: _native.Client | None, run_id: str, timeout: float) -> int | None:
    """The greatest step of the run's metrics, as the server knows it; None: there is none.

    Raises TrackError when the server does not say so within timeout seconds."""
    from . import _client
    found: int | None = None
    path = f'/api/v1/runs/{run_id}/series?flat=1'
    for series in _client.pages(_client.of(client), path, 'series', timeout):
        if not series['key'].startswith(SYSTEM):
            step = int(series['last_step'])
            found = step if found is None else max(found, step)
    return found
