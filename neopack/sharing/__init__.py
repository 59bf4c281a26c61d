"""Archives and artifacts elsewhere: pushed to S3 and to OCI registries, and pulled, by digest."""
