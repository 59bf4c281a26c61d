"""Load tests of servers: closed and open loops, whose latencies hide no waiting."""
