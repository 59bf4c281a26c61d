"""Throughput and latency of artifacts, measured side by side, and what inferences cost."""
