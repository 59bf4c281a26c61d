"""How many files a process may have open: each connection is one."""

from __future__ import annotations

import resource

from neopack.serving.http.worker_spec import CONNECTIONS

__all__ = ["raise_limit"]

# of a worker beside its connections: the model, metrics, pipes
OTHERS = 256
# where the system allows any number: a script that closes all that may be open has an end
MOST = 1 << 16


def raise_limit() -> str:
    """Raise the limit of this process, which its workers inherit, as far as the system allows. The
    answer is a warning where that is too low for a worker."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    if limit >= CONNECTIONS + OTHERS:
        return ""
    return (
        f"a worker may have {limit} files open, too few for {CONNECTIONS} connections: "
        f"raise the hard limit (ulimit -Hn {CONNECTIONS + OTHERS})"
    )
