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
    until, found, cursor = monotonic() + timeout, None, ''
    while cursor is not None:
        left = max(0.05, until - monotonic())
        _, body, *_ = client.request(
            'GET', f'/api/v1/runs/{run_id}/series?flat=1&limit=1000{cursor}', timeout=left)
        page: dict[str, Any] = json.loads(body)
        steps = [s['last_step'] for s in page['series'] if not s['key'].startswith(SYSTEM)]
        found = max([*steps, *([] if found is None else [found])], default=None)
        cursor = f'&cursor={quote(page["next"])}' if page.get('next') else None
    return found
