"""Who carries out the steps of a build: processes of this machine, or a Dask cluster."""
