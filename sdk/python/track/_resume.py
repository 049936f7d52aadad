"""The last step of a run that is resumed."""
from __future__ import annotations

from . import _native

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# The sampler counts for itself.
SYSTEM = 'system/'


def last_step(client: _native.Client | None, run_id: str, timeout: float) -> int | None:
    """The greatest step of the run's metrics, as the server knows it; None: there is none.

    Raises TrackError when the server does not say so within timeout seconds."""
    import json
    from time import monotonic
    from urllib.parse import quote
    client = client or _native.Client()
    until = monotonic() + timeout
    found: int | None = None
    cursor: str | None = ''
    while cursor is not None:
        left = max(0.05, until - monotonic())
        _, body, *_ = client.request(
            'GET', f'/api/v1/runs/{run_id}/series?flat=1&limit=1000{cursor}', timeout=left)
        page: dict[str, Any] = json.loads(body)
        for series in page['series']:
            if not series['key'].startswith(SYSTEM):
                step = int(series['last_step'])
                found = step if found is None else max(found, step)
        cursor = f'&cursor={quote(page["next"])}' if page.get('next') else None
    return found
