"""The HTTP interface of a container: GET /ping, POST /invocations, GET /metrics."""
