"""What compiling bought: throughput and latency of two artifacts, measured side by side."""
