"""What neopack makes, as the objects of other libraries."""
