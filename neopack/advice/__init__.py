"""Which target and instance serve a model best: by measurements, then by what AWS published."""
