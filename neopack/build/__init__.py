"""Builds of many models for many targets, of which only what changed is done again."""
