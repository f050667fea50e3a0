"""Model folders that come with ddclassify; data only."""
