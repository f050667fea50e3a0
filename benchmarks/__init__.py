"""ddclassify beside peers that do the same work: `python -m benchmarks.bench`."""
